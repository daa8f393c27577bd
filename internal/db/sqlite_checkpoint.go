package db

import (
	"sync"
	"time"
)

// checkpointer moves what the write-ahead log has gathered into the database file, beside
// the writer. SQLite would do it inside the COMMIT that finds the log long, with everybody
// waiting for two more fsyncs; and since steady readers keep the log from being started
// anew, from then on inside every COMMIT (https://www.sqlite.org/wal.html, 6).
//
// Nothing depends on it for durability: what is in the log is on disk. If it fails, the log
// grows, and it tries again when as much has been written once more.
type checkpointer struct {
	path string
	file *sync.Mutex   // held by the writer during a group
	wake chan struct{} // the log is long
	gone chan struct{}
}

const (
	// longLog is how many statements may write before the log counts as long. One writes a page
	// or two of 4 KiB, so the log stays below some 40 MiB, which a start after a crash reads in
	// a fraction of a second.
	longLog = 6000
	// readersLeave is how long the writer stands still, at most, until all readers have turned
	// to the database file; only then the log can begin anew.
	readersLeave = 20 * time.Millisecond
)

func startCheckpointer(path string, file *sync.Mutex) *checkpointer {
	c := &checkpointer{path: path, file: file, wake: make(chan struct{}, 1), gone: make(chan struct{})}
	go c.loop()
	return c
}

// due says that the log is long. It never waits.
func (c *checkpointer) due() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *checkpointer) loop() {
	defer close(c.gone)
	var conn *liteConn
	defer func() {
		if conn != nil {
			_ = conn.close() // it wrote nothing of its own
		}
	}()
	for range c.wake {
		if conn == nil {
			raw, err := connectSQLite(c.path, readersLeave, "synchronous(full)", "wal_autocheckpoint(0)")
			if err != nil {
				continue
			}
			conn = newLiteConn(raw)
		}
		if err := c.empty(conn); err != nil {
			_ = conn.close() // it failed already; the next one may work
			conn = nil
		}
	}
}

// empty moves most of the log while the writer goes on, then what came meanwhile while it
// stands still, and has the log begin anew.
func (c *checkpointer) empty(conn *liteConn) error {
	for range 2 {
		if err := checkpoint(conn, "PRAGMA wal_checkpoint(passive)"); err != nil {
			return err
		}
	}
	c.file.Lock()
	defer c.file.Unlock()
	return checkpoint(conn, "PRAGMA wal_checkpoint(restart)")
}

// checkpoint runs the pragma. That readers or another process were in the way is no error.
func checkpoint(conn *liteConn, pragma string) error {
	var busy, logged, moved int64
	return conn.get(pragma, nil, []any{&busy, &logged, &moved})
}

// stop waits for a checkpoint that has begun.
func (c *checkpointer) stop() {
	close(c.wake)
	<-c.gone
}
