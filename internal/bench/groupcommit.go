package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// grouped is durable updates of one row as the same driver gives them through database/sql,
// with group commit and nothing else: the limit that any program on this driver has which
// does not go below database/sql, as package db does.
type grouped struct {
	db    *sql.DB
	queue chan update
	done  chan struct{}
}

type update struct {
	id     int
	answer chan error
}

// openGrouped makes a database with rows to update and starts its one writer.
func openGrouped(ctx context.Context, path string) (*grouped, error) {
	q := url.Values{"_pragma": {"journal_mode(wal)", "synchronous(full)", "busy_timeout(5000)"}}
	d, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	if _, err := d.ExecContext(ctx, createRows); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	fill := `INSERT INTO bench_rows WITH RECURSIVE r(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM r WHERE i < $1 - 1) SELECT i, 0 FROM r`
	if _, err := d.ExecContext(ctx, fill, rows); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	g := &grouped{db: d, queue: make(chan update, clients), done: make(chan struct{})}
	c, err := d.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	var stmts [3]*sql.Stmt
	for i, text := range []string{`BEGIN IMMEDIATE`, `UPDATE bench_rows SET n = n + 1 WHERE id = $1`, `COMMIT`} {
		if stmts[i], err = c.PrepareContext(ctx, text); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	go g.write(stmts[0], stmts[1], stmts[2])
	return g, nil
}

// write gives every update that waits the same commit, and answers nobody before it.
func (g *grouped) write(begin, change, commit *sql.Stmt) {
	defer close(g.done)
	var group []update
	for first := range g.queue {
		group = append(group[:0], first)
		_, err := begin.Exec()
		for i := 0; err == nil && i < len(group); i++ {
			var r sql.Result
			if r, err = change.Exec(group[i].id); err == nil {
				if n, _ := r.RowsAffected(); n != 1 {
					err = fmt.Errorf("%d rows affected", n)
				}
			}
			select {
			case next, open := <-g.queue:
				if open {
					group = append(group, next)
				}
			default:
			}
		}
		if err == nil {
			_, err = commit.Exec()
		}
		for _, u := range group {
			u.answer <- err
		}
		if err != nil {
			return // the burst fails on it
		}
	}
}

func (g *grouped) run(id int, answer chan error) error {
	g.queue <- update{id, answer}
	return <-answer
}

func (g *grouped) close() error {
	close(g.queue)
	<-g.done
	return g.db.Close()
}

// updates is what the engine can do at all: durable updates of one row, sharing their commits.
func (g *grouped) updates() side {
	answers := make([]chan error, clients)
	for i := range answers {
		answers[i] = make(chan error, 1)
	}
	return func(int) (sample, error) {
		return burst(clients, updates, ownCPU, func(c, i int) error { return g.run(i%rows, answers[c]) })
	}
}
