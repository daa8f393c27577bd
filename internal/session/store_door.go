package session

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// pass is a pass or a ticket as it is stored.
type pass struct {
	origin, challenge string
}

func insertTicket(b token.Bearer, sessionID, origin, challenge string, now, ends time.Time) db.Stmt {
	return db.Write(`
		INSERT INTO door_passes (account_id, user_id, pass_id, session_id, origin, challenge, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		b.AccountID, b.UserID, b.ID, sessionID, origin, challenge, db.At(now), db.At(ends))
}

// enter turns a ticket into a pass; of all who try, one succeeds.
func enter(ticket, p token.Bearer, now, ends time.Time) db.Stmt {
	return db.Must(ErrTicket, `
		UPDATE door_passes SET pass_id = $4, challenge = '', created_at = $5, expires_at = $6
		WHERE account_id = $1 AND user_id = $2 AND pass_id = $3 AND challenge <> '' AND expires_at > $5`,
		ticket.AccountID, ticket.UserID, ticket.ID, p.ID, db.At(now), db.At(ends))
}

// endOlder ends the passes of a session at an origin but p and the newest beside it, keep in all. They lie together under their
// person's part of the key.
func endOlder(p token.Bearer, sessionID, origin string, keep int) db.Stmt {
	return db.Write(`
		DELETE FROM door_passes WHERE account_id = $1 AND user_id = $2 AND pass_id <> $3 AND session_id = $4 AND origin = $5 AND challenge = '' AND pass_id NOT IN (
			SELECT d.pass_id FROM door_passes d
			WHERE d.account_id = $1 AND d.user_id = $2 AND d.pass_id <> $3 AND d.session_id = $4 AND d.origin = $5 AND d.challenge = ''
			ORDER BY d.created_at DESC, d.pass_id LIMIT $6)`,
		p.AccountID, p.UserID, p.ID, sessionID, origin, keep-1)
}

func removePass(b token.Bearer, origin string) db.Stmt {
	return db.Write(`
		DELETE FROM door_passes WHERE account_id = $1 AND user_id = $2 AND pass_id = $3 AND origin = $4 AND challenge = ''`,
		b.AccountID, b.UserID, b.ID, origin)
}

// endTicket ends a ticket that nobody may use any more.
func endTicket(ticket token.Bearer) db.Stmt {
	return db.Write(`DELETE FROM door_passes WHERE account_id = $1 AND user_id = $2 AND pass_id = $3 AND challenge <> ''`, ticket.AccountID, ticket.UserID, ticket.ID)
}

// readPass returns a pass or ticket with its session, whether that counts or not; ErrNone if there is none.
func readPass(ctx context.Context, q db.Querier, b token.Bearer) (*Signed, pass, error) {
	var p pass
	var s scanner
	var u user.Scanner
	var a account.Scanner
	dest := append(append(append([]any{&p.origin, &p.challenge}, s.dest()...), u.Dest()...), a.Dest()...)
	err := q.Get(ctx, `SELECT d.origin, d.challenge, `+columns+`, `+user.Columns+`, `+account.Columns+`
		FROM door_passes d
		JOIN sessions s ON s.account_id = d.account_id AND s.user_id = d.user_id AND s.session_id = d.session_id
		JOIN users u ON u.account_id = d.account_id AND u.user_id = d.user_id
		JOIN accounts a ON a.account_id = d.account_id
		WHERE d.account_id = $1 AND d.user_id = $2 AND d.pass_id = $3`,
		[]any{b.AccountID, b.UserID, b.ID}, dest...)
	if errors.Is(err, db.ErrNotFound) {
		return nil, pass{}, ErrNone
	}
	if err != nil {
		return nil, pass{}, err
	}
	acct, err := a.Finish()
	return &Signed{Session: s.finish(), User: u.Finish(), Account: acct}, p, err
}

// SweepPasses removes up to limit passes and tickets whose time is over, or whose session has ended, and returns how many.
func SweepPasses(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM door_passes WHERE (account_id, user_id, pass_id) IN (
			SELECT d.account_id, d.user_id, d.pass_id FROM door_passes d
			LEFT JOIN sessions s ON s.account_id = d.account_id AND s.user_id = d.user_id AND s.session_id = d.session_id
			WHERE d.expires_at < $1 OR s.session_id IS NULL LIMIT $2)`,
		db.At(now), limit)
}
