package signin

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/session"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// The mailed way out (P13–P15): who has the password but not the second factor gets a token
// by mail, pastes it into the same sign-in, and the second factor is off, at once or after a
// delay, as the policy says (K2). Password and mailbox together then stand for the second
// factor, so whatever makes the two into one refuses it (K3, security.md D7).

// afterReset is how long after a password reset by mail no mail replaces the second factor too, nor is it (see restMailbox).
const afterReset = 24 * time.Hour

// Errors of the mailed way out.
var (
	ErrDisableOff = errs.New(errs.Conflict, "mailed_disable_off",
		"Your organisation does not allow switching off two-factor authentication by mail. Use a backup code, or ask your administrator.")
	ErrSameMailbox = errs.New(errs.Conflict, "mailed_disable_same_mailbox",
		"The token would go to the mailbox that also gets your authentication codes, and you have no other second factor that works, so it would prove nothing more. Use a code from there, or a backup code, or ask your administrator.")
	ErrAfterReset = errs.New(errs.Conflict, "mailed_disable_after_reset",
		"Your password was reset by mail less than 24 hours ago, and mail alone must not open your account. Wait until 24 hours have passed, use a backup code, or ask your administrator.")
	ErrNoDisableMail = errs.New(errs.Conflict, "mailed_disable_no_mail",
		"No mail can be sent, because no mail server is set up. Use a backup code, or ask your administrator.")
	ErrPlanned = errs.New(errs.Conflict, "mailed_disable_planned",
		"Two-factor authentication is going to be switched off already. Until then, use a backup code, or ask your administrator.")
)

// Effect is what the mailed token does for a person. Of somebody who must have a second factor it
// switches none off: they set up a new one (K2).
func Effect(a account.Account, u user.User) account.MailedDisable {
	if a.Policy.MailedDisable == account.MailedDisableDisable && a.Requires(u.Role.Administers()) {
		return account.MailedDisableReEnrol
	}
	return a.Policy.MailedDisable
}

// MayDisable reports why no token can be mailed for this sign-in: one of the errors above, or nil.
func (s *Service) MayDisable(ctx context.Context, p *Pending) error {
	now := s.Now()
	switch reset := p.User.PasswordMailedAt; {
	case Effect(p.Account, p.User) == account.MailedDisableOff:
		return ErrDisableOff
	case !p.User.TwoFactorEndsAt.IsZero():
		return ErrPlanned
	case !reset.IsZero() && now.Before(reset.Add(afterReset)): // a clock that was put back only lengthens it
		return ErrAfterReset.After(reset.Add(afterReset).Sub(now))
	}
	if same, err := s.sameMailbox(p, now); err != nil {
		return err
	} else if same {
		return ErrSameMailbox
	}
	open, err := s.Channels.Of(ctx, p.Account.ID)
	if err == nil && !open.Mail {
		return ErrNoDisableMail
	}
	return err
}

// sameMailbox reports whether a code mailed to the registered address is the only second factor that
// works, so that the token would prove the same mailbox again (K3). A locked device does not work and
// counts for nothing here: a stranger who knows the password can lock a device by wrong codes,
// and must not open this way by that. Nor do backup codes count: they come with every factor. Refusing costs
// the person nothing, since the mailbox gets them in by its code.
func (s *Service) sameMailbox(p *Pending, now time.Time) (bool, error) {
	own, others, err := s.ownMailbox(p)
	return own != "" && !slices.ContainsFunc(others, func(f factor.Factor) bool { return !f.Locked() }), err
}

// ownMailbox finds the device whose codes go to the registered address, by its id, which is empty if there is none, and the person's other
// devices. Only confirmed ones count, and backup codes do not.
func (s *Service) ownMailbox(p *Pending) (id string, others []factor.Factor, err error) {
	for _, f := range p.factors {
		if f.State != factor.Confirmed || f.Kind == factor.BackupCode {
			continue
		}
		same, err := s.Codes.OwnAddress(f, p.User)
		switch {
		case err != nil:
			return "", nil, err
		case same:
			id = f.ID
		default:
			others = append(others, f.Factor)
		}
	}
	return id, others, nil
}

// disabling reads the pending sign-in for one of the two steps, and refuses it where no token may be mailed.
func (s *Service) disabling(ctx context.Context, cookie string) (*Pending, error) {
	p, err := s.Pending(ctx, cookie)
	if err != nil {
		return nil, err
	}
	if p.State(s.Now()) != SecondFactor || len(p.Devices()) == 0 {
		return nil, ErrExpired
	}
	return p, s.MayDisable(ctx, p)
}

// AskDisable mails the token that switches the second factor off to the person's registered
// address, for this sign-in only; one that was mailed before ends. Errors: ErrExpired, those
// of MayDisable, mailtoken.ErrTooSoon, brake.ErrMails.
func (s *Service) AskDisable(ctx context.Context, cookie string, by audit.Actor) error {
	p, err := s.disabling(ctx, cookie)
	if err != nil {
		return err
	}
	return s.mailToken(ctx, p, mailtoken.Disable, outbox.DisableToken, audit.TwoFactorOffAsked, by)
}

