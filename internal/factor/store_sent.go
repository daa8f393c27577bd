package factor

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/seal"
)

// insertSent is one upsert: of all who send for one request, each ends the code before it. A code that was sent
// later than now was sent by somebody at the same moment, or beyond db.Skew by a clock that was ahead.
func insertSent(now time.Time, f Factor, request, messageID string, sealed []byte) db.Stmt {
	return db.Must(ErrTooSoon, `
		INSERT INTO sent_codes (account_id, user_id, request, factor_id, message_id, code, sent_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (account_id, user_id, request) DO UPDATE SET factor_id = excluded.factor_id, message_id = excluded.message_id,
			code = excluded.code, tries = 0, used_at = 0, sent_at = excluded.sent_at, expires_at = excluded.expires_at
		WHERE sent_codes.factor_id <> excluded.factor_id OR sent_codes.sent_at <= $9 OR sent_codes.sent_at > $10`,
		f.AccountID, f.UserID, request, f.ID, messageID, sealed, db.At(now), db.At(now.Add(SentFor)), db.At(now.Add(-ResendAfter)), db.At(now.Add(db.Skew)))
}

// useSent uses up the very code that was compared: not if a newer one took its place meanwhile.
func useSent(f Factor, c SentCode, now time.Time) db.Stmt {
	return db.Must(errRefused, `
		UPDATE sent_codes SET used_at = $5
		WHERE account_id = $1 AND user_id = $2 AND request = $3 AND message_id = $4 AND used_at = 0 AND tries < $6
			AND expires_at > $5 AND expires_at <= $7`,
		f.AccountID, f.UserID, c.Request, c.ID, db.At(now), SentTries, db.At(now.Add(SentFor+db.Skew)))
}

// countTry charges a wrong code to the one it was compared with; five end it.
func countTry(f Factor, c SentCode) db.Stmt {
	return db.Write(`UPDATE sent_codes SET tries = tries + 1 WHERE account_id = $1 AND user_id = $2 AND request = $3 AND message_id = $4`,
		f.AccountID, f.UserID, c.Request, c.ID)
}

// EndSent returns the statement that ends the code of a request that is over: if it still waits to be sent, it never is.
func EndSent(accountID, userID, request string) db.Stmt {
	return db.Write(`DELETE FROM sent_codes WHERE account_id = $1 AND user_id = $2 AND request = $3`, accountID, userID, request)
}

const sentColumns = `c.message_id, c.request, c.factor_id, c.code, c.tries, c.used_at, c.sent_at, c.expires_at`

type sentScanner struct {
	c                   SentCode
	used, sent, expires db.Time
}

func (s *sentScanner) dest() []any {
	return []any{&s.c.ID, &s.c.Request, &s.c.FactorID, &s.c.sealed, &s.c.tries, &s.used, &s.sent, &s.expires}
}

func (s *sentScanner) finish() SentCode {
	s.c.used, s.c.SentAt, s.c.ExpiresAt = s.used != 0, s.sent.Std(), s.expires.Std()
	return s.c
}

func readSent(ctx context.Context, q db.Querier, accountID, userID, request string) (SentCode, error) {
	var s sentScanner
	err := q.Get(ctx, `SELECT `+sentColumns+` FROM sent_codes c WHERE c.account_id = $1 AND c.user_id = $2 AND c.request = $3`,
		[]any{accountID, userID, request}, s.dest()...)
	if errors.Is(err, db.ErrNotFound) {
		return SentCode{}, ErrNotFound
	}
	return s.finish(), err
}

// sentByMessage reads a code with the factor it goes to.
func sentByMessage(ctx context.Context, q db.Querier, accountID, userID, messageID string) (SentCode, Stored, error) {
	var s sentScanner
	var f Scanner
	err := q.Get(ctx, `SELECT `+sentColumns+`, `+Columns+`, `+SecretColumn+`
		FROM sent_codes c JOIN factors f ON f.account_id = c.account_id AND f.user_id = c.user_id AND f.factor_id = c.factor_id
		WHERE c.account_id = $1 AND c.user_id = $2 AND c.message_id = $3`,
		[]any{accountID, userID, messageID}, append(s.dest(), f.DestWithSecret()...)...)
	if errors.Is(err, db.ErrNotFound) {
		return SentCode{}, Stored{}, ErrNotFound
	}
	return s.finish(), f.Finish(), err
}

// SweepSent removes up to limit codes whose time is over and returns how many.
func SweepSent(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM sent_codes WHERE expires_at < $1 AND (account_id, user_id, request) IN (
			SELECT account_id, user_id, request FROM sent_codes WHERE expires_at < $1 LIMIT $2)`,
		db.At(now.Add(-SentFor)), limit)
}

// resealSent seals every sent code with the primary key and returns how many were sealed with another.
func (s *Service) resealSent(ctx context.Context) (changed int, err error) {
	type row struct {
		c SentCode
		f Factor
	}
	var all []row
	err = s.DB.Each(ctx, `SELECT `+sentColumns+`, c.account_id, c.user_id FROM sent_codes c`, nil, func(scan func(...any) error) error {
		var r sentScanner
		var f Factor
		err := scan(append(r.dest(), &f.AccountID, &f.UserID)...)
		if c := r.finish(); err == nil && seal.KeyID(c.sealed) != s.Ring.Primary() {
			all = append(all, row{c, f})
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	for _, r := range all {
		if err := s.openSent(&r.c, r.f); err != nil {
			return changed, err
		}
		sealed, err := s.Ring.Seal([]byte(r.c.Code), sentAD(r.f, r.c.ID))
		if err != nil {
			return changed, err
		}
		if err := s.DB.Run(ctx, db.Write(`UPDATE sent_codes SET code = $4 WHERE account_id = $1 AND user_id = $2 AND message_id = $3`,
			r.f.AccountID, r.f.UserID, r.c.ID, sealed)); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}
