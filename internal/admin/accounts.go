package admin

import (
	"context"
	"errors"

	"sallyport/internal/account"
	"sallyport/internal/adoption"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/user"
)

// What the operator does to whole accounts. Whoever calls says who acts and from where: the command line, or the holder of the
// operator key.

// NewAccount is what an account is made from.
type NewAccount struct {
	Slug, Name string
	Terms      account.Terms
	Owner      *Invitee // who is invited as its first owner, whatever role it says; nil for nobody yet
}

// CreateAccount adds an account and invites its first owner, both or neither. The owner is the zero user if nobody was invited.
//
// Errors: those of account.CreateOn; for the owner, those of OperatorInvite.
func (s *Service) CreateAccount(ctx context.Context, n NewAccount, by audit.Actor) (account.Account, user.User, error) {
	now := s.Now()
	a, stmts, err := account.CreatingOn(now, n.Slug, n.Name, s.Plans, n.Terms, by)
	if err != nil {
		return a, user.User{}, err
	}
	var owner user.User
	if n.Owner != nil {
		fresh, create, err := user.Inviting(now, user.New{AccountID: a.ID, Email: n.Owner.Email, Name: n.Owner.Name, Role: user.Owner}, by)
		if err != nil {
			return a, owner, err
		}
		if _, err := s.Channels.MailOf(ctx, a.ID); err != nil { // or nobody would ever get the link
			return a, owner, err
		}
		invite, err := s.invitation(now, fresh, create, by)
		if err != nil {
			return a, owner, err
		}
		stmts, owner = append(stmts, invite...), fresh
	}
	err = s.DB.Run(ctx, stmts...)
	if db.IsUnique(err) { // all else has an id of its own
		err = account.ErrSlugTaken.In("slug")
	}
	return a, owner, err
}

// Accounts lists accounts in the order they were made, most at most, after the one with the id; next is where to go on, empty at the end.
func (s *Service) Accounts(ctx context.Context, after string, most int) (all []account.Account, next string, err error) {
	if all, err = account.Page(ctx, s.DB, after, most+1); err != nil || len(all) <= most {
		return all, "", err
	}
	return all[:most], all[most-1].ID, nil
}

// AccountBySlug returns one account, or account.ErrNotFound.
func (s *Service) AccountBySlug(ctx context.Context, slug string) (account.Account, error) {
	if account.CheckSlug(slug) != nil {
		return account.Account{}, account.ErrNotFound
	}
	return account.BySlug(ctx, s.DB, slug)
}

// AccountByID is AccountBySlug by the id.
func (s *Service) AccountByID(ctx context.Context, accountID string) (account.Account, error) {
	if !named(accountID) {
		return account.Account{}, account.ErrNotFound
	}
	return account.Get(ctx, s.DB, accountID)
}

// Standing is how far the people of any account are.
func (s *Service) Standing(ctx context.Context, a account.Account) (adoption.Day, error) {
	return s.Adoption.Current(ctx, a)
}

// AlterAccount changes an account's plan, trial, suspension and exceptions. What a suspension ends does not live again when the account is
// resumed: it may have been a thief's. So a planned end of a second factor (K2) is called off: while the account is suspended nobody gets
// the mails by which its owner would do that, and whoever means it asks anew and waits anew. Errors: those of account.Alter.
func (s *Service) AlterAccount(ctx context.Context, accountID string, c account.Change, by audit.Actor) (account.Account, error) {
	if !named(accountID) {
		return account.Account{}, account.ErrNotFound
	}
	for {
		if c.Suspended != nil && *c.Suspended {
			off, err := user.CallOffAll(ctx, s.DB, s.Now(), accountID, by)
			if err != nil {
				return account.Account{}, err
			}
			c.Ending = append([]db.Stmt{user.EndAccount(accountID)}, off...)
		}
		// Each lost round is a plan that was made or called off, so the loop ends.
		if a, err := account.Alter(ctx, s.DB, s.Now(), accountID, s.Plans, c, by); !errors.Is(err, user.ErrChanged) {
			return a, err
		}
	}
}

// OperatorChangesPolicy changes an account's settings, each "name=value", and nothing else: what somebody else changes of the others at
// the same moment stands. It returns the account as it was and as it is.
//
// Errors: account.ErrNotFound, account.ErrPolicy.
func (s *Service) OperatorChangesPolicy(ctx context.Context, accountID string, settings []string, by audit.Actor) (was, is account.Account, err error) {
	for {
		if was, err = s.AccountByID(ctx, accountID); err != nil {
			return was, is, err
		}
		p, err := was.Policy.With(settings...)
		if err == nil {
			err = s.checkPolicy(was, p)
		}
		if err != nil {
			return was, is, err
		}
		// Each lost round is somebody else's change that succeeded, so the loop ends.
		now := s.Now()
		if err := account.ReplacePolicy(ctx, s.DB, now, was, p, by, user.EndOwing(was, was.Under(p, now), now)...); errors.Is(err, account.ErrChanged) {
			continue
		} else if err != nil {
			return was, is, err
		}
		is, err = account.Get(ctx, s.DB, was.ID)
		return was, is, err
	}
}
