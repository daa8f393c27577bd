package api_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/factor"
	"sallyport/internal/otp"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// TestRefusedAtTheDoors: who is locked, or whose account is suspended, hears of it only with the password or the passkey, and is let on nowhere.
func TestRefusedAtTheDoors(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	anybody, password := s.API(""), object{"email": apptest.Ada, "password": apptest.Password}
	key, _, _ := withKey(t, s, s.Ada)
	alone := func() object {
		ask := anybody.Must(t, 200, "POST /v1/sign-in/passkey/options", object{})
		return object{"ceremony": text(ask, "ceremony"), "credential": json.RawMessage(key.Answer(t, part(t, ask, "options"), s.App.Config.PublicURL.String(), nil))}
	}
	ended := session(t, s, s.Alan)
	s.SetPolicy(t, "enforcement=required")
	s.Clock.Advance(time.Second)
	refused(t, ended.Call(t, "GET /v1/me", nil), 401, "set_up_required")
	pending, setUp := s.Password(t, s.Ada).Cookie, s.Password(t, s.Grace).Cookie
	change := func(suspended bool) {
		// The account alone: a suspension ends sign-ins besides, so only one of the same moment hears why.
		if _, err := account.Alter(t.Context(), s.App.DB, s.Clock.Now(), s.Acme.ID, s.Admin.Plans, account.Change{Suspended: &suspended}, audit.Operator()); err != nil {
			t.Fatal(err)
		}
	}
	answer := alone()
	change(true)
	refused(t, anybody.Call(t, "POST /v1/sign-in", password), 403, "account_suspended")
	refused(t, anybody.Call(t, "POST /v1/sign-in/passkey", answer), 403, "account_suspended")
	for route, body := range map[string]object{
		"POST /v1/sign-in/send": {"method": "fac_none"}, "POST /v1/sign-in/verify": {"code": "123456"}, "POST /v1/sign-in/passkey/options": {},
		"POST /v1/sign-in/disable": {}, "POST /v1/sign-in/disable/confirm": {"token": "0123456789abcdefghjkmnpqrs"},
		"POST /v1/sign-in/set-up": {"kind": "totp", "name": "App"}, "POST /v1/sign-in/set-up/send": {}, "POST /v1/sign-in/set-up/confirm": {"id": "fac_none", "code": "123456"},
	} {
		for _, of := range []string{pending, setUp} {
			refused(t, anybody.Call(t, route, with(body, "pending", of)), 403, "account_suspended")
		}
	}
	change(false)
	refused(t, anybody.With("Host", "elsewhere.test").Call(t, "POST /v1/sign-in", password), 421, "wrong_host")
	answer = alone()
	execute(t, s, user.SetLocked(s.Clock.Now(), s.Ada, true, audit.Operator())...)
	refused(t, anybody.Call(t, "POST /v1/sign-in", password), 403, "user_locked")
	refused(t, anybody.Call(t, "POST /v1/sign-in/passkey", answer), 403, "user_locked")
}

// TestNoPasskeys: whoever has none is asked for none, and a server without a name asks nobody.
func TestNoPasskeys(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Enrol(t, s.Grace)
	graces := session(t, s, s.Grace)
	refused(t, graces.Call(t, "POST /v1/session/passkey/options", nil), 404, "factor_not_found")
	refused(t, s.API("").Call(t, "POST /v1/sign-in/passkey/options", object{"pending": s.Password(t, s.Grace).Cookie}), 404, "factor_not_found")
	_, _, adas := withKey(t, s, s.Ada)
	s.App.Factors.Methods = slices.DeleteFunc(slices.Clone(s.App.Factors.Methods), func(m factor.Method) bool { return m.Kind() == factor.Passkey })
	refused(t, adas.Call(t, "POST /v1/session/passkey/options", nil), 409, "passkeys_no_domain")
	refused(t, s.API("").Call(t, "POST /v1/sign-in/passkey/options", object{}), 409, "passkeys_no_domain")
}

// TestRefusedMailbox: beside another device, the registered mailbox is no way on for a day after the password was reset by mail.
func TestRefusedMailbox(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.Enrol(t, s.Ada)
	own := s.AddAddress(t, s.Ada, factor.Email, apptest.Ada)
	s.Clock.Advance(time.Minute)
	reset := s.Clock.Now()
	execute(t, s, db.Write(`UPDATE users SET password_mailed_at = $2 WHERE user_id = $1`, s.Ada.ID, db.At(reset)))
	anybody := s.API("")
	step := anybody.Must(t, 200, "POST /v1/sign-in", object{"email": apptest.Ada, "password": apptest.Password})
	if until := reset.Add(24 * time.Hour).UTC().Format(time.RFC3339); len(step.JSON["methods"].([]any)) != 1 || step.JSON["mailed_codes_at"] != until {
		t.Errorf("%s, want one method, and the mailbox from %s on", step.Raw, until)
	}
	pending := text(step, "pending")
	for route, body := range map[string]object{"POST /v1/sign-in/send": {}, "POST /v1/sign-in/verify": {"code": "123456"}} {
		got := anybody.Call(t, route, with(with(body, "pending", pending), "method", own.ID))
		refused(t, got, 409, "mailed_code_after_reset")
		if wait := got.Header.Get("Retry-After"); wait != "86400" {
			t.Errorf("%s: Retry-After %q", route, wait)
		}
	}
}

