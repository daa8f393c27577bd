package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/otp"
	"sallyport/internal/passkey/keytest"
)

// goesOn is the caller under the new token that an answer has, after a look that the old one is over.
func goesOn(tb testing.TB, s *apptest.Server, was *apptest.API, a apptest.Answer) *apptest.API {
	tb.Helper()
	on, _ := a.JSON["session"].(object)
	token, _ := on["token"].(string)
	if token == "" || on["expires_at"] == nil || on["amr"] == nil {
		tb.Fatalf("no session goes on in %s", a.Raw)
	}
	refused(tb, was.Call(tb, "GET /v1/me", nil), 401, "not_signed_in")
	return s.API(token)
}

// TestFactors is A3 to A15, C9 and C10 by REST: add, confirm, name, prefer, remove.
func TestFactors(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		elsewhere := s.API(s.Browse(t, s.Ada).Cookie)
		api := s.API(s.Browse(t, s.Ada).Cookie)
		if none := api.Must(t, 200, "GET /v1/me/factors", nil); string(part(t, none, "items")) != "[]" {
			t.Errorf("%s", none.Raw)
		}
		add := object{"kind": "totp", "name": "My Phone"}
		refused(t, api.Call(t, "POST /v1/me/factors", add), 401, "proof_needed")
		add["password"] = "wrong"
		refused(t, api.Call(t, "POST /v1/me/factors", add), 422, "wrong_password")
		add["password"] = apptest.Password
		add["name"] = ""
		refused(t, api.Call(t, "POST /v1/me/factors", add), 422, "device_name")
		add["name"] = "My Phone"
		begun := api.Must(t, 201, "POST /v1/me/factors", add)
		if text(begun, "state") != "pending" || text(begun, "expires_at") != s.Clock.Now().Add(15*time.Minute).Format(time.RFC3339) ||
			!strings.Contains(text(begun, "uri"), text(begun, "secret")) || !strings.HasPrefix(text(begun, "qr_svg"), "<svg") || strings.Contains(text(begun, "qr_svg"), text(begun, "secret")) {
			t.Fatalf("%s", begun.Raw)
		}
		phone := domaintest.Scan(t, text(begun, "id"), text(begun, "uri"))
		at := "/v1/me/factors/" + phone.FactorID
		waits := api.Must(t, 200, "GET "+at, nil)
		if text(waits, "state") != "pending" || strings.Contains(string(waits.Raw), text(begun, "secret")) {
			t.Errorf("%s", waits.Raw)
		}
		refused(t, api.Call(t, "POST "+at+"/confirm", object{"code": domaintest.Other(phone.Code(s.Clock.Now()))}), 422, "wrong_code")
		refused(t, api.Call(t, "POST "+at+"/confirm", object{}), 422, "malformed_code")
		refused(t, s.API(s.Browse(t, s.Grace).Cookie).Call(t, "POST "+at+"/confirm", object{"code": phone.Code(s.Clock.Now())}), 404, "factor_not_found")
		done := api.Must(t, 200, "POST "+at+"/confirm", object{"code": phone.Code(s.Clock.Now())})
		if text(done, "state") != "confirmed" || len(done.JSON["backup_codes"].([]any)) != 10 {
			t.Fatalf("%s", done.Raw)
		}
		api = goesOn(t, s, api, done)
		refused(t, elsewhere.Call(t, "GET /v1/me", nil), 401, "not_signed_in")
		if me := api.Must(t, 200, "GET /v1/me", nil); me.JSON["level"] != "aal2" || me.JSON["two_factor"].(object)["on"] != true {
			t.Errorf("%s", me.Raw)
		}
		// The code that confirmed it is used up (B04).
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": s.Password(t, s.Ada).Cookie, "code": phone.Code(s.Clock.Now())}), 422, "used_code")
		refused(t, api.Call(t, "POST "+at+"/confirm", object{"code": phone.Code(s.Clock.Now())}), 404, "factor_not_found")

		s.Clock.Advance(otp.DefaultPeriod)
		second := api.Must(t, 201, "POST /v1/me/factors", object{"kind": "totp", "name": "Tablet", "password": apptest.Password})
		tablet := domaintest.Scan(t, text(second, "id"), text(second, "uri"))
		done = api.Must(t, 200, "POST /v1/me/factors/"+tablet.FactorID+"/confirm", object{"code": tablet.Code(s.Clock.Now())})
		if done.JSON["backup_codes"] != nil {
			t.Errorf("new backup codes with a second device: %s", done.Raw)
		}
		api = goesOn(t, s, api, done)

		refused(t, api.Call(t, "PATCH "+at, object{"name": "Tablet"}), 409, "device_name_taken")
		refused(t, api.Call(t, "PATCH "+at, object{"preferred": false}), 422, "invalid_request")
		refused(t, api.Call(t, "PATCH /v1/me/factors/fac_nobodys", object{"name": "X"}), 404, "factor_not_found")
		refused(t, api.Call(t, "GET /v1/me/factors/fac_nobodys", nil), 404, "factor_not_found")
		if v := api.Must(t, 200, "PATCH /v1/me/factors/"+tablet.FactorID, object{"name": "Old tablet", "preferred": true}); v.JSON["name"] != "Old tablet" || v.JSON["preferred"] != true {
			t.Errorf("%s", v.Raw)
		}
		all := list(api.Must(t, 200, "GET /v1/me/factors", nil), "items")
		if len(all) != 2 || all[0]["preferred"] != false || all[1]["preferred"] != true || all[0]["state"] != "confirmed" || all[0]["confirmed_at"] == nil || all[0]["expires_at"] != nil {
			t.Errorf("%v", all)
		}
		if step := withPassword(t, s, apptest.Ada); list(step, "methods")[0]["id"] != tablet.FactorID {
			t.Errorf("%s", step.Raw)
		}

		refused(t, api.Call(t, "POST "+at+"/remove", object{}), 401, "proof_needed")
		refused(t, api.Call(t, "POST /v1/me/factors/fac_nobodys/remove", object{"password": apptest.Password}), 404, "factor_not_found")
		gone := api.Must(t, 200, "POST "+at+"/remove", object{"password": apptest.Password})
		if gone.JSON["two_factor"] != true {
			t.Errorf("%s", gone.Raw)
		}
		api = goesOn(t, s, api, gone)
		s.Clock.Advance(otp.DefaultPeriod)
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": s.Password(t, s.Ada).Cookie, "method": phone.FactorID, "code": phone.Code(s.Clock.Now())}), 404, "factor_not_found")
		s.SetPolicy(t, "enforcement=required")
		s.Clock.Advance(time.Second)
		refused(t, api.Call(t, "POST /v1/me/factors/"+tablet.FactorID+"/remove", object{"password": apptest.Password}), 409, "two_factor_required")
		s.SetPolicy(t, "enforcement=optional")
		s.Clock.Advance(time.Second)
		gone = api.Must(t, 200, "POST /v1/me/factors/"+tablet.FactorID+"/remove", object{"password": apptest.Password})
		if gone.JSON["two_factor"] != false {
			t.Errorf("%s", gone.Raw)
		}
		if codes := goesOn(t, s, api, gone).Must(t, 200, "GET /v1/me/backup-codes", nil); codes.JSON["left"] != 0.0 || codes.JSON["made_at"] != nil {
			t.Errorf("%s", codes.Raw)
		}
	})
}

