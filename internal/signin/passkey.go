package signin

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// AskPasskey asks one of the person's passkeys for the second door. Its answer is good in this sign-in only, for as long as that lives and at
// most factor.AskedFor. Errors: ErrExpired, factor.ErrNotFound if they have none.
func (s *Service) AskPasskey(ctx context.Context, cookie string) (options json.RawMessage, ceremony string, err error) {
	p, err := s.Pending(ctx, cookie)
	if err != nil {
		return nil, "", err
	}
	if p.State(s.Now()) != SecondFactor {
		return nil, "", ErrExpired
	}
	return s.Factors.Ask(p.factors, p.bearer.ID, p.ExpiresAt)
}

// admissible are the factors that an attempt may prove. Where only a passkey will do, what another device shows is refused
// before it is compared, so nothing is charged for it; so is what the one shows that rests.
func (p *Pending) admissible(a Attempt, now time.Time) ([]factor.Stored, error) {
	if !p.Owed(now).PasskeyOnly() {
		if p.rests.id == "" {
			return p.factors, nil
		}
		awake := slices.DeleteFunc(slices.Clone(p.factors), func(f factor.Stored) bool { return f.ID == p.rests.id })
		return awake, p.rested(a.FactorID, now)
	}
	if f, ok := p.stored(a.FactorID); ok && a.Kind == "" {
		a.Kind = f.Kind
	}
	if a.Kind != "" && a.Kind != factor.Passkey && a.Kind != factor.BackupCode {
		return nil, factor.ErrPasskeyNeeded
	}
	return slices.DeleteFunc(slices.Clone(p.factors), func(f factor.Stored) bool {
		return f.Kind != factor.Passkey && f.Kind != factor.BackupCode
	}), nil
}

// AskPasskeyAlone asks for the passkey of whoever sits there, with no password before it. It tells nothing about anybody.
// Errors: account.ErrNoPasskeys.
func (s *Service) AskPasskeyAlone(context.Context) (options json.RawMessage, ceremony string, err error) {
	return s.Factors.AskAnyone()
}

// PasskeyCredentials is what a passkey answered that is a sign-in by itself.
type PasskeyCredentials struct {
	Ceremony string                              // from AskPasskeyAlone
	Response string                              // the PublicKeyCredential, in JSON
	ReturnTo string                              // a checked path on this site
	Known    func(accountID, userID string) bool // as in Credentials
}

// Passkey is both doors in one: a passkey that verified its owner counts as two factors. Wrong passwords have no
// say in it, and it forgives none: a stranger can't keep the owner out, nor wash their own guesses away (B28, D3). Whoever is
// unknown, gone, only invited, or has other passkeys hears the same: factor.ErrPasskey.
//
// Errors: that, factor.ErrPasskeyOver; user.ErrLocked and account.ErrSuspended, only to who has the passkey.
func (s *Service) Passkey(ctx context.Context, c PasskeyCredentials, by audit.Actor) (Step, error) {
	step, err := s.passkeyOnce(ctx, c, by)
	if errors.Is(err, user.ErrChanged) { // the planned end of the second factor came or was called off at this moment
		return s.passkeyOnce(ctx, c, by)
	}
	return step, err
}

func (s *Service) passkeyOnce(ctx context.Context, c PasskeyCredentials, by audit.Actor) (Step, error) {
	u, a, factors, err := s.holder(ctx, c.Response)
	if err != nil {
		return Step{}, err
	}
	by = by.As(u.ID)
	refused := admitted(u, a)
	p := &Pending{User: u, Account: a, ReturnTo: c.ReturnTo, factors: factors}
	step := p.step(SignedIn)
	m, err := s.Factors.Consume(ctx, factor.Try{
		AccountID: u.AccountID, UserID: u.ID, Factors: factors, Kind: factor.Passkey, Code: c.Response, Ceremony: c.Ceremony, Request: factor.Alone, By: by,
	}, func(m factor.Match) []db.Stmt {
		if refused != nil {
			return nil // the answer is used up, and opens nothing
		}
		now := s.Now()
		var insert db.Stmt
		step.Cookie, step.Session, insert = session.Issue(now, a, u, u.Epoch, session.AAL2, append(slices.Clone(m.Answer.AMR), "mfa"), by)
		stmts := []db.Stmt{session.MakeRoom(u, u.Epoch), insert, signedIn(now, u, by, string(factor.Passkey))}
		stmts = append(stmts, s.notices(now, p, m, c.Known != nil && c.Known(u.AccountID, u.ID), by)...)
		if !u.TwoFactorEndsAt.IsZero() { // who has the second factor needs no way out (K2)
			stmts = append(stmts, user.CallOff(now, u, by)...)
		}
		return stmts
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return Step{}, err
	}
	step.Method = m.Factor.Kind
	return step, nil
}

// holder reads the person whom an answer names. Nobody, and who has no password here, is factor.ErrPasskey: they are invited only, or known
// by a program's checks, and have no settings to sign in to.
func (s *Service) holder(ctx context.Context, response string) (user.User, account.Account, []factor.Stored, error) {
	accountID, userID, ok := s.Factors.Owner(response)
	if !ok {
		return user.User{}, account.Account{}, nil, factor.ErrPasskey
	}
	u, err := user.Get(ctx, s.DB, accountID, userID)
	if errors.Is(err, user.ErrNotFound) || err == nil && !u.HasPassword {
		return user.User{}, account.Account{}, nil, factor.ErrPasskey
	}
	if err != nil {
		return user.User{}, account.Account{}, nil, err
	}
	a, err := account.Get(ctx, s.DB, accountID)
	if err != nil {
		return user.User{}, account.Account{}, nil, err
	}
	factors, err := s.Factors.All(ctx, accountID, userID)
	return u, a, factors, err
}
