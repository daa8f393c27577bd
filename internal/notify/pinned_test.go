package notify_test

import (
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

// TestNoticesGoWhereTheyWereDue: whoever takes an account over and gives it another address before the mail has left is not told in the
// owner's place of what they did (ASVS 6.3.7); a notice of what happens later goes to the new address. Once it is sent or dropped, the
// row holds no address any more.
func TestNoticesGoWhereTheyWereDue(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, _ factor.Stored) {
		ctx, old := t.Context(), w.Ada.Email
		run := func(stmts ...db.Stmt) {
			t.Helper()
			if err := w.DB.Run(ctx, stmts...); err != nil {
				t.Fatal(err)
			}
		}
		before, err := user.Get(ctx, w.DB, w.Acme.ID, w.Ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		run(user.PlanEnd(before, w.Clock.Now().Add(72*time.Hour)))
		u, err := user.Get(ctx, w.DB, w.Acme.ID, w.Ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		tell(t, w, u)
		run(outbox.Unfinished(w.Clock.Now(), u.AccountID, u.ID, domaintest.By))
		if err := w.Admin.SetEmail(ctx, u, "eve@evil.test", audit.Operator()); err != nil { // and calls off the planned end
			t.Fatal(err)
		}
		w.Deliver(t)
		if len(g.got) != 4 {
			t.Errorf("sent to %v, want four notices", g.got)
		}
		for i, to := range g.got {
			if to != old {
				t.Errorf("to %s:\n%s", to, g.texts[i])
			}
		}

		g.got = nil
		tell(t, w, u)
		w.Deliver(t)
		if len(g.got) != 1 || g.got[0] != "eve@evil.test" {
			t.Errorf("what happened afterwards was told to %v", g.got)
		}

		g.got = nil
		tell(t, w, u)
		run(db.Write(`UPDATE outbox SET recipient = '' WHERE state = 'queued'`)) // written by a version before this one
		w.Deliver(t)
		if len(g.got) != 1 || g.got[0] != "eve@evil.test" {
			t.Errorf("a notice without an address went to %v", g.got)
		}

		tell(t, w, u)
		run(db.Write(`DELETE FROM users WHERE user_id = $1`, u.ID))
		w.Deliver(t)
		for _, l := range w.Letters(t) {
			if l.State == outbox.Queued || l.Recipient != "" {
				t.Errorf("%s is %s, and names %q still", l.Kind, l.State, l.Recipient)
			}
		}
	})
}
