package db

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"sallyport/internal/errs"
)

// What callers may meet. Anything else that comes out of this package is a fault of ours
// (a wrong statement, a type that does not fit) and internal.
var (
	// ErrNotFound is what Get returns when there is no row.
	ErrNotFound = errs.New(errs.NotFound, "not_found", "This does not exist.")
	// ErrUnavailable: the database cannot be reached or does not serve. Whether a commit
	// that met it happened is unknown; it was not acknowledged and is not tried again.
	ErrUnavailable = errs.New(errs.Unavailable, "database_unavailable",
		"The database cannot be reached at the moment. Try again in a minute.").After(30 * time.Second)
	// ErrBusy: it serves, but there was no turn within the time limit.
	ErrBusy = errs.New(errs.Unavailable, "database_busy",
		"The server is very busy at the moment. Try again in a few seconds.").After(5 * time.Second)
	// ErrFull: the disk of the database is full. Nothing was changed.
	ErrFull = errs.New(errs.Unavailable, "database_full",
		"The server cannot store anything at the moment, so nothing was changed. Tell your administrator that the disk is full.").After(time.Minute)
	// ErrSchemaTooNew: the database was migrated by a newer version of the program.
	ErrSchemaTooNew = errs.New(errs.Conflict, "schema_too_new",
		"The database was set up by a newer version of Sallyport. Start that version, or a newer one.")
	// ErrSchemaEdited: a migration that was applied earlier reads differently in this program.
	ErrSchemaEdited = errs.New(errs.Conflict, "schema_edited",
		"A database migration differs from the one that was applied. Use an unchanged release of Sallyport.")
)

var (
	errNested = errors.New("db: DB.Tx or DB.Run called inside a transaction; use the Tx that was passed in")
	errEach   = errors.New("db: statement inside the row function of Each; collect the rows first")
	errOver   = errors.New("db: Tx used after its closure returned")
	errRows   = errors.New("db: the statement did not affect as many rows as it must")
	errClosed = errors.New("db: closed")
)

// IsUnique reports whether err is the violation of a primary key or unique index.
func IsUnique(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "23505"
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}

// classifySQLite gives an engine error its class; what has none stays as it is.
func classifySQLite(err error) error {
	var e *sqlite.Error
	if err == nil || !errors.As(err, &e) {
		return err
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrBusy.Because(err)
	case sqlite3.SQLITE_FULL:
		return ErrFull.Because(err)
	case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT,
		sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL, sqlite3.SQLITE_PERM:
		return ErrUnavailable.Because(err)
	}
	return err
}

// classifyPostgres does the same for PostgreSQL: SQLSTATE classes of
// https://www.postgresql.org/docs/15/errcodes-appendix.html, and broken connections.
func classifyPostgres(err error) error {
	if err == nil {
		return nil
	}
	var known *errs.Error
	if errors.As(err, &known) {
		return err
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch {
		case pg.Code == "53100": // disk_full
			return ErrFull.Because(err)
		case pg.Code == "57014", // query_canceled: statement_timeout
			pg.Code == "55P03",                     // lock_not_available
			pg.Code == "40001", pg.Code == "40P01", // serialization_failure, deadlock_detected, after all retries
			pg.Code == "25P03": // idle_in_transaction_session_timeout
			return ErrBusy.Because(err)
		case pg.Code[:2] == "08", pg.Code[:2] == "53", pg.Code[:2] == "57", pg.Code[:2] == "58", // connection, resources, operator, system
			pg.Code[:2] == "28", // authorization: the operator changed the password
			pg.Code == "25006",  // read_only_sql_transaction: a standby after fail-over
			pg.Code == "3D000":  // the database itself does not exist
			return ErrUnavailable.Because(err)
		}
		return err
	}
	var connect *pgconn.ConnectError
	var network net.Error
	if errors.As(err, &connect) || errors.As(err, &network) || pgconn.Timeout(err) || pgconn.SafeToRetry(err) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) {
		return ErrUnavailable.Because(err)
	}
	return err
}

// repeatable reports whether PostgreSQL refused the transaction only because of its
// neighbours, so that running it again is right: nothing of it happened.
func repeatable(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return pg.Code == "40001" || pg.Code == "40P01" ||
			// A migration beside us changed a table under a prepared statement; pgx has forgotten it by now.
			pg.Code == "0A000" && pg.Message == "cached plan must not change result type"
	}
	return false
}

// demoted reports that the server behind a connection has become read-only, as an old
// primary is after a fail-over (read_only_sql_transaction).
func demoted(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "25006"
}
