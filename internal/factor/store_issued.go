package factor

import (
	"context"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/user"
)

// issue stores a code that was given out. Its issuer tells it from the person's own.
func issue(set Factor, c Code, ends time.Time, issuedBy string) db.Stmt {
	return db.Write(`INSERT INTO factor_codes (account_id, user_id, factor_id, selector, hash, expires_at, issued_by) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		set.AccountID, set.UserID, set.ID, c.Selector, c.Hash, db.At(ends), issuedBy)
}

// endIssued ends the code that was given out before.
func endIssued(set Factor) db.Stmt {
	return db.Write(`DELETE FROM factor_codes WHERE account_id = $1 AND user_id = $2 AND issued_by <> ''`, set.AccountID, set.UserID)
}

// forgiveSet forgives the wrong codes of a set.
func forgiveSet(set Factor) db.Stmt {
	return db.Must(user.ErrChanged, `
		UPDATE factors SET failures = 0, blocked_until = 0
		WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND kind = 'backup_code'`, set.AccountID, set.UserID, set.ID)
}

// AnyLocked reports whether so many wrong codes were entered for one of a user's factors that only another one, or an
// administrator, opens it again.
func AnyLocked(ctx context.Context, q db.Querier, accountID, userID string) (bool, error) {
	rows, err := load(ctx, q, accountID, userID)
	for _, f := range rows {
		if f.Locked() {
			return true, err
		}
	}
	return false, err
}

// SweepIssued removes up to limit codes that were given out and whose time is over, and returns how many.
func SweepIssued(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM factor_codes WHERE (account_id, user_id, factor_id, selector) IN (
			SELECT account_id, user_id, factor_id, selector FROM factor_codes WHERE expires_at > 0 AND expires_at <= $1 LIMIT $2)`,
		db.At(now), limit)
}
