package sentcode_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

const (
	number  = "+436641234567"
	mailbox = "ada@elsewhere.test"
)

// soak is the count for a night if SALLYPORT_SOAK is set, else the one for every day.
func soak(every, night int) int {
	if os.Getenv("SALLYPORT_SOAK") != "" {
		return night
	}
	return every
}

// send sends a code for a request to a factor as it is now.
func send(w *domaintest.World, f factor.Stored, request string) error {
	f, err := w.Factors.Stored(context.Background(), f.AccountID, f.UserID, f.ID)
	if err != nil {
		return err
	}
	return w.Codes.Send(context.Background(), f, request, 0, domaintest.By)
}

func mustSend(tb testing.TB, w *domaintest.World, f factor.Stored, request string) string {
	tb.Helper()
	if err := send(w, f, request); err != nil {
		tb.Fatalf("send for %s: %v", request, err)
	}
	return w.SentCode(tb, user.User{AccountID: f.AccountID, ID: f.UserID}, request)
}

// enter shows a code for a request, as a step-up does.
func enter(w *domaintest.World, u user.User, request, code string) error {
	_, err := w.Factors.Prove(context.Background(), u, code, request, 0, domaintest.By)
	return err
}

func want(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}

func failures(tb testing.TB, w *domaintest.World, f factor.Stored) int64 {
	tb.Helper()
	return w.Stored(tb, user.User{AccountID: f.AccountID, ID: f.UserID}, f.ID).Failures
}

// each runs a test with a person who has a number, on both engines.
func each(t *testing.T, fn func(t *testing.T, w *domaintest.World, sms factor.Stored)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		fn(t, w, w.AddAddress(t, w.Ada, factor.SMS, number))
	})
}

// TestOnce is B01: a code is good once.
func TestOnce(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		code := mustSend(t, w, sms, "ses_1")
		if len(code) != 6 {
			t.Errorf("the code is %q", code)
		}
		want(t, "the code", enter(w, w.Ada, "ses_1", code), nil)
		want(t, "again", enter(w, w.Ada, "ses_1", code), factor.ErrCodeOver)
	})
}

// TestOneOfFifty is B09: fifty posts at once over two servers, one of them is taken.
func TestOneOfFifty(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		other := w.Restart(t, w.DB)
		code := mustSend(t, w, sms, "ses_1")
		var taken atomic.Int64
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				err := enter([]*domaintest.World{w, other}[i%2], w.Ada, "ses_1", code)
				switch {
				case err == nil:
					taken.Add(1)
				case !errors.Is(err, factor.ErrCodeOver) && !errors.Is(err, factor.ErrUsedCode) && !errors.Is(err, factor.ErrWrongCode) && !errors.Is(err, throttle.ErrBlocked):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if taken.Load() != 1 {
			t.Errorf("taken %d times, want once", taken.Load())
		}
	})
}

// TestBoundToItsRequest is ASVS 6.6.2.
func TestBoundToItsRequest(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		alans := w.AddAddress(t, w.Alan, factor.SMS, "+436641234568")
		code := mustSend(t, w, sms, "ses_1")
		want(t, "without a request of that name", enter(w, w.Ada, "ses_2", code), factor.ErrCodeOver)
		want(t, "without any request", enter(w, w.Ada, "", code), factor.ErrCodeOver)
		want(t, "of another person", enter(w, w.Alan, "ses_1", code), factor.ErrCodeOver)
		second := mustSend(t, w, sms, "ses_2")
		for code == second { // one in a million
			w.Clock.Advance(factor.ResendAfter)
			second = mustSend(t, w, sms, "ses_2")
		}
		want(t, "in another request", enter(w, w.Ada, "ses_2", code), factor.ErrWrongCode)
		mustSend(t, w, alans, "ses_1")
		if err := enter(w, w.Alan, "ses_1", code); err == nil {
			t.Error("Alan's request of the same name takes Ada's code")
		}
		// That of an enrolment proves nothing else, and an enrolment takes no other.
		pending := w.BeginAddress(t, w.Ada, factor.Email, mailbox)
		enrolling := mustSend(t, w, pending, pending.ID)
		want(t, "an enrolment's in a sign-in", enter(w, w.Ada, pending.ID, enrolling), factor.ErrCodeOver)
		_, err := w.Factors.Confirm(t.Context(), w.Ada, factor.Try{
			AccountID: w.Ada.AccountID, UserID: w.Ada.ID, FactorID: pending.ID, Code: code, Request: "ses_1", By: domaintest.By,
		}, 20, func(factor.Match) []db.Stmt { return nil })
		want(t, "a sign-in's in an enrolment", err, factor.ErrCodeOver)
		want(t, "in its own", enter(w, w.Ada, "ses_1", code), nil)
	})
}

