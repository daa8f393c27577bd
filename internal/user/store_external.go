package user

import (
	"context"
	"strings"
	"time"
	"unicode"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/texts"
)

// CheckExternal refuses what can't be a program's id of somebody. It is compared as it is, letter for letter.
func CheckExternal(externalID string) error {
	if externalID == "" || !texts.Printable(externalID, 200) || strings.ContainsFunc(externalID, unicode.IsSpace) {
		return ErrExternal
	}
	return nil
}

// ByExternal returns the account's user whom a program calls so, or ErrNotFound.
func ByExternal(ctx context.Context, q db.Querier, accountID, externalID string) (User, error) {
	if CheckExternal(externalID) != nil {
		return User{}, ErrNotFound
	}
	return one(ctx, q, `SELECT `+Columns+` FROM users u WHERE u.account_id = $1 AND u.external_id = $2`, accountID, externalID)
}

// CreatingExternal returns the statements of Creating for somebody whose password a program keeps: a member without a password,
// who signs in nowhere here. They fail with a unique violation if the address or the id is taken.
func CreatingExternal(now time.Time, n New, externalID, language string, by audit.Actor) (User, []db.Stmt, error) {
	if err := CheckExternal(externalID); err != nil {
		return User{}, nil, err
	}
	n.Role, n.PasswordHash = Member, ""
	u, stmts, err := Creating(now, n, by)
	if err != nil {
		return u, nil, err
	}
	u.ExternalID, u.Language = externalID, language
	return u, append(stmts, db.Must(ErrNotFound, `UPDATE users SET external_id = $3, language = $4 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, externalID, language),
		linked(now, u, by)), nil
}

// Link returns the statements that note what a program calls the user, "" for nothing. It ends the half-finished checks under
// the old id, with the sessions. They fail with a unique violation if somebody in the account has that id.
func Link(now time.Time, u User, externalID string, by audit.Actor) []db.Stmt {
	u.ExternalID = externalID
	return []db.Stmt{
		db.Must(ErrNotFound, `UPDATE users SET external_id = $3, epoch = epoch + 1 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, externalID),
		linked(now, u, by),
	}
}

func linked(now time.Time, u User, by audit.Actor) db.Stmt {
	return audit.Record(now, audit.Event{
		AccountID: u.AccountID, Action: audit.UserLinked, Actor: by, Target: u.ID, Detail: map[string]string{"external_id": u.ExternalID},
	})
}
