package db

import "context"

// Exec runs one statement as a transaction of its own and returns how many rows it affected.
func (d *DB) Exec(ctx context.Context, sql string, args ...any) (n int64, err error) {
	err = d.Tx(ctx, func(tx *Tx) error {
		n, err = tx.Exec(ctx, sql, args...)
		return err
	})
	return n, err
}
