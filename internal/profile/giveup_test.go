package profile_test

import (
	"errors"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
)

// TestRemoveAnUnconfirmedDevice: an enrolment that was begun can be given up, and nothing else changes.
func TestRemoveAnUnconfirmedDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		p := w.BeginPhone(t, b, "Tablet")
		cookie, last, err := w.Profile.RemoveDevice(t.Context(), b.Signed, p.FactorID, domaintest.Proofs, b.As())
		if err != nil || last {
			t.Fatalf("removed: last %v, %v", last, err)
		}
		b = w.Open(t, cookie)
		if _, _, err := w.Profile.ConfirmDevice(t.Context(), b.Signed, p.FactorID, p.Code(w.Clock.Now()), b.As()); !errors.Is(err, factor.ErrNotFound) {
			t.Errorf("confirmed after its removal: %v", err)
		}
	})
}
