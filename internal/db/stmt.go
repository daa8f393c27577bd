package db

// Stmt is one statement for Run, with what is expected of it.
type Stmt struct {
	SQL  string
	Args []any
	Rows int64 // exactly so many rows must be affected or returned; 0 for any number
	Else error // the error if they are not
	Into []any // where the first row that RETURNING or SELECT yields is scanned to
}

// Write is a statement that may affect any number of rows.
func Write(sql string, args ...any) Stmt { return Stmt{SQL: sql, Args: args} }

// Must is a statement that affects (or, with Scan, returns) exactly one row; otherwise Run
// fails with els and the transaction rolls back.
func Must(els error, sql string, args ...any) Stmt { return MustAll(els, 1, sql, args...) }

// MustAll is Must for a statement that affects so many rows or counts for nothing.
func MustAll(els error, rows int, sql string, args ...any) Stmt {
	return Stmt{SQL: sql, Args: args, Rows: int64(rows), Else: els}
}

// Scan makes the statement deliver its first row into dest. Without a row dest stays as it is.
// What was scanned is to be believed only when Run (and the transaction around it) succeeded.
func (s Stmt) Scan(dest ...any) Stmt {
	s.Into = dest
	return s
}

// verdict judges the number of rows n against what was expected.
func (s *Stmt) verdict(n int64) error {
	if s.Rows > 0 && n != s.Rows {
		if s.Else == nil {
			return errRows
		}
		return s.Else
	}
	return nil
}