// TestTenMinutes is ASVS 6.5.5 and B12: nobody sweeps here.
func TestTenMinutes(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		for _, c := range []struct {
			after time.Duration
			want  error
		}{
			{9*time.Minute + 59*time.Second, nil},
			{10*time.Minute - time.Microsecond, nil},
			{10 * time.Minute, factor.ErrCodeOver},
			{10*time.Minute + time.Second, factor.ErrCodeOver},
			{24 * time.Hour, factor.ErrCodeOver},
		} {
			w.Clock.Advance(time.Hour)
			code := mustSend(t, w, sms, "ses_1")
			w.Clock.Advance(c.after)
			want(t, fmt.Sprint("after ", c.after), enter(w, w.Ada, "ses_1", code), c.want)
		}
		if n := failures(t, w, sms); n != 0 {
			t.Errorf("coming too late was charged %d times", n)
		}
	})
}

// TestFiveTries: five wrong ones end the code; the right one is the sixth.
func TestFiveTries(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		code := mustSend(t, w, sms, "ses_1")
		for i := range 5 {
			want(t, fmt.Sprint("wrong ", i+1), enter(w, w.Ada, "ses_1", domaintest.Other(code)), factor.ErrWrongCode)
		}
		want(t, "the right one, in the wait", enter(w, w.Ada, "ses_1", code), throttle.ErrBlocked)
		w.Clock.Advance(30 * time.Second)
		want(t, "the right one, after the wait", enter(w, w.Ada, "ses_1", code), factor.ErrCodeOver)
		want(t, "another in the wait of a minute", send(w, sms, "ses_1"), factor.ErrTooSoon)

		// The counter of the device outlives the code, a resend, another request and the process (D3, B16).
		w.Clock.Advance(30 * time.Second)
		again := w.Restart(t, w.DB)
		code = mustSend(t, again, sms, "ses_1")
		want(t, "wrong 6", enter(again, w.Ada, "ses_1", domaintest.Other(code)), factor.ErrWrongCode)
		want(t, "the right one", enter(again, w.Ada, "ses_1", code), throttle.ErrBlocked)
		want(t, "a code while none is taken", send(w, sms, "ses_2"), throttle.ErrBlocked)
		if n := failures(t, w, sms); n != 6 {
			t.Errorf("%d failures, want 6", n)
		}
		w.Clock.Advance(time.Minute)
		want(t, "the right one, after its wait", enter(again, w.Ada, "ses_1", code), nil)
		if n := failures(t, w, sms); n != 0 {
			t.Errorf("%d failures are left after a proof", n)
		}
	})
}

// TestGuessesOverRequests: tries of one request end no other's code, and all share the device's counter.
func TestGuessesOverRequests(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		first, second := mustSend(t, w, sms, "ses_1"), mustSend(t, w, sms, "ses_2")
		for range 3 {
			want(t, "wrong", enter(w, w.Ada, "ses_1", domaintest.Other(first)), factor.ErrWrongCode)
		}
		for range 2 {
			want(t, "wrong", enter(w, w.Ada, "ses_2", domaintest.Other(second)), factor.ErrWrongCode)
		}
		want(t, "a sixth, in either", enter(w, w.Ada, "ses_2", second), throttle.ErrBlocked)
	})
}

// TestThousandsOfGuessesAtOnce is B15 and B18.
func TestThousandsOfGuessesAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		other := w.Restart(t, w.DB)
		code := mustSend(t, w, sms, "ses_1")
		var evaluated atomic.Int64
		var wg sync.WaitGroup
		guesses := make(chan int)
		for range 32 {
			wg.Go(func() {
				for i := range guesses {
					err := enter([]*domaintest.World{w, other}[i%2], w.Ada, "ses_1", domaintest.Other(code))
					switch {
					case errors.Is(err, factor.ErrWrongCode):
						evaluated.Add(1)
					case !errors.Is(err, throttle.ErrBlocked) && !errors.Is(err, factor.ErrCodeOver):
						t.Errorf("a guess: %v", err)
					}
				}
			})
		}
		for i := range soak(500, 5000) {
			guesses <- i
		}
		close(guesses)
		wg.Wait()
		if evaluated.Load() != 5 || failures(t, w, sms) != 5 {
			t.Errorf("%d guesses were evaluated and %d charged, want 5", evaluated.Load(), failures(t, w, sms))
		}
	})
}

