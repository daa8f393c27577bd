package signin

import (
	"errors"

	"sallyport/internal/account"
	"sallyport/internal/backupcode"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// Outcome names what came of a step, for the metrics: pages and calls are counted alike.
func Outcome(step Step, err error) string {
	e := errs.From(err)
	switch {
	case e == nil && step.State != SignedIn:
		return string(step.State)
	case e == nil:
		return "success"
	case errors.Is(e, ErrCredentials):
		return "wrong_password"
	case errors.Is(e, throttle.ErrBlocked):
		return "throttled"
	case errors.Is(e, factor.ErrLocked), errors.Is(e, user.ErrLocked), errors.Is(e, account.ErrSuspended):
		return "locked"
	case errors.Is(e, ErrExpired), errors.Is(e, factor.ErrPasskeyOver):
		return "expired"
	case errors.Is(e, factor.ErrPasskey):
		return "wrong_code"
	case e.Kind == errs.Invalid: // wrong_code, used_code; a malformed one counts as other
		return e.Code
	case e.Kind == errs.Unavailable:
		return "busy"
	}
	return "error"
}

// Tried names what an attempt was refused with, where the way asked for takes codes of kind k. The field for codes takes a backup code too (X12).
func (a Attempt) Tried(k factor.Kind) factor.Kind {
	if a.Kind == factor.Passkey {
		return a.Kind
	}
	if _, err := (backupcode.Method{}).Clean(a.Code); err == nil || a.Kind == factor.BackupCode {
		return factor.BackupCode
	}
	return k
}
