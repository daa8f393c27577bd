package signin

import (
	"context"
	"encoding/json"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/reauth"
	"sallyport/internal/sentcode"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// Where a sign-in's state is SetUp, the person has no second factor and the account or a reset demands one (T11, T15):
// they set one up and are in with it. Whoever has only the password stands here too. So it goes by
// what is stored, never by what is asked for (security.md B49); the person hears of the device by mail; and
// where the policy says so, a mailed code comes first.

// SetUpOffers tells which methods may be set up in this sign-in, in the policy's order.
func (s *Service) SetUpOffers(ctx context.Context, p *Pending) ([]account.Offer, error) {
	open, err := s.Channels.Of(ctx, p.Account.ID)
	if err != nil {
		return nil, err
	}
	offers := s.Plans.Offers(p.Account, open.Mail, open.SMS, s.Now())
	if p.Owed(s.Now()).Passkey {
		offers = account.PasskeyOnly(offers)
	}
	return offers, nil
}

// SetUpCountries names the countries whose numbers the person may set up.
func (s *Service) SetUpCountries(p *Pending) []string {
	return sentcode.Countries(p.Account, s.Countries).Names()
}

// BeginSetUp adds an authenticator app inside a sign-in whose state is SetUp. The password that opened
// the first door is its proof. Errors: ErrExpired, ErrNoSetUp, ErrMailFirst, those of totp.Begin, and that the method is not offered.
func (s *Service) BeginSetUp(ctx context.Context, cookie, name string) (*Pending, totp.Enrolment, error) {
	p, proof, err := s.settingUp(ctx, cookie)
	if err != nil {
		return p, totp.Enrolment{}, err
	}
	if err := s.offered(ctx, p, factor.TOTP); err != nil {
		return p, totp.Enrolment{}, errs.From(err).In("name")
	}
	e, err := totp.Begin(ctx, s.Factors, proof, p.Account, p.User, name)
	return p, e, err
}

// BeginSetUpAddress adds a phone number or mailbox likewise, and sends the code that proves it.
// Errors: those of BeginSetUp, and of the address.
func (s *Service) BeginSetUpAddress(ctx context.Context, cookie string, k factor.Kind, name, address string, by audit.Actor) (*Pending, factor.Factor, error) {
	p, proof, err := s.settingUp(ctx, cookie)
	if err == nil {
		err = s.offered(ctx, p, k)
	}
	if err != nil {
		return p, factor.Factor{}, err
	}
	n, err := sentcode.ReadAddress(k, address, sentcode.Countries(p.Account, s.Countries))
	if err != nil {
		return p, factor.Factor{}, err
	}
	n.Name = name
	f, err := s.Factors.Begin(ctx, proof, p.User, n, p.Account.Policy.MaxDevicesPerKind)
	if err != nil {
		return p, factor.Factor{}, err
	}
	err = s.SendSetUp(ctx, cookie, f.ID, by)
	if e := errs.From(err); e != nil && e.Kind == errs.TooMany {
		err = nil // the page says that none was sent, and when the next may be
	}
	return p, f, err
}

// SendSetUp sends a code to the number or mailbox that is being set up; the one before ends.
// Errors: those of BeginSetUp, factor.ErrNotFound, and those of sentcode.Service.Send.
func (s *Service) SendSetUp(ctx context.Context, cookie, factorID string, by audit.Actor) error {
	p, _, err := s.settingUp(ctx, cookie)
	if err != nil {
		return err
	}
	f, ok := p.stored(factorID)
	if !ok || !f.Waits(s.Now()) || !f.Kind.Sent() {
		return factor.ErrNotFound
	}
	if err := s.offered(ctx, p, f.Kind); err != nil {
		return err
	}
	return s.Codes.Send(ctx, f, f.ID, p.Account.Policy.SMSDailyBudget, by.As(p.User.ID))
}

// BeginSetUpPasskey adds a passkey likewise; options is what the browser asks it. Errors: those of BeginSetUp, and of the name.
func (s *Service) BeginSetUpPasskey(ctx context.Context, cookie, name string) (p *Pending, f factor.Factor, options json.RawMessage, err error) {
	p, proof, err := s.settingUp(ctx, cookie)
	if err == nil {
		err = s.offered(ctx, p, factor.Passkey)
	}
	if err != nil {
		return p, factor.Factor{}, nil, err
	}
	f, options, err = s.Factors.BeginPasskey(ctx, proof, p.User, p.Account, p.Request(), name)
	return p, f, options, err
}

// ConfirmSetUp confirms the device, ends the pending sign-in and begins a session, all
// in one transaction. It returns the backup codes, to be shown once.
func (s *Service) ConfirmSetUp(ctx context.Context, cookie, factorID, code string, by audit.Actor) (Step, []string, error) {
	p, _, err := s.settingUp(ctx, cookie)
	if err != nil {
		return Step{}, nil, err
	}
	kind := factor.TOTP
	if f, ok := p.stored(factorID); ok {
		kind = f.Kind
	}
	if err := s.offered(ctx, p, kind); err != nil {
		return Step{}, nil, err
	}
	now, step := s.Now(), p.step(s.passed())
	step.Method = kind
	by = by.As(p.User.ID)
	more := func(m factor.Match) []db.Stmt {
		stmts := append([]db.Stmt{user.RaiseEpoch(p.User), endPending(p.bearer, now)}, s.complete(now, p, p.User.Epoch+1, m, &step, by)...)
		if p.forgives {
			stmts = append(stmts, forgive(p.User)...)
		}
		return append(stmts, user.CallOff(now, p.User, by)...) // or the new device would end with those that are there already
	}
	codes, err := s.Factors.Confirm(ctx, p.User, factor.Try{
		AccountID: p.User.AccountID, UserID: p.User.ID, FactorID: factorID, Code: code, Request: factorID, Within: p.Request(),
		Tolerance: p.Account.Policy.ClockTolerance.Std(), By: by,
	}, p.Account.Policy.MaxDevicesPerKind, more)
	if err != nil {
		return Step{}, nil, err
	}
	return step, codes, nil
}

// settingUp reads a pending sign-in in which a factor may be set up now, with the proof that the password is. Where the mailed
// token must come first it fails, with the sign-in.
func (s *Service) settingUp(ctx context.Context, cookie string) (*Pending, reauth.Proof, error) {
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
	if p.MailFirst() {
		return p, reauth.Proof{}, ErrMailFirst
	}
	return p, proof, nil
}

// offered refuses a kind of factor that may not be set up now. The right may have ended since the page was shown.
func (s *Service) offered(ctx context.Context, p *Pending, k factor.Kind) error {
	offers, err := s.SetUpOffers(ctx, p)
	if err != nil {
		return err
	}
	return account.Offered(offers, account.Method(k))
}