// TestResend is X14: not before a minute has passed, and the old code ends with it.
func TestResend(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		old := mustSend(t, w, sms, "ses_1")
		for after, left := range map[time.Duration]time.Duration{0: time.Minute, 59 * time.Second: time.Second, time.Minute - time.Microsecond: time.Second} {
			w.Clock.Advance(after)
			err := send(w, sms, "ses_1")
			if want(t, fmt.Sprint("after ", after), err, factor.ErrTooSoon); errs.From(err).RetryAfter != left || errs.From(err).Kind != errs.TooMany {
				t.Errorf("after %s: wait %s, want %s", after, errs.From(err).RetryAfter, left)
			}
			w.Clock.Advance(-after)
		}
		w.Clock.Advance(time.Minute)
		fresh := mustSend(t, w, sms, "ses_1")
		if fresh != old {
			want(t, "the old one", enter(w, w.Ada, "ses_1", old), factor.ErrWrongCode)
		}
		want(t, "the new one", enter(w, w.Ada, "ses_1", fresh), nil)
		// A refused resend has cost nothing: three of the address's three were not used up by it.
		w.Clock.Advance(time.Minute)
		want(t, "the third", send(w, sms, "ses_1"), nil)
		w.Clock.Advance(time.Minute)
		err := send(w, sms, "ses_1")
		if want(t, "the fourth in ten minutes", err, brake.ErrStopped); brake.LimitOf(err) != brake.PerAddress {
			t.Errorf("stopped by %q", brake.LimitOf(err))
		}
	})
}

// TestResendRaces: of all who press at one moment one sends, though the clocks of two
// servers differ a little; a clock put back an hour holds nobody up (F15).
func TestResendRaces(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		code := mustSend(t, w, sms, "ses_1")
		for _, behind := range []time.Duration{time.Microsecond, time.Second, 30 * time.Second} {
			w.Clock.Advance(-behind)
			want(t, fmt.Sprint("by a clock behind by ", behind), send(w, sms, "ses_1"), factor.ErrTooSoon)
			w.Clock.Advance(behind)
		}
		w.Clock.Advance(-time.Second)
		want(t, "the code, by a clock behind by a second", enter(w, w.Ada, "ses_1", code), nil)
		w.Clock.Advance(time.Second - time.Hour)
		want(t, "the code, by a clock put back an hour", enter(w, w.Ada, "ses_1", code), factor.ErrCodeOver)
		mustSend(t, w, sms, "ses_1")
	})
}

// TestOneLiveCode is I8: whichever way is chosen, and however fast, one code at most is alive for a request.
func TestOneLiveCode(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		mail := w.AddAddress(t, w.Ada, factor.Email, mailbox)
		first := mustSend(t, w, sms, "ses_1")
		second := mustSend(t, w, mail, "ses_1") // at once: it is another way
		want(t, "the first way's", enterAt(w, w.Ada, "ses_1", first, sms), factor.ErrCodeOver)
		want(t, "the second way's", enterAt(w, w.Ada, "ses_1", second, mail), nil)

		w.Clock.Advance(time.Hour)
		var wg sync.WaitGroup
		var sent atomic.Int64
		for i := range 100 {
			wg.Go(func() {
				switch err := send(w, []factor.Stored{sms, mail}[i%2], "ses_2"); {
				case err == nil:
					sent.Add(1)
				case !errors.Is(err, factor.ErrTooSoon) && !errors.Is(err, brake.ErrStopped):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := sent.Load(); n < 1 || n > 5 {
			t.Errorf("%d sent, want no more than a person may", n)
		}
		var live int
		for _, l := range w.Letters(t) {
			if _, err := w.Factors.Deliver(t.Context(), w.Ada.AccountID, w.Ada.ID, l.ID); err == nil {
				live++
			}
		}
		if live != 1 {
			t.Errorf("%d codes are alive, want one", live)
		}
	})
}

func enterAt(w *domaintest.World, u user.User, request, code string, f factor.Stored) error {
	f, err := w.Factors.Stored(context.Background(), u.AccountID, u.ID, f.ID)
	if err != nil {
		return err
	}
	_, err = w.Factors.Consume(context.Background(), factor.Try{
		AccountID: u.AccountID, UserID: u.ID, Factors: []factor.Stored{f}, FactorID: f.ID, Code: code, Request: request, By: domaintest.By,
	}, func(factor.Match) []db.Stmt { return nil })
	return err
}
