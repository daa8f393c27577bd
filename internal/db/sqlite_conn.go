package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
)

// liteConn is one SQLite connection used by one goroutine at a time. It works on the
// driver's own interfaces: database/sql's pool, locks and conversions would cost as much again as the
// statement, and a cancellable context would cost a goroutine per statement; so contexts
// are honoured between statements, which are short.
type liteConn struct {
	c     driver.Conn
	stmts map[string]*liteStmt
	args  []driver.NamedValue // reused by every statement
	row   []driver.Value      // reused by every row
}

// liteStmt is a prepared statement with what cannot be asked of it cheaply.
type liteStmt struct {
	exec  driver.StmtExecContext
	query driver.StmtQueryContext
	close func() error
	write bool // insert, update or delete: the only ones that affect rows
}

// maxStmts bounds the prepared statements of a connection. SQL texts are literals in
// the source, so only expanded IN lists ever come near it.
const maxStmts = 512

func newLiteConn(c driver.Conn) *liteConn {
	return &liteConn{c: c, stmts: make(map[string]*liteStmt)}
}

func (c *liteConn) close() error {
	c.forget()
	return c.c.Close()
}

func (c *liteConn) forget() {
	for _, s := range c.stmts {
		_ = s.close() // repeats the error of its last execution, which was reported then
	}
	clear(c.stmts)
}

func (c *liteConn) prepare(sql string) (*liteStmt, error) {
	if s, ok := c.stmts[sql]; ok {
		return s, nil
	}
	if len(c.stmts) >= maxStmts {
		c.forget()
	}
	p, ok := c.c.(driver.ConnPrepareContext)
	if !ok {
		return nil, errors.New("db: this SQLite driver cannot prepare statements")
	}
	st, err := p.PrepareContext(context.Background(), sql)
	if err != nil {
		return nil, err
	}
	exec, okExec := st.(driver.StmtExecContext)
	query, okQuery := st.(driver.StmtQueryContext)
	if !okExec || !okQuery {
		return nil, errors.New("db: this SQLite driver cannot run prepared statements")
	}
	s := &liteStmt{exec: exec, query: query, close: st.Close, write: writes(sql)}
	c.stmts[sql] = s
	return s, nil
}

// writes reports whether the statement affects rows, by its first word. SQLite leaves
// the count of the statement before in place for all others (sqlite3_changes), PostgreSQL says 0 or
// the number of rows read.
func writes(sql string) bool {
	word := strings.TrimLeft(sql, " \t\r\n")
	if i := strings.IndexAny(word, " \t\r\n("); i > 0 {
		word = word[:i]
	}
	switch strings.ToLower(word) {
	case "insert", "update", "delete", "replace":
		return true
	case "with":
		low := strings.ToLower(sql)
		return strings.Contains(low, "insert") || strings.Contains(low, "update") || strings.Contains(low, "delete")
	}
	return false
}

// bind turns arguments into the driver's values, in a slice that the next call reuses.
func (c *liteConn) bind(args []any) ([]driver.NamedValue, error) {
	c.args = c.args[:0]
	for i, a := range args {
		v := driver.NamedValue{Ordinal: i + 1}
		switch x := a.(type) {
		case string, int64, []byte, bool, float64, nil:
			v.Value = x
		case int:
			v.Value = int64(x)
		case Time:
			v.Value = int64(x)
		default:
			conv, err := driver.DefaultParameterConverter.ConvertValue(a)
			if err != nil {
				return nil, fmt.Errorf("db: argument $%d: %w", i+1, err)
			}
			v.Value = conv
		}
		c.args = append(c.args, v)
	}
	return c.args, nil
}

// exec runs a statement and counts the rows it inserted, updated or deleted.
func (c *liteConn) exec(sql string, args []any) (int64, error) {
	s, err := c.prepare(sql)
	if err != nil {
		return 0, err
	}
	named, err := c.bind(args)
	if err != nil {
		return 0, err
	}
	r, err := s.exec.ExecContext(context.Background(), named)
	if err != nil || !s.write {
		return 0, err
	}
	return r.RowsAffected()
}

// query runs a statement and hands each row, up to limit rows if limit is positive, to row
// as the driver's values, which are valid during the call.
func (c *liteConn) query(sql string, args []any, limit int, row func([]driver.Value) error) (err error) {
	s, err := c.prepare(sql)
	if err != nil {
		return err
	}
	named, err := c.bind(args)
	if err != nil {
		return err
	}
	rows, err := s.query.QueryContext(context.Background(), named)
	if err != nil {
		return err
	}
	defer func() {
		if e := rows.Close(); err == nil {
			err = e
		}
	}()
	n := len(rows.Columns())
	if cap(c.row) < n {
		c.row = make([]driver.Value, n)
	}
	vals := c.row[:n]
	for i := 0; limit <= 0 || i < limit; i++ {
		switch err := rows.Next(vals); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := row(vals); err != nil {
			return err
		}
	}
	return nil
}

// get scans the first row.
func (c *liteConn) get(sql string, args []any, dest []any) error {
	found := false
	err := c.query(sql, args, 1, func(vals []driver.Value) error {
		found = true
		return assignRow(dest, vals)
	})
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// each scans every row through the caller's function; ctx is looked at between rows.
func (c *liteConn) each(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	return c.query(sql, args, 0, func(vals []driver.Value) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return row(func(dest ...any) error { return assignRow(dest, vals) })
	})
}

// do runs one statement of Run and judges it.
func (c *liteConn) do(s *Stmt) error {
	if s.Into == nil && !isSelect(s.SQL) {
		n, err := c.exec(s.SQL, s.Args)
		if err != nil {
			return err
		}
		return s.verdict(n)
	}
	var n int64
	err := c.query(s.SQL, s.Args, 0, func(vals []driver.Value) error {
		n++
		if n > 1 || s.Into == nil {
			return nil
		}
		return assignRow(s.Into, vals)
	})
	if err != nil {
		return err
	}
	return s.verdict(n)
}

func isSelect(sql string) bool {
	word := strings.TrimLeft(sql, " \t\r\n")
	return len(word) > 6 && strings.EqualFold(word[:6], "select")
}

func assignRow(dest []any, vals []driver.Value) error {
	if len(dest) != len(vals) {
		return fmt.Errorf("db: %d columns for %d destinations", len(vals), len(dest))
	}
	for i := range dest {
		if err := assign(dest[i], vals[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}
