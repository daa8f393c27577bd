package profile

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/phone"
	"sallyport/internal/sentcode"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// AddAddress begins the enrolment of a phone number or a mailbox (C15–C16, X8): it is stored unconfirmed,
// and a code is sent that proves it. If no code can be sent now the enrolment stands, and another may be asked for.
//
// Errors: those of the address, in the field "address"; of the proofs; factor.ErrName, ErrNameTaken, ErrLimit,
// ErrAddress; and that the method is not offered.
func (s *Service) AddAddress(ctx context.Context, w *session.Signed, k factor.Kind, name, address string, p Proofs, by audit.Actor) (factor.Factor, error) {
	if err := s.offered(ctx, w, k); err != nil {
		return factor.Factor{}, err
	}
	n, err := sentcode.ReadAddress(k, address, s.countries(w))
	if err != nil {
		return factor.Factor{}, err
	}
	n.Name = name
	if n.Name, err = factor.CleanName(name); err != nil {
		return factor.Factor{}, err // before the password is asked for: a slip costs no attempt
	}
	proof, err := s.prove(ctx, w, s.ToAdd(w), p, by)
	if err != nil {
		return factor.Factor{}, err
	}
	f, err := s.Factors.Begin(ctx, proof, w.User, n, w.Account.Policy.MaxDevicesPerKind)
	if err != nil {
		return factor.Factor{}, err
	}
	err = s.SendProof(ctx, w, f.ID, by)
	if e := errs.From(err); e != nil && e.Kind == errs.TooMany {
		err = nil // the page says that none was sent, and when the next may be
	}
	return f, err
}

// SendProof sends a code to a number or mailbox that waits to be confirmed; the one before ends.
// Errors: factor.ErrNotFound, and those of sentcode.Service.Send.
func (s *Service) SendProof(ctx context.Context, w *session.Signed, factorID string, by audit.Actor) error {
	f, err := s.Factors.Stored(ctx, w.User.AccountID, w.User.ID, factorID)
	if err != nil {
		return err
	}
	if !f.Kind.Sent() || f.State != factor.Pending {
		return factor.ErrNotFound
	}
	if err := s.offered(ctx, w, f.Kind); err != nil { // the right may have ended since the form was sent
		return err
	}
	return s.Codes.Send(ctx, f, f.ID, w.Account.Policy.SMSDailyBudget, by)
}

// Sent returns what was sent for a request of the person's, without the code; factor.ErrNotFound if nothing was.
func (s *Service) Sent(ctx context.Context, w *session.Signed, request string) (factor.SentCode, error) {
	return factor.Sent(ctx, s.DB, w.User.AccountID, w.User.ID, request)
}

// SendRepeated sends a code for a step that asks for one again (K1), to a confirmed number or mailbox. It is
// good for this session only.
func (s *Service) SendRepeated(ctx context.Context, w *session.Signed, factorID string, by audit.Actor) error {
	f, err := s.Factors.Stored(ctx, w.User.AccountID, w.User.ID, factorID)
	if err != nil {
		return err
	}
	if !f.Kind.Sent() || f.State != factor.Confirmed {
		return factor.ErrNotFound
	}
	if s.PasskeyOnly(w) {
		return factor.ErrPasskeyNeeded
	}
	return s.Codes.Send(ctx, f, w.ID, w.Account.Policy.SMSDailyBudget, by)
}

// RenameDevice gives a device of the person's another name. Errors: those of factor.Service.Rename.
func (s *Service) RenameDevice(ctx context.Context, w *session.Signed, factorID, name string, by audit.Actor) error {
	return s.Factors.Rename(ctx, w.User, factorID, name, by, w.Held())
}

// NotNow puts the recommendation of a second factor off (A1).
func (s *Service) NotNow(ctx context.Context, w *session.Signed) error {
	err := s.held(ctx, w, []db.Stmt{user.Welcomed(s.Now(), w.User)})
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	return err
}

// Prefer makes a confirmed device the one that sign-in asks for first (K9).
func (s *Service) Prefer(ctx context.Context, w *session.Signed, factorID string, by audit.Actor) error {
	f, err := s.Factors.Get(ctx, w.User, factorID)
	if err != nil {
		return err
	}
	err = s.held(ctx, w, []db.Stmt{user.Prefer(w.User, f.ID), audit.Record(s.Now(), audit.Event{
		AccountID: w.User.AccountID, Action: audit.FactorPreferred, Actor: by, Target: f.ID, Detail: map[string]string{"name": f.Name},
	})})
	s.Sessions.Forget(w.User.AccountID, w.User.ID)
	return err
}

// countries are those whose numbers the person may add.
func (s *Service) countries(w *session.Signed) phone.Countries {
	return sentcode.Countries(w.Account, s.Countries)
}

// CountryNames lists the countries whose numbers the person may add.
func (s *Service) CountryNames(w *session.Signed) []string { return s.countries(w).Names() }
