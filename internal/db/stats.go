package db

import "sync/atomic"

// Stats is what metrics and tests want to know. Counters start at Open and only grow.
type Stats struct {
	Open    int // connections open
	InUse   int // connections in use
	Waiting int // callers that have waited for a connection (PostgreSQL: total so far; SQLite: now)
	Queue   int // transactions queued to the SQLite writer now

	Statements   int64 // statements sent by callers, reads included; BEGIN, COMMIT and savepoints are not counted
	Transactions int64 // transactions committed, as callers see them
	Commits      int64 // commits made durable; fewer than Transactions when several share one
	Retries      int64 // transactions run again after a serialization failure or deadlock
}

type counters struct {
	statements, transactions, commits, retries atomic.Int64
}

// Stats reads the counters and the pool.
func (d *DB) Stats() Stats {
	s := Stats{
		Statements:   d.n.statements.Load(),
		Transactions: d.n.transactions.Load(),
		Commits:      d.n.commits.Load(),
		Retries:      d.n.retries.Load(),
	}
	d.e.pool(&s)
	return s
}
