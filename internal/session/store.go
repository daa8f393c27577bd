package session

import (
	"context"
	"errors"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// Most is how many sessions are kept of one person; of more, those used last. Nothing else bounds them: right passwords are not made to wait.
const Most = 100

// listed is how many are read for a list: all, but in a database that an older version filled, or while many sign-ins meet.
const listed = 2 * Most

// prefix begins a session's id.
const prefix = "ses"

// trustedAMR are the methods of a sign-in in a trusted browser. RFC 8176 has no value for that; the second one is our own.
const trustedAMR = "pwd trusted_browser"

// Issue makes a session for u, at the epoch given, and returns the cookie's value and
// the statement that stores the session, for the transaction of the sign-in itself.
func Issue(now time.Time, a account.Account, u user.User, epoch int64, level Level, amr []string, by audit.Actor) (value string, s Session, stmt db.Stmt) {
	value, s = begin(now, a, u, epoch, level, amr, by)
	if level == AAL2 {
		s.ProvedAt = now
	}
	return value, s, insert(s)
}

// IssueTrusted is Issue for a sign-in with the password in a trusted browser: its second factor was proved when the browser became
// trusted and not now, so what wants it proved just now asks for it.
func IssueTrusted(now time.Time, a account.Account, u user.User, by audit.Actor) (value string, s Session, stmt db.Stmt) {
	value, s = begin(now, a, u, u.Epoch, AAL2, strings.Fields(trustedAMR), by)
	return value, s, insert(s)
}

func begin(now time.Time, a account.Account, u user.User, epoch int64, level Level, amr []string, by audit.Actor) (value string, s Session) {
	value, b := token.Issue(u.AccountID, u.ID, prefix)
	return value, Session{
		AccountID: u.AccountID, UserID: u.ID, ID: b.ID, Epoch: epoch, Level: level, AMR: amr,
		Address: audit.Claim(by.Address), UserAgent: audit.Claim(by.UserAgent),
		SignedInAt: now, LastSeenAt: now, ExpiresAt: now.Add(a.Policy.SessionLifetime.Std()),
	}
}

// MakeRoom returns the statement that ends those of the person's sessions that were used longest ago, so that there are fewer than Most, for
// the transaction of a sign-in, before the session that begins under epoch. What has ended with another epoch goes first. In a database that an older
// version filled it takes a hundred at a time.
func MakeRoom(u user.User, epoch int64) db.Stmt {
	return db.Write(`
		DELETE FROM sessions WHERE account_id = $1 AND user_id = $2 AND session_id IN (
			SELECT s.session_id FROM sessions s WHERE s.account_id = $1 AND s.user_id = $2
			ORDER BY CASE WHEN s.epoch = $3 THEN 0 ELSE 1 END, s.last_seen_at DESC, s.session_id LIMIT 100 OFFSET $4)`,
		u.AccountID, u.ID, epoch, Most-1)
}

// Renew makes a session in place of this one, after the user's epoch was raised: same sign-in, new secret, same end; a level above
// the old one's only with a new proof of it. A key goes on as it is: then there is no value.
func (s *Signed) Renew(now time.Time, epoch int64, level Level, amr []string) (value string, stmts []db.Stmt) {
	if s.ByKey() {
		return "", []db.Stmt{s.Held()}
	}
	value, b := token.Issue(s.AccountID, s.UserID, prefix)
	renewed := s.Session
	if level == AAL2 && s.Level != AAL2 {
		renewed.ProvedAt = now
	}
	renewed.ID, renewed.Epoch, renewed.Level, renewed.AMR = b.ID, epoch, level, amr
	return value, []db.Stmt{remove(s.AccountID, s.UserID, s.ID), insert(renewed)}
}

func insert(s Session) db.Stmt {
	return db.Write(`
		INSERT INTO sessions (account_id, user_id, session_id, epoch, level, amr, address, user_agent, signed_in_at, last_seen_at, expires_at, proved_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
		s.AccountID, s.UserID, s.ID, s.Epoch, string(s.Level), strings.Join(s.AMR, " "), s.Address, s.UserAgent,
		db.At(s.SignedInAt), db.At(s.LastSeenAt), db.At(s.ExpiresAt), db.At(s.ProvedAt))
}

// Proved returns the statement that notes that the second factor was proved in a session just now, for the transaction that
// uses the code up. It fails with ErrNone if the session has ended.
func Proved(now time.Time, s Session) db.Stmt {
	return db.Must(ErrNone, `UPDATE sessions SET proved_at = $4 WHERE account_id = $1 AND user_id = $2 AND session_id = $3 AND level = 'aal2'`,
		s.AccountID, s.UserID, s.ID, db.At(now))
}

// CountEnded tells how many people are signed in whose sessions end because of what the account a demands: they have no second
// factor, or no passkey.
func CountEnded(ctx context.Context, q db.Querier, a account.Account, now time.Time) (n int, err error) {
	used, begun := a.SessionsFrom(now)
	err = q.Each(ctx, `
		SELECT DISTINCT u.user_id, u.role, u.set_up_required, u.two_factor_kinds, u.created_at FROM sessions s
		JOIN users u ON u.account_id = s.account_id AND u.user_id = s.user_id AND u.epoch = s.epoch
		WHERE s.account_id = $1 AND (u.two_factor_since = 0 OR $5) AND u.locked_at = 0 AND s.expires_at > $2 AND s.last_seen_at > $3 AND s.signed_in_at > $4`,
		[]any{a.ID, db.At(now), db.At(used), db.At(begun), a.Policy.PasskeyRequired != account.PasskeyOptional},
		func(scan func(...any) error) error {
			var u user.User
			var created db.Time
			err := scan(&u.ID, &u.Role, &u.SetUpRequired, &u.TwoFactorKinds, &created)
			u.CreatedAt = created.Std()
			if ends(a.Owes(u.Standing(u.Devices()), now)) {
				n++
			}
			return err
		})
	return n, err
}

func remove(accountID, userID, sessionID string) db.Stmt {
	return db.Must(ErrNotFound, `DELETE FROM sessions WHERE account_id = $1 AND user_id = $2 AND session_id = $3`, accountID, userID, sessionID)
}

// One returns a user's session, whether it counts or not; ErrNotFound if there is none of the id.
func One(ctx context.Context, q db.Querier, u user.User, sessionID string) (Session, error) {
	if !storable(sessionID) {
		return Session{}, ErrNotFound
	}
	var r scanner
	err := q.Get(ctx, `SELECT `+columns+` FROM sessions s WHERE s.account_id = $1 AND s.user_id = $2 AND s.session_id = $3`,
		[]any{u.AccountID, u.ID, sessionID}, r.dest()...)
	if errors.Is(err, db.ErrNotFound) {
		return Session{}, ErrNotFound
	}
	return r.finish(), err
}

// Removing returns the statements that end a session of somebody else's. They fail with ErrNotFound if it has ended already.
func Removing(now time.Time, s Session, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		remove(s.AccountID, s.UserID, s.ID),
		audit.Record(now, audit.Event{AccountID: s.AccountID, Action: audit.SessionEnded, Actor: by, Target: s.ID, Detail: map[string]string{"user": s.UserID}}),
	}
}

const columns = `s.account_id, s.user_id, s.session_id, s.epoch, s.level, s.amr, s.address, s.user_agent, s.signed_in_at, s.last_seen_at, s.expires_at, s.proved_at`

type scanner struct {
	s                       Session
	amr                     string
	signedIn, seen, expires db.Time
	proved                  db.Time
}

func (r *scanner) dest() []any {
	s := &r.s
	return []any{&s.AccountID, &s.UserID, &s.ID, &s.Epoch, &s.Level, &r.amr, &s.Address, &s.UserAgent, &r.signedIn, &r.seen, &r.expires, &r.proved}
}

func (r *scanner) finish() Session {
	r.s.AMR = strings.Fields(r.amr)
	r.s.SignedInAt, r.s.LastSeenAt, r.s.ExpiresAt, r.s.ProvedAt = r.signedIn.Std(), r.seen.Std(), r.expires.Std(), r.proved.Std()
	return r.s
}

// read returns the session with its user and account, whether it counts or not; ErrNone if there is none.
func read(ctx context.Context, q db.Querier, b token.Bearer) (*Signed, error) {
	var s scanner
	var u user.Scanner
	var a account.Scanner
	dest := append(append(s.dest(), u.Dest()...), a.Dest()...)
	err := q.Get(ctx, `SELECT `+columns+`, `+user.Columns+`, `+account.Columns+`
		FROM sessions s
		JOIN users u ON u.account_id = s.account_id AND u.user_id = s.user_id
		JOIN accounts a ON a.account_id = s.account_id
		WHERE s.account_id = $1 AND s.user_id = $2 AND s.session_id = $3`,
		[]any{b.AccountID, b.UserID, b.ID}, dest...)
	if errors.Is(err, db.ErrNotFound) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	acct, err := a.Finish()
	return &Signed{Session: s.finish(), User: u.Finish(), Account: acct}, err
}

// touch notes that a session was used, unless that is noted to within a minute already.
func touch(ctx context.Context, d *db.DB, s Session, now time.Time) error {
	return d.Run(ctx, db.Write(`
		UPDATE sessions SET last_seen_at = $4 WHERE account_id = $1 AND user_id = $2 AND session_id = $3 AND last_seen_at < $4`,
		s.AccountID, s.UserID, s.ID, db.At(now)))
}

// list returns a user's sessions of their epoch, the last used first.
func list(ctx context.Context, q db.Querier, u user.User) ([]Session, error) {
	var all []Session
	err := q.Each(ctx, `SELECT `+columns+` FROM sessions s WHERE s.account_id = $1 AND s.user_id = $2 AND s.epoch = $3 ORDER BY s.last_seen_at DESC, s.session_id LIMIT $4`,
		[]any{u.AccountID, u.ID, u.Epoch, listed},
		func(scan func(...any) error) error {
			var r scanner
			err := scan(r.dest()...)
			all = append(all, r.finish())
			return err
		})
	return all, err
}

// removeUnused removes a session unless somebody has used it since it was read.
func removeUnused(s Session) db.Stmt {
	return db.Write(`DELETE FROM sessions WHERE account_id = $1 AND user_id = $2 AND session_id = $3 AND last_seen_at <= $4`,
		s.AccountID, s.UserID, s.ID, db.At(s.LastSeenAt))
}

func held(s Session) db.Stmt {
	return db.Must(ErrNone, `
		UPDATE sessions SET epoch = epoch WHERE account_id = $1 AND user_id = $2 AND session_id = $3
			AND epoch = (SELECT u.epoch FROM users u WHERE u.account_id = sessions.account_id AND u.user_id = sessions.user_id)`,
		s.AccountID, s.UserID, s.ID)
}

// Clear returns the statement that removes all sessions of a user.
func Clear(accountID, userID string) db.Stmt {
	return db.Write(`DELETE FROM sessions WHERE account_id = $1 AND user_id = $2`, accountID, userID)
}

// ClearTrusted returns the statement that removes a user's sessions in which a trusted browser stood for the second factor: one of
// them may be a thief's (security.md B73).
func ClearTrusted(accountID, userID string) db.Stmt {
	return db.Write(`DELETE FROM sessions WHERE account_id = $1 AND user_id = $2 AND amr = $3`, accountID, userID, trustedAMR)
}
