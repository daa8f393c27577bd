package session_test

import (
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// TestSweepIdle removes what was not used for longer than its own account allows and a quarter of an hour, and nothing else, in batches.
func TestSweepIdle(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "session_idle=10m")
		kept := w.Browse(t, w.Ada)
		for range 3 {
			w.Browse(t, w.Grace)
		}
		zeta, err := account.Create(t.Context(), d, w.Clock.Now(), "zeta", "Zeta", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		theirs := w.AddUser(t, zeta, "zoe@zeta.test", "Zoe", user.Member)
		hers, _, insert := session.Issue(w.Clock.Now(), zeta, theirs, theirs.Epoch, session.AAL1, []string{"pwd"}, domaintest.By)
		if err := d.Run(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
		sweeps := func(when string, all ...int64) {
			t.Helper()
			for _, want := range all {
				if n, err := session.SweepIdle(t.Context(), d, w.Clock.Now(), 2); err != nil || n != want {
					t.Errorf("%s: swept %d, %v; want %d", when, n, err, want)
				}
			}
		}
		w.Clock.Advance(9 * time.Minute)
		w.Open(t, kept.Cookie)
		w.Clock.Advance(9 * time.Minute)
		w.Open(t, kept.Cookie)
		w.Clock.Advance(7*time.Minute - time.Second)
		sweeps("idle, and looked at by others still", 0)
		w.Clock.Advance(time.Second)
		sweeps("idle", 2, 1, 0)
		wantError(t, "the one in use", check(t, w, kept.Cookie), nil)
		wantError(t, "one of an account that allows an hour", check(t, w, hers), nil)
		w.SetPolicy(t, "session_lifetime=10m")
		w.Clock.Advance(15 * time.Minute)
		sweeps("begun too long ago by the new policy", 1, 0)
	})
}

// TestListIsBounded: in a database that an older version filled, a list reads no more than it shows, and what has ended takes no place in it.
func TestListIsBounded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		fill := func(at time.Time, u user.User) {
			t.Helper()
			stmts := make([]db.Stmt, 10*session.Most)
			for i := range stmts {
				_, _, stmts[i] = session.Issue(at, w.Acme, u, u.Epoch, session.AAL1, []string{"pwd"}, domaintest.By)
			}
			if err := d.Run(t.Context(), stmts...); err != nil {
				t.Fatal(err)
			}
		}
		count := func(u user.User) int {
			t.Helper()
			all, err := session.Alive(t.Context(), d, w.Acme, u, w.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return len(all)
		}
		fill(w.Clock.Now(), w.Ada)
		if n := count(w.Ada); n < session.Most || n > 2*session.Most {
			t.Errorf("%d sessions in a list, want %d to %d", n, session.Most, 2*session.Most)
		}
		fill(w.Clock.Now(), w.Grace)
		if err := d.Run(t.Context(), user.EndSessions(w.Grace)); err != nil {
			t.Fatal(err)
		}
		grace, err := user.Get(t.Context(), d, w.Grace.AccountID, w.Grace.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(-time.Minute)
		w.Browse(t, grace)
		w.Clock.Advance(time.Minute)
		if n := count(grace); n != 1 {
			t.Errorf("%d sessions beside those that have ended, want 1", n)
		}
	})
}
