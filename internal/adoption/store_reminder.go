package adoption

import (
	"context"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/user"
)

// errMoved says that another server was faster with a batch.
var errMoved = errs.New(errs.Conflict, "reminder_moved", "") // inside of the package only

// reminder is a row of its table.
type reminder struct {
	accountID string
	askedAt   db.Time
	by        audit.Actor
	after     string
	told      int64
	done      bool
}

// Remind returns the statement that begins to mail everybody of an account who has no second factor and of whom one is
// demanded or wished. Of all who ask within a day one begins it; the others fail with ErrReminded. A time that is yet to come,
// of a clock that was ahead, holds nobody up. After the transaction, RemindSome does the first part of the work.
func Remind(now time.Time, accountID string, by audit.Actor) db.Stmt {
	return db.Must(ErrReminded, `
		INSERT INTO reminders (account_id, asked_at, asked_by, language, after_user, told, done) VALUES ($1, $2, $3, $4, '', 0, FALSE)
		ON CONFLICT (account_id) DO UPDATE SET asked_at = excluded.asked_at, asked_by = excluded.asked_by, language = excluded.language,
			after_user = '', told = 0, done = FALSE
		WHERE reminders.asked_at <= $5 OR reminders.asked_at > $6`,
		accountID, db.At(now), by.ID, by.Language, db.At(now.Add(-remindEvery)), db.At(now.Add(db.Skew)))
}

// move notes how far a reminder got, unless another server did.
func move(from, to reminder) db.Stmt {
	return db.Must(errMoved, `
		UPDATE reminders SET after_user = $4, told = $5, done = $6
		WHERE account_id = $1 AND asked_at = $2 AND after_user = $3 AND NOT done`,
		from.accountID, from.askedAt, from.after, to.after, to.told, to.done)
}

// readReminder returns an account's row; one without an account's id if there is none.
func readReminder(ctx context.Context, q db.Querier, accountID string) (r reminder, err error) {
	err = q.Each(ctx, `SELECT account_id, asked_at, asked_by, language, after_user, told, done FROM reminders WHERE account_id = $1`, []any{accountID},
		func(scan func(...any) error) error {
			// Who asked is told, and not from where: that is nobody's business but the record's.
			r.by.Kind = audit.KindUser
			return scan(&r.accountID, &r.askedAt, &r.by.ID, &r.by.Language, &r.after, &r.told, &r.done)
		})
	return r, err
}

func lastReminder(ctx context.Context, q db.Querier, accountID string) (Reminder, error) {
	r, err := readReminder(ctx, q, accountID)
	return Reminder{At: r.askedAt.Std(), Told: int(r.told), Done: r.done}, err
}

// running names up to limit accounts whose reminder has begun and not ended.
func running(ctx context.Context, q db.Querier, limit int) (ids []string, err error) {
	err = q.Each(ctx, `SELECT account_id FROM reminders WHERE NOT done ORDER BY asked_at LIMIT $1`, []any{limit},
		func(scan func(...any) error) error {
			var one string
			err := scan(&one)
			ids = append(ids, one)
			return err
		})
	return ids, err
}

// without returns up to limit people who have no second factor and can sign in, in the order of their ids after one.
func without(ctx context.Context, q db.Querier, accountID, after string, limit int) (people []user.User, err error) {
	err = q.Each(ctx, `
		SELECT `+user.Columns+` FROM users u
		WHERE u.account_id = $1 AND u.two_factor_since = 0 AND u.user_id > $2 AND u.locked_at = 0 AND u.invited_at = 0
		ORDER BY u.user_id LIMIT $3`, []any{accountID, after, limit},
		func(scan func(...any) error) error {
			var s user.Scanner
			err := scan(s.Dest()...)
			people = append(people, s.Finish())
			return err
		})
	return people, err
}
