package gate_test

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/gate"
	"sallyport/internal/session"
	"sallyport/internal/token"
)

// ticket brings a browser as far as its way in, and returns that.
func (v *visitor) ticket(site string) string {
	v.t.Helper()
	door := v.home.Send(v.home.Request(http.MethodGet, v.start(site, "to=/report"), nil))
	return led(v.t, door, site)
}

// out fails the test if a browser got in, or was not told why not and where to begin anew.
func out(t *testing.T, p *apptest.Page, status int, code string) {
	t.Helper()
	if p.Status != status || len(p.Cookies) > 0 || p.Header.Get("Location") != "" || !strings.Contains(p.Body, code) || !strings.Contains(p.Body, `<a href="/report">`) {
		t.Errorf("%s: status %d, cookies %v, led to %q: %s", p.Path, p.Status, p.Cookies, p.Header.Get("Location"), p.Body)
	}
	if got := p.Header.Get("Referrer-Policy"); got != "no-referrer" {
		t.Errorf("a link on the page may tell the ticket: %q", got)
	}
}

const (
	saysTicket = "used already, or took too long"
	saysCookie = "did not bring back the cookie"
)

// TestTicket: it counts once, for a minute, at its site, in the browser that began, and as long as the session does.
func TestTicket(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		v := visit(t, s, s.SignedIn(t, apptest.Grace))
		used := v.ticket(shop)
		for _, who := range []*visitor{v, visit(t, s, s.Client(t))} { // HEAD uses nothing up, with the cookie or without
			if p := who.at(shop, http.MethodHead, used, nil); p.Status != http.StatusOK || len(p.Cookies) > 0 || p.Header.Get("Strict-Transport-Security") != "" {
				t.Errorf("HEAD: %d, cookies %v, %v", p.Status, p.Cookies, p.Header)
			}
		}
		led(t, v.at(shop, http.MethodGet, used, nil), shop+"/report")
		out(t, v.at(shop, http.MethodGet, used, nil), http.StatusForbidden, saysTicket)

		late := v.ticket(shop)
		s.Clock.Advance(session.TicketFor)
		out(t, v.at(shop, http.MethodGet, late, nil), http.StatusForbidden, saysTicket)

		elsewhere := v.ticket(shop)
		v.start(board, "")
		v.sites[board].Cookies[gate.EntryCookie] = v.sites[shop].Cookies[gate.EntryCookie]
		out(t, v.at(board, http.MethodGet, elsewhere, nil), http.StatusForbidden, saysTicket)

		// Somebody else's browser, led there by a link: it stays who it was, or nobody.
		other := visit(t, s, s.Client(t))
		link := v.ticket(shop)
		out(t, other.at(shop, http.MethodGet, link, nil), http.StatusUnprocessableEntity, saysCookie)
		out(t, v.at(shop, http.MethodGet, link, nil), http.StatusForbidden, saysTicket) // it ended there: somebody may have meant to use it now
		other.start(shop, "")
		out(t, other.at(shop, http.MethodGet, v.ticket(shop), nil), http.StatusForbidden, saysTicket)
		other.sites[shop].Cookies[gate.EntryCookie] = ""
		out(t, other.at(shop, http.MethodGet, link, nil), http.StatusUnprocessableEntity, saysCookie)
		if p := other.asks(shop, "/", ""); p.Status != http.StatusSeeOther {
			t.Errorf("the other browser is in: %d", p.Status)
		}

		for _, forged := range []string{"", "x", token.New(), strings.Repeat(".", 300), "a.b." + token.New(), "\x00"} {
			out(t, v.at(shop, http.MethodGet, gate.Prefix+"enter?to=/report&ticket="+url.QueryEscape(forged), nil), map[bool]int{true: http.StatusBadRequest, false: http.StatusForbidden}[forged == "\x00"], "")
		}
		pass := v.sites[shop].Cookies[gate.DoorCookie]
		out(t, v.at(shop, http.MethodGet, gate.Prefix+"enter?to=/report&ticket="+url.QueryEscape(pass), nil), http.StatusForbidden, saysTicket)

		over := v.ticket(shop)
		v.home.Post("/sign-out")
		out(t, v.at(shop, http.MethodGet, over, nil), http.StatusForbidden, saysTicket)
	}, withDoor)
}

