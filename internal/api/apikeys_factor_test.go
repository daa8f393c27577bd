package api_test

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/domaintest"
)

// TestKeysSecondFactor: a key's device and its public key come and go in its person's session, and with the first of them the key
// alone is worth nothing, whatever its person has.
func TestKeysSecondFactor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		p := newKey(t, s, s.Grace, false, "Nightly backup", "read")
		person, password := session(t, s, s.Grace), map[string]any{"password": apptest.Password}
		at := "/v1/me/api-keys/" + p.id

		begun := person.Must(t, 201, "POST "+at+"/device", password)
		p.phone = domaintest.Scan(t, p.id, begun.JSON["uri"].(string))
		if one := person.Must(t, 200, "GET "+at, nil); one.JSON["device"].(map[string]any)["state"] != "pending" {
			t.Errorf("before the first code: %s", one.Raw)
		}
		p.call(s, "").Must(t, 200, "GET /v1/me", nil) // what is not confirmed counts for nothing
		person.Must(t, 204, "POST "+at+"/device/confirm", map[string]any{"code": p.code(s)})
		keyRefused(t, "with a device, alone", p.call(s, "").Call(t, "GET /v1/me", nil), 401, "second_factor_required")
		person.Must(t, 204, "DELETE "+at+"/device", password)
		p.call(s, "").Must(t, 200, "GET /v1/me", nil)

		public, _, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		text := base64.StdEncoding.EncodeToString(der)
		person.Must(t, 204, "PUT "+at+"/public-key", map[string]any{"public_key": text, "password": apptest.Password})
		if one := person.Must(t, 200, "GET "+at, nil); one.JSON["public_key"] != text || one.JSON["device"] != nil {
			t.Errorf("bound: %s", one.Raw)
		}
		keyRefused(t, "bound, alone", p.call(s, "").Call(t, "GET /v1/me", nil), 401, "second_factor_required")
		keyRefused(t, "freed without the password", person.Call(t, "DELETE "+at+"/public-key", nil), 401, "proof_needed")
		person.Must(t, 204, "DELETE "+at+"/public-key", password)
		p.call(s, "").Must(t, 200, "GET /v1/me", nil)
	})
}
