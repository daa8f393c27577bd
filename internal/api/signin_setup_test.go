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
	"sallyport/internal/factor"
	"sallyport/internal/passkey/keytest"
)

// kinds are the kinds of the methods of an answer.
func kinds(a apptest.Answer) (all []string) {
	for _, m := range list(a, "methods") {
		all = append(all, m["kind"].(string))
	}
	return all
}

// TestSetUpAtSignIn: who must have a second factor and has none sets one up, and is in with it (T11).
func TestSetUpAtSignIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.SetPolicy(t, "enforcement=required", "methods=totp,email")
		step := withPassword(t, s, apptest.Grace)
		if text(step, "state") != "set_up" || text(step, "cause") != "required" || fmt.Sprint(kinds(step)) != "[totp email]" || step.JSON["token"] != nil {
			t.Fatalf("%s", step.Raw)
		}
		pending := text(step, "pending")
		anybody := s.API("")
		refused(t, anybody.Call(t, "POST /v1/sign-in/verify", object{"pending": pending, "code": "123456"}), 410, "sign_in_expired")
		refused(t, anybody.Call(t, "POST /v1/sign-in/set-up", object{"pending": pending, "kind": "sms", "name": "Mine", "address": "+43 660 1234567"}), 403, "factor_not_allowed")
		refused(t, anybody.Call(t, "POST /v1/sign-in/set-up", object{"pending": pending, "kind": "totp", "name": " "}), 422, "device_name")
		begun := anybody.Must(t, 201, "POST /v1/sign-in/set-up", object{"pending": pending, "kind": "totp", "name": "My Phone"})
		if text(begun, "state") != "pending" || !strings.HasPrefix(text(begun, "uri"), "otpauth://totp/") || !strings.Contains(text(begun, "uri"), text(begun, "secret")) ||
			!strings.HasPrefix(text(begun, "qr_svg"), "<svg") {
			t.Fatalf("%s", begun.Raw)
		}
		phone := domaintest.Scan(t, text(begun, "id"), text(begun, "uri"))
		confirm := object{"pending": pending, "id": text(begun, "id"), "code": domaintest.Other(phone.Code(s.Clock.Now()))}
		refused(t, anybody.Call(t, "POST /v1/sign-in/set-up/confirm", confirm), 422, "wrong_code")
		confirm["code"] = phone.Code(s.Clock.Now())
		in := anybody.Must(t, 200, "POST /v1/sign-in/set-up/confirm", confirm)
		if text(in, "state") != "signed_in" || fmt.Sprint(in.JSON["amr"]) != "[pwd otp mfa]" || len(in.JSON["backup_codes"].([]any)) != 10 {
			t.Fatalf("%s", in.Raw)
		}
		if me := s.API(text(in, "token")).Must(t, 200, "GET /v1/me", nil); me.JSON["level"] != "aal2" {
			t.Errorf("%s", me.Raw)
		}
		refused(t, anybody.Call(t, "POST /v1/sign-in/set-up/confirm", confirm), 410, "sign_in_expired")
		// Who has one sets none up with the password alone (B49).
		next := withPassword(t, s, apptest.Grace)
		if text(next, "state") != "second_factor" {
			t.Fatalf("%s", next.Raw)
		}
		refused(t, anybody.Call(t, "POST /v1/sign-in/set-up", object{"pending": text(next, "pending"), "kind": "totp", "name": "A thief’s"}), 403, "set_up_not_allowed")
	}, apptest.WithInbox)
}

