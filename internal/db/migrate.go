package db

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/pressly/goose/v3"
)

//go:embed all:migrations
var embedded embed.FS

// migrations is a folder of NNNN_name.sql files, the same for both engines; NNNN_name.sqlite.sql and
// NNNN_name.postgres.sql may replace one file where the engines cannot agree.
type migrations struct{ files fs.FS }

// Migrate brings the schema up to date: every migration in a transaction of its own, forward
// only, recorded with its checksum. Several processes may call it at once. ErrSchemaTooNew if the database is ahead of
// this program, ErrSchemaEdited if an applied migration reads differently now.
func (d *DB) Migrate(ctx context.Context) error {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return err
	}
	return d.e.migrate(ctx, migrations{files})
}

// forEngine lists the files that count on one engine, and those that do not.
func (m migrations) forEngine(engine string) (use map[int64]string, skip []string, err error) {
	names, err := fs.Glob(m.files, "*.sql")
	if err != nil {
		return nil, nil, err
	}
	use = make(map[int64]string)
	for _, special := range []bool{false, true} {
		for _, name := range names {
			suffix := path.Ext(strings.TrimSuffix(name, ".sql"))
			if (suffix != "") != special {
				continue
			}
			if special && suffix != "."+engine {
				skip = append(skip, name)
				continue
			}
			v, err := goose.NumericComponent(name)
			if err != nil {
				return nil, nil, fmt.Errorf("db: migration %s: %w", name, err)
			}
			if old, ok := use[v]; ok {
				if !special || path.Ext(strings.TrimSuffix(old, ".sql")) != "" {
					return nil, nil, fmt.Errorf("db: migrations %s and %s have the same number", old, name)
				}
				skip = append(skip, old)
			}
			use[v] = name
		}
	}
	return use, skip, nil
}

// apply migrates through goose on an open database/sql handle.
func (m migrations) apply(ctx context.Context, engine string, handle *sql.DB, opts ...goose.ProviderOption) error {
	use, skip, err := m.forEngine(engine)
	if err != nil {
		return err
	}
	opts = append(opts, goose.WithStore(&versions{files: m.files, names: use, engine: engine}),
		goose.WithExcludeNames(skip), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	p, err := goose.NewProvider(goose.DialectCustom, handle, m.files, opts...)
	if errors.Is(err, goose.ErrNoMigrations) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("db: migrations: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("db: migrate: %w", err)
	}
	return nil
}
