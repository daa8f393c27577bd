package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// TestConsumeOnce: many callers on two handles, as two server processes are, race for the same codes;
// each code is accepted exactly once, and a counter raised in the same transaction agrees.
func TestConsumeOnce(t *testing.T) {
	eachEmpty(t, func(t *testing.T, dsn string) {
		handles := []*db.DB{open(t, dsn), open(t, dsn)}
		write(t, handles[0], `CREATE TABLE t_once (id text PRIMARY KEY, used bigint NOT NULL)`)
		write(t, handles[0], `CREATE TABLE t_sum (id text PRIMARY KEY, n bigint NOT NULL)`)
		write(t, handles[0], `INSERT INTO t_sum VALUES ('sum', 0)`)
		const codes, callers = 20, 8
		for i := range codes {
			write(t, handles[0], `INSERT INTO t_once VALUES ($1, 0)`, fmt.Sprint(i))
		}
		var accepted [codes]atomic.Int32
		var wg sync.WaitGroup
		for c := range callers {
			wg.Add(1)
			go func() {
				defer wg.Done()
				for i := range codes {
					err := handles[c%2].Run(context.Background(),
						db.Write(`UPDATE t_sum SET n = n + 1 WHERE id = 'sum'`),
						db.Must(errElse, `UPDATE t_once SET used = 1 WHERE id = $1 AND used = 0`, fmt.Sprint(i)))
					switch {
					case err == nil:
						accepted[i].Add(1)
					case !errors.Is(err, errElse):
						t.Error(err)
					}
				}
			}()
		}
		wg.Wait()
		for i := range accepted {
			if n := accepted[i].Load(); n != 1 {
				t.Errorf("code %d accepted %d times", i, n)
			}
		}
		var sum int
		if err := handles[1].Get(t.Context(), `SELECT n FROM t_sum`, nil, &sum); err != nil || sum != codes {
			t.Errorf("counted %d, want %d (%v)", sum, codes, err)
		}
	})
}

// TestManyClients: 128 callers at once all get their turn.
func TestManyClients(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		write(t, d, `CREATE TABLE t_many (id text PRIMARY KEY, n bigint NOT NULL)`)
		var wg sync.WaitGroup
		for c := range 128 {
			wg.Add(1)
			go func() {
				defer wg.Done()
				id := fmt.Sprint(c)
				for range 3 {
					err := d.Tx(context.Background(), func(tx *db.Tx) error {
						_, err := tx.Exec(context.Background(), `INSERT INTO t_many VALUES ($1, 1) ON CONFLICT (id) DO UPDATE SET n = t_many.n + 1`, id)
						return err
					})
					if err != nil {
						t.Error(err)
					}
					var n int
					if err := d.Get(context.Background(), `SELECT n FROM t_many WHERE id = $1`, []any{id}, &n); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		wg.Wait()
		var sum int
		if err := d.Get(t.Context(), `SELECT count(*) FROM t_many WHERE n = 3`, nil, &sum); err != nil || sum != 128 {
			t.Errorf("%d rows, want 128 (%v)", sum, err)
		}
	})
}
