package api_test

import (
	"fmt"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// object is a body.
type object = map[string]any

// withPassword is the first door of a person of the world.
func withPassword(tb testing.TB, s *apptest.Server, email string) apptest.Answer {
	tb.Helper()
	return s.API("").Must(tb, 200, "POST /v1/sign-in", object{"email": email, "password": apptest.Password})
}

// text is a member of an answer that is a string.
func text(a apptest.Answer, name string) string {
	s, _ := a.JSON[name].(string)
	return s
}

// list is a member of an answer that is an array of objects.
func list(a apptest.Answer, name string) (all []object) {
	items, _ := a.JSON[name].([]any)
	for _, one := range items {
		all = append(all, one.(object))
	}
	return all
}

// refused fails the test unless an answer is a problem of this status and code.
func denied(tb testing.TB, a apptest.Answer, status int, code string) {
	tb.Helper()
	if a.Status != status || a.Code() != code {
		tb.Errorf("%d %s, want %d %s", a.Status, a.Raw, status, code)
	}
}

func TestSignIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		plain := withPassword(t, s, apptest.Grace)
		if text(plain, "state") != "signed_in" || text(plain, "expires_at") != s.Clock.Now().Add(24*time.Hour).Format(time.RFC3339) {
			t.Fatalf("without a second factor: %s", plain.Raw)
		}
		if me := s.API(text(plain, "token")).Must(t, 200, "GET /v1/me", nil); me.JSON["email"] != apptest.Grace || me.JSON["level"] != "aal1" {
			t.Errorf("%s", me.Raw)
		}

		phone, codes := s.Enrol(t, s.Ada)
		step := withPassword(t, s, apptest.Ada)
		methods := list(step, "methods")
		if text(step, "state") != "second_factor" || text(step, "token") != "" || len(methods) != 1 || methods[0]["id"] != phone.FactorID ||
			methods[0]["kind"] != "totp" || methods[0]["name"] != "My Phone" || step.JSON["backup_codes"] != true {
			t.Fatalf("with a second factor: %s", step.Raw)
		}
		if text(step, "expires_at") != s.Clock.Now().Add(10*time.Minute).Format(time.RFC3339) {
			t.Errorf("the pending sign-in ends at %s", text(step, "expires_at"))
		}
		verify := object{"pending": text(step, "pending"), "code": domaintest.Other(phone.Code(s.Clock.Now()))}
		denied(t, s.API("").Call(t, "POST /v1/sign-in/verify", verify), 422, "wrong_code")
		verify["code"] = "12 34"
		denied(t, s.API("").Call(t, "POST /v1/sign-in/verify", verify), 422, "malformed_code")
		verify["method"] = "fac_nobodys"
		denied(t, s.API("").Call(t, "POST /v1/sign-in/verify", verify), 404, "factor_not_found")

		code := phone.Code(s.Clock.Now())
		in := s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "method": phone.FactorID, "code": code[:3] + " " + code[3:]})
		if text(in, "state") != "signed_in" || fmt.Sprint(in.JSON["amr"]) != "[pwd otp mfa]" {
			t.Fatalf("%s", in.Raw)
		}
		if me := s.API(text(in, "token")).Must(t, 200, "GET /v1/me", nil); me.JSON["level"] != "aal2" {
			t.Errorf("%s", me.Raw)
		}
		// The sign-in is over, and the code is used up for every other one (B01).
		denied(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": code}), 410, "sign_in_expired")
		again := withPassword(t, s, apptest.Ada)
		denied(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(again, "pending"), "code": code}), 422, "used_code")

		byCode := s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(again, "pending"), "method": "backup_code", "code": codes[0]})
		if text(byCode, "token") == "" || text(byCode, "token") == text(in, "token") {
			t.Errorf("%s", byCode.Raw)
		}
		third := withPassword(t, s, apptest.Ada)
		denied(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(third, "pending"), "code": codes[0]}), 422, "used_code")

		s.API(text(byCode, "token")).Must(t, 204, "DELETE /v1/session", nil)
		denied(t, s.API(text(byCode, "token")).Call(t, "GET /v1/me", nil), 401, "not_signed_in")
		s.API(text(in, "token")).Must(t, 200, "GET /v1/me", nil)
	})
}

// TestSignInCancelled: a cancelled sign-in is over, and cancelling it again is no error.
func TestSignInCancelled(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Ada)
	step := withPassword(t, s, apptest.Ada)
	for range 2 {
		s.API("").Must(t, 204, "POST /v1/sign-in/cancel", object{"pending": text(step, "pending")})
	}
	denied(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": phone.Code(s.Clock.Now())}), 410, "sign_in_expired")
}
