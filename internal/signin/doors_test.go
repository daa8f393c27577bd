package signin_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// soak is the count for a night if SALLYPORT_SOAK is set, else the one for every day.
func soak(every, night int) int {
	if os.Getenv("SALLYPORT_SOAK") != "" {
		return night
	}
	return every
}

// begin passes the first door without hashing.
func begin(tb testing.TB, w *domaintest.World, u user.User) string {
	tb.Helper()
	step, err := w.SignIn.AfterPassword(context.Background(), "acme", u.Email, domaintest.By)
	if err != nil {
		tb.Fatalf("first door of %s: %v", u.Email, err)
	}
	return step.Cookie
}

// knownBrowser is one that has signed everybody in before, so nobody is told of it.
func knownBrowser(string, string) bool { return true }

// verify shows a code at the second door.
func verify(w *domaintest.World, cookie, code string) (signin.Step, error) {
	return w.SignIn.Verify(context.Background(), cookie, signin.Attempt{Code: code, Known: func(string, string) bool { return true }}, domaintest.By)
}

// try passes the first door and shows a code at the second.
func try(tb testing.TB, w *domaintest.World, u user.User, code string) error {
	tb.Helper()
	_, err := verify(w, begin(tb, w, u), code)
	return err
}

func wantError(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestPasswordAloneOpensOnlyWithoutAFactor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		plain := w.SignInPlain(t, w.Grace)
		if plain.Signed.Level != session.AAL1 || len(plain.Signed.AMR) != 1 || plain.Signed.AMR[0] != "pwd" {
			t.Errorf("level %s by %v, want aal1 by pwd", plain.Signed.Level, plain.Signed.AMR)
		}

		phone, _ := w.Enrol(t, w.Ada)
		// Whatever the policy says, a person with a factor never gets in on the password alone.
		for _, settings := range [][]string{nil, {"removal=recent_sign_in"}, {"enrolment=recent_sign_in"}, {"clock_tolerance=180s"}} {
			w.SetPolicy(t, settings...)
			step := w.Password(t, w.Ada)
			if step.State != signin.SecondFactor || step.Devices != 1 {
				t.Fatalf("policy %v: state %s with %d devices, want second_factor with 1", settings, step.State, step.Devices)
			}
			if _, err := w.Sessions.Check(t.Context(), step.Cookie); !errors.Is(err, session.ErrNone) {
				t.Errorf("the pending cookie as a session: %v, want ErrNone", err)
			}
		}
		w.SetPolicy(t, "clock_tolerance=30s")
		full := w.SignInWith(t, w.Ada, phone)
		if full.Signed.Level != session.AAL2 {
			t.Errorf("level %s after both doors, want aal2", full.Signed.Level)
		}
		// A session is no pending sign-in either.
		_, err := w.SignIn.Pending(t.Context(), full.Cookie)
		wantError(t, "the session's cookie as a pending one", err, signin.ErrExpired)
		_, err = verify(w, full.Cookie, phone.Code(w.Clock.Now().Add(time.Minute)))
		wantError(t, "a code with the session's cookie", err, signin.ErrExpired)
	})
}

func TestPendingSignInLivesTenMinutesAndOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		cookie := begin(t, w, w.Ada)
		w.Clock.Advance(signin.PendingFor - time.Microsecond)
		if _, err := w.SignIn.Pending(t.Context(), cookie); err != nil {
			t.Errorf("just before its end: %v", err)
		}
		late := phone.Code(w.Clock.Now())
		w.Clock.Advance(time.Microsecond)
		_, err := verify(w, cookie, late)
		wantError(t, "at its end", err, signin.ErrExpired)

		cookie = begin(t, w, w.Ada)
		if _, err := verify(w, cookie, late); err != nil {
			t.Errorf("the code refused with an expired sign-in was burnt: %v", err)
		}
		w.Clock.Advance(time.Minute)
		_, err = verify(w, cookie, phone.Code(w.Clock.Now()))
		wantError(t, "a second session from one pending sign-in", err, signin.ErrExpired)

		cookie = begin(t, w, w.Ada)
		for range 2 { // a second Cancel is no error
			if err := w.SignIn.Cancel(t.Context(), cookie, knows, domaintest.By); err != nil {
				t.Error(err)
			}
		}
		_, err = verify(w, cookie, phone.Code(w.Clock.Now()))
		wantError(t, "after Cancel", err, signin.ErrExpired)
	})
}

