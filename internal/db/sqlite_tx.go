package db

import "context"

// liteTx is the writer's connection as a transaction sees it.
type liteTx struct{ w *writer }

func (t liteTx) exec(_ context.Context, sql string, args []any) (int64, error) {
	t.w.n.statements.Add(1)
	n, err := t.w.conn.exec(sql, args)
	return n, classifySQLite(err)
}

func (t liteTx) run(_ context.Context, stmts []Stmt) error {
	for i := range stmts {
		t.w.n.statements.Add(1)
		if err := t.w.conn.do(&stmts[i]); err != nil {
			return classifySQLite(err)
		}
	}
	return nil
}

func (t liteTx) Get(_ context.Context, sql string, args []any, dest ...any) error {
	t.w.n.statements.Add(1)
	return classifySQLite(t.w.conn.get(sql, args, dest))
}

func (t liteTx) Each(ctx context.Context, sql string, args []any, row func(scan func(dest ...any) error) error) error {
	t.w.n.statements.Add(1)
	return classifySQLite(t.w.conn.each(ctx, sql, args, row))
}
