package api_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/otp"
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
func refused(tb testing.TB, a apptest.Answer, status int, code string) {
	tb.Helper()
	if a.Status != status || a.Code() != code {
		tb.Errorf("%d %s, want %d %s", a.Status, a.Raw, status, code)
	}
}

func TestSignIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		// What a header says goes into the mail that tells of the sign-in, whatever it is.
		plain := s.API("").With("Accept-Language", "\xff").With("User-Agent", "\xff").Must(t, 200, "POST /v1/sign-in", object{"email": apptest.Grace, "password": apptest.Password})
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
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", verify), 422, "wrong_code")
		verify["code"] = "12 34"
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", verify), 422, "malformed_code")
		verify["method"] = "fac_nobodys"
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", verify), 404, "factor_not_found")

		code := phone.Code(s.Clock.Now())
		in := s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "method": phone.FactorID, "code": code[:3] + " " + code[3:]})
		if text(in, "state") != "signed_in" || fmt.Sprint(in.JSON["amr"]) != "[pwd otp mfa]" {
			t.Fatalf("%s", in.Raw)
		}
		if me := s.API(text(in, "token")).Must(t, 200, "GET /v1/me", nil); me.JSON["level"] != "aal2" {
			t.Errorf("%s", me.Raw)
		}
		// The sign-in is over, and the code is used up for every other one (B01).
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": code}), 410, "sign_in_expired")
		again := withPassword(t, s, apptest.Ada)
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(again, "pending"), "code": code}), 422, "used_code")

		byCode := s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(again, "pending"), "method": "backup_code", "code": codes[0]})
		if text(byCode, "token") == "" || text(byCode, "token") == text(in, "token") {
			t.Errorf("%s", byCode.Raw)
		}
		third := withPassword(t, s, apptest.Ada)
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(third, "pending"), "code": codes[0]}), 422, "used_code")

		s.API(text(byCode, "token")).Must(t, 204, "DELETE /v1/session", nil)
		refused(t, s.API(text(byCode, "token")).Call(t, "GET /v1/me", nil), 401, "not_signed_in")
		s.API(text(in, "token")).Must(t, 200, "GET /v1/me", nil)
	})
}

// TestSentCode: the code that is sent by itself, sent again, and the one that counts.
func TestSentCode(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		mail := s.AddAddress(t, s.Ada, factor.Email, "ada.private@example.com")
		step := withPassword(t, s, apptest.Ada)
		resendAt := s.Clock.Now().Add(time.Minute).Format(time.RFC3339)
		sent, _ := step.JSON["sent"].(object)
		if m := list(step, "methods"); len(m) != 1 || m[0]["kind"] != "email" || m[0]["hint"] == nil || sent["method"] != mail.ID || sent["resend_at"] != resendAt {
			t.Fatalf("%s", step.Raw)
		}
		first := codeSent(t, s, "ada.private@example.com")
		send := object{"pending": text(step, "pending"), "method": mail.ID}
		s.Clock.Advance(20 * time.Second)
		early := s.API("").Call(t, "POST /v1/sign-in/send", send)
		refused(t, early, 429, "resend_too_soon")
		if early.Header.Get("Retry-After") != "40" {
			t.Errorf("Retry-After: %q", early.Header.Get("Retry-After"))
		}
		s.Clock.Advance(40 * time.Second)
		again := s.API("").Must(t, 202, "POST /v1/sign-in/send", send)
		if text(again, "resend_at") != s.Clock.Now().Add(time.Minute).Format(time.RFC3339) {
			t.Errorf("%s", again.Raw)
		}
		second := codeSent(t, s, "ada.private@example.com")
		if first == second {
			second = domaintest.Other(first) // one in a million
		}
		refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": first}), 422, "wrong_code")
		in := s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": second})
		if fmt.Sprint(in.JSON["amr"]) != "[pwd email mfa]" {
			t.Errorf("%s", in.Raw)
		}
		refused(t, s.API("").Call(t, "POST /v1/sign-in/send", send), 410, "sign_in_expired")
		refused(t, s.API("").Call(t, "POST /v1/sign-in/send", object{"pending": text(withPassword(t, s, apptest.Ada), "pending"), "method": "fac_nobodys"}), 404, "factor_not_found")
	}, apptest.WithInbox)
}

