package user

import (
	"context"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/outbox"
)

// EndTwoFactor returns the statement of the user's row for the transaction that takes all their second factors
// away: sessions and half-finished sign-ins end, and setUp says whether the next sign-in demands a new one (T15). It
// holds the row as RaiseEpoch does; the new epoch is u.Epoch + 1.
func EndTwoFactor(u User, setUp bool) db.Stmt {
	return db.Must(ErrChanged, `
		UPDATE users SET epoch = epoch + 1, set_up_required = $4, preferred_factor = '', two_factor_ends_at = 0
		WHERE account_id = $1 AND user_id = $2 AND epoch = $3`, u.AccountID, u.ID, u.Epoch, setUp)
}

// PlanEnd returns the statement that plans the end of the user's second factor (K2). A plan that
// stands is not moved.
func PlanEnd(u User, at time.Time) db.Stmt {
	return db.Must(ErrChanged, `
		UPDATE users SET two_factor_ends_at = $4 WHERE account_id = $1 AND user_id = $2 AND epoch = $3 AND two_factor_ends_at = 0`,
		u.AccountID, u.ID, u.Epoch, db.At(at))
}

// CallOff returns the statements that call off the planned end of the user's second factor, if u has one,
// and tell them. They fail with ErrChanged if one was planned or called off since u was read: so a plan
// that u does not show is never overlooked, and its end is told once.
func CallOff(now time.Time, u User, by audit.Actor) []db.Stmt {
	stmts := []db.Stmt{db.Must(ErrChanged, `
		UPDATE users SET two_factor_ends_at = 0 WHERE account_id = $1 AND user_id = $2 AND two_factor_ends_at = $3`,
		u.AccountID, u.ID, db.At(u.TwoFactorEndsAt))}
	if u.TwoFactorEndsAt.IsZero() {
		return stmts
	}
	return append(stmts, Kept(now, u, by)...)
}

// CallOffAll returns the statements that call off every planned end of an account's people, or of everybody's if the account's id is
// empty, and tell each, for the transaction that raises their epochs: after that nobody plans one. They fail with ErrChanged if one was
// planned or called off since they were made.
func CallOffAll(ctx context.Context, q db.Querier, now time.Time, accountID string, by audit.Actor) (stmts []db.Stmt, err error) {
	planned, err := where(ctx, q, `u.two_factor_ends_at > 0 AND ($1 = '' OR u.account_id = $1) ORDER BY u.account_id, u.user_id`, accountID)
	for _, u := range planned {
		stmts = append(stmts, CallOff(now, u, by)...)
	}
	var none int
	return append(stmts, db.Must(ErrChanged, `SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM users WHERE two_factor_ends_at > 0 AND ($1 = '' OR account_id = $1))`,
		accountID).Scan(&none)), err
}

// Kept returns the statements that tell and record that the planned end of the second factor does not come.
func Kept(now time.Time, u User, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		outbox.NoticeTo(now, u.AccountID, u.ID, u.Email, outbox.DisableKept, nil, by), // which a new address may have called off
		audit.Record(now, audit.Event{AccountID: u.AccountID, Action: audit.TwoFactorKept, Actor: by, Target: u.ID}),
	}
}

// Due names up to limit users whose second factor is to end by now, by account and id.
func Due(ctx context.Context, q db.Querier, now time.Time, limit int) ([]User, error) {
	return where(ctx, q, `u.two_factor_ends_at > 0 AND u.two_factor_ends_at <= $1 ORDER BY u.two_factor_ends_at LIMIT $2`, db.At(now), limit)
}

// TakeDue takes the planned end of a user's second factor off the row, if its time has come, and returns the user.
// Of all replicas that try, one gets it, and its transaction does what was planned.
func TakeDue(ctx context.Context, tx *db.Tx, accountID, userID string, now time.Time) (u User, ok bool, err error) {
	err = tx.Each(ctx, `
		UPDATE users SET two_factor_ends_at = 0
		WHERE account_id = $1 AND user_id = $2 AND two_factor_ends_at > 0 AND two_factor_ends_at <= $3
		RETURNING user_id`, []any{accountID, userID, db.At(now)},
		func(scan func(...any) error) error { ok = true; return scan(&userID) })
	if err != nil || !ok {
		return User{}, false, err
	}
	u, err = Get(ctx, tx, accountID, userID)
	return u, true, err
}
