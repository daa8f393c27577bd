package admin

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// Invitee is who is to be invited.
type Invitee struct {
	Email, Name string
	Role        user.Role
}

// Invite mails somebody a link with which they join the account, good once and for a week; for somebody who is invited already
// it ends the link before it, and the name and role are as they are now. Administrators invite members, owners anybody.
//
// Errors: those of who may act at all, ErrOwners, channel.ErrNoMail and ErrNotOwners, user.ErrEmail, user.ErrEmailTaken, brake.ErrMails.
func (s *Service) Invite(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, n Invitee, by audit.Actor) (user.User, error) {
	if err := s.may(proof, w); err != nil {
		return user.User{}, err
	}
	return s.invite(ctx, w.User.AccountID, n, by, func(tx *db.Tx, before user.User) error {
		who, err := enter(ctx, tx, w)
		switch {
		case err != nil:
			return err
		case n.Role != user.Member && who.admin.Role != user.Owner:
			return ErrOwners.In("role")
		case before.ID != "":
			return Over(who.admin, before)
		}
		return nil
	})
}

// OperatorInvite is Invite for the operator.
func (s *Service) OperatorInvite(ctx context.Context, accountID string, n Invitee) (user.User, error) {
	return s.invite(ctx, accountID, n, audit.Operator(), func(*db.Tx, user.User) error { return nil })
}

// invite writes an invitation. may says, in its transaction, whether whoever invites may, in place of the invitation that
// stands before; that of the zero user if there is none.
func (s *Service) invite(ctx context.Context, accountID string, n Invitee, by audit.Actor, may func(*db.Tx, user.User) error) (user.User, error) {
	fresh, create, err := user.Inviting(s.Now(), user.New{AccountID: accountID, Email: n.Email, Name: n.Name, Role: n.Role}, by)
	if err != nil {
		return user.User{}, err
	}
	if _, err := s.Channels.MailTo(ctx, accountID, n.Role, true); err != nil { // or nobody would ever get the link
		return user.User{}, err
	}
	u, err := s.inviting(ctx, fresh, create, by, may)
	if db.IsUnique(err) || errors.Is(err, user.ErrNotFound) { // somebody invited, or removed, the same person at this moment
		u, err = s.inviting(ctx, fresh, create, by, may)
	}
	if db.IsUnique(err) {
		err = user.ErrEmailTaken
	}
	return u, err
}

func (s *Service) inviting(ctx context.Context, u user.User, stmts []db.Stmt, by audit.Actor, may func(*db.Tx, user.User) error) (user.User, error) {
	now := s.Now()
	before, err := user.ByEmail(ctx, s.DB, u.AccountID, u.Email)
	switch {
	case err == nil:
		u.ID, u.Epoch = before.ID, before.Epoch
		stmts = user.InviteAgain(now, u, by)
	case !errors.Is(err, user.ErrNotFound):
		return u, err
	}
	stmts, err = s.invitation(now, u, stmts, by)
	if err != nil {
		return u, err
	}
	return u, s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.Run(ctx, account.Hold(u.AccountID)); err != nil {
			return err
		}
		standing, taken := user.User{}, false
		if before.ID != "" {
			var err error
			if standing, err = user.Get(ctx, tx, u.AccountID, before.ID); err != nil {
				return err
			}
			if taken = standing.InvitedAt.IsZero(); taken {
				standing = user.User{}
			}
		}
		if err := may(tx, standing); err != nil {
			return err
		}
		if taken {
			return user.ErrEmailTaken
		}
		return tx.Run(ctx, stmts...)
	})
}

// invitation adds to the statements that write the invited user those that mail the link, which count against the limits.
func (s *Service) invitation(now time.Time, u user.User, stmts []db.Stmt, by audit.Actor) ([]db.Stmt, error) {
	expires := now.Add(mailtoken.Invite.Lives())
	secret, issue := mailtoken.Issue(now, u, u.Epoch, mailtoken.Invite, "", "", expires)
	send, err := outbox.SendToken(now, s.Ring, outbox.Message{
		AccountID: u.AccountID, UserID: u.ID, Channel: outbox.Mail, Kind: outbox.Invitation, Secret: []byte(secret), ExpiresAt: expires,
	}, by)
	return append(append(stmts, issue, send), brake.ChargeInvitation(now, u.AccountID, u.Email)...), err
}
