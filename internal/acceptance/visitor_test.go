package acceptance

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"sallyport/internal/apptest"
	"sallyport/internal/chrometest"
	"sallyport/internal/db"
)

// visitor is a person in front of the pages: in Chromium on SQLite, by the pages' forms on PostgreSQL.
// Typing and clicking are left to package e2e: here a field's value is set at once, and a control that can be seen is activated.
type visitor struct {
	t     *testing.T
	b     *chrometest.Browser
	c     *apptest.Client
	p     *apptest.Page
	typed []string // name, value, name, value …
}

// visit is a browser that has never been here. The suite has one window and empties its cookies: the visitor before leaves.
func (w *suite) visit(t *testing.T) *visitor {
	t.Helper()
	v := &visitor{t: t, c: w.s.Client(t)}
	if w.engine != db.SQLite {
		return v
	}
	if w.window == nil {
		w.window = chrometest.Open(w.t, w.s.URL, false)
		_, err := chromedp.Call(w.window.Ctx, network.SetCacheDisabled, network.SetCacheDisabledParams{})
		w.window.Must(err, "switching the cache on")
	}
	v.b = w.window
	v.b.T = t
	_, err := chromedp.Call(v.b.Ctx, network.ClearBrowserCookies, cdp.Empty{})
	v.b.Must(err, "emptying the cookies")
	return v
}

func (v *visitor) open(path string) *visitor {
	v.t.Helper()
	if v.b != nil {
		v.b.Open(path)
	} else {
		v.p = v.c.Get(path)
	}
	return v
}

var labels = regexp.MustCompile(`(?s)<label for="([^"]+)">(.*?)</label>`)

// input is the name of the field with that label.
func (v *visitor) input(label string) string {
	v.t.Helper()
	for _, m := range labels.FindAllStringSubmatch(v.p.Body, -1) {
		if plain(m[2]) == label {
			tag := v.p.Find(`(<(?:input|select)[^>]* id="` + regexp.QuoteMeta(m[1]) + `"[^>]*>)`)
			if name := regexp.MustCompile(` name="([^"]+)"`).FindStringSubmatch(tag); name != nil {
				return name[1]
			}
		}
	}
	v.t.Fatalf("%s has no field %q: %s", v.p.Path, label, v.p.Text())
	return ""
}

var marks = regexp.MustCompile(`<[^>]*>`)

func plain(s string) string {
	return strings.Join(strings.Fields(html.UnescapeString(marks.ReplaceAllString(s, ""))), " ")
}

func (v *visitor) fill(label, text string) *visitor {
	v.t.Helper()
	if v.b != nil {
		v.b.Do("filling "+label, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
			const f = [...document.querySelectorAll("label")].find(l => l.textContent.trim().replace(/\s+/g, " ") === %s)?.control;
			if (!f?.checkVisibility() || f.disabled || f.readOnly) throw new Error("no such field can be filled");
			f.value = %s;
			f.dispatchEvent(new Event("input", {bubbles: true}));
		})()`, chrometest.JSText(label), chrometest.JSText(text))))
	} else {
		v.typed = append(v.typed, v.input(label), text)
	}
	return v
}

// tick ticks a box, or chooses what a radio button offers.
func (v *visitor) tick(label string) *visitor {
	v.t.Helper()
	if v.b != nil {
		v.b.Do("ticking "+label, chromedp.Click(chrometest.Field(label)))
		return v
	}
	for _, m := range labels.FindAllStringSubmatch(v.p.Body, -1) {
		if plain(m[2]) == label {
			v.typed = append(v.typed, v.input(label), v.p.Find(`<input[^>]* id="`+regexp.QuoteMeta(m[1])+`"[^>]* value="([^"]*)"`))
			return v
		}
	}
	v.t.Fatalf("nothing to tick is called %q", label)
	return v
}

var anchors = regexp.MustCompile(`(?s)<a\b([^>]*)>(.*?)</a>`)

// link is where the link of that name leads; "" if there is none.
func (v *visitor) link(name string) string {
	for _, m := range anchors.FindAllStringSubmatch(v.p.Body, -1) {
		called := regexp.MustCompile(` aria-label="([^"]*)"`).FindStringSubmatch(m[1])
		if called != nil && html.UnescapeString(called[1]) == name || plain(m[2]) == name {
			return html.UnescapeString(regexp.MustCompile(` href="([^"]*)"`).FindStringSubmatch(m[1])[1])
		}
	}
	return ""
}

