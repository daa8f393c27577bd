package db

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sallyport/internal/errs"
)

// Limits for what the address leaves open. A statement of ours takes milliseconds; one that
// takes these times waits for something that is broken.
const (
	connectTimeout   = 5 * time.Second
	statementTimeout = 15 * time.Second
	idleInTx         = 30 * time.Second // frees the locks of a server that died inside a transaction
	flightTimeout    = 20 * time.Second // for the answer; longer than statementTimeout, so normally the server decides
	poolSize         = 32
)

// pg is the cluster's engine: a pool of connections and no other state.
type pg struct {
	dsn  string
	p    *pgxpool.Pool
	n    *counters
	wait time.Duration // for a free connection
}

func openPostgres(ctx context.Context, dsn string, n *counters) (*pg, error) {
	wrong := errs.New(errs.Invalid, "database_address", "The PostgreSQL address cannot be read.")
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, wrong.Because(err) // pgx leaves the password out of this text
	}
	given := url.Values{}
	if u, err := url.Parse(dsn); err == nil {
		given = u.Query()
	}
	if !given.Has("pool_max_conns") {
		cfg.MaxConns = poolSize
	}
	if !given.Has("connect_timeout") {
		cfg.ConnConfig.ConnectTimeout = connectTimeout
	}
	def := func(name, value string) {
		if _, ok := cfg.ConnConfig.RuntimeParams[name]; !ok {
			cfg.ConnConfig.RuntimeParams[name] = value
		}
	}
	def("application_name", "sallyport")
	def("statement_timeout", fmt.Sprint(statementTimeout.Milliseconds()))
	def("idle_in_transaction_session_timeout", fmt.Sprint(idleInTx.Milliseconds()))
	// What Run sends without BEGIN must run at the same level as the rest.
	cfg.ConnConfig.RuntimeParams["default_transaction_isolation"] = "read committed"

	p, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, wrong.Because(err)
	}
	d := &pg{dsn: dsn, p: p, n: n, wait: defaultLimits().turn}
	if err := d.ping(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return d, nil
}

// flight is the context of one exchange with the server. The caller's cancellation is left out on
// purpose: it would break the connection in the middle of a statement, and a browser that goes away
// would cost a reconnect. Its deadline counts, and so does the limit of our own.
func flight(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(flightTimeout)
	if d, ok := ctx.Deadline(); ok && d.Before(end) {
		end = d
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}

// acquire takes a connection from the pool, waiting no longer than d.wait or ctx.
func (d *pg) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	wait, cancel := context.WithTimeout(ctx, d.wait)
	defer cancel()
	c, err := d.p.Acquire(wait)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case wait.Err() != nil && d.p.Stat().AcquiredConns() >= d.p.Config().MaxConns:
		return nil, ErrBusy.Because(fmt.Errorf("no free connection within %s: %w", d.wait, err))
	}
	return nil, ErrUnavailable.Because(err)
}

// drop closes a connection, so that the pool opens a new one, to the new primary after a fail-over.
func (d *pg) drop(ctx context.Context, c *pgxpool.Conn) {
	fctx, cancel := flight(context.WithoutCancel(ctx))
	defer cancel()
	_ = c.Conn().Close(fctx) // it is of no use either way
}

func (d *pg) Get(ctx context.Context, sql string, args []any, dest ...any) error {
	return d.read(ctx, sql, args, func(rows pgx.Rows) error { return firstRow(rows, dest) })
}

func (d *pg) Each(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	return d.read(ctx, sql, args, func(rows pgx.Rows) error { return eachRow(ctx, rows, row) })
}

// read runs one query outside a transaction. A pooled connection may have died while it was
// idle (a restart, a fail-over); reading twice is harmless, so that is tried once more.
func (d *pg) read(ctx context.Context, sql string, args []any, use func(rows pgx.Rows) error) error {
	for again := true; ; again = false {
		c, err := d.acquire(ctx)
		if err != nil {
			return err
		}
		d.n.statements.Add(1)
		started := false
		err = func() error {
			defer c.Release()
			fctx, cancel := flight(ctx)
			defer cancel()
			rows, err := c.Query(fctx, sql, args...)
			if err != nil {
				return err
			}
			started = rows.Next()
			return use(&peeked{Rows: rows, first: started})
		}()
		if again && !started && (repeatable(err) || errors.Is(classifyPostgres(err), ErrUnavailable)) {
			continue
		}
		return classifyPostgres(err)
	}
}

// peeked is rows whose first Next has been called already.
type peeked struct {
	pgx.Rows
	first, given bool
}

func (p *peeked) Next() bool {
	if !p.given {
		p.given = true
		return p.first
	}
	return p.Rows.Next()
}

// firstRow scans the first row and closes rows.
func firstRow(rows pgx.Rows, dest []any) error {
	defer rows.Close()
	if !rows.Next() {
		rows.Close()
		if err := rows.Err(); err != nil {
			return err
		}
		return ErrNotFound
	}
	if err := rows.Scan(dest...); err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}

// eachRow hands every row to the caller's function and closes rows.
func eachRow(ctx context.Context, rows pgx.Rows, row func(scan func(dest ...any) error) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (d *pg) ping(ctx context.Context) error {
	var one int
	return d.Get(ctx, "SELECT 1", nil, &one)
}

func (d *pg) pool(s *Stats) {
	st := d.p.Stat()
	s.Open = int(st.TotalConns())
	s.InUse = int(st.AcquiredConns())
	s.Waiting = int(st.EmptyAcquireCount())
}

func (d *pg) close() error {
	d.p.Close()
	return nil
}
