package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3/database"
)

// versions is the table schema_version: what was applied, with the checksum of its text. It is goose's store, so
// each row is written in the transaction of its migration.
type versions struct {
	files  fs.FS
	names  map[int64]string // file of each known version
	engine string
}

var _ database.StoreExtender = (*versions)(nil)

func (*versions) Tablename() string { return "schema_version" }

func (v *versions) TableExists(ctx context.Context, h database.DBTxConn) (bool, error) {
	text := `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'`
	if v.engine == Postgres {
		text = `SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename = 'schema_version'`
	}
	var n int
	err := h.QueryRowContext(ctx, text).Scan(&n)
	return n > 0, err
}

func (*versions) CreateVersionTable(ctx context.Context, h database.DBTxConn) error {
	_, err := h.ExecContext(ctx, `CREATE TABLE schema_version (
		version bigint NOT NULL PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at bigint NOT NULL)`)
	return err
}

func (v *versions) Insert(ctx context.Context, h database.DBTxConn, r database.InsertRequest) error {
	name, sum := "", "" // of version 0, the empty schema
	if r.Version != 0 {
		name = v.names[r.Version]
		var err error
		if sum, err = v.checksum(name); err != nil {
			return err
		}
	}
	_, err := h.ExecContext(ctx, `INSERT INTO schema_version (version, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`,
		r.Version, name, sum, time.Now().UnixMicro())
	return err
}

func (*versions) Delete(context.Context, database.DBTxConn, int64) error {
	return errors.New("db: migrations go forward only")
}

func (*versions) GetMigration(ctx context.Context, h database.DBTxConn, version int64) (*database.GetMigrationResult, error) {
	var at int64
	err := h.QueryRowContext(ctx, `SELECT applied_at FROM schema_version WHERE version = $1`, version).Scan(&at)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, database.ErrVersionNotFound
	}
	if err != nil {
		return nil, err
	}
	return &database.GetMigrationResult{Timestamp: Time(at).Std(), IsApplied: true}, nil
}

func (*versions) GetLatestVersion(ctx context.Context, h database.DBTxConn) (int64, error) {
	var v sql.NullInt64
	if err := h.QueryRowContext(ctx, `SELECT max(version) FROM schema_version`).Scan(&v); err != nil {
		return 0, err
	}
	if !v.Valid {
		return 0, database.ErrVersionNotFound
	}
	return v.Int64, nil
}

// ListMigrations is where goose learns what is applied, under its lock; so that is where it is checked.
func (v *versions) ListMigrations(ctx context.Context, h database.DBTxConn) ([]*database.ListMigrationsResult, error) {
	rows, err := h.QueryContext(ctx, `SELECT version, checksum FROM schema_version ORDER BY version DESC`)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err below has what matters
	var list []*database.ListMigrationsResult
	for rows.Next() {
		var n int64
		var sum string
		if err := rows.Scan(&n, &sum); err != nil {
			return nil, err
		}
		if err := v.check(n, sum); err != nil {
			return nil, err
		}
		list = append(list, &database.ListMigrationsResult{Version: n, IsApplied: true})
	}
	return list, rows.Err()
}

// check compares an applied migration with what this program holds under its number.
func (v *versions) check(version int64, sum string) error {
	if version == 0 {
		return nil
	}
	name, ok := v.names[version]
	if !ok {
		return ErrSchemaTooNew.Because(fmt.Errorf("migration %d is applied and unknown here", version))
	}
	now, err := v.checksum(name)
	if err != nil {
		return err
	}
	if now != sum {
		return ErrSchemaEdited.Because(fmt.Errorf("migration %s", name))
	}
	return nil
}

func (v *versions) checksum(name string) (string, error) {
	text, err := fs.ReadFile(v.files, name)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}
