package gate_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
)

// browses is what browsers send where a person opens a page.
var browses = []string{"Sec-Fetch-Mode: navigate", "Accept: text/html,application/xhtml+xml,*/*;q=0.8"}

// TestWayIn: a person who opens a page is led to sign in, at the program’s own site; everybody else is told no.
func TestWayIn(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	start := dashboard + "/.sallyport/start?"
	for _, c := range []struct {
		what, query, want string
		status            int
		headers           []string
	}{
		{"a person", "", start + "to=%2Freports%3Fyear%3D2026", 303, browses},
		{"a person, with all that is asked", "level=aal2&roles=admin,owner&max_age=900", start + "level=aal2&max_age=900&roles=admin%2Cowner&to=%2Freports%3Fyear%3D2026", 303, browses},
		{"a person, by nginx", "level=aal2&redirect=off", start + "level=aal2&to=%2Freports%3Fyear%3D2026", 401, browses},
		{"an old browser", "", start + "to=%2Freports%3Fyear%3D2026", 303, []string{"Accept: text/html"}},
		{"a script of a page", "", "", 401, []string{"Sec-Fetch-Mode: cors", "Accept: text/html"}},
		{"a picture", "", "", 401, []string{"Sec-Fetch-Mode: no-cors"}},
		{"a program", "", "", 401, []string{"Accept: application/json"}},
		{"somebody who asks for nothing", "", "", 401, nil},
		{"a program with a key that is wrong", "", "", 401, append([]string{"Authorization: Bearer sak_x"}, browses...)},
	} {
		a := ask(t, s, dashboard, c.query, c.headers...)
		if a.StatusCode != c.status || a.Header.Get("Location") != c.want || a.StatusCode == 401 && a.Header.Get("WWW-Authenticate") != "Bearer" {
			t.Errorf("%s: %d to %q, want %d to %q: %s", c.what, a.StatusCode, a.Header.Get("Location"), c.status, c.want, a.body)
		}
	}
	at := func(uri, method string) string {
		t.Helper()
		return put(t, s, "", append([]string{"X-Forwarded-Proto: https", "X-Forwarded-Host: app.acme.test", "X-Forwarded-Uri: " + uri, "X-Forwarded-Method: " + method}, browses...)...).Header.Get("Location")
	}
	if got := at("/form", "POST"); got != "" {
		t.Errorf("a form that is posted is led to %s", got)
	}
	for _, uri := range []string{"//evil.test/", "/\\evil.test", "https://evil.test/", "/..//evil.test", "/.sallyport/start", "/a b", "", "evil", "/" + strings.Repeat("a", 2001), "/%5cevil.test", "/\tevil"} {
		if got := at(uri, "GET"); got != start+"to=%2F" {
			t.Errorf("from %q one is led back by %s", uri, got)
		}
	}
	if got := at("/a#b", "GET"); got != "" {
		t.Errorf("a fragment, which no browser sends, is led to %s", got)
	}
}

// TestRefusalPage: a person whom no sign-in helps reads why, in their language, on a page that carries what it needs.
func TestRefusalPage(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	pass := door(enter(t, s, s.Browse(t, s.Grace), dashboard))
	for language, want := range map[string]string{"en": "Your role does not open this page.", "de-AT,de;q=0.9": "Ihre Rolle öffnet diese Seite nicht."} {
		a := ask(t, s, dashboard, "roles=admin", append([]string{pass, "Accept-Language: " + language}, browses...)...)
		if a.StatusCode != 403 || !strings.Contains(a.body, want) || !strings.Contains(a.body, `<html lang="`+language[:2]+`">`) ||
			a.Header.Get("Content-Type") != "text/html; charset=utf-8" || !strings.Contains(a.body, a.Header.Get("X-Request-Id")) {
			t.Errorf("%s: %d %v\n%s", language, a.StatusCode, a.Header, a.body)
		}
		if csp := a.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'sha256-") || strings.Contains(a.body, "style=") {
			t.Errorf("policy %q", csp)
		}
	}
	for what, a := range map[string]answer{
		"an unknown question": ask(t, s, dashboard, "level=aal9", append([]string{pass}, browses...)...),
		"an unknown site":     ask(t, s, "https://<script>evil.test", "", append([]string{pass}, browses...)...),
	} {
		if a.StatusCode != 400 || !strings.Contains(a.body, "<h1>") || strings.Contains(a.body, "<script") {
			t.Errorf("%s: %d %s", what, a.StatusCode, a.body)
		}
	}
}

