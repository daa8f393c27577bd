package domaintest

import (
	"context"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/otp"
	"sallyport/internal/profile"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// Phone is an authenticator app that was enrolled.
type Phone struct {
	FactorID string
	Key      otp.Key
	Off      time.Duration // how much its clock is ahead of the right time
}

// Code is what the phone shows when the right time is at.
func (p Phone) Code(at time.Time) string { return p.Key.Code(p.Key.Step(at.Add(p.Off))) }

// Wrong is a code that the phone shows neither at the time nor within an hour of it.
func (p Phone) Wrong(at time.Time) string {
	const around = 120 // steps of 30 s
	here := p.Key.Step(at)
	for i := int64(1); ; i++ {
		code := p.Key.Code(here + around + i)
		if _, near := p.Key.Find(code, here-around, here+around); !near {
			return code
		}
	}
}

// Browser is somebody's browser: the person, and the cookie of the session.
type Browser struct {
	Cookie string
	Signed *session.Signed
}

// Password passes the first door for u, through its account's own sign-in address.
func (w *World) Password(tb testing.TB, u user.User) signin.Step {
	tb.Helper()
	a, err := account.Get(context.Background(), w.DB, u.AccountID)
	if err != nil {
		tb.Fatalf("account of %s: %v", u.Email, err)
	}
	step, err := w.SignIn.Password(context.Background(), signin.Credentials{Account: a.Slug, Email: u.Email, Password: Password}, By)
	if err != nil {
		tb.Fatalf("password of %s: %v", u.Email, err)
	}
	return step
}

// SignInPlain signs somebody in who has no second factor.
func (w *World) SignInPlain(tb testing.TB, u user.User) Browser {
	tb.Helper()
	step := w.Password(tb, u)
	if step.State != signin.SignedIn {
		tb.Fatalf("sign-in of %s is in state %s, want %s", u.Email, step.State, signin.SignedIn)
	}
	return w.Open(tb, step.Cookie)
}

// SignInWith signs somebody in with password and the code that the phone shows now.
func (w *World) SignInWith(tb testing.TB, u user.User, p Phone) Browser {
	tb.Helper()
	step := w.Password(tb, u)
	if step.State != signin.SecondFactor {
		tb.Fatalf("sign-in of %s is in state %s, want %s", u.Email, step.State, signin.SecondFactor)
	}
	done, err := w.SignIn.Verify(context.Background(), step.Cookie, signin.Attempt{Code: p.Code(w.Clock.Now()), Known: func(string, string) bool { return true }}, By)
	if err != nil {
		tb.Fatalf("code of %s: %v", u.Email, err)
	}
	return w.Open(tb, done.Cookie)
}

// Open presents a session's cookie.
func (w *World) Open(tb testing.TB, cookie string) Browser {
	tb.Helper()
	signed, err := w.Sessions.Check(context.Background(), cookie)
	if err != nil {
		tb.Fatalf("session: %v", err)
	}
	return Browser{Cookie: cookie, Signed: signed}
}

// As is the actor of the browser's person.
func (b Browser) As() audit.Actor { return By.As(b.Signed.User.ID) }

// Proofs are what b's person enters where the password is asked for.
var Proofs = profile.Proofs{Password: Password}

// AddPhone enrols an authenticator app in b and confirms it. It returns the phone, the
// browser as it goes on, and the backup codes if it is the person's first device. The
// code is used up, so the clock moves to the next step.
func (w *World) AddPhone(tb testing.TB, b Browser, name string) (Phone, Browser, []string) {
	tb.Helper()
	p := w.BeginPhone(tb, b, name)
	cookie, codes, err := w.Profile.ConfirmDevice(context.Background(), b.Signed, p.FactorID, p.Code(w.Clock.Now()), b.As())
	if err != nil {
		tb.Fatalf("confirm %q: %v", name, err)
	}
	w.Clock.Advance(otp.DefaultPeriod)
	return p, w.Open(tb, cookie), codes
}

// BeginPhone scans the QR code of a new device and does not confirm it.
func (w *World) BeginPhone(tb testing.TB, b Browser, name string) Phone {
	tb.Helper()
	e, err := w.Profile.AddDevice(context.Background(), b.Signed, name, Proofs, b.As())
	if err != nil {
		tb.Fatalf("add %q: %v", name, err)
	}
	return Scan(tb, e.Factor.ID, e.URI)
}

// Scan is a phone that has read an otpauth link.
func Scan(tb testing.TB, factorID, uri string) Phone {
	tb.Helper()
	key, _, _, err := otp.ParseURI(uri)
	if err != nil {
		tb.Fatalf("otpauth link: %v", err)
	}
	return Phone{FactorID: factorID, Key: key}
}

// CodeSet is the id of a person's set of backup codes, "" for none.
func (w *World) CodeSet(tb testing.TB, u user.User) string {
	tb.Helper()
	set, err := factor.BackupCodes(context.Background(), w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatalf("backup codes of %s: %v", u.Email, err)
	}
	return set.ID
}

// Enrol gives somebody without a second factor a first phone and ten backup codes,
// without the way through the pages, so it hashes no password.
func (w *World) Enrol(tb testing.TB, u user.User) (Phone, []string) {
	tb.Helper()
	ctx, now := context.Background(), w.Clock.Now()
	u, err := user.Get(ctx, w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatal(err)
	}
	proof, _ := reauth.Recent(u, now, now)
	e, err := totp.Begin(ctx, w.Factors, proof, w.Acme, u, "My Phone")
	if err != nil {
		tb.Fatalf("add a phone for %s: %v", u.Email, err)
	}
	p := Scan(tb, e.Factor.ID, e.URI)
	codes, err := w.Factors.Confirm(ctx, u, factor.Try{AccountID: u.AccountID, UserID: u.ID, FactorID: p.FactorID, Code: p.Code(now), By: By.As(u.ID)},
		w.Acme.Policy.MaxDevicesPerKind, func(factor.Match) []db.Stmt { return []db.Stmt{user.RaiseEpoch(u)} })
	if err != nil {
		tb.Fatalf("confirm the phone of %s: %v", u.Email, err)
	}
	w.Clock.Advance(otp.DefaultPeriod)
	return p, codes
}

// Browse gives somebody a session of the level that their factors call for, without the
// way through the doors, so it hashes no password.
func (w *World) Browse(tb testing.TB, u user.User) Browser {
	tb.Helper()
	ctx := context.Background()
	u, err := user.Get(ctx, w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatal(err)
	}
	devices, err := factor.List(ctx, w.DB, u.AccountID, u.ID, w.Clock.Now())
	if err != nil {
		tb.Fatal(err)
	}
	level, amr := session.AAL1, []string{"pwd"}
	for _, d := range devices {
		if d.State == factor.Confirmed {
			level, amr = session.AAL2, []string{"pwd", "otp", "mfa"}
		}
	}
	cookie, _, insert := session.Issue(w.Clock.Now(), w.Acme, u, u.Epoch, level, amr, By)
	if err := w.DB.Run(ctx, insert); err != nil {
		tb.Fatal(err)
	}
	return w.Open(tb, cookie)
}

// SetPolicy changes the account's policy by settings of the form "name=value".
func (w *World) SetPolicy(tb testing.TB, settings ...string) {
	tb.Helper()
	ctx := context.Background()
	a, err := account.Get(ctx, w.DB, w.Acme.ID)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := a.Policy.With(settings...)
	if err != nil {
		tb.Fatal(err)
	}
	if err := account.SetPolicy(ctx, w.DB, w.Clock.Now(), a.ID, p, audit.Operator()); err != nil {
		tb.Fatal(err)
	}
	w.Acme.Policy = p
}
