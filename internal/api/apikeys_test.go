package api_test

import (
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/domaintest"
	"sallyport/internal/otp"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// by is a stranger's client.
var by = domaintest.By

func attempt(code string) signin.Attempt {
	return signin.Attempt{Code: code, Known: func(string, string) bool { return true }}
}

// program is a key with what belongs to it.
type program struct {
	id, value string
	phone     domaintest.Phone
}

// session is a session of u's, with the second factor proved just now if they have one.
func session(t *testing.T, s *apptest.Server, u user.User) *apptest.API {
	t.Helper()
	return s.API(s.Browse(t, u).Cookie)
}

// newKey makes a key in a session; with a device, if asked for, that is confirmed.
func newKey(t *testing.T, s *apptest.Server, u user.User, device bool, name string, scopes ...string) program {
	t.Helper()
	person := session(t, s, u)
	made := person.Must(t, 201, "POST /v1/me/api-keys", map[string]any{"name": name, "scopes": scopes, "device": device, "password": apptest.Password})
	p := program{id: made.JSON["id"].(string), value: made.JSON["key"].(string)}
	if device {
		p.phone = domaintest.Scan(t, p.id, made.JSON["enrolment"].(map[string]any)["uri"].(string))
		person.Must(t, 204, "POST /v1/me/api-keys/"+p.id+"/device/confirm", map[string]any{"code": p.code(s)})
		s.Clock.Advance(otp.DefaultPeriod)
	}
	return p
}

// code is what the key's device shows now.
func (p program) code(s *apptest.Server) string { return p.phone.Code(s.Clock.Now()) }

// call is the key alone; with a code beside it, if there is one.
func (p program) call(s *apptest.Server, code string) *apptest.API {
	a := s.API(p.value)
	if code != "" {
		a = a.With("Sallyport-OTP", code)
	}
	return a
}

func keyRefused(t *testing.T, what string, got apptest.Answer, status int, code string) {
	t.Helper()
	if got.Status != status || got.Code() != code {
		t.Errorf("%s: %d %s, want %d %s\n%s", what, got.Status, got.Code(), status, code, got.Raw)
	}
}

// TestKeyAlone is K15: a key is enough while its person needs no second factor, and worth nothing alone once they have one.
func TestKeyAlone(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		p := newKey(t, s, s.Grace, false, "Reader", "read")
		me := p.call(s, "").Must(t, 200, "GET /v1/me", nil)
		if me.JSON["email"] != apptest.Grace || me.JSON["level"] != "aal1" {
			t.Errorf("%s", me.Raw)
		}
		s.Enrol(t, s.Grace)
		s.Machines.Keys.Forget(s.Grace.AccountID, s.Grace.ID)
		got := p.call(s, "").Call(t, "GET /v1/me", nil)
		keyRefused(t, "with a second factor", got, 401, "second_factor_required")
		if how, has := got.JSON["how"].([]any); has && len(how) > 0 {
			t.Errorf("ways of a key that has none: %s", got.Raw)
		}
		s.SetPolicy(t, "api_second_factor=off")
		s.Machines.Keys.Forget(s.Grace.AccountID, s.Grace.ID)
		p.call(s, "").Must(t, 200, "GET /v1/me", nil)
	})
}

// TestBoundsOfKeys: what was meant to bound a key bounds it, or is refused: a program that sends an empty address must not be given a key that counts anywhere.
func TestBoundsOfKeys(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		person := session(t, s, s.Grace)
		for _, one := range []struct{ name, value, code string }{
			{"networks", `[""]`, "api_key_networks"},
			{"networks", `["192.0.2.7"," "]`, "api_key_networks"},
			{"networks", `["192.0.2.7 192.0.2.8"]`, "api_key_networks"},
			{"expires_at", `"0001-01-01T00:00:00Z"`, "api_key_expiry"},
			{"expires_at", `"2000-01-01T00:00:00Z"`, "api_key_expiry"},
			{"scopes", `["read factors"]`, "api_key_scopes"},
			{"scopes", `["read",""]`, "api_key_scopes"},
		} {
			body := `{"name":"Key","password":"` + apptest.Password + `","` + one.name + `":` + one.value
			if one.name != "scopes" {
				body += `,"scopes":["read"]`
			}
			keyRefused(t, one.name+" "+one.value, person.Call(t, "POST /v1/me/api-keys", body+"}"), 422, one.code)
		}
		made := person.Must(t, 201, "POST /v1/me/api-keys", map[string]any{
			"name": "Key", "password": apptest.Password, "scopes": []string{"read", "factors"}, "networks": []string{"192.0.2.7", "2001:db8::/32"},
		})
		if n := made.JSON["networks"].([]any); len(n) != 2 {
			t.Errorf("%s", made.Raw)
		}
	})
}

// TestKeyAloneBindsNothing: where keys need no second factor (K15), a key and the password are not enough to bind a factor or to end one of somebody who
// has one (security.md B51): no session of theirs could with the password alone.
func TestKeyAloneBindsNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.SetPolicy(t, "api_second_factor=off")
		plain := newKey(t, s, s.Grace, false, "Plain", "read", "factors")
		add := map[string]any{"kind": "totp", "name": "Thief", "password": apptest.Password}
		plain.call(s, "").Must(t, 201, "POST /v1/me/factors", add) // without a second factor, the password is all there is
		s.Enrol(t, s.Grace)
		plain = newKey(t, s, s.Grace, false, "Alone", "read", "factors")
		alone := plain.call(s, "")
		id := items(alone.Must(t, 200, "GET /v1/me/factors", nil))[0]["id"].(string)
		password := map[string]any{"password": apptest.Password}
		for route, body := range map[string]map[string]any{
			"POST /v1/me/factors": add, "POST /v1/me/factors/" + id + "/remove": password, "POST /v1/me/backup-codes": password,
			"POST /v1/me/factors/" + id + "/confirm": {"code": "123456"},
		} {
			keyRefused(t, route, alone.Call(t, route, body), 401, "second_factor_required")
		}
		proved := newKey(t, s, s.Grace, true, "Proved", "factors")
		proved.call(s, proved.code(s)).Must(t, 201, "POST /v1/me/backup-codes", password)
	})
}

// TestCodePerCall: beside the key stands a code of its own device, and each works once.
func TestCodePerCall(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrol(t, s.Grace)
		p := newKey(t, s, s.Grace, true, "Reader", "read")
		got := p.call(s, "").Call(t, "GET /v1/me", nil)
		keyRefused(t, "alone", got, 401, "second_factor_required")
		if how, _ := got.JSON["how"].([]any); len(how) != 2 {
			t.Errorf("ways on: %s", got.Raw)
		}
		code := p.code(s)
		me := p.call(s, code).Must(t, 200, "GET /v1/me", nil)
		if me.JSON["level"] != "aal2" {
			t.Errorf("%s", me.Raw)
		}
		keyRefused(t, "the code once more", p.call(s, code).Call(t, "GET /v1/me", nil), 401, "used_code")
		s.Clock.Advance(otp.DefaultPeriod)
		keyRefused(t, "the person’s own", p.call(s, phone.Code(s.Clock.Now())).Call(t, "GET /v1/me", nil), 401, "wrong_code")
		keyRefused(t, "no code at all", p.call(s, "12").Call(t, "GET /v1/me", nil), 401, "malformed_code")
		p.call(s, p.code(s)).Must(t, 200, "GET /v1/me", nil)
	})
}
