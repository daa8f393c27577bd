package db

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"sallyport/internal/errs"
)

// What Backup refuses.
var (
	ErrBackupExists = errs.New(errs.Conflict, "backup_exists", "That file exists already. Name a new one.")
	ErrBackupPath   = errs.New(errs.Invalid, "backup_path", "The backup file cannot be made. Check that its folder exists and belongs to this user.")
	// ErrBackupPostgres: PostgreSQL has better tools than we could build.
	ErrBackupPostgres = errs.New(errs.Conflict, "backup_with_pg_dump",
		"A PostgreSQL database is backed up with its own tools, for example: pg_dump --format=custom --file=sallyport.dump ADDRESS, and restored with pg_restore.")
)

// backupStep is how many pages (4 KiB each) are copied between two looks at ctx.
const backupStep = 256

// Backup writes a consistent copy of the database to path while it stays in use: a regular SQLite file with mode
// 0600, on disk when Backup returns, and never half there under that name. It does not overwrite. progress, if not nil, is
// called with pages done and in total. mark is run in the copy alone, so that it can be told from the database. On PostgreSQL it
// returns ErrBackupPostgres.
func (d *DB) Backup(ctx context.Context, path string, progress func(done, total int), mark ...Stmt) error {
	return d.e.backup(ctx, path, progress, mark)
}

func (d *pg) backup(context.Context, string, func(done, total int), []Stmt) error {
	return ErrBackupPostgres
}

func (d *lite) backup(ctx context.Context, path string, progress func(done, total int), mark []Stmt) (err error) {
	// The name is reserved first, then the finished copy takes its place.
	reserved, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return ErrBackupExists.Because(err)
	}
	if err != nil {
		return ErrBackupPath.Because(err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(path) // ours and empty
		}
	}()
	if err := reserved.Close(); err != nil {
		return ErrBackupPath.Because(err)
	}
	part, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".part-*") // mode 0600
	if err != nil {
		return ErrBackupPath.Because(err)
	}
	defer func() { _ = os.Remove(part.Name()) }() // gone already if all went well
	defer func() { _ = part.Close() }()
	if err := d.copyTo(ctx, part.Name(), progress); err != nil {
		return err
	}
	if err := markCopy(part.Name(), mark); err != nil {
		return err
	}
	if err := part.Sync(); err != nil {
		return ErrFull.Because(err)
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return ErrBackupPath.Because(err)
	}
	return syncDir(filepath.Dir(path))
}

// copyTo copies all pages as of one moment. The open read transaction holds that moment; without it
// every write meanwhile would make SQLite start the copy again.
func (d *lite) copyTo(ctx context.Context, path string, progress func(done, total int)) error {
	raw, err := connectSQLite(d.path, d.lim.busy, "query_only(1)")
	if err != nil {
		return err
	}
	conn := newLiteConn(raw)
	defer func() { _ = conn.close() }() // read only
	if _, err := conn.exec("BEGIN", nil); err != nil {
		return classifySQLite(err)
	}
	var n int64
	if err := conn.get("SELECT count(*) FROM sqlite_master", nil, []any{&n}); err != nil {
		return classifySQLite(err)
	}
	source, ok := raw.(interface {
		NewBackup(uri string) (*sqlite.Backup, error)
	})
	if !ok {
		return errors.New("db: this SQLite driver cannot copy")
	}
	b, err := source.NewBackup((&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		return ErrBackupPath.Because(err)
	}
	for more := true; more; {
		if err = ctx.Err(); err == nil {
			more, err = b.Step(backupStep)
		}
		if err != nil {
			_ = b.Finish() // says the same
			return classifySQLite(fmt.Errorf("db: backup: %w", err))
		}
		if progress != nil {
			progress(b.PageCount()-b.Remaining(), b.PageCount())
		}
	}
	return classifySQLite(b.Finish())
}

// markCopy runs statements in a copy that nobody else has opened and that has no name of its own yet, so that a journal would save nothing.
func markCopy(path string, mark []Stmt) (err error) {
	raw, err := connectSQLite(path, 0, "journal_mode(off)")
	if err != nil {
		return err
	}
	conn := newLiteConn(raw)
	defer func() {
		if e := conn.close(); err == nil {
			err = classifySQLite(e)
		}
	}()
	for i := range mark {
		if err := conn.do(&mark[i]); err != nil {
			return classifySQLite(err)
		}
	}
	return nil
}

// syncDir makes a rename in dir durable.
func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // only read
	return f.Sync()
}
