package admin

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/db"
)

// fact reads a fact of the deployment; nil if there is none of the name.
func fact(ctx context.Context, q db.Querier, name string) (value []byte, expires time.Time, err error) {
	var at db.Time
	err = q.Get(ctx, `SELECT value, expires_at FROM deployment WHERE name = $1`, []any{name}, &value, &at)
	if errors.Is(err, db.ErrNotFound) {
		return nil, time.Time{}, nil
	}
	return value, at.Std(), err
}

func setFact(name string, value []byte, expires time.Time) db.Stmt {
	return db.Write(`
		INSERT INTO deployment (name, value, expires_at) VALUES ($1, $2, $3)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at`, name, value, db.At(expires))
}

// addFact stores a fact unless there is one of the name.
func addFact(name string, value []byte) db.Stmt {
	return db.Write(`INSERT INTO deployment (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING`, name, value)
}

// useFact uses a one-time fact up; of all who try, one succeeds.
func useFact(name string, value []byte, now time.Time, els error) db.Stmt {
	return db.Must(els, `DELETE FROM deployment WHERE name = $1 AND value = $2 AND expires_at > $3`, name, value, db.At(now))
}

// removeFact takes a fact away, or fails with els if it is not there.
func removeFact(name string, els error) db.Stmt {
	return db.Must(els, `DELETE FROM deployment WHERE name = $1`, name)
}
