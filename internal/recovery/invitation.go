package recovery

import (
	"context"
	"errors"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/errs"
	"sallyport/internal/mailtoken"
	"sallyport/internal/password"
	"sallyport/internal/user"
)

// Join accepts the invitation whose token this is, with a password, and a name unless the one in the invitation is to stay. It
// signs nobody in: the token proves the mailbox, and the sign-in that follows asks for whatever the account demands. It returns
// the account, at whose door the person signs in now.
//
// Errors: mailtoken.ErrToken, also for one that was renewed, accepted or withdrawn; those of password.Check and of the name, which
// leave the token good; password's when the server is busy.
func (s *Service) Join(ctx context.Context, pasted, name, plain string, by audit.Actor) (account.Account, error) {
	t, err := mailtoken.Find(ctx, s.DB, s.Now(), mailtoken.Invite, pasted)
	if err != nil {
		return account.Account{}, err
	}
	p, err := read(ctx, s.DB, t.AccountID, t.UserID)
	if err != nil {
		return account.Account{}, err
	}
	if !p.admitted() || p.user.InvitedAt.IsZero() || !t.For(p.user) {
		return account.Account{}, mailtoken.ErrToken
	}
	if name, err = user.CheckName(name); err != nil {
		return account.Account{}, errs.From(err).In("your_name")
	}
	if name == "" {
		name = p.user.Name
	}
	if err := password.Check(plain, p.user.Email, name, p.account.Name); err != nil {
		return account.Account{}, errs.From(err).In("new_password")
	}
	hash, err := s.Hasher.Hash(ctx, plain)
	if err != nil {
		return account.Account{}, err
	}
	now := s.Now()
	err = s.DB.Run(ctx, append(user.Accept(now, p.user, name, hash, by.As(p.user.ID)), mailtoken.Use(t, now))...)
	if errors.Is(err, user.ErrChanged) { // somebody was faster
		err = mailtoken.ErrToken
	}
	return p.account, err
}
