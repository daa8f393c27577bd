package throttle_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/throttle"
)

func TestWait(t *testing.T) {
	want := map[int64]time.Duration{0: 0, 1: 0, 4: 0, 5: 30 * time.Second, 6: time.Minute, 7: 2 * time.Minute, 8: 4 * time.Minute, 9: 8 * time.Minute, 10: 15 * time.Minute, 11: 15 * time.Minute, 100: 15 * time.Minute, 1 << 62: 15 * time.Minute}
	for n, d := range want {
		if got := throttle.Wait(n); got != d {
			t.Errorf("after %d failures %s, want %s", n, got, d)
		}
	}
	for n := int64(1); n < 1000; n++ {
		if throttle.Wait(n) < throttle.Wait(n-1) {
			t.Errorf("the wait falls at %d", n)
		}
	}
}

func TestWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		time.Nanosecond: "1 second", time.Second: "1 second", 1001 * time.Millisecond: "2 seconds", 30 * time.Second: "30 seconds", 90 * time.Second: "90 seconds",
		91 * time.Second: "2 minutes", 2 * time.Minute: "2 minutes", 15 * time.Minute: "15 minutes",
	} {
		if got := throttle.Words(d); got != want {
			t.Errorf("%s: %q, want %q", d, got, want)
		}
	}
}

// TestParallelFailuresShareOneLimit: of all at one moment five are charged, and a right one waits like the rest.
func TestParallelFailuresShareOneLimit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
		k := throttle.Key{AccountID: "acc_1", Subject: "password:usr_1"}
		fail := func(k throttle.Key) error {
			return d.Tx(t.Context(), func(tx *db.Tx) error { _, err := throttle.Fail(t.Context(), tx, k, now); return err })
		}
		var charged, refused atomic.Int64
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				switch err := fail(k); {
				case err == nil:
					charged.Add(1)
				case errors.Is(err, throttle.ErrBlocked):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if charged.Load() != 5 || refused.Load() != 95 {
			t.Errorf("%d charged, %d refused, want 5 and 95", charged.Load(), refused.Load())
		}
		if err := d.Run(t.Context(), throttle.Pass(now, k)); !errors.Is(err, throttle.ErrBlocked) {
			t.Errorf("a right one in the wait: %v", err)
		}
		if left, err := throttle.Left(t.Context(), d, k, now.Add(time.Second)); left != 29*time.Second || err != nil {
			t.Errorf("left %s, %v", left, err)
		}
		for _, other := range []throttle.Key{{AccountID: "acc_2", Subject: k.Subject}, {AccountID: "acc_1", Subject: "password:usr_2"}} {
			if err := d.Run(t.Context(), throttle.Pass(now, other)); err != nil {
				t.Errorf("%+v is blocked too: %v", other, err)
			}
		}

		// Sweeping forgives nobody who waits, and nobody who was here lately.
		now = now.Add(29 * time.Second)
		if n, err := throttle.Sweep(t.Context(), d, now.Add(-time.Minute), 10); n != 0 || err != nil {
			t.Errorf("%d swept, %v, want none", n, err)
		}
		now = now.Add(time.Second)
		if err := d.Run(t.Context(), throttle.Pass(now, k)); err != nil {
			t.Errorf("a right one after the wait: %v", err)
		}
		if err := fail(k); err != nil {
			t.Errorf("the sixth failure: %v", err)
		}
		if left, err := throttle.Left(t.Context(), d, k, now); left != time.Minute || err != nil {
			t.Errorf("left %s, %v: a right password alone forgives nothing", left, err)
		}
		if err := d.Run(t.Context(), throttle.Clear(k), throttle.Pass(now, k)); err != nil {
			t.Errorf("after clearing: %v", err)
		}
	})
}

// TestAGuessReadFirstSeesTheWait: of guesses at one moment some have read the clock before the one that began the
// longest wait, and run after it.
func TestAGuessReadFirstSeesTheWait(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
		k := throttle.Key{AccountID: "acc_1", Subject: "password:usr_1"}
		fail := func(at time.Time) error {
			return d.Tx(t.Context(), func(tx *db.Tx) error { _, err := throttle.Fail(t.Context(), tx, k, at); return err })
		}
		for range 10 {
			if err := fail(now); err != nil {
				t.Fatal(err)
			}
			now = now.Add(throttle.Longest)
		}
		now = now.Add(-throttle.Longest) // when the tenth began the longest wait
		for _, before := range []time.Duration{time.Microsecond, time.Second, 30 * time.Second} {
			at := now.Add(-before)
			if err := fail(at); !errors.Is(err, throttle.ErrBlocked) {
				t.Errorf("a guess that read the clock %s before: %v", before, err)
			}
			if err := d.Run(t.Context(), throttle.Pass(at, k)); !errors.Is(err, throttle.ErrBlocked) {
				t.Errorf("a right one that read it %s before: %v", before, err)
			}
			if left, err := throttle.Left(t.Context(), d, k, at); left <= throttle.Longest || err != nil {
				t.Errorf("%s before: %s left, %v", before, left, err)
			}
		}
		if err := d.Run(t.Context(), throttle.Pass(now.Add(-time.Hour), k)); err != nil {
			t.Errorf("with the clock put back an hour: %v", err)
		}
	})
}
