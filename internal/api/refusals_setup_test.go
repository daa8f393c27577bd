package api_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/otp"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/user"
)

// setUp is one of the two ways to set up a second factor: in the settings and while signing in. The person has none at the beginning.
type setUp struct {
	name                 string
	begin, send, confirm func(t *testing.T, members object) apptest.Answer // send and confirm name the device by "id"
}

func setUps(t *testing.T, s *apptest.Server) []setUp {
	t.Helper()
	person := session(t, s, s.Grace)
	s.SetPolicy(t, "enforcement_admins=required")
	pending, anybody := s.Password(t, s.Alan).Cookie, s.API("")
	at := func(call string, members object) (string, object) {
		id, rest := members["id"].(string), object{}
		for name, v := range members {
			if name != "id" {
				rest[name] = v
			}
		}
		return "POST /v1/me/factors/" + id + call, rest
	}
	return []setUp{{
		"in the settings",
		func(t *testing.T, members object) apptest.Answer {
			return person.Call(t, "POST /v1/me/factors", with(members, "password", apptest.Password))
		},
		func(t *testing.T, members object) apptest.Answer {
			route, _ := at("/send", members)
			return person.Call(t, route, nil)
		},
		func(t *testing.T, members object) apptest.Answer {
			route, rest := at("/confirm", members)
			return person.Call(t, route, rest)
		},
	}, {
		"at sign-in",
		func(t *testing.T, members object) apptest.Answer {
			return anybody.Call(t, "POST /v1/sign-in/set-up", with(members, "pending", pending))
		},
		func(t *testing.T, members object) apptest.Answer {
			return anybody.Call(t, "POST /v1/sign-in/set-up/send", with(members, "pending", pending))
		},
		func(t *testing.T, members object) apptest.Answer {
			return anybody.Call(t, "POST /v1/sign-in/set-up/confirm", with(members, "pending", pending))
		},
	}}
}

// closings are why a kind of second factor can't be set up, by their codes: what closes it.
func closings(s *apptest.Server) map[string]func(t *testing.T) (open func()) {
	const plan = "closing"
	plans := func(change func(*account.Plan)) func(*testing.T) func() {
		return func(*testing.T) func() {
			was := s.App.SignIns.Plans
			p := account.Plan{Name: plan, Methods: account.Methods()}
			change(&p)
			next := was
			next.Default, next.All = plan, map[string]account.Plan{plan: p}
			s.App.SignIns.Plans, s.App.Profile.Plans = next, next
			return func() { s.App.SignIns.Plans, s.App.Profile.Plans = was, was }
		}
	}
	return map[string]func(t *testing.T) func(){
		"factor_not_allowed": func(t *testing.T) func() {
			s.SetPolicy(t, "methods=totp,passkey")
			s.Clock.Advance(time.Second)
			return func() { s.SetPolicy(t, "methods=totp,passkey,sms,email"); s.Clock.Advance(time.Second) }
		},
		"method_not_in_plan":  plans(func(p *account.Plan) { p.Methods = []account.Method{account.TOTP} }),
		"method_not_in_trial": plans(func(p *account.Plan) { p.TrialMethods = []account.Method{account.TOTP} }),
		"method_not_configured": func(*testing.T) func() {
			was := s.App.Channels.Mail
			s.App.Channels.Mail = nil
			return func() { s.App.Channels.Mail = was }
		},
	}
}