// mailToken mails a token that is good inside this sign-in only; one of the same purpose that was mailed before ends. Each
// purpose is counted by itself: whoever has used up their codes needs the way out most.
func (s *Service) mailToken(ctx context.Context, p *Pending, purpose mailtoken.Purpose, kind outbox.Kind, asked audit.Action, by audit.Actor) error {
	now, u := s.Now(), p.User
	by = by.As(u.ID)
	secret, issue := mailtoken.Again(now, u, u.Epoch, purpose, p.Request(), "", p.ExpiresAt)
	send, err := outbox.SendToken(now, s.Factors.Ring, outbox.Message{
		AccountID: u.AccountID, UserID: u.ID, Channel: outbox.Mail, Kind: kind, Secret: []byte(secret), ExpiresAt: p.ExpiresAt,
	}, by)
	if err != nil {
		return err
	}
	stmts := append(brake.ChargeMail(now, string(purpose), brake.Send{AccountID: u.AccountID, UserID: u.ID, Address: u.Email}), issue, send,
		audit.Record(now, audit.Event{AccountID: u.AccountID, Action: asked, Actor: by, Target: u.ID}))
	err = s.DB.Run(ctx, stmts...)
	switch {
	case errors.Is(err, mailtoken.ErrTooSoon):
		return s.tooSoon(ctx, p, purpose)
	case errors.Is(err, brake.ErrMails):
		return errors.Join(err, s.Codes.NoteStop(ctx, u.AccountID, u.ID, u.ID, string(kind), err, by))
	}
	return err
}

// Mailed returns the token of a purpose that was mailed for this sign-in, without its secret; mailtoken.ErrToken if none was that works.
func (s *Service) Mailed(ctx context.Context, p *Pending, purpose mailtoken.Purpose) (mailtoken.Token, error) {
	t, err := mailtoken.Of(ctx, s.DB, s.Now(), p.User, purpose)
	if err == nil && (t.Request != p.Request() || !t.For(p.User)) {
		return mailtoken.Token{}, mailtoken.ErrToken
	}
	return t, err
}

// tooSoon says how long to wait.
func (s *Service) tooSoon(ctx context.Context, p *Pending, purpose mailtoken.Purpose) error {
	t, err := s.Mailed(ctx, p, purpose)
	if err != nil {
		return mailtoken.ErrTooSoon
	}
	left := max(time.Second, t.ResendAt().Sub(s.Now()))
	return mailtoken.ErrTooSoon.After(left).Saying(fmt.Sprintf("A token was mailed less than a minute ago. Wait %d seconds, then send a new one.", (left+time.Second-1)/time.Second))
}

// ConfirmDisable takes the mailed token and does what the policy says, in one transaction that uses the token up and
// ends the pending sign-in. The outcome is SignedIn, without any second factor; SetUp, of a new one; or
// Planned, with nothing changed before the time that the Step tells. Whether a token may be mailed is
// decided again first. Errors: ErrExpired, those of MayDisable, mailtoken.ErrToken, brake.ErrStopped.
//
// A wrong token is not charged: nobody guesses one of 2^130, and so there is no counter with which a stranger
// could lock somebody out, nor a record to fill. It costs the two reads of any page and writes nothing.
func (s *Service) ConfirmDisable(ctx context.Context, cookie, pasted string, by audit.Actor) (Step, error) {
	p, err := s.disabling(ctx, cookie)
	if err != nil {
		return Step{}, err
	}
	now := s.Now()
	t, err := mailtoken.Find(ctx, s.DB, now, mailtoken.Disable, pasted)
	if err == nil && (!t.For(p.User) || t.Request != p.Request()) {
		err = mailtoken.ErrToken
	}
	if err != nil {
		return Step{}, err
	}
	by = by.As(p.User.ID)
	if p.Account.Policy.MailedDisableDelay > 0 {
		return s.planEnd(ctx, p, t, by)
	}
	setUp := Effect(p.Account, p.User) == account.MailedDisableReEnrol
	stmts := append([]db.Stmt{mailtoken.Use(t, now)}, endFactors(now, p.User, setUp, by)...)
	stmts = append(stmts, endPending(p.bearer, now))
	step := p.step(SignedIn)
	step.Devices = 0
	if setUp {
		step.State = SetUp
		raised := p.User
		raised.Epoch++
		cookie, b := token.Issue(raised.AccountID, raised.ID, prefix)
		step.Cookie = cookie
		stmts = append(stmts, insertPending(now, b, raised, ofSignIn, p.ReturnTo, p.forgives, ""))
	} else {
		step.TwoFactorEnded = true
		var insert db.Stmt
		step.Cookie, step.Session, insert = session.Issue(now, p.Account, p.User, p.User.Epoch+1, session.AAL1, []string{"pwd"}, by)
		stmts = append(stmts, insert, signedIn(now, p.User, by, "mailed_token"))
		if p.forgives {
			stmts = append(stmts, forgive(p.User)...)
		}
	}
	if err := s.DB.Run(ctx, stmts...); err != nil {
		return Step{}, err
	}
	return step, nil
}

// endFactors returns the statements that end all of a person's second factors and backup codes, and
// with them their sessions, half-finished sign-ins, codes and tokens, and tell them so (P15).
func endFactors(now time.Time, u user.User, setUp bool, by audit.Actor) []db.Stmt {
	effect := account.MailedDisableDisable
	if setUp {
		effect = account.MailedDisableReEnrol
	}
	stmts := append([]db.Stmt{user.EndTwoFactor(u, setUp)}, factor.Clear(u.AccountID, u.ID)...)
	return append(stmts, session.Clear(u.AccountID, u.ID), mailtoken.Clear(u.AccountID, u.ID), outbox.Clear(u.AccountID, u.ID),
		outbox.Notice(now, u.AccountID, u.ID, outbox.TwoFactorOff, nil, by),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.TwoFactorMailedOff, Actor: by, Target: u.ID,
			Detail: map[string]string{"effect": string(effect)},
		}))
}
