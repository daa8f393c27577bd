// Package session keeps completed sign-ins: who, since when, at which level and by
// which methods.
//
// A session is a row; the cookie holds its random secret, the row only the hash. A
// session counts while its epoch is its user's, its user is not locked, its account
// not suspended, and neither its whole nor its idle time is over. Its level never
// rises: a new proof makes a new session (NIST SP 800-63B-4, session). Answers come
// from a cache of less than one second, so an end is in force everywhere within one.
package session

import (
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/reauth"
	"sallyport/internal/user"
)

// Level is the authenticator assurance level of a sign-in (NIST SP 800-63B-4).
type Level string

// The levels.
const (
	AAL1 Level = "aal1" // password alone, by somebody who has no second factor
	AAL2 Level = "aal2" // password and second factor
)

// ErrNone says that nobody is signed in.
var ErrNone = errs.New(errs.Unauthenticated, "not_signed_in", "You are not signed in, or your session has ended. Sign in to go on.")

// ErrLevel asks for a sign-in of a higher level than the session's.
var ErrLevel = errs.New(errs.Forbidden, "second_factor_required", "This needs a sign-in with a second factor. If you have none yet, set one up under Two-factor authentication.")

// ErrSetUp says that the account demands a second factor by now of somebody who has none: the way on is a new sign-in, which sets one up (T11).
var ErrSetUp = errs.New(errs.Unauthenticated, "set_up_required", "Your organisation requires two-factor authentication. Sign in again to set it up.")

// None reports whether err says that a cookie stands for no session that counts.
func None(err error) bool { return errors.Is(err, ErrNone) || errors.Is(err, ErrSetUp) }

// ErrNotFound says that the user has no such session.
var ErrNotFound = errs.New(errs.NotFound, "session_not_found", "There is no such session. It may have ended already.")

// Session is a completed sign-in.
type Session struct {
	AccountID, UserID string
	ID                string // names the session in lists; the hash of its secret, so no secret itself
	Epoch             int64
	Level             Level
	AMR               []string // RFC 8176
	Address           string
	UserAgent         string
	SignedInAt        time.Time
	LastSeenAt        time.Time // to within a minute, or a twentieth of the idle time if that is less
	ExpiresAt         time.Time
	ProvedAt          time.Time // when the second factor was last proved; zero at AAL1
}

// Signed is a session that counts, with the person and account as they are now. A program that calls with a key of the
// person's has one of its own kind, that is no row: see OfKey.
type Signed struct {
	Session
	User    user.User
	Account account.Account

	held   *db.Stmt // of a key: what Held returns
	origin string   // of a pass: where alone it counts
}

// OfKey is how a program stands that calls the API with a key: in the name of u, at a level and since when its own second factor
// was proved; the zero time if it was not. It has no session, so none is renewed. held fails if the key has ended.
func OfKey(keyID string, u user.User, a account.Account, level Level, amr []string, provedAt, now time.Time, held db.Stmt) *Signed {
	return &Signed{
		Session: Session{
			AccountID: u.AccountID, UserID: u.ID, ID: keyID, Epoch: u.Epoch, Level: level, AMR: amr,
			SignedInAt: provedAt, LastSeenAt: now, ExpiresAt: now.Add(a.Policy.SessionLifetime.Std()), ProvedAt: provedAt,
		},
		User: u, Account: a, held: &held,
	}
}

// ByKey reports whether a program calls, with a key.
func (s *Signed) ByKey() bool { return s.held != nil }

// Held lets a transaction go on only if the session, or the key, that asks for it is still there and of the person's epoch, else it
// fails with ErrNone: an ended one may be remembered here for less than a second, and must do nothing to anybody else.
func (s *Signed) Held() db.Stmt {
	if s.held != nil {
		return *s.held
	}
	return held(s.Session)
}

// SecondFactor is the evidence for administrators' work that the second factor was proved in this session just now. It asks for
// the level too, not only how recent the proof is (security.md B66): without both it proves nothing.
func (s *Signed) SecondFactor(now time.Time) reauth.SecondFactor {
	if s.Level != AAL2 {
		return reauth.SecondFactor{}
	}
	return reauth.FactorProved(s.User, s.ProvedAt, now)
}

// Owed is what the account demands of the person's second factor at now.
func (s *Signed) Owed(now time.Time) account.Owed {
	return s.Account.Owes(s.User.Standing(s.User.Devices()), now)
}

// ends reports whether a session of somebody who owes that is over: the way on is a sign-in which sets up what is missing.
func ends(o account.Owed) bool { return o.Demand == account.SetUp || o.AddPasskey }

// Spared reports whether the second factor was not proved in this session, though it has the level: a trusted browser stood for it. Such a
// session must neither bind a device nor end one, nor do administrators' work: with a device of one's own, every later code would be at hand.
func (s *Signed) Spared() bool { return s.Level == AAL2 && s.ProvedAt.Before(s.SignedInAt) }

// LastProof is when the person last showed who they are: by the second factor, where the session has one.
func (s *Signed) LastProof() time.Time {
	if s.Level == AAL2 {
		return s.ProvedAt
	}
	return s.SignedInAt
}

// FullAt is when the person last showed all that they sign in with: the second factor too, where the session has one. A session that
// began in a trusted browser has no such time until a code is entered in it. A program never has: what its key proves signs nobody in, and
// must not stand for the password where that binds what does.
func (s *Signed) FullAt() time.Time {
	if s.Spared() || s.ByKey() {
		return time.Time{}
	}
	return s.SignedInAt
}

// over reports whether the session's whole or idle time has passed at now.
func (s *Signed) over(now time.Time) bool {
	used, begun := s.Account.SessionsFrom(now)
	return !now.Before(s.ExpiresAt) || !s.LastSeenAt.After(used) || !s.SignedInAt.After(begun) ||
		db.FromTheFuture(s.SignedInAt, now) || db.FromTheFuture(s.LastSeenAt, now)
}

// dead says why a session does not count at now, or nil.
func (s *Signed) dead(now time.Time) error {
	if s.over(now) || s.Epoch != s.User.Epoch || !s.User.LockedAt.IsZero() || !s.Account.SuspendedAt.IsZero() {
		return ErrNone
	}
	if ends(s.Owed(now)) {
		return ErrSetUp
	}
	return nil
}