// TestAddressFactors adds a number and a mailbox, and proves them by what they get (C15–C18, X8).
func TestAddressFactors(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.SetPolicy(t, "session_idle=12h")
	api := s.API(s.Browse(t, s.Ada).Cookie)
	for _, c := range []struct{ kind, address, bad, code string }{
		{"sms", "+43 660 1234567", "+43 1", "phone_invalid"},
		{"email", "ada.private@example.com", "ada", "email_invalid"},
	} {
		s.Clock.Advance(time.Hour) // no limit on codes has a say
		add := object{"kind": c.kind, "name": "My " + c.kind, "password": apptest.Password, "address": c.bad}
		refused(t, api.Call(t, "POST /v1/me/factors", add), 422, c.code)
		add["address"] = c.address
		begun := api.Must(t, 201, "POST /v1/me/factors", add)
		sent, _ := begun.JSON["sent"].(object)
		if sent["method"] != text(begun, "id") || strings.Contains(string(begun.Raw), "secret") || text(begun, "hint") == "" || strings.Contains(string(begun.Raw), c.address) {
			t.Fatalf("%s", begun.Raw)
		}
		at := "/v1/me/factors/" + text(begun, "id")
		early := api.Call(t, "POST "+at+"/send", nil)
		if refused(t, early, 429, "resend_too_soon"); early.Header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After: %q", early.Header.Get("Retry-After"))
		}
		s.Clock.Advance(time.Minute)
		again := api.Must(t, 202, "POST "+at+"/send", nil)
		if text(again, "resend_at") != s.Clock.Now().Add(time.Minute).Format(time.RFC3339) {
			t.Errorf("%s", again.Raw)
		}
		done := api.Must(t, 200, "POST "+at+"/confirm", object{"code": codeSent(t, s, strings.ReplaceAll(c.address, " ", ""))})
		api = goesOn(t, s, api, done)
		if f := api.Must(t, 200, "GET "+at, nil); f.JSON["hint"] != begun.JSON["hint"] || f.JSON["state"] != "confirmed" {
			t.Errorf("%s", f.Raw)
		}
		// A code to prove it again is good in this session.
		s.Clock.Advance(time.Second)
		if again = api.Must(t, 202, "POST "+at+"/send", nil); text(again, "resend_at") != s.Clock.Now().Add(time.Minute).Format(time.RFC3339) {
			t.Errorf("%s", again.Raw)
		}
		api.Must(t, 204, "POST /v1/session/confirm", object{"code": codeSent(t, s, strings.ReplaceAll(c.address, " ", ""))})
	}
	refused(t, api.Call(t, "POST /v1/me/factors/fac_nobodys/send", nil), 404, "factor_not_found")
}

