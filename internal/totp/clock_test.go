package totp_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/user"
)

const step = 30 * time.Second

// try uses a code up through the one function that does, with the account's tolerance.
func try(tb testing.TB, w *domaintest.World, u user.User, code string) error {
	tb.Helper()
	_, err := w.Factors.Prove(context.Background(), u, code, "", w.Acme.Policy.ClockTolerance.Std(), domaintest.By)
	return err
}

func device(tb testing.TB, w *domaintest.World, u user.User, p domaintest.Phone) factor.Factor {
	tb.Helper()
	f, err := w.Factors.Get(context.Background(), u, p.FactorID)
	if err != nil {
		tb.Fatal(err)
	}
	return f
}

// TestToleranceMatrix is ASVS 6.5.5 and K10: each offset against each tolerance.
func TestToleranceMatrix(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		for _, tolerance := range []int64{0, 1, 3, 6} {
			w.SetPolicy(t, fmt.Sprintf("clock_tolerance=%ds", tolerance*30))
			for off := int64(-7); off <= 7; off++ {
				if off < -3 && off > -6 || off > 3 && off < 6 {
					continue // like their neighbours
				}
				w.Clock.Advance(time.Hour) // out of every wait and every window
				err := try(t, w, w.Ada, phone.Code(w.Clock.Now().Add(time.Duration(off)*step)))
				want := error(nil)
				if max(off, -off) > tolerance {
					want = factor.ErrWrongCode
				}
				if !errors.Is(err, want) {
					t.Errorf("tolerance %d steps, code of step %+d: %v, want %v", tolerance, off, err, want)
				}
				if f := device(t, w, w.Ada, phone); f.Drift != 0 {
					t.Fatalf("tolerance %d, step %+d: learnt a drift of %d from one code", tolerance, off, f.Drift)
				}
			}
		}
	})
}

// TestTwoConsecutiveCodesTeach is K10 with phones whose clocks are off.
func TestTwoConsecutiveCodesTeach(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for i, off := range []time.Duration{-180, -150, -60, 60, 150, 180} {
			off *= time.Second
			u := w.AddUser(t, w.Acme, fmt.Sprintf("u%d@acme.test", i), "", user.Member)
			phone, _ := w.Enrol(t, u)
			w.Clock.Advance(time.Hour)
			phone.Off = off
			wantError(t, off, "the first code", try(t, w, u, phone.Code(w.Clock.Now())), factor.ErrWrongCode)
			wantError(t, off, "the same code again", try(t, w, u, phone.Code(w.Clock.Now())), factor.ErrWrongCode)
			w.Clock.Advance(step)
			wantError(t, off, "the next code", try(t, w, u, phone.Code(w.Clock.Now())), nil)
			if f := device(t, w, u, phone); f.Drift != int64(off/step) || f.Failures != 0 {
				t.Errorf("%s: drift %d with %d failures, want %d with 0", off, f.Drift, f.Failures, off/step)
			}
			wantError(t, off, "the next code again", try(t, w, u, phone.Code(w.Clock.Now())), factor.ErrUsedCode)
			w.Clock.Advance(10 * time.Minute)
			wantError(t, off, "a later code", try(t, w, u, phone.Code(w.Clock.Now())), nil)
			w.Clock.Advance(10 * time.Minute)
			right := phone
			right.Off = 0
			wantError(t, off, "a code of the right time", try(t, w, u, right.Code(w.Clock.Now())), factor.ErrWrongCode)
			// The clock is put right: two codes teach that too.
			w.Clock.Advance(step)
			wantError(t, off, "the next code of the right time", try(t, w, u, right.Code(w.Clock.Now())), nil)
			if f := device(t, w, u, phone); f.Drift != 0 {
				t.Errorf("%s: drift %d after the clock was put right", off, f.Drift)
			}
		}
	})
}

func wantError(tb testing.TB, off time.Duration, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("clock off by %s: %s: %v, want %v", off, what, err, want)
	}
}

// TestWhatTeachesNothing: pairs that are not two consecutive codes of one device within three minutes.
func TestWhatTeachesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		cases := []struct {
			name string
			do   func(u user.User, a, b domaintest.Phone) error
		}{
			{"one left out", func(u user.User, a, _ domaintest.Phone) error {
				_ = try(t, w, u, a.Code(w.Clock.Now()))
				w.Clock.Advance(2 * step)
				return try(t, w, u, a.Code(w.Clock.Now()))
			}},
			{"in the wrong order", func(u user.User, a, _ domaintest.Phone) error {
				_ = try(t, w, u, a.Code(w.Clock.Now()))
				return try(t, w, u, a.Code(w.Clock.Now().Add(-step)))
			}},
			{"a wrong one between", func(u user.User, a, _ domaintest.Phone) error {
				_ = try(t, w, u, a.Code(w.Clock.Now()))
				_ = try(t, w, u, a.Wrong(w.Clock.Now()))
				w.Clock.Advance(step)
				return try(t, w, u, a.Code(w.Clock.Now()))
			}},
			{"of two devices", func(u user.User, a, b domaintest.Phone) error {
				b.Off = a.Off
				_ = try(t, w, u, a.Code(w.Clock.Now()))
				w.Clock.Advance(step)
				return try(t, w, u, b.Code(w.Clock.Now()))
			}},
			{"more than three minutes off", func(u user.User, a, _ domaintest.Phone) error {
				a.Off = 7 * step
				_ = try(t, w, u, a.Code(w.Clock.Now()))
				w.Clock.Advance(step)
				return try(t, w, u, a.Code(w.Clock.Now()))
			}},
			{"other device, after one has learnt", func(u user.User, a, b domaintest.Phone) error {
				_ = try(t, w, u, a.Code(w.Clock.Now()))
				w.Clock.Advance(step)
				if err := try(t, w, u, a.Code(w.Clock.Now())); err != nil {
					t.Errorf("teaching: %v", err)
				}
				b.Off = a.Off
				return try(t, w, u, b.Code(w.Clock.Now()))
			}},
		}
		for i, c := range cases {
			u := w.AddUser(t, w.Acme, fmt.Sprintf("u%d@acme.test", i), "", user.Member)
			a, browser, _ := w.AddPhone(t, w.Browse(t, u), "A")
			b, _, _ := w.AddPhone(t, browser, "B")
			w.Clock.Advance(time.Hour)
			a.Off = 4 * step
			if err := c.do(u, a, b); !errors.Is(err, factor.ErrWrongCode) {
				t.Errorf("%s: %v, want wrong_code", c.name, err)
			}
		}
	})
}

// TestImportedKeys: SHA-256, SHA-512, eight digits and other periods, brought from elsewhere.
func TestImportedKeys(t *testing.T) {
	const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for i, parameters := range []string{"", "&algorithm=SHA256", "&algorithm=SHA512&digits=8", "&digits=8&period=60"} {
			u := w.AddUser(t, w.Acme, fmt.Sprintf("u%d@acme.test", i), "", user.Member)
			b := w.Browse(t, u)
			phone := importPhone(t, w, b, "Imported", "otpauth://totp/Old:u?secret="+secret+parameters)
			w.Clock.Advance(time.Second) // in which a session may still be remembered
			if signed, err := w.Sessions.Check(t.Context(), b.Cookie); err == nil {
				t.Errorf("%s: the session without a second factor goes on: %+v", parameters, signed.Session)
			}
			if err := try(t, w, u, phone.Code(w.Clock.Now())); err != nil {
				t.Errorf("%s: sign-in: %v", parameters, err)
			}
		}
	})
}
