package admin_test

import (
	"testing"

	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// madeKnown is somebody whom a program's check made known: without a password.
func madeKnown(t *testing.T, w *domaintest.World) user.User {
	t.Helper()
	kay, stmts, err := user.CreatingExternal(w.Clock.Now(), user.New{AccountID: w.Acme.ID, Email: "kay@acme.test"}, "kay", "", audit.Operator())
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "made known", w.DB.Run(t.Context(), stmts...), nil)
	return kay
}

// TestAnOwnerWithAPasswordStays: whom a program made known has no password here and signs in nowhere, so an owner of that kind is none who
// stays.
func TestAnOwnerWithAPasswordStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		kay := madeKnown(t, w)
		wantError(t, "promoted", w.Admin.OperatorSetRole(t.Context(), kay, user.Owner), nil)
		wantError(t, "removing the last with a password", w.Admin.OperatorRemove(t.Context(), w.Ada), admin.ErrLastOwner)
		wantError(t, "demoting the last with a password", w.Admin.OperatorSetRole(t.Context(), w.Ada, user.Member), admin.ErrLastOwner)
		wantError(t, "her own removal", w.Admin.OperatorRemove(t.Context(), kay), nil)
	})
}

// TestNoPasswordForACheckedPerson: the devices of whom a program made known were bound on its word, passkeys too, which sign in alone once
// there is a password (ADR 24). So they get none beside these.
func TestNoPasswordForACheckedPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		kay := madeKnown(t, w)
		wantError(t, "a password", w.Admin.SetPassword(t.Context(), w.Acme, read(t, w, kay), "nine quiet harbour cranes", audit.Operator()), admin.ErrChecked)
		if read(t, w, kay).HasPassword {
			t.Error("she has one")
		}
		invited, err := w.Admin.OperatorInvite(t.Context(), w.Acme.ID, admin.Invitee{Email: "new@acme.test", Role: user.Member})
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, "a password for somebody invited", w.Admin.SetPassword(t.Context(), w.Acme, read(t, w, invited), "nine quiet harbour cranes", audit.Operator()), nil)
	})
}
