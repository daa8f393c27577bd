package assertion

import (
	"context"
	"time"

	"sallyport/internal/db"
)

// row is a key as it is stored.
type row struct {
	number    int64
	sealed    []byte
	createdAt time.Time
}

// insert stores a key, unless there is one of its number.
func insert(r row) db.Stmt {
	return db.Write(`INSERT INTO signing_keys (account_id, number, sealed, created_at) VALUES ('', $1, $2, $3) ON CONFLICT (account_id, number) DO NOTHING`,
		r.number, r.sealed, db.At(r.createdAt))
}

// list returns the keys, the first one first, whatever the clocks said by which they were made.
func list(ctx context.Context, q db.Querier) (all []row, err error) {
	err = q.Each(ctx, `SELECT number, sealed, created_at FROM signing_keys WHERE account_id = '' ORDER BY number`, nil, func(scan func(...any) error) error {
		var r row
		var created db.Time
		err := scan(&r.number, &r.sealed, &created)
		r.createdAt = created.Std()
		all = append(all, r)
		return err
	})
	return all, err
}

func reseal(r row) db.Stmt {
	return db.Write(`UPDATE signing_keys SET sealed = $2 WHERE account_id = '' AND number = $1`, r.number, r.sealed)
}

// Sweep removes up to limit keys that another one replaced long ago, no assertion of which counts any more, and those that a clock far
// ahead made, where there is another one to sign.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM signing_keys WHERE (account_id, number) IN (
			SELECT old.account_id, old.number FROM signing_keys old
			WHERE old.account_id = '' AND EXISTS (
				SELECT 1 FROM signing_keys signs
				WHERE signs.account_id = '' AND signs.created_at < $1 AND (signs.created_at > old.created_at OR old.created_at > $3))
			ORDER BY old.number LIMIT $2)`,
		db.At(now.Add(-2*PublishFor)), limit, db.At(now.Add(db.Apart)))
}
