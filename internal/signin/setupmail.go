package signin

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
)

// By the policy's MailedSetUp, a token from the registered mailbox comes before the first device: then a stolen password
// alone does not make a stranger's phone somebody's second factor.

// Errors of the mailed token before a set-up.
var (
	ErrMailFirst = errs.New(errs.Conflict, "set_up_mail_first",
		"Before you set up a device, enter the token that we mail to your registered address.")
	ErrNoSetUpMail = errs.New(errs.Conflict, "set_up_no_mail",
		"Your organisation asks for a token from your mail before the set-up, but no mail server is set up, so none can be sent. Ask your administrator.")
)

// MailFirst reports whether the sign-in waits for a token from the registered mailbox.
func (p *Pending) MailFirst() bool {
	return p.Account.Policy.MailedSetUp && !p.mailbox && p.proved == ""
}

// waiting reads a pending sign-in that waits for such a token.
func (s *Service) waiting(ctx context.Context, cookie string) (*Pending, error) {
	p, err := s.Pending(ctx, cookie)
	if err != nil {
		return nil, err
	}
	if p.State(s.Now()) != SetUp {
		return nil, ErrNoSetUp
	}
	open, err := s.Channels.Of(ctx, p.Account.ID)
	if err == nil && !open.Mail {
		return nil, ErrNoSetUpMail
	}
	return p, err
}

// AskSetUp mails the token that must come before the set-up; one that was mailed before ends.
// Errors: ErrExpired, ErrNoSetUp, ErrNoSetUpMail, mailtoken.ErrTooSoon, brake.ErrMails.
func (s *Service) AskSetUp(ctx context.Context, cookie string, by audit.Actor) error {
	p, err := s.waiting(ctx, cookie)
	if err != nil || !p.MailFirst() {
		return err
	}
	return s.mailToken(ctx, p, mailtoken.SetUp, outbox.SetUpToken, audit.SetUpMailAsked, by)
}

// ProveMailbox takes that token, after which the set-up may begin. A wrong one is not charged, as in ConfirmDisable.
// Errors: ErrExpired, ErrNoSetUp, mailtoken.ErrToken.
func (s *Service) ProveMailbox(ctx context.Context, cookie, pasted string) error {
	p, err := s.waiting(ctx, cookie)
	if err != nil || !p.MailFirst() {
		return err
	}
	now := s.Now()
	t, err := mailtoken.Find(ctx, s.DB, now, mailtoken.SetUp, pasted)
	if err == nil && (!t.For(p.User) || t.Request != p.Request()) {
		err = mailtoken.ErrToken
	}
	if err != nil {
		return err
	}
	return s.DB.Run(ctx, []db.Stmt{mailtoken.Use(t, now), mailboxProved(p.bearer, now)}...)
}
