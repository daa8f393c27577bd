package signin_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// failures reads how many wrong codes in a row are charged to a device.
func failures(tb testing.TB, w *domaintest.World, u user.User, factorID string) int64 {
	tb.Helper()
	f, err := w.Factors.Get(context.Background(), u, factorID)
	if err != nil {
		tb.Fatal(err)
	}
	return f.Failures
}

// TestWrongCodesShareOneCounter is B14: two hundred wrong codes, each in a sign-in of its own,
// stop at the limit, and the next process knows it (B16).
func TestWrongCodesShareOneCounter(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		phone, _ := a.Enrol(t, a.Ada)
		wrong := phone.Wrong(a.Clock.Now())
		for i := range 200 {
			w := []*domaintest.World{a, b}[i%2]
			err := try(t, w, w.Ada, wrong)
			wait := errs.From(err).RetryAfter
			switch {
			case i < 4 && (!errors.Is(err, factor.ErrWrongCode) || wait != 0):
				t.Fatalf("wrong code %d: %v with a wait of %s, want wrong_code without", i+1, err, wait)
			case i == 4 && (!errors.Is(err, factor.ErrWrongCode) || wait != 30*time.Second):
				t.Fatalf("wrong code 5: %v with a wait of %s, want wrong_code and 30s", err, wait)
			case i > 4 && (!errors.Is(err, throttle.ErrBlocked) || wait != 30*time.Second):
				t.Fatalf("wrong code %d: %v with a wait of %s, want too_many_attempts and 30s", i+1, err, wait)
			}
		}
		if n := failures(t, a, a.Ada, phone.FactorID); n != 5 {
			t.Errorf("%d failures charged, want 5: what is not evaluated is not charged", n)
		}
		again := a.Restart(t, b.DB)
		wantError(t, "a right code, in a new process", try(t, again, again.Ada, phone.Code(again.Clock.Now())), throttle.ErrBlocked)
	})
}

// TestWaitsGrow walks all waits to the second, up to the lock after a hundred, and out of it by a backup code.
func TestWaitsGrow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, codes := w.Enrol(t, w.Ada)
		for range 4 {
			wantError(t, "a wrong code", try(t, w, w.Ada, phone.Wrong(w.Clock.Now())), factor.ErrWrongCode)
		}
		waits := []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute}
		for i, wait := range waits {
			err := try(t, w, w.Ada, phone.Wrong(w.Clock.Now()))
			if !errors.Is(err, factor.ErrWrongCode) || errs.From(err).RetryAfter != wait {
				t.Fatalf("wrong code %d: %v with a wait of %s, want wrong_code and %s", i+5, err, errs.From(err).RetryAfter, wait)
			}
			w.Clock.Advance(wait - time.Second)
			err = try(t, w, w.Ada, phone.Code(w.Clock.Now()))
			if !errors.Is(err, throttle.ErrBlocked) || errs.From(err).RetryAfter != time.Second {
				t.Fatalf("a right code 1 s before the end of %s: %v with a wait of %s", wait, err, errs.From(err).RetryAfter)
			}
			w.Clock.Advance(time.Second)
		}
		// A right code refused during a wait is not burnt: the last one shown still works.
		shown := phone.Code(w.Clock.Now().Add(-time.Second))
		if err := try(t, w, w.Ada, shown); err != nil {
			t.Fatalf("a right code at the end of the wait: %v", err)
		}
		if n := failures(t, w, w.Ada, phone.FactorID); n != 0 {
			t.Fatalf("%d failures after a complete sign-in, want 0", n)
		}

		for i := range throttle.Lock {
			err := try(t, w, w.Ada, phone.Wrong(w.Clock.Now()))
			want := error(factor.ErrWrongCode)
			if i == throttle.Lock-1 {
				want = factor.ErrLocked
			}
			if !errors.Is(err, want) {
				t.Fatalf("wrong code %d: %v, want %v", i+1, err, want)
			}
			w.Clock.Advance(15 * time.Minute)
		}
		w.Clock.Advance(365 * 24 * time.Hour)
		wantError(t, "a right code a year after the lock", try(t, w, w.Ada, phone.Code(w.Clock.Now())), factor.ErrLocked)
		if err := try(t, w, w.Ada, codes[0]); err != nil {
			t.Fatalf("a backup code while the app is locked: %v", err)
		}
		if err := try(t, w, w.Ada, phone.Code(w.Clock.Now())); err != nil {
			t.Errorf("the app after a complete sign-in by a backup code: %v", err)
		}
	})
}

// TestParallelGuessesStopAtTheLimit is B15: thousands of wrong codes at once.
func TestParallelGuessesStopAtTheLimit(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		phone, _ := a.Enrol(t, a.Ada)
		n := soak(500, 5000)
		cookies := make([]string, n)
		for i := range cookies {
			cookies[i] = begin(t, a, a.Ada)
		}
		wrong := phone.Wrong(a.Clock.Now())
		var evaluated, blocked atomic.Int64
		var next atomic.Int64
		var wg sync.WaitGroup
		for client := range 64 {
			w := []*domaintest.World{a, b}[client%2]
			wg.Go(func() {
				for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
					_, err := verify(w, cookies[i], wrong)
					for errors.Is(err, db.ErrUnavailable) { // no connection was free in time: nothing was looked at
						_, err = verify(w, cookies[i], wrong)
					}
					switch {
					case errors.Is(err, factor.ErrWrongCode):
						evaluated.Add(1)
					case errors.Is(err, throttle.ErrBlocked):
						blocked.Add(1)
					default:
						t.Errorf("guess %d: %v", i, err)
					}
				}
			})
		}
		wg.Wait()
		if evaluated.Load() != 5 || blocked.Load() != int64(n-5) {
			t.Errorf("%d guesses evaluated and %d refused, want 5 and %d", evaluated.Load(), blocked.Load(), n-5)
		}
		if charged := failures(t, a, a.Ada, phone.FactorID); charged != 5 {
			t.Errorf("%d failures charged, want 5", charged)
		}
	})
}

