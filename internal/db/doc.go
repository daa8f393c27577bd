// Package db is the engine room: one SQL text on two engines, embedded SQLite and
// PostgreSQL, with the same promises on both.
//
// # Promises
//
//   - When [DB.Tx] or [DB.Run] returns nil, the change is on disk: SQLite with
//     synchronous=FULL, PostgreSQL with whatever synchronous_commit its operator chose.
//   - A transaction happens as a whole or not at all. An error, or a failed
//     expectation ([Must]), rolls it back, and nothing of it was ever visible.
//   - Rows affected mean the same on both engines: rows inserted, updated or deleted
//     by that one statement; 0 for anything else. An upsert whose WHERE is false counts 0 (B06).
//   - After any error inside a transaction the transaction is over: every further call
//     returns the first error, and Tx fails even if the closure swallowed it.
//     (PostgreSQL demands that, so SQLite is held to it too.)
//
// # Rules for callers
//
// Statements use $1, $2 … and only what both engines understand (see migrations/README.md).
// A closure given to Tx does SQL and nothing else, because it may run twice; it shares its
// commit with its neighbours on SQLite, so a slow closure makes everybody wait. It must not
// call DB.Tx or DB.Run again (that is refused), and it reads through the Tx: a read through the DB
// would not see its own writes, and would take a second connection from a pool that may be empty. READ COMMITTED is the isolation to count on: a secret, code or counter
// changes by one conditional write whose row count is the verdict.
//
// # Trust
//
// The package trusts its callers' SQL text, which is never built from input, and nothing of
// their arguments. It keeps no state beyond connections, so any number of processes may share a
// PostgreSQL database, and a command-line process may work beside the server on one SQLite file.
// Errors of an engine travel as causes for the log; what may be shown is [ErrUnavailable],
// [ErrBusy] and [ErrFull].
package db