// TestPendingSignInDies: with a lock, a password change, a reset and a change of factors (section 3).
func TestPendingSignInDies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		cases := []struct {
			name string
			do   func(t *testing.T, u user.User, b domaintest.Browser) error
		}{
			{"lock", func(t *testing.T, u user.User, _ domaintest.Browser) error {
				return w.Admin.Lock(t.Context(), u, audit.Operator())
			}},
			{"lock and unlock", func(t *testing.T, u user.User, _ domaintest.Browser) error {
				return errors.Join(w.Admin.Lock(t.Context(), u, audit.Operator()), w.Admin.Unlock(t.Context(), u, audit.Operator()))
			}},
			{"password set", func(t *testing.T, u user.User, _ domaintest.Browser) error {
				return w.Admin.SetPassword(t.Context(), w.Acme, u, "nine quiet harbour cranes", audit.Operator())
			}},
			{"password changed", func(t *testing.T, _ user.User, b domaintest.Browser) error {
				_, err := w.Profile.ChangePassword(t.Context(), b.Signed, domaintest.Password, "nine quiet harbour cranes", b.As())
				return err
			}},
			{"reset", func(t *testing.T, u user.User, _ domaintest.Browser) error {
				return w.Admin.ResetTwoFactor(t.Context(), u, "lost phone", audit.Operator())
			}},
			{"new backup codes", func(t *testing.T, _ user.User, b domaintest.Browser) error {
				_, _, err := w.Profile.NewBackupCodes(t.Context(), b.Signed, domaintest.Proofs, w.CodeSet(t, b.Signed.User), b.As())
				return err
			}},
			{"device added", func(t *testing.T, _ user.User, b domaintest.Browser) error {
				w.AddPhone(t, b, "Second")
				return nil
			}},
		}
		for i, c := range cases {
			u := w.AddUser(t, w.Acme, string(rune('a'+i))+"@acme.test", c.name, user.Member)
			phone, b, _ := w.AddPhone(t, w.SignInPlain(t, u), "My Phone")
			cookie := begin(t, w, u)
			if _, err := w.SignIn.Pending(t.Context(), cookie); err != nil {
				t.Fatalf("%s: pending before: %v", c.name, err)
			}
			if err := c.do(t, u, b); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			if step, err := verify(w, cookie, phone.Code(w.Clock.Now())); !errors.Is(err, signin.ErrExpired) {
				t.Errorf("%s: the pending sign-in goes on to %q: %v, want ErrExpired", c.name, step.State, err)
			}
			w.Clock.Advance(time.Second)
			_, err := w.Sessions.Check(t.Context(), b.Cookie)
			wantError(t, c.name+": the old session", err, session.ErrNone)
		}
	})
}

