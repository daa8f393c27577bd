package idempotency

import (
	"context"
	"time"

	"sallyport/internal/db"
)

// begin makes the row of a call, or takes over that of one whose day has passed; false if another call has it. The caller's oldest answers
// go for it, beyond those that are kept; never a call that is under way.
func begin(ctx context.Context, d *db.DB, c Call, sealed []byte) (begun bool, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(ctx, `
			INSERT INTO idempotent_calls (account_id, caller, call_id, request, status, answer, begun_at, expires_at) VALUES ($1, $2, $3, '', 0, $4, $5, $6)
			ON CONFLICT (account_id, caller, call_id) DO UPDATE SET request = '', status = 0, answer = excluded.answer,
				begun_at = excluded.begun_at, expires_at = excluded.expires_at WHERE idempotent_calls.expires_at <= excluded.begun_at`,
			c.accountID, c.caller, c.id, sealed, db.At(c.begunAt), db.At(c.begunAt.Add(KeepFor)))
		if begun = n == 1; err != nil || !begun {
			return err
		}
		_, err = tx.Exec(ctx, `
			UPDATE idempotent_calls SET status = -1, answer = $3 WHERE account_id = $1 AND caller = $2 AND status > 0 AND call_id IN (
				SELECT call_id FROM idempotent_calls WHERE account_id = $1 AND caller = $2 AND status > 0 ORDER BY begun_at DESC LIMIT 10 OFFSET $4)`,
			c.accountID, c.caller, []byte{}, KeepAnswers)
		return err
	})
	return begun, err
}

func load(ctx context.Context, q db.Querier, c Call) (row, error) {
	r := row{Call: Call{accountID: c.accountID, caller: c.caller, id: c.id}}
	var begun db.Time
	err := q.Get(ctx, `SELECT request <> '' OR status < 0, answer, begun_at FROM idempotent_calls WHERE account_id = $1 AND caller = $2 AND call_id = $3`,
		[]any{c.accountID, c.caller, c.id}, &r.forgotten, &r.sealed, &begun)
	r.begunAt = begun.Std()
	return r, err
}

func finish(c Call, status int, sealed []byte) db.Stmt {
	return db.Write(`UPDATE idempotent_calls SET status = $5, answer = $6 WHERE account_id = $1 AND caller = $2 AND call_id = $3 AND begun_at = $4 AND status = 0`,
		c.accountID, c.caller, c.id, db.At(c.begunAt), status, sealed)
}

func free(c Call) db.Stmt {
	return db.Write(`DELETE FROM idempotent_calls WHERE account_id = $1 AND caller = $2 AND call_id = $3 AND begun_at = $4 AND status = 0`,
		c.accountID, c.caller, c.id, db.At(c.begunAt))
}

// list returns up to limit calls of which something is sealed, in the order of their keys, that come after the given one.
func list(ctx context.Context, q db.Querier, after Call, limit int) (all []row, err error) {
	err = q.Each(ctx, `SELECT account_id, caller, call_id, answer FROM idempotent_calls
		WHERE (account_id, caller, call_id) > ($1, $2, $3) AND request = '' AND status >= 0 ORDER BY account_id, caller, call_id LIMIT $4`,
		[]any{after.accountID, after.caller, after.id, limit}, func(scan func(...any) error) error {
			var r row
			err := scan(&r.accountID, &r.caller, &r.id, &r.sealed)
			all = append(all, r)
			return err
		})
	return all, err
}

// reseal replaces what is sealed, provided it is still what was read.
func reseal(r row, sealed []byte) db.Stmt {
	return db.Write(`UPDATE idempotent_calls SET answer = $5 WHERE account_id = $1 AND caller = $2 AND call_id = $3 AND answer = $4`,
		r.accountID, r.caller, r.id, r.sealed, sealed)
}

// Sweep removes up to limit calls whose day has passed and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM idempotent_calls WHERE expires_at <= $1 AND (account_id, caller, call_id) IN (
			SELECT account_id, caller, call_id FROM idempotent_calls WHERE expires_at <= $1 LIMIT $2)`, db.At(now), limit)
}