// TestRefusedWayOut: whatever keeps a mailed token from switching the second factor off is told at both steps.
func TestRefusedWayOut(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.AddAddress(t, s.Ada, factor.SMS, "+436601234567")
	s.SetPolicy(t, "mailed_disable=disable", "mailed_disable_delay=24h")
	pending, anybody := s.Password(t, s.Ada).Cookie, s.API("")
	ask := func(status int, code string) {
		t.Helper()
		refused(t, anybody.Call(t, "POST /v1/sign-in/disable", object{"pending": pending}), status, code)
	}
	both := func(code string) {
		t.Helper()
		ask(409, code)
		refused(t, anybody.Call(t, "POST /v1/sign-in/disable/confirm", object{"pending": pending, "token": "0123456789abcdefghjkmnpqrs"}), 409, code)
	}
	set := func(sql string, args ...any) { execute(t, s, db.Write(sql, args...)) }
	now := s.Clock.Now()
	set(`UPDATE users SET two_factor_ends_at = $1`, db.At(now.Add(time.Hour)))
	both("mailed_disable_planned")
	set(`UPDATE users SET two_factor_ends_at = 0, password_mailed_at = $1`, db.At(now))
	both("mailed_disable_after_reset")
	set(`UPDATE users SET password_mailed_at = 0`)
	mail := s.App.Channels.Mail
	s.App.Channels.Mail = nil
	both("mailed_disable_no_mail")
	s.App.Channels.Mail = mail
	for range 3 {
		anybody.Must(t, 202, "POST /v1/sign-in/disable", object{"pending": pending})
		s.Clock.Advance(time.Minute)
	}
	ask(429, "too_many_mails")
	// The person is told at the number too, and no more texts go out today.
	s.App.Codes.Limits = brake.Limits{}
	refused(t, anybody.Call(t, "POST /v1/sign-in/disable/confirm", object{"pending": pending, "token": s.MailedToken(t, apptest.Ada)}), 429, "too_many_codes_sent")
	s.SetPolicy(t, "mailed_disable=off")
	both("mailed_disable_off")

	s.SetPolicy(t, "mailed_disable=disable")
	s.AddAddress(t, s.Grace, factor.Email, apptest.Grace)
	pending = s.Password(t, s.Grace).Cookie
	both("mailed_disable_same_mailbox")
}

// TestRefusedTokens: what keeps a key from an access token.
func TestRefusedTokens(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	p := newKey(t, s, s.Grace, true, "Program", "read")
	get := func(code string) apptest.Answer {
		return ask(t, s.API(p.value), "grant_type", "client_credentials", "otp", code)
	}
	wrong := p.phone.Wrong(s.Clock.Now())
	for range 5 {
		refused(t, get(wrong), 400, "wrong_code")
	}
	refused(t, get(p.code(s)), 429, "too_many_attempts")
	execute(t, s, db.Write(`UPDATE factors SET failures = $1, blocked_until = 0`, throttle.Lock))
	refused(t, get(p.code(s)), 429, "factor_locked")
	refused(t, ask(t, s.API("").With("Authorization", "Digest x"), "grant_type", "client_credentials", "otp", p.code(s)), 401, "not_signed_in")
	ends := s.Clock.Now().Add(time.Hour)
	made := session(t, s, s.Grace).Must(t, 201, "POST /v1/me/api-keys", object{"name": "Short", "scopes": []string{"read"}, "expires_at": ends.Format(time.RFC3339), "password": apptest.Password})
	s.Clock.Advance(2 * time.Hour)
	p.value = text(made, "key")
	refused(t, get("123456"), 401, "key_expired")
}

// TestServerFault: which fault of the server's it was is told to its log alone.
func TestServerFault(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Ada)
	pending := s.Password(t, s.Ada).Cookie
	execute(t, s, db.Write(`UPDATE factors SET secret = $1 WHERE factor_id = $2`, []byte("damaged"), phone.FactorID))
	s.Clock.Advance(otp.DefaultPeriod)
	refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": pending, "code": phone.Code(s.Clock.Now())}), 500, "internal_error")
}
