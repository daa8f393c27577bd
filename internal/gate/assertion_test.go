package gate_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sallyport/internal/apptest"
	"sallyport/internal/assertion"
	"sallyport/internal/gate"
)

// TestAssertion: a program that checks by the keys that are published knows who came, for itself alone and for a minute.
func TestAssertion(t *testing.T) {
	each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Ada)
		ada := s.Browse(t, s.Ada)
		s.Clock.Advance(10 * time.Minute)
		token := ask(t, s, dashboard, "", door(enter(t, s, ada, dashboard))).Header.Get("Sallyport-Assertion")

		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+gate.KeySetPath, nil)
		if err != nil {
			t.Fatal(err)
		}
		published := do(t, r)
		var set jose.JSONWebKeySet
		if err := json.Unmarshal([]byte(published.body), &set); err != nil || published.Header.Get("Content-Type") != "application/jwk-set+json" {
			t.Fatalf("published: %d %v %s", published.StatusCode, published.Header, published.body)
		}
		parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
		if err != nil {
			t.Fatal(err)
		}
		var c jwt.Claims
		var who assertion.Claims
		if err := parsed.Claims(set, &c, &who); err != nil {
			t.Fatal(err)
		}
		now := s.Clock.Now()
		expected := jwt.Expected{Issuer: s.App.Config.PublicURL.String(), AnyAudience: jwt.Audience{dashboard}, Subject: s.Ada.ID, Time: now}
		if err := c.ValidateWithLeeway(expected, 0); err != nil {
			t.Errorf("%v: %+v", err, who)
		}
		if who.Email != apptest.Ada || who.Name != "Ada" || who.Account != "acme" || who.AccountID != s.Acme.ID || !slices.Equal(who.Roles, []string{"owner"}) ||
			who.Level != "aal2" || !slices.Equal(who.AMR, []string{"pwd", "otp", "mfa"}) || who.AuthTime != now.Add(-10*time.Minute).Unix() || who.Expires-who.IssuedAt != 60 || who.ID == "" {
			t.Errorf("says %+v", who)
		}
		expected.AnyAudience = jwt.Audience{wiki}
		if c.ValidateWithLeeway(expected, 0) == nil {
			t.Error("counts at another program")
		}
	})
}