// TestSetUpAddressAtSignIn: a mailbox is confirmed by the code that it gets, also by the second one.
func TestSetUpAddressAtSignIn(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.SetPolicy(t, "enforcement=required", "backup_codes=off")
	pending := text(withPassword(t, s, apptest.Grace), "pending")
	anybody := s.API("")
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up", object{"pending": pending, "kind": "email", "name": "Mail", "address": "nothing"}), 422, "email_invalid")
	begun := anybody.Must(t, 201, "POST /v1/sign-in/set-up", object{"pending": pending, "kind": "email", "name": "Mail", "address": "grace.private@example.com"})
	if sent, _ := begun.JSON["sent"].(object); text(begun, "secret") != "" || text(begun, "hint") == "" || sent["resend_at"] != s.Clock.Now().Add(time.Minute).Format(time.RFC3339) {
		t.Fatalf("%s", begun.Raw)
	}
	send := object{"pending": pending, "id": text(begun, "id")}
	early := anybody.Call(t, "POST /v1/sign-in/set-up/send", send)
	if refused(t, early, 429, "resend_too_soon"); early.Header.Get("Retry-After") != "60" {
		t.Errorf("Retry-After: %q", early.Header.Get("Retry-After"))
	}
	s.Clock.Advance(time.Minute)
	anybody.Must(t, 202, "POST /v1/sign-in/set-up/send", send)
	in := anybody.Must(t, 200, "POST /v1/sign-in/set-up/confirm", object{"pending": pending, "id": text(begun, "id"), "code": codeSent(t, s, "grace.private@example.com")})
	if fmt.Sprint(in.JSON["amr"]) != "[pwd email mfa]" || in.JSON["backup_codes"] != nil {
		t.Errorf("%s", in.Raw)
	}
}

// TestSetUpAfterMailedToken: where the policy says so, a token from the registered mailbox comes first.
func TestSetUpAfterMailedToken(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.SetPolicy(t, "enforcement=required", "mailed_set_up=on")
	step := withPassword(t, s, apptest.Grace)
	first, _ := step.JSON["token_first"].(object)
	if first["mailed"] != true || first["resend_at"] != s.Clock.Now().Add(time.Minute).Format(time.RFC3339) {
		t.Fatalf("%s", step.Raw)
	}
	token := s.MailedToken(t, apptest.Grace)
	set := object{"pending": text(step, "pending"), "kind": "totp", "name": "My Phone"}
	anybody := s.API("")
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up", set), 409, "set_up_mail_first")
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up/send", object{"pending": text(step, "pending")}), 429, "token_resend_too_soon")
	set["token"] = "0123456789abcdefghjkmnpqrs"
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up", set), 422, "mail_token_invalid")
	s.Clock.Advance(time.Minute)
	anybody.Must(t, 202, "POST /v1/sign-in/set-up/send", object{"pending": text(step, "pending")})
	set["token"] = token
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up", set), 422, "mail_token_invalid") // another one was mailed since
	set["token"] = s.MailedToken(t, apptest.Grace)
	begun := anybody.Must(t, 201, "POST /v1/sign-in/set-up", set)
	phone := domaintest.Scan(t, text(begun, "id"), text(begun, "uri"))
	anybody.Must(t, 200, "POST /v1/sign-in/set-up/confirm", object{"pending": text(step, "pending"), "id": phone.FactorID, "code": phone.Code(s.Clock.Now())})
}

