// Package dbtest runs tests on both engines, each test on a database of its own, freshly
// migrated.
//
// SQLite lives in the test's temporary folder. PostgreSQL is the server that
// SALLYPORT_TEST_POSTGRES names (a URL of a role that may create databases), or else a temporary
// cluster that this package starts from the installed binaries, once per test process, and that
// ends with the process, however that ends. Without binaries the PostgreSQL half is skipped, or,
// when SALLYPORT_TEST_ENGINES is "all", fails: CI sets it, so a green run means both.
package dbtest

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/db"
)

// Each runs fn as a subtest per engine.
func Each(t *testing.T, fn func(t *testing.T, d *db.DB)) {
	t.Helper()
	t.Run(db.SQLite, func(t *testing.T) { fn(t, Open(t, SQLite(t))) })
	t.Run(db.Postgres, func(t *testing.T) { fn(t, Open(t, Postgres(t))) })
}

// EachBench does the same for benchmarks.
func EachBench(b *testing.B, fn func(b *testing.B, d *db.DB)) {
	b.Helper()
	b.Run(db.SQLite, func(b *testing.B) { fn(b, Open(b, SQLite(b))) })
	b.Run(db.Postgres, func(b *testing.B) { fn(b, Open(b, Postgres(b))) })
}

// Open opens and migrates the database and closes it at the end of the test.
func Open(tb testing.TB, dsn string) *db.DB {
	tb.Helper()
	ctx := context.Background()
	d, err := db.Open(ctx, dsn)
	if err != nil {
		tb.Fatalf("open test database: %v", err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Errorf("close test database: %v", err)
		}
	})
	if err := d.Migrate(ctx); err != nil {
		tb.Fatalf("migrate test database: %v", err)
	}
	return d
}

// SQLite returns the address of a migrated database file.
func SQLite(tb testing.TB) string {
	tb.Helper()
	content, err := migrated()
	if err != nil {
		tb.Fatalf("make the template file: %v", err)
	}
	file := filepath.Join(tb.TempDir(), "test.db")
	if err := os.WriteFile(file, content, 0o600); err != nil {
		tb.Fatalf("create test database: %v", err)
	}
	return "sqlite:" + file
}

// EmptySQLite returns the address of a database file that does not exist yet.
func EmptySQLite(tb testing.TB) string {
	tb.Helper()
	return "sqlite:" + filepath.Join(tb.TempDir(), "test.db")
}

// Postgres returns the address of a migrated PostgreSQL database that is dropped when the test ends. It skips, or
// fails, the test when there is no PostgreSQL.
func Postgres(tb testing.TB) string {
	tb.Helper()
	admin := adminAddress(tb)
	ctx := context.Background()
	template, err := templates.name(ctx, admin)
	if err != nil {
		tb.Fatalf("make the template database: %v", err)
	}
	name := "test_" + strings.ToLower(rand.Text()[:16])
	if err := sqlAt(ctx, admin, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		tb.Fatalf("create test database: %v", err)
	}
	tb.Cleanup(func() {
		if err := sqlAt(ctx, admin, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop test database: %v", err)
		}
	})
	return withDatabase(admin, name)
}

// EmptyPostgres is Postgres without the migrations.
func EmptyPostgres(tb testing.TB) string {
	tb.Helper()
	admin := adminAddress(tb)
	ctx := context.Background()
	name := "empty_" + strings.ToLower(rand.Text()[:16])
	if err := sqlAt(ctx, admin, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		tb.Fatalf("create test database: %v", err)
	}
	tb.Cleanup(func() {
		if err := sqlAt(ctx, admin, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop test database: %v", err)
		}
	})
	return withDatabase(admin, name)
}

// adminAddress is the server to create databases on.
func adminAddress(tb testing.TB) string {
	tb.Helper()
	if dsn := os.Getenv(EnvPostgres); dsn != "" {
		return dsn
	}
	dsn, err := own.address()
	if err == nil {
		return dsn
	}
	if os.Getenv(EnvEngines) == "all" {
		tb.Fatalf("%s=all, but there is no PostgreSQL: %v", EnvEngines, err)
	}
	tb.Skipf("no PostgreSQL here (%v); install postgresql-15 or set %s to run this half", err, EnvPostgres)
	return ""
}
