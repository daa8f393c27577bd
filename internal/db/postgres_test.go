package db_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

func withParam(t *testing.T, dsn, name, value string) string {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set(name, value)
	u.RawQuery = q.Encode()
	return u.String()
}

// TestDeadlockIsRetried: two transactions lock two rows in opposite order; both succeed.
func TestDeadlockIsRetried(t *testing.T) {
	d := dbtest.Open(t, dbtest.Postgres(t))
	ctx := t.Context()
	write(t, d, `CREATE TABLE t_lock (id text PRIMARY KEY, n bigint NOT NULL)`)
	write(t, d, `INSERT INTO t_lock VALUES ('a', 0), ('b', 0)`)
	var met sync.WaitGroup
	met.Add(2)
	var runs atomic.Int32
	one := func(first, second string, other <-chan struct{}) error {
		meet, again := sync.OnceFunc(func() { met.Done(); met.Wait() }), false
		return d.Tx(ctx, func(tx *db.Tx) error {
			runs.Add(1)
			if again {
				// The other one is waking up to take the row that this one let go. Whoever took it again before that made another deadlock.
				select {
				case <-other:
				case <-time.After(time.Minute):
					return errors.New("a transaction has both rows and does not end, or both were sent back")
				}
			}
			again = true
			if _, err := tx.Exec(ctx, `UPDATE t_lock SET n = n + 1 WHERE id = $1`, first); err != nil {
				return err
			}
			meet()
			_, err := tx.Exec(ctx, `UPDATE t_lock SET n = n + 1 WHERE id = $1`, second)
			return err
		})
	}
	ended := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
	other := make(chan error, 1)
	go func() { other <- one("b", "a", ended[0]); close(ended[1]) }()
	err := one("a", "b", ended[1])
	close(ended[0])
	if err := errors.Join(err, <-other); err != nil {
		t.Error(err)
	}
	var sum int
	if err := d.Get(ctx, `SELECT sum(n)::bigint FROM t_lock`, nil, &sum); err != nil || sum != 4 {
		t.Errorf("sum %d, want 4 (%v)", sum, err)
	}
	if runs.Load() != 3 || d.Stats().Retries != 1 {
		t.Errorf("%d runs, %d retries; want 3 and 1", runs.Load(), d.Stats().Retries)
	}
}

