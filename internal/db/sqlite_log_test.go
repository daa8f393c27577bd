package db

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// shortLog are limits with a log that a few commits fill.
func shortLog() limits {
	lim := defaultLimits()
	lim.log = 60
	return lim
}

// inLog asks SQLite itself how many pages the log has.
func inLog(t *testing.T, e *lite) int {
	t.Helper()
	c, err := connectSQLite(e.path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	conn := newLiteConn(c)
	defer conn.close() //nolint:errcheck // it only asked
	n, err := checkpoint(conn)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// writeUntil commits row after row, from the given number on, until the condition holds, and returns the next number.
func writeUntil(t *testing.T, d *DB, from int, what string, holds func() bool) int {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); from++ {
		if time.Now().After(deadline) {
			t.Fatalf("after %d commits: never %s", from, what)
		}
		if err := d.Run(t.Context(), Write(`INSERT INTO t (id, n) VALUES ($1, 0)`, strconv.Itoa(from)+strings.Repeat("x", 500))); err != nil {
			t.Fatal(err)
		}
	}
	return from
}

// begunAnew reports whether the writer holds the log for short again.
func begunAnew(t *testing.T, d *DB, e *lite) (anew bool) {
	t.Helper()
	onWriter(t, d, func() { anew = !e.w.log.busy })
	return anew
}

// TestLogBeginsAnew fills the log several times. SQLite itself, which would empty it within a commit, is kept from that by its limit being higher.
func TestLogBeginsAnew(t *testing.T) {
	d, e := openLite(t, shortLog())
	rows := 0
	for range 5 {
		rows = writeUntil(t, d, rows, "was the goroutine woken", func() bool { return !begunAnew(t, d, e) })
		rows = writeUntil(t, d, rows, "did the log begin anew", func() bool { return begunAnew(t, d, e) })
		if n := inLog(t, e); n >= tooLong*e.lim.log {
			t.Errorf("%d pages in the log: SQLite has emptied it, not we", n)
		}
	}
	if n := count(t, d, "TRUE"); n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(e.path + "-wal"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the log is left: the writer's connection was not the last (%v)", err)
	}
}

// TestLogMovesBesideWriter: the database file grows by what was committed before, while the writer is in the middle of a transaction.
func TestLogMovesBesideWriter(t *testing.T) {
	d, e := openLite(t, shortLog())
	size := func() int64 {
		st, err := os.Stat(e.path)
		if err != nil {
			t.Fatal(err)
		}
		return st.Size()
	}
	before := size()
	writeUntil(t, d, 0, "was the goroutine woken", func() bool { return !begunAnew(t, d, e) })
	onWriter(t, d, func() {
		for deadline := time.Now().Add(10 * time.Second); !e.w.log.moved.Load(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Error("the goroutine waits for the writer")
				return
			}
		}
		if after := size(); after <= before {
			t.Errorf("the file has %d bytes, %d before", after, before)
		}
	})
}

// TestLogWithReader: who reads in the log keeps it from beginning anew, and nobody waits for that.
func TestLogWithReader(t *testing.T) {
	d, e := openLite(t, shortLog())
	c, err := connectSQLite(e.path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	reader := newLiteConn(c)
	defer reader.close() //nolint:errcheck // it only reads
	var before, still int
	if _, err := reader.exec(`BEGIN`, nil); err != nil {
		t.Fatal(err)
	}
	if err := reader.get(`SELECT count(*) FROM t`, nil, []any{&before}); err != nil {
		t.Fatal(err)
	}
	rows := writeUntil(t, d, 0, "was the log long", func() bool { return !begunAnew(t, d, e) && inLog(t, e) > 2*e.lim.log })
	if err := reader.get(`SELECT count(*) FROM t`, nil, []any{&still}); err != nil || still != before {
		t.Errorf("the reader sees %d rows, %d before (%v)", still, before, err)
	}
	if _, err := reader.exec(`COMMIT`, nil); err != nil {
		t.Fatal(err)
	}
	rows = writeUntil(t, d, rows, "did the log begin anew", func() bool { return begunAnew(t, d, e) })
	if n := count(t, d, "TRUE"); n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
}

// TestLogWithoutGoroutine: without a connection for the goroutine the writer does all of it.
func TestLogWithoutGoroutine(t *testing.T) {
	d, e := openLite(t, shortLog())
	onWriter(t, d, func() { e.w.log.path = filepath.Join(t.TempDir(), "gone", "nothing.db") })
	rows := writeUntil(t, d, 0, "was the goroutine woken", func() bool { return !begunAnew(t, d, e) })
	rows = writeUntil(t, d, rows, "did the log begin anew", func() bool { return begunAnew(t, d, e) })
	if n := count(t, d, "TRUE"); n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
}
