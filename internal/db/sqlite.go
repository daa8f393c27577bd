package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sallyport/internal/errs"
)

// limits bound every wait. Tests shorten them.
type limits struct {
	busy  time.Duration // for another process's lock on the file
	turn  time.Duration // for a turn to write, or for a connection, before ErrBusy
	nest  time.Duration // until a waiting caller looks whether it waits for itself
	queue int           // transactions that may wait for the writer
	group int           // transactions that may share one commit
	log   int           // pages in the write-ahead log from which on it is emptied beside the writer
	most  int           // pages in it from which on SQLite empties it within each commit, in case that nobody could beside it
}

func defaultLimits() limits {
	return limits{busy: 5 * time.Second, turn: 10 * time.Second, nest: 100 * time.Millisecond, queue: 1024, group: 256, log: 4000, most: 16000}
}

// lite is the embedded engine: one writer goroutine with group commit, and a few
// connections that only read.
type lite struct {
	path    string
	lim     limits
	w       *writer
	slots   chan struct{} // one element for each read connection in use
	waiting atomic.Int32
	closed  chan struct{}
	once    sync.Once
	n       *counters

	mu   sync.Mutex  // guards what follows
	idle []*liteConn // read connections nobody uses, the last used at the end
	open int
}

func openSQLite(path string, n *counters, lim limits) (*lite, error) {
	path, err := prepareFile(path)
	if err != nil {
		return nil, err
	}
	w, err := startWriter(path, n, lim)
	var e *sqlite.Error
	if errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_NOTADB {
		return nil, errs.New(errs.Invalid, "database_foreign", fmt.Sprintf(
			"The file %s is no SQLite database; nothing was changed. Name another file, or one that does not exist yet.", path)).Because(err)
	}
	if errors.Is(err, ErrUnavailable) {
		return nil, unusable(path, err)
	}
	if err != nil {
		return nil, err
	}
	if err := private(path); err != nil {
		return nil, errors.Join(err, w.stop())
	}
	size := max(4, 2*runtime.GOMAXPROCS(0))
	return &lite{path: path, lim: lim, w: w, slots: make(chan struct{}, size), closed: make(chan struct{}), n: n}, nil
}

// prepareFile makes the file with mode 0600 before SQLite would make it with the umask's;
// SQLite gives the -wal and -shm files the same mode.
func prepareFile(path string) (string, error) {
	path = strings.TrimPrefix(path, "//")
	wrong := errs.New(errs.Invalid, "database_path", "")
	switch {
	case path == "":
		return "", wrong.Saying("The database address sqlite: needs the path of a file.")
	case strings.Contains(path, ":memory:") || strings.ContainsRune(path, 0):
		return "", wrong.Saying("The database must be a file; one in memory would forget what it acknowledged.")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", wrong.Saying("The path of the database cannot be resolved.").Because(err)
	}
	if st, err := os.Stat(abs); err == nil && !st.Mode().IsRegular() {
		return "", wrong.Saying(fmt.Sprintf("The database path %s is not a file. Name a file inside a folder.", abs))
	}
	// An existing file is not opened here: closing it again would drop the POSIX locks that
	// another connection of this process may hold on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
	f, err := os.OpenFile(abs, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return abs, nil
	}
	if err != nil {
		return "", unusable(abs, err)
	}
	return abs, f.Close()
}

// private refuses a database that other users of the machine may read or write: it holds
// password hashes and sessions. Only a file that is a database is asked, so that nobody is
// told to change the mode of some other file.
func private(path string) error {
	st, err := os.Stat(path)
	if err != nil {
		return unusable(path, err)
	}
	if mode := st.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return errs.New(errs.Forbidden, "database_permissions", fmt.Sprintf(
			"The database file %s is open to other users of this machine. Run \"chmod 600\" on it.", path)).Because(errors.New(st.Mode().String()))
	}
	return nil
}

// unusable is the error for a file that cannot be read and written.
func unusable(path string, err error) error {
	return errs.New(errs.Invalid, "database_path", fmt.Sprintf(
		"The database file %s cannot be opened for writing. Check that its folder exists and that both belong to this user.", path)).Because(err)
}

