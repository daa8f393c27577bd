package account

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
)

// Change is what becomes of an account by its operator's hand; what is nil or empty stays as it is.
type Change struct {
	Plan        *string    // DefaultPlan or empty for the deployment's default plan
	TrialEndsAt *time.Time // the zero time ends a trial: that is how it becomes what the customer has bought
	Suspended   *bool
	Allow       []Allowance // each with Method, Reason and Until; it takes the place of one for the same method
	Disallow    []Method
	Ending      []db.Stmt // of other packages', in the transaction that suspends: what ends with it for good
}

// SetPlan puts an account on other terms. Errors: ErrPlan, ErrTrial, ErrNotFound.
func SetPlan(ctx context.Context, d *db.DB, now time.Time, accountID string, plans Plans, t Terms, by audit.Actor) error {
	_, err := Alter(ctx, d, now, accountID, plans, Change{Plan: &t.Plan, TrialEndsAt: &t.TrialEndsAt}, by)
	return err
}

// SetSuspended suspends an account, whose people then have no session anywhere within a second and no trusted browser, or resumes it.
func SetSuspended(ctx context.Context, d *db.DB, now time.Time, accountID string, suspended bool, by audit.Actor) error {
	_, err := Alter(ctx, d, now, accountID, Plans{}, Change{Suspended: &suspended}, by)
	return err
}

// Allow makes an exception from g's Method, Reason and Until, and returns it in full. Errors: ErrMethod, ErrReason, ErrUntil.
func Allow(ctx context.Context, d *db.DB, now time.Time, accountID string, g Allowance, by audit.Actor) (Allowance, error) {
	a, err := Alter(ctx, d, now, accountID, Plans{}, Change{Allow: []Allowance{g}}, by)
	if err == nil {
		_, g, _ = without(a.Allowances, g.Method)
	}
	return g, err
}

// Disallow takes the exception for m back, or fails with ErrNoAllowance.
func Disallow(ctx context.Context, d *db.DB, now time.Time, accountID string, m Method, by audit.Actor) error {
	_, err := Alter(ctx, d, now, accountID, Plans{}, Change{Disallow: []Method{m}}, by)
	return err
}

// Alter changes an account, all of it or nothing, and returns it as it is then. What is so already needs no doing, and is not recorded.
// It is written only where nothing of it was changed since it was read: what somebody else does in between is read, and this is done to
// that anew, so nothing is lost.
//
// Errors: ErrNotFound, ErrPlan, ErrTrial, ErrMethod, ErrReason, ErrUntil, ErrNoAllowance.
func Alter(ctx context.Context, d *db.DB, now time.Time, accountID string, plans Plans, c Change, by audit.Actor) (Account, error) {
	return alter(ctx, d, now, accountID, func(a Account) (Account, []db.Stmt, error) { return a.altered(now, plans, c, by) })
}

// alter replaces an account by what change makes of it, with what is to be recorded of that; where that is nothing, nothing is written.
func alter(ctx context.Context, d *db.DB, now time.Time, accountID string, change func(Account) (Account, []db.Stmt, error)) (a Account, err error) {
	err = errRaced
	// Each lost round is somebody else's change that succeeded, so the bound is out of reach of people.
	for tries := 0; tries < 50 && errors.Is(err, errRaced); tries++ {
		a, err = alterOnce(ctx, d, now, accountID, change)
	}
	return a, err
}

func alterOnce(ctx context.Context, d *db.DB, now time.Time, accountID string, change func(Account) (Account, []db.Stmt, error)) (Account, error) {
	var old string
	was, err := Get(ctx, d, accountID)
	if err == nil {
		err = d.Get(ctx, `SELECT allowances FROM accounts WHERE account_id = $1`, []any{accountID}, &old)
	}
	if err != nil {
		return was, err
	}
	if was.Allowances, err = decodeAllowances(old); err != nil { // as the text says that is compared below
		return was, err
	}
	is, events, err := change(was)
	if err != nil || len(events) == 0 {
		return is, err
	}
	text, err := json.Marshal(append([]Allowance{}, is.Allowances...))
	if err != nil {
		return is, err
	}
	return is, d.Run(ctx, append([]db.Stmt{
		db.Must(errRaced, `
			UPDATE accounts SET plan = $2, trial_ends_at = $3, suspended_at = $4, trust_from = CASE WHEN $5 THEN $6 ELSE trust_from END, allowances = $7
			WHERE account_id = $1 AND plan = $8 AND trial_ends_at = $9 AND suspended_at = $10 AND allowances = $11`,
			accountID, is.Plan, db.At(is.TrialEndsAt), db.At(is.SuspendedAt), !is.SuspendedAt.Equal(was.SuspendedAt), db.At(now), string(text),
			was.Plan, db.At(was.TrialEndsAt), db.At(was.SuspendedAt), old),
	}, events...)...)
}

// altered is the account after a change, with what is to be recorded of it.
func (a Account) altered(now time.Time, plans Plans, c Change, by audit.Actor) (is Account, events []db.Stmt, err error) {
	is = a
	note := func(action audit.Action, detail map[string]string) {
		events = append(events, audit.Record(now, audit.Event{AccountID: a.ID, Action: action, Actor: by, Target: a.ID, Detail: detail}))
	}
	if c.Plan != nil {
		t, err := plans.check(Terms{Plan: *c.Plan}, now)
		if err != nil {
			return is, nil, err
		}
		is.Plan = t.Plan
	}
	if c.TrialEndsAt != nil {
		if !c.TrialEndsAt.IsZero() && !now.Before(*c.TrialEndsAt) {
			return is, nil, ErrTrial
		}
		is.TrialEndsAt = *c.TrialEndsAt
	}
	if is.Plan != a.Plan || !is.TrialEndsAt.Equal(a.TrialEndsAt) {
		note(audit.AccountPlanChanged, Terms{is.Plan, is.TrialEndsAt}.detail())
	}
	switch {
	case c.Suspended == nil || *c.Suspended == !a.SuspendedAt.IsZero():
	case *c.Suspended:
		is.SuspendedAt = now
		note(audit.AccountSuspended, nil)
		events = append(events, c.Ending...)
	default:
		is.SuspendedAt = time.Time{}
		note(audit.AccountResumed, nil)
	}
	for _, m := range c.Disallow {
		rest, old, found := without(is.Allowances, m)
		if !found {
			return is, nil, ErrNoAllowance
		}
		is.Allowances = rest
		note(audit.AccountMethodDisallowed, old.detail())
	}
	for _, g := range c.Allow {
		if g, err = granted(g, now, by); err != nil {
			return is, nil, err
		}
		rest, _, _ := without(is.Allowances, g.Method)
		is.Allowances = append(rest[:len(rest):len(rest)], g)
		note(audit.AccountMethodAllowed, g.detail())
	}
	return is, events, nil
}

// detail is how an audit event tells an exception.
func (g Allowance) detail() map[string]string {
	return map[string]string{"method": string(g.Method), "reason": g.Reason, "until": g.Until.Format(time.RFC3339)}
}