// TestDisableBySignIn: the three ways in which the mailed token ends a second factor (K2), and that nothing is mailed where the policy has none.
func TestDisableBySignIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Ada)
		step := withPassword(t, s, apptest.Ada)
		anybody, here := s.API(""), func() object { return object{"pending": text(step, "pending")} }
		refused(t, anybody.Call(t, "POST /v1/sign-in/disable", here()), 409, "mailed_disable_off")
		if step.JSON["mailed_disable"] != nil {
			t.Errorf("%s", step.Raw)
		}

		s.SetPolicy(t, "mailed_disable=re_enrol")
		if step = withPassword(t, s, apptest.Ada); text(step, "mailed_disable") != "re_enrol" {
			t.Errorf("%s", step.Raw)
		}
		asked := anybody.Must(t, 202, "POST /v1/sign-in/disable", here())
		if text(asked, "resend_at") != s.Clock.Now().Add(time.Minute).Format(time.RFC3339) {
			t.Errorf("%s", asked.Raw)
		}
		early := anybody.Call(t, "POST /v1/sign-in/disable", here())
		if refused(t, early, 429, "token_resend_too_soon"); early.Header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After: %q", early.Header.Get("Retry-After"))
		}
		wrong := here()
		wrong["token"] = "0123456789abcdefghjkmnpqrs"
		refused(t, anybody.Call(t, "POST /v1/sign-in/disable/confirm", wrong), 422, "mail_token_invalid")
		paste := here()
		paste["token"] = s.MailedToken(t, apptest.Ada)
		other := object{"pending": text(withPassword(t, s, apptest.Ada), "pending"), "token": paste["token"]}
		refused(t, anybody.Call(t, "POST /v1/sign-in/disable/confirm", other), 422, "mail_token_invalid") // it belongs to its own sign-in
		again := anybody.Must(t, 200, "POST /v1/sign-in/disable/confirm", paste)
		if text(again, "state") != "set_up" || text(again, "cause") != "reset" || text(again, "pending") == text(step, "pending") {
			t.Fatalf("%s", again.Raw)
		}
		refused(t, anybody.Call(t, "POST /v1/sign-in/disable/confirm", paste), 410, "sign_in_expired")
		begun := anybody.Must(t, 201, "POST /v1/sign-in/set-up", object{"pending": text(again, "pending"), "kind": "totp", "name": "New"})
		phone := domaintest.Scan(t, text(begun, "id"), text(begun, "uri"))
		anybody.Must(t, 200, "POST /v1/sign-in/set-up/confirm", object{"pending": text(again, "pending"), "id": phone.FactorID, "code": phone.Code(s.Clock.Now())})

		s.Clock.Advance(2 * time.Hour)
		s.SetPolicy(t, "mailed_disable=disable", "mailed_disable_delay=48h")
		step = withPassword(t, s, apptest.Ada)
		anybody.Must(t, 202, "POST /v1/sign-in/disable", here())
		paste = here()
		paste["token"] = s.MailedToken(t, apptest.Ada)
		planned := anybody.Must(t, 200, "POST /v1/sign-in/disable/confirm", paste)
		if text(planned, "state") != "planned" || text(planned, "ends_at") != s.Clock.Now().Add(48*time.Hour).Format(time.RFC3339) || planned.JSON["token"] != nil || planned.JSON["pending"] != nil {
			t.Fatalf("%s", planned.Raw)
		}
		if me := s.API(s.Browse(t, s.Ada).Cookie).Must(t, 200, "GET /v1/me", nil); me.JSON["two_factor"].(object)["ends_at"] != text(planned, "ends_at") {
			t.Errorf("%s", me.Raw)
		}
		s.Clock.Advance(48 * time.Hour)
		if in := withPassword(t, s, apptest.Ada); text(in, "state") != "signed_in" || fmt.Sprint(in.JSON["amr"]) != "[pwd]" {
			t.Errorf("%s", in.Raw)
		}
	}, apptest.WithInbox)
}

// TestDisableAtOnce: without a delay the token signs in.
func TestDisableAtOnce(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.Enrol(t, s.Ada)
	s.SetPolicy(t, "mailed_disable=disable")
	step := withPassword(t, s, apptest.Ada)
	s.API("").Must(t, 202, "POST /v1/sign-in/disable", object{"pending": text(step, "pending")})
	in := s.API("").Must(t, 200, "POST /v1/sign-in/disable/confirm", object{"pending": text(step, "pending"), "token": s.MailedToken(t, apptest.Ada)})
	if text(in, "state") != "signed_in" || fmt.Sprint(in.JSON["amr"]) != "[pwd]" {
		t.Fatalf("%s", in.Raw)
	}
	if me := s.API(text(in, "token")).Must(t, 200, "GET /v1/me", nil); me.JSON["two_factor"].(object)["on"] != false {
		t.Errorf("%s", me.Raw)
	}
}

