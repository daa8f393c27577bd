package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
)

// shop is a program that keeps its own passwords and asks Sallyport for the second factor alone. /in?who=NAME is where it has looked at a password;
// /back is where the browser comes back to, and says what the shop learns.
type shop struct {
	sallyport, origin, key string

	mu      sync.Mutex
	asked   map[string]string // the id of a check → the reference that its browser has
	lastURL string
}

// startShop opens the shop on a listener; its key is made by an administrator of the demo.
func startShop(t *testing.T, d *demo, listener net.Listener, origin string) *shop {
	t.Helper()
	s := &shop{sallyport: d.url, origin: origin, asked: map[string]string{}}
	var signedIn struct{ Token string }
	s.call(t, "/v1/sign-in", map[string]any{"email": alan, "password": d.passwords[alan]}, &signedIn)
	s.key = signedIn.Token
	var made struct{ Key string }
	s.call(t, "/v1/me/api-keys", map[string]any{"name": "Shop", "scopes": []string{"checks"}, "password": d.passwords[alan]}, &made)
	s.key = made.Key
	mux := http.NewServeMux()
	mux.HandleFunc("GET /in", func(w http.ResponseWriter, r *http.Request) {
		who, reference := r.FormValue("who"), fmt.Sprint("login-", time.Now().UnixNano())
		var check struct{ ID, URL string }
		s.call(t, "/v1/checks", map[string]any{
			"user": map[string]any{"id": "customer-" + who, "email": who + "@shop.test", "name": who}, "return_to": s.origin + "/back?cart=3&of=a%20b", "reference": reference,
		}, &check)
		s.mu.Lock()
		s.asked[check.ID], s.lastURL = reference, check.URL
		s.mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: "shop", Value: reference, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		http.Redirect(w, r, check.URL, http.StatusSeeOther)
	})
	mux.HandleFunc("GET /back", func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("check")
		cookie, err := r.Cookie("shop")
		s.mu.Lock()
		mine := err == nil && s.asked[id] == cookie.Value
		s.mu.Unlock()
		var result struct {
			Code, Method, Reference, Assertion string
			User                               struct{ ID string }
		}
		said := "That is no check of this browser’s."
		if mine {
			if s.call(t, "/v1/checks/"+id+"/result", nil, &result); result.Code != "" {
				said = "Refused: " + result.Code
			} else if result.Reference == cookie.Value && strings.Count(result.Assertion, ".") == 2 {
				said = result.User.ID + " has shown " + result.Method
			}
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><h1>Shop</h1><p>%s, cart %s</p>`, html.EscapeString(said), html.EscapeString(r.FormValue("cart")+r.FormValue("of")))
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	t.Cleanup(func() { server.Close() })
	go server.Serve(listener)
	return s
}

// call asks Sallyport.
func (s *shop) call(t *testing.T, path string, body, into any) {
	var sent bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&sent).Encode(body); err != nil {
			t.Error(err)
		}
	}
	r, err := http.NewRequest(http.MethodPost, s.sallyport+path, &sent)
	if err != nil {
		t.Error(err)
		return
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if s.key != "" {
		r.Header.Set("Authorization", "Bearer "+s.key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Error(err)
		return
	}
	defer answer.Body.Close()
	if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
		t.Errorf("%s: %d, %v", path, answer.StatusCode, err)
	}
}

// link is the one-time link that the shop was given last.
func (s *shop) link() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastURL
}

// TestCheckInBrowsers is the second factor alone, for people whose password a shop keeps: each way in which they set one up and show it.
func TestCheckInBrowsers(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	origin := "http://shop.localhost:" + port
	d := startDemo(t, "--door", origin)
	s := startShop(t, d, listener, origin)
	visit := func(t *testing.T, withoutScript bool) (b *browser, in func(who string), back func(says string)) {
		b = openBrowser(t, origin, withoutScript)
		in = func(who string) { t.Helper(); b.Open("/in?who=" + who) }
		back = func(says string) {
			t.Helper()
			b.Sees("Shop", says+", cart 3a b")
			if strings.HasPrefix(says, "customer-") {
				b.Open(b.Path()) // once more
				b.Sees("Shop", "Refused: check_taken")
			}
		}
		return b, in, back
	}
	inspect := func(b *browser, name string) { // what looks alike without script is inspected once
		b.T.Helper()
		if !b.Bare {
			b.Inspect(name)
		}
	}

	for name, withoutScript := range map[string]bool{"app": false, "app, no script": chrometest.NoScript} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, in, back := visit(t, withoutScript)
			who := map[bool]string{false: "kay", true: "kim"}[withoutScript]
			in(who)
			b.Sees("Set up two-factor authentication", "The page that you come from asks for a second factor from now on.")
			inspect(b, "set-up")
			b.Press("Add")
			b.Sees("Scan the QR code")
			inspect(b, "scan")
			phone := chrometest.Scan(t, b.Picture())
			b.Fill("Authentication code", phone.WrongCode(t))
			b.Press("Verify")
			b.Refuses("Confirm “My Phone”")
			inspect(b, "scan-refused")
			b.Fill("Authentication code", phone.Code(t))
			b.Press("Verify")
			codes := b.backupCodes()
			if len(codes) != 10 {
				t.Fatalf("%d backup codes\non %s", len(codes), b.Where())
			}
			inspect(b, "codes")
			b.Press("I have saved them")
			back("customer-" + who + " has shown totp")

			in(who)
			b.Sees("Enter your authentication code", "My Phone")
			inspect(b, "verify")
			used := s.link
			b.Fill("Authentication code", phone.WrongCode(t))
			b.Press("Verify")
			b.Refuses("Enter your authentication code")
			inspect(b, "verify-refused")
			b.Press("Try another way")
			b.Sees("Choose another way", "Authenticator app", "Use a backup code")
			inspect(b, "ways")
			b.Press("Authenticator app My Phone")
			b.Fill("Authentication code", phone.Code(t))
			b.Press("Verify")
			back("customer-" + who + " has shown totp")
			if withoutScript {
				return
			}

			b.Leave("opening a link that was used", chromedp.Navigate(used()))
			b.Sees("That took too long", "This link was used already")
			b.Inspect("link-used")
			in(who)
			b.Press("Use a backup code")
			b.Inspect("backup")
			b.Fill("Backup code", codes[0])
			b.Press("Verify")
			back("customer-" + who + " has shown backup_code")
			in(who)
			b.Press("Cancel")
			back("Refused: check_over")
		})
	}

	t.Run("mail", func(t *testing.T) {
		t.Parallel()
		b, in, back := visit(t, false)
		in("mia")
		b.Leave("choosing mail", clickOn(`//a[contains(@href, "method=email")]`))
		if got := b.Value("E-mail"); got != "mia@shop.test" {
			t.Errorf("the address offered is %q", got)
		}
		b.Inspect("set-up-mail")
		b.Press("Next")
		b.Sees("Confirm “My mailbox”", "We sent a mail with a code to m•••@shop.test.")
		b.Inspect("confirm-mail")
		first := b.mailedCode(d, "mia@shop.test", "")
		b.Fill("Authentication code", first)
		b.Press("Verify")
		b.Sees("Save your backup codes")
		b.Press("I have saved them")
		back("customer-mia has shown email")

		in("mia")
		b.Sees("Enter your authentication code", "“Send a code” mails it to m•••@shop.test.")
		b.Inspect("verify-mail")
		b.Press("Send a code")
		b.Sees("Enter your authentication code", "We sent a mail with a code to m•••@shop.test.")
		b.Inspect("verify-mail-sent")
		b.Fill("Authentication code", b.mailedCode(d, "mia@shop.test", first))
		b.Press("Verify")
		back("customer-mia has shown email")
	})

	t.Run("passkey", func(t *testing.T) {
		t.Parallel()
		b, in, back := visit(t, false)
		k := b.plugIn(true)
		in("pat")
		b.Leave("choosing a passkey", clickOn(`//a[contains(@href, "method=passkey")]`))
		b.Inspect("set-up-passkey")
		b.Press("Next")
		b.Sees("Create the passkey")
		b.Inspect("create-passkey")
		b.Press("Create the passkey")
		b.Sees("Save your backup codes")
		b.Press("I have saved them")
		back("customer-pat has shown passkey")

		in("pat")
		b.Sees("Use your passkey")
		b.Inspect("verify-passkey")
		k.verifies(false)
		k.fails("Use a passkey", "No passkey was used")
		k.verifies(true)
		b.Press("Use a passkey")
		back("customer-pat has shown passkey")

		// The passkey opens the check and nothing else: whom a shop made known has no sign-in here.
		b.Leave("going to sign in", chromedp.Navigate(d.url+"/sign-in"))
		b.Press("Sign in with a passkey")
		b.Refuses("Sign in", "That passkey wasn’t accepted.")
	})
}

// mailedCode waits in the demo's inbox for a code to somebody that is another than the one before.
func (b *browser) mailedCode(d *demo, to, before string) (code string) {
	b.T.Helper()
	b.wait("a code to "+to, func() bool {
		answer, err := http.Get(d.url + "/demo/inbox?format=json")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		var all []struct{ To, Text string }
		if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
			return false
		}
		for _, m := range all {
			if c := sentCode.FindStringSubmatch(m.Text); c != nil && m.To == to && c[1] != before {
				code = c[1]
				return true
			}
		}
		return false
	})
	return code
}