// TestNothingButASignInForgives is D3: neither a new password step, nor Cancel, nor another device forgives.
func TestNothingButASignInForgives(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		other, _ := w.Enrol(t, w.Alan)
		for range 3 {
			cookie := begin(t, w, w.Ada)
			_, err := verify(w, cookie, phone.Wrong(w.Clock.Now()))
			wantError(t, "a wrong code", err, factor.ErrWrongCode)
			if err := w.SignIn.Cancel(t.Context(), cookie, knows, domaintest.By); err != nil {
				t.Fatal(err)
			}
		}
		w.Password(t, w.Ada)
		w.SignInWith(t, w.Alan, other)
		if _, err := verify(w, begin(t, w, w.Ada), "12345"); !errors.Is(err, factor.ErrMalformed) {
			t.Errorf("five digits: %v, want malformed_code", err)
		}
		if n := failures(t, w, w.Ada, phone.FactorID); n != 3 {
			t.Errorf("%d failures, want 3: what is no code is not charged, and nothing was forgiven", n)
		}
		wantError(t, "somebody else's code", try(t, w, w.Ada, other.Code(w.Clock.Now())), factor.ErrWrongCode)
		// Naming a device of somebody else tries nothing and charges nobody (B52).
		_, err := w.SignIn.Verify(t.Context(), begin(t, w, w.Ada), signin.Attempt{FactorID: other.FactorID, Code: other.Code(w.Clock.Now().Add(step))}, domaintest.By)
		wantError(t, "somebody else's device", err, factor.ErrNotFound)
		if n := failures(t, w, w.Alan, other.FactorID); n != 0 {
			t.Errorf("%d failures charged to somebody else", n)
		}
	})
}

// TestTwoDevicesTwoCounters: a code is charged to the devices it was compared with, and a
// device that is named alone answers for itself.
func TestTwoDevicesTwoCounters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		first, b, _ := w.AddPhone(t, w.SignInPlain(t, w.Ada), "First")
		second, _, _ := w.AddPhone(t, b, "Second")
		named := func(p domaintest.Phone, code string) error {
			_, err := w.SignIn.Verify(t.Context(), begin(t, w, w.Ada), signin.Attempt{Kind: factor.TOTP, FactorID: p.FactorID, Code: code}, domaintest.By)
			return err
		}
		wrong := func() string {
			for i := 0; ; i++ {
				code := fmt.Sprintf("%06d", i)
				step := first.Key.Step(w.Clock.Now())
				_, a := first.Key.Find(code, step-20, step+20)
				_, b := second.Key.Find(code, step-20, step+20)
				if !a && !b {
					return code
				}
			}
		}
		for range 5 {
			wantError(t, "wrong for the first", named(first, wrong()), factor.ErrWrongCode)
		}
		if f, s := failures(t, w, w.Ada, first.FactorID), failures(t, w, w.Ada, second.FactorID); f != 5 || s != 0 {
			t.Errorf("failures %d and %d, want 5 and 0", f, s)
		}
		wantError(t, "the first, named", named(first, first.Code(w.Clock.Now())), throttle.ErrBlocked)
		wantError(t, "the first, not named", try(t, w, w.Ada, first.Code(w.Clock.Now())), factor.ErrWrongCode)
		if s := failures(t, w, w.Ada, second.FactorID); s != 1 {
			t.Errorf("%d failures of the second, want 1: only it was compared", s)
		}
		if err := try(t, w, w.Ada, second.Code(w.Clock.Now())); err != nil {
			t.Errorf("the second: %v", err)
		}
		if err := named(first, first.Code(w.Clock.Now())); err != nil {
			t.Errorf("the first after a complete sign-in with the second: %v", err)
		}
		// When both are blocked the answer tells the shorter wait.
		for range 5 {
			wantError(t, "wrong for the first", named(first, wrong()), factor.ErrWrongCode)
		}
		w.Clock.Advance(10 * time.Second)
		for range 4 {
			wantError(t, "wrong for the second", named(second, wrong()), factor.ErrWrongCode)
		}
		err := named(second, wrong())
		if got := errs.From(err).RetryAfter; got != 30*time.Second {
			t.Errorf("the second's wait: %s, want 30s", got)
		}
		err = try(t, w, w.Ada, second.Code(w.Clock.Now()))
		if got := errs.From(err).RetryAfter; !errors.Is(err, throttle.ErrBlocked) || got != 20*time.Second {
			t.Errorf("both blocked: %v after %s, want too_many_attempts and 20s", err, got)
		}
	})
}
