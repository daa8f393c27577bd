package signin

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

// Where the policy gives the mailed token a delay, the token only plans the end of the second
// factor. The plan is a time in the user's row. Until then the second factor is asked for as ever, and
// every address the person has gets a token that calls the end off (K2); so do a complete
// sign-in, a changed or forgotten password, a changed address, a reset, a lock and the account's suspension, each in its own transaction.

// planEnd plans the end of the second factor and tells it everywhere. If a text can't be sent because a limit of
// the day is reached, nothing is planned: an end of which not every address hears would be a quiet one.
func (s *Service) planEnd(ctx context.Context, p *Pending, t mailtoken.Token, by audit.Actor) (Step, error) {
	now, u := s.Now(), p.User
	ends := now.Add(p.Account.Policy.MailedDisableDelay.Std())
	secret, keep := mailtoken.Issue(now, u, u.Epoch, mailtoken.Keep, "", "", ends)
	stmts := []db.Stmt{
		mailtoken.Use(t, now), user.PlanEnd(u, ends), keep, endPending(p.bearer, now),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.TwoFactorOffPlanned, Actor: by, Target: u.ID,
			Detail: map[string]string{"ends_at": ends.UTC().Format(time.RFC3339)},
		}),
	}
	told, err := s.tellPlan(ctx, p, secret, ends, by)
	if err != nil {
		return Step{}, err
	}
	err = s.DB.Run(ctx, append(append(stmts, p.endSent()...), told...)...)
	switch {
	case errors.Is(err, brake.ErrStopped):
		return Step{}, errors.Join(err, s.Codes.NoteStop(ctx, u.AccountID, u.ID, u.ID, string(outbox.DisableCancel), err, by))
	case err != nil:
		return Step{}, err
	}
	step := p.step(Planned)
	step.EndsAt = ends
	return step, nil
}

// tellPlan returns the statements that send the token which keeps the second factor to the registered address and to every
// number and mailbox that gets codes. A message names the factor and not its address, which stays sealed.
func (s *Service) tellPlan(ctx context.Context, p *Pending, secret string, ends time.Time, by audit.Actor) ([]db.Stmt, error) {
	now, u := s.Now(), p.User
	open, err := s.Channels.Of(ctx, u.AccountID)
	if err != nil {
		return nil, err
	}
	var stmts []db.Stmt
	send := func(ch outbox.Channel, facts map[string]string) error {
		stmt, err := outbox.SendToken(now, s.Factors.Ring, outbox.Message{
			AccountID: u.AccountID, UserID: u.ID, Channel: ch, Kind: outbox.DisableCancel, Facts: facts, Secret: []byte(secret), ExpiresAt: ends,
		}, by)
		stmts = append(stmts, stmt)
		return err
	}
	err = send(outbox.Mail, nil)
	for _, f := range p.factors {
		if err != nil {
			return nil, err
		}
		if f.State != factor.Confirmed || !f.Kind.Sent() {
			continue
		}
		facts := map[string]string{outbox.ToFactor: f.ID}
		if f.Kind == factor.Email {
			var own bool
			if own, err = s.Codes.OwnAddress(f, u); err == nil && !own {
				err = send(outbox.Mail, facts)
			}
			continue
		}
		if !open.SMS {
			continue
		}
		var number string
		if number, err = s.Factors.Address(f); err == nil {
			stmts = append(stmts, s.Codes.Limits.Charge(now, brake.Send{
				AccountID: u.AccountID, UserID: u.ID, Address: number, Text: true, Prefix: s.Codes.Prefix(number), Tells: true,
			})...)
			err = send(outbox.SMS, facts)
		}
	}
	return stmts, err
}

// KeepOn calls the planned end of a second factor off, with the token that told of it. The same token went to
// several places, and the second to use it hears the same: that it stays on. The token keeps working when the
// person's epoch rises, for it opens nothing. Errors: mailtoken.ErrToken.
func (s *Service) KeepOn(ctx context.Context, pasted string, by audit.Actor) error {
	t, err := mailtoken.Find(ctx, s.DB, s.Now(), mailtoken.Keep, pasted)
	if err != nil {
		return err
	}
	return s.callOff(ctx, t.AccountID, t.UserID, by)
}

func (s *Service) callOff(ctx context.Context, accountID, userID string, by audit.Actor) error {
	for range 2 { // the second time, what was changed under our hands is known
		u, err := user.Get(ctx, s.DB, accountID, userID)
		if errors.Is(err, user.ErrNotFound) {
			return mailtoken.ErrToken
		}
		if err != nil || u.TwoFactorEndsAt.IsZero() {
			return err
		}
		if err := s.DB.Run(ctx, user.CallOff(s.Now(), u, by)...); !errors.Is(err, user.ErrChanged) {
			return err
		}
	}
	return user.ErrChanged
}

// due reports whether the planned end of the second factor has come.
func due(u user.User, now time.Time) bool {
	return !u.TwoFactorEndsAt.IsZero() && !u.TwoFactorEndsAt.After(now)
}

// EndDue does what was planned for up to limit people whose time has come, and returns how many there were. Any
// replica may run it.
func (s *Service) EndDue(ctx context.Context, limit int) (int64, error) {
	people, err := user.Due(ctx, s.DB, s.Now(), limit)
	for _, u := range people {
		err = errors.Join(err, s.endPlanned(ctx, u.AccountID, u.ID))
	}
	return int64(len(people)), err
}

// endPlanned does what was planned for a person, if nobody has yet: by the policy as it is now, which may have been
// changed since. Of nobody who must not enter: they would not have got the mails by which they call it off. Taking the plan off the user's row decides who does it, in the transaction that does it.
func (s *Service) endPlanned(ctx context.Context, accountID, userID string) error {
	now, by := s.Now(), audit.Actor{Kind: audit.KindNobody}
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		u, mine, err := user.TakeDue(ctx, tx, accountID, userID, now)
		if err != nil || !mine {
			return err
		}
		a, err := account.Get(ctx, tx, accountID)
		if err != nil {
			return err
		}
		devices, err := factor.List(ctx, tx, accountID, userID, now)
		if err != nil {
			return err
		}
		confirmed := false
		for _, d := range devices {
			confirmed = confirmed || d.State == factor.Confirmed
		}
		effect := Effect(a, u)
		switch {
		case !confirmed: // its owner has switched it off meanwhile
			return nil
		case effect == account.MailedDisableOff, admitted(u, a) != nil:
			return tx.Run(ctx, user.Kept(now, u, by)...)
		}
		return tx.Run(ctx, endFactors(now, u, effect == account.MailedDisableReEnrol, by)...)
	})
}

// endIfDue is endPlanned for somebody whose password was right just now, before a sweep came by. It returns the person as
// they are then, and whether anything ended.
func (s *Service) endIfDue(ctx context.Context, p person, again func() (person, error)) (person, bool, error) {
	if !due(p.user, s.Now()) {
		return p, false, nil
	}
	if err := s.endPlanned(ctx, p.user.AccountID, p.user.ID); err != nil {
		return person{}, false, err
	}
	now, err := again()
	// The password was compared with what was read before: it must still be this person's.
	if err == nil && (now.user.ID != p.user.ID || now.hash != p.hash) { // public: both come from the database
		err = ErrCredentials
	}
	return now, now.devices == 0, err
}
