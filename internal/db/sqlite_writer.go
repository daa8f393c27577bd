package db

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// writer owns the one connection that writes. Transactions queue to it; it runs each in a
// savepoint of its own and commits all that wait in one go, with one fsync.
//
// Invariant: nobody is answered with success before the COMMIT that holds their change has
// returned; a COMMIT that fails fails everyone in it.
type writer struct {
	path  string
	lim   limits
	queue chan *job
	quit  chan struct{} // closed by stop: finish what is queued, then end
	gone  chan struct{} // closed when the writer has ended
	once  sync.Once
	spare sync.Pool // of *job
	n     *counters

	givesWay atomic.Bool // see DB.GiveWay

	// Only the writer's goroutine touches these.
	conn  *liteConn
	log   *emptier
	group []*job
	lost  error         // the SQLite transaction around the group is gone
	fatal error         // what closing the connection said
	held  time.Duration // how long SQLite's write lock was held since it was given way last
}

func startWriter(path string, n *counters, lim limits) (*writer, error) {
	w := &writer{
		path: path, lim: lim, n: n,
		queue: make(chan *job, lim.queue), quit: make(chan struct{}), gone: make(chan struct{}),
		spare: sync.Pool{New: newJob},
		log:   newEmptier(path, lim),
	}
	if err := w.connect(); err != nil {
		return nil, err
	}
	go w.loop()
	return w, nil
}

func (w *writer) connect() error {
	c, err := connectSQLite(w.path, w.lim.busy, "journal_mode(wal)", "synchronous(full)", fmt.Sprintf("wal_autocheckpoint(%d)", w.lim.most))
	if err != nil {
		return err
	}
	conn := newLiteConn(c)
	var mode string
	if err := conn.get("PRAGMA journal_mode", nil, []any{&mode}); err != nil || mode != "wal" {
		_ = conn.close()
		return ErrUnavailable.Because(fmt.Errorf("write-ahead log refused (mode %q): %w", mode, err))
	}
	w.conn = conn
	return nil
}

// loop serves groups until stop.
func (w *writer) loop() {
	finished := false
	defer func() {
		if finished {
			return
		}
		// A closure ended the goroutine itself (runtime.Goexit, which is what a test's FailNow
		// does). Nothing of the group is committed; a new goroutine takes over.
		w.end(ErrUnavailable.Because(errors.New("a transaction's closure ended its goroutine")))
		go w.loop()
	}()
	for {
		select {
		case j := <-w.queue:
			w.serve(j)
			continue
		default:
		}
		select {
		case j := <-w.queue:
			w.serve(j)
		case <-w.quit:
			if len(w.queue) > 0 {
				continue
			}
			finished = true
			w.log.stop()
			if w.conn != nil {
				w.fatal = w.conn.close()
			}
			close(w.gone)
			return
		}
	}
}

// SQLite's lock is no queue: who waits for it looks whether it is free, at last every 100 ms, and gives up after limits.busy. Between
// two transactions of somebody who writes without a pause it is free for less than a thousandth of that.
const (
	holdFor = 250 * time.Millisecond // before way is given
	wayFor  = 120 * time.Millisecond
)

// giveWay lets another process write, after a long time of writing.
func (w *writer) giveWay(since time.Time) {
	if w.held += time.Since(since); w.held >= holdFor && w.givesWay.Load() {
		time.Sleep(wayFor)
		w.held = 0
	}
}

// serve runs the first job and all that wait behind it, and commits once.
func (w *writer) serve(first *job) {
	w.group, w.lost = w.group[:0], nil
	if err := w.begin(); err != nil {
		w.admit(first)
		w.answer(err)
		return
	}
	defer w.giveWay(time.Now())
	w.run(first)
	for len(w.group) < w.lim.group && w.lost == nil {
		select {
		case j := <-w.queue:
			w.run(j)
			continue
		default:
		}
		break
	}
	w.end(w.lost)
}

// begin takes SQLite's write lock. A connection in trouble is replaced once.
func (w *writer) begin() error {
	if w.conn != nil {
		_, err := w.conn.exec("BEGIN IMMEDIATE", nil)
		if err == nil || errors.Is(classifySQLite(err), ErrBusy) {
			return classifySQLite(err)
		}
		_ = w.conn.close() // it failed already; what matters is that the next one works
		w.conn = nil
	}
	if err := w.connect(); err != nil {
		return err
	}
	_, err := w.conn.exec("BEGIN IMMEDIATE", nil)
	return classifySQLite(err)
}

// admit takes a job out of its caller's hands, unless the caller withdrew or its context ended.
func (w *writer) admit(j *job) bool {
	if !j.state.CompareAndSwap(queued, taken) {
		return false
	}
	w.group = append(w.group, j)
	return true
}

// run executes one job in its own savepoint. Its failure costs nobody else anything,
// unless SQLite itself rolled back (disk full, I/O error): then the group is lost.
func (w *writer) run(j *job) {
	if !w.admit(j) {
		return
	}
	if j.err = j.ctx.Err(); j.err != nil {
		return
	}
	if _, err := w.conn.exec("SAVEPOINT job", nil); err != nil {
		w.lost = err
		return
	}
	j.err = classifySQLite(w.attempt(j))
	j.ok = j.err == nil && !j.panicked
	if !j.ok {
		if _, err := w.conn.exec("ROLLBACK TO job", nil); err != nil {
			w.lost = cause(j.err, err)
			return
		}
	}
	if _, err := w.conn.exec("RELEASE job", nil); err != nil {
		w.lost = cause(j.err, err)
	}
}

// cause prefers the first thing that went wrong.
func cause(first, second error) error {
	if first != nil {
		return first
	}
	return second
}

// attempt runs the closure or the statements and catches a panic for its caller.
func (w *writer) attempt(j *job) error {
	tx := &Tx{c: liteTx{w}}
	if j.fn == nil {
		return tx.Run(j.ctx, j.stmts...)
	}
	normal := false
	defer func() {
		if normal {
			return
		}
		if v := recover(); v != nil {
			j.panicked, j.panicVal = true, v
		}
	}()
	err := tx.call(j.fn)
	normal = true
	return err
}

// end commits, or rolls back when the group is lost or has nothing to keep, and answers.
func (w *writer) end(failure error) {
	keep := int64(0)
	for _, j := range w.group {
		if j.ok {
			keep++
		}
	}
	if failure == nil && keep > 0 {
		_, failure = w.conn.exec("COMMIT", nil)
		if failure == nil {
			w.n.commits.Add(1)
			w.n.transactions.Add(keep)
			w.answer(nil)
			w.log.committed(w.conn)
			return
		}
	}
	// SQLite may have rolled back by itself, then this fails, and that is what was wanted.
	_, _ = w.conn.exec("ROLLBACK", nil)
	w.answer(failure)
}

// answer tells everyone in the group; failure overrules what they had.
func (w *writer) answer(failure error) {
	failure = classifySQLite(failure)
	for i, j := range w.group {
		if failure != nil && !j.panicked {
			j.err = failure
		}
		w.group[i] = nil
		j.done <- struct{}{}
	}
	w.group = w.group[:0]
}

// stop lets the writer finish what it accepted.
func (w *writer) stop() error {
	w.once.Do(func() { close(w.quit) })
	<-w.gone
	return classifySQLite(w.fatal)
}
