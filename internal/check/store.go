package check

import (
	"context"
	"errors"
	"strings"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/id"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

const columns = `c.account_id, c.check_id, c.user_id, c.owner, c.epoch, c.reference, c.return_to, c.amr, c.method, c.browser,
	c.created_at, c.expires_at, c.passed_at, c.taken_at, c.cancelled_at`

// Begin returns a new check of u's with the secret of its link, and the statements that keep it.
func Begin(now time.Time, u user.User, o Owner, returnTo, reference string, by audit.Actor) (c Check, link string, stmts []db.Stmt) {
	c = Check{
		AccountID: u.AccountID, ID: id.New(prefix, now), UserID: u.ID, Owner: o.ID, Epoch: u.Epoch, Reference: reference, ReturnTo: returnTo,
		CreatedAt: now, ExpiresAt: now.Add(For),
	}
	link, b := token.Issue(u.AccountID, u.ID, linkPrefix)
	return c, link, []db.Stmt{
		db.Write(`
			INSERT INTO checks (account_id, check_id, user_id, owner, epoch, reference, return_to, link, browser, amr, method,
				created_at, expires_at, passed_at, taken_at, cancelled_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', '', $9, $10, 0, 0, 0)`,
			c.AccountID, c.ID, c.UserID, c.Owner, c.Epoch, c.Reference, c.ReturnTo, b.ID, db.At(now), db.At(c.ExpiresAt)),
		record(now, audit.CheckBegun, c, by),
	}
}

// Get returns the check of this id, if it is the owner's; else ErrNotFound.
func Get(ctx context.Context, q db.Querier, o Owner, checkID string) (Check, error) {
	if _, ok := id.Time(prefix, checkID); !ok {
		return Check{}, ErrNotFound
	}
	return one(ctx, q, ErrNotFound, `WHERE c.owner = $1 AND c.check_id = $2 AND ($3 = '' OR c.account_id = $3)`, o.ID, checkID, o.AccountID)
}

// ByLink returns the check that a link leads to, used or not; else ErrLink.
func ByLink(ctx context.Context, q db.Querier, link string) (Check, error) {
	return bySecret(ctx, q, link, linkPrefix, `c.link`, ErrLink)
}

// ByBrowser returns the check that a browser has opened, by its cookie; else ErrOver.
func ByBrowser(ctx context.Context, q db.Querier, cookie string) (Check, error) {
	return bySecret(ctx, q, cookie, browserPrefix, `c.browser`, ErrOver)
}

func bySecret(ctx context.Context, q db.Querier, secret, prefix, column string, none error) (Check, error) {
	b, ok := token.Parse(secret, prefix)
	if !ok {
		return Check{}, none
	}
	return one(ctx, q, none, `WHERE c.account_id = $1 AND c.user_id = $2 AND `+column+` = $3`, b.AccountID, b.UserID, b.ID)
}

func one(ctx context.Context, q db.Querier, none error, where string, args ...any) (c Check, err error) {
	var amr, browser string
	var created, expires, passed, taken, cancelled db.Time
	err = q.Get(ctx, `SELECT `+columns+` FROM checks c `+where, args,
		&c.AccountID, &c.ID, &c.UserID, &c.Owner, &c.Epoch, &c.Reference, &c.ReturnTo, &amr, &c.Method, &browser, &created, &expires, &passed, &taken, &cancelled)
	if errors.Is(err, db.ErrNotFound) {
		return Check{}, none
	}
	c.AMR, c.Opened = strings.Fields(amr), browser != ""
	c.CreatedAt, c.ExpiresAt, c.PassedAt, c.TakenAt, c.CancelledAt = created.Std(), expires.Std(), passed.Std(), taken.Std(), cancelled.Std()
	return c, err
}

// Open exchanges the link for the cookie of the browser that opens it: of all who try, one gets it. The others fail with ErrLink.
func Open(now time.Time, c Check, link string) (cookie string, stmt db.Stmt) {
	l, _ := token.Parse(link, linkPrefix)
	cookie, b := token.Issue(c.AccountID, c.UserID, browserPrefix)
	return cookie, db.Must(ErrLink, `
		UPDATE checks SET browser = $4 WHERE account_id = $1 AND check_id = $2 AND link = $3 AND browser = '' AND `+waits+` AND expires_at > $5`,
		c.AccountID, c.ID, l.ID, b.ID, db.At(now))
}

// waits is so of a check that nothing came of yet.
const waits = `passed_at = 0 AND cancelled_at = 0`

// Pass returns the statements with which a check is passed, in the transaction that uses up the code. The user's epoch is the one
// given from then on. They fail with ErrOver if it was passed, cancelled or is too old.
func Pass(now time.Time, c Check, epoch int64, method string, amr []string, by audit.Actor) []db.Stmt {
	c.Method = method
	return []db.Stmt{
		db.Must(ErrOver, `
			UPDATE checks SET passed_at = $3, expires_at = $4, epoch = $5, method = $6, amr = $7
			WHERE account_id = $1 AND check_id = $2 AND `+waits+` AND expires_at > $3`,
			c.AccountID, c.ID, db.At(now), db.At(now.Add(ResultFor)), epoch, method, strings.Join(amr, " ")),
		record(now, audit.CheckPassed, c, by),
	}
}

// Take returns the statements that give the result of a passed check away: of all who ask, one gets it. They fail with ErrTaken if
// it was given, is too old, or the person's epoch is another by now.
func Take(now time.Time, c Check, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		db.Must(ErrTaken, `
			UPDATE checks SET taken_at = $3 WHERE account_id = $1 AND check_id = $2 AND taken_at = 0 AND passed_at > 0 AND expires_at > $3
				AND epoch = (SELECT u.epoch FROM users u WHERE u.account_id = checks.account_id AND u.user_id = checks.user_id)`,
			c.AccountID, c.ID, db.At(now)),
		record(now, audit.CheckTaken, c, by),
	}
}

// Cancel returns the statements that call a check off. They fail with ErrOver if something came of it already.
func Cancel(now time.Time, c Check, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		db.Must(ErrOver, `UPDATE checks SET cancelled_at = $3 WHERE account_id = $1 AND check_id = $2 AND `+waits+` AND expires_at > $3`,
			c.AccountID, c.ID, db.At(now)),
		record(now, audit.CheckCancelled, c, by),
	}
}

// Clear returns the statement that removes a user's checks.
func Clear(accountID, userID string) db.Stmt {
	return db.Write(`DELETE FROM checks WHERE account_id = $1 AND user_id = $2`, accountID, userID)
}

// Sweep removes up to limit checks that ended a day ago and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM checks WHERE (account_id, check_id) IN (SELECT account_id, check_id FROM checks WHERE expires_at < $1 LIMIT $2)`,
		db.At(now.Add(-keptFor)), limit)
}

func record(now time.Time, what audit.Action, c Check, by audit.Actor) db.Stmt {
	detail := map[string]string{"user": c.UserID}
	if c.Method != "" {
		detail["method"] = c.Method
	}
	return audit.Record(now, audit.Event{AccountID: c.AccountID, Action: what, Actor: by, Target: c.ID, Detail: detail})
}
