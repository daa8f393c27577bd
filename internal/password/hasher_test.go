package password

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"sallyport/internal/errs"
)

func TestHashAndVerify(t *testing.T) {
	h, ctx := New(Config{}), t.Context()
	for _, pw := range []string{
		"correct horse", "", "\x00", "abc\x00def", "パスワード✓", strings.Repeat("x", MaxBytes), "\xff\xfe", " trailing ",
	} {
		encoded, err := h.Hash(ctx, pw)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1$") || len(encoded) != 97 {
			t.Errorf("%q", encoded)
		}
		if ok, renew, err := h.Verify(ctx, encoded, pw); !ok || renew || err != nil {
			t.Errorf("%q does not verify: %v, renew %v, %v", pw, ok, renew, err)
		}
		for _, near := range []string{pw + "x", pw + "\x00", pw + " ", strings.ToUpper(pw) + "!"} {
			if ok, _, err := h.Verify(ctx, encoded, near); ok || err != nil {
				t.Errorf("%q verifies as %q: %v", near, pw, err)
			}
		}
		if again, _ := h.Hash(ctx, pw); again == encoded {
			t.Errorf("%q has the same hash twice", pw)
		}
	}
	if _, err := h.Hash(ctx, strings.Repeat("x", MaxBytes+1)); !errors.Is(err, ErrTooLong) {
		t.Errorf("a password above the limit: %v", err)
	}
	encoded, _ := h.Hash(ctx, strings.Repeat("x", MaxBytes))
	if ok, _, err := h.Verify(ctx, encoded, strings.Repeat("x", MaxBytes+1)); ok || err != nil {
		t.Errorf("cut to the limit it verifies: %v, %v", ok, err)
	}
}

// TestNoTwoPasswordsVerify is ASVS 6.2.8: nothing is cut, folded or normalised.
func TestNoTwoPasswordsVerify(t *testing.T) {
	h, ctx := New(Config{}), t.Context()
	pw := "caf\u00e9 Straße 123"
	encoded, err := h.Hash(ctx, pw)
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []string{
		"cafe\u0301 Straße 123", "CAF\u00c9 Straße 123", "caf\u00e9 Strasse 123", "caf\u00e9 Straße 12", "caf\u00e9  Straße 123",
	} {
		if ok, _, err := h.Verify(ctx, encoded, other); ok || err != nil {
			t.Errorf("%q verifies as %q: %v", other, pw, err)
		}
	}
}

// TestVerifyNothing takes as long as a real check of a wrong password, and as much of a slot.
func TestVerifyNothing(t *testing.T) {
	h, ctx := New(Config{}), t.Context()
	encoded, err := h.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	quickest := func(best *time.Duration, work func() error) {
		start := time.Now()
		if err := work(); err != nil {
			t.Fatal(err)
		}
		*best = min(*best, time.Since(start))
	}
	before := h.Stats().Done
	known, unknown := time.Hour, time.Hour
	differ := func() bool { return unknown < known/2 || unknown > known*2 }
	turns := uint64(0)
	for ; turns < 8 || turns < 64 && differ(); turns++ { // in turns, so that other work on the machine slows both
		quickest(&known, func() error { _, _, err := h.Verify(ctx, encoded, "wrong horse"); return err })
		quickest(&unknown, func() error { return h.VerifyNothing(ctx, "wrong horse") })
	}
	if done := h.Stats().Done - before; done != 2*turns {
		t.Errorf("%d hashes were done, want %d", done, 2*turns)
	}
	if differ() {
		t.Errorf("known user %s, unknown user %s", known, unknown)
	}
}

