package proxytest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/domaintest"
)

// walker is one browser: it goes from site to site as it is led, and has the cookies of each.
type walker struct {
	t     *testing.T
	e     *example
	sites map[string]*apptest.Client
	at    string // the address of the present page
}

// walker is a new browser, which may be led to the other examples too.
func (e *example) walker(t *testing.T, others ...*example) *walker {
	w := &walker{t: t, e: e, sites: map[string]*apptest.Client{e.server: apptest.NewClient(t, e.server)}}
	for _, one := range append(others, e) {
		w.sites[one.site] = apptest.NewClient(t, "http://"+one.proxy)
	}
	return w
}

// request is what this browser sends to open an address.
func (w *walker) request(address string) (*apptest.Client, *http.Request) {
	w.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.sites[u.Scheme+"://"+u.Host]
	if c == nil {
		w.t.Fatalf("led to %s, which is another site", address)
	}
	r := c.Request(http.MethodGet, u.RequestURI(), nil)
	r.Host = u.Host
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	return c, r
}

// open goes to an address and where it leads.
func (w *walker) open(address string) *apptest.Page {
	w.t.Helper()
	for range 12 {
		c, r := w.request(address)
		p := c.Send(r)
		w.at = address
		if p.Status < 300 || p.Status > 399 {
			return p
		}
		address = w.led(p)
	}
	w.t.Fatalf("led in a circle, last to %s", w.at)
	return nil
}

// led is where an answer leads.
func (w *walker) led(p *apptest.Page) string {
	w.t.Helper()
	here, err := url.Parse(w.at)
	if err != nil {
		w.t.Fatal(err)
	}
	to, err := here.Parse(p.Header.Get("Location"))
	if err != nil {
		w.t.Fatal(err)
	}
	return to.String()
}

// press sends a form of the page and goes where that leads.
func (w *walker) press(p *apptest.Page, button string, fields ...string) *apptest.Page {
	w.t.Helper()
	answer := p.Press(button, fields...)
	if answer.Status < 300 || answer.Status > 399 {
		return answer
	}
	return w.open(w.led(answer))
}

// signIn fills in the sign-in page.
func (w *walker) signIn(p *apptest.Page, email string) *apptest.Page {
	w.t.Helper()
	p.Sees(http.StatusOK)
	p = w.press(p, "Sign in", "email", email, "password", w.e.passwords[email])
	if strings.Contains(p.Body, "Not now") { // two-factor authentication is recommended
		p = w.press(p, "Not now")
	}
	return p
}

// enrol gives somebody an authenticator app, in a browser of its own, and returns it. It has spent the code of the last half minute.
func (e *example) enrol(t *testing.T, email string) domaintest.Phone {
	t.Helper()
	w := e.walker(t)
	w.signIn(w.open(e.server+"/sign-in"), email)
	page := w.open(e.server+"/settings/two-factor/add").Sees(http.StatusOK).Press("Add", "name", "My Phone", "password", e.passwords[email]).Sees(http.StatusOK)
	phone := page.Phone()
	w.press(page, "Verify", "code", phone.Code(time.Now().Add(-30*time.Second))).Sees(http.StatusOK)
	return phone
}

// cookies is the line by which this browser is known at the program's site.
func (w *walker) cookies() string {
	var all []string
	for name, value := range w.sites[w.e.site].Cookies {
		all = append(all, name+"="+value)
	}
	return "Cookie: " + strings.Join(all, "; ")
}

// told is what the program says it was told: its headers that say who somebody is, and those it should not have.
func told(t *testing.T, p *apptest.Page) map[string][]string {
	t.Helper()
	said := map[string][]string{}
	if p.Status != http.StatusOK {
		t.Fatalf("%s: status %d\n%s", p.Path, p.Status, p.Text())
	}
	if err := json.Unmarshal([]byte(p.Body), &said); err != nil {
		t.Fatalf("%s: %v\n%s", p.Path, err, p.Body)
	}
	return said
}

// claims are those that say who somebody is, or could be read so; the assertion is another one each time.
func claims(said map[string][]string) map[string][]string {
	found := map[string][]string{}
	for name, values := range said {
		n := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
		if name != "Sallyport-Assertion" && (strings.HasPrefix(n, "remote") || strings.HasPrefix(n, "sallyport")) {
			found[name] = values
		}
	}
	return found
}