// TestPasskeyBySignIn: a passkey is set up at sign-in, and then opens the second door, and both doors alone.
func TestPasskeyBySignIn(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.SetPolicy(t, "enforcement=required", "passkey_required=everyone")
	origin, key, anybody := s.App.Config.PublicURL.String(), &keytest.Key{}, s.API("")
	step := withPassword(t, s, apptest.Grace)
	if fmt.Sprint(kinds(step)) != "[passkey]" {
		t.Fatalf("%s", step.Raw)
	}
	begun := anybody.Must(t, 201, "POST /v1/sign-in/set-up", object{"pending": text(step, "pending"), "kind": "passkey", "name": "Key"})
	made := keytest.Make(t, part(t, begun, "options"), origin, key, nil)
	confirm := object{"pending": text(step, "pending"), "id": text(begun, "id"), "credential": json.RawMessage(made)}
	in := anybody.Must(t, 200, "POST /v1/sign-in/set-up/confirm", confirm)
	if fmt.Sprint(in.JSON["amr"]) == "[pwd]" {
		t.Errorf("%s", in.Raw)
	}

	second := withPassword(t, s, apptest.Grace)
	ask := anybody.Must(t, 200, "POST /v1/sign-in/passkey/options", object{"pending": text(second, "pending")})
	answer := object{"pending": text(second, "pending"), "ceremony": text(ask, "ceremony"), "credential": json.RawMessage(key.Answer(t, part(t, ask, "options"), origin, nil))}
	third := withPassword(t, s, apptest.Grace)
	elsewhere := object{"pending": text(third, "pending"), "ceremony": answer["ceremony"], "credential": answer["credential"]}
	refused(t, anybody.Call(t, "POST /v1/sign-in/verify", elsewhere), 422, "passkey_refused") // it was asked for the other sign-in
	anybody.Must(t, 200, "POST /v1/sign-in/verify", answer)
	refused(t, anybody.Call(t, "POST /v1/sign-in/verify", elsewhere), 422, "passkey_refused")
	refused(t, anybody.Call(t, "POST /v1/sign-in/verify", object{"pending": text(third, "pending"), "code": "123456"}), 422, "malformed_backup_code")

	ask = anybody.Must(t, 200, "POST /v1/sign-in/passkey/options", object{})
	alone := object{"ceremony": text(ask, "ceremony"), "credential": json.RawMessage(key.Answer(t, part(t, ask, "options"), origin, nil))}
	if in := anybody.Must(t, 200, "POST /v1/sign-in/passkey", alone); text(in, "state") != "signed_in" || strings.Contains(fmt.Sprint(in.JSON["amr"]), "pwd") {
		t.Errorf("%s", in.Raw)
	}
	refused(t, anybody.Call(t, "POST /v1/sign-in/passkey", alone), 422, "passkey_refused")

	session := s.API(text(in, "token"))
	ask = session.Must(t, 200, "POST /v1/session/passkey/options", nil)
	again := object{"ceremony": text(ask, "ceremony"), "credential": json.RawMessage(key.Answer(t, part(t, ask, "options"), origin, nil))}
	session.Must(t, 204, "POST /v1/session/confirm", again)
	refused(t, session.Call(t, "POST /v1/session/confirm", again), 422, "passkey_refused")
}

// part is a member of an answer as it was written.
func part(tb testing.TB, a apptest.Answer, name string) json.RawMessage {
	tb.Helper()
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(a.Raw, &members); err != nil || members[name] == nil {
		tb.Fatalf("no %s in %s: %v", name, a.Raw, err)
	}
	return members[name]
}

// TestAskedForAPasskeyBesides: where the account wants a passkey, a right code leads on to setting one up.
func TestAskedForAPasskeyBesides(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Ada)
	s.SetPolicy(t, "passkey_required=everyone")
	step := withPassword(t, s, apptest.Ada)
	next := s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": phone.Code(s.Clock.Now())})
	if text(next, "state") != "set_up" || text(next, "cause") != "passkey" || fmt.Sprint(kinds(next)) != "[passkey]" || text(next, "token") != "" || text(next, "pending") != text(step, "pending") {
		t.Errorf("%s", next.Raw)
	}
	if s.Stored(t, s.Ada, phone.FactorID).State != factor.Confirmed {
		t.Error("the app is gone")
	}
}
