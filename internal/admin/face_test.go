package admin_test

import (
	"context"
	"errors"
	"testing"

	"sallyport/internal/brand"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// TestWaitingForALogoEnds: while somebody else's picture is read, nobody waits longer than their request lives.
func TestWaitingForALogoEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		ada := w.Browse(t, w.Ada)
		putBack, err := w.Admin.TakePen(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ctx, leave := context.WithCancel(t.Context())
		said := make(chan error)
		go func() { said <- w.Admin.SetLogo(ctx, ada.Signed, []byte("no picture"), ada.As()) }()
		leave()
		if err := <-said; !errors.Is(err, context.Canceled) {
			t.Errorf("who left meanwhile: %v", err)
		}
		putBack()
		if err := w.Admin.SetLogo(t.Context(), ada.Signed, []byte("no picture"), ada.As()); !errors.Is(err, brand.ErrPicture) {
			t.Errorf("who came later: %v", err)
		}
	})
}