// TestSameLevel: the door takes a session for what the pages and the REST interface take it for (security.md D5; ASVS 6.3.4).
func TestSameLevel(t *testing.T) {
	each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrol(t, s.Ada)
		trusted, cookie := s.Trust(t, s.Ada, phone, domaintest.From(domaintest.Firefox))
		again, err := s.SignInTrusted(s.Ada, cookie, domaintest.Password, domaintest.From(domaintest.Firefox))
		if err != nil || again.Cookie == "" {
			t.Fatalf("in the trusted browser: %+v, %v", again, err)
		}
		spared, plain := s.Open(t, again.Cookie), s.Browse(t, s.Grace)
		s.Clock.Advance(time.Minute)
		for _, c := range []struct {
			what         string
			b            domaintest.Browser
			aal2, recent bool
		}{
			{"password alone", plain, false, true},
			{"password and code", trusted, true, true},
			{"a trusted browser", spared, true, false}, // where the second factor was proved 90 days ago, perhaps
		} {
			me := s.API(c.b.Cookie).Must(t, 200, "GET /v1/me/sessions", nil)
			level := session.AAL1
			if c.aal2 {
				level = session.AAL2
			}
			if !strings.Contains(string(me.Raw), `"level":"`+string(level)+`"`) {
				t.Errorf("%s by REST: %s", c.what, me.Raw)
			}
			pass := door(enter(t, s, c.b, dashboard))
			for way, lines := range map[string][]string{"a pass": {pass}, "its token": {bearer(c.b.Cookie)}} {
				passes(t, c.what+" by "+way, ask(t, s, dashboard, "", lines...), c.b.Signed.User.ID)
				if in := ask(t, s, dashboard, "level=aal2", lines...).StatusCode == 200; in != c.aal2 {
					t.Errorf("%s by %s: let in at aal2: %t", c.what, way, in)
				}
				if in := ask(t, s, dashboard, "max_age=600", lines...).StatusCode == 200; in != c.recent {
					t.Errorf("%s by %s: let in within ten minutes: %t", c.what, way, in)
				}
				refused(t, c.what+", a minute ago", ask(t, s, dashboard, "max_age=59", lines...), 401, "sign_in_too_old")
			}
			own := "Cookie: " + httpx.SessionCookie + "=" + c.b.Cookie
			if in := put(t, s, "level=aal2", own).StatusCode == 200; in != c.aal2 {
				t.Errorf("%s by its cookie: let in at aal2: %t", c.what, in)
			}
		}
		pass := door(enter(t, s, trusted, dashboard))
		s.Clock.Advance(-4 * time.Minute) // the clock was ahead when the factor was proved: how long ago that was nobody knows
		if a := ask(t, s, dashboard, "max_age=600", pass); a.StatusCode == 200 {
			t.Error("a proof from the future is taken for a recent one")
		}
		s.Clock.Advance(4 * time.Minute)

		pending := s.Password(t, s.Ada).Cookie
		refused(t, "half a sign-in by its token", ask(t, s, dashboard, "", bearer(pending)), 401, "not_signed_in")
		refused(t, "half a sign-in as a pass", ask(t, s, dashboard, "", door(pending)), 401, "not_signed_in")
		s.SetPolicy(t, "enforcement=required", "grace_days=0")
		s.Clock.Advance(time.Second)
		refused(t, "who must set a second factor up first", ask(t, s, dashboard, "", bearer(plain.Cookie)), 401, "set_up_required")
	})
}

// TestLogs: no address that a person opens, and no credential, stands in the log.
func TestLogs(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	grace := s.Browse(t, s.Grace)
	pass := enter(t, s, grace, dashboard)
	canary := url.QueryEscape("/reset?token=canary7291")
	for _, lines := range [][]string{{door(pass)}, browses, {bearer(grace.Cookie)}, {bearer("sak_canary7291")}} {
		put(t, s, "roles=member", append([]string{"X-Original-URL: " + dashboard + "/reset?token=canary7291&n=" + canary}, lines...)...)
	}
	put(t, s, "level=canary7291")
	log := s.Log.String()
	for _, secret := range []string{"canary7291", "/reset", pass, grace.Cookie} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if !strings.Contains(log, `"route":"GET /forward-auth"`) {
		t.Error("the log does not name the door")
	}
}
