package gate_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sallyport/internal/apptest"
	"sallyport/internal/assertion"
)

// TestTrustedBrowser: whoever signed in by a trusted browser has a second factor, and has not shown it: level=aal2 lets them in, any
// max_age asks for a code, and both the header and the assertion say how it was (X15, K12).
func TestTrustedBrowser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Grace)
		v := visit(t, s, s.Client(t))
		home := func(p *apptest.Page) { // from Sallyport's /door to the page that was wanted
			t.Helper()
			p = v.home.Send(v.home.Request(http.MethodGet, led(t, p, ""), nil))
			led(t, v.at(shop, http.MethodGet, led(t, p, shop), nil), shop+"/report")
		}
		begin := func() *apptest.Page {
			t.Helper()
			p := v.home.Get(v.start(shop, "to=/report&level=aal2"))
			return p.Press("Sign in", "email", apptest.Grace, "password", apptest.Password)
		}
		told := func(query, amr string, at time.Time) {
			t.Helper()
			p := v.asks(shop, "/report", query)
			if p.Status != http.StatusOK || p.Header.Get("Remote-Amr") != amr {
				t.Fatalf("%s: %d as %q, want %q", query, p.Status, p.Header.Get("Remote-Amr"), amr)
			}
			parsed, err := jwt.ParseSigned(p.Header.Get("Sallyport-Assertion"), []jose.SignatureAlgorithm{jose.EdDSA})
			if err != nil {
				t.Fatal(err)
			}
			var c assertion.Claims
			if err := parsed.UnsafeClaimsWithoutVerification(&c); err != nil || c.Level != "aal2" || !slices.Equal(c.AMR, strings.Split(amr, ",")) || c.AuthTime != at.Unix() {
				t.Errorf("%s: the assertion says %+v, %v; want auth_time %d", query, c, err, at.Unix())
			}
		}
		home(begin().Follow().Press("Verify", "code", phone.Code(s.Clock.Now()), "trust", "yes"))
		told("level=aal2&max_age=900", "pwd,otp,mfa", s.Clock.Now())
		v.home.Post("/sign-out")

		// The next day the password will do, but for what wants the second factor of now.
		s.Clock.Advance(24 * time.Hour)
		home(begin())
		signedIn := s.Clock.Now()
		told("level=aal2", "pwd,trusted_browser", signedIn)
		for _, query := range []string{"max_age=900", "level=aal2&max_age=900", "max_age=2147483647"} {
			if p := v.asks(shop, "/report", query); p.Status != http.StatusSeeOther || p.Header.Get("Remote-User") != "" {
				t.Errorf("%s lets a trusted browser in: %d", query, p.Status)
			}
		}
		s.Clock.Advance(time.Minute)
		p := v.home.Get(v.start(shop, "to="+url.QueryEscape("/report")+"&level=aal2&max_age=900")).Sees(http.StatusOK)
		if p.At() != "/settings/confirm" {
			t.Fatalf("led to %s", p.Path)
		}
		home(p.Press("Confirm", "code", phone.Code(s.Clock.Now())))
		told("level=aal2&max_age=900", "pwd,trusted_browser", signedIn.Add(time.Minute)) // how they signed in stays, the code's time counts
	}, withDoor)
}