// TestRefusedKinds: a kind that can't be set up is refused at each step, also if it could be at the one before.
func TestRefusedKinds(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	trial := s.Clock.Now().Add(24 * time.Hour)
	if _, err := s.Admin.AlterAccount(t.Context(), s.Acme.ID, account.Change{TrialEndsAt: &trial}, audit.Operator()); err != nil {
		t.Fatal(err)
	}
	for i, way := range setUps(t, s) {
		t.Run(way.name, func(t *testing.T) {
			mailbox := object{"kind": "email", "name": "Mail", "address": []string{"grace@example.com", "alan@example.com"}[i]}
			begun := way.begin(t, mailbox)
			if begun.Status != 201 {
				t.Fatalf("%s", begun.Raw)
			}
			status := map[string]int{"method_not_configured": 409}
			for code, closed := range closings(s) {
				open := closed(t)
				want := max(status[code], 403)
				refused(t, way.begin(t, mailbox), want, code)
				refused(t, way.send(t, object{"id": begun.JSON["id"]}), want, code)
				refused(t, way.confirm(t, object{"id": begun.JSON["id"], "code": "123456"}), want, code)
				open()
			}
			passkey := object{"kind": "passkey", "name": "Key"}
			key := way.begin(t, passkey)
			s.SetPolicy(t, "passkey_models=01000000-0000-0000-0000-000000000000")
			s.Clock.Advance(time.Second)
			made := object{"id": key.JSON["id"], "credential": json.RawMessage(keytest.Make(t, part(t, key, "options"), s.App.Config.PublicURL.String(), &keytest.Key{}, nil))}
			refused(t, way.begin(t, passkey), 409, "passkey_roots_missing")
			refused(t, way.confirm(t, made), 409, "passkey_roots_missing")
			s.App.SignIns.Plans.PasskeyRoots, s.App.Profile.Plans.PasskeyRoots = true, true
			refused(t, way.confirm(t, made), 403, "passkey_model")
			s.SetPolicy(t, "passkey_models=")
			s.App.SignIns.Plans.PasskeyRoots, s.App.Profile.Plans.PasskeyRoots = false, false
			refused(t, way.confirm(t, with(made, "credential", object{})), 422, "passkey_refused")
			s.App.SignIns.Plans.NoPasskeys, s.App.Profile.Plans.NoPasskeys = true, true
			s.Clock.Advance(time.Second)
			refused(t, way.begin(t, passkey), 409, "passkeys_no_domain")
			s.App.SignIns.Plans.NoPasskeys, s.App.Profile.Plans.NoPasskeys = false, false
		})
	}
}

// refusedDevice enters what is wrong for an app that is being set up, until no code is taken.
func refusedDevice(t *testing.T, s *apptest.Server, phone domaintest.Phone, confirm func(code string) apptest.Answer) {
	t.Helper()
	refused(t, confirm("1"), 422, "malformed_code")
	slow := phone
	slow.Off = -2 * time.Minute
	refused(t, confirm(slow.Code(s.Clock.Now())), 422, "clock_off")
	for range 4 {
		refused(t, confirm(phone.Wrong(s.Clock.Now())), 422, "wrong_code")
	}
	refused(t, confirm(phone.Wrong(s.Clock.Now())), 429, "too_many_attempts")
}

