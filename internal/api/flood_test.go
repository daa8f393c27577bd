package api_test

import (
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// TestRateOfAKey: a call too many of a key is refused before its code is used up, and is said to be the key's; who holds the key alone uses
// none of its calls up.
func TestRateOfAKey(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) { c.APIRate = 8 })
	s.Clock.Set(domaintest.Start.Truncate(time.Minute).Add(time.Hour))
	p := newKey(t, s, s.Grace, true, "Program", "read")
	token := s.API(p.token(t, s))
	s.Clock.Set(s.Clock.Now().Truncate(time.Minute).Add(time.Minute + 40*time.Second))
	for range 4 {
		keyRefused(t, "alone", p.call(s, "").Call(t, "GET /v1/me", nil), 401, "second_factor_required")
	}
	for range 8 {
		token.Must(t, 200, "GET /v1/me", nil)
	}
	code := p.code(s)
	a := p.call(s, code).Call(t, "GET /v1/me", nil)
	keyRefused(t, "too many", a, 429, "rate_limited")
	if a.Header.Get("RateLimit") != `"calls";r=0;t=20` || a.Header.Get("Retry-After") != "20" {
		t.Errorf("%q, again after %q", a.Header.Get("RateLimit"), a.Header.Get("Retry-After"))
	}
	keyRefused(t, "alone, then", p.call(s, "").Call(t, "GET /v1/me", nil), 401, "second_factor_required")
	s.Clock.Advance(20 * time.Second)
	p.call(s, code).Must(t, 200, "GET /v1/me", nil)
}
