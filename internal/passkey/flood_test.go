package passkey_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// TestRefusedAnswersDoNotFillTheRecord: who has somebody's password can answer for a passkey as often as they like, and is recorded a few
// times a minute, for each person.
func TestRefusedAnswersDoNotFillTheRecord(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		want := func(u user.User, n, lasts int) {
			t.Helper()
			events, err := audit.List(t.Context(), d, w.Acme.ID, 1000)
			if err != nil {
				t.Fatal(err)
			}
			got, told := 0, 0
			for _, e := range events {
				if e.Action == audit.PasskeyRefused && e.Person == u.ID {
					got++
					if e.Detail["further"] == audit.NotRecorded {
						told++
					}
				}
			}
			if got != n || told != lasts {
				t.Errorf("%s: %d recorded, %d of them told to be the last, want %d and %d", u.Email, got, told, n, lasts)
			}
		}
		answer := func(u user.User, times int) {
			t.Helper()
			for range times {
				if _, err := w.Factors.ProveAnswer(t.Context(), u, `{}`, "none", "sig_1", domaintest.By); !errors.Is(err, factor.ErrPasskey) {
					t.Fatalf("answered with %v", err)
				}
			}
		}
		answer(w.Grace, 3*throttle.PerMinute)
		want(w.Grace, throttle.PerMinute, 1)
		answer(w.Ada, 1)
		want(w.Ada, 1, 0)
		w.Clock.Advance(time.Minute)
		answer(w.Grace, 3*throttle.PerMinute)
		want(w.Grace, 2*throttle.PerMinute, 2)
	})
}
