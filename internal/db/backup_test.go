package db_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/errs"
)

// TestBackup copies while transactions run that keep a sum constant: the copy holds one moment.
func TestBackup(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	ctx := t.Context()
	write(t, d, `CREATE TABLE t_acc (id text PRIMARY KEY, n bigint NOT NULL, pad text NOT NULL)`)
	pad := fmt.Sprintf("%01000d", 0)
	err := d.Tx(ctx, func(tx *db.Tx) error {
		for i := range 5000 { // about 5 MB, several steps
			if _, err := tx.Exec(ctx, `INSERT INTO t_acc VALUES ($1, 100, $2)`, fmt.Sprint(i), pad); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	busy, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for c := range 2 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := c; busy.Err() == nil; i += 2 {
				err := d.Run(ctx, db.Write(`UPDATE t_acc SET n = n - 1 WHERE id = $1`, fmt.Sprint(i%5000)),
					db.Write(`UPDATE t_acc SET n = n + 1 WHERE id = $1`, fmt.Sprint((i+2500)%5000)))
				if err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	path := filepath.Join(t.TempDir(), "copy.db")
	steps, done, total := 0, 0, 0
	err = d.Backup(ctx, path, func(a, b int) { steps++; done, total = a, b })
	stop()
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if steps < 3 || done != total || total < 1000 {
		t.Errorf("progress: %d steps, %d of %d", steps, done, total)
	}
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("mode: %v, %v", st, err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Backup(ctx, path, nil); !errors.Is(err, db.ErrBackupExists) {
		t.Errorf("over an existing file: %v", err)
	}
	after, err := os.ReadFile(path)
	if err != nil || string(after) != string(before) {
		t.Errorf("the existing file was touched (%v)", err)
	}
	c := dbtest.Open(t, "sqlite:"+path)
	var sum, rows int
	var check string
	if err := c.Get(ctx, `SELECT sum(n), count(*) FROM t_acc`, nil, &sum, &rows); err != nil || sum != 500000 || rows != 5000 {
		t.Errorf("the copy holds %d in %d rows (%v)", sum, rows, err)
	}
	if err := c.Get(ctx, `PRAGMA integrity_check`, nil, &check); err != nil || check != "ok" {
		t.Errorf("integrity: %s, %v", check, err)
	}
}

// TestBackupIsMarked: what marks the copy stands there and not in the database, the copy is one whole file, and there is none without its mark.
func TestBackupIsMarked(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	write(t, d, `CREATE TABLE t_mark (id text PRIMARY KEY)`)
	dir := t.TempDir()
	path := filepath.Join(dir, "copy.db")
	if err := d.Backup(t.Context(), path, nil, db.Write(`INSERT INTO t_mark VALUES ($1)`, "copy")); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("there are %v, %v", left, err)
	}
	for want, at := range []*db.DB{d, dbtest.Open(t, "sqlite:"+path)} {
		var n int
		var check string
		if err := at.Get(t.Context(), `SELECT count(*) FROM t_mark`, nil, &n); err != nil || n != want {
			t.Errorf("%d marks, %v; want %d", n, err, want)
		}
		if err := at.Get(t.Context(), `PRAGMA integrity_check`, nil, &check); err != nil || check != "ok" {
			t.Errorf("integrity: %s, %v", check, err)
		}
	}
	none := filepath.Join(dir, "none.db")
	if err := d.Backup(t.Context(), none, nil, db.Write(`INSERT INTO t_none VALUES (1)`)); err == nil {
		t.Error("a mark that can't be made did no harm")
	}
	if _, err := os.Stat(none); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a copy without its mark: %v", err)
	}
}

func TestBackupFails(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	dir := t.TempDir()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Backup(ended, filepath.Join(dir, "a.db"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := d.Backup(t.Context(), filepath.Join(dir, "none", "a.db"), nil); !errors.Is(err, db.ErrBackupPath) {
		t.Errorf("no folder: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestBackupPostgres(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres(t))
	err := d.Backup(t.Context(), filepath.Join(t.TempDir(), "x"), nil)
	if e := errs.From(err); e.Code != "backup_with_pg_dump" {
		t.Errorf("%v", err)
	}
}
