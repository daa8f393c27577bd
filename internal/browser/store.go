package browser

import (
	"context"
	"errors"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/texts"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// Most is how many trusted browsers are kept of one person; of more, those used last.
const Most = 20

const columns = `b.account_id, b.user_id, b.browser_id, b.name, b.browser, b.system, b.country, b.address, b.user_agent, b.trusted_at, b.last_used_at, b.expires_at, b.epoch, b.ended`

type scanner struct {
	b                      Browser
	trusted, used, expires db.Time
}

func (s *scanner) dest() []any {
	b := &s.b
	return []any{
		&b.AccountID, &b.UserID, &b.ID, &b.Name, &b.Browser, &b.System, &b.Country, &b.Address, &b.UserAgent, &s.trusted, &s.used, &s.expires, &b.epoch, &b.ended,
	}
}

func (s *scanner) finish() Browser {
	s.b.TrustedAt, s.b.LastUsedAt, s.b.ExpiresAt = s.trusted.Std(), s.used.Std(), s.expires.Std()
	return s.b
}

// Check tells what a cookie is worth for this person, here and now. It only reads: what it finds is ended by Verdict.End, and what it
// lets pass is used by Verdict.Use.
func (s *Service) Check(ctx context.Context, a account.Account, u user.User, cookie string, here Environment) (Verdict, error) {
	key, secret, turn, ok := parse(cookie)
	if !ok || key.AccountID != u.AccountID || key.UserID != u.ID {
		return Verdict{}, nil
	}
	v := Verdict{turn: turn, secret: secret}
	var row scanner
	var stored []byte
	var until db.Time
	err := s.DB.Get(ctx, `
		SELECT `+columns+`, b.turn, COALESCE(t.failures, 0), COALESCE(t.blocked_until, 0)
		FROM trusted_browsers b
		LEFT JOIN throttles t ON t.account_id = b.account_id AND t.subject = 'browser:' || b.browser_id
		WHERE b.account_id = $1 AND b.user_id = $2 AND b.browser_id = $3`,
		[]any{key.AccountID, key.UserID, key.ID}, append(row.dest(), &stored, &v.Failures, &until)...)
	if errors.Is(err, db.ErrNotFound) {
		return Verdict{}, nil
	}
	if err != nil {
		return Verdict{}, err
	}
	v.Browser, v.BlockedUntil = row.finish(), until.Std()
	v.judge(stored, a, u, here, s.Now())
	return v, nil
}

// Use returns the statement with which a trusted browser is used, and the cookie that stands for it from then on. Of all who use
// one turn, one succeeds; the others fail with ErrTurn.
func (v Verdict) Use(now time.Time, by audit.Actor) (cookie string, stmt db.Stmt) {
	b := v.Browser
	cookie, next := turned(v.secret)
	return cookie, db.Must(ErrTurn, `
		UPDATE trusted_browsers SET turn = $5, address = $6, user_agent = $7, last_used_at = $8
		WHERE account_id = $1 AND user_id = $2 AND browser_id = $3 AND turn = $4 AND epoch = $9 AND ended = ''`,
		b.AccountID, b.UserID, b.ID, v.turn, next, audit.Claim(by.Address), audit.Claim(by.UserAgent), db.At(now), b.epoch)
}

// End returns the statements that end a trust for good, for the reason that was found. They fail with ErrTurn if another request has.
func (v Verdict) End(now time.Time, by audit.Actor) []db.Stmt {
	b := v.Browser
	stmts := []db.Stmt{db.Must(ErrTurn, `UPDATE trusted_browsers SET ended = $4 WHERE account_id = $1 AND user_id = $2 AND browser_id = $3 AND ended = ''`,
		b.AccountID, b.UserID, b.ID, string(v.Why))}
	switch v.Why {
	case Over: // what ended it has its own record
	case UsedTwice:
		stmts = append(stmts, record(now, audit.BrowserUsedTwice, b, by, nil))
	default:
		stmts = append(stmts, record(now, audit.BrowserEnded, b, by, map[string]string{"changed": string(v.Why)}))
	}
	return stmts
}

// Keep returns the statement that takes a trusted browser along into the user's next epoch, for the transaction that raises it. It is
// for the browser in which somebody ends all their other sign-ins; whatever else raises the epoch ends the trust.
func (v Verdict) Keep() db.Stmt {
	b := v.Browser
	return db.Write(`
		UPDATE trusted_browsers SET epoch = epoch + 1
		WHERE account_id = $1 AND user_id = $2 AND browser_id = $3 AND turn = $4 AND epoch = $5 AND ended = ''`,
		b.AccountID, b.UserID, b.ID, v.turn, b.epoch)
}

// Trust returns the statements that make a browser trusted from now on, and its cookie, for the transaction of a sign-in with the
// second factor. The trust ends when the account's days are over, and nothing moves that end.
func Trust(now time.Time, a account.Account, u user.User, here Environment, by audit.Actor) (cookie string, b Browser, stmts []db.Stmt) {
	secret, key := token.Issue(u.AccountID, u.ID, prefix)
	cookie, turn := turned(secret)
	b = Browser{
		AccountID: u.AccountID, UserID: u.ID, ID: key.ID, Environment: here,
		Address: audit.Claim(by.Address), UserAgent: audit.Claim(by.UserAgent),
		TrustedAt: now, LastUsedAt: now, ExpiresAt: now.Add(time.Duration(a.Policy.TrustedBrowserDays) * 24 * time.Hour), epoch: u.Epoch,
	}
	return cookie, b, []db.Stmt{
		// Made room for, so that the list stays one that is read: what has ended goes first, then what was not used for longest.
		db.Write(`
			DELETE FROM trusted_browsers WHERE account_id = $1 AND user_id = $2 AND browser_id NOT IN (
				SELECT browser_id FROM trusted_browsers WHERE account_id = $1 AND user_id = $2
				ORDER BY CASE WHEN ended = '' AND epoch = $4 THEN 0 ELSE 1 END, last_used_at DESC, browser_id LIMIT $3)`,
			u.AccountID, u.ID, Most-1, u.Epoch),
		db.Write(`
			INSERT INTO trusted_browsers (account_id, user_id, browser_id, turn, epoch, name, browser, system, country, address, user_agent, trusted_at, last_used_at, expires_at, ended)
			VALUES ($1, $2, $3, $4, $5, '', $6, $7, $8, $9, $10, $11, $11, $12, '')`,
			b.AccountID, b.UserID, b.ID, turn, b.epoch, b.Browser, b.System, b.Country, b.Address, b.UserAgent, db.At(now), db.At(b.ExpiresAt)),
		record(now, audit.BrowserTrusted, b, by, nil),
	}
}

func record(now time.Time, action audit.Action, b Browser, by audit.Actor, more map[string]string) db.Stmt {
	detail := map[string]string{"user": b.UserID, "name": b.Named()}
	for k, v := range more {
		detail[k] = v
	}
	return audit.Record(now, audit.Event{AccountID: b.AccountID, Action: action, Actor: by, Target: b.ID, Detail: detail})
}

// List returns the browsers that u trusts at now, the last used first.
func List(ctx context.Context, q db.Querier, a account.Account, u user.User, now time.Time) ([]Browser, error) {
	var all []Browser
	err := q.Each(ctx, `SELECT `+columns+` FROM trusted_browsers b WHERE b.account_id = $1 AND b.user_id = $2 ORDER BY b.last_used_at DESC, b.browser_id`,
		[]any{u.AccountID, u.ID}, func(scan func(...any) error) error {
			var s scanner
			err := scan(s.dest()...)
			if b := s.finish(); b.ended == "" && !b.over(a, u, now) {
				all = append(all, b)
			}
			return err
		})
	return all, err
}

// One is the browser of u's with this id, if it is trusted at now; else it fails with ErrNotFound.
func One(ctx context.Context, q db.Querier, a account.Account, u user.User, browserID string, now time.Time) (Browser, error) {
	all, err := List(ctx, q, a, u, now)
	if err != nil {
		return Browser{}, err
	}
	for _, b := range all {
		if b.ID == browserID {
			return b, nil
		}
	}
	return Browser{}, ErrNotFound
}

// Rename returns the statements that give one of u's browsers a name; an empty one is what the browser says of itself. Errors: ErrName,
// and in the transaction ErrNotFound.
func Rename(now time.Time, b Browser, name string, by audit.Actor) ([]db.Stmt, error) {
	name = strings.Join(strings.Fields(name), " ")
	if !texts.Printable(name, 40) {
		return nil, ErrName
	}
	from := b.Named()
	b.Name = name
	return []db.Stmt{
		db.Must(ErrNotFound, `UPDATE trusted_browsers SET name = $4 WHERE account_id = $1 AND user_id = $2 AND browser_id = $3 AND ended = ''`,
			b.AccountID, b.UserID, b.ID, name),
		audit.Record(now, audit.Event{
			AccountID: b.AccountID, Action: audit.BrowserRenamed, Actor: by, Target: b.ID,
			Detail: map[string]string{"user": b.UserID, "from": from, "to": b.Named()},
		}),
	}, nil
}

// Revoke returns the statements that end the trust in one browser, as its owner or an administrator wants; who must give a reason gives it.
// They fail with ErrNotFound if it has ended already.
func Revoke(now time.Time, b Browser, reason string, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		db.Must(ErrNotFound, `DELETE FROM trusted_browsers WHERE account_id = $1 AND user_id = $2 AND browser_id = $3`, b.AccountID, b.UserID, b.ID),
		record(now, audit.BrowserRevoked, b, by, because(reason)),
	}
}

// RevokeAll is Revoke for all browsers of u, however many there are.
func RevokeAll(now time.Time, u user.User, reason string, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		Clear(u.AccountID, u.ID),
		audit.Record(now, audit.Event{AccountID: u.AccountID, Action: audit.BrowsersRevoked, Actor: by, Target: u.ID, Detail: because(reason)}),
	}
}

func because(reason string) map[string]string {
	if reason == "" {
		return nil
	}
	return map[string]string{"reason": reason}
}

// Clear returns the statement that removes all that is kept of a user's browsers.
func Clear(accountID, userID string) db.Stmt {
	return db.Write(`DELETE FROM trusted_browsers WHERE account_id = $1 AND user_id = $2`, accountID, userID)
}

// Sweep removes up to limit browsers whose end has come and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM trusted_browsers WHERE (account_id, user_id, browser_id) IN (
			SELECT account_id, user_id, browser_id FROM trusted_browsers WHERE expires_at < $1 LIMIT $2)`,
		db.At(now), limit)
}
