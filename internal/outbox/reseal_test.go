package outbox_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/outbox"
)

// TestResealInPages: every waiting token is sealed anew, however many there are, and what has none stays as it is.
func TestResealInPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		const many = 450
		var stmts []db.Stmt
		for i := range many {
			s, err := outbox.SendToken(start, w.Ring, outbox.Message{
				AccountID: fmt.Sprint("acc_", i%3), UserID: "usr_1", Channel: outbox.Mail, Kind: outbox.ResetToken, Secret: []byte("token"), ExpiresAt: start.Add(time.Hour),
			}, audit.Operator())
			if err != nil {
				t.Fatal(err)
			}
			stmts = append(stmts, s, notice(start, "usr_2"))
		}
		run(t, d, stmts...)
		if err := errors.Join(w.Ring.Prepare(), w.Ring.Promote()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{many, 0} {
			if n, err := outbox.Reseal(t.Context(), d, w.Ring); n != want || err != nil {
				t.Errorf("sealed anew: %d, %v, want %d", n, err, want)
			}
		}
	})
}