// TestCodeWithoutMethod: a code without a method is the one that is on its way, if one is, and else an app's; a backup code always counts.
func TestCodeWithoutMethod(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	phone, codes := s.Enrol(t, s.Ada)
	mail := s.AddAddress(t, s.Ada, factor.Email, "ada.private@example.com")
	enter := func(step apptest.Answer, code string) {
		t.Helper()
		s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": code})
		s.Clock.Advance(time.Hour)
	}
	both := func() apptest.Answer {
		step := withPassword(t, s, apptest.Ada)
		s.API("").Must(t, 202, "POST /v1/sign-in/send", object{"pending": text(step, "pending"), "method": mail.ID})
		return step
	}
	enter(withPassword(t, s, apptest.Ada), phone.Code(s.Clock.Now()))
	step := both()
	enter(step, codeSent(t, s, "ada.private@example.com"))
	enter(both(), codes[0])
	step = both()
	s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "method": phone.FactorID, "code": phone.Code(s.Clock.Now())})
}

// TestTrustedBrowser: trust is one value for one sign-in, which gives the next; a copy ends it.
func TestTrustedBrowser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrol(t, s.Ada)
		firefox := s.API("").With("User-Agent", domaintest.Firefox)
		step := withPassword(t, s, apptest.Ada)
		if step.JSON["may_trust_days"] != 90.0 {
			t.Errorf("%s", step.Raw)
		}
		in := firefox.Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": phone.Code(s.Clock.Now()), "trust_browser": true})
		ends := s.Clock.Now().Add(90 * 24 * time.Hour).Format(time.RFC3339)
		if text(in, "trusted_browser") == "" || text(in, "trusted_browser_ends_at") != ends {
			t.Fatalf("%s", in.Raw)
		}
		if l := list(s.API(text(in, "token")).Must(t, 200, "GET /v1/me/trusted-browsers", nil), "items"); len(l) != 1 || l[0]["browser"] != "Firefox" || l[0]["expires_at"] != ends {
			t.Errorf("%v", l)
		}
		password := object{"email": apptest.Ada, "password": apptest.Password, "trusted_browser": text(in, "trusted_browser")}
		next := firefox.Must(t, 200, "POST /v1/sign-in", password)
		if text(next, "state") != "signed_in" || fmt.Sprint(next.JSON["amr"]) != "[pwd trusted_browser]" || text(next, "trusted_browser") == text(in, "trusted_browser") ||
			text(next, "trusted_browser_ends_at") != ends {
			t.Fatalf("%s", next.Raw)
		}
		// Trust spares the code at sign-in, and nothing else: a factor wants it proved first.
		spared := s.API(text(next, "token"))
		refused(t, spared.Call(t, "POST /v1/me/factors", object{"kind": "totp", "name": "Mine", "password": apptest.Password}), 401, "factor_needed")
		s.Clock.Advance(otp.DefaultPeriod)
		spared.Must(t, 204, "POST /v1/session/confirm", object{"code": phone.Code(s.Clock.Now())})
		spared.Must(t, 201, "POST /v1/me/factors", object{"kind": "totp", "name": "Mine", "password": apptest.Password})

		copied := firefox.Must(t, 200, "POST /v1/sign-in", password)
		if text(copied, "state") != "second_factor" || text(copied, "asked_again") != "used" || copied.JSON["trusted_browser_over"] != true {
			t.Errorf("a copy: %s", copied.Raw)
		}
		password["trusted_browser"] = text(next, "trusted_browser")
		if over := firefox.Must(t, 200, "POST /v1/sign-in", password); text(over, "state") != "second_factor" {
			t.Errorf("after a copy: %s", over.Raw)
		}
		s.Clock.Advance(time.Second) // within which an end is in force
		refused(t, spared.Call(t, "GET /v1/me", nil), 401, "not_signed_in")
	})
}