func TestOurOwnHashesAreReadStrictly(t *testing.T) {
	h, ctx := New(Config{}), t.Context()
	good, err := h.Hash(ctx, "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]string{
		"empty":              "",
		"plain text":         "correct horse",
		"no key":             good[:strings.LastIndexByte(good, '$')],
		"empty key":          good[:strings.LastIndexByte(good, '$')+1],
		"key cut":            good[:len(good)-1],
		"key longer":         good + "AAAA",
		"padded":             good + "=",
		"line end":           good + "\n",
		"blank before":       " " + good,
		"no salt":            strings.Replace(good, good[31:53], "", 1),
		"url-safe base64":    good[:60] + "-_" + good[62:],
		"other version":      strings.Replace(good, "v=19", "v=16", 1),
		"one parameter gone": strings.Replace(good, ",p=1", "", 1),
		"other order":        strings.Replace(good, "t=2,p=1", "p=1,t=2", 1),
	} {
		ok, renew, err := h.Verify(ctx, bad, "correct horse")
		if ok || renew || !errors.Is(err, ErrMalformedHash) {
			t.Errorf("%s: %v, %v, %v", name, ok, renew, err)
		}
	}
}

// busy returns a Hasher whose only slot is taken until free is called.
func busy(c Config) (h *Hasher, free func()) {
	c.Slots = 1
	h = New(c)
	h.slots <- struct{}{}
	return h, func() { <-h.slots }
}

func wantBusy(t *testing.T, err error) {
	t.Helper()
	if e := errs.From(err); !errors.Is(err, ErrBusy) || e.Kind != errs.Unavailable || e.RetryAfter <= 0 {
		t.Errorf("%v, want busy with a time to retry after", err)
	}
}

func TestQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, free := busy(Config{Queue: 2, Wait: time.Minute})
		results := make(chan error, 2)
		for range 2 {
			go func() { results <- h.VerifyNothing(context.Background(), "x") }()
		}
		synctest.Wait()
		wantBusy(t, h.VerifyNothing(context.Background(), "x"))
		if s := h.Stats(); s != (Stats{Slots: 1, Running: 1, Queued: 2, Refused: 1}) {
			t.Errorf("%+v", s)
		}
		free()
		if err := errors.Join(<-results, <-results); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if s := h.Stats(); s != (Stats{Slots: 1, Done: 2, Refused: 1}) {
			t.Errorf("%+v", s)
		}
	})
}

func TestWaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, _ := busy(Config{Wait: 2 * time.Second})
		start := time.Now()
		_, err := h.Hash(context.Background(), "x")
		wantBusy(t, err)
		if waited := time.Since(start); waited != 2*time.Second {
			t.Errorf("waited %s", waited)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		ok, _, err := h.Verify(ctx, h.decoy, "x")
		wantBusy(t, err)
		if ok || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, %v", ok, err)
		}
		wantBusy(t, h.VerifyNothing(ctx, "x")) // whose caller has gone already
		if s := h.Stats(); s.Queued != 0 || s.Done != 0 {
			t.Errorf("%+v", s)
		}
	})
}

func TestFirstComeFirstServed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, free := busy(Config{Wait: time.Minute})
		var order []int // appended to in the only slot
		done := make(chan struct{})
		for i := range 20 {
			go func() {
				_ = h.run(context.Background(), func() error { order = append(order, i); return nil })
				done <- struct{}{}
			}()
			synctest.Wait() // until this one waits in the queue
		}
		free()
		for range 20 {
			<-done
		}
		if !slices.IsSorted(order) || len(order) != 20 {
			t.Errorf("served in the order %v", order)
		}
	})
}

func TestAPanicFreesTheSlot(t *testing.T) {
	h := New(Config{Slots: 1})
	func() {
		defer func() { _ = recover() }()
		_ = h.run(t.Context(), func() error { panic("x") })
	}()
	if s := h.Stats(); s.Running != 0 {
		t.Errorf("%+v", s)
	}
}

func BenchmarkVerify(b *testing.B) {
	h := New(Config{})
	encoded, _ := h.Hash(b.Context(), "correct horse")
	for b.Loop() {
		if ok, _, err := h.Verify(b.Context(), encoded, "correct horse"); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
