package db

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/errs"
)

// fill writes 1 MiB pieces until it fails and returns that error.
func fill(t *testing.T, d *DB) error {
	t.Helper()
	body := make([]byte, 1<<20)
	for range 64 {
		if err := d.Run(t.Context(), Write(`INSERT INTO big (body) VALUES ($1)`, body)); err != nil {
			return err
		}
	}
	t.Fatal("the disk did not fill")
	return nil
}

// fullThenHeals: the error has its class, nothing of the failed write is there, neighbours keep
// working, and all is well once there is room.
func fullThenHeals(t *testing.T, d *DB, makeRoom func()) {
	t.Helper()
	ctx := t.Context()
	err := fill(t, d)
	if e := errs.From(err); !errors.Is(err, ErrFull) || e.Kind != errs.Unavailable || e.Cause == nil {
		t.Fatalf("%v (kind %d), want ErrFull with its cause", err, e.Kind)
	}
	var before, after int
	if err := d.Get(ctx, `SELECT count(*) FROM big`, nil, &before); err != nil {
		t.Fatalf("reading with a full disk: %v", err)
	}
	// A closure that swallows the error must not go on outside a transaction.
	err = d.Tx(ctx, func(tx *Tx) error {
		_, _ = tx.Exec(ctx, `INSERT INTO big (body) VALUES ($1)`, make([]byte, 4<<20))
		_, _ = tx.Exec(ctx, `INSERT INTO big (body) VALUES ($1)`, []byte("x"))
		return nil
	})
	if !errors.Is(err, ErrFull) {
		t.Errorf("swallowed: %v, want ErrFull", err)
	}
	if err := d.Get(ctx, `SELECT count(*) FROM big`, nil, &after); err != nil || after != before {
		t.Errorf("%d rows, %d before (%v)", after, before, err)
	}
	makeRoom()
	if err := d.Run(ctx, Write(`INSERT INTO big (body) VALUES ($1)`, []byte("x"))); err != nil {
		t.Errorf("with room again: %v", err)
	}
}

func TestDatabaseFull(t *testing.T) {
	d, e := openLite(t, defaultLimits())
	ctx := t.Context()
	if err := d.Run(ctx, Write(`CREATE TABLE big (body bytea NOT NULL)`)); err != nil {
		t.Fatal(err)
	}
	pages := func(n string) {
		onWriter(t, d, func() {
			if _, err := e.w.conn.exec("PRAGMA max_page_count = "+n, nil); err != nil {
				t.Error(err)
			}
		})
	}
	pages("2000")
	fullThenHeals(t, d, func() { pages("100000") })
}

// TestDiskFull fills a real file system, where the write-ahead log is what does not fit.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=12m"); err != nil {
		t.Skipf("no small file system here: %v", err)
	}
	defer func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 6<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	n := &counters{}
	e, err := openSQLite(filepath.Join(dir, "f.db"), n, defaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	d := &DB{e: e, name: SQLite, n: n}
	defer func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := d.Run(t.Context(), Write(`CREATE TABLE big (body bytea NOT NULL)`)); err != nil {
		t.Fatal(err)
	}
	fullThenHeals(t, d, func() {
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
	})
}

// TestOtherProcess: another writer on the same file, as the command line beside the server is.
func TestOtherProcess(t *testing.T) {
	lim := defaultLimits()
	lim.busy = 100 * time.Millisecond
	d, e := openLite(t, lim)
	ctx := t.Context()
	raw, err := connectSQLite(e.path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	other := newLiteConn(raw)
	defer func() { _ = other.close() }()
	must := func(sql string) {
		t.Helper()
		if _, err := other.exec(sql, nil); err != nil {
			t.Fatal(err)
		}
	}
	must("BEGIN IMMEDIATE")
	must("INSERT INTO t VALUES ('theirs', 0)")
	if err := d.Tx(ctx, func(tx *Tx) error { return insert(ctx, tx, "ours") }); !errors.Is(err, ErrBusy) {
		t.Errorf("while it holds the lock: %v, want ErrBusy", err)
	}
	if n := count(t, d, "true"); n != 0 {
		t.Errorf("read %d uncommitted rows", n)
	}
	must("COMMIT")
	if err := d.Tx(ctx, func(tx *Tx) error { return insert(ctx, tx, "ours") }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if n := count(t, d, "true"); n != 2 {
		t.Errorf("%d rows, want theirs and ours", n)
	}
}

// TestTwoOpen: two handles write at the same time; every acknowledged increment counts.
func TestTwoOpen(t *testing.T) {
	d, e := openLite(t, defaultLimits())
	n := &counters{}
	e2, err := openSQLite(e.path, n, defaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	d2 := &DB{e: e2, name: SQLite, n: n}
	ctx := t.Context()
	if err := d.Run(ctx, Write(`INSERT INTO t VALUES ('c', 0)`)); err != nil {
		t.Fatal(err)
	}
	var acked atomic.Int64
	done := make(chan error, 8)
	for i := range 8 {
		db := []*DB{d, d2}[i%2]
		go func() {
			for range 25 {
				if err := db.Run(ctx, Must(errMine, `UPDATE t SET n = n + 1 WHERE id = 'c'`)); err != nil {
					done <- err
					return
				}
				acked.Add(1)
			}
			done <- nil
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if err := d2.Close(); err != nil {
		t.Error(err)
	}
	var got int64
	if err := d.Get(ctx, `SELECT n FROM t WHERE id = 'c'`, nil, &got); err != nil || got != acked.Load() {
		t.Errorf("%d counted, %d acknowledged (%v)", got, acked.Load(), err)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is not a database\n", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		"a folder":           "sqlite:" + dir,
		"no folder":          "sqlite:" + filepath.Join(dir, "no", "such.db"),
		"no path":            "sqlite:",
		"memory":             "sqlite::memory:",
		"another file":       "sqlite:" + text,
		"another engine":     "mysql://localhost/x",
		"a broken address":   "postgres://[",
		"nobody listens":     "postgres://postgres@127.0.0.1:1/x",
		"unknown parameters": "postgres://postgres@127.0.0.1:1/x?pool_max_conns=many",
	}
	for name, dsn := range cases {
		d, err := Open(t.Context(), dsn)
		if err == nil {
			_ = d.Close()
			t.Errorf("%s: opened", name)
			continue
		}
		if e := errs.From(err); e.Kind == errs.Internal || e.Message == "" {
			t.Errorf("%s: %v has no message for people", name, err)
		}
	}
}

func TestFileMode(t *testing.T) {
	old := syscall.Umask(0)
	defer syscall.Umask(old)
	_, e := openLite(t, defaultLimits())
	for _, suffix := range []string{"", "-wal", "-shm"} {
		st, err := os.Stat(e.path + suffix)
		if err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v", e.path+suffix, st.Mode(), err)
		}
	}
}
