package user

import (
	"context"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
)

// Hold returns the statement that holds the user's row, provided the epoch is still the one the caller saw: what the person
// changes of their own sign-in at the same moment comes before or after the caller's transaction.
func Hold(u User) db.Stmt {
	return db.Must(ErrChanged, `UPDATE users SET epoch = epoch WHERE account_id = $1 AND user_id = $2 AND epoch = $3`, u.AccountID, u.ID, u.Epoch)
}

// OwnersBeside counts the owners beside u who can sign in.
func OwnersBeside(ctx context.Context, q db.Querier, u User) (n int, err error) {
	err = q.Get(ctx, `SELECT count(*) FROM users WHERE account_id = $1 AND user_id <> $2 AND role = 'owner' AND locked_at = 0 AND invited_at = 0 AND password_hash <> ''`,
		[]any{u.AccountID, u.ID}, &n)
	return n, err
}

// Owners are the owners of an account who have come, by their id.
func Owners(ctx context.Context, q db.Querier, accountID string) ([]User, error) {
	return where(ctx, q, `u.account_id = $1 AND u.role = 'owner' AND u.invited_at = 0 ORDER BY u.user_id`, accountID)
}

// SetRole returns the statements that give a user another role. It ends their sessions: each was opened with the old one.
func SetRole(now time.Time, u User, role Role, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		db.Must(ErrNotFound, `UPDATE users SET role = $3, epoch = epoch + 1 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, string(role)),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.UserRoleChanged, Actor: by, Target: u.ID, Detail: map[string]string{"from": string(u.Role), "to": string(role)},
		}),
	}
}

// Remove returns the statements that take a user off the account for good. What other packages keep of them goes in the same
// transaction; the record of what they did stays, and tells who they were.
func Remove(now time.Time, u User, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		db.Must(ErrNotFound, `DELETE FROM users WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID),
		forgetWords(u.AccountID, u.ID),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.UserRemoved, Actor: by, Target: u.ID, Detail: map[string]string{"email": u.Email, "role": string(u.Role)},
		}),
	}
}

// Inviting returns the statements of Creating for somebody who has yet to accept: without a password, and for every sign-in nobody.
func Inviting(now time.Time, n New, by audit.Actor) (User, []db.Stmt, error) {
	n.PasswordHash = ""
	u, stmts, err := Creating(now, n, by)
	if err != nil {
		return u, nil, err
	}
	u.InvitedAt = now
	return u, append(stmts,
		db.Must(ErrNotFound, `UPDATE users SET invited_at = $3 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, db.At(now)),
		invited(now, u, by)), nil
}

// InviteAgain returns the statements that renew an invitation, with the name and role as they are meant now. They fail with
// ErrEmailTaken if it was accepted meanwhile.
func InviteAgain(now time.Time, u User, by audit.Actor) []db.Stmt {
	return append([]db.Stmt{
		db.Must(ErrEmailTaken, `UPDATE users SET name = $3, role = $4, invited_at = $5, called = $6 WHERE account_id = $1 AND user_id = $2 AND invited_at > 0`,
			u.AccountID, u.ID, u.Name, string(u.Role), db.At(now), calledOf(u.Email, u.Name)),
		invited(now, u, by),
	}, renoteWords(u, u.Name)...)
}

func invited(now time.Time, u User, by audit.Actor) db.Stmt {
	return audit.Record(now, audit.Event{
		AccountID: u.AccountID, Action: audit.UserInvited, Actor: by, Target: u.ID, Detail: map[string]string{"email": u.Email, "role": string(u.Role)},
	})
}

// Accept returns the statements with which an invited user becomes one, with a password and a name. They belong to the account
// from now on, and so counts any grace; and as the mailbox alone chose the password, it can't switch a second factor off for a
// while (K3). They fail with ErrChanged if the invitation was renewed, accepted or withdrawn meanwhile.
func Accept(now time.Time, u User, name, hash string, by audit.Actor) []db.Stmt {
	return append([]db.Stmt{
		db.Must(ErrChanged, `
			UPDATE users SET name = $4, called = $7, password_hash = $5, invited_at = 0, created_at = $6, password_mailed_at = $6, epoch = epoch + 1
			WHERE account_id = $1 AND user_id = $2 AND epoch = $3 AND invited_at > 0`,
			u.AccountID, u.ID, u.Epoch, name, hash, db.At(now), calledOf(u.Email, name)),
		audit.Record(now, audit.Event{AccountID: u.AccountID, Action: audit.UserJoined, Actor: by, Target: u.ID}),
	}, renoteWords(u, name)...)
}

// CountWithoutPasskey tells how many people of an account, or of its owners and administrators, have a second factor and no passkey.
func CountWithoutPasskey(ctx context.Context, q db.Querier, accountID string, administrators bool) (n int, err error) {
	err = q.Get(ctx, `SELECT count(*) FROM users
		WHERE account_id = $1 AND two_factor_kinds <> '' AND two_factor_kinds NOT LIKE '%passkey %' AND locked_at = 0 AND (role <> 'member' OR NOT $2)`,
		[]any{accountID, administrators}, &n)
	return n, err
}
