// Package admin is what the operator of a server and the administrators of an
// account do: accounts, people, resets, the first start.
//
// The operator is whoever may run the command line beside the database; no rule of
// an account stands above that, but everything is recorded like anybody's doing.
package admin

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/adoption"
	"sallyport/internal/audit"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/password"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// Errors of administration.
var (
	ErrReason = account.ErrReason
	// ErrChecked refuses a password for somebody whom a program made known: their devices were bound on its word.
	ErrChecked = errs.New(errs.Conflict, "checked_person", "This person is known by a program only, which keeps their password and vouched for their devices. To let them sign in here, remove and invite them.")
	ErrHash    = errs.New(errs.Invalid, "password_hash_unknown", "This password hash is damaged, of an unknown kind, or too dear to check. Argon2, bcrypt, scrypt and PBKDF2 in their usual notation can be brought.").In("password")
)

// Service administers. All exported fields are needed.
type Service struct {
	DB       *db.DB
	Ring     *seal.Ring
	Hasher   *password.Hasher
	Factors  *factor.Service
	Sessions *session.Service
	Channels *channel.Service
	Plans    account.Plans
	Adoption *adoption.Service
	SendTest func(ctx context.Context, a account.Account, u user.User, by audit.Actor) error // a test message, at once
	Now      func() time.Time

	pen pen // held while a logo is read
}

// NewUser is what a person is added from.
type NewUser struct {
	Email, Name  string
	Role         user.Role
	Password     string
	PasswordHash string // of a password brought from elsewhere, instead of Password
}

// CreateUser adds a person to an account. A hash brought from elsewhere is renewed at
// the first sign-in. Errors: those of package user, of password.Check, and ErrHash.
func (s *Service) CreateUser(ctx context.Context, a account.Account, n NewUser, by audit.Actor) (user.User, error) {
	hash, err := n.PasswordHash, error(nil)
	if hash != "" {
		if err := password.CheckHash(hash); err != nil {
			return user.User{}, ErrHash.Because(err)
		}
	} else if hash, err = s.hash(ctx, n.Password, n.Email, n.Name, a.Name); err != nil {
		return user.User{}, err
	}
	return user.Create(ctx, s.DB, s.Now(), user.New{AccountID: a.ID, Email: n.Email, Name: n.Name, Role: n.Role, PasswordHash: hash}, by)
}

// hash checks a new password and hashes it; also lists what it must not be.
func (s *Service) hash(ctx context.Context, plain string, also ...string) (string, error) {
	if err := password.Check(plain, also...); err != nil {
		return "", errs.From(err).In("password")
	}
	return s.Hasher.Hash(ctx, plain)
}

// SetPassword gives a person a new password. It ends their sessions and leaves their second factor as it is. Errors: ErrChecked, those of
// password.Check.
func (s *Service) SetPassword(ctx context.Context, a account.Account, u user.User, plain string, by audit.Actor) error {
	if !u.HasPassword && u.InvitedAt.IsZero() {
		return ErrChecked
	}
	hash, err := s.hash(ctx, plain, u.Email, u.Name, a.Name)
	if err != nil {
		return err
	}
	return s.DB.Run(ctx, append(user.StoreHash(s.Now(), u, hash, by), user.EndSessions(u),
		outbox.Notice(s.Now(), u.AccountID, u.ID, outbox.PasswordChanged, nil, by))...)
}

// SetEmail gives a person another address to sign in with, which the operator vouches for: nothing is mailed there. The old one is
// told. It ends their sessions. Errors: user.ErrEmail, user.ErrEmailTaken.
func (s *Service) SetEmail(ctx context.Context, u user.User, typed string, by audit.Actor) error {
	email, err := user.CanonicalEmail(typed)
	if err != nil {
		return err
	}
	err = s.DB.Run(ctx, append(user.StoreEmail(s.Now(), u, email, by), user.EndSessions(u),
		outbox.NoticeTo(s.Now(), u.AccountID, u.ID, u.Email, outbox.EmailChanged, map[string]string{"to": email}, by))...)
	if db.IsUnique(err) {
		return user.ErrEmailTaken
	}
	return err
}

// Lock ends a person's sessions and keeps them out, for the operator: the last owner too, whose access may be in wrong hands.
func (s *Service) Lock(ctx context.Context, u user.User, by audit.Actor) error {
	return s.DB.Run(ctx, s.locking(u, by)...)
}

// Unlock lets a locked person in again, and forgives the wrong codes that locked a device of theirs, for the operator.
func (s *Service) Unlock(ctx context.Context, u user.User, by audit.Actor) error {
	return s.DB.Run(ctx, s.unlocking(u, by)...)
}

func (s *Service) locking(u user.User, by audit.Actor) []db.Stmt {
	return user.SetLocked(s.Now(), u, true, by)
}

func (s *Service) unlocking(u user.User, by audit.Actor) []db.Stmt {
	return append(user.SetLocked(s.Now(), u, false, by), factor.Unlock(u.AccountID, u.ID))
}