// TestTwoPagesBeginAtOnce: each gets where it wanted.
func TestTwoPagesBeginAtOnce(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), withDoor)
	v := visit(t, s, s.SignedIn(t, apptest.Grace))
	first, second := v.ticket(shop), v.ticket(shop)
	for _, one := range []string{second, first} {
		led(t, v.at(shop, http.MethodGet, one, nil), shop+"/report")
		if p := v.asks(shop, "/report", ""); p.Status != http.StatusOK {
			t.Errorf("inside: %d", p.Status)
		}
	}
}

// TestNoCookies: a browser that keeps none is told so, and sent nowhere.
func TestNoCookies(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), withDoor)
	v := visit(t, s, s.SignedIn(t, apptest.Grace))
	way := v.ticket(shop)
	clear(v.sites[shop].Cookies)
	out(t, v.at(shop, http.MethodGet, way, nil), http.StatusUnprocessableEntity, saysCookie)
	v.sites[shop].Speaks = "de-AT"
	out(t, v.at(shop, http.MethodGet, way, nil), http.StatusUnprocessableEntity, "Erlauben Sie Cookies")
}

// TestSignOutOfPrograms: a link ends nothing, the program's own form ends the pass alone, another site's form nothing either.
func TestSignOutOfPrograms(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		v := visit(t, s, s.SignedIn(t, apptest.Grace))
		in := func(want int) {
			t.Helper()
			s.Clock.Advance(time.Second)
			if p := v.asks(shop, "/", ""); p.Status != want {
				t.Errorf("inside: %d, want %d", p.Status, want)
			}
		}
		v.enter(shop, "")
		signOut := s.App.Config.PublicURL.JoinPath("/sign-out").String()
		led(t, v.at(shop, http.MethodGet, gate.Prefix+"sign-out", nil), signOut)
		in(http.StatusOK)
		c := v.sites[shop]
		r := c.Request(http.MethodPost, gate.Prefix+"sign-out", nil)
		r.Host = "shop.example.com"
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		if p := c.Send(r); p.Status != http.StatusForbidden {
			t.Errorf("another site's form: %d", p.Status)
		}
		in(http.StatusOK)
		kept := c.Clone()
		led(t, v.at(shop, http.MethodPost, gate.Prefix+"sign-out", nil), signOut)
		v.sites[shop] = kept // the cookie, copied before
		in(http.StatusSeeOther)
		v.home.Get("/settings").Sees(http.StatusOK) // the session is not the program's to end
		v.home.Get("/sign-out").Sees(http.StatusOK, "every program").Press("Sign out").Follow().Sees(http.StatusOK, "You are signed out.")
	}, withDoor)
}

