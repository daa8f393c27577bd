package db

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sallyport/internal/errs"
)

var errMine = errs.New(errs.Conflict, "mine", "Mine.")

// openLite opens an embedded database with the given limits, with a table to write to.
func openLite(t *testing.T, lim limits) (*DB, *lite) {
	t.Helper()
	n := &counters{}
	e, err := openSQLite(filepath.Join(t.TempDir(), "w.db"), n, lim)
	if err != nil {
		t.Fatal(err)
	}
	d := &DB{e: e, name: SQLite, n: n}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	if err := d.Run(t.Context(), Write(`CREATE TABLE t (id text PRIMARY KEY, n bigint NOT NULL)`)); err != nil {
		t.Fatal(err)
	}
	return d, e
}

func insert(ctx context.Context, tx *Tx, id string) error {
	_, err := tx.Exec(ctx, `INSERT INTO t (id, n) VALUES ($1, 0)`, id)
	return err
}

func count(t *testing.T, d *DB, where string) int {
	t.Helper()
	var n int
	if err := d.Get(context.Background(), `SELECT count(*) FROM t WHERE `+where, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// gather holds the writer inside a transaction until all of the given transactions are queued
// behind it, so that they share its commit, and returns what each came to, and the holder.
func gather(t *testing.T, d *DB, e *lite, txs ...func() error) (out []error, holder error) {
	t.Helper()
	in, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- d.Tx(context.Background(), func(*Tx) error { close(in); <-release; return nil })
	}()
	<-in
	out = make([]error, len(txs))
	var wg sync.WaitGroup
	for i, f := range txs {
		wg.Add(1)
		go func() { defer wg.Done(); out[i] = f() }()
		for range 2000 { // in this order
			if len(e.w.queue) > i {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	close(release)
	wg.Wait()
	return out, <-first
}

// onWriter runs f on the writer's goroutine, which alone may touch what is the writer's.
func onWriter(t *testing.T, d *DB, f func()) {
	t.Helper()
	if err := d.Tx(context.Background(), func(*Tx) error { f(); return nil }); err != nil {
		t.Fatal(err)
	}
}

func TestGroupIsolation(t *testing.T) {
	d, e := openLite(t, defaultLimits())
	ctx := t.Context()
	before := d.Stats()
	panicked := any(nil)
	got, holder := gather(t, d, e,
		func() error { return d.Tx(ctx, func(tx *Tx) error { return insert(ctx, tx, "good1") }) },
		func() error {
			return d.Tx(ctx, func(tx *Tx) error { return errors.Join(insert(ctx, tx, "bad1"), errMine) })
		},
		func() error { // a violation after a write
			return d.Tx(ctx, func(tx *Tx) error { _ = insert(ctx, tx, "bad2"); return insert(ctx, tx, "good1") })
		},
		func() (err error) {
			defer func() { panicked = recover(); err = errMine }()
			return d.Tx(ctx, func(tx *Tx) error { _ = insert(ctx, tx, "bad3"); panic("in the closure") })
		},
		func() error {
			return d.Run(ctx, Write(`INSERT INTO t VALUES ('bad4', 0)`), Must(errMine, `UPDATE t SET n = 9 WHERE id = 'nobody'`))
		},
		func() error { return d.Run(ctx, Write(`INSERT INTO t VALUES ('good2', 0)`)) },
		func() error { return d.Run(ctx, Write(`INSERT INTO nowhere VALUES ('x')`)) },
	)
	if holder != nil || got[0] != nil || got[5] != nil {
		t.Errorf("the good ones: %v, %v, %v", holder, got[0], got[5])
	}
	if !errors.Is(got[1], errMine) || !IsUnique(got[2]) || !errors.Is(got[4], errMine) || got[6] == nil {
		t.Errorf("the bad ones: %v", got)
	}
	if panicked != "in the closure" {
		t.Errorf("the panic came out as %v", panicked)
	}
	if n := count(t, d, "id LIKE 'good%'"); n != 2 {
		t.Errorf("%d good rows, want 2", n)
	}
	if n := count(t, d, "id LIKE 'bad%' OR n <> 0"); n != 0 {
		t.Errorf("%d rows of failed transactions", n)
	}
	if s := d.Stats(); s.Commits-before.Commits != 1 {
		t.Errorf("%d commits, want the group to share one", s.Commits-before.Commits)
	}
}

// TestAnswerAfterCommit: nobody hears of success before the commit; a failed commit fails everyone, and the
// next group works.
func TestAnswerAfterCommit(t *testing.T) {
	d, e := openLite(t, defaultLimits())
	ctx := t.Context()
	if err := d.Run(ctx,
		Write(`CREATE TABLE p (id text PRIMARY KEY)`),
		Write(`CREATE TABLE c (p text NOT NULL REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)`)); err != nil {
		t.Fatal(err)
	}
	started := make(chan struct{})
	slow := make(chan struct{})
	answered := make(chan error, 1)
	got, holder := gather(t, d, e,
		func() error {
			err := d.Tx(ctx, func(tx *Tx) error { return insert(ctx, tx, "early") })
			answered <- err
			return err
		},
		func() error {
			// The closure before this one has finished by now; its caller must not know yet.
			go func() {
				<-started
				select {
				case <-answered:
					t.Error("answered before the commit")
				case <-time.After(50 * time.Millisecond):
				}
				close(slow)
			}()
			return d.Tx(ctx, func(tx *Tx) error {
				close(started)
				<-slow
				// Only COMMIT notices this.
				_, err := tx.Exec(ctx, `INSERT INTO c VALUES ('no such parent')`)
				return err
			})
		},
	)
	if holder == nil || got[0] == nil || got[1] == nil {
		t.Errorf("a failed commit answered %v, %v", holder, got)
	}
	if n := count(t, d, "true"); n != 0 {
		t.Errorf("%d rows after a failed commit", n)
	}
	if err := d.Tx(ctx, func(tx *Tx) error { return insert(ctx, tx, "later") }); err != nil {
		t.Errorf("the next transaction: %v", err)
	}
}

func TestNestedTxIsRefused(t *testing.T) {
	d, _ := openLite(t, defaultLimits())
	ctx := t.Context()
	var inner error
	err := d.Tx(ctx, func(tx *Tx) error {
		inner = d.Tx(ctx, func(*Tx) error { return nil })
		return insert(ctx, tx, "outer")
	})
	if err != nil || !errors.Is(inner, errNested) {
		t.Errorf("outer %v, inner %v", err, inner)
	}
	if n := count(t, d, "id = 'outer'"); n != 1 {
		t.Error("the outer transaction is missing")
	}
}

func TestWaitIsBounded(t *testing.T) {
	lim := defaultLimits()
	lim.turn, lim.queue = 250*time.Millisecond, 1
	d, _ := openLite(t, lim)
	in, release := make(chan struct{}), make(chan struct{})
	first := make(chan error, 1)
	go func() {
		first <- d.Tx(context.Background(), func(*Tx) error { close(in); <-release; return nil })
	}()
	<-in
	ran := false
	var wg sync.WaitGroup
	for i := range 3 { // one waits in the queue, the others before it
		wg.Add(1)
		go func() {
			defer wg.Done()
			err := d.Tx(context.Background(), func(*Tx) error { ran = true; return nil })
			if !errors.Is(err, ErrBusy) {
				t.Errorf("waiter %d: %v, want ErrBusy", i, err)
			}
		}()
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	if err := d.Tx(ctx, func(*Tx) error { ran = true; return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while waiting: %v", err)
	}
	wg.Wait()
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
	if err := d.Tx(t.Context(), func(*Tx) error { return nil }); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if ran {
		t.Error("a transaction ran although its caller had left")
	}
}
