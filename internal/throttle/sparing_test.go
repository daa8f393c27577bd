package throttle_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/throttle"
)

// TestSparingly: so much is noted in a minute however many come, at once or in a row, the last of it told so; then from the start.
func TestSparingly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, time.November, 23, 9, 0, 30, 0, time.UTC)
		mine := throttle.Key{AccountID: "acc_1", Subject: "refused:key_1"}
		noted := throttle.Key{AccountID: "acc_1", Subject: "noted"}
		var last atomic.Int64
		note := func(k throttle.Key, at time.Time) {
			t.Helper()
			err := throttle.Sparingly(t.Context(), d, k, at, func(l bool) []db.Stmt {
				if l {
					last.Add(1)
				}
				return []db.Stmt{throttle.Pass(at, throttle.Key{AccountID: "acc_1", Subject: "noted"}), db.Write(
					`UPDATE throttles SET failures = failures + 1 WHERE account_id = $1 AND subject = $2`, noted.AccountID, noted.Subject)}
			})
			if err != nil {
				t.Error(err)
			}
		}
		want := func(what string, n, lasts int64) {
			t.Helper()
			var got int64
			if err := d.Get(t.Context(), `SELECT failures FROM throttles WHERE account_id = $1 AND subject = $2`, []any{noted.AccountID, noted.Subject}, &got); err != nil {
				t.Fatal(err)
			}
			if got != n || last.Load() != lasts {
				t.Errorf("%s: %d noted, %d told that they are the last, want %d and %d", what, got, last.Load(), n, lasts)
			}
		}
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() { note(mine, now) })
		}
		all.Wait()
		if t.Failed() {
			return
		}
		if last.Load() < 1 { // a transaction may be run again
			t.Error("nobody was told to be the last")
		}
		last.Store(1)
		want("forty at once", throttle.PerMinute, 1)
		for second := range 60 {
			note(mine, now.Add(time.Duration(second)*time.Second))
		}
		want("for the rest of the minute", throttle.PerMinute, 1)
		note(throttle.Key{AccountID: "acc_1", Subject: "refused:key_2"}, now)
		note(throttle.Key{AccountID: "acc_2", Subject: mine.Subject}, now)
		want("of others", throttle.PerMinute+2, 1)
		for range 2 * throttle.PerMinute {
			note(mine, now.Add(time.Minute))
		}
		want("in the next minute", 2*throttle.PerMinute+2, 2)
		for range 2 * throttle.PerMinute { // the minute of a clock that was ahead holds nothing back
			note(mine, now.Add(-time.Hour))
		}
		want("with the clock put back", 3*throttle.PerMinute+2, 3)
	})
}