// TestConnectionsDie: the server ends every connection, as a restart does. An idle one is replaced
// unseen; one inside a transaction is ErrUnavailable; afterwards all is well.
func TestConnectionsDie(t *testing.T) {
	dsn := dbtest.Postgres(t)
	d, admin := dbtest.Open(t, dsn), dbtest.Open(t, dsn)
	ctx := t.Context()
	kill := func() {
		t.Helper()
		var n int
		if err := admin.Get(ctx, `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`, nil, &n); err != nil || n == 0 {
			t.Fatalf("%d connections ended, %v", n, err)
		}
	}
	write(t, d, `CREATE TABLE t_die (id text PRIMARY KEY)`)
	kill()
	if err := d.Ping(ctx); err != nil {
		t.Errorf("read after an idle connection died: %v", err)
	}
	err := d.Tx(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO t_die VALUES ('a')`); err != nil {
			return err
		}
		kill()
		_, err := tx.Exec(ctx, `INSERT INTO t_die VALUES ('b')`)
		return err
	})
	if !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("inside a transaction: %v", err)
	}
	write(t, d, `INSERT INTO t_die VALUES ('c')`)
	var n int
	if err := d.Get(ctx, `SELECT count(*) FROM t_die`, nil, &n); err != nil || n != 1 {
		t.Errorf("%d rows, want 1 (%v)", n, err)
	}
}

func TestPoolExhausted(t *testing.T) {
	d := dbtest.Open(t, withParam(t, dbtest.Postgres(t), "pool_max_conns", "1"))
	d.SetWait(100 * time.Millisecond)
	ctx := t.Context()
	in, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() { done <- d.Tx(ctx, func(*db.Tx) error { close(in); <-release; return nil }) }()
	<-in
	if err := d.Ping(ctx); !errors.Is(err, db.ErrBusy) {
		t.Errorf("no connection free: %v, want ErrBusy", err)
	}
	close(release)
	if err := errors.Join(<-done, d.Ping(ctx)); err != nil {
		t.Error(err)
	}
}

func TestStatementTimeout(t *testing.T) {
	d := dbtest.Open(t, withParam(t, dbtest.Postgres(t), "statement_timeout", "100"))
	ctx := t.Context()
	if err := d.Run(ctx, db.Write(`SELECT pg_sleep(5)`)); !errors.Is(err, db.ErrBusy) {
		t.Errorf("slow statement: %v, want ErrBusy", err)
	}
	if err := d.Ping(ctx); err != nil {
		t.Error(err)
	}
}

// TestDemoted: after a fail-over the pool's connections lead to a server that only reads; they are replaced.
func TestDemoted(t *testing.T) {
	d := dbtest.Open(t, withParam(t, dbtest.Postgres(t), "pool_max_conns", "1"))
	ctx := t.Context()
	write(t, d, `CREATE TABLE t_demoted (id text PRIMARY KEY)`)
	write(t, d, `SET default_transaction_read_only = on`)
	if err := d.Run(ctx, db.Write(`INSERT INTO t_demoted VALUES ('a')`)); !errors.Is(err, db.ErrUnavailable) {
		t.Errorf("on a read-only server: %v, want ErrUnavailable", err)
	}
	if err := d.Run(ctx, db.Write(`INSERT INTO t_demoted VALUES ('b')`)); err != nil {
		t.Errorf("the next one: %v", err)
	}
}

// cutter is a TCP proxy that breaks a connection when the client sends the given words: before
// the server sees them, or after it has acted on them and before its answer.
type cutter struct {
	server string
	word   atomic.Pointer[string]
	after  bool
}

func (c *cutter) serve(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", c.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		var cut atomic.Bool
		go func() {
			defer func() { _ = client.Close() }()
			buf := make([]byte, 64<<10)
			for {
				n, err := server.Read(buf)
				if err != nil || cut.Load() {
					return // what the server said after the cut never arrives
				}
				if _, err := client.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
		go func() {
			defer func() { _ = server.Close() }()
			buf := make([]byte, 64<<10)
			for {
				n, err := client.Read(buf)
				if err != nil {
					return
				}
				if w := c.word.Load(); w != nil && strings.Contains(string(buf[:n]), *w) {
					cut.Store(true)
					if !c.after {
						_ = client.Close()
						return
					}
				}
				if _, err := server.Write(buf[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// TestCommitOutcomeUnknown: the connection breaks during COMMIT. That is an error, and the
// transaction does not run again, whether the server committed or not.
func TestCommitOutcomeUnknown(t *testing.T) {
	for _, after := range []bool{false, true} {
		dsn := dbtest.Postgres(t)
		u, err := url.Parse(dsn)
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		c := &cutter{server: u.Host, after: after}
		go c.serve(l)
		u.Host = l.Addr().String()
		q := u.Query()
		q.Set("sslmode", "disable")
		u.RawQuery = q.Encode()
		d := dbtest.Open(t, u.String())
		ctx := t.Context()
		write(t, d, `CREATE TABLE t_cut (id text PRIMARY KEY)`)
		word := "commit"
		c.word.Store(&word)
		runs := 0
		err = d.Tx(ctx, func(tx *db.Tx) error {
			runs++
			_, err := tx.Exec(ctx, `INSERT INTO t_cut VALUES ('a')`)
			return err
		})
		c.word.Store(nil)
		if !errors.Is(err, db.ErrUnavailable) || runs != 1 {
			t.Errorf("after=%v: %v, %d runs; want ErrUnavailable and 1", after, err, runs)
		}
		want := 0
		if after {
			want = 1
		}
		var n int
		for range 6000 { // the server notices the broken connection in its own time
			if err := d.Get(ctx, `SELECT count(*) FROM t_cut`, nil, &n); err != nil {
				t.Fatal(err)
			}
			if n == want {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if n != want {
			t.Errorf("after=%v: %d rows, want %d", after, n, want)
		}
		if err := l.Close(); err != nil && !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
}

// TestServerStops: a real stop and the time after it.
func TestServerStops(t *testing.T) {
	c, err := dbtest.StartCluster(context.Background())
	if err != nil {
		t.Skipf("no PostgreSQL to stop: %v", err)
	}
	d, err := db.Open(t.Context(), c.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }() // nothing is left to close cleanly
	if err := d.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := c.Stop(); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"Ping": d.Ping(t.Context()),
		"Run":  d.Run(t.Context(), db.Write(`CREATE TABLE t_x (id text)`)),
		"Tx":   d.Tx(t.Context(), func(tx *db.Tx) error { _, err := tx.Exec(t.Context(), `SELECT 1`); return err }),
	} {
		if !errors.Is(err, db.ErrUnavailable) {
			t.Errorf("%s with the server gone: %v, want ErrUnavailable", name, err)
		}
	}
}
