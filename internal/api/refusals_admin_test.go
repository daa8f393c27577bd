package api_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/errs"
	"sallyport/internal/mail"
	"sallyport/internal/user"
)

// others are the calls with which administrators act on one person.
func others(id string) map[string]any {
	at := users + "/" + id
	return map[string]any{
		"PATCH " + at: object{"locked": true}, "DELETE " + at: nil, "POST " + at + "/reset": object{"reason": "lost"}, "POST " + at + "/backup-code": object{"reason": "lost"},
		"DELETE " + at + "/sessions": nil, "DELETE " + at + "/sessions/ses_none": nil,
		"DELETE " + at + "/trusted-browsers": nil, "DELETE " + at + "/trusted-browsers/brw_none": nil,
	}
}

// TestRefusedOnOthers: nobody acts on themselves, an administrator on no owner, and nobody on who is not there.
func TestRefusedOnOthers(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	adas := owner(t, s)
	s.Enrol(t, s.Alan)
	alans := session(t, s, s.Alan)
	for _, c := range []struct {
		by     *apptest.API
		on     string
		status int
		code   string
	}{
		{adas, s.Ada.ID, 403, "not_on_yourself"},
		{alans, s.Ada.ID, 403, "role_too_high"},
		{adas, "usr_none", 404, "user_not_found"},
	} {
		for route, body := range others(c.on) {
			refused(t, c.by.Call(t, route, body), c.status, c.code)
		}
	}

	mary := adas.Must(t, 201, "POST "+users, object{"email": "mary@acme.test", "role": "admin"})
	refused(t, alans.Call(t, "POST "+users, object{"email": "mary@acme.test"}), 403, "role_too_high")
	at := users + "/" + text(mary, "id")
	for route, body := range map[string]any{"PATCH " + at: object{"locked": true}, "DELETE " + at + "/sessions": nil, "DELETE " + at + "/sessions/ses_none": nil} {
		refused(t, adas.Call(t, route, body), 409, "still_invited")
	}
	for range 2 {
		adas.Must(t, 201, "POST "+users, object{"email": "mary@acme.test"})
	}
	refused(t, adas.Call(t, "POST "+users, object{"email": "mary@acme.test"}), 429, "too_many_mails")
	s.App.Channels.Mail = nil
	refused(t, adas.Call(t, "POST "+users, object{"email": "karen@acme.test"}), 409, "no_mail_server")
	own := object{"host": "mail.acme.test", "port": 465, "security": "tls", "from": "login@acme.test", "password": apptest.Password}
	alans.Must(t, 200, "PUT /v1/account/mail", own)
	refused(t, adas.Call(t, "POST "+users, object{"email": "karen@acme.test", "role": "admin"}), 409, "mail_server_not_owners")
	adas.Must(t, 200, "PUT /v1/account/mail", own)
	adas.Must(t, 201, "POST "+users, object{"email": "karen@acme.test", "role": "admin"})
}

// TestRefusedHelp: what the account's rules forbid administrators, what would be of no use, and one code too many.
func TestRefusedHelp(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	adas, at, reason := owner(t, s), users+"/"+s.Grace.ID, object{"reason": "lost"}
	refused(t, adas.Call(t, "POST "+at+"/backup-code", reason), 409, "nothing_to_replace")
	s.Enrol(t, s.Grace)
	for range 10 {
		adas.Must(t, 201, "POST "+at+"/backup-code", reason)
	}
	refused(t, adas.Call(t, "POST "+at+"/backup-code", reason), 429, "too_many_codes_given")
	s.SetPolicy(t, "admin_codes=off", "admin_reset=off")
	s.Clock.Advance(time.Second)
	refused(t, adas.Call(t, "POST "+at+"/backup-code", reason), 409, "codes_off")
	refused(t, adas.Call(t, "POST "+at+"/reset", reason), 409, "reset_off")
	adas.Must(t, 200, "PATCH "+at, object{"external_id": "one"})
	refused(t, adas.Call(t, "PATCH "+users+"/"+s.Alan.ID, object{"external_id": "one"}), 409, "external_id_taken")
	refused(t, adas.Call(t, "PATCH "+users+"/"+s.Alan.ID, object{"external_id": "with blanks"}), 422, "external_id_invalid")
	refused(t, adas.Call(t, "POST /v1/account/policy/preview", object{"session_idle": "1s"}), 422, "policy_invalid")
}

// refusing is a mail server that refuses.
type refusing struct{ why error }

func (r refusing) Send(context.Context, mail.Message) error { return r.why }

// TestRefusedTestMail: what a mail server says against a test message is told by a code, and six in ten minutes are too many.
func TestRefusedTestMail(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	adas := owner(t, s)
	for _, why := range []*errs.Error{mail.ErrUnreachable, mail.ErrTLS, mail.ErrDeferred, mail.ErrNotAllowed, mail.ErrLogin, mail.ErrTurnedAway, mail.ErrRefused} {
		s.App.Channels.Mail = refusing{why}
		refused(t, adas.Call(t, "POST /v1/account/mail/test", nil), 409, why.Code)
		s.Clock.Advance(2 * time.Minute)
	}
	for range 3 {
		adas.Call(t, "POST /v1/account/mail/test", nil)
	}
	refused(t, adas.Call(t, "POST /v1/account/mail/test", nil), 429, "too_many_tests")
}

