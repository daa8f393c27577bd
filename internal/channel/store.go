package channel

import (
	"context"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/mail"
)

const columns = `account_id, host, port, security, username, password, sender, by_owner, result, detail, result_at`

func scanServer(scan func(...any) error) (Server, error) {
	var s Server
	var at db.Time
	err := scan(&s.accountID, &s.Host, &s.Port, &s.Security, &s.User, &s.sealed, &s.From, &s.ByOwner, &s.Last.Code, &s.Last.Detail, &at)
	s.Last.At, s.HasPassword = at.Std(), s.User != ""
	return s, err
}

// read returns an account's mail server, or db.ErrNotFound.
func read(ctx context.Context, q db.Querier, accountID string) (Server, error) {
	return scanServer(func(dest ...any) error {
		return q.Get(ctx, `SELECT `+columns+` FROM mail_servers WHERE account_id = $1`, []any{accountID}, dest...)
	})
}

func list(ctx context.Context, q db.Querier) ([]Server, error) {
	var all []Server
	err := q.Each(ctx, `SELECT `+columns+` FROM mail_servers ORDER BY account_id`, nil, func(scan func(...any) error) error {
		s, err := scanServer(scan)
		all = append(all, s)
		return err
	})
	return all, err
}

func anyServer(ctx context.Context, q db.Querier) (bool, error) {
	var n int
	err := q.Get(ctx, `SELECT count(*) FROM (SELECT 1 FROM mail_servers LIMIT 1) AS own`, nil, &n)
	return n > 0, err
}

// ChosenByAdministrators counts the accounts whose mail server an administrator chose, and no owner has saved since.
func ChosenByAdministrators(ctx context.Context, q db.Querier) (n int, err error) {
	err = q.Get(ctx, `SELECT count(*) FROM mail_servers WHERE NOT by_owner`, nil, &n)
	return n, err
}

func put(accountID string, s mail.Server, sealed []byte, byOwner bool, now time.Time) db.Stmt {
	return db.Write(`
		INSERT INTO mail_servers (account_id, host, port, security, username, password, sender, by_owner, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (account_id) DO UPDATE SET host = excluded.host, port = excluded.port, security = excluded.security, username = excluded.username,
			password = excluded.password, sender = excluded.sender, by_owner = excluded.by_owner, result = '', detail = '', result_at = 0, changed_at = excluded.changed_at`,
		accountID, s.Host, s.Port, string(s.Security), s.User, sealed, s.From, byOwner, db.At(now))
}

// note keeps a result, unless the server was changed meanwhile: then it is another's. What was sealed tells the server.
func note(own Server, r Result) db.Stmt {
	return db.Write(`UPDATE mail_servers SET result = $3, detail = $4, result_at = $5 WHERE account_id = $1 AND password = $2`,
		own.accountID, own.sealed, r.Code, r.Detail, db.At(r.At))
}

// remove takes the server away and tells which it was.
func remove(accountID string, was *mail.Server) db.Stmt {
	return db.Must(ErrNoOwn, `DELETE FROM mail_servers WHERE account_id = $1 RETURNING host, port, sender`, accountID).Scan(&was.Host, &was.Port, &was.From)
}

func reseal(s Server, sealed []byte) db.Stmt {
	return db.Write(`UPDATE mail_servers SET password = $3 WHERE account_id = $1 AND password = $2`, s.accountID, s.sealed, sealed)
}