func (v *visitor) press(name string) *visitor {
	v.t.Helper()
	if v.b != nil {
		v.b.Leave("pressing "+name, chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
			const c = [...document.querySelectorAll("button, a")].find(e => e.checkVisibility() && !e.disabled &&
				(e.innerText.trim().replace(/\s+/g, " ") === %[1]s || e.getAttribute("aria-label") === %[1]s));
			if (!c) throw new Error("no such control can be pressed");
			c.click();
		})()`, chrometest.JSText(name))))
		return v
	}
	if to := v.link(name); to != "" {
		v.p = v.c.Get(to)
	} else {
		v.p = v.p.Press(name, v.typed...).Follow()
	}
	v.typed = nil
	return v
}

// has says whether the page shows a button or link of that name.
func (v *visitor) has(name string) bool {
	v.t.Helper()
	if v.b != nil {
		return v.b.Has(name)
	}
	return v.link(name) != "" || regexp.MustCompile(`(?s)<button[^>]*>\s*`+regexp.QuoteMeta(html.EscapeString(name))+`\s*</button>`).MatchString(v.p.Body)
}

// text is what can be read, in one line.
func (v *visitor) text() string {
	v.t.Helper()
	if v.b != nil {
		return strings.Join(strings.Fields(v.b.Text()), " ")
	}
	return v.p.Text()
}

func (v *visitor) sees(texts ...string) *visitor {
	v.t.Helper()
	read := v.text()
	for _, want := range texts {
		if !strings.Contains(read, want) {
			v.t.Fatalf("%s does not show %q:\n%s", v.path(), want, read)
		}
	}
	return v
}

func (v *visitor) lacks(texts ...string) *visitor {
	v.t.Helper()
	read := v.text()
	for _, bad := range texts {
		if strings.Contains(read, bad) {
			v.t.Fatalf("%s shows %q:\n%s", v.path(), bad, read)
		}
	}
	return v
}

// offers demands buttons or links.
func (v *visitor) offers(names ...string) *visitor {
	v.t.Helper()
	for _, name := range names {
		if !v.has(name) {
			v.t.Fatalf("%s offers no %q:\n%s", v.path(), name, v.text())
		}
	}
	return v
}

func (v *visitor) path() string {
	v.t.Helper()
	if v.b != nil {
		return v.b.Path()
	}
	return v.p.Path
}

// at demands the page's address.
func (v *visitor) at(path string) *visitor {
	v.t.Helper()
	if got, _, _ := strings.Cut(v.path(), "?"); got != path {
		v.t.Fatalf("at %s, want %s:\n%s", v.path(), path, v.text())
	}
	return v
}

// scan reads the QR code with the phone's camera; where there is no picture, it taps the link.
func (v *visitor) scan() *chrometest.Phone {
	v.t.Helper()
	if v.b != nil {
		return chrometest.Scan(v.t, v.b.Picture())
	}
	return chrometest.Enter(v.t, v.p.Find(`href="(otpauth://[^"]+)"`))
}

// passes gives the password at the first page.
func (v *visitor) passes(p *person) *visitor {
	v.t.Helper()
	return v.open("/sign-in?account=acme").fill("E-mail", p.email).fill("Password", apptest.Password).press("Sign in")
}

// signsIn goes all the way in.
func (v *visitor) signsIn(p *person) *visitor {
	v.t.Helper()
	v.passes(p)
	if p.app != nil {
		v.fill("Authentication code", p.code(v.t)).press("Verify")
	}
	return v
}

// as is signed in already: by the pages' forms, without a window. It is for rows that are about something else than signing in.
func (v *visitor) as(p *person) *visitor {
	v.t.Helper()
	if v.b == nil {
		return v.signsIn(p)
	}
	(&visitor{t: v.t, c: v.c}).signsIn(p)
	for name, value := range v.c.Cookies {
		secure := strings.HasPrefix(name, "__Host-")
		_, err := chromedp.Call(v.b.Ctx, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: v.b.Base + "/", Path: "/", Secure: &secure, HTTPOnly: &secure})
		v.b.Must(err, "taking the cookies over")
	}
	return v
}

// onWindows says from now on that its system is another one.
func (v *visitor) onWindows() *visitor {
	v.t.Helper()
	v.c.Agent = windows
	if v.b == nil {
		return v
	}
	say := func(agent string) {
		_, err := chromedp.Call(v.b.Ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent})
		v.b.Must(err, "changing the user agent")
	}
	before := chrometest.Eval[string](v.b, "navigator.userAgent")
	say(strings.Replace(before, "X11; Linux x86_64", "Windows NT 10.0; Win64; x64", 1))
	v.t.Cleanup(func() { say(before) }) // the next row has the same window
	return v
}

// isIn demands that the settings open.
func (v *visitor) isIn() *visitor { v.t.Helper(); return v.open("/settings").at("/settings") }

// isOut demands that they do not.
func (v *visitor) isOut() *visitor { v.t.Helper(); return v.open("/settings").at("/sign-in") }

// sent is the code in the newest message to an address that has one.
func (w *suite) sent(t *testing.T, to string) string {
	t.Helper()
	for _, m := range w.s.Messages(t) {
		if code := regexp.MustCompile(`\b[0-9]{6}\b`).FindString(m.Text); code != "" && m.To == to {
			return code
		}
	}
	t.Fatalf("no code was sent to %s", to)
	return ""
}

// sentTo counts the messages with a code to an address.
func (w *suite) sentTo(t *testing.T, to string) (n int) {
	t.Helper()
	for _, m := range w.s.Messages(t) {
		if m.To == to && regexp.MustCompile(`\b[0-9]{6}\b`).MatchString(m.Text) {
			n++
		}
	}
	return n
}

// clickSummary unfolds what is folded under that title.
func clickSummary(title string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chrometest.Control(title))
}

func chromedpClick(xpath string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.Search(xpath))
}
