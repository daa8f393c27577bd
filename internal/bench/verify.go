package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"sallyport/internal/db"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

const (
	clients   = 32
	manyMore  = 128
	verifies  = 8000 // each by another person, so each with a code of their own
	updates   = 16000
	rows      = 1000
	envServer = "SALLYPORT_TEST_POSTGRES"
)

// sqlite measures the second door on the embedded engine against what that engine can do
// at all: durable updates of one row, sharing their commits.
func (b *bench) sqlite(ctx context.Context) error {
	s, err := b.stage(ctx, "sqlite:"+b.path("verify.db"), verifies)
	if err != nil {
		return err
	}
	defer s.db.Close() //nolint:errcheck // the file is thrown away
	plain, err := b.plainRows(ctx)
	if err != nil {
		return err
	}
	defer plain.Close() //nolint:errcheck // as above
	bare, err := openGrouped(ctx, b.path("grouped.db"))
	if err != nil {
		return err
	}
	defer bare.close() //nolint:errcheck // as above
	b.report.group("Second step on SQLite")
	before := s.db.Stats()
	verification := s.verification(ctx, clients, verifies, ownCPU)
	ratio, verify, update, err := byTurns(b.rounds, verification, bare.updates())
	if err != nil {
		return err
	}
	after := s.db.Stats()
	b.report.figure("verifications ÷ durable updates by the same driver", ratio, atLeast(0.18),
		"verifications  "+verify.String(), "updates, database/sql "+update.String(),
		fmt.Sprintf("%.0f transactions to a commit", float64(after.Transactions-before.Transactions)/float64(after.Commits-before.Commits)))
	ratio, again, update, err := byTurns(b.rounds, verification, func(int) (sample, error) {
		return burst(clients, updates, ownCPU, func(_, i int) error {
			return plain.Run(ctx, db.Must(errors.New("no such row"), `UPDATE bench_rows SET n = n + 1 WHERE id = $1`, i%rows))
		})
	})
	if err != nil {
		return err
	}
	b.report.figure("verifications ÷ durable updates by package db", ratio, atLeast(0.18),
		"verifications  "+again.String(), "updates, db.Run "+update.String())
	// The same people in the same scattered order: an update here touches a page of its own, as a verification must.
	ratio, again, update, err = byTurns(b.rounds, verification, func(int) (sample, error) {
		return burst(clients, verifies, ownCPU, func(_, i int) error { return s.touchDevice(ctx, s.people[i*scatter%len(s.people)].user) })
	})
	if err != nil {
		return err
	}
	b.report.figure("verifications ÷ durable updates of the devices’ own rows", ratio, atLeast(0.18),
		"verifications  "+again.String(), "updates, devices "+update.String())
	b.report.figure("99 of 100 verifications within, 32 clients", verify.p99.Seconds()*1000, atMost(20, " ms"))
	crowd, err := s.verification(ctx, manyMore, verifies, ownCPU)(0)
	if err != nil {
		return fmt.Errorf("%d clients: %w", manyMore, err)
	}
	b.report.figure("failures at 128 clients", 0, atMost(0, ""), "verifications  "+crowd.String())
	return nil
}

func (s *stage) verification(ctx context.Context, clients, n int, cpu meter) side {
	return func(int) (sample, error) {
		tickets, err := s.tickets(ctx, n)
		if err != nil {
			return sample{}, err
		}
		return burst(clients, n, cpu, func(_, i int) error { return s.verify(ctx, tickets[i]) })
	}
}

// scatter has no factor in common with the number of people, so its multiples meet each of them once, in no order of their keys.
const scatter = 4801

