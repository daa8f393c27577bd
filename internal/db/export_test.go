package db

import (
	"context"
	"io/fs"
	"time"
)

// MigrateFrom migrates with the files of a test.
func (d *DB) MigrateFrom(ctx context.Context, files fs.FS) error {
	return d.e.migrate(ctx, migrations{files})
}

// SetWait shortens the wait for a PostgreSQL connection.
func (d *DB) SetWait(wait time.Duration) { d.e.(*pg).wait = wait }
