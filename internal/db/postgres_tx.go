package db

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// maxAttempts bounds how often a transaction that lost against its neighbours runs again.
const maxAttempts = 6

// pgTx is one transaction on one connection. BEGIN travels with its first statements.
type pgTx struct {
	d     *pg
	c     *pgxpool.Conn
	begun bool
}

func (d *pg) tx(ctx context.Context, fn func(tx *Tx) error) error {
	if nested() {
		return errNested
	}
	return d.attempts(ctx, func(t *pgTx) error {
		tx := &Tx{c: t}
		return tx.call(fn)
	})
}

func (d *pg) run(ctx context.Context, stmts []Stmt) error {
	if nested() {
		return errNested
	}
	must := false
	for i := range stmts {
		must = must || stmts[i].Rows > 0
	}
	return d.attempts(ctx, func(t *pgTx) error {
		if must {
			return t.run(ctx, stmts)
		}
		// Statements between two Syncs are one transaction even without BEGIN
		// (https://www.postgresql.org/docs/15/protocol-flow.html#PROTOCOL-FLOW-PIPELINING), and
		// no expectation can call for a rollback: one round trip does.
		return t.send(ctx, stmts, false)
	})
}

// attempts runs one transaction, again if it lost against its neighbours, and commits it.
func (d *pg) attempts(ctx context.Context, body func(t *pgTx) error) error {
	for n := 1; ; n++ {
		err := d.once(ctx, body)
		if err == nil {
			d.n.transactions.Add(1)
			return nil
		}
		if n == maxAttempts || !repeatable(err) && !unsent(err) {
			return classifyPostgres(err)
		}
		d.n.retries.Add(1)
		if err := pause(ctx, n); err != nil {
			return err
		}
	}
}

// unsent reports that pgx knows the statement never left this machine: the connection had died in the pool.
func unsent(err error) bool { return pgconn.SafeToRetry(err) && !errors.Is(err, context.Canceled) }

// pause waits a little, longer and more randomly each time.
func pause(ctx context.Context, n int) error {
	var b [2]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	span := time.Duration(1<<n) * time.Millisecond
	t := time.NewTimer(span + span*time.Duration(binary.BigEndian.Uint16(b[:]))/65536)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// once is one attempt. Release closes a connection that is left inside a transaction, so a panic
// in body rolls back too.
func (d *pg) once(ctx context.Context, body func(t *pgTx) error) error {
	c, err := d.acquire(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	t := &pgTx{d: d, c: c}
	if err := body(t); err != nil {
		t.rollback(ctx)
		if demoted(err) {
			d.drop(ctx, c)
		}
		return err
	}
	if !t.begun {
		return nil
	}
	return t.commit(ctx)
}

// commit ends the transaction. If the connection breaks here nobody knows whether the server did it, so that
// is an error of a kind that is never retried.
func (t *pgTx) commit(ctx context.Context) error {
	fctx, cancel := flight(context.WithoutCancel(ctx))
	defer cancel()
	tag, err := t.c.Exec(fctx, "commit")
	if err != nil {
		var pg *pgconn.PgError
		if errors.As(err, &pg) {
			return err // the server refused: a plain answer, nothing happened
		}
		return ErrUnavailable.Because(fmt.Errorf("outcome of commit unknown: %w", err))
	}
	if tag.String() != "COMMIT" { // the server says ROLLBACK when a statement had failed
		return errors.New("db: the server rolled back instead of committing")
	}
	t.d.n.commits.Add(1)
	return nil
}

// rollback gives up; if even that fails, Release closes the connection, and the server rolls back.
func (t *pgTx) rollback(ctx context.Context) {
	if !t.begun || t.c.Conn().IsClosed() {
		return
	}
	fctx, cancel := flight(context.WithoutCancel(ctx))
	defer cancel()
	_, _ = t.c.Exec(fctx, "rollback")
}

// send sends the statements in one flight, BEGIN before them if it is wanted and has not been sent, and judges the answers in order.
func (t *pgTx) send(ctx context.Context, stmts []Stmt, begin bool) error {
	if len(stmts) == 0 {
		return nil
	}
	err := t.fly(ctx, begin, len(stmts), func(b *pgx.Batch) {
		for i := range stmts {
			b.Queue(stmts[i].SQL, stmts[i].Args...)
		}
	}, func(br pgx.BatchResults) error {
		for i := range stmts {
			n, err := answer(br, &stmts[i])
			if err != nil {
				return err
			}
			if err := stmts[i].verdict(n); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && !begin {
		t.d.n.commits.Add(1)
	}
	return err
}

// fly is one round trip: queue fills the batch, read takes its results.
func (t *pgTx) fly(ctx context.Context, begin bool, n int, queue func(b *pgx.Batch), read func(br pgx.BatchResults) error) error {
	fctx, cancel := flight(ctx)
	defer cancel()
	b := &pgx.Batch{QueuedQueries: make([]*pgx.QueuedQuery, 0, n+1)}
	begin = begin && !t.begun
	if begin {
		b.Queue("begin")
	}
	queue(b)
	t.d.n.statements.Add(int64(n))
	br := t.c.SendBatch(fctx, b)
	if begin {
		if _, err := br.Exec(); err != nil {
			_ = br.Close() // says the same
			return err
		}
		t.begun = true
	}
	err := read(br)
	if e := br.Close(); err == nil {
		err = e
	}
	return err
}

// answer reads one statement's result: its rows affected, or returned if it is scanned or a SELECT.
func answer(br pgx.BatchResults, s *Stmt) (int64, error) {
	if s.Into == nil {
		tag, err := br.Exec()
		if err != nil {
			return 0, err
		}
		if tag.Select() {
			return tag.RowsAffected(), nil
		}
		return affected(tag), nil
	}
	rows, err := br.Query()
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	var n int64
	for rows.Next() {
		if n == 0 {
			if err := rows.Scan(s.Into...); err != nil {
				return 0, err
			}
		}
		n++
	}
	return n, rows.Err()
}

// affected is the promise of the package comment: what SELECT and DDL report does not count.
func affected(tag pgconn.CommandTag) int64 {
	if tag.Insert() || tag.Update() || tag.Delete() {
		return tag.RowsAffected()
	}
	return 0
}

func (t *pgTx) run(ctx context.Context, stmts []Stmt) error { return t.send(ctx, stmts, true) }

func (t *pgTx) exec(ctx context.Context, sql string, args []any) (n int64, err error) {
	err = t.one(ctx, sql, args, func(br pgx.BatchResults) error {
		tag, err := br.Exec()
		n = affected(tag)
		return err
	})
	return n, err
}

func (t *pgTx) Get(ctx context.Context, sql string, args []any, dest ...any) error {
	missing := false
	err := t.one(ctx, sql, args, func(br pgx.BatchResults) error {
		rows, err := br.Query()
		if err != nil {
			return err
		}
		err = firstRow(rows, dest)
		missing = err == ErrNotFound
		if missing {
			return nil
		}
		return err
	})
	if err == nil && missing {
		return ErrNotFound
	}
	return err
}

func (t *pgTx) Each(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	return t.one(ctx, sql, args, func(br pgx.BatchResults) error {
		rows, err := br.Query()
		if err != nil {
			return err
		}
		return eachRow(ctx, rows, row)
	})
}

// one is a flight of a single statement.
func (t *pgTx) one(ctx context.Context, sql string, args []any, read func(br pgx.BatchResults) error) error {
	return t.fly(ctx, true, 1, func(b *pgx.Batch) { b.Queue(sql, args...) }, read)
}
