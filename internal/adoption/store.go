package adoption

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/user"
)

// errMany ends a count of more people than it was to look at.
var errMany = errors.New("adoption: too many people to count now")

// page is how many people are read at a time.
const page = 5000

// count counts an account's people, or fails with errMany if there are more than most; 0 for no limit.
func count(ctx context.Context, q db.Querier, a account.Account, now time.Time, most int) (Counts, error) {
	c, after := newCounts(), ""
	for {
		read := 0
		err := q.Each(ctx, `
			SELECT user_id, role, set_up_required, two_factor_kinds, created_at FROM users
			WHERE account_id = $1 AND user_id > $2 AND locked_at = 0 AND invited_at = 0 ORDER BY user_id LIMIT $3`, []any{a.ID, after, page + 1},
			func(scan func(...any) error) error {
				var u user.User
				var created db.Time
				err := scan(&after, &u.Role, &u.SetUpRequired, &u.TwoFactorKinds, &created)
				u.CreatedAt = created.Std()
				c.add(u, a.Owes(u.Standing(u.Devices()), now))
				read++
				return err
			})
		switch {
		case err != nil:
			return Counts{}, err
		case most > 0 && c.People() > most:
			return Counts{}, errMany
		case read <= page:
			return c, nil
		}
	}
}

const columns = `day, counts, counted_at`

func scanDay(scan func(...any) error) (Day, error) {
	var day int64
	var text string
	var at db.Time
	if err := scan(&day, &text, &at); err != nil {
		return Day{}, err
	}
	return decode(day, text, at.Std())
}

// newest returns the row that was counted last; the zero Day if there is none.
func newest(ctx context.Context, q db.Querier, accountID string) (last Day, err error) {
	err = q.Each(ctx, `SELECT `+columns+` FROM adoption_days WHERE account_id = $1 AND counted_at > 0 ORDER BY day DESC LIMIT 1`,
		[]any{accountID}, func(scan func(...any) error) error { last, err = scanDay(scan); return err })
	return last, err
}

// history returns an account's rows from a day on, the oldest first.
func history(ctx context.Context, q db.Querier, accountID string, from int64) (days []Day, err error) {
	err = q.Each(ctx, `SELECT `+columns+` FROM adoption_days WHERE account_id = $1 AND day >= $2 AND counted_at > 0 ORDER BY day`,
		[]any{accountID, from}, func(scan func(...any) error) error {
			d, err := scanDay(scan)
			days = append(days, d)
			return err
		})
	return days, err
}

// uncounted names up to limit accounts after one that have no row of a day.
func uncounted(ctx context.Context, q db.Querier, day int64, after string, limit int) (ids []string, err error) {
	err = q.Each(ctx, `
		SELECT a.account_id FROM accounts a LEFT JOIN adoption_days d ON d.account_id = a.account_id AND d.day = $1 AND d.counted_at > 0
		WHERE a.account_id > $2 AND d.account_id IS NULL AND a.suspended_at = 0 ORDER BY a.account_id LIMIT $3`, []any{day, after, limit},
		func(scan func(...any) error) error {
			var one string
			err := scan(&one)
			ids = append(ids, one)
			return err
		})
	return ids, err
}

// takeFor is how long a server has to count before another begins.
const takeFor = 2 * time.Minute

// take claims the count of a day for this server: of all that try, one may go on. There is nothing to do where the row was
// counted after the instant since. A mark from the future, of a clock that was ahead, does not count.
func take(ctx context.Context, d *db.DB, accountID string, now, since time.Time) (bool, error) {
	n, err := d.Exec(ctx, `
		INSERT INTO adoption_days (account_id, day, counts, counted_at, taken_at) VALUES ($1, $2, '{}', 0, $3)
		ON CONFLICT (account_id, day) DO UPDATE SET taken_at = excluded.taken_at
			WHERE (adoption_days.counted_at < $4 OR adoption_days.counted_at > $6)
				AND (adoption_days.taken_at <= $5 OR adoption_days.taken_at > $6)`,
		accountID, number(now), db.At(now), db.At(since), db.At(now.Add(-takeFor)), db.At(now.Add(db.Skew)))
	return n > 0, err
}

// put notes what was counted, and lets others count again.
func put(accountID string, c Counts, now time.Time) db.Stmt {
	raw, _ := json.Marshal(c) // numbers and names always encode
	return db.Write(`UPDATE adoption_days SET counts = $3, counted_at = $4, taken_at = 0 WHERE account_id = $1 AND day = $2`,
		accountID, number(now), string(raw), db.At(now))
}

// keepFor is how long a day's row stays.
const keepFor = 2 * 366 * 24 * time.Hour

// Sweep removes up to limit rows of days long ago and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM adoption_days WHERE (account_id, day) IN (SELECT account_id, day FROM adoption_days WHERE day < $1 LIMIT $2)`,
		number(now.Add(-keepFor)), limit)
}

// Names returns how the first people are called that have no second factor, up to limit.
func Names(ctx context.Context, q db.Querier, accountID string, administrators bool, limit int) (names []string, err error) {
	err = q.Each(ctx, `
		SELECT CASE WHEN name <> '' THEN name ELSE email END FROM users
		WHERE account_id = $1 AND two_factor_since = 0 AND locked_at = 0 AND invited_at = 0 AND (role <> 'member' OR NOT $2)
		ORDER BY user_id LIMIT $3`, []any{accountID, administrators, limit},
		func(scan func(...any) error) error {
			var one string
			err := scan(&one)
			names = append(names, one)
			return err
		})
	return names, err
}

// Brought returns the statement that notes what was counted on a day before an account was kept here. A day that was counted here stays as it is.
func Brought(accountID string, day time.Time, c Counts) db.Stmt {
	raw, _ := json.Marshal(c) // numbers and names always encode
	return db.Write(`INSERT INTO adoption_days (account_id, day, counts, counted_at) VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, day) DO NOTHING`,
		accountID, number(day), string(raw), db.At(day))
}
