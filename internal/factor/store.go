package factor

import (
	"context"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// Columns lists a factor's columns for the alias f, in the order of Scanner.Dest.
// They are readable across a left join too: without a factor its id is empty.
const Columns = `COALESCE(f.account_id, ''), COALESCE(f.user_id, ''), COALESCE(f.factor_id, ''), COALESCE(f.kind, ''), COALESCE(f.name, ''), COALESCE(f.hint, ''),
	COALESCE(f.state, ''), COALESCE(f.last_step, 0), COALESCE(f.drift, 0), COALESCE(f.resync_step, 0), COALESCE(f.failures, 0),
	COALESCE(f.blocked_until, 0), COALESCE(f.created_at, 0), COALESCE(f.expires_at, 0), COALESCE(f.confirmed_at, 0), COALESCE(f.last_used_at, 0)`

// SecretColumn is the sealed secret, for the few queries that need it; it follows Columns.
const SecretColumn = `f.secret`

// Scanner reads a factor from a row.
type Scanner struct {
	s                                          Stored
	blocked, created, expires, confirmed, used db.Time
}

// Dest lists where Columns go.
func (s *Scanner) Dest() []any {
	f := &s.s.Factor
	return []any{
		&f.AccountID, &f.UserID, &f.ID, &f.Kind, &f.Name, &f.Hint, &f.State, &f.LastStep, &f.Drift, &f.ResyncStep, &f.Failures,
		&s.blocked, &s.created, &s.expires, &s.confirmed, &s.used,
	}
}

// DestWithSecret lists where Columns and SecretColumn go.
func (s *Scanner) DestWithSecret() []any { return append(s.Dest(), &s.s.sealed) }

// Finish returns the factor that was read.
func (s *Scanner) Finish() Stored {
	f := &s.s.Factor
	f.BlockedUntil, f.AddedAt, f.ExpiresAt = s.blocked.Std(), s.created.Std(), s.expires.Std()
	f.ConfirmedAt, f.LastUsedAt = s.confirmed.Std(), s.used.Std()
	return s.s
}

// List returns a user's devices, oldest first: the confirmed ones, and those still
// to be confirmed at now. The set of backup codes is none of them.
func List(ctx context.Context, q db.Querier, accountID, userID string, now time.Time) ([]Factor, error) {
	var all []Factor
	err := q.Each(ctx, `SELECT `+Columns+` FROM factors f
		WHERE f.account_id = $1 AND f.user_id = $2 AND f.kind <> 'backup_code' ORDER BY f.factor_id`, []any{accountID, userID},
		func(scan func(...any) error) error {
			var s Scanner
			err := scan(s.Dest()...)
			if f := s.Finish().Factor; f.State == Confirmed || f.Waits(now) {
				all = append(all, f)
			}
			return err
		})
	return all, err
}

// load returns all of a user's factors, with their sealed secrets.
func load(ctx context.Context, q db.Querier, accountID, userID string) ([]Stored, error) {
	var all []Stored
	err := q.Each(ctx, `SELECT `+Columns+`, `+SecretColumn+` FROM factors f WHERE f.account_id = $1 AND f.user_id = $2 ORDER BY f.factor_id`,
		[]any{accountID, userID},
		func(scan func(...any) error) error {
			var s Scanner
			err := scan(s.DestWithSecret()...)
			all = append(all, s.Finish())
			return err
		})
	return all, err
}

// codes returns a factor's single-use codes: the person's own too, or only those that an administrator gave out. Left out are those whose
// time is over at now, or seems to last longer than any: such a one was given out by a clock that was ahead (security.md F15).
func codes(ctx context.Context, q db.Querier, f Factor, own bool, now time.Time) ([]Code, error) {
	var all []Code
	err := q.Each(ctx, `SELECT selector, hash, used_at, issued_by <> '' FROM factor_codes
		WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND (expires_at = 0 OR expires_at > $4 AND expires_at <= $5) AND (issued_by <> '' OR $6)`,
		[]any{f.AccountID, f.UserID, f.ID, db.At(now), db.At(now.Add(IssuedFor + db.Skew)), own},
		func(scan func(...any) error) error {
			var c Code
			var used db.Time
			err := scan(&c.Selector, &c.Hash, &used, &c.Issued)
			c.Used = used != 0
			all = append(all, c)
			return err
		})
	return all, err
}

// Set is a user's set of backup codes.
type Set struct {
	ID     string // empty if there is none
	Left   int    // how many of the person's own are unused
	MadeAt time.Time
}

// BackupCodes tells about a user's set of backup codes.
func BackupCodes(ctx context.Context, q db.Querier, accountID, userID string) (Set, error) {
	var set Set
	err := q.Each(ctx, `
		SELECT f.factor_id, f.created_at, (SELECT count(*) FROM factor_codes c
			WHERE c.account_id = f.account_id AND c.user_id = f.user_id AND c.factor_id = f.factor_id AND c.used_at = 0 AND c.issued_by = '')
		FROM factors f WHERE f.account_id = $1 AND f.user_id = $2 AND f.kind = 'backup_code'`,
		[]any{accountID, userID},
		func(scan func(...any) error) error {
			var made db.Time
			err := scan(&set.ID, &made, &set.Left)
			set.MadeAt = made.Std()
			return err
		})
	return set, err
}

// people leaves out the devices of API keys, whose user_id is the key's.
const people = `substr(user_id, 1, 4) = 'usr_'`

// CountConfirmed tells how many confirmed devices each user of the account has, by user id.
func CountConfirmed(ctx context.Context, q db.Querier, accountID string) (map[string]int, error) {
	counts := map[string]int{}
	err := q.Each(ctx, `SELECT user_id, count(*) FROM factors
		WHERE account_id = $1 AND state = 'confirmed' AND kind <> 'backup_code' AND `+people+` GROUP BY user_id`, []any{accountID},
		func(scan func(...any) error) error {
			var userID string
			var n int
			err := scan(&userID, &n)
			counts[userID] = n
			return err
		})
	return counts, err
}

// CountPeople tells how many people of an account have a confirmed device of a kind.
func CountPeople(ctx context.Context, q db.Querier, accountID string, k Kind) (n int, err error) {
	err = q.Get(ctx, `SELECT count(DISTINCT user_id) FROM factors WHERE account_id = $1 AND kind = $2 AND state = 'confirmed' AND `+people, []any{accountID, string(k)}, &n)
	return n, err
}

// insertPending puts a new enrolment in place of the user's unfinished one of the same kind.
func insertPending(f Factor, sealed []byte, addressHash string) db.Stmt {
	return db.Write(`
		INSERT INTO factors (account_id, user_id, factor_id, kind, name, hint, address_hash, state, secret, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $9, $10, 'pending', $6, $7, $8)
		ON CONFLICT (account_id, user_id, kind) WHERE state = 'pending' DO UPDATE SET
			factor_id = excluded.factor_id, name = excluded.name, hint = excluded.hint, address_hash = excluded.address_hash,
			secret = excluded.secret, last_step = 0, drift = 0,
			resync_step = 0, failures = 0, blocked_until = 0, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		f.AccountID, f.UserID, f.ID, string(f.Kind), f.Name, sealed, db.At(f.AddedAt), db.At(f.ExpiresAt), f.Hint, addressHash)
}

// addressTaken reports whether the user has confirmed a factor of this address.
func addressTaken(ctx context.Context, q db.Querier, u user.User, addressHash string) (bool, error) {
	if addressHash == "" {
		return false, nil
	}
	var n int
	err := q.Get(ctx, `SELECT count(*) FROM factors WHERE account_id = $1 AND user_id = $2 AND address_hash = $3 AND address_hash <> '' AND state = 'confirmed'`,
		[]any{u.AccountID, u.ID, addressHash}, &n)
	return n > 0, err
}

// insertConfirmed stores a factor that counts from the start.
func insertConfirmed(f Factor, sealed []byte) db.Stmt {
	return db.Write(`
		INSERT INTO factors (account_id, user_id, factor_id, kind, name, state, secret, created_at, confirmed_at)
		VALUES ($1, $2, $3, $4, $5, 'confirmed', $6, $7, $7)`,
		f.AccountID, f.UserID, f.ID, string(f.Kind), f.Name, sealed, db.At(f.AddedAt))
}

// far is throttle.Far as it is stored.
func far(now time.Time) db.Time { return db.At(throttle.Far(now)) }

// confirm makes a pending factor count, with the code's step used up in the same write.
func confirm(m Match, now time.Time) []db.Stmt {
	f := m.Factor
	if m.Answer != nil {
		return []db.Stmt{confirmPasskey(m, now)}
	}
	if m.Sent != nil {
		return []db.Stmt{db.Must(errRefused, `
			UPDATE factors SET state = 'confirmed', confirmed_at = $4, expires_at = 0, failures = 0, blocked_until = 0
			WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND state = 'pending' AND expires_at > $4
				AND failures < $5 AND (blocked_until <= $4 OR blocked_until > $6)`,
			f.AccountID, f.UserID, f.ID, db.At(now), throttle.Lock, far(now)), useSent(f, *m.Sent, now)}
	}
	return []db.Stmt{db.Must(errRefused, `
		UPDATE factors SET state = 'confirmed', confirmed_at = $4, expires_at = 0, last_step = $5, drift = $6, resync_step = 0, failures = 0, blocked_until = 0
		WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND state = 'pending' AND expires_at > $4 AND last_step < $5
			AND failures < $8 AND (blocked_until <= $4 OR blocked_until > $9) AND (CAST($7 AS bigint) = 0 OR resync_step = $7)`,
		f.AccountID, f.UserID, f.ID, db.At(now), m.Step, m.Drift, m.After, throttle.Lock, far(now))}
}

// consume uses up the code that m stands for. Of all transactions that try, at any
// time and on any replica, exactly one finds its row.
func consume(m Match, now time.Time) []db.Stmt {
	f := m.Factor
	if m.Selector == "" && m.Sent == nil {
		return []db.Stmt{db.Must(errRefused, `
			UPDATE factors SET last_step = $4, drift = $5, last_used_at = $6, resync_step = 0, failures = 0, blocked_until = 0
			WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND state = 'confirmed' AND last_step < $4
				AND failures < $8 AND (blocked_until <= $6 OR blocked_until > $9) AND (CAST($7 AS bigint) = 0 OR resync_step = $7)`,
			f.AccountID, f.UserID, f.ID, m.Step, m.Drift, db.At(now), m.After, throttle.Lock, far(now))}
	}
	used := db.Must(errRefused, `
		UPDATE factors SET last_used_at = $4, failures = 0, blocked_until = 0
		WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND state = 'confirmed'
			AND failures < $5 AND (blocked_until <= $4 OR blocked_until > $6)`,
		f.AccountID, f.UserID, f.ID, db.At(now), throttle.Lock, far(now))
	if m.Sent != nil {
		return []db.Stmt{used, useSent(f, *m.Sent, now)}
	}
	return []db.Stmt{used, db.Must(errRefused, `
		UPDATE factor_codes SET used_at = $5
		WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND selector = $4 AND used_at = 0 AND (expires_at = 0 OR expires_at > $5)`,
		f.AccountID, f.UserID, f.ID, m.Selector, db.At(now))}
}

// Unlock returns the statement that forgives all wrong codes of a user, for an administrator.
func Unlock(accountID, userID string) db.Stmt {
	return db.Write(`UPDATE factors SET failures = 0, blocked_until = 0 WHERE account_id = $1 AND user_id = $2 AND failures > 0`, accountID, userID)
}

// clearOthers forgives the wrong codes of a user's other factors: a complete sign-in with one opens the rest.
func clearOthers(f Factor) db.Stmt {
	return db.Write(`
		UPDATE factors SET failures = 0, blocked_until = 0
		WHERE account_id = $1 AND user_id = $2 AND factor_id <> $3 AND failures > 0`, f.AccountID, f.UserID, f.ID)
}

// charge counts one wrong code against each of the factors it was compared with and
// begins the waits. It returns the factors it charged: none if their waits were
// running already, and then the code was never evaluated.
func charge(ctx context.Context, tx *db.Tx, tried []Candidate, near *Match, now time.Time) (charged []Factor, err error) {
	for _, c := range tried {
		f, step := c.Factor, int64(0)
		if near != nil && near.Factor.ID == f.ID {
			step = near.Step
		}
		hit := false
		err := tx.Each(ctx, `
			UPDATE factors SET failures = failures + 1, resync_step = $5
			WHERE account_id = $1 AND user_id = $2 AND factor_id = $3
				AND failures < $6 AND (blocked_until <= $4 OR blocked_until > $7)
			RETURNING failures`, []any{f.AccountID, f.UserID, f.ID, db.At(now), step, throttle.Lock, far(now)},
			func(scan func(...any) error) error { hit = true; return scan(&f.Failures) })
		if err != nil {
			return nil, err
		}
		if !hit {
			continue
		}
		if c.Sent != nil {
			if err := tx.Run(ctx, countTry(f, *c.Sent)); err != nil {
				return nil, err
			}
		}
		if w := throttle.Wait(f.Failures); w > 0 {
			f.BlockedUntil = now.Add(w)
			if _, err := tx.Exec(ctx, `UPDATE factors SET blocked_until = $4 WHERE account_id = $1 AND user_id = $2 AND factor_id = $3`,
				f.AccountID, f.UserID, f.ID, db.At(f.BlockedUntil)); err != nil {
				return nil, err
			}
		}
		charged = append(charged, f)
	}
	return charged, nil
}

func rename(f Factor, name string) db.Stmt {
	return db.Must(ErrNotFound, `UPDATE factors SET name = $4 WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND state = 'confirmed' AND kind <> 'backup_code'`,
		f.AccountID, f.UserID, f.ID, name)
}

func remove(f Factor) db.Stmt {
	return db.Must(ErrNotFound, `DELETE FROM factors WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND kind <> 'backup_code'`,
		f.AccountID, f.UserID, f.ID)
}

// removeCodes removes a user's set of backup codes.
func removeCodes(accountID, userID string) []db.Stmt {
	return []db.Stmt{
		db.Write(`DELETE FROM factor_codes WHERE account_id = $1 AND user_id = $2`, accountID, userID),
		db.Write(`DELETE FROM factors WHERE account_id = $1 AND user_id = $2 AND kind = 'backup_code'`, accountID, userID),
	}
}

// endSet removes one set of backup codes; of all who mean to replace it, one succeeds.
func endSet(accountID, userID, setID string) db.Stmt {
	return db.Must(ErrCodesMade, `DELETE FROM factors WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND kind = 'backup_code'`,
		accountID, userID, setID)
}

// Clear returns the statements that remove all of a user's factors and backup codes, for a reset.
func Clear(accountID, userID string) []db.Stmt {
	return []db.Stmt{ // in the order in which a code is used up, so that the two never wait for one another
		db.Write(`DELETE FROM factors WHERE account_id = $1 AND user_id = $2`, accountID, userID),
		db.Write(`DELETE FROM factor_codes WHERE account_id = $1 AND user_id = $2`, accountID, userID),
		db.Write(`DELETE FROM sent_codes WHERE account_id = $1 AND user_id = $2`, accountID, userID),
		db.Write(`DELETE FROM spent_challenges WHERE account_id = $1 AND user_id = $2`, accountID, userID),
		user.CountDevices(accountID, userID),
	}
}

// insertCodes stores a new set of backup codes.
func insertCodes(set Factor, codes []Code) []db.Stmt {
	stmts := []db.Stmt{db.Write(`
		INSERT INTO factors (account_id, user_id, factor_id, kind, name, state, secret, created_at, confirmed_at)
		VALUES ($1, $2, $3, 'backup_code', '', 'confirmed', $4, $5, $5)`,
		set.AccountID, set.UserID, set.ID, []byte{}, db.At(set.AddedAt))}
	for _, c := range codes {
		stmts = append(stmts, db.Write(`INSERT INTO factor_codes (account_id, user_id, factor_id, selector, hash) VALUES ($1, $2, $3, $4, $5)`,
			set.AccountID, set.UserID, set.ID, c.Selector, c.Hash))
	}
	return stmts
}

// Sweep removes up to limit enrolments that were never confirmed in time, or were begun by a clock that was ahead by more than
// those of servers may be apart (what a nearer one began may count there), and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM factors WHERE state = 'pending' AND (expires_at < $1 OR created_at > $3) AND (account_id, user_id, factor_id) IN (
			SELECT account_id, user_id, factor_id FROM factors WHERE state = 'pending' AND (expires_at < $1 OR created_at > $3) LIMIT $2)`,
		db.At(now), limit, db.At(now.Add(db.Apart)))
}

// page returns up to limit factors with a secret, in the order of their keys, that come after the given one.
func page(ctx context.Context, q db.Querier, after Factor, limit int) ([]Stored, error) {
	var all []Stored
	err := q.Each(ctx, `SELECT `+Columns+`, `+SecretColumn+` FROM factors f
		WHERE (f.account_id, f.user_id, f.factor_id) > ($1, $2, $3) AND f.kind <> 'backup_code'
		ORDER BY f.account_id, f.user_id, f.factor_id LIMIT $4`,
		[]any{after.AccountID, after.UserID, after.ID, limit},
		func(scan func(...any) error) error {
			var s Scanner
			err := scan(s.DestWithSecret()...)
			all = append(all, s.Finish())
			return err
		})
	return all, err
}

// count tells how many factors have a secret.
func count(ctx context.Context, q db.Querier) (n int, err error) {
	err = q.Get(ctx, `SELECT count(*) FROM factors WHERE kind <> 'backup_code'`, nil, &n)
	return n, err
}

// reseal replaces a sealed secret, provided it is still the one that was read.
func reseal(f Stored, sealed []byte) db.Stmt {
	return db.Write(`UPDATE factors SET secret = $5 WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND secret = $4`,
		f.AccountID, f.UserID, f.ID, f.sealed, sealed)
}
