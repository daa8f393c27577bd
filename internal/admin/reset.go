package admin

import (
	"context"
	"strings"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// Errors of a reset.
var (
	ErrResetOff       = errs.New(errs.Conflict, "reset_off", "Your organisation’s rules do not let administrators reset people’s two-factor authentication (admin_reset).")
	ErrNothingToReset = errs.New(errs.Conflict, "nothing_to_reset", "This person has no second factor, so there is nothing to reset. Somebody may have done it a moment ago.")
)

// Reset ends a person's devices, backup codes, API keys, sessions and half-finished sign-ins; their next sign-in demands the set-up of a
// new device (T12, T15). Of two administrators who do it at once, one does.
//
// Errors: those of who may act at all, ErrReason, ErrResetOff, ErrNothingToReset.
func (s *Service) Reset(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID, reason string, by audit.Actor) error {
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, who actor, target user.User) error {
		switch {
		case !who.account.Policy.AdminReset:
			return ErrResetOff
		case target.Devices() == 0:
			return ErrNothingToReset
		}
		stmts, err := s.resetting(ctx, tx, target, reason, by)
		if err != nil {
			return err
		}
		return tx.Run(ctx, stmts...)
	})
}

// ResetTwoFactor is Reset for the operator, whose rule it is to reset anybody.
func (s *Service) ResetTwoFactor(ctx context.Context, u user.User, reason string, by audit.Actor) error {
	return s.DB.Tx(ctx, func(tx *db.Tx) error {
		stmts, err := s.resetting(ctx, tx, u, reason, by)
		if err != nil {
			return err
		}
		return tx.Run(ctx, stmts...)
	})
}

func (s *Service) resetting(ctx context.Context, tx *db.Tx, u user.User, reason string, by audit.Actor) ([]db.Stmt, error) {
	reason, err := because(reason)
	if err != nil {
		return nil, err
	}
	keys, err := apikey.List(ctx, tx, u)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	stmts := append([]db.Stmt{user.EndSessions(u), user.RequireSetUp(u, true)}, s.forgetting(u)...)
	stmts = append(stmts, user.CallOff(now, u, by)...)
	stmts = append(stmts, keysEnded(now, u, keys, by)...)
	return append(stmts, told(now, u, outbox.TwoFactorReset, audit.UserReset, reason, by)...), nil
}

// because checks a reason.
func because(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if reason == "" || !texts.Printable(reason, 200) {
		return "", ErrReason
	}
	return reason, nil
}

// told tells a person and the record what was done, and why.
func told(now time.Time, u user.User, notice outbox.Kind, action audit.Action, reason string, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		outbox.Notice(now, u.AccountID, u.ID, notice, map[string]string{"reason": reason}, by),
		audit.Record(now, audit.Event{AccountID: u.AccountID, Action: action, Actor: by, Target: u.ID, Detail: map[string]string{"reason": reason}}),
	}
}
