package signin

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// BeginSetUp adds a device inside a sign-in whose next state is SetUp: none is
// confirmed, and a reset demands one (T15, security.md B49). The password that opened the first door is its proof.
func (s *Service) BeginSetUp(ctx context.Context, cookie, name string) (*Pending, totp.Enrolment, error) {
	p, proof, err := s.setUp(ctx, cookie)
	if err != nil {
		return nil, totp.Enrolment{}, err
	}
	e, err := totp.Begin(ctx, s.Factors, proof, p.Account, p.User, name)
	return p, e, err
}

// ConfirmSetUp confirms that device, ends the pending sign-in and begins a session, all
// in one transaction. It returns the backup codes, to be shown once.
func (s *Service) ConfirmSetUp(ctx context.Context, cookie, factorID, code string, by audit.Actor) (Step, []string, error) {
	p, _, err := s.setUp(ctx, cookie)
	if err != nil {
		return Step{}, nil, err
	}
	now, step := s.Now(), p.step(SignedIn)
	by = by.As(p.User.ID)
	var insert db.Stmt
	step.Cookie, _, insert = session.Issue(now, p.Account, p.User, p.User.Epoch+1, session.AAL2, s.Factors.AMR(factor.TOTP), by)
	more := []db.Stmt{user.RaiseEpoch(p.User), endPending(p.bearer, now), insert, signedIn(now, p.User, by, string(factor.TOTP))}
	if p.forgives {
		more = append(more, forgive(p.User)...)
	}
	codes, err := s.Factors.Confirm(ctx, p.User, factor.Try{
		AccountID: p.User.AccountID, UserID: p.User.ID, FactorID: factorID, Code: code,
		Tolerance: p.Account.Policy.ClockTolerance.Std(), By: by,
	}, p.Account.Policy.MaxDevicesPerKind, more...)
	if err != nil {
		return Step{}, nil, err
	}
	return step, codes, nil
}

func (s *Service) setUp(ctx context.Context, cookie string) (*Pending, reauth.Proof, error) {
	p, err := s.Pending(ctx, cookie)
	if err != nil {
		return nil, reauth.Proof{}, err
	}
	if p.State(s.Now()) != SetUp {
		return nil, reauth.Proof{}, ErrNoSetUp
	}
	proof, fresh := reauth.Recent(p.User, p.StartedAt, s.Now())
	if !fresh {
		return nil, reauth.Proof{}, ErrExpired
	}
	return p, proof, nil
}
