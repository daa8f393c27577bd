package admin_test

import (
	"testing"

	"sallyport/internal/admin"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// TestLink: what a program calls somebody is noted, changed and taken away; it ends their sessions, but no invitation.
func TestLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		now := func(u user.User) user.User {
			u, err := user.Get(t.Context(), d, u.AccountID, u.ID)
			if err != nil {
				t.Fatal(err)
			}
			return u
		}
		for i, id := range []string{"customer-1", "customer-1", "customer-2", "", ""} {
			was := now(w.Grace)
			wantError(t, "link", w.Admin.OperatorLink(t.Context(), w.Grace, id), nil)
			if is := now(w.Grace); is.ExternalID != id || (is.Epoch > was.Epoch) != (id != was.ExternalID) {
				t.Errorf("%d: linked to %q, epoch %d after %d", i, is.ExternalID, is.Epoch, was.Epoch)
			}
		}
		wantError(t, "link", w.Admin.OperatorLink(t.Context(), w.Grace, "customer-1"), nil)
		wantError(t, "one id for two", w.Admin.OperatorLink(t.Context(), w.Alan, "customer-1"), user.ErrExternalTaken)
		wantError(t, "no id", w.Admin.OperatorLink(t.Context(), w.Alan, "a b"), user.ErrExternal)
		if is := now(w.Alan); is.ExternalID != "" || is.Epoch != w.Alan.Epoch {
			t.Errorf("a refusal has changed him: %+v", is)
		}

		if err := d.Run(t.Context(), db.Write(`UPDATE users SET invited_at = 1 WHERE user_id = $1`, w.Alan.ID)); err != nil {
			t.Fatal(err)
		}
		id := "customer-3"
		wantError(t, "somebody invited, by the operator", w.Admin.OperatorLink(t.Context(), w.Alan, id), admin.ErrInvited)
		w.Enrol(t, w.Ada)
		ada := w.Browse(t, w.Ada)
		wantError(t, "by an owner", w.Admin.ChangeUser(t.Context(), proof(w, ada), ada.Signed, w.Alan.ID, admin.Change{ExternalID: &id}, ada.As()), admin.ErrInvited)
		if is := now(w.Alan); is.Epoch != w.Alan.Epoch {
			t.Error("his invitation has ended")
		}
	})
}
