package mailtoken

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/user"
)

// Issue draws a token for u, at the epoch given, and returns it with the statement that stores it in place of the
// one of the same purpose. It works until expires.
func Issue(now time.Time, u user.User, epoch int64, p Purpose, request, detail string, expires time.Time) (secret string, stmt db.Stmt) {
	secret = draw()
	return secret, db.Write(`
		INSERT INTO mail_tokens (account_id, user_id, purpose, token_id, epoch, request, detail, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
		ON CONFLICT (account_id, user_id, purpose) DO UPDATE SET token_id = excluded.token_id, epoch = excluded.epoch,
			request = excluded.request, detail = excluded.detail, created_at = excluded.created_at, expires_at = excluded.expires_at`,
		u.AccountID, u.ID, string(p), idOf(secret), epoch, request, detail, db.At(now), db.At(expires))
}

// Again is Issue for a token that the person may ask for again: for the same request not within ResendAfter
// of the last one, or it fails with ErrTooSoon.
func Again(now time.Time, u user.User, epoch int64, p Purpose, request, detail string, expires time.Time) (secret string, stmt db.Stmt) {
	secret, issue := Issue(now, u, epoch, p, request, detail, expires)
	return secret, db.Must(ErrTooSoon, issue.SQL+`
		WHERE mail_tokens.request <> excluded.request OR mail_tokens.created_at <= $10 OR mail_tokens.created_at > $8`,
		append(issue.Args, db.At(now.Add(-ResendAfter)))...)
}

// Of returns a person's token of a purpose, which is good still, without its secret; ErrToken if there is none.
func Of(ctx context.Context, q db.Querier, now time.Time, u user.User, p Purpose) (Token, error) {
	return one(ctx, q, now, `SELECT `+columns+` FROM mail_tokens t WHERE t.account_id = $1 AND t.user_id = $2 AND t.purpose = $3`,
		u.AccountID, u.ID, string(p))
}

// Find returns the token that was pasted, or ErrToken. The caller checks whom it is For before it trusts anything of it.
func Find(ctx context.Context, q db.Querier, now time.Time, p Purpose, pasted string) (Token, error) {
	secret := clean(pasted)
	if secret == "" {
		return Token{}, ErrToken
	}
	return one(ctx, q, now, `SELECT `+columns+` FROM mail_tokens t WHERE t.token_id = $1 AND t.purpose = $2`, idOf(secret), string(p))
}

// Alive reports whether the token of a purpose that is to be mailed to u as secret is still good. One that
// keeps the second factor on is even when the person's epoch has risen: it opens nothing.
func Alive(ctx context.Context, q db.Querier, now time.Time, u user.User, p Purpose, secret string) (bool, error) {
	t, err := Find(ctx, q, now, p, secret)
	if errors.Is(err, ErrToken) {
		return false, nil
	}
	return err == nil && (p == Keep || t.For(u)), err
}

const columns = `t.account_id, t.user_id, t.purpose, t.token_id, t.epoch, t.request, t.detail, t.created_at, t.expires_at`

func one(ctx context.Context, q db.Querier, now time.Time, sql string, args ...any) (Token, error) {
	var t Token
	var created, expires db.Time
	err := q.Get(ctx, sql, args, &t.AccountID, &t.UserID, &t.Purpose, &t.id, &t.epoch, &t.Request, &t.Detail, &created, &expires)
	if errors.Is(err, db.ErrNotFound) {
		return Token{}, ErrToken
	}
	if err != nil {
		return Token{}, err
	}
	t.CreatedAt, t.ExpiresAt = created.Std(), expires.Std()
	if !now.Before(t.ExpiresAt) || db.FromTheFuture(t.CreatedAt, now) {
		return Token{}, ErrToken
	}
	return t, nil
}

// Use returns the statement that uses the token up, for the transaction of what it is good for. Of
// all who try, one succeeds; the others fail with ErrToken.
func Use(t Token, now time.Time) db.Stmt {
	return db.Must(ErrToken, `DELETE FROM mail_tokens WHERE account_id = $1 AND user_id = $2 AND purpose = $3 AND token_id = $4 AND expires_at > $5`,
		t.AccountID, t.UserID, string(t.Purpose), t.id, db.At(now))
}

// Clear returns the statement that ends all tokens of a person.
func Clear(accountID, userID string) db.Stmt {
	return db.Write(`DELETE FROM mail_tokens WHERE account_id = $1 AND user_id = $2`, accountID, userID)
}

// Forget returns the statement that ends a person's token of a purpose, if there is one.
func Forget(accountID, userID string, p Purpose) db.Stmt {
	return db.Write(`DELETE FROM mail_tokens WHERE account_id = $1 AND user_id = $2 AND purpose = $3`, accountID, userID, string(p))
}

// Sweep removes up to limit tokens whose time is over and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM mail_tokens WHERE (account_id, user_id, purpose) IN (
			SELECT account_id, user_id, purpose FROM mail_tokens WHERE expires_at < $1 LIMIT $2)`,
		db.At(now), limit)
}
