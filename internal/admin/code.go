package admin

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// ErrCodesOff refuses a backup code that an account's rules forbid to give out.
var ErrCodesOff = errs.New(errs.Conflict, "codes_off", "Your organisation’s rules do not let administrators give out backup codes (admin_codes).")

// Given is a backup code that was given out. It is shown once.
type Given struct {
	Code string
	Ends time.Time
	To   user.User
}

// GiveCode gives out a fresh backup code for a person who lost their devices (X13): it works once, for an hour, beside the password.
// The administrator gets this one and never sees the person's own (K14), and nobody chooses its value.
//
// Errors: those of who may act at all, ErrReason, ErrCodesOff, factor.ErrNothingToReplace, brake.ErrGiven, user.ErrChanged,
// password's when the server is busy.
func (s *Service) GiveCode(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID, reason string, by audit.Actor) (Given, error) {
	if err := s.may(proof, w); err != nil { // before anything is hashed
		return Given{}, err
	}
	target, err := s.Target(ctx, w, userID)
	if err != nil {
		return Given{}, err
	}
	if err := givable(w.Account, target); err != nil {
		return Given{}, err
	}
	reason, err = because(reason)
	if err != nil {
		return Given{}, err
	}
	drawn, err := s.Factors.DrawCode(ctx, target.AccountID, target.ID)
	if err != nil {
		return Given{}, err
	}
	g := Given{Code: drawn.Shown}
	err = s.on(ctx, proof, w, userID, func(tx *db.Tx, who actor, target user.User) error {
		if err := givable(who.account, target); err != nil {
			return err
		}
		if err := tx.Run(ctx, brake.ChargeGiven(s.Now(), target.AccountID, who.admin.ID)...); err != nil {
			return err
		}
		return s.give(ctx, tx, &g, drawn, target, who.admin.ID, reason, by)
	})
	if err != nil {
		return Given{}, err
	}
	return g, nil
}

// givable refuses a code that the rules forbid, or that would be of no use.
func givable(a account.Account, target user.User) error {
	switch {
	case !a.Policy.AdminCodes:
		return ErrCodesOff
	case target.Devices() == 0:
		return factor.ErrNothingToReplace
	}
	return nil
}

func (s *Service) give(ctx context.Context, tx *db.Tx, g *Given, drawn factor.Drawn, target user.User, issuedBy, reason string, by audit.Actor) (err error) {
	if g.Ends, err = s.Factors.GiveCode(ctx, tx, drawn, target, issuedBy); err != nil {
		return err
	}
	g.To = target
	return tx.Run(ctx, told(s.Now(), target, outbox.AdminCodeIssued, audit.BackupCodeIssued, reason, by)...)
}

// OperatorGiveCode is GiveCode for the operator.
func (s *Service) OperatorGiveCode(ctx context.Context, u user.User, reason string) (Given, error) {
	reason, err := because(reason)
	if err != nil {
		return Given{}, err
	}
	drawn, err := s.Factors.DrawCode(ctx, u.AccountID, u.ID)
	if err != nil {
		return Given{}, err
	}
	g := Given{Code: drawn.Shown}
	err = s.operate(ctx, u, func(tx *db.Tx, target user.User) error {
		return s.give(ctx, tx, &g, drawn, target, string(audit.KindOperator), reason, audit.Operator())
	})
	if err != nil {
		return Given{}, err
	}
	return g, nil
}
