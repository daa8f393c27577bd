package throttle_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/throttle"
)

// greedy counts the guesses that somebody gets within three hours who tries again and again at servers whose clocks are so far ahead or
// behind, and tells when each came.
func greedy(t *testing.T, d *db.DB, k throttle.Key, off ...time.Duration) (guesses []time.Duration) {
	t.Helper()
	start := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
	for at := time.Duration(0); at < 3*time.Hour; at += 30 * time.Second {
		for _, o := range off {
			for { // until it is refused
				err := d.Tx(t.Context(), func(tx *db.Tx) error {
					_, err := throttle.Fail(t.Context(), tx, k, start.Add(at+o))
					return err
				})
				if errors.Is(err, throttle.ErrBlocked) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if guesses = append(guesses, at); len(guesses) > 500 {
					t.Fatalf("with clocks off by %v guesses are free", off)
				}
			}
		}
	}
	return guesses
}

// TestClocksApartGiveNoGuesses: servers whose clocks are apart, however somebody goes to and fro between them, give at most one guess more
// than one server does, and that once and not in each wait: the difference itself, which the first wait is shorter by.
func TestClocksApartGiveNoGuesses(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		one := greedy(t, d, throttle.Key{AccountID: "acc_1", Subject: "one"}, 0)
		if len(one) != 20 { // five at once, waits of 30 s to 8 min, then one in each quarter of an hour
			t.Fatalf("one clock gives %d guesses: %v", len(one), one)
		}
		for _, off := range [][]time.Duration{
			{0, 90 * time.Second}, {0, -90 * time.Second}, {90 * time.Second, 0}, {0, 10 * time.Minute}, {0, -10 * time.Minute}, {0, 90 * time.Second, -10 * time.Minute},
		} {
			got := greedy(t, d, throttle.Key{AccountID: "acc_1", Subject: fmt.Sprint(off)}, off...)
			if len(got) > len(one)+1 {
				t.Errorf("clocks off by %v give %d guesses, one gives %d: %v", off, len(got), len(one), got)
			}
			t.Logf("clocks off by %v: %d guesses, with one clock %d", off, len(got), len(one))
		}
	})
}

// TestAClockSetRightLocksNobodyOut: after a clock was ahead and began the longest wait, the right one waits for that and the difference at
// most; where that was too much to be anything but an error, not at all.
func TestAClockSetRightLocksNobodyOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
		for _, c := range []struct{ ahead, wait time.Duration }{
			{0, throttle.Longest},
			{90 * time.Second, throttle.Longest + 90*time.Second},
			{10 * time.Minute, 25 * time.Minute},
			{db.Apart, throttle.Longest + db.Apart},
			{db.Apart + time.Second, 0},
			{time.Hour, 0},
			{10 * 365 * 24 * time.Hour, 0},
			{-10 * time.Minute, 5 * time.Minute},
			{-time.Hour, 0},
		} {
			k := throttle.Key{AccountID: "acc_1", Subject: fmt.Sprint("ahead ", c.ahead)}
			at := now.Add(c.ahead)
			for n := range 10 { // each at the end of the wait before
				fail := at.Add(-throttle.Longest * time.Duration(9-n))
				if err := d.Tx(t.Context(), func(tx *db.Tx) error { _, err := throttle.Fail(t.Context(), tx, k, fail); return err }); err != nil {
					t.Fatal(err)
				}
			}
			if left, err := throttle.Left(t.Context(), d, k, now); left != c.wait || err != nil {
				t.Errorf("after a clock %s ahead %s are left, %v; want %s", c.ahead, left, err, c.wait)
			}
			if c.wait > 0 {
				if err := d.Run(t.Context(), throttle.Pass(now.Add(c.wait-time.Second), k)); !errors.Is(err, throttle.ErrBlocked) {
					t.Errorf("%s ahead: before the end of the wait: %v", c.ahead, err)
				}
			}
			if err := d.Run(t.Context(), throttle.Pass(now.Add(c.wait), k)); err != nil {
				t.Errorf("%s ahead: after the wait: %v", c.ahead, err)
			}
		}
	})
}

// TestClocksApartShareTheMinute: servers whose clocks are apart note no more of a flood than one.
func TestClocksApartShareTheMinute(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)
		for _, ahead := range []time.Duration{90 * time.Second, 10 * time.Minute} {
			noted := 0
			for i := range 60 {
				at := now.Add(time.Duration(i) * 500 * time.Millisecond)
				if i%2 == 1 {
					at = at.Add(ahead)
				}
				err := throttle.Sparingly(t.Context(), d, throttle.Key{AccountID: "acc_1", Subject: ahead.String()}, at, func(bool) []db.Stmt { noted++; return nil })
				if err != nil {
					t.Fatal(err)
				}
			}
			if noted > throttle.PerMinute+1 { // the first, before the clock ahead began its minute
				t.Errorf("%s apart: %d notes in half a minute", ahead, noted)
			}
		}
	})
}
