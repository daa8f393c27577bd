package signin_test

import (
	"fmt"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// TestSignInDoesWhatIsOwed walks the truth table: after the right password, each person is where their row says, and told why.
func TestSignInDoesWhatIsOwed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		people := map[string]user.User{}
		for _, role := range []user.Role{user.Owner, user.Admin, user.Member} {
			for _, device := range []bool{false, true} {
				u := w.AddUser(t, w.Acme, fmt.Sprintf("%s-%v@acme.test", role, device), "", role)
				if device {
					w.Enrol(t, u)
				}
				people[fmt.Sprint(role, device)] = u
			}
		}
		exec := func(sql string, args ...any) {
			t.Helper()
			if _, err := d.Exec(t.Context(), sql, args...); err != nil {
				t.Fatal(err)
			}
		}
		now, last, rows := w.Clock.Now(), "", 0
		for _, r := range domaintest.Truth(t) {
			if r.NoWay { // the same state, which its page says
				continue
			}
			rows++
			required, joined, days, until := r.Times(now)
			if key := fmt.Sprint(r.Enforcement, r.Admins, r.Grace); key != last {
				p := account.Default()
				p.Enforcement, p.EnforcementAdmins, p.GraceDays = r.Enforcement, r.Admins, days
				if err := account.SetPolicy(t.Context(), d, now, w.Acme.ID, p, audit.Operator()); err != nil {
					t.Fatal(err)
				}
				exec(`UPDATE accounts SET required_at = CASE WHEN required_at > 0 THEN CAST($1 AS bigint) ELSE 0 END,
					admins_required_at = CASE WHEN admins_required_at > 0 THEN CAST($1 AS bigint) ELSE 0 END`, db.At(required))
				last = key
			}
			u := people[fmt.Sprint(r.Role, r.Device)]
			exec(`UPDATE users SET set_up_required = $2, created_at = $3 WHERE user_id = $1`, u.ID, r.Reset, db.At(joined))
			step, err := w.SignIn.AfterPassword(t.Context(), "acme", u.Email, domaintest.By)
			if err != nil || string(step.State) != r.State || step.Owed.Demand != r.Demand || step.Owed.Cause != r.Cause {
				t.Errorf("%s: %s, owed %+v, %v", r, step.State, step.Owed, err)
			}
			if r.Demand == account.InGrace && !step.Owed.By.Equal(until) {
				t.Errorf("%s: until %s, want %s", r, step.Owed.By, until)
			}
		}
		if rows != 432 {
			t.Errorf("%d rows", rows)
		}
	})
}
