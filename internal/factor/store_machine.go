package factor

import (
	"context"
	"time"

	"sallyport/internal/db"
)

// removeOthers takes away the confirmed devices of an API key beside the one that was just confirmed.
func removeOthers(f Factor) db.Stmt {
	return db.Write(`DELETE FROM factors WHERE account_id = $1 AND user_id = $2 AND factor_id <> $3`, f.AccountID, f.UserID, f.ID)
}

// ClearMachine returns the statement that removes the device of an API key.
func ClearMachine(accountID, keyID string) db.Stmt {
	return db.Write(`DELETE FROM factors WHERE account_id = $1 AND user_id = $2`, accountID, keyID)
}

// ClearMachines returns the statement that removes the devices of all API keys of a user, for the transaction that ends the keys after it.
func ClearMachines(accountID, userID string) db.Stmt {
	return db.Write(`DELETE FROM factors WHERE account_id = $1 AND user_id IN (SELECT key_id FROM api_keys WHERE account_id = $1 AND user_id = $2)`,
		accountID, userID)
}

// Machines returns the devices of a user's API keys by the ids of the keys: of each the confirmed one, else the one to be confirmed at now.
func Machines(ctx context.Context, q db.Querier, accountID, userID string, now time.Time) (map[string]Factor, error) {
	all := map[string]Factor{}
	err := q.Each(ctx, `SELECT `+Columns+` FROM factors f
		WHERE f.account_id = $1 AND f.user_id IN (SELECT key_id FROM api_keys WHERE account_id = $1 AND user_id = $2)`, []any{accountID, userID},
		func(scan func(...any) error) error {
			var s Scanner
			err := scan(s.Dest()...)
			if f := s.Finish().Factor; f.State == Confirmed || all[f.UserID].State == "" && f.Waits(now) {
				all[f.UserID] = f
			}
			return err
		})
	return all, err
}
