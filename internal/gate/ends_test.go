package gate_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// TestEnds: whatever ends somebody’s sessions at one server closes the door at another one within a second (security.md 7.4.1).
func TestEnds(t *testing.T) {
	each(t, func(t *testing.T, s *apptest.Server) {
		other := s.Another(t, doors)
		s.Enrol(t, s.Ada)
		ctx := t.Context()
		ends := []struct {
			what string
			do   func(b domaintest.Browser) error
		}{
			{"signed out", func(b domaintest.Browser) error { return s.Sessions.SignOut(ctx, b.Signed, b.As()) }},
			{"session ended by an administrator", func(b domaintest.Browser) error {
				ada := s.Browse(t, s.Ada)
				return s.Admin.EndSessions(ctx, ada.Signed.SecondFactor(s.Clock.Now()), ada.Signed, b.Signed.UserID, b.Signed.ID, ada.As())
			}},
			{"locked", func(b domaintest.Browser) error { return s.Admin.Lock(ctx, b.Signed.User, audit.Operator()) }},
			{"removed", func(b domaintest.Browser) error { return s.Admin.OperatorRemove(ctx, b.Signed.User) }},
			{"account suspended", func(domaintest.Browser) error {
				return account.SetSuspended(ctx, s.DB, s.Clock.Now(), s.Acme.ID, true, audit.Operator())
			}},
			{"second factor reset", func(b domaintest.Browser) error {
				ada := s.Browse(t, s.Ada)
				return s.Admin.Reset(ctx, ada.Signed.SecondFactor(s.Clock.Now()), ada.Signed, b.Signed.UserID, "phone lost", ada.As())
			}},
			{"password set", func(b domaintest.Browser) error {
				return s.Admin.SetPassword(ctx, s.Acme, b.Signed.User, "nine quiet harbour cranes", audit.Operator())
			}},
			{"password changed", func(b domaintest.Browser) error {
				_, err := s.Profile.ChangePassword(ctx, b.Signed, domaintest.Password, "nine quiet harbour cranes", b.As())
				return err
			}},
		}
		rounds, closed := soak(2*len(ends), 1000), 0
		for i := range rounds {
			end := ends[i%len(ends)]
			u := s.AddUser(t, s.Acme, fmt.Sprintf("person%d@acme.test", i), "A Person", user.Member)
			if end.what == "second factor reset" {
				s.Enrol(t, u)
			}
			b := s.Browse(t, u)
			pass := door(enter(t, s, b, dashboard))
			passes(t, "before", ask(t, other, dashboard, "", pass), u.ID)
			if err := end.do(b); err != nil {
				t.Fatalf("%s: %v", end.what, err)
			}
			s.Clock.Advance(999 * time.Millisecond) // within the second, by a clock that stands still
			a := ask(t, other, dashboard, "", pass)
			refused(t, end.what, a, http.StatusUnauthorized, "not_signed_in")
			if a.StatusCode == http.StatusUnauthorized {
				closed++
			}
			if end.what == "account suspended" {
				if err := account.SetSuspended(ctx, s.DB, s.Clock.Now(), s.Acme.ID, false, audit.Operator()); err != nil {
					t.Fatal(err)
				}
			}
		}
		t.Logf("%d of %d closed within a second", closed, rounds)
	})
}

// TestChanges: what an answer says of a person is out of date for a second at most, on another server too: role, address, organisation’s rules.
func TestChanges(t *testing.T) {
	each(t, func(t *testing.T, s *apptest.Server) {
		other := s.Another(t, doors)
		alan := s.Browse(t, s.Alan)
		pass := door(enter(t, s, alan, dashboard))
		passes(t, "an administrator", ask(t, other, dashboard, "roles=admin", pass), s.Alan.ID)
		if err := s.Admin.OperatorSetRole(t.Context(), s.Alan, user.Member); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(999 * time.Millisecond)
		if a := ask(t, other, dashboard, "", pass); a.StatusCode == 200 && a.Header.Get("Remote-Roles") != "member" {
			t.Errorf("told as %s", a.Header.Get("Remote-Roles"))
		}
		if a := ask(t, other, dashboard, "roles=admin", pass); a.StatusCode == 200 {
			t.Error("still let in where administrators are")
		}
		grace := s.Browse(t, s.Grace)
		pass = door(enter(t, s, grace, dashboard))
		first := ask(t, other, dashboard, "", pass).Header
		if _, err := s.DB.Exec(t.Context(), `UPDATE users SET email = 'hopper@acme.test' WHERE account_id = $1 AND user_id = $2`, s.Acme.ID, s.Grace.ID); err != nil { // nothing that ends a session
			t.Fatal(err)
		}
		s.Clock.Advance(999 * time.Millisecond)
		if then := ask(t, other, dashboard, "", pass).Header; then.Get("Remote-Email") != "hopper@acme.test" || then.Get("Sallyport-Assertion") == first.Get("Sallyport-Assertion") {
			t.Errorf("told as %s after that changed", then.Get("Remote-Email"))
		}
		s.SetPolicy(t, "enforcement=required", "grace_days=0")
		s.Clock.Advance(999 * time.Millisecond)
		refused(t, "who must set a second factor up", ask(t, other, dashboard, "", pass), 401, "set_up_required")
	})
}
