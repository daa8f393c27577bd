package api_test

import (
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/reauth"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

const between = "something else is changed between two steps of one call"

// excused are the refusals that the document lists for a call and no test of this package provokes, with the reason.
var excused = map[string]string{
	"signIn browser_turn":                     "the same trusted browser signs in three times at one moment",
	"confirmSetUp changed_meanwhile":          between,
	"confirmDisable changed_meanwhile":        between,
	"newBackupCodes backup_codes_made":        between,
	"updateUser changed_meanwhile":            between,
	"resetUser changed_meanwhile":             between,
	"issueBackupCode changed_meanwhile":       between,
	"cancelCheck check_role_too_high":         demoted,
	"getCheck check_role_too_high":            demoted,
	"getCheckResult check_role_too_high":      demoted,
	"sendCheckCode check_role_too_high":       demoted,
	"verifyCheck check_role_too_high":         demoted,
	"createCheck check_passkey_owed":          owed,
	"verifyCheck check_passkey_owed":          owed,
	"updateManagedAccount exceptions_changed": "fifty other changes are made during the call",
}

const (
	demoted = "the key’s person was demoted since the check began (signin.TestCheckAfterDemotion)"
	owed    = "a passkey is owed besides a password (signin.TestCheckBindsNoPasskey)"
)

// execute changes rows as no call does: as another server, or time, would have.
func execute(t *testing.T, s *apptest.Server, stmts ...db.Stmt) {
	t.Helper()
	if err := s.DB.Run(t.Context(), stmts...); err != nil {
		t.Fatal(err)
	}
}

// TestChangedMeanwhile: what another server has changed of a person since this one has read their session is noticed, and nothing is done.
func TestChangedMeanwhile(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Ada)
	password := object{"password": apptest.Password}
	begun := session(t, s, s.Ada).Must(t, 201, "POST /v1/me/factors", object{"kind": "totp", "name": "Tablet", "password": apptest.Password})
	tablet := domaintest.Scan(t, text(begun, "id"), text(begun, "uri"))
	for route, body := range map[string]any{
		"POST /v1/me/password":                                object{"password": apptest.Password, "new_password": "nine patient harbour clocks"},
		"DELETE /v1/me/sessions":                              nil,
		"POST /v1/me/factors/" + phone.FactorID + "/remove":   password,
		"POST /v1/me/factors/" + tablet.FactorID + "/confirm": object{"code": tablet.Code(s.Clock.Now())},
		"POST /v1/me/backup-codes":                            password,
		"POST /v1/me/api-keys":                                object{"name": "Key", "scopes": []string{"read"}},
	} {
		api := session(t, s, s.Ada)
		api.Must(t, 200, "GET /v1/me", nil)
		execute(t, s, user.EndSessions(s.Ada))
		refused(t, api.Call(t, route, body), 409, "changed_meanwhile")
	}
}

// passwordCalls are the calls of somebody's own that ask for the password: the path of each, and what it needs besides.
func passwordCalls(key program, deviceID string) map[string]object {
	at := "/v1/me/api-keys/" + key.id
	return map[string]object{
		"POST /v1/me/factors":                         {"kind": "totp", "name": "New"},
		"POST /v1/me/factors/" + deviceID + "/remove": {},
		"POST /v1/me/backup-codes":                    {},
		"POST /v1/me/api-keys":                        {"name": "New", "scopes": []string{"read"}},
		"POST " + at + "/device":                      {},
		"DELETE " + at + "/device":                    {},
		"PUT " + at + "/public-key":                   {"public_key": somePublicKey},
		"DELETE " + at + "/public-key":                {},
	}
}

// somePublicKey is that of RFC 9421, appendix B.1.4.
const somePublicKey = "MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs="

// with is a body with one member more.
func with(body object, name string, value any) object {
	more := object{name: value}
	for k, v := range body {
		if k != name {
			more[k] = v
		}
	}
	return more
}

// TestRefusedPasswords: each call that asks for the password refuses none and a wrong one, and waits after five.
func TestRefusedPasswords(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	key := newKey(t, s, s.Grace, false, "Key", "read")
	graces, adas := session(t, s, s.Grace), owner(t, s)
	type asked struct {
		who  user.User
		from *apptest.API
		body object
	}
	calls := map[string]asked{
		"POST /v1/me/password":         {s.Grace, graces, object{"new_password": "nine patient harbour clocks"}},
		"PUT /v1/account/mail":         {s.Ada, adas, object{"host": "mail.example.com", "port": 587, "security": "starttls", "from": "a@acme.test"}},
		"POST /v1/account/mail/remove": {s.Ada, adas, object{}},
	}
	for route, body := range passwordCalls(key, "fac_none") {
		calls[route] = asked{s.Grace, graces, body}
	}
	for route, c := range calls {
		if route != "POST /v1/me/password" { // there it is a member that must be there
			refused(t, c.from.Call(t, route, with(c.body, "password", "")), 401, "proof_needed")
		}
		for range 5 {
			refused(t, c.from.Call(t, route, with(c.body, "password", "wrong")), 422, "wrong_password")
		}
		refused(t, c.from.Call(t, route, with(c.body, "password", apptest.Password)), 429, "too_many_attempts")
		execute(t, s, throttle.Clear(reauth.PasswordKey(c.who.AccountID, c.who.ID)))
	}
	for chosen, code := range map[string]string{"password123": "password_too_common", strings.Repeat("so long ", 40): "password_too_long"} {
		refused(t, graces.Call(t, "POST /v1/me/password", object{"password": apptest.Password, "new_password": chosen}), 422, code)
	}
}

// TestFactorNeeded: where a trusted browser stood for the second factor, and where it was proved long ago, it is asked for before anything is bound or ended.
func TestFactorNeeded(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Grace)
	key := newKey(t, s, s.Grace, false, "Key", "read")
	from := domaintest.From(domaintest.Firefox)
	_, trusted := s.Trust(t, s.Grace, phone, from)
	step, err := s.SignInTrusted(s.Grace, trusted, apptest.Password, from)
	if err != nil || step.Trusted == "" {
		t.Fatalf("%+v, %v", step, err)
	}
	spared := s.API(step.Cookie)
	for route, body := range passwordCalls(key, phone.FactorID) {
		refused(t, spared.Call(t, route, with(body, "password", apptest.Password)), 401, "factor_needed")
	}
}