// TestTrustIsNobodyElses: in another browser, for another person and where the account gives none, there is no trust.
func TestTrustIsNobodyElses(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Ada)
	s.Enrol(t, s.Grace)
	_, trusted := s.Trust(t, s.Ada, phone, domaintest.From(domaintest.Firefox))
	body := func(email string) object {
		return object{"email": email, "password": apptest.Password, "trusted_browser": trusted}
	}
	firefox := s.API("").With("User-Agent", domaintest.Firefox)
	if other := firefox.Must(t, 200, "POST /v1/sign-in", body(apptest.Grace)); text(other, "state") != "second_factor" || other.JSON["asked_again"] != nil {
		t.Errorf("another person: %s", other.Raw)
	}
	if chrome := s.API("").With("User-Agent", domaintest.Chrome).Must(t, 200, "POST /v1/sign-in", body(apptest.Ada)); text(chrome, "asked_again") != "browser" {
		t.Errorf("another browser: %s", chrome.Raw)
	}
	s.SetPolicy(t, "trusted_browser_days=0")
	s.Clock.Advance(otp.DefaultPeriod)
	step := withPassword(t, s, apptest.Ada)
	in := s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": phone.Code(s.Clock.Now()), "trust_browser": true})
	if step.JSON["may_trust_days"] != nil || in.JSON["trusted_browser"] != nil {
		t.Errorf("%s %s", step.Raw, in.Raw)
	}
}

// TestKnownBrowser: who signs in, or half does, in a browser that knows them gets no mail about it; in any other one they do.
func TestKnownBrowser(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	phone, codes := s.Enrol(t, s.Ada)
	mails := func() (n int) {
		for _, m := range s.Messages(t) {
			if m.To == apptest.Ada || m.To == apptest.Grace {
				n++
			}
		}
		return n
	}
	before := mails()
	told := func(n int, what string) {
		t.Helper()
		if now := mails(); now-before != n {
			t.Errorf("%s: %d mails, want %d", what, now-before, n)
		}
		before = mails()
	}
	in := s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": s.Password(t, s.Ada).Cookie, "code": phone.Code(s.Clock.Now())})
	told(1, "the first time")
	known := text(in, "known_browser")
	in = s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": s.Password(t, s.Ada).Cookie, "code": codes[0], "known_browser": known})
	told(1, "a backup code in a known browser")
	s.API("").Must(t, 204, "POST /v1/sign-in/cancel", object{"pending": s.Password(t, s.Ada).Cookie, "known_browser": known})
	told(0, "cancelled in a known browser")
	s.API("").Must(t, 204, "POST /v1/sign-in/cancel", object{"pending": s.Password(t, s.Ada).Cookie, "known_browser": "nonsense"})
	told(1, "cancelled elsewhere")
	grace := s.API("").Must(t, 200, "POST /v1/sign-in", object{"email": apptest.Grace, "password": apptest.Password, "known_browser": text(in, "known_browser")})
	told(1, "Grace, whom it does not know")
	for range 2 {
		s.API("").Must(t, 200, "POST /v1/sign-in", object{"email": apptest.Grace, "password": apptest.Password, "known_browser": text(grace, "known_browser")})
	}
	s.API("").Must(t, 204, "POST /v1/sign-in/cancel", object{"pending": s.Password(t, s.Ada).Cookie, "known_browser": text(grace, "known_browser")})
	told(0, "both, whom it knows")
}

// TestSignInCancelled: a cancelled sign-in is over, and cancelling it again is no error.
func TestSignInCancelled(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Ada)
	step := withPassword(t, s, apptest.Ada)
	for range 2 {
		s.API("").Must(t, 204, "POST /v1/sign-in/cancel", object{"pending": text(step, "pending")})
	}
	refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": phone.Code(s.Clock.Now())}), 410, "sign_in_expired")
	s.API("").Must(t, 204, "POST /v1/sign-in/cancel", object{"pending": "nothing"})
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// codeSent is the code in the newest message to an address.
func codeSent(tb testing.TB, s *apptest.Server, to string) string {
	tb.Helper()
	return sixDigits.FindString(s.Mail(tb, to).Text)
}
