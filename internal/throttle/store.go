package throttle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"sallyport/internal/db"
)

// Key names a counter: a subject within an account.
type Key struct {
	AccountID string // empty while no account is known
	Subject   string
}

// Pass returns the statement that holds the counters, in their order, and lets the transaction go on
// only if none of them waits; otherwise it fails with ErrBlocked.
func Pass(now time.Time, keys ...Key) db.Stmt {
	args := []any{db.At(now), db.At(Far(now))}
	rows := make([]string, len(keys))
	for i, k := range keys {
		rows[i] = fmt.Sprintf("($%d, $%d, 0, 0, $1)", len(args)+1, len(args)+2)
		args = append(args, k.AccountID, k.Subject)
	}
	return db.MustAll(ErrBlocked, len(keys), `
		INSERT INTO throttles (account_id, subject, failures, blocked_until, touched_at) VALUES `+strings.Join(rows, ", ")+`
		ON CONFLICT (account_id, subject) DO UPDATE SET touched_at = $1 WHERE throttles.blocked_until <= $1 OR throttles.blocked_until > $2`,
		args...)
}

// Fail charges one failure and starts the wait it earns. If a wait is running
// already the attempt was never evaluated: it is not charged, and ErrBlocked comes back.
func Fail(ctx context.Context, tx *db.Tx, k Key, now time.Time) (failures int64, err error) {
	err = tx.Run(ctx, db.Must(ErrBlocked, `
		INSERT INTO throttles (account_id, subject, failures, blocked_until, touched_at) VALUES ($1, $2, 1, 0, $3)
		ON CONFLICT (account_id, subject) DO UPDATE SET failures = throttles.failures + 1, touched_at = $3
		WHERE throttles.blocked_until <= $3 OR throttles.blocked_until > $4
		RETURNING failures`,
		k.AccountID, k.Subject, db.At(now), db.At(Far(now))).Scan(&failures))
	if err != nil || Wait(failures) == 0 {
		return failures, err
	}
	_, err = tx.Exec(ctx, `UPDATE throttles SET blocked_until = $3 WHERE account_id = $1 AND subject = $2`,
		k.AccountID, k.Subject, db.At(now.Add(Wait(failures))))
	return failures, err
}

// Left is how long the counter's wait still runs; zero if none does.
func Left(ctx context.Context, q db.Querier, k Key, now time.Time) (time.Duration, error) {
	var until db.Time
	err := q.Get(ctx, `SELECT blocked_until FROM throttles WHERE account_id = $1 AND subject = $2`,
		[]any{k.AccountID, k.Subject}, &until)
	if errors.Is(err, db.ErrNotFound) {
		return 0, nil
	}
	return Remaining(until.Std(), now), err
}

// Explain adds to an ErrBlocked how long the longest of the counters' waits still lasts,
// so that a right guess in a wait is answered exactly like a wrong one. Other errors come back unchanged.
func Explain(ctx context.Context, q db.Querier, now time.Time, err error, keys ...Key) error {
	if !errors.Is(err, ErrBlocked) {
		return err
	}
	var longest time.Duration
	for _, k := range keys {
		left, err := Left(ctx, q, k, now)
		if err != nil {
			return err
		}
		longest = max(longest, left)
	}
	return Blocked(longest)
}

// Touch notes a failure that is counted elsewhere already, at the cost of counting it: what
// is done for a stranger must take as long as what is done for a member.
func Touch(k Key, now time.Time) db.Stmt {
	return db.Write(`UPDATE throttles SET touched_at = $3 WHERE account_id = $1 AND subject = $2`, k.AccountID, k.Subject, db.At(now))
}

// Clear returns the statement that forgives all failures, for the transaction of a complete sign-in.
func Clear(k Key) db.Stmt {
	return db.Write(`DELETE FROM throttles WHERE account_id = $1 AND subject = $2`, k.AccountID, k.Subject)
}

// noteFar is the instant after which no minute can end that began before now, as Far is for waits.
func noteFar(now time.Time) time.Time { return now.Add(time.Minute + db.Apart) }

// note returns the statement that counts a note, from one again in a new minute, and delivers the count; it fails with errEnough if the
// minute has all that it may have.
func note(k Key, now time.Time) db.Stmt {
	const running = `throttles.blocked_until > $3 AND throttles.blocked_until <= $5`
	return db.Must(errEnough, `
		INSERT INTO throttles (account_id, subject, failures, blocked_until, touched_at) VALUES ($1, $2, 1, $4, $3)
		ON CONFLICT (account_id, subject) DO UPDATE SET
			failures = CASE WHEN `+running+` THEN throttles.failures + 1 ELSE 1 END,
			blocked_until = CASE WHEN `+running+` THEN throttles.blocked_until ELSE $4 END, touched_at = $3
		WHERE throttles.failures < $6 OR NOT (`+running+`)
		RETURNING failures`,
		k.AccountID, k.Subject, db.At(now), db.At(now.Add(time.Minute)), db.At(noteFar(now)), PerMinute)
}

// enough reports whether the minute has all the notes that it may have.
func enough(ctx context.Context, q db.Querier, k Key, now time.Time) (bool, error) {
	var n int64
	var until db.Time
	err := q.Get(ctx, `SELECT failures, blocked_until FROM throttles WHERE account_id = $1 AND subject = $2`, []any{k.AccountID, k.Subject}, &n, &until)
	if errors.Is(err, db.ErrNotFound) {
		return false, nil
	}
	return n >= PerMinute && until.Std().After(now) && !until.Std().After(noteFar(now)), err
}

// Keep is how long a counter outlives its last failure. It is the same for people who
// exist and who do not, or the difference would tell them apart. Forgetting after a day
// gives nothing away: waits of fifteen minutes allow more tries in that day than a new count of five.
const Keep = 24 * time.Hour

// Sweep removes up to limit counters that nobody touched for Keep and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM throttles WHERE (account_id, subject) IN (
			SELECT account_id, subject FROM throttles
			WHERE touched_at < $1 LIMIT $2)`,
		db.At(now.Add(-Keep)), limit)
}
