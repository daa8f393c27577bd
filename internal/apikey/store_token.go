package apikey

import (
	"context"
	"encoding/hex"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/token"
)

// ErrReplayed says that a signed call was sent once more.
var ErrReplayed = errs.New(errs.Unauthenticated, "signature_replayed", "A call with this nonce was made already. Sign each call anew, with a nonce of its own.")

// Held returns the statement that lets a transaction go on only if the credential's row is still there. An access token's row goes
// with its key's.
func (c *Credential) Held() db.Stmt {
	if c.Token == nil {
		return c.Key.Held()
	}
	return db.Must(ErrToken, `UPDATE access_tokens SET epoch = epoch WHERE account_id = $1 AND user_id = $2 AND token_id = $3`,
		c.Key.AccountID, c.Key.UserID, c.Token.ID)
}

func insertToken(k Key, t Token) db.Stmt {
	return db.Write(`
		INSERT INTO access_tokens (account_id, user_id, token_id, key_id, scopes, epoch, issued_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		k.AccountID, k.UserID, t.ID, k.ID, JoinScopes(t.Scopes), t.Epoch, db.At(t.IssuedAt), db.At(t.ExpiresAt))
}

// EndTokens returns the statement that ends the access tokens of a key whose second factor changes.
func EndTokens(k Key) db.Stmt {
	return db.Write(`DELETE FROM access_tokens WHERE account_id = $1 AND user_id = $2 AND key_id = $3`, k.AccountID, k.UserID, k.ID)
}

// SpendNonce returns the statement that uses up the nonce of a signed call until the time given; it fails with ErrReplayed if it was used.
func SpendNonce(k Key, nonce string, until time.Time) db.Stmt {
	return db.Must(ErrReplayed, `INSERT INTO spent_nonces (account_id, key_id, nonce, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
		k.AccountID, k.ID, hex.EncodeToString(token.Hash(nonce)), db.At(until))
}

// SweepTokens removes up to limit access tokens whose time is over, and returns how many.
func SweepTokens(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM access_tokens WHERE (account_id, user_id, token_id) IN (
			SELECT account_id, user_id, token_id FROM access_tokens WHERE expires_at <= $1 LIMIT $2)`, db.At(now), limit)
}

// SweepNonces removes up to limit nonces that can't come again, and returns how many.
func SweepNonces(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM spent_nonces WHERE (account_id, key_id, nonce) IN (
			SELECT account_id, key_id, nonce FROM spent_nonces WHERE expires_at <= $1 LIMIT $2)`, db.At(now), limit)
}
