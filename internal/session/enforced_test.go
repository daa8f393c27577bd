package session_test

import (
	"fmt"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// TestEnforcementMeetsOpenSessions is ASVS 6.3.3: when a second factor becomes required, or the grace ends, each open session of
// somebody who has none meets the demand at its next call, on every server, within a second; whoever has one goes on.
func TestEnforcementMeetsOpenSessions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		servers := []*domaintest.World{w, w.Restart(t, d), w.Restart(t, d)}
		open := map[string]domaintest.Browser{}
		for _, role := range []user.Role{user.Owner, user.Admin, user.Member} {
			for _, device := range []bool{false, true} {
				u := w.AddUser(t, w.Acme, fmt.Sprintf("%s-%v@acme.test", role, device), "", role)
				if device {
					w.Enrol(t, u)
				}
				open[fmt.Sprintf("%s, device %v", role, device)] = w.Browse(t, u)
			}
		}
		meets := func(what string, who ...string) {
			t.Helper()
			for name, b := range open {
				want := error(nil)
				for _, asked := range who {
					if name == asked+", device false" {
						want = session.ErrSetUp
					}
				}
				for i, server := range servers {
					wantError(t, fmt.Sprintf("%s: %s on server %d", what, name, i), check(t, server, b.Cookie), want)
				}
			}
		}
		meets("optional")
		for _, step := range []struct {
			settings []string
			who      []string
		}{
			{[]string{"enforcement=recommended"}, nil},
			{[]string{"enforcement_admins=required"}, []string{"owner", "admin"}},
			{[]string{"enforcement=required"}, []string{"owner", "admin", "member"}},
			{[]string{"enforcement=optional", "enforcement_admins=optional"}, nil}, // their sessions are as they were
			{[]string{"enforcement=required", "grace_days=1"}, nil},
			{[]string{"grace_days=0"}, []string{"owner", "admin", "member"}},
		} {
			w.SetPolicy(t, step.settings...)
			w.Clock.Advance(time.Second)
			meets(fmt.Sprint(step.settings), step.who...)
		}
		// A grace that runs out ends them at that moment, and nothing has to happen for it.
		w.SetPolicy(t, "grace_days=90", "session_lifetime=720h", "session_idle=720h", "enforcement=optional")
		w.SetPolicy(t, "enforcement=required", "grace_days=1")
		ends := w.Clock.Now().AddDate(0, 0, 1)
		for name, b := range open {
			open[name] = w.Browse(t, b.Signed.User)
		}
		w.Clock.Set(ends.Add(-time.Second))
		meets("a second before the grace ends")
		w.Clock.Set(ends)
		meets("when the grace ends", "owner", "admin", "member")
	})
}
