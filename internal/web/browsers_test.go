package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/browser"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/otp"
	"sallyport/internal/place/placetest"
)

// inVienna puts this machine into a city.
func inVienna(t *testing.T) func(*config.Config) {
	return func(c *config.Config) {
		c.Locations = placetest.File(t, placetest.Network{Prefix: "127.0.0.0/8", Country: "AT", City: "Vienna", Stadt: "Wien"})
	}
}

// trustedID is the id of a browser that Ada trusts from now on.
func trustedID(t *testing.T, s *apptest.Server, phone domaintest.Phone) string {
	t.Helper()
	_, cookie := s.Trust(t, s.Ada, phone, domaintest.From(domaintest.Firefox))
	s.Clock.Advance(otp.DefaultPeriod)
	return browser.ID(cookie)
}

// back signs Ada in again in a browser that she trusts.
func back(c *apptest.Client) *apptest.Page {
	return c.SignIn(apptest.Ada, apptest.Password).Follow()
}

// TestOwnBrowsers: a person sees the browsers they trust by name, place and use, gives one a name, and ends one or all; nobody else's.
func TestOwnBrowsers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		plain := s.SignedInWith(t, apptest.Ada, phone)
		plain.Get("/settings").Click("Trusted browsers").Sees(http.StatusOK, "You trust no browser.", "Don’t ask again for 90 days").Lacks("End trust")

		c, other := trusting(t, s, phone), trusting(t, s, phone)
		s.Clock.Advance(25 * time.Hour)
		back(c).Sees(http.StatusOK)
		page := c.Get("/settings/browsers").Sees(http.StatusOK, "Firefox on Linux, Vienna this browser", "last used today", "last used yesterday", "127.0.0.1", "until 21 February 2027")
		if strings.Count(page.Body, "this browser") != 1 || strings.Index(page.Body, "this browser") > strings.Index(page.Body, "yesterday") {
			t.Errorf("the present one is not marked, or not first: %s", page.Text())
		}
		id := page.Find(`action="/settings/browsers/([^/"]+)/end"`)

		rename := page.Click("Rename").Sees(http.StatusOK, "Rename “Firefox on Linux, Vienna”")
		long := strings.Repeat("very ", 9) + "long <name>"
		rename.Press("Rename", "name", long).Sees(http.StatusUnprocessableEntity, "at most 40 characters", "Rename “Firefox on Linux, Vienna”").Find(`value="(very very [^"]*long &lt;name&gt;)"`)
		rename.Press("Rename", "name", " Kitchen   <laptop> ").Follow().Sees(http.StatusOK, "has a new name", "Kitchen <laptop> this browser", "Firefox on Linux, Vienna · 127.0.0.1")
		c.Get("/settings/browsers/"+id+"/rename").Sees(http.StatusOK, "Rename “Kitchen <laptop>”").
			Press("Rename", "name", "").Follow().Sees(http.StatusOK, "Firefox on Linux, Vienna this browser").Lacks("Kitchen")

		grace := s.SignedIn(t, apptest.Grace) // another's is nobody's
		grace.Get("/settings/browsers").Sees(http.StatusOK, "You trust no browser.").Lacks(id)
		for _, path := range []string{"/end", "/rename"} {
			grace.Post("/settings/browsers/"+id+path, "name", "Mine").Sees(http.StatusNotFound, "no such trusted browser")
		}
		grace.Get("/settings/browsers/" + id + "/rename").Sees(http.StatusNotFound)
		grace.Post("/settings/browsers/end-all").Follow().Sees(http.StatusOK)

		page = c.Get("/settings/browsers")
		if n := strings.Count(page.Body, `/end"`); n != 2 {
			t.Fatalf("%d browsers can be ended, want 2", n)
		}
		page.Press("End trust").Follow().Sees(http.StatusOK, "no longer trusted").Lacks("this browser")
		c.Post("/settings/browsers/"+id+"/end").Sees(http.StatusNotFound, "no such trusted browser")
		c.Get("/settings").Press("Sign out").Follow()
		back(c).Sees(http.StatusOK, asksFor).Lacks("this browser")
		back(other).Sees(http.StatusOK, "You are signed in.")
		other.Get("/settings/browsers").Press("End the trust in all browsers").Follow().Sees(http.StatusOK, "No browser is trusted any more", "You trust no browser.")
		other.Get("/settings").Press("Sign out").Follow()
		back(other).Sees(http.StatusOK, asksFor)
	}, inVienna(t))
}

// TestTrustIsNotOffered: where the rules let no browser be trusted, the page says so.
func TestTrustIsNotOffered(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrolled(t, apptest.Ada)
	trusting(t, s, phone)
	c := s.SignedInWith(t, apptest.Ada, phone)
	c.Get("/settings/browsers").Sees(http.StatusOK, "End trust")
	s.SetPolicy(t, "trusted_browser_days=0")
	s.Clock.Advance(time.Second)
	c.Get("/settings/browsers").Sees(http.StatusOK, "let no browser be trusted").Lacks("End trust", "tick")
	c.Speaks = "de"
	c.Get("/settings/browsers").Sees(http.StatusOK, "Vertraute Browser")
}

