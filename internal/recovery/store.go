package recovery

import (
	"context"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/user"
)

// person is who an address or a token belongs to; the zero person is nobody.
type person struct {
	user    user.User
	account account.Account
}

// admitted reports whether this is somebody who may sign in (security.md B26).
func (p person) admitted() bool {
	return p.user.ID != "" && p.user.LockedAt.IsZero() && p.account.SuspendedAt.IsZero()
}

const joined = `SELECT ` + user.Columns + `, ` + account.Columns + ` FROM users u JOIN accounts a ON a.account_id = u.account_id `

// lookUp finds the one person with this address, as the sign-in does: of the account named, or, without
// one, of all accounts if there is no second. Nobody found is no error, and who is only invited is nobody, as is who has no
// password here: the mailbox alone must not make one of whom a program's checks know (it would bind their next device).
func lookUp(ctx context.Context, q db.Querier, slug, email string) (person, error) {
	return one(ctx, q, joined+`WHERE u.email = $1 AND ($2 = '' OR a.slug = $2) AND u.invited_at = 0 AND u.password_hash <> '' LIMIT 2`, email, slug)
}

// read returns the person with this id; nobody found is no error.
func read(ctx context.Context, q db.Querier, accountID, userID string) (person, error) {
	return one(ctx, q, joined+`WHERE u.account_id = $1 AND u.user_id = $2`, accountID, userID)
}

func one(ctx context.Context, q db.Querier, sql string, args ...any) (person, error) {
	var found []person
	err := q.Each(ctx, sql, args, func(scan func(...any) error) error {
		var u user.Scanner
		var a account.Scanner
		err := scan(append(u.Dest(), a.Dest()...)...)
		if err != nil {
			return err
		}
		p := person{user: u.Finish()}
		p.account, err = a.Finish()
		found = append(found, p)
		return err
	})
	if err != nil || len(found) != 1 {
		return person{}, err
	}
	return found[0], nil
}