// TestShutOutEverywhere is B26: locked people and suspended accounts are refused at every
// door, and are told so only after the right password.
func TestShutOutEverywhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, codes := w.Enrol(t, w.Ada)
		b := w.SignInWith(t, w.Ada, phone)
		w.Clock.Advance(time.Minute)
		password := func(pw string) error {
			_, err := w.SignIn.Password(t.Context(), signin.Credentials{Account: "acme", Email: w.Ada.Email, Password: pw}, domaintest.By)
			return err
		}
		shut := func(what string, want error) {
			t.Helper()
			pending := begin(t, w, w.Ada) // as if the password had been right a moment before
			wantError(t, what+": right password", password(domaintest.Password), want)
			wantError(t, what+": wrong password", password("not the password"), signin.ErrCredentials)
			for _, code := range []string{phone.Code(w.Clock.Now()), codes[0]} {
				if step, err := verify(w, pending, code); err == nil {
					t.Errorf("%s: the second door opens to %s", what, step.State)
				}
			}
			_, err := w.Sessions.Check(t.Context(), b.Cookie)
			wantError(t, what+": session", err, session.ErrNone)
		}

		if err := w.Admin.Lock(t.Context(), w.Ada, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Second)
		shut("locked", user.ErrLocked)
		if err := w.Admin.Unlock(t.Context(), w.Ada, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		b = w.SignInWith(t, w.Ada, phone)
		w.Clock.Advance(time.Minute)

		suspend(t, d, w.Acme, w.Clock.Now())
		w.Clock.Advance(time.Second)
		shut("suspended", account.ErrSuspended)
		suspend(t, d, w.Acme, time.Time{})
		if err := try(t, w, w.Ada, phone.Code(w.Clock.Now())); err != nil {
			t.Errorf("resumed: %v", err)
		}
	})
}

func suspend(t *testing.T, d *db.DB, a account.Account, at time.Time) {
	t.Helper()
	if err := d.Run(t.Context(), db.Write(`UPDATE accounts SET suspended_at = $2 WHERE account_id = $1`, a.ID, db.At(at))); err != nil {
		t.Fatal(err)
	}
}

// TestOnlyTheVerdictTrueEnters is B43 and B44: a method that fails, or finds nothing, lets nobody in.
func TestOnlyTheVerdictTrueEnters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		right := phone.Code(w.Clock.Now())
		broken := errors.New("broken provider")
		match := &factor.Match{Factor: factor.Factor{AccountID: w.Ada.AccountID, UserID: w.Ada.ID, ID: phone.FactorID}, Step: 1 << 40}
		cases := []struct {
			name string
			m    method
			want error
		}{
			{"nothing found", method{}, factor.ErrWrongCode},
			{"failure", method{err: broken}, broken},
			{"found and failure", method{found: factor.Finding{Right: match}, err: broken}, broken},
			{"near", method{found: factor.Finding{Near: match}}, factor.ErrWrongCode},
			{"used", method{found: factor.Finding{Used: true}}, factor.ErrUsedCode},
		}
		for _, c := range cases {
			odd, factors := *w.SignIn, *w.Factors
			factors.Methods, odd.Factors = []factor.Method{c.m}, &factors
			step, err := odd.Verify(t.Context(), begin(t, w, w.Ada), signin.Attempt{Code: right}, domaintest.By)
			if !errors.Is(err, c.want) || step.State == signin.SignedIn || step.Cookie != "" {
				t.Errorf("%s: state %q, cookie %q, %v; want nothing but %v", c.name, step.State, step.Cookie, err, c.want)
			}
		}
		// The key file of another installation: refused, never skipped.
		stranger := domaintest.New(t, dbtest.Open(t, dbtest.SQLite(t)))
		odd, factors := *w.SignIn, *w.Factors
		factors.Ring, odd.Factors = stranger.Ring, &factors
		step, err := odd.Verify(t.Context(), begin(t, w, w.Ada), signin.Attempt{Code: right}, domaintest.By)
		if err == nil || step.State == signin.SignedIn || errs.From(err).Kind != errs.Internal {
			t.Errorf("with a wrong key: state %q, %v; want an internal error", step.State, err)
		}
	})
}

// method is a provider of codes that answers what a test wants.
type method struct {
	found factor.Finding
	err   error
}

func (method) Kind() factor.Kind { return factor.TOTP }
func (method) AMR() string       { return "otp" }

func (method) Clean(typed string) (string, error) { return typed, nil }

func (m method) Match(context.Context, string, []factor.Candidate, time.Time, time.Duration) (factor.Finding, error) {
	return m.found, m.err
}
