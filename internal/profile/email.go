package profile

import (
	"context"
	"errors"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/sentcode"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// ErrSameEmail refuses a new address that is the old one.
var ErrSameEmail = errs.New(errs.Invalid, "email_unchanged", "That is the address you have now. Enter the new one.").In("new_email")

// emailPurpose names the mails that prove a new address for package brake.
const emailPurpose = "email"

// ToChangeEmail says what changing the address asks for: the password, and a code from whoever has a
// second factor, whatever the policy says (ASVS 7.5.1).
func (s *Service) ToChangeEmail(ctx context.Context, w *session.Signed) (Needs, error) {
	devices, err := factor.List(ctx, s.DB, w.User.AccountID, w.User.ID, s.Now())
	n := Needs{Password: true}
	for _, d := range devices {
		n.Code = n.Code || d.State == factor.Confirmed
	}
	return n, err
}

// AskEmail mails a token to the address that somebody wants to sign in with. Until it comes back the old one stays. Whether
// somebody else in the account has the address is not told to who has not proved that it is theirs: then nothing is mailed to it.
// The present address hears at once, of the new one only enough to know it again: it may be mistyped, and a stranger's.
// Errors: user.ErrEmail and ErrSameEmail in the field "new_email", channel.ErrNoMail and ErrNotOwners, those of the proofs, brake.ErrMails.
func (s *Service) AskEmail(ctx context.Context, w *session.Signed, typed string, p Proofs, by audit.Actor) error {
	email, err := user.CanonicalEmail(typed)
	if err != nil {
		return errs.From(err).In("new_email")
	}
	if email == w.User.Email {
		return ErrSameEmail
	}
	if _, err := s.Channels.MailTo(ctx, w.User.AccountID, w.User.Role, true); err != nil {
		return err
	}
	needs, err := s.ToChangeEmail(ctx, w)
	if err != nil {
		return err
	}
	if _, err := s.prove(ctx, w, needs, p, by); err != nil {
		return err
	}
	_, err = user.ByEmail(ctx, s.DB, w.User.AccountID, email)
	free := errors.Is(err, user.ErrNotFound)
	if err != nil && !free {
		return err
	}
	now := s.Now()
	expires := now.Add(mailtoken.Email.Lives())
	secret, issue := mailtoken.Issue(now, w.User, w.User.Epoch, mailtoken.Email, "", email, expires)
	send, err := outbox.SendToken(now, s.Factors.Ring, outbox.Message{
		AccountID: w.User.AccountID, UserID: w.User.ID, Channel: outbox.Mail, Kind: outbox.EmailToken, Recipient: email,
		Secret: []byte(secret), ExpiresAt: expires,
	}, by)
	if err != nil {
		return err
	}
	if !free {
		send = brake.Touch(emailPurpose, email)
	}
	told := outbox.NoticeTo(now, w.User.AccountID, w.User.ID, w.User.Email, outbox.EmailAsked, map[string]string{"to": sentcode.MaskedEmail(email)}, by)
	charge := brake.ChargeMail(now, emailPurpose, brake.Send{AccountID: w.User.AccountID, UserID: w.User.ID, Address: email})
	err = s.held(ctx, w, append(charge, issue, send, told, audit.Record(now, audit.Event{
		AccountID: w.User.AccountID, Action: audit.EmailChangeAsked, Actor: by, Target: w.User.ID, Detail: map[string]string{"to": email},
	})))
	if errors.Is(err, brake.ErrMails) {
		s.Codes.Stopped(brake.LimitOf(err))
	}
	return err
}

// ConfirmEmail makes the address that a mailed token proves the one that its person signs in with. The old address is told.
// The token names the person and shows that the mailbox is read; the password shows that the person reads it. A mistyped
// address is a stranger's, who could take the account over with the token alone: a new password is mailed there.
// All of the person's sessions end, and with them what lies in the old mailbox; only one in which the token
// was entered goes on, under the cookie that is returned. A factor that sends codes to the old address stays: it may be meant.
// Errors: mailtoken.ErrToken, also for somebody who may not sign in, before the password is looked at; those of
// reauth.Service.Password; user.ErrEmailTaken in the field "token".
func (s *Service) ConfirmEmail(ctx context.Context, w *session.Signed, pasted, password string, by audit.Actor) (cookie string, a account.Account, err error) {
	t, err := mailtoken.Find(ctx, s.DB, s.Now(), mailtoken.Email, pasted)
	if err != nil {
		return "", a, err
	}
	u, err := user.Get(ctx, s.DB, t.AccountID, t.UserID)
	if err != nil {
		return "", a, err
	}
	if a, err = account.Get(ctx, s.DB, t.AccountID); err != nil {
		return "", a, err
	}
	if !t.For(u) || !u.LockedAt.IsZero() || !a.SuspendedAt.IsZero() {
		return "", a, mailtoken.ErrToken
	}
	if _, err := s.Reauth.Password(ctx, u, password, by); err != nil {
		return "", a, err
	}
	now := s.Now()
	stmts := []db.Stmt{mailtoken.Use(t, now)}
	if w != nil && t.For(w.User) {
		var more []db.Stmt
		cookie, more = s.goOn(w, w.Level, w.AMR)
		stmts = append(stmts, more...)
	} else {
		stmts = append(stmts, user.RaiseEpoch(u))
	}
	by = by.As(u.ID)
	stmts = append(stmts, user.StoreEmail(now, u, t.Detail, by)...)
	err = s.DB.Run(ctx, append(stmts,
		outbox.NoticeTo(now, u.AccountID, u.ID, u.Email, outbox.EmailChanged, map[string]string{"to": t.Detail}, by))...)
	s.Sessions.Forget(u.AccountID, u.ID)
	switch {
	case db.IsUnique(err):
		return "", a, user.ErrEmailTaken.In("token")
	case errors.Is(err, user.ErrChanged): // what ended all sessions meanwhile has ended the token too
		return "", a, mailtoken.ErrToken
	case err != nil:
		return "", a, err
	}
	return cookie, a, nil
}

// SetLanguage changes the language of the person's pages and messages; "" follows the browser.
func (s *Service) SetLanguage(ctx context.Context, w *session.Signed, language string, by audit.Actor) error {
	stmts, err := user.SetLanguage(s.Now(), w.User, language, by)
	if err != nil {
		return err
	}
	err = s.held(ctx, w, stmts)
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	return err
}
