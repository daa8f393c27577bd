package assertion_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sallyport/internal/assertion"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/seal"
)

const (
	issuer   = "https://login.acme.test"
	audience = "https://app.acme.test"
)

func service(w *domaintest.World, d *db.DB) *assertion.Service {
	return &assertion.Service{DB: d, Ring: w.Ring, Issuer: issuer, Now: w.Clock.Now}
}

func sign(t *testing.T, s *assertion.Service) string {
	t.Helper()
	token, err := s.Sign(t.Context(), assertion.Claims{Audience: audience, Subject: "usr_1", Account: "acme", AccountID: "acc_1", Roles: []string{"member"}, Level: "aal2", AMR: []string{"pwd", "otp"}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func keySet(t *testing.T, s *assertion.Service) jose.JSONWebKeySet {
	t.Helper()
	raw, err := s.KeySet(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(raw, &set); err != nil {
		t.Fatal(err)
	}
	for _, k := range set.Keys {
		if !k.IsPublic() || !k.Valid() || k.Use != "sig" || k.Algorithm != "EdDSA" || strings.Contains(string(raw), `"d":`) {
			t.Fatalf("published: %s", raw)
		}
	}
	return set
}

// check is what a program does (RFC 8725): one algorithm, a published key, issuer, audience and times, its clock as far off as it is.
func check(token string, set jose.JSONWebKeySet, at time.Time) error {
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		return err
	}
	var c jwt.Claims
	if err := parsed.Claims(set, &c); err != nil {
		return err
	}
	return c.ValidateWithLeeway(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Time: at}, 30*time.Second)
}

// TestRotation: a key signs 90 days, the next one is published for an hour before it signs, and is one for all servers.
func TestRotation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		one, other := service(w, d), service(w.Restart(t, d), d)
		all := []*assertion.Service{one, other}
		together := func() { // both make the next key at once
			var wg sync.WaitGroup
			for _, s := range all {
				wg.Go(func() {
					if _, err := s.KeySet(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		together()
		first := kid(t, one)
		if got := kid(t, other); got != first || len(keySet(t, one).Keys) != 1 || len(keySet(t, other).Keys) != 1 {
			t.Fatalf("two servers sign with %s and %s", first, got)
		}
		w.Clock.Advance(assertion.KeyFor - time.Second)
		if kid(t, one); len(keySet(t, one).Keys) != 1 {
			t.Error("the next key is made too early")
		}
		w.Clock.Advance(2 * time.Minute) // past what a server remembers
		together()
		for _, s := range all {
			if set := keySet(t, s); len(set.Keys) != 2 || kid(t, s) != first {
				t.Fatalf("%d keys, signed with %s: want two and the first", len(set.Keys), kid(t, s))
			}
		}
		early := keySet(t, other) // which a program fetched now, and goes by for an hour
		w.Clock.Advance(assertion.PublishFor)
		second := kid(t, one)
		if second == first || kid(t, other) != second {
			t.Fatalf("after an hour %s and %s sign", second, kid(t, other))
		}
		if err := check(sign(t, one), early, w.Clock.Now()); err != nil {
			t.Errorf("by a key set of an hour ago: %v", err)
		}
		if n, err := assertion.Sweep(t.Context(), d, w.Clock.Now(), 10); n != 0 || err != nil {
			t.Errorf("swept %d, %v, while an assertion of the first key may be on its way", n, err)
		}
		w.Clock.Advance(2 * assertion.PublishFor)
		if n, err := assertion.Sweep(t.Context(), d, w.Clock.Now(), 10); n != 1 || err != nil {
			t.Errorf("swept %d, %v", n, err)
		}
		for _, s := range all {
			if set := keySet(t, s); len(set.Keys) != 1 || set.Keys[0].KeyID != second || kid(t, s) != second {
				t.Errorf("after the sweep: %+v", set)
			}
		}
		if n, err := assertion.Sweep(t.Context(), d, w.Clock.Now().Add(1000*time.Hour), 10); n != 0 || err != nil {
			t.Errorf("the last key is swept: %d, %v", n, err)
		}
	})
}

// TestReseal: a new key of the key file seals the keys anew, and they sign as before.
func TestReseal(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		s := service(w, d)
		token := sign(t, s)
		var before, after []byte
		read := func(into *[]byte) {
			t.Helper()
			if err := d.Get(t.Context(), `SELECT sealed FROM signing_keys WHERE account_id = '' AND number = 1`, nil, into); err != nil {
				t.Fatal(err)
			}
		}
		read(&before)
		if n, err := s.Reseal(t.Context()); n != 0 || err != nil {
			t.Errorf("with nothing to do: %d, %v", n, err)
		}
		if err := errors.Join(w.Ring.Prepare(), w.Ring.Promote()); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Reseal(t.Context()); n != 1 || err != nil {
			t.Fatalf("resealed %d, %v", n, err)
		}
		read(&after)
		if seal.KeyID(after) != w.Ring.Primary() || seal.KeyID(before) == w.Ring.Primary() {
			t.Errorf("sealed under %v, then %v", seal.KeyID(before), seal.KeyID(after))
		}
		if err := check(token, keySet(t, s), w.Clock.Now()); err != nil {
			t.Errorf("signed before: %v", err)
		}
		if _, err := d.Exec(t.Context(), `UPDATE signing_keys SET number = 2 WHERE account_id = ''`); err != nil {
			t.Fatal(err)
		}
		moved := service(w, d)
		if _, err := moved.Sign(t.Context(), assertion.Claims{}); err == nil {
			t.Error("a sealed key signs in another’s place")
		}
	})
}

// TestForgedAssertions: a program that checks by the published keys takes none that is changed, too old, or for somebody else (security.md 9.1, B86).
func TestForgedAssertions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		s := service(w, d)
		token, set, now := sign(t, s), keySet(t, s), w.Clock.Now()
		if err := check(token, set, now); err != nil {
			t.Fatalf("as it is: %v", err)
		}
		for _, apart := range []time.Duration{-91 * time.Second, 91 * time.Second, time.Hour} {
			if check(token, set, now.Add(apart)) == nil {
				t.Errorf("taken by a clock that is %s apart", apart)
			}
		}
		parts := strings.Split(token, ".")
		enc := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
		dec := func(s string) string { raw, _ := base64.RawURLEncoding.DecodeString(s); return string(raw) }
		forged := map[string]string{
			"no algorithm":       enc(`{"alg":"none"}`) + "." + parts[1] + ".",
			"an empty signature": parts[0] + "." + parts[1] + ".",
			"another person":     parts[0] + "." + enc(strings.Replace(dec(parts[1]), "usr_1", "usr_2", 1)) + "." + parts[2],
			"a longer life":      parts[0] + "." + enc(strings.Replace(dec(parts[1]), `"exp":`, `"exp":9`, 1)) + "." + parts[2],
			"HS256 by the key":   hmac(t, set, dec(parts[1])),
			"a key of its own":   own(t, dec(parts[1])),
		}
		for i := range len(parts[2]) - 1 { // every character of the signature; the last one has bits that mean nothing
			flipped := []byte(parts[2])
			flipped[i] ^= 1
			forged["a changed signature"] = parts[0] + "." + parts[1] + "." + string(flipped)
			if check(forged["a changed signature"], set, now) == nil {
				t.Errorf("taken with character %d of the signature changed", i)
			}
		}
		for what, one := range forged {
			if one == token || check(one, set, now) == nil {
				t.Errorf("taken with %s", what)
			}
		}
		elsewhere, err := s.Sign(t.Context(), assertion.Claims{Audience: "https://wiki.acme.test"})
		if err != nil {
			t.Fatal(err)
		}
		if err := check(elsewhere, set, now); !errors.Is(err, jwt.ErrInvalidAudience) {
			t.Errorf("another program’s: %v", err)
		}
		if second := sign(t, s); second == token {
			t.Error("two assertions are the same")
		}
	})
}

// hmac takes the public key for a shared secret.
func hmac(t *testing.T, set jose.JSONWebKeySet, claims string) string {
	t.Helper()
	public, err := set.Keys[0].MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, jose.SigningKey{Algorithm: jose.HS256, Key: public}, claims)
}

// own brings a key of its own along, in the header.
func own(t *testing.T, claims string) string {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return signed(t, jose.SigningKey{Algorithm: jose.EdDSA, Key: private}, claims)
}

func signed(t *testing.T, key jose.SigningKey, claims string) string {
	t.Helper()
	signer, err := jose.NewSigner(key, &jose.SignerOptions{EmbedJWK: key.Algorithm == jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	object, err := signer.Sign([]byte(claims))
	if err != nil {
		t.Fatal(err)
	}
	token, err := object.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}