// TestOneNameEverywhere: the list of sessions, the trusted browsers, the mail and the audit log call a browser the same.
func TestOneNameEverywhere(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), inVienna(t), demoInbox)
	phone, _ := s.Enrolled(t, apptest.Ada)
	trusting(t, s, phone)
	c := s.SignedInWith(t, apptest.Ada, phone)
	const name = "Firefox on Linux, Vienna"
	for _, path := range []string{"/settings/sessions", "/settings/browsers", "/admin/audit"} {
		c.Get(path).Sees(http.StatusOK, name)
	}
	if m := s.Mail(t, apptest.Ada); !strings.Contains(m.Text, name) {
		t.Errorf("the mail says\n%s", m.Text)
	}
	c.Speaks = "de"
	for _, path := range []string{"/settings/sessions", "/settings/browsers", "/admin/audit"} {
		c.Get(path).Sees(http.StatusOK, "Firefox unter Linux, Wien")
	}
}

// TestAdministratorEnds: on a person's page the administrator sees what they are signed in with and where they are trusted, and ends one or all of
// it after a page that says what that does. Whoever is asked for a code in between comes back to the one, not to all.
func TestAdministratorEnds(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		boss := s.SignedInWith(t, apptest.Ada, phone)
		graces, _ := s.Enrolled(t, apptest.Grace)
		first, second := s.SignedInWith(t, apptest.Grace, graces), s.SignedInWith(t, apptest.Grace, graces)
		s.Trust(t, s.Grace, graces, domaintest.From(domaintest.OnWindows))
		s.Clock.Advance(otp.DefaultPeriod)
		_, cookie := s.Trust(t, s.Grace, graces, domaintest.From(domaintest.Chrome))
		person := "/admin/users/" + s.Grace.ID
		page := boss.Get(person).Sees(http.StatusOK, "4 browsers are signed in", "Firefox on Linux", "Chrome on Linux", "Firefox on Windows", "password and code", "Trusted since today")
		one := page.Find(`href="(/admin/users/[^"]+/end-sessions\?session=[^"]+)"`)

		s.Clock.Advance(16 * time.Minute)
		confirm := boss.Get(one).Sees(http.StatusOK, "Confirm that it is you")
		ask := confirm.Press("Confirm", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "End a session", "Grace (grace@acme.test)").Lacks("End all sessions")
		s.Clock.Advance(16 * time.Minute)
		again := ask.Press("End session").Follow().Sees(http.StatusOK, "Confirm that it is you") // nothing is ended yet
		again.Press("Confirm", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "End a session").
			Press("End session").Follow().Sees(http.StatusOK, "told by mail", "3 browsers are signed in")
		boss.Get(one).Sees(http.StatusNotFound, "no such session")

		boss.Get(person).Click("End trust").Sees(http.StatusOK, "End the trust in a browser", "asked for a code again").
			Press("End trust").Follow().Sees(http.StatusOK, "told by mail")
		if _, err := s.SignIn.Pending(t.Context(), cookie); err == nil {
			t.Error("a trusted browser is a pending sign-in")
		}
		if n := strings.Count(boss.Get(person).Body, "end-browsers?browser="); n != 1 {
			t.Errorf("%d trusted browsers are left, want 1", n)
		}
		boss.Get(person).Click("End the trust in all browsers").Press("End trust").Follow().Sees(http.StatusOK, "No browser is trusted").Lacks("end-browsers")

		boss.Get(person).Click("End all sessions").Sees(http.StatusOK, "half-finished sign-ins", "lock their access").Press("End all sessions").Follow().Sees(http.StatusOK, "Signed in nowhere")
		s.Clock.Advance(time.Second)
		for _, c := range []*apptest.Client{first, second} {
			if p := c.Get("/settings"); !strings.HasPrefix(p.Path, "/sign-in") {
				t.Errorf("a session goes on at %s", p.Path)
			}
		}
		boss.Get(person).Sees(http.StatusOK, "Ada ended all sign-ins of Grace", "Ada ended a sign-in of Grace", "Ada ended the trust in all browsers of Grace")

		// Of oneself one ends it in one's own settings.
		boss.Get("/admin/users/"+s.Ada.ID).Sees(http.StatusOK, "Firefox on Linux").Lacks("end-sessions", "end-browsers")
		boss.Get("/admin/users/"+s.Ada.ID+"/end-sessions").Sees(http.StatusForbidden, "can’t do this to yourself")
	}, demoInbox)
}

// demoInbox keeps what would be mailed.
func demoInbox(c *config.Config) { c.Demo = true }
