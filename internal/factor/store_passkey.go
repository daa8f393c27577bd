package factor

import (
	"context"
	"encoding/hex"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/token"
)

// challengeHash is what is stored of a challenge.
func challengeHash(challenge string) string { return hex.EncodeToString(token.Hash(challenge)) }

// confirmPasskey makes a pending passkey count. The account's index of addresses lets a credential be in it once.
func confirmPasskey(m Match, now time.Time) db.Stmt {
	f := m.Factor
	return db.Must(errRefused, `
		UPDATE factors SET state = 'confirmed', confirmed_at = $4, expires_at = 0, last_step = $5, secret = $6, hint = $7, name = $8, address_hash = $9
		WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND state = 'pending' AND expires_at > $4`,
		f.AccountID, f.UserID, f.ID, db.At(now), m.Step, m.Answer.sealed, f.Hint, f.Name, addressHash(Passkey, string(m.Answer.ID)))
}

// useAnswer uses up the challenge that a passkey answered, and raises its counter, which stays zero in one that has none
// (WebAuthn Level 3, section 7.2, step 22).
func useAnswer(m Match, now time.Time) []db.Stmt {
	f := m.Factor
	return []db.Stmt{
		db.Must(errRefused, `
			UPDATE factors SET last_step = $4, last_used_at = $5, secret = $6, hint = $7
			WHERE account_id = $1 AND user_id = $2 AND factor_id = $3 AND state = 'confirmed' AND (last_step < $4 OR last_step = 0 AND $4 = 0)`,
			f.AccountID, f.UserID, f.ID, m.Step, db.At(now), m.Answer.sealed, f.Hint),
		db.Must(errSpent, `
			INSERT INTO spent_challenges (account_id, user_id, challenge, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			f.AccountID, f.UserID, challengeHash(m.Answer.Challenge), db.At(m.Answer.ends)),
	}
}

// isSpent reports whether a challenge was answered already.
func isSpent(ctx context.Context, q db.Querier, f Factor, challenge string) (bool, error) {
	var n int
	err := q.Get(ctx, `SELECT count(*) FROM spent_challenges WHERE account_id = $1 AND user_id = $2 AND challenge = $3`,
		[]any{f.AccountID, f.UserID, challengeHash(challenge)}, &n)
	return n > 0, err
}

// SpentKept is for how long an answered challenge is noted after its end: a clock that is put back by hours makes its ceremony count once
// more, and the answer, of a passkey that does not count its uses, with it (security.md F15).
const SpentKept = 24 * time.Hour

// SweepSpent removes up to limit challenges whose end is longer ago than that, and returns how many.
func SweepSpent(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM spent_challenges WHERE (account_id, user_id, challenge) IN (
			SELECT account_id, user_id, challenge FROM spent_challenges WHERE expires_at < $1 LIMIT $2)`,
		db.At(now.Add(-SpentKept)), limit)
}
