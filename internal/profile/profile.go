// Package profile is what signed-in people change of their own: password, devices,
// backup codes.
//
// Each change asks for its proof, by the account's policy (K1, K7), raises the
// person's security epoch, so that every other session and half-finished sign-in
// ends with it, and goes on in a new session for the browser that made it. Pages
// and calls use these same methods; no rule stands anywhere else.
package profile

import (
	"context"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/password"
	"sallyport/internal/phone"
	"sallyport/internal/reauth"
	"sallyport/internal/sentcode"
	"sallyport/internal/session"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// ErrSamePassword refuses a new password that is the old one.
var ErrSamePassword = errs.New(errs.Invalid, "password_unchanged", "That is the password you have now. Choose another one.").In("new")

// Service changes people's own settings. All fields are needed.
type Service struct {
	DB        *db.DB
	Browsers  *browser.Service
	Factors   *factor.Service
	Codes     *sentcode.Service
	Channels  *channel.Service
	Plans     account.Plans
	Countries phone.Countries // whose numbers may get texts
	Sessions  *session.Service
	Reauth    *reauth.Service
	Hasher    *password.Hasher
	Now       func() time.Time
}

// Proofs is what a person entered to show that it is them.
type Proofs struct {
	Password string
	Code     string // only where the policy asks for it; a passkey's answer, in JSON, with its ceremony
	Ceremony string // what the passkey was asked, from AskPasskey; else empty
}

// Needs says which proofs a page has to ask for.
type Needs struct{ Password, Code bool }

// ToAdd says what adding a device asks for (K7).
func (s *Service) ToAdd(w *session.Signed) Needs {
	if w.Account.Policy.Enrolment == account.EnrolmentRecentSignIn {
		return Needs{Password: !s.recent(w)}
	}
	return Needs{Password: true}
}

// ToRemove says what removing a device, and making new backup codes, asks for (K1).
func (s *Service) ToRemove(w *session.Signed) Needs {
	switch w.Account.Policy.Removal {
	case account.RemovalRecentSignIn:
		return Needs{Password: !s.recent(w)}
	case account.RemovalPasswordAndCode:
		return Needs{Password: true, Code: true}
	default:
		return Needs{Password: true}
	}
}

func (s *Service) recent(w *session.Signed) bool {
	_, ok := reauth.Recent(w.User, w.FullAt(), s.Now())
	return ok
}

// prove checks the proofs that are needed. In a session in which a trusted browser stood for the second factor, the password alone is none:
// then reauth.ErrFactorNeeded asks for ProveFactor first (security.md B51).
func (s *Service) prove(ctx context.Context, w *session.Signed, n Needs, p Proofs, by audit.Actor) (reauth.Proof, error) {
	if w.Spared() && !n.Code {
		return reauth.Proof{}, reauth.ErrFactorNeeded
	}
	if !n.Password {
		if proof, ok := reauth.Recent(w.User, w.FullAt(), s.Now()); ok {
			return proof, nil
		}
	}
	proof, err := s.Reauth.Password(ctx, w.User, p.Password, by)
	if err != nil || !n.Code {
		return proof, err
	}
	if err := s.proveFactor(ctx, w, p.Code, p.Ceremony, by); err != nil {
		return reauth.Proof{}, err
	}
	return proof, nil
}

// PasskeyOnly reports whether no code but a backup code will do for the person: the account wants a passkey of them (K8), and they have one.
func (s *Service) PasskeyOnly(w *session.Signed) bool {
	return w.Owed(s.Now()).PasskeyOnly()
}

// proveFactor uses a code up, or with a ceremony a passkey's answer, in one transaction with more.
func (s *Service) proveFactor(ctx context.Context, w *session.Signed, code, ceremony string, by audit.Actor, more ...db.Stmt) (err error) {
	switch {
	case ceremony != "":
		_, err = s.Factors.ProveAnswer(ctx, w.User, code, ceremony, w.ID, by, more...)
	case s.PasskeyOnly(w):
		_, err = s.Factors.ProveBackupCode(ctx, w.User, code, by, more...)
	default:
		_, err = s.Factors.Prove(ctx, w.User, code, w.ID, w.Account.Policy.ClockTolerance.Std(), by, more...)
	}
	return err
}

// ProveFactor proves the second factor again within a session, for administrators' work: the code is used up, and when it was
// is noted. With a ceremony, from AskPasskey, the code is a passkey's answer. Errors: session.ErrLevel without a second factor, session.ErrNone, and those of factor.Service.Consume.
func (s *Service) ProveFactor(ctx context.Context, w *session.Signed, code, ceremony string, by audit.Actor) error {
	if w.Level != session.AAL2 {
		return session.ErrLevel
	}
	err := s.proveFactor(ctx, w, code, ceremony, by, session.Proved(s.Now(), w.Session))
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	return err
}

// AddDevice begins the enrolment of an authenticator app (A5–A8).
func (s *Service) AddDevice(ctx context.Context, w *session.Signed, name string, p Proofs, by audit.Actor) (totp.Enrolment, error) {
	if err := s.offered(ctx, w, factor.TOTP); err != nil {
		return totp.Enrolment{}, errs.From(err).In("name")
	}
	proof, err := s.prove(ctx, w, s.ToAdd(w), p, by)
	if err != nil {
		return totp.Enrolment{}, err
	}
	return totp.Begin(ctx, s.Factors, proof, w.Account, w.User, name)
}

// ConfirmDevice makes the new device count (C7, A14). It returns the cookie's value of
// the session that goes on, now of level aal2, and with the first device the backup codes, to be shown once.
func (s *Service) ConfirmDevice(ctx context.Context, w *session.Signed, factorID, code string, by audit.Actor) (cookie string, codes []string, err error) {
	kind := factor.TOTP
	if f, err := s.Factors.Stored(ctx, w.User.AccountID, w.User.ID, factorID); err == nil {
		kind = f.Kind
		if err := s.offered(ctx, w, kind); err != nil { // the right may have ended since the device was begun
			return "", nil, errs.From(err).In("code")
		}
	}
	more := func(m factor.Match) (stmts []db.Stmt) {
		amr := s.Factors.AMR(m)
		if !slices.Contains(w.AMR, "pwd") { // signed in by nothing but a passkey
			amr = slices.DeleteFunc(amr, func(method string) bool { return method == "pwd" })
		}
		cookie, stmts = s.goOn(w, session.AAL2, amr)
		return append(stmts, user.CallOff(s.Now(), w.User, by)...) // or the new device would end with the old ones
	}
	codes, err = s.Factors.Confirm(ctx, w.User, factor.Try{
		AccountID: w.User.AccountID, UserID: w.User.ID, FactorID: factorID, Code: code, Request: factorID, Within: w.ID,
		Tolerance: w.Account.Policy.ClockTolerance.Std(), By: by,
	}, w.Account.Policy.MaxDevicesPerKind, more)
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	if err != nil {
		return "", nil, err
	}
	return cookie, codes, nil
}

// RemoveDevice takes a device away (C10). With the last one, two-factor sign-in is off and the backup codes end.
func (s *Service) RemoveDevice(ctx context.Context, w *session.Signed, factorID string, p Proofs, by audit.Actor) (cookie string, last bool, err error) {
	proof, err := s.prove(ctx, w, s.ToRemove(w), p, by)
	if err != nil {
		return "", false, err
	}
	cookie, more := s.goOn(w, w.Level, w.AMR)
	last, err = s.Factors.Remove(ctx, proof, w.User, factorID, factor.Keep{
		One: w.Account.Requires(w.User.Role.Administers()), Passkey: w.Owed(s.Now()).Passkey,
	}, by, more...)
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	if err != nil {
		return "", false, err
	}
	return cookie, last, nil
}

// NewBackupCodes makes ten new backup codes, to be shown once, in place of the set
// replaces, which ends at once; see factor.Service.NewBackupCodes.
func (s *Service) NewBackupCodes(ctx context.Context, w *session.Signed, p Proofs, replaces string, by audit.Actor) (cookie string, codes []string, err error) {
	proof, err := s.prove(ctx, w, s.ToRemove(w), p, by)
	if err != nil {
		return "", nil, err
	}
	cookie, more := s.goOn(w, w.Level, w.AMR)
	codes, err = s.Factors.NewBackupCodes(ctx, proof, w.User, replaces, by, more...)
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	if err != nil {
		return "", nil, err
	}
	return cookie, codes, nil
}

// ChangePassword replaces the password; the second factor stays as it is. All other sessions end.
func (s *Service) ChangePassword(ctx context.Context, w *session.Signed, current, changed string, by audit.Actor) (cookie string, err error) {
	if _, err := s.Reauth.Password(ctx, w.User, current, by); err != nil {
		return "", err
	}
	if err := password.Check(changed, w.User.Email, w.User.Name, w.Account.Name); err != nil {
		return "", errs.From(err).In("new")
	}
	if current == changed {
		return "", ErrSamePassword
	}
	hash, err := s.Hasher.Hash(ctx, changed)
	if err != nil {
		return "", err
	}
	cookie, more := s.goOn(w, w.Level, w.AMR)
	more = append(more, outbox.Notice(s.Now(), w.User.AccountID, w.User.ID, outbox.PasswordChanged, nil, by))
	err = s.DB.Run(ctx, append(more, user.StoreHash(s.Now(), w.User, hash, by)...)...)
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	if err != nil {
		return "", err
	}
	return cookie, nil
}

// KeepTwoFactor calls off the planned end of the person's second factor (K2).
func (s *Service) KeepTwoFactor(ctx context.Context, w *session.Signed, by audit.Actor) error {
	err := s.held(ctx, w, user.CallOff(s.Now(), w.User, by))
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	return err
}

// goOn returns the statements that end all sessions of the person and begin one for this browser, and its cookie's value.
func (s *Service) goOn(w *session.Signed, level session.Level, amr []string) (cookie string, stmts []db.Stmt) {
	cookie, renew := w.Renew(s.Now(), w.User.Epoch+1, level, amr)
	return cookie, append([]db.Stmt{user.RaiseEpoch(w.User)}, renew...)
}
