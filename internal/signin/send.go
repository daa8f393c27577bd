package signin

import (
	"context"
	"errors"
	"slices"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/factor"
)

// Send sends a code for this sign-in to one of the person's numbers or mailboxes; the
// code sent for it before ends. Errors: ErrExpired, factor.ErrPasskeyNeeded, ErrMailRests, factor.ErrNotFound, and those of sentcode.Service.Send.
func (s *Service) Send(ctx context.Context, cookie, factorID string, by audit.Actor) error {
	p, err := s.Pending(ctx, cookie)
	if err != nil {
		return err
	}
	if p.State(s.Now()) != SecondFactor {
		return ErrExpired
	}
	if p.Owed(s.Now()).PasskeyOnly() {
		return factor.ErrPasskeyNeeded
	}
	if err := p.rested(factorID, s.Now()); err != nil {
		return err
	}
	for _, f := range p.factors {
		if f.ID == factorID && f.State == factor.Confirmed && f.Kind.Sent() {
			return s.Codes.Send(ctx, f, p.bearer.ID, p.Account.Policy.SMSDailyBudget, by.As(p.User.ID))
		}
	}
	return factor.ErrNotFound
}

// sendFirst sends a code by itself if the way that is offered first is one that is sent
// (X5). If it can't be, the sign-in goes on all the same: the code page offers to send one, and the other ways.
func (s *Service) sendFirst(ctx context.Context, cookie string, by audit.Actor) {
	p, err := s.Pending(ctx, cookie)
	if err != nil {
		return
	}
	if first, ok := p.First(s.Now()); ok && first.Kind.Sent() {
		_ = s.Send(ctx, cookie, first.ID, by) // said on the code page, which looks at what was sent
	}
}

// Sent returns the newest code that was sent for this sign-in, without the code itself;
// factor.ErrNotFound if none was.
func (s *Service) Sent(ctx context.Context, p *Pending) (factor.SentCode, error) {
	return factor.Sent(ctx, s.DB, p.User.AccountID, p.User.ID, p.bearer.ID)
}

// sentTo is the device that a code which counts was sent to for this sign-in; empty if there is none.
func (s *Service) sentTo(ctx context.Context, p *Pending) (factorID string, err error) {
	if !p.getsCodes() {
		return "", nil
	}
	c, err := s.Sent(ctx, p)
	if errors.Is(err, factor.ErrNotFound) || err == nil && !c.Live(s.Now()) {
		return "", nil
	}
	return c.FactorID, err
}

// getsCodes reports whether codes can be sent to the person.
func (p *Pending) getsCodes() bool {
	return slices.ContainsFunc(p.factors, func(f factor.Stored) bool { return f.Kind.Sent() })
}

// endSent ends the code that was sent for a sign-in that is over.
func (p *Pending) endSent() []db.Stmt {
	if !p.getsCodes() {
		return nil
	}
	return []db.Stmt{factor.EndSent(p.User.AccountID, p.User.ID, p.bearer.ID)}
}

// rank orders the ways through the second door as the policy does (K8, K9).
func rank(policy account.Policy, k factor.Kind) int {
	if i := slices.Index(policy.Methods, account.Method(k)); i >= 0 {
		return i
	}
	return len(policy.Methods)
}
