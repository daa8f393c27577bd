package admin

import (
	"context"
	"crypto/subtle"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/seal"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// FirstRunFor is how long the set-up link of a first start works.
const FirstRunFor = 24 * time.Hour

// Errors of the first start.
var (
	ErrFirstRunLink = errs.New(errs.Expired, "set_up_link_invalid",
		"This set-up link does not work: it was used, or is older than a day, or the server was started again. Restart the server to get a new one; with an account in place it needs none.")
	ErrWrongKey = errs.New(errs.Internal, "wrong_key",
		"The key file is not the one this database was made with. Put the right key file in its place. No account was touched.")
)

// FirstRunLink makes the secret of the one-time set-up link, which ends any earlier
// one. It returns "" if there is an account already: then there is nothing to set up.
func (s *Service) FirstRunLink(ctx context.Context) (string, error) {
	if some, err := account.Any(ctx, s.DB); err != nil || some {
		return "", err
	}
	secret := token.New()
	return secret, s.DB.Run(ctx, setFact("first_run", token.Hash(secret), s.Now().Add(FirstRunFor)))
}

// CheckFirstRun refuses a set-up secret that does not work, with ErrFirstRunLink.
func (s *Service) CheckFirstRun(ctx context.Context, secret string) error {
	if some, err := account.Any(ctx, s.DB); err != nil {
		return err
	} else if some {
		return ErrFirstRunLink
	}
	hash, expires, err := fact(ctx, s.DB, "first_run")
	if err != nil {
		return err
	}
	if hash == nil || !s.Now().Before(expires) || subtle.ConstantTimeCompare(hash, token.Hash(secret)) != 1 {
		return ErrFirstRunLink
	}
	return nil
}

// FirstRun makes the first account and its owner and uses the set-up secret up, in one transaction.
func (s *Service) FirstRun(ctx context.Context, secret, organisation string, n NewUser, by audit.Actor) (account.Account, user.User, error) {
	if err := s.CheckFirstRun(ctx, secret); err != nil {
		return account.Account{}, user.User{}, err
	}
	now := s.Now()
	a, stmts, err := account.Creating(now, account.SlugOf(organisation), organisation, by)
	if err != nil {
		return a, user.User{}, errs.From(err).In("organisation")
	}
	if _, err := user.CanonicalEmail(n.Email); err != nil {
		return a, user.User{}, err
	}
	hash, err := s.hash(ctx, n.Password, n.Email, n.Name, a.Name)
	if err != nil {
		return a, user.User{}, err
	}
	u, more, err := user.Creating(now, user.New{AccountID: a.ID, Email: n.Email, Name: n.Name, Role: user.Owner, PasswordHash: hash}, by)
	if err != nil {
		return a, u, err
	}
	stmts = append([]db.Stmt{useFact("first_run", token.Hash(secret), now, ErrFirstRunLink)}, stmts...)
	return a, u, s.DB.Run(ctx, append(stmts, more...)...)
}

// keyCheck is sealed at the first start and must open at every later one.
const keyCheck = "sallyport key check"

// CheckKey refuses a key file that is not this database's (F20), with ErrWrongKey. On
// an empty database it stores the check.
func CheckKey(ctx context.Context, d *db.DB, ring *seal.Ring) error {
	ad := seal.AD("deployment", "key_check")
	sealed, _, err := fact(ctx, d, "key_check")
	if err != nil {
		return err
	}
	if sealed == nil {
		if sealed, err = ring.Seal([]byte(keyCheck), ad); err != nil {
			return err
		}
		if err := d.Run(ctx, addFact("key_check", sealed)); err != nil {
			return err
		}
		// Another replica may have been first: what it stored must open here too.
		if sealed, _, err = fact(ctx, d, "key_check"); err != nil {
			return err
		}
	}
	plain, err := ring.Unseal(sealed, ad)
	if err != nil || string(plain) != keyCheck {
		return ErrWrongKey.Because(err)
	}
	return nil
}

// RenewKeyCheck seals the check with the primary key, before older keys are retired.
func RenewKeyCheck(ctx context.Context, d *db.DB, ring *seal.Ring) error {
	if err := CheckKey(ctx, d, ring); err != nil {
		return err
	}
	sealed, err := ring.Seal([]byte(keyCheck), seal.AD("deployment", "key_check"))
	if err != nil {
		return err
	}
	return d.Run(ctx, setFact("key_check", sealed, time.Time{}))
}
