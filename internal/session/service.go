package session

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/lately"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// touchMost is how exactly the last use of a session is noted at least.
const touchMost = time.Minute

// touchEvery is how exactly the last use is noted: to a minute, or to a twentieth of
// a short idle time, so that nobody who works is taken for idle.
func touchEvery(idle time.Duration) time.Duration { return min(touchMost, idle/20) }

// storable reports whether a text from outside can be a key at all; PostgreSQL fails on what cannot.
func storable(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// Service answers who is signed in. Make it with New.
type Service struct {
	db  *db.DB
	now func() time.Time

	lately lately.Memory[token.Bearer, *Signed]
}

// New makes a Service.
func New(d *db.DB, now func() time.Time) *Service {
	return &Service{db: d, now: now}
}

// Check returns the session that a cookie stands for, or ErrNone. The value is shared: do not change it.
func (s *Service) Check(ctx context.Context, value string) (*Signed, error) {
	b, ok := token.Parse(value, prefix)
	if !ok || !storable(value) {
		return nil, ErrNone
	}
	return s.check(ctx, b, func() (*Signed, error) { return read(ctx, s.db, b) })
}

// check is Check for whatever b stands for, read by read.
func (s *Service) check(ctx context.Context, b token.Bearer, read func() (*Signed, error)) (*Signed, error) {
	now := s.now()
	signed, readAt, ok := s.lately.Get(b, now)
	if !ok {
		var err error
		if signed, err = read(); err != nil {
			return nil, err
		}
		readAt = now
		s.lately.Keep(b, signed, readAt)
	}
	if signed.over(now) { // gone for good: it must not live again when a clock is put back
		s.Forget(b.AccountID, b.UserID)
		if err := s.db.Run(ctx, removeUnused(signed.Session)); err != nil {
			return nil, err
		}
		return nil, ErrNone
	}
	if err := signed.dead(now); err != nil {
		return nil, err
	}
	if now.Sub(signed.LastSeenAt) >= touchEvery(signed.Account.Policy.SessionIdle.Std()) {
		if err := touch(ctx, s.db, signed.Session, now); err != nil {
			return nil, err
		}
		seen := *signed
		seen.LastSeenAt = now
		signed = &seen
		s.lately.Keep(b, signed, readAt)
	}
	return signed, nil
}

// Forget drops what this process remembers of a user's sessions, so that a change is in force here at once.
func (s *Service) Forget(accountID, userID string) {
	s.lately.Forget(func(b token.Bearer) bool { return b.AccountID == accountID && b.UserID == userID })
}

// List returns a user's sessions that count, the last used first.
func (s *Service) List(ctx context.Context, signed *Signed) ([]Session, error) {
	return Alive(ctx, s.db, signed.Account, signed.User, s.now())
}

// Alive returns the sessions of a user of the account that count at now, the last used first.
func Alive(ctx context.Context, q db.Querier, a account.Account, u user.User, now time.Time) ([]Session, error) {
	all, err := list(ctx, q, u)
	if err != nil {
		return nil, err
	}
	var alive []Session
	for _, one := range all {
		if (&Signed{Session: one, User: u, Account: a}).dead(now) == nil {
			alive = append(alive, one)
		}
	}
	return alive, nil
}

// SignOut ends the session itself.
func (s *Service) SignOut(ctx context.Context, signed *Signed, by audit.Actor) error {
	return s.end(ctx, signed, signed.ID, audit.SignedOut, by)
}

// End ends one of the user's sessions, or fails with ErrNotFound.
func (s *Service) End(ctx context.Context, signed *Signed, sessionID string, by audit.Actor) error {
	if !storable(sessionID) {
		return ErrNotFound
	}
	return s.end(ctx, signed, sessionID, audit.SessionEnded, by)
}

func (s *Service) end(ctx context.Context, signed *Signed, sessionID string, action audit.Action, by audit.Actor) error {
	err := s.db.Run(ctx, signed.Held(), remove(signed.AccountID, signed.UserID, sessionID),
		audit.Record(s.now(), audit.Event{AccountID: signed.AccountID, Action: action, Actor: by, Target: sessionID}))
	s.Forget(signed.AccountID, signed.UserID)
	return err
}

// EndOthers ends all of the user's sessions and half-finished sign-ins but the one given,
// which goes on under the cookie's value that it returns, in one transaction with more.
func (s *Service) EndOthers(ctx context.Context, signed *Signed, by audit.Actor, more ...db.Stmt) (cookie string, err error) {
	cookie, renew := signed.Renew(s.now(), signed.User.Epoch+1, signed.Level, signed.AMR)
	stmts := append(append([]db.Stmt{user.RaiseEpoch(signed.User)}, renew...), more...)
	err = s.db.Run(ctx, append(stmts,
		audit.Record(s.now(), audit.Event{AccountID: signed.AccountID, Action: audit.OtherSessionsEnd, Actor: by, Target: signed.UserID}))...)
	s.Forget(signed.AccountID, signed.UserID)
	if err != nil {
		return "", err
	}
	return cookie, nil
}