// touchDevice is one durable update of one row, found by its key.
func (s *stage) touchDevice(ctx context.Context, u user.User) error {
	return s.db.Run(ctx, db.Must(errors.New("no such device"),
		`UPDATE factors SET last_used_at = last_used_at + 1 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID))
}

// stage builds a stage with a key file of its own.
func (b *bench) stage(ctx context.Context, dsn string, people int) (*stage, error) {
	keyFile := b.path("key-" + strings.ToLower(rand.Text()[:8]))
	if err := seal.NewKeyFile(keyFile); err != nil {
		return nil, err
	}
	return build(ctx, dsn, keyFile, people)
}

// plainRows is an SQLite database with nothing but rows to update.
func (b *bench) plainRows(ctx context.Context) (*db.DB, error) {
	d, err := db.Open(ctx, "sqlite:"+b.path("plain.db"))
	if err != nil {
		return nil, err
	}
	stmts := []db.Stmt{db.Write(createRows)}
	for i := range rows {
		stmts = append(stmts, db.Write(`INSERT INTO bench_rows (id, n) VALUES ($1, 0)`, i))
	}
	return d, d.Run(ctx, stmts...)
}

const createRows = `CREATE TABLE bench_rows (id bigint NOT NULL PRIMARY KEY, n bigint NOT NULL)`

// postgres measures the same on PostgreSQL, against what pgx can do with one statement.
func (b *bench) postgres(ctx context.Context) (err error) {
	b.report.group("Second step on PostgreSQL")
	server := os.Getenv(envServer)
	if server == "" {
		fmt.Printf("  left out: %s names no server\n", envServer)
		return nil
	}
	dsn, drop, err := newDatabase(ctx, server)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, drop()) }()
	s, err := b.stage(ctx, dsn, verifies)
	if err != nil {
		return err
	}
	defer s.db.Close() //nolint:errcheck // the database is dropped
	pool, err := plainPool(ctx, dsn)
	if err != nil {
		return err
	}
	defer pool.Close()
	cpu, err := withServer(ctx, pool, ownCPU)
	if err != nil {
		return err
	}
	ratio, verify, update, err := byTurns(b.rounds, s.verification(ctx, clients, verifies/2, cpu), poolUpdates(ctx, pool, cpu))
	if err != nil {
		return err
	}
	b.report.figure("verifications ÷ pgx's durable updates, 32 connections", ratio, atLeast(0.25),
		"verifications  "+verify.String()+" (CPU with the server's)", "durable updates "+update.String())
	return nil
}

// newDatabase makes a database on the server and returns how to drop it.
func newDatabase(ctx context.Context, server string) (dsn string, drop func() error, err error) {
	u, err := url.Parse(server)
	if err != nil {
		return "", nil, fmt.Errorf("%s cannot be read", envServer)
	}
	name := "bench_" + strings.ToLower(rand.Text()[:12])
	at := func(sql string) error {
		c, err := pgx.Connect(ctx, server)
		if err != nil {
			return err
		}
		_, err = c.Exec(ctx, sql)
		return errors.Join(err, c.Close(ctx))
	}
	if err := at("CREATE DATABASE " + name); err != nil {
		return "", nil, err
	}
	u.Path = "/" + name
	return u.String(), func() error { return at("DROP DATABASE " + name + " WITH (FORCE)") }, nil
}

// plainPool is pgx as it comes, with as many connections as the product has.
func plainPool(ctx context.Context, dsn string) (*pgxpool.Pool, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = clients
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, createRows); err != nil {
		return nil, err
	}
	_, err = pool.Exec(ctx, `INSERT INTO bench_rows SELECT generate_series(0, $1::bigint - 1), 0`, rows)
	return pool, err
}

// withServer adds the processor time of PostgreSQL's processes to a meter, if its server runs here.
func withServer(ctx context.Context, pool *pgxpool.Pool, m meter) (meter, error) {
	var backend int
	if err := pool.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		return nil, err
	}
	if f := stat(backend); len(f) > 1 { // its first process is every backend's parent
		return both(m, cpuOfFamily(atoi(f[1]))), nil
	}
	return m, nil
}

// poolUpdates is what the engine can do at all: one statement a commit.
func poolUpdates(ctx context.Context, pool *pgxpool.Pool, cpu meter) side {
	return func(int) (sample, error) {
		return burst(clients, verifies, cpu, func(_, i int) error {
			tag, err := pool.Exec(ctx, `UPDATE bench_rows SET n = n + 1 WHERE id = $1`, i%rows)
			if err == nil && tag.RowsAffected() != 1 {
				err = errors.New("no such row")
			}
			return err
		})
	}
}
