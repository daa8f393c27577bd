package db_test

import (
	"context"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// BenchmarkOpen is what the database costs at start-up: open, look for migrations, first read.
func BenchmarkOpen(b *testing.B) {
	for engine, dsn := range map[string]func(testing.TB) string{db.SQLite: dbtest.SQLite, db.Postgres: dbtest.Postgres} {
		b.Run(engine, func(b *testing.B) {
			address := dsn(b)
			_ = dbtest.Open(b, address)
			ctx := context.Background()
			for b.Loop() {
				d, err := db.Open(ctx, address)
				if err != nil {
					b.Fatal(err)
				}
				if err := d.Migrate(ctx); err != nil {
					b.Fatal(err)
				}
				if err := d.Ping(ctx); err != nil {
					b.Fatal(err)
				}
				if err := d.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
