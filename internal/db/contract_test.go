package db_test

import (
	"context"
	"errors"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/errs"
)

var errElse = errs.New(errs.Conflict, "else", "Else.")

func write(t testing.TB, d *db.DB, sql string, args ...any) {
	t.Helper()
	if err := d.Run(context.Background(), db.Write(sql, args...)); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// TestRowsAffected is B06: the row count is the verdict, so it must mean the same on both engines.
func TestRowsAffected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		write(t, d, `CREATE TABLE t_code (id text PRIMARY KEY, used bigint NOT NULL, step bigint NOT NULL)`)
		steps := []struct {
			name string
			sql  string
			args []any
			want int64
		}{
			{"insert", `INSERT INTO t_code (id, used, step) VALUES ($1, 0, 5), ($2, 0, 5)`, []any{"a", "b"}, 2},
			{"consume", `UPDATE t_code SET used = $2 WHERE id = $1 AND used = 0`, []any{"a", db.Time(7)}, 1},
			{"consume again", `UPDATE t_code SET used = $2 WHERE id = $1 AND used = 0`, []any{"a", db.Time(7)}, 0},
			{"consume what does not exist", `UPDATE t_code SET used = $2 WHERE id = $1 AND used = 0`, []any{"x", db.Time(7)}, 0},
			{"update to the same values", `UPDATE t_code SET step = 5`, nil, 2},
			{"upsert inserts", `INSERT INTO t_code (id, used, step) VALUES ($1, 0, $2) ON CONFLICT (id) DO UPDATE SET step = excluded.step WHERE t_code.step < excluded.step`, []any{"c", 1}, 1},
			{"upsert updates", `INSERT INTO t_code (id, used, step) VALUES ($1, 0, $2) ON CONFLICT (id) DO UPDATE SET step = excluded.step WHERE t_code.step < excluded.step`, []any{"c", 2}, 1},
			{"upsert WHERE false", `INSERT INTO t_code (id, used, step) VALUES ($1, 0, $2) ON CONFLICT (id) DO UPDATE SET step = excluded.step WHERE t_code.step < excluded.step`, []any{"c", 2}, 0},
			{"insert nothing", `INSERT INTO t_code (id, used, step) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING`, []any{"c"}, 0},
			{"select counts nothing", `SELECT id FROM t_code`, nil, 0},
			{"DDL counts nothing", `CREATE INDEX t_code_step ON t_code (step)`, nil, 0},
			{"returning", `UPDATE t_code SET step = 9 RETURNING id`, nil, 3},
			{"with", `WITH x AS (SELECT id FROM t_code WHERE id = $1) UPDATE t_code SET step = 1 WHERE id IN (SELECT id FROM x)`, []any{"a"}, 1},
			{"delete", `DELETE FROM t_code WHERE id <> $1`, []any{"a"}, 2},
			{"delete again", `DELETE FROM t_code WHERE id <> $1`, []any{"a"}, 0},
		}
		for _, s := range steps {
			err := d.Tx(ctx, func(tx *db.Tx) error {
				n, err := tx.Exec(ctx, s.sql, s.args...)
				if n != s.want {
					t.Errorf("%s: %d rows affected, want %d", s.name, n, s.want)
				}
				return err
			})
			if err != nil {
				t.Errorf("%s: %v", s.name, err)
			}
		}
	})
}

func TestMust(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		write(t, d, `CREATE TABLE t_m (id text PRIMARY KEY, n bigint NOT NULL)`)
		write(t, d, `INSERT INTO t_m VALUES ('a', 1), ('b', 1)`)
		var id string
		var n int64
		cases := []struct {
			name  string
			stmts []db.Stmt
			want  error
		}{
			{"one row", []db.Stmt{db.Must(errElse, `UPDATE t_m SET n = 2 WHERE id = $1`, "a")}, nil},
			{"no row, after a write", []db.Stmt{
				db.Write(`UPDATE t_m SET n = 100`),
				db.Must(errElse, `UPDATE t_m SET n = 3 WHERE id = $1`, "x"),
			}, errElse},
			{"two rows", []db.Stmt{db.Must(errElse, `UPDATE t_m SET n = 100`)}, errElse},
			{"returned", []db.Stmt{db.Must(errElse, `UPDATE t_m SET n = n + 1 WHERE id = $1 RETURNING id, n`, "a").Scan(&id, &n)}, nil},
			{"select", []db.Stmt{db.Must(errElse, `SELECT id FROM t_m WHERE id = $1`, "a")}, nil},
			{"select nothing", []db.Stmt{db.Must(errElse, `SELECT id FROM t_m WHERE id = $1`, "x").Scan(&id), db.Write(`UPDATE t_m SET n = 100`)}, errElse},
			{"the first failure decides", []db.Stmt{
				db.Must(errElse, `UPDATE t_m SET n = 3 WHERE id = $1`, "x"),
				db.Write(`INSERT INTO t_m VALUES ('a', 5)`),
			}, errElse},
		}
		for _, c := range cases {
			if err := d.Run(ctx, c.stmts...); !errors.Is(err, c.want) {
				t.Errorf("Run %s: %v, want %v", c.name, err, c.want)
			}
		}
		if id != "a" || n != 3 {
			t.Errorf("scanned %q %d, want a 3", id, n)
		}
		// The same inside a closure that swallows the error: the transaction still fails.
		err := d.Tx(ctx, func(tx *db.Tx) error {
			_ = tx.Run(ctx, db.Write(`UPDATE t_m SET n = 100`), db.Must(errElse, `DELETE FROM t_m WHERE id = 'x'`))
			if _, err := tx.Exec(ctx, `UPDATE t_m SET n = 100`); !errors.Is(err, errElse) {
				t.Errorf("after a failure: %v, want the first error", err)
			}
			return nil
		})
		if !errors.Is(err, errElse) {
			t.Errorf("Tx that swallowed: %v, want %v", err, errElse)
		}
		var max int64
		if err := d.Get(ctx, `SELECT max(n) FROM t_m`, nil, &max); err != nil || max != 3 {
			t.Errorf("max %d, %v: something that was rolled back is there", max, err)
		}
	})
}
