package db

// Stmt is one statement for Run, with what is expected of it.
type Stmt struct {
	SQL  string
	Args []any
	One  bool  // exactly one row must be affected or returned
	Else error // the error if it is not one
	Into []any // where the first row that RETURNING or SELECT yields is scanned to
}

// Write is a statement that may affect any number of rows.
func Write(sql string, args ...any) Stmt { return Stmt{SQL: sql, Args: args} }

// Must is a statement that affects (or, with Scan, returns) exactly one row; otherwise Run
// fails with els and the transaction rolls back.
func Must(els error, sql string, args ...any) Stmt {
	return Stmt{SQL: sql, Args: args, One: true, Else: els}
}

// Scan makes the statement deliver its first row into dest. Without a row dest stays as it is.
// What was scanned is to be believed only when Run (and the transaction around it) succeeded.
func (s Stmt) Scan(dest ...any) Stmt {
	s.Into = dest
	return s
}

// verdict judges the number of rows n against what was expected.
func (s *Stmt) verdict(n int64) error {
	if s.One && n != 1 {
		if s.Else == nil {
			return errOne
		}
		return s.Else
	}
	return nil
}
