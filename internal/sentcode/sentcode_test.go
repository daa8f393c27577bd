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
	"sallyport/internal/sentcode"
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
		}, 20)
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
			{9*time.Minute + 59*time.Second, nil}, {10*time.Minute - time.Microsecond, nil}, {10 * time.Minute, factor.ErrCodeOver},
			{10*time.Minute + time.Second, factor.ErrCodeOver}, {24 * time.Hour, factor.ErrCodeOver},
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

// TestWhatCannotBeACode is D6: it costs nothing, or is read as what was meant.
func TestWhatCannotBeACode(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		code := mustSend(t, w, sms, "ses_1")
		for _, typed := range []string{"", "abcdef", code[:5], code + "1", code + "\x00", "\x00", "\xff\xff", "1e5000", "-12345", "١٢٣٤٥٦", " ", code + "\n" + code} {
			want(t, fmt.Sprintf("%q", typed), enter(w, w.Ada, "ses_1", typed), factor.ErrMalformed)
		}
		if n := failures(t, w, sms); n != 0 {
			t.Fatalf("charged %d times", n)
		}
		want(t, "with a blank", enter(w, w.Ada, "ses_1", code[:3]+" "+code[3:]), nil)
		w.Clock.Advance(time.Minute)
		wide := ""
		for _, r := range mustSend(t, w, sms, "ses_1") {
			wide += string(r - '0' + '０')
		}
		want(t, "in full width", enter(w, w.Ada, "ses_1", wide), nil)
	})
}

// TestNothingIsSentToTheBlocked: to a device that takes no code none is sent, and none is charged.
func TestNothingIsSentToTheBlocked(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		if err := w.DB.Run(t.Context(), db.Write(`UPDATE factors SET failures = 100 WHERE factor_id = $1`, sms.ID)); err != nil {
			t.Fatal(err)
		}
		before := len(w.Letters(t))
		want(t, "locked", send(w, sms, "ses_1"), factor.ErrLocked)
		if n := len(w.Letters(t)); n != before {
			t.Errorf("%d messages were queued", n-before)
		}
	})
}

// TestStopIsRecordedOnce: in the audit record once a day, in the metrics each time; and nothing is queued.
func TestStopIsRecordedOnce(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		stopped := map[brake.Limit]int{}
		w.Codes.Stopped = func(l brake.Limit) { stopped[l]++ }
		recorded := func() (n int) {
			if err := w.DB.Get(t.Context(), `SELECT count(*) FROM audit_events WHERE action = 'code.send_stopped' AND target_id = $1`, []any{sms.ID}, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		for day := range 2 {
			for i := range 3 {
				mustSend(t, w, sms, fmt.Sprint("ses_", day, i))
			}
			before := len(w.Letters(t))
			for range 4 {
				want(t, "a fourth", send(w, sms, "ses_9"), brake.ErrStopped)
			}
			if n := recorded(); n != day+1 {
				t.Errorf("day %d: recorded %d times", day+1, n)
			}
			if stopped[brake.PerAddress] != 4*(day+1) {
				t.Errorf("day %d: counted %v", day+1, stopped)
			}
			if n := len(w.Letters(t)); n != before {
				t.Errorf("%d messages were queued", n-before)
			}
			w.Clock.Advance(24 * time.Hour)
		}
	})
}

// TestSendWritesAllOrNothing: code, charge, message and record are one transaction.
func TestSendWritesAllOrNothing(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		count := func(table string) (n int) {
			if err := w.DB.Get(t.Context(), `SELECT count(*) FROM `+table, nil, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		mustSend(t, w, sms, "ses_1")
		letters, events := count("outbox"), count("audit_events")
		want(t, "too soon", send(w, sms, "ses_1"), factor.ErrTooSoon)
		if count("outbox") != letters || count("audit_events") != events {
			t.Error("a send that was refused left something")
		}
		mustSend(t, w, sms, "ses_2")
		if count("outbox") != letters+1 || count("audit_events") != events+1 {
			t.Error("a send is one message and one event")
		}
	})
}

// TestDeadCodesAreNotDelivered: an old one after a newer, one used, one too late, one of a device that is gone.
func TestDeadCodesAreNotDelivered(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		deliver := func(id string) error {
			_, err := w.Factors.Deliver(t.Context(), w.Ada.AccountID, w.Ada.ID, id)
			return err
		}
		sent := func(request string) string {
			mustSend(t, w, sms, request)
			c, err := factor.Sent(t.Context(), w.DB, w.Ada.AccountID, w.Ada.ID, request)
			if err != nil || c.Code != "" {
				t.Fatalf("%+v, %v; want a code that is not opened", c, err)
			}
			return c.ID
		}
		old := sent("ses_1")
		w.Clock.Advance(time.Minute)
		newest := sent("ses_1")
		want(t, "the old one", deliver(old), factor.ErrCodeOver)
		want(t, "the new one", deliver(newest), nil)
		if _, err := w.Factors.Deliver(t.Context(), w.Alan.AccountID, w.Alan.ID, newest); !errors.Is(err, factor.ErrCodeOver) {
			t.Errorf("of another person: %v", err)
		}
		want(t, "its use", enter(w, w.Ada, "ses_1", w.SentCode(t, w.Ada, "ses_1")), nil)
		want(t, "a used one", deliver(newest), factor.ErrCodeOver)
		late := sent("ses_2")
		w.Clock.Advance(10 * time.Minute)
		want(t, "a late one", deliver(late), factor.ErrCodeOver)
		w.Clock.Advance(time.Hour)
		gone := sent("ses_3")
		if err := w.DB.Run(t.Context(), db.Write(`DELETE FROM factors WHERE factor_id = $1`, sms.ID)); err != nil {
			t.Fatal(err)
		}
		want(t, "of a device that is gone", deliver(gone), factor.ErrCodeOver)
	})
}

// TestSweepSent leaves what can still be entered.
func TestSweepSent(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, sms factor.Stored) {
		sweep := func() {
			if _, err := factor.SweepSent(t.Context(), w.DB, w.Clock.Now(), 100); err != nil {
				t.Fatal(err)
			}
		}
		code := mustSend(t, w, sms, "ses_1")
		w.Clock.Advance(9 * time.Minute)
		sweep()
		want(t, "after a sweep", enter(w, w.Ada, "ses_1", code), nil)
		w.Clock.Advance(time.Hour)
		sweep()
		if _, err := factor.Sent(t.Context(), w.DB, w.Ada.AccountID, w.Ada.ID, "ses_1"); !errors.Is(err, factor.ErrNotFound) {
			t.Errorf("after an hour it lies there still: %v", err)
		}
	})
}

// FuzzClean: whatever is typed becomes six digits, in the same form again, or is refused.
func FuzzClean(f *testing.F) {
	for _, s := range []string{"123456", "123 456", "１２３４５６", "12345", "1234567", "\x00", "123\u200b456", "abc", ""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := sentcode.Method{Of: factor.SMS}.Clean(typed)
		if err != nil {
			if !errors.Is(err, factor.ErrMalformed) {
				t.Fatalf("%q: %v", typed, err)
			}
			return
		}
		if len(code) != 6 {
			t.Fatalf("%q became %q", typed, code)
		}
		if again, err := (sentcode.Method{}).Clean(code); again != code || err != nil {
			t.Fatalf("%q became %q, and that %q, %v", typed, code, again, err)
		}
	})
}
