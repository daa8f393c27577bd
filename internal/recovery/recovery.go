// Package recovery is the way back for somebody who has forgotten the password, and the
// way in for somebody who was invited: a token is mailed, and with it a password is chosen.
//
// Whoever asks learns nothing: the answer is the same for somebody who exists and for
// nobody, and takes as long, because as many statements run (security.md B91). The token
// proves the mailbox and nothing else. So it signs nobody in and touches no second factor
// (B56): afterwards the person signs in with the new password and the second factor.
package recovery

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/password"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// Service mails tokens and takes them back. All fields are needed.
type Service struct {
	DB       *db.DB
	Ring     *seal.Ring
	Hasher   *password.Hasher
	Channels *channel.Service
	Sessions *session.Service
	Now      func() time.Time
	Stopped  func(brake.Limit) // counts a mail that a limit stopped
}

// purpose names these mails for package brake.
const purpose = "reset"

// Ask mails a token to the one person with this address: of the account with this short name, or, without one,
// of all accounts if there is no second. It says nothing about whether there is such a person, whether
// they may sign in, and whether the mailbox got as many mails already as one may.
// Errors: user.ErrEmail for what is no address, channel.ErrNoMail if nobody could be mailed anything.
func (s *Service) Ask(ctx context.Context, slug, typed string, by audit.Actor) error {
	email, err := user.CanonicalEmail(typed)
	if err != nil {
		return err
	}
	if some, err := s.Channels.AnyMail(ctx); err != nil {
		return err
	} else if !some {
		return channel.ErrNoMail
	}
	p, err := lookUp(ctx, s.DB, account.Sought(slug), email)
	if err != nil {
		return err
	}
	now := s.Now()
	told, err := s.tell(now, p.user, by)
	if err != nil {
		return err
	}
	if !p.admitted() { // a stranger costs what a member costs, and nothing is kept
		for i := range told {
			told[i] = brake.Touch(purpose, email)
		}
	}
	err = s.DB.Run(ctx, append(brake.ChargeMail(now, purpose, brake.Send{Address: email}), told...)...)
	if errors.Is(err, brake.ErrMails) {
		s.Stopped(brake.LimitOf(err))
		return nil
	}
	return err
}

// tell returns the statements that mail a token to a person.
func (s *Service) tell(now time.Time, u user.User, by audit.Actor) ([]db.Stmt, error) {
	expires := now.Add(mailtoken.Reset.Lives())
	secret, issue := mailtoken.Issue(now, u, u.Epoch, mailtoken.Reset, "", "", expires)
	send, err := outbox.SendToken(now, s.Ring, outbox.Message{
		AccountID: u.AccountID, UserID: u.ID, Channel: outbox.Mail, Kind: outbox.ResetToken, Secret: []byte(secret), ExpiresAt: expires,
	}, by)
	return []db.Stmt{issue, send, audit.Record(now, audit.Event{AccountID: u.AccountID, Action: audit.PasswordMailAsked, Actor: by, Target: u.ID})}, err
}

// Choose gives the person whose token this is a new password, ends their sessions and half-finished
// sign-ins, and calls off the planned end of the second factor: who planned it may be whom the new password shuts out. The counters of wrong passwords stay: a mailbox is no complete sign-in (security.md D3). It returns
// the account, at whose door the person signs in now.
// Errors: mailtoken.ErrToken, also for somebody who may not sign in; those of password.Check, which
// leave the token good, and user.ErrChanged likewise, when something was changed at the same moment; password's when the server is busy.
func (s *Service) Choose(ctx context.Context, pasted, plain string, by audit.Actor) (account.Account, error) {
	t, err := mailtoken.Find(ctx, s.DB, s.Now(), mailtoken.Reset, pasted)
	if err != nil {
		return account.Account{}, err
	}
	p, err := read(ctx, s.DB, t.AccountID, t.UserID)
	if err != nil {
		return account.Account{}, err
	}
	if !p.admitted() || !t.For(p.user) || !p.user.InvitedAt.IsZero() {
		return account.Account{}, mailtoken.ErrToken
	}
	if err := password.Check(plain, p.user.Email, p.user.Name, p.account.Name); err != nil {
		return account.Account{}, errs.From(err).In("new_password")
	}
	hash, err := s.Hasher.Hash(ctx, plain)
	if err != nil {
		return account.Account{}, err
	}
	now := s.Now()
	by = by.As(p.user.ID)
	stmts := append([]db.Stmt{mailtoken.Use(t, now), user.RaiseEpoch(p.user)}, user.StoreMailedHash(now, p.user, hash, by)...)
	err = s.DB.Run(ctx, append(stmts, outbox.Notice(now, p.user.AccountID, p.user.ID, outbox.PasswordChanged, nil, by))...)
	s.Sessions.Forget(p.user.AccountID, p.user.ID)
	return p.account, err
}
