package brake

import (
	"context"
	"time"

	"sallyport/internal/db"
)

// most is how many slots the largest exact limit has.
const most = 10

// slots makes the slots of a subject that has none yet, and holds them all: of those who send at the same
// moment each finds what the one before left. (A row that meets ON CONFLICT DO UPDATE is locked even where
// WHERE is false.) Everybody takes them in this order, so nobody waits in a circle.
func slots(x exact) db.Stmt {
	return db.Write(`
		INSERT INTO send_slots (account_id, subject, slot)
		SELECT $1, $2, n.slot FROM (SELECT 1 AS slot UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
			UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10) AS n WHERE n.slot <= CAST($3 AS bigint)
		ORDER BY n.slot
		ON CONFLICT (account_id, subject, slot) DO UPDATE SET used_at = excluded.used_at WHERE send_slots.used_at < 0`, x.accountID, x.subject, min(x.most, most))
}

// take uses the slot of the oldest send, provided that is long enough ago. A slot that was
// used further in the future than the clocks of servers are apart is free: a clock put back must not stop everybody.
func take(x exact, now time.Time) db.Stmt {
	return db.Must(stopped(x.limit), `
		UPDATE send_slots SET used_at = $3 WHERE account_id = $1 AND subject = $2 AND (used_at <= $4 OR used_at > $5) AND slot = (
			SELECT s.slot FROM send_slots s WHERE s.account_id = $1 AND s.subject = $2 AND (s.used_at <= $4 OR s.used_at > $5) ORDER BY s.used_at, s.slot LIMIT 1)`,
		x.accountID, x.subject, db.At(now), db.At(now.Add(-x.span)), db.At(now.Add(max(x.span, db.Apart))))
}

// Touch returns a statement that costs what a write costs and changes nothing, on a slot that ChargeMail has
// made: what is done for a stranger must take as long as what is done for a member.
func Touch(what, address string) db.Stmt {
	x := perAddress(what, address)[0]
	return db.Write(`UPDATE send_slots SET used_at = used_at WHERE account_id = $1 AND subject = $2 AND slot = 1`, x.accountID, x.subject)
}

// count adds one to a day's sends, provided the limit is not reached.
func count(l Limit, accountID, subject string, limit int, now time.Time) db.Stmt {
	if limit < 1 { // the first send of a day is inserted and never compared, so this limit is said here
		return db.Must(stopped(l), `UPDATE send_days SET sends = sends WHERE account_id = $1 AND subject = $2 AND day = -1`, accountID, subject)
	}
	return db.Must(stopped(l), `
		INSERT INTO send_days (account_id, subject, day, sends) VALUES ($1, $2, $3, 1)
		ON CONFLICT (account_id, subject, day) DO UPDATE SET sends = send_days.sends + 1 WHERE send_days.sends < $4`,
		accountID, subject, dayOf(now), limit)
}

func dayOf(t time.Time) int64 { return t.Unix() / int64(24*time.Hour/time.Second) }

// FirstStop returns the statement that notes that a limit stopped a subject today, and fails with already if
// that was noted: the record tells once a day, or whoever is stopped could fill it.
func FirstStop(now time.Time, l Limit, accountID, userID string, already error) db.Stmt {
	return db.Must(already, `
		INSERT INTO send_days (account_id, subject, day, sends) VALUES ($1, $2, $3, 1) ON CONFLICT (account_id, subject, day) DO NOTHING`,
		accountID, "stopped:"+string(l)+":"+userID, dayOf(now))
}

// Sweep removes up to limit rows that can't bound anything any more and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	n, err := d.Exec(ctx, `
		DELETE FROM send_slots WHERE used_at < $1 AND (account_id, subject, slot) IN (
			SELECT account_id, subject, slot FROM send_slots WHERE used_at < $1 LIMIT $2)`,
		db.At(now.Add(-2*time.Hour)), limit)
	if err != nil {
		return n, err
	}
	m, err := d.Exec(ctx, `
		DELETE FROM send_days WHERE day < $1 AND (account_id, subject, day) IN (
			SELECT account_id, subject, day FROM send_days WHERE day < $1 LIMIT $2)`,
		dayOf(now)-1, limit)
	return n + m, err
}
