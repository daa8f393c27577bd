package gate_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/gate"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
)

// The programs' sites of these tests.
const (
	shop  = "https://shop.example.com"
	board = "http://board.localhost:9000"
)

func withDoor(c *config.Config) { c.DoorOrigins = httpx.Origins{shop, board} }

// visitor is one person's browser: what it keeps at Sallyport, and what at each program's site.
type visitor struct {
	t     *testing.T
	s     *apptest.Server
	home  *apptest.Client
	sites map[string]*apptest.Client
}

func visit(t *testing.T, s *apptest.Server, home *apptest.Client) *visitor {
	return &visitor{t, s, home, map[string]*apptest.Client{}}
}

// at asks for a path at a site, as a proxy there hands it on.
func (v *visitor) at(site, method, path string, form url.Values) *apptest.Page {
	v.t.Helper()
	c := v.sites[site]
	if c == nil {
		c = v.s.Client(v.t)
		v.sites[site] = c
	}
	r := c.Request(method, path, form)
	r.Header.Set("X-Forwarded-Proto", strings.Split(site, ":")[0])
	r.Host = strings.SplitN(site, "//", 2)[1]
	if method == http.MethodPost {
		r.Header.Set("Origin", site)
	}
	return c.Send(r)
}

// asks is the question of a proxy about a path at a site.
func (v *visitor) asks(site, path, query string) *apptest.Page {
	v.t.Helper()
	c := v.sites[site]
	if c == nil {
		c = v.s.Client(v.t)
		v.sites[site] = c
	}
	r := c.Request(http.MethodGet, gate.Path+"?"+query, nil)
	r.Header.Set("X-Forwarded-Proto", strings.Split(site, ":")[0])
	r.Header.Set("X-Forwarded-Host", strings.SplitN(site, "//", 2)[1])
	r.Header.Set("X-Forwarded-Uri", path)
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	return c.Send(r)
}

// led is where an answer leads, which must begin so; the rest of it is returned.
func led(t *testing.T, p *apptest.Page, begins string) string {
	t.Helper()
	to := p.Header.Get("Location")
	if p.Status != http.StatusSeeOther || !strings.HasPrefix(to, begins) {
		t.Fatalf("%s: status %d, led to %q, want %s…: %s", p.Path, p.Status, to, begins, p.Text())
	}
	return to[len(begins):]
}

// start begins at a site and returns the path at Sallyport that it leads to.
func (v *visitor) start(site, query string) string {
	v.t.Helper()
	return led(v.t, v.at(site, http.MethodGet, gate.Prefix+"start?"+query, nil), httpx.OriginOf(v.s.App.Config.PublicURL))
}

// enter brings a browser that is signed in to a page of a site.
func (v *visitor) enter(site, query string) *apptest.Page {
	v.t.Helper()
	door := v.home.Send(v.home.Request(http.MethodGet, v.start(site, query), nil))
	return v.at(site, http.MethodGet, led(v.t, door, site), nil)
}

// The whole way, as a person goes it who is not signed in: nothing of what was asked is lost on it.
func TestThroughTheSignIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Grace)
		v := visit(t, s, s.Client(t))
		const page = "/report?year=2026&of=a%20b&q=%C3%BC"
		start := led(t, v.asks(shop, page, "accounts=acme&level=aal2&roles=member&max_age=900"), shop)
		door := led(t, v.at(shop, http.MethodGet, start, nil), httpx.OriginOf(s.App.Config.PublicURL))
		p := v.home.Get(door).Sees(http.StatusOK, "Sign in").Press("Sign in", "email", apptest.Grace, "password", apptest.Password)
		p = p.Follow().Sees(http.StatusOK).Press("Verify", "code", phone.Code(s.Clock.Now()))
		p = v.home.Send(v.home.Request(http.MethodGet, led(t, p, ""), nil))
		if back := led(t, v.at(shop, http.MethodGet, led(t, p, shop), nil), shop); back != page {
			t.Errorf("led back to %q", back)
		}
		if p := v.asks(shop, page, "accounts=acme&level=aal2&roles=member&max_age=900"); p.Status != http.StatusOK || p.Header.Get("Remote-Email") != apptest.Grace {
			t.Errorf("inside: %d %v", p.Status, p.Header)
		}
	}, withDoor)
}

func TestInAndOut(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		v := visit(t, s, s.SignedIn(t, apptest.Grace))
		if back := led(t, v.enter(shop, "to="+url.QueryEscape("/report?year=2026")), shop); back != "/report?year=2026" {
			t.Errorf("led back to %q", back)
		}
		if p := v.asks(shop, "/report", ""); p.Status != http.StatusOK || p.Header.Get("Remote-Email") != apptest.Grace {
			t.Errorf("inside: %d %v", p.Status, p.Header)
		}
		if p := v.asks(board, "/", ""); p.Status != http.StatusSeeOther {
			t.Errorf("at another site: %d", p.Status)
		}
		v.home.Post("/sign-out")
		s.Clock.Advance(time.Second)
		if p := v.asks(shop, "/report", ""); p.Status != http.StatusSeeOther || p.Header.Get("Remote-User") != "" {
			t.Errorf("after the sign-out: %d", p.Status)
		}
	}, withDoor)
}

// TestLinkForNoBrowser: whoever leads somebody here by a link with the challenge of no secret lets nobody in, also not the browser that has none.
func TestLinkForNoBrowser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		v := visit(t, s, s.SignedIn(t, apptest.Grace))
		link := "/door?" + url.Values{"to": {shop + "/report"}, "challenge": {session.Challenge("")}}.Encode()
		p := v.at(shop, http.MethodGet, led(t, v.home.Send(v.home.Request(http.MethodGet, link, nil)), shop), nil)
		p.Sees(http.StatusUnprocessableEntity, "did not bring back the cookie")
		if p := v.asks(shop, "/report", ""); p.Status != http.StatusSeeOther {
			t.Errorf("afterwards: %d", p.Status)
		}
	}, withDoor)
}
