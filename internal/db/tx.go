package db

import "context"

// Tx is a transaction in progress, valid only inside the closure it was passed to and for
// one goroutine.
type Tx struct {
	c      txConn
	failed error // the first error; the transaction is over from then on
	inEach bool
	over   bool
}

// txConn is an engine's connection inside one transaction.
type txConn interface {
	Querier
	exec(ctx context.Context, sql string, args []any) (int64, error)
	run(ctx context.Context, stmts []Stmt) error
}

// Exec runs a statement and returns the number of rows it inserted, updated or deleted.
func (tx *Tx) Exec(ctx context.Context, sql string, args ...any) (int64, error) {
	if err := tx.ready(ctx); err != nil {
		return 0, err
	}
	n, err := tx.c.exec(ctx, sql, args)
	return n, tx.note(err)
}

// Run executes the statements in order, in one round trip on PostgreSQL. The first that fails
// or does not meet its expectation decides the error, and the transaction rolls back.
func (tx *Tx) Run(ctx context.Context, stmts ...Stmt) error {
	if err := tx.ready(ctx); err != nil {
		return err
	}
	return tx.note(tx.c.run(ctx, stmts))
}

// Get scans the first row into dest; ErrNotFound if there is none, which does not end the transaction.
func (tx *Tx) Get(ctx context.Context, sql string, args []any, dest ...any) error {
	if err := tx.ready(ctx); err != nil {
		return err
	}
	err := tx.c.Get(ctx, sql, args, dest...)
	if err == ErrNotFound { // identity: only this package's own verdict
		return err
	}
	return tx.note(err)
}

// Each calls row for every row.
func (tx *Tx) Each(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	if err := tx.ready(ctx); err != nil {
		return err
	}
	tx.inEach = true
	defer func() { tx.inEach = false }()
	return tx.note(tx.c.Each(ctx, sql, args, row))
}

// ready refuses what must not reach the engine.
func (tx *Tx) ready(ctx context.Context) error {
	switch {
	case tx.failed != nil:
		return tx.failed
	case tx.over:
		return errOver
	case tx.inEach:
		return tx.note(errEach)
	}
	return tx.note(ctx.Err())
}

// note remembers the first error.
func (tx *Tx) note(err error) error {
	if err != nil && tx.failed == nil {
		tx.failed = err
	}
	return err
}

// call runs the closure and gives the transaction's verdict: its error, or the one it
// swallowed. It is the frame that nested looks for.
//
//go:noinline
func (tx *Tx) call(fn func(tx *Tx) error) error {
	defer func() { tx.over = true }()
	if err := fn(tx); err != nil {
		return err
	}
	return tx.failed
}
