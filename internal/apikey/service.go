package apikey

import (
	"context"
	"net/netip"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/lately"
	"sallyport/internal/reauth"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// touchEvery is how exactly the last use of a key is noted.
const touchEvery = time.Minute

// Service answers whose a key or token is, and keeps the keys. Make it with NewService.
type Service struct {
	db  *db.DB
	now func() time.Time

	lately lately.Memory[token.Bearer, *Credential]
}

// NewService makes a Service.
func NewService(d *db.DB, now func() time.Time) *Service {
	return &Service{db: d, now: now}
}

// Check returns what a key or an access token stands for. The value is shared: do not change it. Errors: ErrKey, ErrExpired, ErrToken.
func (s *Service) Check(ctx context.Context, value string) (*Credential, error) {
	return s.check(ctx, value, false)
}

// CheckAnew is Check that asks the database in any case.
func (s *Service) CheckAnew(ctx context.Context, value string) (*Credential, error) {
	return s.check(ctx, value, true)
}

func (s *Service) check(ctx context.Context, value string, anew bool) (*Credential, error) {
	b, isToken, ok := parse(value)
	not := ErrKey
	if isToken {
		not = ErrToken
	}
	if !ok {
		return nil, not
	}
	now := s.now()
	c, _, ok := s.lately.Get(b, now)
	if !ok || anew {
		var err error
		if c, err = read(ctx, s.db, b, isToken); err == db.ErrNotFound {
			return nil, not
		} else if err != nil {
			return nil, err
		}
		s.lately.Keep(b, c, now)
	}
	if err := c.dead(now); err != nil {
		return nil, err
	}
	return c, nil
}

// Touch notes that a key was used, to within a minute.
func (s *Service) Touch(ctx context.Context, k Key, from netip.Addr) error {
	now := s.now()
	if now.Sub(k.LastUsedAt) < touchEvery {
		return nil
	}
	err := s.db.Run(ctx, touch(k, from.String(), now))
	s.Forget(k.AccountID, k.UserID) // or the next call would note it again
	return err
}

// Forget drops what this process remembers of a user's keys and tokens, so that a change is in force here at once.
func (s *Service) Forget(accountID, userID string) {
	s.lately.Forget(func(b token.Bearer) bool { return b.AccountID == accountID && b.UserID == userID })
}

// Create makes a key for u, in one transaction with more, and returns its value, which is shown once and stored nowhere. may are the
// scopes that it can have. It demands a proof, so that nobody makes a key in a session left open.
//
// Errors: reauth.ErrProofNeeded, ErrName, ErrNameTaken, ErrScopes, ErrExpiry, ErrNetworks, ErrLimit, user.ErrChanged.
func (s *Service) Create(ctx context.Context, proof reauth.Proof, u user.User, n New, may []Scope, by audit.Actor, more func(Key) ([]db.Stmt, error)) (value string, k Key, err error) {
	if err := proof.Check(u.AccountID, u.ID, s.now()); err != nil {
		return "", Key{}, err
	}
	return s.create(ctx, u, n, may, by, more)
}

// OperatorCreate is Create for the operator, who gives any scope and needs no proof.
func (s *Service) OperatorCreate(ctx context.Context, u user.User, n New, more func(Key) ([]db.Stmt, error)) (value string, k Key, err error) {
	return s.create(ctx, u, n, []Scope{Read, Factors, Admin, Operator}, audit.Operator(), more)
}

func (s *Service) create(ctx context.Context, u user.User, n New, may []Scope, by audit.Actor, more func(Key) ([]db.Stmt, error)) (value string, k Key, err error) {
	now := s.now()
	if err := n.check(may, now); err != nil {
		return "", Key{}, err
	}
	secret, b := token.Issue(u.AccountID, u.ID, keyID)
	k = Key{
		AccountID: u.AccountID, UserID: u.ID, ID: b.ID, Name: n.Name, Scopes: n.Scopes, Networks: n.Networks, PublicKey: n.PublicKey,
		CreatedAt: now, ExpiresAt: n.ExpiresAt,
	}
	stmts, err := more(k)
	if err != nil {
		return "", Key{}, err
	}
	stmts = append(stmts, insert(k), audit.Record(now, audit.Event{
		AccountID: u.AccountID, Action: audit.KeyMade, Actor: by, Target: k.ID,
		Detail: map[string]string{"user": u.ID, "name": k.Name, "scopes": JoinScopes(k.Scopes), "networks": JoinNetworks(k.Networks)},
	}))
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.Run(ctx, user.Hold(u)); err != nil {
			return err
		}
		if err := room(ctx, tx, k); err != nil {
			return err
		}
		return tx.Run(ctx, stmts...)
	})
	if err != nil {
		return "", Key{}, err
	}
	return KeyPrefix + secret, k, nil
}

// IssueToken returns a new access token of a key, proved at now, and the statements that store it, for the transaction that uses up
// the code. They fail with ErrKey if the key has ended.
func IssueToken(now time.Time, c *Credential, scopes []Scope) (value string, t Token, stmts []db.Stmt) {
	secret, b := token.Issue(c.Key.AccountID, c.Key.UserID, tokenID)
	t = Token{ID: b.ID, Scopes: scopes, Epoch: c.User.Epoch, IssuedAt: now, ExpiresAt: now.Add(TokenFor)}
	return TokenPrefix + secret, t, []db.Stmt{c.Held(), insertToken(c.Key, t)}
}