// TestRefusedSetUps: what is wrong with a name, an address and a code of a second factor that is being set up.
func TestRefusedSetUps(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	race := s.AddUser(t, s.Acme, "hedy@acme.test", "Hedy", user.Member)
	for i, way := range setUps(t, s) {
		t.Run(way.name, func(t *testing.T) {
			for address, code := range map[string]string{
				"sms ": "address_missing", "sms 0660 1234567": "phone_country_missing", "sms +43": "phone_invalid", "sms +43 1 5880 1000": "phone_not_mobile",
				"sms +53 5 1234567": "country_not_supported", "email nobody": "email_invalid",
			} {
				kind, address, _ := strings.Cut(address, " ")
				refused(t, way.begin(t, object{"kind": kind, "name": "New", "address": address}), 422, code)
			}
			refused(t, way.begin(t, object{"kind": "totp", "name": " "}), 422, "device_name")
			refused(t, way.confirm(t, object{"id": "fac_none", "code": "123456"}), 404, "factor_not_found")
			refused(t, way.send(t, object{"id": "fac_none"}), 404, "factor_not_found")

			app := way.begin(t, object{"kind": "totp", "name": "App"})
			phone, confirm := domaintest.Scan(t, text(app, "id"), text(app, "uri")), func(code string) apptest.Answer { return way.confirm(t, object{"id": text(app, "id"), "code": code}) }
			refusedDevice(t, s, phone, confirm)

			address := []string{"grace@example.com", "alan@example.com"}[i]
			mailbox := way.begin(t, object{"kind": "email", "name": "Mail", "address": address})
			id := object{"id": text(mailbox, "id")}
			refused(t, way.send(t, id), 429, "resend_too_soon")
			execute(t, s, db.Write(`UPDATE factors SET failures = 5, blocked_until = $2 WHERE factor_id = $1`, text(mailbox, "id"), db.At(s.Clock.Now().Add(time.Minute))))
			refused(t, way.send(t, id), 429, "too_many_attempts")
			execute(t, s, db.Write(`UPDATE factors SET failures = 0, blocked_until = 0 WHERE factor_id = $1`, text(mailbox, "id")))
			sent := codeSent(t, s, address)
			execute(t, s, db.Write(`UPDATE sent_codes SET expires_at = $1`, db.At(s.Clock.Now())))
			refused(t, way.confirm(t, with(id, "code", sent)), 422, "code_over")
			s.Clock.Advance(time.Minute)
			if got := way.send(t, id); got.Status != 202 {
				t.Fatalf("%s", got.Raw)
			}
			code := codeSent(t, s, address)
			s.Clock.Advance(time.Minute)
			refused(t, way.send(t, id), 429, "too_many_codes_sent")
			execute(t, s, db.Write(`DELETE FROM send_slots`))

			// Somebody else is faster with the same address.
			waits := s.BeginAddress(t, race, factor.Email, address)
			if err := s.Codes.Send(t.Context(), waits, waits.ID, 0, domaintest.By); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Factors.Confirm(t.Context(), race, factor.Try{
				AccountID: race.AccountID, UserID: race.ID, FactorID: waits.ID, Code: s.World.SentCode(t, race, waits.ID), Request: waits.ID, By: domaintest.By,
			}, 20, func(factor.Match) []db.Stmt { return nil }); err != nil {
				t.Fatal(err)
			}
			refused(t, way.confirm(t, with(id, "code", code)), 409, "address_taken")
			execute(t, s, db.Write(`UPDATE factors SET expires_at = $2 WHERE factor_id = $1`, text(app, "id"), db.At(s.Clock.Now())))
			refused(t, way.confirm(t, object{"id": text(app, "id"), "code": phone.Code(s.Clock.Now())}), 410, "enrolment_expired")
		})
	}
}

// TestRefusedNames: a name, an address and a place that another device of the same person has.
func TestRefusedNames(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.AddAddress(t, s.Grace, factor.Email, "taken@example.com")
	phone, _ := s.Enrol(t, s.Grace)
	person, add := session(t, s, s.Grace), object{"kind": "totp", "name": "my phone", "password": apptest.Password}
	refused(t, person.Call(t, "POST /v1/me/factors", add), 409, "device_name_taken")
	refused(t, person.Call(t, "POST /v1/me/factors", object{"kind": "email", "name": "Mail", "address": "Taken@example.com", "password": apptest.Password}), 409, "address_taken")
	add["name"] = "Tablet"
	begun := person.Must(t, 201, "POST /v1/me/factors", add)
	tablet := domaintest.Scan(t, text(begun, "id"), text(begun, "uri"))
	refused(t, person.Call(t, "PATCH /v1/me/factors/"+phone.FactorID, object{"name": " "}), 422, "device_name")
	refused(t, person.Call(t, "PATCH /v1/me/factors/"+phone.FactorID, object{"name": "tablet"}), 409, "device_name_taken")
	s.SetPolicy(t, "max_devices_per_kind=1")
	s.Clock.Advance(time.Second)
	refused(t, person.Call(t, "POST /v1/me/factors", with(add, "name", "Third")), 409, "device_limit")
	refused(t, person.Call(t, "POST /v1/me/factors/"+tablet.FactorID+"/confirm", object{"code": tablet.Code(s.Clock.Now())}), 409, "device_limit")

	// While signing in, a device is added only where a passkey is wanted besides.
	s.SetPolicy(t, "passkey_required=everyone", "max_devices_per_kind=5")
	s.Clock.Advance(otp.DefaultPeriod)
	pending := s.Password(t, s.Grace).Cookie
	s.API("").Must(t, 200, "POST /v1/sign-in/verify", object{"pending": pending, "code": phone.Code(s.Clock.Now())})
	refused(t, s.API("").Call(t, "POST /v1/sign-in/set-up", object{"pending": pending, "kind": "passkey", "name": "My Phone"}), 409, "device_name_taken")
}

