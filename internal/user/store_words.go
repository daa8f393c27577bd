package user

import (
	"context"

	"sallyport/internal/db"
)

// noteWords returns the statements that note the words by which somebody is found, who had none.
func noteWords(accountID, userID, email, name string) []db.Stmt {
	var stmts []db.Stmt
	for _, w := range wordsOf(email, name) {
		stmts = append(stmts, db.Write(`INSERT INTO user_words (account_id, word, user_id, email, called) VALUES ($1, $2, $3, $4, $5)`,
			accountID, w, userID, email, calledOf(email, name)))
	}
	return stmts
}

// forgetWords returns the statement that takes the words of a user away.
func forgetWords(accountID, userID string) db.Stmt {
	return db.Write(`DELETE FROM user_words WHERE account_id = $1 AND user_id = $2`, accountID, userID)
}

// renoteWords returns the statements that note the words of a user who is called otherwise now.
func renoteWords(u User, name string) []db.Stmt {
	return append([]db.Stmt{forgetWords(u.AccountID, u.ID)}, noteWords(u.AccountID, u.ID, u.Email, name)...)
}

// NoteWords notes the words of up to limit users who have none yet, because an older version made them, and returns how many
// it found. Each user is a transaction of its own: it can end at any time and goes on where it was.
func NoteWords(ctx context.Context, d *db.DB, limit int) (n int64, err error) {
	without, err := where(ctx, d, `u.called = '' LIMIT $1`, limit)
	if err != nil {
		return 0, err
	}
	for _, u := range without {
		err := d.Tx(ctx, func(tx *db.Tx) error {
			// The write decides: another replica may have noted them, and who was renamed meanwhile has other words.
			noted, err := tx.Exec(ctx, `UPDATE users SET called = $5 WHERE account_id = $1 AND user_id = $2 AND email = $3 AND name = $4 AND called = ''`,
				u.AccountID, u.ID, u.Email, u.Name, calledOf(u.Email, u.Name))
			if err != nil || noted == 0 {
				return err
			}
			return tx.Run(ctx, noteWords(u.AccountID, u.ID, u.Email, u.Name)...)
		})
		if err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
