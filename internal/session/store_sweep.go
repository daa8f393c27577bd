package session

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
)

// Sweep removes up to limit sessions whose time is over, or that belong to an epoch that has passed, and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM sessions WHERE (account_id, user_id, session_id) IN (
			SELECT s.account_id, s.user_id, s.session_id FROM sessions s
			LEFT JOIN users u ON u.account_id = s.account_id AND u.user_id = s.user_id
			WHERE s.expires_at < $1 OR u.epoch IS NULL OR u.epoch <> s.epoch LIMIT $2)`,
		db.At(now), limit)
}

// idleKept is how long sessions that were over by their account's policy are kept: whether somebody has signed in since is asked about
// half-finished sign-ins for ten minutes, and the clocks of servers differ.
const idleKept = 15 * time.Minute

// idle is which sessions of an account are over by its policy: those not used, or begun, since.
type idle struct {
	accountID string
	used      time.Time
	begun     time.Time
}

// SweepIdle removes up to limit sessions that were not used for longer than their account allows, and returns how many.
func SweepIdle(ctx context.Context, d *db.DB, now time.Time, limit int) (n int64, err error) {
	over, err := overdue(ctx, d, now.Add(-idleKept))
	if err != nil {
		return 0, err
	}
	for _, o := range over {
		if n >= int64(limit) {
			break
		}
		// What was used meanwhile is looked at once more.
		swept, err := d.Exec(ctx, `
			DELETE FROM sessions WHERE account_id = $1 AND (last_seen_at <= $2 OR signed_in_at <= $3) AND (user_id, session_id) IN (
				SELECT s.user_id, s.session_id FROM sessions s
				WHERE s.account_id = $1 AND (s.last_seen_at <= $2 OR s.signed_in_at <= $3) LIMIT $4)`,
			o.accountID, db.At(o.used), db.At(o.begun), int64(limit)-n)
		if err != nil {
			return n, err
		}
		n += swept
	}
	return n, nil
}

// overdue finds the accounts that have such sessions, by a read, which on SQLite holds up nobody who writes.
func overdue(ctx context.Context, q db.Querier, at time.Time) ([]idle, error) {
	var all []idle
	err := q.Each(ctx, `SELECT o.used, o.begun, `+account.Columns+` FROM (
			SELECT s.account_id, min(s.last_seen_at) AS used, min(s.signed_in_at) AS begun FROM sessions s GROUP BY s.account_id) o
		JOIN accounts a ON a.account_id = o.account_id`, nil,
		func(scan func(...any) error) error {
			var used, begun db.Time
			var a account.Scanner
			if err := scan(append([]any{&used, &begun}, a.Dest()...)...); err != nil {
				return err
			}
			acct, err := a.Finish()
			if err != nil {
				return err
			}
			o := idle{accountID: acct.ID}
			if o.used, o.begun = acct.SessionsFrom(at); !used.Std().After(o.used) || !begun.Std().After(o.begun) {
				all = append(all, o)
			}
			return nil
		})
	return all, err
}