// TestRefusedChecks: whom a program can't ask, what is wrong with how it asks, and that of a suspended account nothing is told.
func TestRefusedChecks(t *testing.T) {
	key, operator := withOperator(t)
	s := apptest.Start(t, dbtest.SQLite(t), operator, apptest.WithInbox)
	api := s.API(key)
	whom := func(pairs ...any) object {
		u := object{"id": "kay", "email": "kay@acme.test"}
		for i := 0; i+1 < len(pairs); i += 2 {
			u[pairs[i].(string)] = pairs[i+1]
		}
		return object{"account": "acme", "user": u}
	}
	link := func(u user.User) string {
		execute(t, s, user.Link(s.Clock.Now(), u, u.ID, audit.Operator())...)
		return u.ID
	}
	invited, err := s.Admin.OperatorInvite(t.Context(), s.Acme.ID, admin.Invitee{Email: "mary@acme.test", Role: user.Member})
	if err != nil {
		t.Fatal(err)
	}
	s.Enrol(t, s.Grace)
	for _, c := range []struct {
		body   object
		status int
		code   string
	}{
		{with(whom(), "account", "nowhere"), 404, "account_not_found"},
		{whom("email", apptest.Alan), 409, "check_email_taken"},
		{whom("email", ""), 422, "check_email_needed"},
		{whom("email", "nobody"), 422, "email_invalid"},
		{whom("name", "A\nB"), 422, "name_invalid"},
		{whom("id", "with blanks"), 422, "external_id_invalid"},
		{whom("language", "xx"), 422, "language_invalid"},
		{whom("id", link(s.Alan)), 409, "check_no_second_factor"},
		{whom("id", link(invited)), 409, "check_user_invited"},
		{with(whom(), "return_to", "https://elsewhere.test/"), 422, "check_return_to"},
		{with(whom(), "reference", "a\nb"), 422, "check_reference"},
	} {
		refused(t, api.Call(t, "POST /v1/checks", c.body), c.status, c.code)
	}
	asked := whom("id", link(s.Grace))
	check := func() string { return "/v1/checks/" + text(api.Must(t, 201, "POST /v1/checks", asked), "id") }
	calls := func(at string) map[string]any {
		return map[string]any{
			"GET " + at: nil, "POST " + at + "/cancel": nil, "POST " + at + "/result": nil,
			"POST " + at + "/send": object{"method": "fac_none"}, "POST " + at + "/verify": object{"code": "123456"},
		}
	}
	for route, body := range calls("/v1/checks/chk_none") {
		refused(t, api.Call(t, route, body), 404, "check_not_found")
	}
	at := "/v1/checks/" + text(api.Must(t, 201, "POST /v1/checks", whom()), "id")
	for _, one := range []string{"/send", "/verify"} { // Kay has nothing yet, and the check is not over
		refused(t, api.Call(t, "POST "+at+one, calls(at)["POST "+at+one]), 404, "factor_not_found")
	}
	at = check()
	suspended := true
	alter := func() {
		// The account alone: a suspension ends sign-ins besides, so only one of the same moment hears why.
		if _, err := account.Alter(t.Context(), s.App.DB, s.Clock.Now(), s.Acme.ID, s.Admin.Plans, account.Change{Suspended: &suspended}, audit.Operator()); err != nil {
			t.Fatal(err)
		}
	}
	alter()
	refused(t, api.Call(t, "POST /v1/checks", asked), 403, "account_suspended")
	for route, body := range calls(at) {
		refused(t, api.Call(t, route, body), 403, "account_suspended")
	}
	suspended = false
	alter()
	at = check()
	execute(t, s, user.SetLocked(s.Clock.Now(), s.Grace, true, audit.Operator())...)
	refused(t, api.Call(t, "POST /v1/checks", asked), 403, "user_locked")
	refused(t, api.Call(t, "POST "+at+"/result", nil), 403, "user_locked")
	api.Must(t, 201, "POST /v1/accounts", object{"slug": "first", "name": "First", "owner": object{"email": "zoe@zenith.test"}})
	for i := range 2 {
		api.Must(t, 201, "POST /v1/accounts", object{"slug": fmt.Sprint("zenith-", i), "name": "Zenith", "owner": object{"email": "zoe@zenith.test"}})
	}
	refused(t, api.Call(t, "POST /v1/accounts", object{"slug": "last", "name": "Last", "owner": object{"email": "zoe@zenith.test"}}), 429, "too_many_mails")
	s.App.Channels.Mail = nil
	refused(t, api.Call(t, "POST /v1/accounts", object{"slug": "last", "name": "Last", "owner": object{"email": "ann@zenith.test"}}), 409, "no_mail_server")
}

// TestOperatorFromElsewhere: from another network, the operator's key opens none of the calls that it is for.
func TestOperatorFromElsewhere(t *testing.T) {
	key, operator := withOperator(t)
	s := apptest.Start(t, dbtest.SQLite(t), operator, func(c *config.Config) { c.OperatorNets = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} })
	n := 0
	for _, rt := range table(t, s) {
		if slices.ContainsFunc(*rt.op.Security, func(one openapi3.SecurityRequirement) bool { _, is := one["operator_key"]; return is }) {
			n++
			call, body := rt.call(t)
			refused(t, s.API(key).Call(t, call, body), 403, "operator_network")
		}
	}
	if n < 10 {
		t.Errorf("only %d calls", n)
	}
}
