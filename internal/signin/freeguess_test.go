package signin_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// leaving is the context of a client that hangs up after so many looks at it.
type leaving struct {
	context.Context
	looks atomic.Int64
	gone  chan struct{}
}

func leaveAfter(looks int) *leaving {
	c := &leaving{Context: context.Background(), gone: make(chan struct{})}
	c.looks.Store(int64(looks))
	return c
}

func (c *leaving) look() bool {
	n := c.looks.Add(-1)
	if n == -1 {
		close(c.gone)
	}
	return n < 0
}

func (c *leaving) Done() <-chan struct{} { c.look(); return c.gone }

func (c *leaving) Err() error {
	if c.look() {
		return context.Canceled
	}
	return nil
}

// TestNoGuessIsCalledBack is D2: whenever a client hangs up, a wrong guess is charged if a
// right one at that moment would have got in. Otherwise guesses that fail would be free.
func TestNoGuessIsCalledBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		entered := 0
		for looks := range 12 {
			right := w.AddUser(t, w.Acme, "r"+string(rune('a'+looks))+"@acme.test", "", user.Member)
			wrong := w.AddUser(t, w.Acme, "w"+string(rune('a'+looks))+"@acme.test", "", user.Member)
			good, _ := w.Enrol(t, right)
			bad, _ := w.Enrol(t, wrong)
			w.Clock.Advance(time.Hour)
			cookie, guess := begin(t, w, right), begin(t, w, wrong)
			_, err := w.SignIn.Verify(leaveAfter(looks), cookie, signin.Attempt{Code: good.Code(w.Clock.Now())}, domaintest.By)
			_, _ = w.SignIn.Verify(leaveAfter(looks), guess, signin.Attempt{Code: bad.Wrong(w.Clock.Now())}, domaintest.By)
			if err != nil {
				continue
			}
			entered++
			if failures(t, w, wrong, bad.FactorID) == 0 {
				t.Errorf("gone after %d looks: a right code gets in, and a wrong one is not charged", looks)
			}
		}
		if entered == 0 {
			t.Error("no right code got in, so nothing was shown")
		}
	})
}

// TestSweepTellsNobodyApart is B91: a day later the unknown and the known are forgotten alike.
func TestSweepTellsNobodyApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		wrong := func(email string) time.Duration {
			_, err := w.SignIn.Password(t.Context(), signin.Credentials{Account: w.Acme.Slug, Email: email, Password: "not the password"}, domaintest.By)
			return errs.From(err).RetryAfter
		}
		for range 4 {
			wrong(w.Ada.Email)
			wrong("nobody@acme.test")
		}
		w.Clock.Advance(throttle.Keep + time.Minute)
		if _, err := throttle.Sweep(t.Context(), d, w.Clock.Now(), 100); err != nil {
			t.Fatal(err)
		}
		if known, unknown := wrong(w.Ada.Email), wrong("nobody@acme.test"); known != unknown {
			t.Errorf("a day later Ada waits %s and nobody %s", known, unknown)
		}
	})
}

// TestASignInForgivesTheAddress is D3: what strangers did to the address elsewhere ends with its owner's sign-in.
func TestASignInForgivesTheAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Grace)
		elsewhere := signin.Credentials{Account: "no-such-org", Email: w.Grace.Email, Password: "x"}
		for range 5 {
			_, _ = w.SignIn.Password(t.Context(), elsewhere, domaintest.By)
		}
		w.Clock.Advance(time.Hour)
		w.SignInWith(t, w.Grace, phone)
		_, err := w.SignIn.Password(t.Context(), elsewhere, domaintest.By)
		if wait := errs.From(err).RetryAfter; wait != 0 {
			t.Errorf("after her sign-in, one more stranger's try makes Grace wait %s", wait)
		}
	})
}

// TestWaitsOfAWrongClock is F15: a wait begun by a clock years ahead does not outlive the clock's mistake.
func TestWaitsOfAWrongClock(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		w.Clock.Advance(10 * 365 * 24 * time.Hour)
		for range 5 {
			_ = try(t, w, w.Ada, phone.Wrong(w.Clock.Now()))
			_, _ = w.SignIn.Password(t.Context(), signin.Credentials{Account: w.Acme.Slug, Email: w.Alan.Email, Password: "x"}, domaintest.By)
		}
		w.Clock.Advance(-10*365*24*time.Hour + time.Hour)
		wantError(t, "Ada's code", try(t, w, w.Ada, phone.Code(w.Clock.Now())), nil)
		w.Password(t, w.Alan)
	})
}
