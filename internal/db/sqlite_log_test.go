package db

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shortLog are limits with a log that a few commits fill, and that SQLite itself never empties.
func shortLog() limits {
	lim := defaultLimits()
	lim.log, lim.most = 60, 1<<30
	return lim
}

// inLog asks SQLite itself how many pages the log has.
func inLog(t *testing.T, e *lite) (n int) {
	t.Helper()
	c, err := connectSQLite(e.path, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	conn := newLiteConn(c)
	defer conn.close() //nolint:errcheck // it only asked
	if n, _, err = checkpoint(conn, "NOOP"); err != nil {
		t.Fatal(err)
	}
	return n
}

// writeUntil commits row after row, from the given number on, until the condition holds, and returns the next number.
func writeUntil(t *testing.T, d *DB, from int, what string, holds func() bool) int {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); from++ {
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

// beginsAnew demands that the log begins anew when writing goes on, and that every row is there.
func beginsAnew(t *testing.T, d *DB, e *lite, rows int) {
	t.Helper()
	rows = writeUntil(t, d, rows, "did the log begin anew", func() bool { return begunAnew(t, d, e) })
	if n := count(t, d, "TRUE"); n != rows {
		t.Errorf("%d rows, want %d", n, rows)
	}
}

// TestLogBeginsAnew fills the log several times.
func TestLogBeginsAnew(t *testing.T) {
	d, e := openLite(t, shortLog())
	rows := 0
	for range 5 {
		rows = writeUntil(t, d, rows, "was the goroutine woken", func() bool { return !begunAnew(t, d, e) })
		rows = writeUntil(t, d, rows, "did the log begin anew", func() bool { return begunAnew(t, d, e) })
		if n := inLog(t, e); n >= e.lim.log {
			t.Errorf("%d pages are in the log", n)
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
	d, e := openLite(t, defaultLimits())
	writeUntil(t, d, 0, "were there pages to move", func() bool { return inLog(t, e) > 20 })
	size := func() int64 {
		st, err := os.Stat(e.path)
		if err != nil {
			t.Error(err)
			return 0
		}
		return st.Size()
	}
	onWriter(t, d, func() {
		before := size()
		conn := newEmptier(e.path, e.lim).move(nil)
		if conn == nil {
			t.Error("nothing could be moved")
			return
		}
		if after := size(); after <= before {
			t.Errorf("the file has %d bytes, %d before", after, before)
		}
		if err := conn.close(); err != nil {
			t.Error(err)
		}
	})
}

// TestLogBlocked: while another process holds the lock for it, nothing is moved, and the writer tries again until it can.
func TestLogBlocked(t *testing.T) {
	const env = "SALLYPORT_TEST_HOLDS_LOG"
	if path := os.Getenv(env); path != "" {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		// WAL_CKPT_LOCK (https://www.sqlite.org/walformat.html, 2.3.1).
		if err := syscall.FcntlFlock(f.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK, Start: 121, Len: 1}); err != nil {
			t.Fatal(err)
		}
		fmt.Println("held")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	d, e := openLite(t, shortLog())
	rows := writeUntil(t, d, 0, "was anything in the log", func() bool { return inLog(t, e) > 10 })
	holder := exec.Command(os.Args[0], "-test.run=^TestLogBlocked$")
	holder.Env = append(os.Environ(), env+"="+e.path+"-shm")
	stop, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	says, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(says).ReadString('\n'); err != nil || line != "held\n" {
		t.Fatalf("%q, %v", line, err)
	}
	rows = writeUntil(t, d, rows, "was the log long", func() bool { return inLog(t, e) > 2*e.lim.log })
	if begunAnew(t, d, e) {
		t.Error("the log is said to have begun anew")
	}
	if err := errors.Join(stop.Close(), holder.Wait()); err != nil {
		t.Fatal(err)
	}
	beginsAnew(t, d, e, rows)
}

// TestLogWithReader: who reads in the log keeps it from beginning anew, and sees what was there.
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
	beginsAnew(t, d, e, rows)
}

// TestLogWithoutGoroutine: without a connection for the goroutine the writer does all of it.
func TestLogWithoutGoroutine(t *testing.T) {
	d, e := openLite(t, shortLog())
	onWriter(t, d, func() { e.w.log.path = filepath.Join(t.TempDir(), "gone", "nothing.db") })
	rows := writeUntil(t, d, 0, "was the goroutine woken", func() bool { return !begunAnew(t, d, e) })
	beginsAnew(t, d, e, rows)
}
