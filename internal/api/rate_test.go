package api_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// TestRate: a caller who asks too often is told to wait and for how long; others, and other sessions of the same person, are not
// held up, and what nobody is signed in for is counted by address.
func TestRate(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) { c.APIRate = 3 })
	s.Clock.Set(domaintest.Start.Truncate(time.Minute).Add(20 * time.Second))
	first, second := s.API(s.Password(t, s.Ada).Cookie), s.API(s.Password(t, s.Ada).Cookie)
	for left := 2; left >= 0; left-- {
		a := first.Must(t, 200, "GET /v1/me", nil)
		if want := `"calls";r=` + string(rune('0'+left)) + `;t=40`; a.Header.Get("RateLimit") != want || a.Header.Get("RateLimit-Policy") != `"calls";q=3;w=60` {
			t.Errorf("%q by %q, want %q", a.Header.Get("RateLimit"), a.Header.Get("RateLimit-Policy"), want)
		}
	}
	before := s.Rows(t)
	a := first.Must(t, 429, "GET /v1/account", nil)
	if a.Code() != "rate_limited" || a.Header.Get("Retry-After") != "40" || a.Header.Get("RateLimit") != `"calls";r=0;t=40` {
		t.Errorf("%s, again after %q, %q", a.Raw, a.Header.Get("Retry-After"), a.Header.Get("RateLimit"))
	}
	if after := s.Rows(t); len(after) != len(before) {
		t.Error("a call too many did something")
	}
	second.Must(t, 200, "GET /v1/me", nil)

	// Whoever is turned away, and asks for what is not there, is a stranger, and so is a forged credential.
	for i, route := range []string{"GET /v1/me", "GET /v1/nothing", "PUT /v1/me", "GET /v1/openapi.json", "GET /v1/me"} {
		if i == 2 {
			s.Clock.Advance(40 * time.Second) // a new minute; the document was read in the old one
		}
		a := s.API("").Call(t, route, nil)
		if !strings.HasPrefix(a.Header.Get("RateLimit"), `"calls";r=`) {
			t.Errorf("%s: %q", route, a.Header.Get("RateLimit"))
		}
	}
	forged := s.API("acc_x.usr_x." + strings.Repeat("x", 43))
	if a := forged.Call(t, "GET /v1/me", nil); a.Status != 429 || a.Code() != "rate_limited" {
		t.Errorf("a stranger’s fourth call: %d %s", a.Status, a.Raw)
	}
	first.Must(t, 200, "GET /v1/me", nil)
	s.Clock.Advance(time.Minute)
	forged.Must(t, 401, "GET /v1/me", nil)
}

// TestNoRate: without a limit, nothing is said of one.
func TestNoRate(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) { c.APIRate = 0 })
	if a := s.API("").Must(t, 401, "GET /v1/me", nil); a.Header.Get("RateLimit")+a.Header.Get("RateLimit-Policy") != "" {
		t.Errorf("%v", a.Header)
	}
}