// TestPasskeyFactor adds a passkey, and proves it again to remove one with a code asked for.
func TestPasskeyFactor(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	origin, key := s.App.Config.PublicURL.String(), &keytest.Key{}
	api := s.API(s.Browse(t, s.Ada).Cookie)
	begun := api.Must(t, 201, "POST /v1/me/factors", object{"kind": "passkey", "name": "Key", "password": apptest.Password})
	at := "/v1/me/factors/" + text(begun, "id")
	made := object{"credential": json.RawMessage(keytest.Make(t, part(t, begun, "options"), origin, key, nil))}
	refused(t, s.API(s.Browse(t, s.Ada).Cookie).Call(t, "POST "+at+"/confirm", made), 404, "factor_not_found") // begun in another session
	done := api.Must(t, 200, "POST "+at+"/confirm", made)
	api = goesOn(t, s, api, done)
	if f := api.Must(t, 200, "GET "+at, nil); f.JSON["kind"] != "passkey" || f.JSON["synced"] != false {
		t.Errorf("%s", f.Raw)
	}
	s.SetPolicy(t, "removal=password_and_code")
	s.Clock.Advance(time.Second)
	if me := api.Must(t, 200, "GET /v1/me", nil); fmt.Sprint(me.JSON["policy"].(object)["removal"]) != "map[code:true password:true]" {
		t.Errorf("%s", me.Raw)
	}
	refused(t, api.Call(t, "POST "+at+"/remove", object{"password": apptest.Password}), 422, "malformed_backup_code")
	ask := api.Must(t, 200, "POST /v1/session/passkey/options", nil)
	gone := api.Must(t, 200, "POST "+at+"/remove", object{
		"password": apptest.Password, "ceremony": text(ask, "ceremony"), "credential": json.RawMessage(key.Answer(t, part(t, ask, "options"), origin, nil)),
	})
	if gone.JSON["two_factor"] != false {
		t.Errorf("%s", gone.Raw)
	}
}

// TestBackupCodes: how many are left, and ten new ones for the password, which end the ten before at once.
func TestBackupCodes(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		plain := s.API(s.Browse(t, s.Grace).Cookie)
		refused(t, plain.Call(t, "POST /v1/me/backup-codes", object{"password": apptest.Password}), 409, "no_second_factor")
		_, codes := s.Enrol(t, s.Ada)
		api := s.API(s.Browse(t, s.Ada).Cookie)
		s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": s.Password(t, s.Ada).Cookie, "code": codes[0]})
		if left := api.Must(t, 200, "GET /v1/me/backup-codes", nil); left.JSON["left"] != 9.0 || left.JSON["made_at"] == nil {
			t.Errorf("%s", left.Raw)
		}
		refused(t, api.Call(t, "POST /v1/me/backup-codes", object{}), 401, "proof_needed")
		refused(t, api.Call(t, "POST /v1/me/backup-codes", object{"password": "wrong"}), 422, "wrong_password")
		made := api.Must(t, 201, "POST /v1/me/backup-codes", object{"password": apptest.Password})
		fresh := made.JSON["backup_codes"].([]any)
		api = goesOn(t, s, api, made)
		if left := api.Must(t, 200, "GET /v1/me/backup-codes", nil); len(fresh) != 10 || left.JSON["left"] != 10.0 || strings.Contains(string(left.Raw), fresh[0].(string)) {
			t.Errorf("%s", left.Raw)
		}
		pending := s.Password(t, s.Ada).Cookie
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": pending, "code": codes[1]}), 422, "wrong_code")
		s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": pending, "code": fresh[0]})
		s.SetPolicy(t, "backup_codes=off")
		s.Clock.Advance(time.Second)
		refused(t, api.Call(t, "POST /v1/me/backup-codes", object{"password": apptest.Password}), 403, "backup_codes_off")
	})
}