// TestMailBeforeSetUp: where a token comes first, nothing is set up before it, and without a mail server none comes.
func TestMailBeforeSetUp(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	s.SetPolicy(t, "enforcement=required", "mailed_set_up=on")
	pending, anybody := s.Password(t, s.Grace).Cookie, s.API("")
	for route, body := range map[string]object{
		"POST /v1/sign-in/set-up/confirm": {"id": "fac_none", "code": "123456"}, "POST /v1/sign-in/set-up/send": {"id": "fac_none"},
	} {
		refused(t, anybody.Call(t, route, with(body, "pending", pending)), 409, "set_up_mail_first")
	}
	for range 2 {
		s.Clock.Advance(time.Minute)
		anybody.Must(t, 202, "POST /v1/sign-in/set-up/send", object{"pending": pending})
	}
	s.Clock.Advance(time.Minute)
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up/send", object{"pending": pending}), 429, "too_many_mails")
	mail := s.App.Channels.Mail
	s.App.Channels.Mail = nil
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up/send", object{"pending": pending}), 409, "set_up_no_mail")
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up", object{"pending": pending, "kind": "totp", "name": "App", "token": "0123456789abcdefghjkmnpqrs"}), 409, "set_up_no_mail")
	s.App.Channels.Mail = mail
	s.SetPolicy(t, "mailed_set_up=off")
	refused(t, anybody.Call(t, "POST /v1/sign-in/set-up/send", object{"pending": s.Password(t, s.Alan).Cookie}), 422, "invalid_request")

	s.SetPolicy(t, "enforcement=optional")
	s.Enrol(t, s.Ada)
	pending = s.Password(t, s.Ada).Cookie
	for route, body := range map[string]object{
		"POST /v1/sign-in/set-up/confirm": {"id": "fac_none", "code": "123456"}, "POST /v1/sign-in/set-up/send": {"id": "fac_none"},
	} {
		refused(t, anybody.Call(t, route, with(body, "pending", pending)), 403, "set_up_not_allowed")
	}
}

// TestRefusedKeyDevices: what can be wrong with the device of a key.
func TestRefusedKeyDevices(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	key, person := newKey(t, s, s.Grace, false, "Key", "read"), session(t, s, s.Grace)
	at, password := "/v1/me/api-keys/"+key.id, object{"password": apptest.Password}
	refused(t, person.Call(t, "DELETE "+at+"/device", password), 404, "factor_not_found")
	refused(t, person.Call(t, "POST "+at+"/device/confirm", object{"code": "123456"}), 404, "factor_not_found")
	begun := person.Must(t, 201, "POST "+at+"/device", password)
	phone := domaintest.Scan(t, key.id, text(begun, "uri"))
	confirm := func(code string) apptest.Answer {
		return person.Call(t, "POST "+at+"/device/confirm", object{"code": code})
	}
	refusedDevice(t, s, phone, confirm)
	s.Clock.Advance(factor.PendingFor)
	refused(t, confirm(phone.Code(s.Clock.Now())), 410, "enrolment_expired")
	made := object{"name": " ", "scopes": []string{"read"}, "password": apptest.Password}
	refused(t, person.Call(t, "POST /v1/me/api-keys", made), 422, "api_key_name")
	refused(t, person.Call(t, "POST /v1/me/api-keys", with(with(made, "name", "New"), "public_key", "none")), 422, "public_key_invalid")
	refused(t, person.Call(t, "PUT "+at+"/public-key", object{"public_key": "none", "password": apptest.Password}), 422, "public_key_invalid")
}
