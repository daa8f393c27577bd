package api_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/factor"
	"sallyport/internal/otp"
	"sallyport/internal/user"
)

// behindProxy takes the client's address from the proxy's header.
func behindProxy(c *config.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// needed is the scope of each call of the document that a key can make, "" where only a session may.
func needed(t *testing.T, s *apptest.Server) map[string]string {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string `json:"security"`
			Scope    string                `json:"x-sallyport-scope"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(s.API("").Must(t, 200, "GET /v1/openapi.json", nil).Raw, &doc); err != nil {
		t.Fatal(err)
	}
	calls := map[string]string{}
	for path, methods := range doc.Paths {
		for method, call := range methods {
			session := slices.ContainsFunc(call.Security, func(way map[string][]string) bool { _, is := way["session"]; return is })
			if session || call.Scope != "" {
				calls[strings.ToUpper(method)+" "+wildcard.ReplaceAllString(path, "none")] = call.Scope
			}
		}
	}
	if len(calls) < 9 {
		t.Fatalf("only %d calls", len(calls))
	}
	return calls
}

// TestScopes: a key makes the calls of its scopes and no other one, alone, with a code, or by a token; the code of a refused call still counts.
func TestScopes(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Enrol(t, s.Ada)
	calls := needed(t, s)
	for _, scope := range []string{"read", "factors", "admin"} {
		p := newKey(t, s, s.Ada, true, scope, scope)
		token := s.API(p.token(t, s))
		const ends = "DELETE /v1/me/sessions" // the token too, so it comes last
		routes := []string{}
		for route := range calls {
			if route != ends {
				routes = append(routes, route)
			}
		}
		for _, route := range append(routes, ends) {
			need := calls[route]
			code, want := p.code(s), ""
			var body any
			if strings.HasPrefix(route, "P") {
				body = map[string]any{}
			}
			switch need {
			case scope:
			case "":
				want = "session_needed"
			default:
				want = "scope_missing"
			}
			got := token.Call(t, route, body)
			if refusal := slices.Contains([]string{"session_needed", "scope_missing", "invalid_token", "not_signed_in"}, got.Code()); want != "" && (got.Status != 403 || got.Code() != want) || want == "" && refusal {
				t.Errorf("%s by a token of a key that may %s: %d %s, want %q", route, scope, got.Status, got.Code(), want)
			}
			if want == "" {
				continue
			}
			if want == "scope_missing" && !strings.Contains(got.Header.Get("WWW-Authenticate"), "insufficient_scope") {
				t.Errorf("%s: WWW-Authenticate is %q", route, got.Header.Get("WWW-Authenticate"))
			}
			keyRefused(t, route+" with a code", p.call(s, code).Call(t, route, body), 403, want)
		}
		if scope == "read" {
			p.call(s, p.code(s)).Must(t, 200, "GET /v1/me", nil) // no code was used up for what was refused
			s.Clock.Advance(otp.DefaultPeriod)
		}
	}
	person := session(t, s, s.Grace)
	for name, scopes := range map[string][]string{"admin by a member": {"read", "admin"}, "operator": {"operator"}, "none": {}, "unknown": {"everything"}} {
		got := person.Call(t, "POST /v1/me/api-keys", map[string]any{"name": name, "scopes": scopes, "password": apptest.Password})
		keyRefused(t, name, got, 422, "api_key_scopes")
	}
}

// TestKinds is ASVS 9.2: of all that a caller can hold, each place takes its own kind.
func TestKinds(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		p := newKey(t, s, s.Grace, true, "Program", "read")
		token := p.token(t, s)
		plain := newKey(t, s, s.Ada, false, "Plain", "read")
		sessionToken := s.Browse(t, s.Grace).Cookie
		s.Enrol(t, s.Alan)
		pending := s.Password(t, s.Alan).Cookie
		kinds := map[string]string{
			"session": sessionToken, "pending": pending, "token": token, "key": p.value, "plain key": plain.value, "key id": p.id,
			"session as a key": "sak_" + sessionToken, "session as a token": "sat_" + sessionToken, "key as a token": "sat_" + strings.TrimPrefix(p.value, "sak_"),
			"token as a key": "sak_" + strings.TrimPrefix(token, "sat_"), "key as a session": strings.TrimPrefix(p.value, "sak_"), "token as a session": strings.TrimPrefix(token, "sat_"),
			"pending as a key": "sak_" + pending, "nothing": "x",
		}
		right := map[string]map[string]bool{"a call": {"session": true, "token": true, "plain key": true}, "for a token": {"key": true}, "the cookie": {"session": true}}
		for kind, value := range kinds {
			took := map[string]bool{}
			took["a call"] = s.API(value).Call(t, "GET /v1/me", nil).Status == 200
			got := ask(t, s.API(value), "grant_type", "client_credentials", "otp", p.code(s))
			if took["for a token"] = got.Status == 200; took["for a token"] {
				s.Clock.Advance(otp.DefaultPeriod)
			}
			c := s.Client(t)
			c.Cookies["__Host-sallyport-session"] = value
			took["the cookie"] = c.Get("/settings").At() == "/settings"
			for place, has := range took {
				if has != right[place][kind] {
					t.Errorf("%s: %s was taken: %v", place, kind, has)
				}
			}
		}
		// What no address may hold is not read there either.
		if got := s.API("").Call(t, "GET /v1/me?access_token="+token, nil); got.Status == 200 {
			t.Error("a token in the address was taken")
		}
	})
}

// TestPeoplesCodesAreNotKeys: a person's code is none of the key's, and the other way round, at each place that takes codes.
func TestPeoplesCodesAreNotKeys(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrol(t, s.Grace)
		p := newKey(t, s, s.Grace, true, "Program", "read")
		for name, code := range map[string]string{"phone": phone.Code(s.Clock.Now()), "backup code": codes[0]} {
			if got := p.call(s, code).Call(t, "GET /v1/me", nil); got.Status != 401 {
				t.Errorf("the person’s %s beside the key: %d", name, got.Status)
			}
			if got := ask(t, s.API(p.value), "grant_type", "client_credentials", "otp", code); got.Status == 200 {
				t.Errorf("the person’s %s for a token", name)
			}
		}
		b := s.Browse(t, s.Grace)
		if err := s.Profile.ProveFactor(t.Context(), b.Signed, p.code(s), "", b.As()); err == nil {
			t.Error("the key’s code proved the person’s second factor")
		}
		if devices, err := factor.List(t.Context(), s.DB, s.Grace.AccountID, s.Grace.ID, s.Clock.Now()); err != nil || len(devices) != 1 {
			t.Errorf("the person has %d devices, %v", len(devices), err)
		}
		people, err := factor.CountPeople(t.Context(), s.DB, s.Acme.ID, factor.TOTP)
		if err != nil || people != 1 {
			t.Errorf("%d people have an app, %v", people, err)
		}
		if counts, err := factor.CountConfirmed(t.Context(), s.DB, s.Acme.ID); err != nil || len(counts) != 1 {
			t.Errorf("devices are counted as %v, %v", counts, err)
		}
	})
}

// TestNetworks: a key is good from its addresses only, an IPv4 address in its IPv6 form among them.
func TestNetworks(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), behindProxy)
	person := session(t, s, s.Grace)
	made := func(name string, networks ...string) program {
		m := person.Must(t, 201, "POST /v1/me/api-keys", map[string]any{"name": name, "scopes": []string{"read"}, "networks": networks, "password": apptest.Password})
		return program{id: m.JSON["id"].(string), value: m.JSON["key"].(string)}
	}
	p := made("Here", "192.0.2.0/24", "2001:db8::/32", "::ffff:198.51.100.7")
	for from, in := range map[string]bool{
		"192.0.2.1": true, "192.0.3.1": false, "::ffff:192.0.2.9": true, "2001:db8::1": true, "2001:db9::1": false, "198.51.100.7": true, "198.51.100.8": false, "::1": false,
	} {
		got := s.API(p.value).With("X-Forwarded-For", from).Call(t, "GET /v1/me", nil)
		if in && got.Status != 200 || !in && (got.Status != 403 || got.Code() != "key_network") {
			t.Errorf("from %s: %d %s", from, got.Status, got.Code())
		}
	}
	if got := ask(t, s.API(p.value).With("X-Forwarded-For", "203.0.113.1"), "grant_type", "client_credentials", "otp", "123456"); got.Status != 401 || got.Code() != "key_network" || got.JSON["error"] != "invalid_client" {
		t.Errorf("a token from elsewhere: %d %s", got.Status, got.Raw)
	}
	for _, wrong := range []string{"here", "192.0.2.0/33", "fe80::1%eth0", "::ffff:0.0.0.0/40", "192.0.2"} {
		got := person.Call(t, "POST /v1/me/api-keys", map[string]any{"name": "Wrong", "scopes": []string{"read"}, "networks": []string{wrong}, "password": apptest.Password})
		keyRefused(t, wrong, got, 422, "api_key_networks")
	}
}

// TestExpiry: a key ends at its end date, to the second, and is said to be over rather than unknown.
func TestExpiry(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		ends := s.Clock.Now().Add(time.Hour)
		person := session(t, s, s.Grace)
		made := person.Must(t, 201, "POST /v1/me/api-keys", map[string]any{"name": "Short", "scopes": []string{"read"}, "expires_at": ends.Format(time.RFC3339), "password": apptest.Password})
		p := s.API(made.JSON["key"].(string))
		s.Clock.Set(ends.Add(-time.Second))
		p.Must(t, 200, "GET /v1/me", nil)
		s.Clock.Set(ends)
		keyRefused(t, "at its end", p.Call(t, "GET /v1/me", nil), 401, "key_expired")
		for name, at := range map[string]time.Time{"the past": s.Clock.Now(), "eleven years": s.Clock.Now().AddDate(11, 0, 0)} {
			got := session(t, s, s.Grace).Call(t, "POST /v1/me/api-keys", map[string]any{"name": "Wrong", "scopes": []string{"read"}, "expires_at": at.Format(time.RFC3339), "password": apptest.Password})
			keyRefused(t, name, got, 422, "api_key_expiry")
		}
	})
}

// TestDemoted: the calls of an administrator go with the role, on another server within a second; a key makes and ends no keys.
func TestDemoted(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		other := s.Another(t)
		s.Enrol(t, s.Alan)
		p := newKey(t, s, s.Alan, true, "Admin", "read", "admin")
		token := other.API(p.token(t, s))
		token.Must(t, 200, "GET /v1/me", nil)
		calls := needed(t, s)
		route := ""
		for r, scope := range calls {
			if scope == "admin" && strings.HasPrefix(r, http.MethodGet) && !strings.Contains(r, "none") {
				route = r
			}
		}
		if route == "" {
			t.Fatal("there are no administrators’ calls")
		}
		token.Must(t, 200, route, nil)
		if err := s.Admin.OperatorSetRole(t.Context(), s.Alan, user.Member); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Second)
		keyRefused(t, "demoted, by the key", other.API(p.value).With("Sallyport-OTP", p.code(s)).Call(t, route, nil), 403, "not_administrator")
		keyRefused(t, "demoted", token.Call(t, route, nil), 401, "invalid_token")
	})
}

// TestKeyMadeFreshly: a key is made in a session, with the second factor proved within 15 minutes, or the password of whoever has none.
func TestKeyMadeFreshly(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		body := map[string]any{"name": "New", "scopes": []string{"read"}}
		plain := session(t, s, s.Grace)
		keyRefused(t, "without the password", plain.Call(t, "POST /v1/me/api-keys", body), 401, "proof_needed")
		body["password"] = "not it, not it at all"
		keyRefused(t, "with a wrong one", plain.Call(t, "POST /v1/me/api-keys", body), 422, "wrong_password")
		s.Enrol(t, s.Ada)
		delete(body, "password")
		strong := session(t, s, s.Ada)
		s.Clock.Advance(15*time.Minute + time.Second)
		body["password"] = apptest.Password
		keyRefused(t, "with the password and an old second factor", strong.Call(t, "POST /v1/me/api-keys", body), 401, "factor_needed")
		strong = session(t, s, s.Ada)
		delete(body, "password")
		made := strong.Must(t, 201, "POST /v1/me/api-keys", body)
		keyRefused(t, "the same name", strong.Call(t, "POST /v1/me/api-keys", map[string]any{"name": "new", "scopes": []string{"read"}}), 409, "api_key_name_taken")
		list := strong.Must(t, 200, "GET /v1/me/api-keys", nil)
		if strings.Contains(string(list.Raw), "sak_") || strings.Contains(string(list.Raw), made.JSON["key"].(string)) {
			t.Errorf("a key is shown again: %s", list.Raw)
		}
		for i := range 19 {
			body["name"] = "Key " + string(rune('a'+i))
			strong.Must(t, 201, "POST /v1/me/api-keys", body)
		}
		body["name"] = "One too many"
		keyRefused(t, "the 21st", strong.Call(t, "POST /v1/me/api-keys", body), 409, "api_key_limit")
		id := made.JSON["id"].(string)
		for route, body := range map[string]any{
			"GET": nil, "DELETE": nil, "POST /device": map[string]any{"password": apptest.Password}, "POST /device/confirm": map[string]any{"code": "123456"}, "DELETE /device": nil,
			"PUT /public-key": map[string]any{"public_key": "x", "password": apptest.Password}, "DELETE /public-key": nil,
		} {
			method, path, _ := strings.Cut(route, " ")
			keyRefused(t, route+" of another’s", plain.Call(t, method+" /v1/me/api-keys/"+id+path, body), 404, "api_key_not_found")
		}
		strong.Must(t, 204, "DELETE /v1/me/api-keys/"+id, nil)
		keyRefused(t, "again", strong.Call(t, "DELETE /v1/me/api-keys/"+id, nil), 404, "api_key_not_found")
	})
}