// TestStepUp: a site that asks for more than a sign-in gets it, by the ways there are for it.
func TestStepUp(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), withDoor)
	on := func(v *visitor, p *apptest.Page, want string) {
		t.Helper()
		p = v.home.Send(v.home.Request(http.MethodGet, led(t, p, ""), nil))
		led(t, v.at(shop, http.MethodGet, led(t, p, shop), nil), shop+"/report")
		if p := v.asks(shop, "/report", want); p.Status != http.StatusOK {
			t.Errorf("inside, with %s: %d", want, p.Status)
		}
	}
	// Without a second factor: the password again.
	v := visit(t, s, s.SignedIn(t, apptest.Grace))
	led(t, v.enter(shop, "to=/report"), shop+"/report")
	s.Clock.Advance(2 * time.Minute)
	if p := v.asks(shop, "/report", "max_age=60"); p.Status != http.StatusSeeOther {
		t.Fatalf("too old, and yet %d", p.Status)
	}
	p := v.home.Get(v.start(shop, "to=/report&max_age=60")).Sees(http.StatusOK, "Sign in", "asks for a fresh sign-in")
	on(v, p.Press("Sign in", "email", apptest.Grace, "password", apptest.Password).Follow().Press("Not now"), "max_age=60")

	// A second factor is wanted: it is set up, and the way goes on.
	p = v.home.Get(v.start(shop, "to=/report&level=aal2")).Sees(http.StatusOK, "Add new device", "needs a second factor")
	p = p.Press("Add", "name", "My Phone", "password", apptest.Password)
	phone := p.Phone()
	p = p.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusOK)
	on(v, p.Press("I have saved them"), "level=aal2")

	// With one: a code.
	s.Clock.Advance(2 * time.Minute)
	p = v.home.Get(v.start(shop, "to=/report&level=aal2&max_age=60")).Sees(http.StatusOK)
	if p.At() != "/settings/confirm" {
		t.Fatalf("led to %s", p.Path)
	}
	on(v, p.Press("Confirm", "code", phone.Code(s.Clock.Now())), "level=aal2&max_age=60")
}

// TestTicketRace: of all who come with a ticket at once, over two replicas, one gets a pass.
func TestTicketRace(t *testing.T) {
	rounds := 1_000
	if os.Getenv("SALLYPORT_SOAK") != "" {
		rounds = 10_000
	}
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		other := s.Another(t, withDoor)
		c := s.SignedIn(t, apptest.Grace)
		signed, err := s.Sessions.Check(t.Context(), c.Cookies["__Host-sallyport-session"])
		if err != nil {
			t.Fatal(err)
		}
		for round := range rounds {
			secret := token.New()
			ticket, err := s.Sessions.Ticket(t.Context(), signed, shop, session.Challenge(secret))
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			passes := make(chan string, 4)
			for i := range 4 {
				wg.Go(func() {
					on := []*session.Service{s.Sessions, other.Sessions}[i%2]
					if pass, err := on.Enter(t.Context(), ticket, shop, secret, domaintest.By); err == nil {
						passes <- pass
					}
				})
			}
			wg.Wait()
			if len(passes) != 1 {
				t.Fatalf("round %d: %d passes", round, len(passes))
			}
		}
		t.Logf("%d tickets, four browsers at each, one pass each", rounds)
	}, withDoor)
}

// TestLongWay: an address of 2,000 bytes comes back whole, however many forms lie between; a longer one leads to the site's first page.
func TestLongWay(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), withDoor)
	phone, _ := s.Enrolled(t, apptest.Grace)
	for name, c := range map[string]struct {
		to   string
		back string // "" for the same
	}{
		"letters": {"/" + strings.Repeat("a", 1999), ""},
		"a query": {"/search?" + strings.Repeat("filter=is%20open&of=a+b&", 80)[:1900], ""},
		"longer":  {"/" + strings.Repeat("a", 2000), "/"},
		"escapes": {"/" + strings.Repeat("%25", 660), "/"}, // twice as long on the way
	} {
		v := visit(t, s, s.Client(t))
		p := v.home.Get(v.start(shop, "to="+url.QueryEscape(c.to))).Sees(http.StatusOK).Press("Sign in", "email", apptest.Grace, "password", "not hers")
		p = p.Press("Sign in", "email", apptest.Grace, "password", apptest.Password).Follow().Press("Verify", "code", phone.Wrong(s.Clock.Now()))
		p = p.Press("Verify", "code", phone.Code(s.Clock.Now()))
		p = v.home.Send(v.home.Request(http.MethodGet, led(t, p, ""), nil))
		want := c.back
		if want == "" {
			want = c.to
		}
		if back := led(t, v.at(shop, http.MethodGet, led(t, p, shop), nil), shop); back != want {
			t.Errorf("%s: led back to %.60q, want %.60q", name, back, want)
		}
		s.Clock.Advance(5 * time.Minute)
	}
}
