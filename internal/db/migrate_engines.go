package db

import (
	"context"
	"database/sql"
	"errors"
	"net/url"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite"
)

// migrate on SQLite uses a connection of its own, whose transactions take the write lock at
// once. There is no lock around the whole: if another process migrates at the same time,
// one of the two fails on a migration that the other has applied, as a whole, and looks again.
func (d *lite) migrate(ctx context.Context, m migrations) error {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(60000)", "foreign_keys(1)", "synchronous(full)"}}
	c, err := sqlite.NewConnector((&url.URL{Scheme: "file", Path: d.path, RawQuery: q.Encode()}).String())
	if err != nil {
		return err
	}
	handle := sql.OpenDB(c)
	defer func() { _ = handle.Close() }() // every transaction has been committed by now
	handle.SetMaxOpenConns(1)
	for before := int64(-1); ; {
		err := m.apply(ctx, SQLite, handle)
		if err == nil || errors.Is(err, ErrSchemaTooNew) || errors.Is(err, ErrSchemaEdited) {
			return err
		}
		after, verr := (&versions{}).GetLatestVersion(ctx, handle)
		if verr != nil || after == before {
			return classifySQLite(err)
		}
		before = after
	}
}

// migrate on PostgreSQL uses a connection of its own, without a statement time-out, under
// a session advisory lock, so that any number of nodes may start together.
func (d *pg) migrate(ctx context.Context, m migrations) error {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300), lock.WithUnlockTimeout(1, 5))
	if err != nil {
		return err
	}
	cfg := d.p.Config().ConnConfig
	cfg.RuntimeParams["statement_timeout"] = "0"
	cfg.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	handle := stdlib.OpenDB(*cfg)
	defer func() { _ = handle.Close() }() // every transaction has been committed by now
	handle.SetMaxOpenConns(1)
	return classifyPostgres(m.apply(ctx, Postgres, handle, goose.WithSessionLocker(locker)))
}
