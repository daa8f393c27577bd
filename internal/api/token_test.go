package api_test

import (
	"encoding/base64"
	"net/url"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/otp"
)

// ask asks for a token with a form, as OAuth's clients do; pairs are name, value, …
func ask(t *testing.T, a *apptest.API, pairs ...string) apptest.Answer {
	t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return a.With("Content-Type", "application/x-www-form-urlencoded").Call(t, "POST /v1/token", form.Encode())
}

// token exchanges the key and a code for a token; the clock moves to the next code.
func (p program) token(t *testing.T, s *apptest.Server) string {
	t.Helper()
	got := ask(t, s.API(p.value), "grant_type", "client_credentials", "otp", p.code(s))
	if got.Status != 200 {
		t.Fatalf("token: %d %s", got.Status, got.Raw)
	}
	s.Clock.Advance(otp.DefaultPeriod)
	return got.JSON["access_token"].(string)
}

// TestToken is way (a): a key and a code for a token of fifteen minutes, in each way in which OAuth's clients send a key.
func TestToken(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Grace)
		p := newKey(t, s, s.Grace, true, "Reader", "read", "factors")
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(p.id)+":"+url.QueryEscape(p.value)))
		for name, in := range map[string]struct {
			caller *apptest.API
			more   []string
		}{
			"bearer": {s.API(p.value), nil},
			"basic":  {s.API("").With("Authorization", basic), nil},
			"body":   {s.API(""), []string{"client_id", p.id, "client_secret", p.value}},
		} {
			got := ask(t, in.caller, append(in.more, "grant_type", "client_credentials", "otp", p.code(s), "scope", "read")...)
			if got.Status != 200 || got.JSON["token_type"] != "Bearer" || got.JSON["expires_in"] != 900.0 || got.JSON["scope"] != "read" {
				t.Fatalf("%s: %d %s", name, got.Status, got.Raw)
			}
			if got.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: may be kept by caches", name)
			}
			token := s.API(got.JSON["access_token"].(string))
			if me := token.Must(t, 200, "GET /v1/me", nil); me.JSON["level"] != "aal2" {
				t.Errorf("%s: %s", name, me.Raw)
			}
			s.Clock.Advance(otp.DefaultPeriod)
		}
		for name, in := range map[string]struct {
			caller *apptest.API
			form   []string
			status int
			error  string
			code   string
		}{
			"no key":           {s.API(""), []string{"grant_type", "client_credentials", "otp", "123456"}, 400, "invalid_request", "client_authentication"},
			"two keys":         {s.API(p.value), []string{"grant_type", "client_credentials", "otp", "123456", "client_secret", p.value}, 400, "invalid_request", "client_authentication"},
			"other client":     {s.API(p.value), []string{"grant_type", "client_credentials", "otp", "123456", "client_id", "key_other"}, 401, "invalid_client", "invalid_key"},
			"wrong key":        {s.API(p.value + "x"), []string{"grant_type", "client_credentials", "otp", "123456"}, 401, "invalid_client", "invalid_key"},
			"other grant":      {s.API(p.value), []string{"grant_type", "password", "otp", "123456"}, 400, "unsupported_grant_type", "grant_type_unknown"},
			"no grant":         {s.API(p.value), []string{"otp", "123456"}, 400, "unsupported_grant_type", "grant_type_unknown"},
			"no code":          {s.API(p.value), []string{"grant_type", "client_credentials"}, 400, "invalid_grant", "second_factor_required"},
			"wrong code":       {s.API(p.value), []string{"grant_type", "client_credentials", "otp", p.phone.Wrong(s.Clock.Now())}, 400, "invalid_grant", "wrong_code"},
			"more than it has": {s.API(p.value), []string{"grant_type", "client_credentials", "otp", "123456", "scope", "read admin"}, 400, "invalid_scope", "token_scope"},
			"code twice":       {s.API(p.value), []string{"grant_type", "client_credentials", "otp", "123456", "otp", "123456"}, 400, "invalid_request", "malformed_request"},
			"code in header":   {s.API(p.value).With("Sallyport-OTP", "123456"), []string{"grant_type", "client_credentials"}, 400, "invalid_request", "client_authentication"},
		} {
			got := ask(t, in.caller, in.form...)
			keyRefused(t, name, got, in.status, in.code)
			if got.JSON["error"] != in.error || got.JSON["error_description"] == "" {
				t.Errorf("%s: %s", name, got.Raw)
			}
		}
		keyRefused(t, "JSON", s.API(p.value).Call(t, "POST /v1/token", map[string]any{"grant_type": "client_credentials"}), 415, "unsupported_media_type")

		token := p.token(t, s)
		s.Clock.Advance(15*time.Minute - otp.DefaultPeriod - time.Microsecond)
		s.API(token).Must(t, 200, "GET /v1/me", nil)
		s.Clock.Advance(time.Microsecond)
		keyRefused(t, "after fifteen minutes", s.API(token).Call(t, "GET /v1/me", nil), 401, "invalid_token")
		s.Clock.Advance(-time.Hour)
		keyRefused(t, "with the clock put back", s.API(token).Call(t, "GET /v1/me", nil), 401, "invalid_token")
	})
}

// TestCodeOnce: what a code was used for once, no other place takes.
func TestCodeOnce(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Grace)
		p, other := newKey(t, s, s.Grace, true, "One", "read"), newKey(t, s, s.Grace, true, "Other", "read")
		code := p.code(s)
		keyRefused(t, "at another key", other.call(s, code).Call(t, "GET /v1/me", nil), 401, "wrong_code")
		if step := s.Password(t, s.Grace); true {
			_, err := s.SignIn.Verify(t.Context(), step.Cookie, attempt(code), by)
			if err == nil {
				t.Error("a key’s code signed its person in")
			}
		}
		if got := ask(t, s.API(p.value), "grant_type", "client_credentials", "otp", code); got.Status != 200 {
			t.Fatalf("token: %s", got.Raw)
		}
		keyRefused(t, "as header after the token", p.call(s, code).Call(t, "GET /v1/me", nil), 401, "used_code")
		keyRefused(t, "for a second token", ask(t, s.API(p.value), "grant_type", "client_credentials", "otp", code), 400, "used_code")
		s.Clock.Advance(otp.DefaultPeriod)
		code = p.code(s)
		p.call(s, code).Must(t, 200, "GET /v1/me", nil)
		keyRefused(t, "for a token after the header", ask(t, s.API(p.value), "grant_type", "client_credentials", "otp", code), 400, "used_code")
		keyRefused(t, "beside a token", s.API(other.token(t, s)).With("Sallyport-OTP", other.code(s)).Call(t, "GET /v1/me", nil), 422, "credentials_mixed")
	})
}
