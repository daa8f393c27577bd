package db

import (
	"errors"
	"runtime"
	"sync/atomic"

	"modernc.org/sqlite"
)

// emptier keeps the write-ahead log short: it moves the log's pages into the database file, so that the log begins anew.
//
// SQLite would do that within a commit, and whoever waits for the writer waits along: thousands of pages are written to places all
// over the file, and then comes an fsync of it. So a goroutine does most of it over a connection of its own, while the writer goes on.
// Only a log that was moved as a whole begins anew, and it grows meanwhile: the writer moves the rest, between two commits.
//
// Limits.log is four times SQLite's own measure: most pages change again meanwhile, and move only once. Up to
// 4062 pages one table of the log's index finds a page (https://www.sqlite.org/walformat.html, 2.3).
type emptier struct {
	path string
	lim  limits

	pages int  // in the log, by the writer's count
	busy  bool // the goroutine was woken, and the log has not begun anew since
	whole bool // the last one who looked had moved all of the log

	start chan struct{} // wakes the goroutine; nil before it was needed
	gone  chan struct{} // closed when it has ended
	moved atomic.Bool   // it did its part
}

// passes are how often the goroutine moves what there is. SQLite ends a pass with its fsync only if nothing was added while pages were
// moved. Of a busy writer that is so in every second round or so; in the others that fsync is the writer's too.
const passes = 3

// errBlocked: somebody else is moving the log at this moment.
var errBlocked = errors.New("the write-ahead log is being emptied by another process")

func newEmptier(path string, lim limits) *emptier { return &emptier{path: path, lim: lim} }

// committed is called by the writer after a commit, once everybody in it is answered. A log that can't be emptied now, because
// somebody still reads in it or because the disk fails, is tried again after the next commit.
func (e *emptier) committed(conn *liteConn) {
	e.pages += written(conn)
	switch {
	case !e.busy && e.pages >= e.lim.log:
		e.busy = true
		e.wake()
	case e.busy && e.moved.Load():
		runtime.Gosched() // those who were answered need not wait for this
		how := passive
		if e.whole {
			how = "NOOP" // only look whether this commit began it anew
		}
		inLog, moved, err := checkpoint(conn, how)
		e.whole = err == nil && moved == inLog
		if err == nil && inLog < e.lim.log {
			e.pages, e.busy, e.whole = inLog, false, false
			e.moved.Store(false)
		}
	}
}

// written returns how many pages a connection has written since it was asked last.
func written(conn *liteConn) int {
	counters, ok := conn.c.(sqlite.DBStatus)
	if !ok {
		return 0
	}
	n, _, err := counters.Status(sqlite.DBStatusCacheWrite, true)
	if err != nil {
		return 0
	}
	return n
}

// passive is the way to move the log that makes nobody wait (https://www.sqlite.org/pragma.html#pragma_wal_checkpoint).
const passive = "PASSIVE"

// checkpoint moves the log in one of SQLite's ways, and returns how many pages the log has and how many of them are moved.
func checkpoint(conn *liteConn, how string) (inLog, moved int, err error) {
	var blocked int
	err = conn.get("PRAGMA wal_checkpoint("+how+")", nil, []any{&blocked, &inLog, &moved})
	if err == nil && (blocked != 0 || inLog < 0) {
		err = errBlocked
	}
	return inLog, moved, err
}

// wake starts the goroutine at the first time.
func (e *emptier) wake() {
	if e.start == nil {
		e.start, e.gone = make(chan struct{}, 1), make(chan struct{})
		go e.loop()
	}
	e.start <- struct{}{} // never waits: it is taken before the next
}

func (e *emptier) loop() {
	defer close(e.gone)
	var conn *liteConn
	for range e.start {
		conn = e.move(conn)
		e.moved.Store(true)
	}
	if conn != nil {
		_ = conn.close() // the writer's connection moves what is left
	}
}

// move does the goroutine's part. It returns the connection, or nil if that failed: then the writer does all of it, and the next
// time there is a new one.
func (e *emptier) move(conn *liteConn) *liteConn {
	if conn == nil {
		c, err := connectSQLite(e.path, e.lim.busy, "synchronous(full)")
		if err != nil {
			return nil
		}
		conn = newLiteConn(c)
	}
	for range passes {
		if _, _, err := checkpoint(conn, passive); err != nil {
			_ = conn.close()
			return nil
		}
	}
	return conn
}

// stop ends the goroutine, before the writer closes the connection that is to be the last.
func (e *emptier) stop() {
	if e.start != nil {
		close(e.start)
		<-e.gone
	}
}