// connectSQLite opens one connection. Pragmas hold per connection: https://www.sqlite.org/pragma.html.
func connectSQLite(path string, busy time.Duration, pragmas ...string) (driver.Conn, error) {
	q := url.Values{}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()))
	q.Add("_pragma", "foreign_keys(1)")
	q.Add("_pragma", "temp_store(memory)")
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}
	c, err := sqlite.NewConnector(u.String())
	if err != nil {
		return nil, err
	}
	conn, err := c.Connect(context.Background())
	return conn, classifySQLite(err)
}

// reader takes a read connection, waiting for one no longer than d.lim.turn or ctx. It takes the
// one used last: every commit makes SQLite forget the pages a connection has read, and the more
// reads share a connection, the fewer of them start with none.
func (d *lite) reader(ctx context.Context) (*liteConn, error) {
	select {
	case d.slots <- struct{}{}:
	default:
		if err := d.queue(ctx); err != nil {
			return nil, err
		}
	}
	c, err := d.connection()
	if err != nil {
		<-d.slots
	}
	return c, err
}

// queue waits for a slot.
func (d *lite) queue(ctx context.Context) error {
	d.waiting.Add(1)
	defer d.waiting.Add(-1)
	t := time.NewTimer(d.lim.turn)
	defer t.Stop()
	select {
	case d.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-d.closed:
		return ErrUnavailable.Because(errClosed)
	case <-t.C:
		return ErrBusy.Because(fmt.Errorf("no read connection within %s", d.lim.turn))
	}
}

// connection returns an idle connection or a new one. The caller holds a slot.
func (d *lite) connection() (*liteConn, error) {
	select {
	case <-d.closed:
		return nil, ErrUnavailable.Because(errClosed)
	default:
	}
	d.mu.Lock()
	if last := len(d.idle) - 1; last >= 0 {
		c := d.idle[last]
		d.idle = d.idle[:last]
		d.mu.Unlock()
		return c, nil
	}
	d.mu.Unlock()
	conn, err := connectSQLite(d.path, d.lim.busy, "query_only(1)")
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.open++
	d.mu.Unlock()
	return newLiteConn(conn), nil
}

// giveBack makes a connection idle.
func (d *lite) giveBack(c *liteConn) {
	d.mu.Lock()
	d.idle = append(d.idle, c)
	d.mu.Unlock()
	<-d.slots
}

func (d *lite) Get(ctx context.Context, sql string, args []any, dest ...any) error {
	c, err := d.reader(ctx)
	if err != nil {
		return err
	}
	defer d.giveBack(c)
	d.n.statements.Add(1)
	return classifySQLite(c.get(sql, args, dest))
}

func (d *lite) Each(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	c, err := d.reader(ctx)
	if err != nil {
		return err
	}
	defer d.giveBack(c)
	d.n.statements.Add(1)
	return classifySQLite(c.each(ctx, sql, args, row))
}

func (d *lite) tx(ctx context.Context, fn func(tx *Tx) error) error {
	return d.w.submit(ctx, fn, nil)
}

func (d *lite) run(ctx context.Context, stmts []Stmt) error {
	return d.w.submit(ctx, nil, stmts)
}

func (d *lite) ping(ctx context.Context) error {
	var n int64
	return d.Get(ctx, "SELECT count(*) FROM sqlite_master", nil, &n)
}

func (d *lite) pool(s *Stats) {
	d.mu.Lock()
	s.Open = d.open + 1
	d.mu.Unlock()
	s.InUse = len(d.slots)
	s.Waiting = int(d.waiting.Load())
	s.Queue = len(d.w.queue)
}

// close waits for the readers, then stops the writer after what it has accepted; as the last
// connection it moves the write-ahead log into the file.
func (d *lite) close() error {
	d.once.Do(func() {
		close(d.closed)
		for range cap(d.slots) {
			d.slots <- struct{}{}
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		for _, c := range d.idle {
			_ = c.close() // a read connection has nothing to lose
		}
		d.idle, d.open = nil, 0
	})
	return d.w.stop()
}
