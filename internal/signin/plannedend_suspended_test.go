package signin_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// bySuspension suspends Acme, or resumes it, as its operator does.
func bySuspension(w *domaintest.World, suspended bool) error {
	_, err := w.Admin.AlterAccount(context.Background(), w.Acme.ID, account.Change{Suspended: &suspended}, audit.Operator())
	return err
}

// TestSuspensionCallsThePlanOff: in a suspended account nobody gets the mails by which they keep their second factor on, so no
// plan lives through that. Who means it plans anew, waits as long, and is told (K2).
func TestSuspensionCallsThePlanOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		wantError(t, "another account", err, nil)
		eve := w.AddUser(t, other, "eve@other.test", "Eve", user.Owner)
		wantError(t, "hers", d.Run(t.Context(), user.PlanEnd(eve, w.Clock.Now().Add(time.Hour))), nil)
		w.Enrol(t, w.Ada)
		w.Enrol(t, w.Grace)
		s := planned(t, w, w.Ada, "disable")
		planned(t, w, w.Grace, "disable")
		wantError(t, "suspend", bySuspension(w, true), nil)
		for _, u := range []user.User{w.Ada, w.Grace} {
			if kept := recorded(t, w, u, audit.TwoFactorKept); !endsAt(t, w, u).IsZero() || kept != 1 || queued(t, w, u, "disable_kept") != 1 {
				t.Errorf("%s: planned for %s, %d times recorded, %d times told", u.Name, endsAt(t, w, u), kept, queued(t, w, u, "disable_kept"))
			}
		}
		if queued(t, w, w.Alan, "disable_kept") != 0 || endsAt(t, w, eve).IsZero() {
			t.Error("who had no plan, or is of another account, is hit")
		}
		w.Clock.Set(s.EndsAt)
		if _, err := w.SignIn.EndDue(t.Context(), 10); err != nil || devices(t, w, w.Ada) == 0 {
			t.Errorf("in the suspension %d factors are left, %v", devices(t, w, w.Ada), err)
		}
		wantError(t, "resume", bySuspension(w, false), nil)
		if _, err := w.SignIn.EndDue(t.Context(), 10); err != nil || devices(t, w, w.Ada) == 0 || w.Password(t, w.Ada).State != signin.SecondFactor {
			t.Errorf("after it %d factors are left, %v", devices(t, w, w.Ada), err)
		}
		w.Clock.Advance(time.Hour)
		before := queued(t, w, w.Ada, "disable_cancel")
		s = planned(t, w, w.Ada, "disable") // a day from now
		if queued(t, w, w.Ada, "disable_cancel") != before+1 {
			t.Error("she is not told of the new plan")
		}
		w.Clock.Set(s.EndsAt)
		if _, err := w.SignIn.EndDue(t.Context(), 10); err != nil || devices(t, w, w.Ada) != 0 {
			t.Errorf("a day later %d factors are left, %v", devices(t, w, w.Ada), err)
		}
	})
}

// TestRestoreCallsPlansOff: a plan that is in a restored backup may have been a thief's, and its owner's to call off since. So none of
// any account is carried out, and all are told (ADR 19).
func TestRestoreCallsPlansOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		wantError(t, "another account", err, nil)
		eve := w.AddUser(t, other, "eve@other.test", "Eve", user.Owner)
		w.Enrol(t, w.Ada)
		s := planned(t, w, w.Ada, "disable")
		wantError(t, "hers", d.Run(t.Context(), user.PlanEnd(eve, w.Clock.Now().Add(time.Hour))), nil)
		wantError(t, "restore", admin.Restored(t.Context(), d, w.Clock.Now()), nil)
		for _, u := range []user.User{w.Ada, eve} {
			if kept := recorded(t, w, u, audit.TwoFactorKept); !endsAt(t, w, u).IsZero() || kept != 1 || queued(t, w, u, "disable_kept") != 1 {
				t.Errorf("%s: planned for %s, %d times recorded, %d times told", u.Name, endsAt(t, w, u), kept, queued(t, w, u, "disable_kept"))
			}
		}
		if queued(t, w, w.Alan, "disable_kept") != 0 {
			t.Error("who had no plan is told of one")
		}
		w.Clock.Set(s.EndsAt)
		if _, err := w.SignIn.EndDue(t.Context(), 10); err != nil || devices(t, w, w.Ada) == 0 {
			t.Errorf("%d factors are left, %v", devices(t, w, w.Ada), err)
		}
	})
}

// TestNothingEndsInASuspension: a plan that is there all the same, as an older version left it, is not carried out.
func TestNothingEndsInASuspension(t *testing.T) {
	for name, c := range map[string]struct{ end, begin string }{
		"account": {`UPDATE accounts SET suspended_at = 1`, `UPDATE accounts SET suspended_at = 0`},
		"person":  {`UPDATE users SET locked_at = 1 WHERE email = 'grace@acme.test'`, `UPDATE users SET locked_at = 0`},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				w.Enrol(t, w.Grace)
				s := planned(t, w, w.Grace, "disable")
				execute(t, w, c.end)
				w.Clock.Set(s.EndsAt)
				if n, err := w.SignIn.EndDue(t.Context(), 10); n != 1 || err != nil {
					t.Fatalf("%d were due, %v", n, err)
				}
				execute(t, w, c.begin)
				if devices(t, w, w.Grace) == 0 || !endsAt(t, w, w.Grace).IsZero() || recorded(t, w, w.Grace, audit.TwoFactorKept) != 1 {
					t.Errorf("%d factors, planned for %s, %d times kept", devices(t, w, w.Grace), endsAt(t, w, w.Grace), recorded(t, w, w.Grace, audit.TwoFactorKept))
				}
			})
		})
	}
}

// TestSuspensionBesideAPlan: whoever plans at the moment of the suspension, or of a restore, has planned nothing after it.
func TestSuspensionBesideAPlan(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		a.Enrol(t, a.Ada)
		for i := range soak(20, 120) {
			a.SetPolicy(t, "mailed_disable=disable", "mailed_disable_delay=24h")
			cookie, token := asked(t, a, a.Ada)
			var wg sync.WaitGroup
			var failed error
			wg.Go(func() { _, _ = confirm(a, cookie, token) })
			wg.Go(func() {
				if i%2 == 0 {
					failed = bySuspension(b, true)
				} else {
					failed = admin.Restored(context.Background(), b.DB, b.Clock.Now())
				}
			})
			wg.Wait()
			wantError(t, "suspend or restore", failed, nil)
			if off, kept := recorded(t, a, a.Ada, audit.TwoFactorOffPlanned), recorded(t, a, a.Ada, audit.TwoFactorKept); off != kept || !endsAt(t, a, a.Ada).IsZero() {
				t.Errorf("%d times planned, %d times called off, planned for %s", off, kept, endsAt(t, a, a.Ada))
			}
			wantError(t, "resume", bySuspension(a, false), nil)
			a.Clock.Advance(2 * time.Hour)
		}
	})
}
