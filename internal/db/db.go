package db

import (
	"context"
	"runtime"
	"strings"

	"sallyport/internal/errs"
)

// Querier reads: a DB outside transactions (each statement sees what is committed), a Tx inside.
type Querier interface {
	// Get scans the first row into dest; ErrNotFound if there is none.
	Get(ctx context.Context, sql string, args []any, dest ...any) error
	// Each calls row for every row; an error of row stops and is returned as it is.
	// row must only scan and collect: the connection is occupied until Each returns, and it must return
	// within seconds. Long lists are read page by page.
	Each(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	e    engine
	name string
	n    *counters
}

// engine is what SQLite and PostgreSQL each do their own way.
type engine interface {
	Querier
	tx(ctx context.Context, fn func(tx *Tx) error) error
	run(ctx context.Context, stmts []Stmt) error
	migrate(ctx context.Context, m migrations) error
	backup(ctx context.Context, path string, progress func(done, total int), mark []Stmt) error
	ping(ctx context.Context) error
	pool(s *Stats)
	close() error
}

// Engine names, as Engine returns them.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Open opens the database that dsn names: "sqlite:PATH" (the file is made, mode 0600, if it does not
// exist; its folder must) or a PostgreSQL URL, "postgres://…" or "postgresql://…", with the parameters of libpq and
// pgxpool (https://www.postgresql.org/docs/15/libpq-connect.html, pool_max_conns and so on). It reaches
// for the database once, so a wrong address fails here, with ErrUnavailable.
func Open(ctx context.Context, dsn string) (*DB, error) {
	n := &counters{}
	switch {
	case strings.HasPrefix(dsn, "sqlite:"):
		e, err := openSQLite(strings.TrimPrefix(dsn, "sqlite:"), n, defaultLimits())
		if err != nil {
			return nil, err
		}
		return &DB{e: e, name: SQLite, n: n}, nil
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		e, err := openPostgres(ctx, dsn, n)
		if err != nil {
			return nil, err
		}
		return &DB{e: e, name: Postgres, n: n}, nil
	}
	return nil, errs.New(errs.Invalid, "database_address",
		"The database address must start with sqlite: or postgres://.")
}

// Tx runs fn in one transaction and commits it. An error of fn, or a panic, rolls it back and
// comes out unchanged. fn may run twice (a serialization failure or deadlock is retried), so it does SQL only. Calling
// Tx or Run inside fn is refused with an error.
func (d *DB) Tx(ctx context.Context, fn func(tx *Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.e.tx(ctx, fn)
}

// Run is one transaction made of just these statements, in order; the first that fails or
// does not meet its expectation decides the error. On PostgreSQL they travel together: two round trips in all, one
// if none of them is a Must.
func (d *DB) Run(ctx context.Context, stmts ...Stmt) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.e.run(ctx, stmts)
}

// Get reads one row outside any transaction.
func (d *DB) Get(ctx context.Context, sql string, args []any, dest ...any) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.e.Get(ctx, sql, args, dest...)
}

// Each reads rows outside any transaction.
func (d *DB) Each(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.e.Each(ctx, sql, args, row)
}

// Ping reports whether the database serves: a small read that touches it.
func (d *DB) Ping(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return d.e.ping(ctx)
}

// GiveWay is for long work beside a running server: it lets others write every quarter of a second. On PostgreSQL they always can; of SQLite's
// lock one who writes without a pause leaves them nothing, and their requests fail with ErrBusy.
func (d *DB) GiveWay() {
	if e, ok := d.e.(*lite); ok {
		e.w.givesWay.Store(true)
	}
}

// Engine is SQLite or Postgres.
func (d *DB) Engine() string { return d.name }

// Close waits for transactions that have begun, refuses new ones and releases everything.
func (d *DB) Close() error { return d.e.close() }

// nested reports whether the calling goroutine is inside a transaction's closure. It reads
// its own stack, which costs a few microseconds and needs no bookkeeping in callers' contexts. A
// closure is shallow, so its frame is near the top.
func nested() bool {
	var pcs [64]uintptr
	for _, pc := range pcs[:runtime.Callers(2, pcs[:])] {
		if f := runtime.FuncForPC(pc - 1); f != nil && strings.HasSuffix(f.Name(), "/db.(*Tx).call") {
			return true
		}
	}
	return false
}
