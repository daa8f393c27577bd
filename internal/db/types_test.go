package db_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

type (
	ident string
	level int16
)

// TestTypes: what goes in comes out, alike on both engines.
func TestTypes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		write(t, d, `CREATE TABLE t_types (id text PRIMARY KEY, at bigint NOT NULL, yes boolean NOT NULL, body bytea NOT NULL,
			lvl bigint NOT NULL, note text, seen bigint, raw bytea, ratio double precision NOT NULL)`)
		at := db.At(time.Date(2026, 11, 21, 12, 0, 0, 123456789, time.FixedZone("x", 3600)))
		note, seen := "ä€😀 and 'quotes'", db.Time(12)
		rows := []struct {
			id   ident
			yes  bool
			body []byte
			note *string
			seen *db.Time
			raw  []byte
		}{
			{"full", true, []byte{0, 1, 255}, &note, &seen, []byte("r")},
			{"empty", false, []byte{}, nil, nil, nil},
		}
		for _, r := range rows {
			write(t, d, `INSERT INTO t_types (id, at, yes, body, lvl, note, seen, raw, ratio) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
				r.id, at, r.yes, r.body, level(3), r.note, r.seen, r.raw, 0.5)
			var (
				id    ident
				gotAt db.Time
				yes   bool
				body  []byte
				lvl   level
				n     *string
				s     *db.Time
				zero  db.Time
				raw   []byte
				ratio float64
			)
			err := d.Get(ctx, `SELECT id, at, yes, body, lvl, note, seen, seen, raw, ratio FROM t_types WHERE id = $1`, []any{r.id},
				&id, &gotAt, &yes, &body, &lvl, &n, &s, &zero, &raw, &ratio)
			if err != nil {
				t.Fatalf("%s: %v", r.id, err)
			}
			if id != r.id || gotAt != at || yes != r.yes || !bytes.Equal(body, r.body) || body == nil || lvl != 3 || ratio != 0.5 {
				t.Errorf("%s: got %v %v %v %v %v %v", r.id, id, gotAt, yes, body, lvl, ratio)
			}
			if (n == nil) != (r.note == nil) || n != nil && *n != *r.note || (s == nil) != (r.seen == nil) || s != nil && *s != *r.seen {
				t.Errorf("%s: nullable: %v %v", r.id, n, s)
			}
			if r.seen == nil && zero != 0 || !bytes.Equal(raw, r.raw) || r.raw == nil && raw != nil {
				t.Errorf("%s: NULL: %v %v", r.id, zero, raw)
			}
		}
		if got := at.Std(); !got.Equal(time.Date(2026, 11, 21, 11, 0, 0, 123456000, time.UTC)) || db.At(time.Time{}) != 0 || !db.Time(0).Std().IsZero() {
			t.Errorf("time: %v", got)
		}
	})
}

// TestReads: Get and Each outside and inside a transaction, parameters repeated and out of order, IN lists.
func TestReads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		write(t, d, `CREATE TABLE t_reads (id text PRIMARY KEY, n bigint NOT NULL)`)
		for i := range 10 {
			write(t, d, `INSERT INTO t_reads (n, id) VALUES ($2, $1)`, fmt.Sprint("r", i), i)
		}
		check := func(t *testing.T, q db.Querier) {
			t.Helper()
			var n int
			if err := q.Get(ctx, `SELECT n FROM t_reads WHERE id = $2 AND n = $1 AND $2 <> ''`, []any{3, "r3"}, &n); err != nil || n != 3 {
				t.Errorf("get: %d, %v", n, err)
			}
			if err := q.Get(ctx, `SELECT n FROM t_reads WHERE id = $1`, []any{"none"}, &n); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("missing: %v", err)
			}
			if err := q.Get(ctx, `SELECT n FROM t_reads ORDER BY n DESC`, nil, &n); err != nil || n != 9 {
				t.Errorf("first of many: %d, %v", n, err)
			}
			var ids []string
			collect := func(scan func(...any) error) error {
				var id string
				err := scan(&id)
				ids = append(ids, id)
				return err
			}
			if err := q.Each(ctx, `SELECT id FROM t_reads WHERE (n, id) > ($1, $2) ORDER BY n, id LIMIT 3`, []any{4, "r4"}, collect); err != nil {
				t.Errorf("each: %v", err)
			}
			if !slices.Equal(ids, []string{"r5", "r6", "r7"}) {
				t.Errorf("each: %v", ids)
			}
			if err := q.Each(ctx, `SELECT id FROM t_reads WHERE id = 'none'`, nil, collect); err != nil || len(ids) != 3 {
				t.Errorf("each of nothing: %v", err)
			}
		}
		check(t, d)
		stop := errors.New("stop")
		rows := 0
		if err := d.Each(ctx, `SELECT id FROM t_reads`, nil, func(func(...any) error) error { rows++; return stop }); !errors.Is(err, stop) || rows != 1 {
			t.Errorf("stopped: %v after %d rows", err, rows)
		}
		err := d.Tx(ctx, func(tx *db.Tx) error {
			check(t, tx)
			if _, err := tx.Exec(ctx, `UPDATE t_reads SET n = 100 WHERE id = 'r0'`); err != nil {
				return err
			}
			var in, out int
			if err := tx.Get(ctx, `SELECT n FROM t_reads WHERE id = 'r0'`, nil, &in); err != nil {
				return err
			}
			if err := d.Get(ctx, `SELECT n FROM t_reads WHERE id = 'r0'`, nil, &out); err != nil {
				return err
			}
			if in != 100 || out != 0 {
				t.Errorf("inside %d, outside %d", in, out)
			}
			// Reading only the first row of RETURNING changes all rows all the same.
			return tx.Get(ctx, `UPDATE t_reads SET n = n + 1000 RETURNING n`, nil, &in)
		})
		if err != nil {
			t.Error(err)
		}
		var changed int
		if err := d.Get(ctx, `SELECT count(*) FROM t_reads WHERE n >= 1000`, nil, &changed); err != nil || changed != 10 {
			t.Errorf("%d rows changed, want 10 (%v)", changed, err)
		}
		// A statement inside Each is refused alike, and ends the transaction.
		err = d.Tx(ctx, func(tx *db.Tx) error {
			return tx.Each(ctx, `SELECT id FROM t_reads`, nil, func(func(...any) error) error {
				_, err := tx.Exec(ctx, `DELETE FROM t_reads`)
				return err
			})
		})
		var n int
		if e := d.Get(ctx, `SELECT count(*) FROM t_reads`, nil, &n); err == nil || e != nil || n != 10 {
			t.Errorf("statement inside Each: %v, %d rows left", err, n)
		}
	})
}

// TestTransactions: errors, panics, contexts and nesting.
func TestTransactions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		write(t, d, `CREATE TABLE t_tx (id text PRIMARY KEY)`)
		var kept *db.Tx
		err := d.Tx(ctx, func(tx *db.Tx) error {
			kept = tx
			_, err := tx.Exec(ctx, `INSERT INTO t_tx VALUES ('kept')`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := kept.Exec(ctx, `INSERT INTO t_tx VALUES ('late')`); err == nil {
			t.Error("a Tx works after its closure")
		}
		err = d.Tx(ctx, func(tx *db.Tx) error {
			_, err := tx.Exec(ctx, `INSERT INTO t_tx VALUES ('kept')`)
			return err
		})
		if !db.IsUnique(err) {
			t.Errorf("duplicate: %v", err)
		}
		if db.IsUnique(errElse) || db.IsUnique(nil) {
			t.Error("IsUnique of something else")
		}
		func() {
			defer func() {
				if v := recover(); v != "out" {
					t.Errorf("panic came out as %v", v)
				}
			}()
			_ = d.Tx(ctx, func(tx *db.Tx) error {
				_, _ = tx.Exec(ctx, `INSERT INTO t_tx VALUES ('panicked')`)
				panic("out")
			})
		}()
		var inner error
		err = d.Tx(ctx, func(tx *db.Tx) error {
			inner = d.Run(ctx, db.Write(`INSERT INTO t_tx VALUES ('inner')`))
			return nil
		})
		if err != nil || inner == nil {
			t.Errorf("nested: outer %v, inner %v", err, inner)
		}
		ended, cancel := context.WithCancel(ctx)
		err = d.Tx(ended, func(tx *db.Tx) error {
			if _, err := tx.Exec(ended, `INSERT INTO t_tx VALUES ('cancelled')`); err != nil {
				return err
			}
			cancel()
			_, err := tx.Exec(ended, `INSERT INTO t_tx VALUES ('cancelled2')`)
			return err
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled inside: %v", err)
		}
		if err := d.Run(ended, db.Write(`INSERT INTO t_tx VALUES ('cancelled3')`)); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled before: %v", err)
		}
		if err := d.Ping(ended); !errors.Is(err, context.Canceled) {
			t.Errorf("ping with an ended context: %v", err)
		}
		if err := d.Tx(ctx, func(*db.Tx) error { return nil }); err != nil {
			t.Errorf("empty transaction: %v", err)
		}
		if err := d.Run(ctx); err != nil {
			t.Errorf("empty run: %v", err)
		}
		var ids []string
		err = d.Each(ctx, `SELECT id FROM t_tx`, nil, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			ids = append(ids, id)
			return err
		})
		if err != nil || !slices.Equal(ids, []string{"kept"}) {
			t.Errorf("left behind: %v, %v", ids, err)
		}
	})
}

// TestCounters: the numbers that budgets of statements and commits are tested with.
func TestCounters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		write(t, d, `CREATE TABLE t_n (id text PRIMARY KEY)`)
		a := d.Stats()
		write(t, d, `INSERT INTO t_n VALUES ('a')`)
		if err := d.Run(ctx, db.Must(errElse, `INSERT INTO t_n VALUES ('b')`), db.Write(`INSERT INTO t_n VALUES ('c')`)); err != nil {
			t.Fatal(err)
		}
		_ = d.Run(ctx, db.Must(errElse, `DELETE FROM t_n WHERE id = 'x'`))
		var n int
		if err := d.Get(ctx, `SELECT count(*) FROM t_n`, nil, &n); err != nil {
			t.Fatal(err)
		}
		b := d.Stats()
		if s, tx, c := b.Statements-a.Statements, b.Transactions-a.Transactions, b.Commits-a.Commits; s != 5 || tx != 2 || c != 2 {
			t.Errorf("%d statements, %d transactions, %d commits; want 5, 2, 2", s, tx, c)
		}
		if b.Open < 1 || b.InUse != 0 || b.Queue != 0 {
			t.Errorf("at rest: %+v", b)
		}
	})
}
