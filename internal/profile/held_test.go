package profile_test

import (
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// TestAnEndedSessionChangesNothing: for up to a second a session is remembered after its end, and then it changes nothing of its person's.
func TestAnEndedSessionChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		enrolled, _ := w.Enrol(t, w.Ada)
		phone := enrolled.FactorID
		ada, grace := w.Browse(t, w.Ada), w.Browse(t, w.Grace)
		if err := d.Run(t.Context(), user.PlanEnd(grace.Signed.User, w.Clock.Now().Add(time.Hour))); err != nil {
			t.Fatal(err)
		}
		for _, b := range []domaintest.Browser{ada, grace} {
			wantError(t, "sign out", w.Sessions.SignOut(t.Context(), b.Signed, b.As()), nil)
		}
		before, err := audit.List(t.Context(), d, w.Acme.ID, 1000)
		wantError(t, "record", err, nil)
		wantError(t, "rename a device", w.Profile.RenameDevice(t.Context(), ada.Signed, phone, "Mine", ada.As()), session.ErrNone)
		wantError(t, "prefer a device", w.Profile.Prefer(t.Context(), ada.Signed, phone, ada.As()), session.ErrNone)
		wantError(t, "ask for an address", askEmail(w, grace, fresh, domaintest.Proofs), session.ErrNone)
		wantError(t, "choose a language", w.Profile.SetLanguage(t.Context(), grace.Signed, "de", grace.As()), session.ErrNone)
		wantError(t, "put off", w.Profile.NotNow(t.Context(), grace.Signed), session.ErrNone)
		planned, err := user.Get(t.Context(), d, w.Acme.ID, w.Grace.ID)
		wantError(t, "read", err, nil)
		still := *grace.Signed
		still.User = planned
		wantError(t, "keep the second factor", w.Profile.KeepTwoFactor(t.Context(), &still, grace.As()), session.ErrNone)
		after, err := audit.List(t.Context(), d, w.Acme.ID, 1000)
		wantError(t, "record", err, nil)
		if is, err := user.Get(t.Context(), d, w.Acme.ID, w.Grace.ID); err != nil || is.Language != planned.Language || !is.WelcomedAt.IsZero() || is.TwoFactorEndsAt.IsZero() {
			t.Errorf("Grace is now %+v, %v", is, err)
		}
		if len(after) != len(before) || len(w.Mailed(t, fresh)) != 0 {
			t.Errorf("%d events, want %d; %d mails to the new address", len(after), len(before), len(w.Mailed(t, fresh)))
		}
	})
}
