package api_test

import (
	"encoding/json"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// asker is a call that takes somebody's second factor: a code, or a passkey's answer.
type asker struct {
	name    string
	inside  bool // a session, by the person whose it is
	program bool // a check, in which no passkey answers
	prove   func(t *testing.T, members object) apptest.Answer
	options func(t *testing.T) apptest.Answer // of a passkey; nil in a check
	send    func(t *testing.T, method string) apptest.Answer
}

// askers are all calls that take the second factor of u, who has one. The account's policy asks for it at each.
func askers(t *testing.T, s *apptest.Server, u user.User) []asker {
	t.Helper()
	s.SetPolicy(t, "removal=password_and_code")
	execute(t, s, user.Link(s.Clock.Now(), u, u.ID, domaintest.By)...)
	shop := s.API(newKey(t, s, s.AddUser(t, s.Acme, "joan-"+u.ID+"@acme.test", "Joan", user.Owner), false, "Shop of "+u.Name, "checks").value)
	person, anybody := session(t, s, u), s.API("")
	in := func(call string) asker {
		return asker{
			name: call, inside: true,
			prove: func(t *testing.T, members object) apptest.Answer {
				return person.Call(t, call, with(members, "password", apptest.Password))
			},
			options: func(t *testing.T) apptest.Answer { return person.Call(t, "POST /v1/session/passkey/options", nil) },
			send: func(t *testing.T, method string) apptest.Answer {
				return person.Call(t, "POST /v1/me/factors/"+method+"/send", nil)
			},
		}
	}
	confirm := in("POST /v1/session/confirm")
	confirm.prove = func(t *testing.T, members object) apptest.Answer {
		return person.Call(t, "POST /v1/session/confirm", members)
	}
	pending := s.Password(t, u).Cookie
	check := "/v1/checks/" + text(shop.Must(t, 201, "POST /v1/checks", object{"user": object{"id": u.ID}}), "id")
	return []asker{
		confirm, in("POST /v1/me/backup-codes"), in("POST /v1/me/factors/fac_none/remove"),
		{
			name: "POST /v1/sign-in/verify",
			prove: func(t *testing.T, members object) apptest.Answer {
				return anybody.Call(t, "POST /v1/sign-in/verify", with(members, "pending", pending))
			},
			options: func(t *testing.T) apptest.Answer {
				return anybody.Call(t, "POST /v1/sign-in/passkey/options", object{"pending": pending})
			},
			send: func(t *testing.T, method string) apptest.Answer {
				return anybody.Call(t, "POST /v1/sign-in/send", object{"pending": pending, "method": method})
			},
		},
		{
			name: "POST /v1/checks/{id}/verify", program: true,
			prove: func(t *testing.T, members object) apptest.Answer {
				return shop.Call(t, "POST "+check+"/verify", members)
			},
			send: func(t *testing.T, method string) apptest.Answer {
				return shop.Call(t, "POST "+check+"/send", object{"method": method})
			},
		},
	}
}

// forgive ends all waits and locks of a person's factors.
func forgive(t *testing.T, s *apptest.Server, u user.User) {
	t.Helper()
	execute(t, s, db.Write(`UPDATE factors SET failures = 0, blocked_until = 0 WHERE user_id = $1`, u.ID))
}

// TestRefusedCodes: each call that takes a code says what is wrong with one.
func TestRefusedCodes(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	phone, _ := s.Enrol(t, s.Ada)
	all := askers(t, s, s.Ada)
	now := s.Clock.Now()
	wrong := object{"code": phone.Wrong(now)}
	used := object{"code": phone.Code(now)}
	if got := all[0].prove(t, used); got.Status != 204 {
		t.Fatalf("%s", got.Raw)
	}
	for _, a := range all {
		t.Run(a.name, func(t *testing.T) {
			refused(t, a.prove(t, object{"code": "1"}), 422, "malformed_code")
			refused(t, a.prove(t, used), 422, "used_code")
			for range 4 {
				refused(t, a.prove(t, wrong), 422, "wrong_code")
			}
			refused(t, a.prove(t, wrong), 429, "too_many_attempts")
			execute(t, s, db.Write(`UPDATE factors SET failures = $2, blocked_until = 0 WHERE user_id = $1`, s.Ada.ID, throttle.Lock))
			refused(t, a.prove(t, wrong), 429, "factor_locked")
			forgive(t, s, s.Ada)
			if !a.inside {
				refused(t, a.prove(t, object{"code": "1", "method": "backup_code"}), 422, "malformed_backup_code")
				refused(t, a.prove(t, object{"code": "123456", "method": "fac_none"}), 404, "factor_not_found")
			}
		})
	}
}

// TestRefusedSentCodes: a code that is over is no code, and none is sent too often, nor by a device that takes none.
func TestRefusedSentCodes(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	mailbox := s.AddAddress(t, s.Ada, factor.Email, "codes@acme.test")
	s.AddAddress(t, s.Ada, factor.SMS, "+436601234567")
	all := askers(t, s, s.Ada)
	for _, a := range all {
		code := object{"code": "123456"}
		if !a.inside { // at the sign-in one was sent to the number
			code["method"] = mailbox.ID
		}
		refused(t, a.prove(t, code), 422, "code_over")
	}
	for _, a := range all {
		t.Run(a.name, func(t *testing.T) {
			if a.inside && a.name != "POST /v1/session/confirm" {
				return // what is sent in a session is good for all of its calls
			}
			refused(t, a.send(t, "fac_none"), 404, "factor_not_found")
			a.send(t, mailbox.ID)
			refused(t, a.send(t, mailbox.ID), 429, "resend_too_soon")
			for range 2 {
				s.Clock.Advance(time.Minute)
				if got := a.send(t, mailbox.ID); got.Status != 202 {
					t.Fatalf("%s", got.Raw)
				}
			}
			s.Clock.Advance(time.Minute)
			refused(t, a.send(t, mailbox.ID), 429, "too_many_codes_sent")
			execute(t, s, db.Write(`UPDATE factors SET failures = 5, blocked_until = $1`, db.At(s.Clock.Now().Add(time.Minute))))
			refused(t, a.send(t, mailbox.ID), 429, "too_many_attempts")
			execute(t, s, db.Write(`UPDATE factors SET failures = $1`, throttle.Lock))
			refused(t, a.send(t, mailbox.ID), 429, "factor_locked")
			forgive(t, s, s.Ada)
			execute(t, s, db.Write(`DELETE FROM send_slots`))
		})
	}
}

// withKey is a session of u's that has just added a passkey, with its id.
func withKey(t *testing.T, s *apptest.Server, u user.User) (key *keytest.Key, id string, person *apptest.API) {
	t.Helper()
	key, person = &keytest.Key{}, session(t, s, u)
	begun := person.Must(t, 201, "POST /v1/me/factors", object{"kind": "passkey", "name": "Key", "password": apptest.Password})
	made := keytest.Make(t, part(t, begun, "options"), s.App.Config.PublicURL.String(), key, nil)
	done := person.Must(t, 200, "POST /v1/me/factors/"+text(begun, "id")+"/confirm", object{"credential": json.RawMessage(made)})
	return key, text(begun, "id"), s.API(done.JSON["session"].(object)["token"].(string))
}

// TestRefusedPasskeys: a passkey's answer that is late or none, and what can't be a code of somebody's who has a passkey.
func TestRefusedPasskeys(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.SetPolicy(t, "backup_codes=off")
	_, id, _ := withKey(t, s, s.Grace)
	for _, a := range askers(t, s, s.Grace) {
		if a.inside {
			refused(t, a.prove(t, object{"code": "123456"}), 404, "factor_not_found")
		} else {
			refused(t, a.prove(t, object{"code": "123456", "method": id}), 422, "passkey_refused")
		}
	}
	s.SetPolicy(t, "backup_codes=on")
	key, _, _ := withKey(t, s, s.Ada)
	all, late := askers(t, s, s.Ada), map[string]object{}
	for _, a := range all {
		if a.inside {
			refused(t, a.prove(t, object{"code": "1"}), 422, "malformed_backup_code")
		}
		if !a.program {
			ask := a.options(t)
			late[a.name] = object{"ceremony": text(ask, "ceremony"), "credential": json.RawMessage(key.Answer(t, part(t, ask, "options"), s.App.Config.PublicURL.String(), nil))}
			refused(t, a.prove(t, with(late[a.name], "credential", object{})), 422, "passkey_refused")
		}
	}
	ask := s.API("").Must(t, 200, "POST /v1/sign-in/passkey/options", object{})
	alone := object{"ceremony": text(ask, "ceremony"), "credential": json.RawMessage(key.Answer(t, part(t, ask, "options"), s.App.Config.PublicURL.String(), nil))}
	s.Clock.Advance(6 * time.Minute)
	for _, a := range all {
		if !a.program {
			refused(t, a.prove(t, late[a.name]), 410, "passkey_over")
		}
	}
	refused(t, s.API("").Call(t, "POST /v1/sign-in/passkey", alone), 410, "passkey_over")
}

// TestOnlyAPasskeyWillDo: where it is so, no other code is taken and none is sent, and the last passkey stays.
func TestOnlyAPasskeyWillDo(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	phone, _ := s.Enrol(t, s.Grace)
	mailbox := s.AddAddress(t, s.Grace, factor.Email, "codes@acme.test")
	_, id, person := withKey(t, s, s.Grace)
	s.SetPolicy(t, "passkey_required=everyone")
	s.Clock.Advance(time.Second)
	refused(t, person.Call(t, "POST /v1/me/factors/"+id+"/remove", object{"password": apptest.Password}), 409, "passkey_required")
	for _, a := range askers(t, s, s.Grace) {
		code := object{"code": phone.Code(s.Clock.Now())}
		if !a.inside {
			code["method"] = phone.FactorID
		}
		refused(t, a.prove(t, code), 403, "passkey_needed")
		refused(t, a.send(t, mailbox.ID), 403, "passkey_needed")
	}
}
