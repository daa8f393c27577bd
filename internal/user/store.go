package user

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/id"
	"sallyport/internal/texts"
)

// Columns lists a user's columns for the alias u, in the order of Scanner.Dest.
// They are readable across a left join too: without a user its id is empty.
const Columns = `COALESCE(u.account_id, ''), COALESCE(u.user_id, ''), COALESCE(u.email, ''), COALESCE(u.name, ''), COALESCE(u.role, ''),
	COALESCE(u.epoch, 0), COALESCE(u.set_up_required, FALSE), COALESCE(u.welcomed_at, 0), COALESCE(u.locked_at, 0), COALESCE(u.created_at, 0),
	COALESCE(u.language, ''), COALESCE(u.preferred_factor, ''), COALESCE(u.password_mailed_at, 0), COALESCE(u.two_factor_ends_at, 0),
	COALESCE(u.invited_at, 0), COALESCE(u.two_factor_since, 0), COALESCE(u.two_factor_kinds, ''),
	COALESCE(u.external_id, ''), CASE WHEN COALESCE(u.password_hash, '') = '' THEN 1 ELSE 0 END`

// Scanner reads a user from a row of Columns.
type Scanner struct {
	u                                       User
	welcomed, locked, created, mailed, ends db.Time
	invited, since                          db.Time
	noPassword                              int64
}

// Dest lists where the columns go.
func (s *Scanner) Dest() []any {
	u := &s.u
	return []any{
		&u.AccountID, &u.ID, &u.Email, &u.Name, &u.Role, &u.Epoch, &u.SetUpRequired, &s.welcomed, &s.locked, &s.created, &u.Language, &u.PreferredFactor, &s.mailed, &s.ends,
		&s.invited, &s.since, &u.TwoFactorKinds, &u.ExternalID, &s.noPassword,
	}
}

// Finish returns the user that was read.
func (s *Scanner) Finish() User {
	s.u.WelcomedAt, s.u.LockedAt, s.u.CreatedAt, s.u.PasswordMailedAt = s.welcomed.Std(), s.locked.Std(), s.created.Std(), s.mailed.Std()
	s.u.TwoFactorEndsAt, s.u.InvitedAt, s.u.TwoFactorSince = s.ends.Std(), s.invited.Std(), s.since.Std()
	s.u.HasPassword = s.u.ID != "" && s.noPassword == 0
	return s.u
}

// New is what a user is made from.
type New struct {
	AccountID, Email, Name string
	Role                   Role
	PasswordHash           string
}

// Create adds a user. It fails with ErrEmail, ErrEmailTaken or ErrRole.
func Create(ctx context.Context, d *db.DB, now time.Time, n New, by audit.Actor) (User, error) {
	u, stmts, err := Creating(now, n, by)
	if err != nil {
		return u, err
	}
	if err := d.Run(ctx, stmts...); db.IsUnique(err) {
		return u, ErrEmailTaken
	} else if err != nil {
		return u, err
	}
	return u, nil
}

// Creating returns the statements of Create for the caller's transaction, which
// fails with a unique violation if the address is taken.
func Creating(now time.Time, n New, by audit.Actor) (User, []db.Stmt, error) {
	email, err := CanonicalEmail(n.Email)
	if err != nil {
		return User{}, nil, err
	}
	name, err := CheckName(n.Name)
	if err != nil {
		return User{}, nil, err
	}
	if _, err := ParseRole(string(n.Role)); err != nil {
		return User{}, nil, err
	}
	u := User{AccountID: n.AccountID, ID: id.New("usr", now), Email: email, Name: name, Role: n.Role, Epoch: 1, HasPassword: n.PasswordHash != "", CreatedAt: now}
	return u, append([]db.Stmt{
		db.Write(`INSERT INTO users (account_id, user_id, email, name, role, password_hash, created_at, called) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			u.AccountID, u.ID, u.Email, u.Name, string(u.Role), n.PasswordHash, db.At(now), calledOf(u.Email, u.Name)),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.UserCreated, Actor: by, Target: u.ID,
			Detail: map[string]string{"email": u.Email, "role": string(u.Role)},
		}),
	}, noteWords(u.AccountID, u.ID, u.Email, u.Name)...), nil
}

// Get returns one user, or ErrNotFound.
func Get(ctx context.Context, q db.Querier, accountID, userID string) (User, error) {
	return one(ctx, q, `SELECT `+Columns+` FROM users u WHERE u.account_id = $1 AND u.user_id = $2`, accountID, userID)
}

// ByEmail returns the account's user with this address in any spelling, or ErrNotFound.
func ByEmail(ctx context.Context, q db.Querier, accountID, email string) (User, error) {
	email, err := CanonicalEmail(email)
	if err != nil {
		return User{}, err
	}
	return one(ctx, q, `SELECT `+Columns+` FROM users u WHERE u.account_id = $1 AND u.email = $2`, accountID, email)
}

func one(ctx context.Context, q db.Querier, sql string, args ...any) (User, error) {
	var s Scanner
	if err := q.Get(ctx, sql, args, s.Dest()...); errors.Is(err, db.ErrNotFound) {
		return User{}, ErrNotFound
	} else if err != nil {
		return User{}, err
	}
	return s.Finish(), nil
}

// where reads the users u who meet what is said of them, in an order and up to a limit that stand there too.
func where(ctx context.Context, q db.Querier, condition string, args ...any) (all []User, err error) {
	err = q.Each(ctx, `SELECT `+Columns+` FROM users u WHERE `+condition, args, func(scan func(...any) error) error {
		var s Scanner
		err := scan(s.Dest()...)
		all = append(all, s.Finish())
		return err
	})
	return all, err
}

// List returns an account's users in the order they were made.
func List(ctx context.Context, q db.Querier, accountID string) ([]User, error) {
	return where(ctx, q, `u.account_id = $1 ORDER BY u.user_id`, accountID)
}

// PasswordHash returns a user's stored hash, or ErrNotFound.
func PasswordHash(ctx context.Context, q db.Querier, accountID, userID string) (string, error) {
	var hash string
	err := q.Get(ctx, `SELECT password_hash FROM users WHERE account_id = $1 AND user_id = $2`, []any{accountID, userID}, &hash)
	if errors.Is(err, db.ErrNotFound) {
		return "", ErrNotFound
	}
	return hash, err
}

// RenewHash returns the statement that replaces a hash made with older parameters by
// one of the same password. It does nothing if the password was changed meanwhile.
func RenewHash(accountID, userID, old, renewed string) db.Stmt {
	return db.Write(`UPDATE users SET password_hash = $4 WHERE account_id = $1 AND user_id = $2 AND password_hash = $3`,
		accountID, userID, old, renewed)
}

// StoreHash returns the statements that store a new password's hash. They leave the
// second factor as it is, and call off its planned end; who was invited until now needs no invitation any more. The caller's transaction must end the user's sessions too, by RaiseEpoch or EndSessions.
func StoreHash(now time.Time, u User, hash string, by audit.Actor) []db.Stmt {
	return append([]db.Stmt{
		db.Must(ErrNotFound, `UPDATE users SET password_hash = $3, invited_at = 0 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, hash),
		audit.Record(now, audit.Event{AccountID: u.AccountID, Action: audit.UserPasswordChanged, Actor: by, Target: u.ID}),
	}, CallOff(now, u, by)...)
}

// StoreMailedHash is StoreHash for a password that was chosen with a mailed token. When that was is noted:
// for a while, the same mailbox can then not switch the second factor off (K3).
func StoreMailedHash(now time.Time, u User, hash string, by audit.Actor) []db.Stmt {
	return append([]db.Stmt{
		db.Must(ErrNotFound, `UPDATE users SET password_hash = $3, password_mailed_at = $4 WHERE account_id = $1 AND user_id = $2`,
			u.AccountID, u.ID, hash, db.At(now)),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.UserPasswordChanged, Actor: by, Target: u.ID, Detail: map[string]string{"method": "mail"},
		}),
	}, CallOff(now, u, by)...)
}

// StoreEmail returns the statements that give a user another address, in its canonical form, and call off the planned end of the second
// factor, which a mail to the old one asked for. The caller's transaction
// fails with a unique violation if somebody in the account has it, and must end the user's sessions too, by RaiseEpoch or
// EndSessions: with them end the tokens that lie in the old mailbox.
func StoreEmail(now time.Time, u User, email string, by audit.Actor) []db.Stmt {
	return append([]db.Stmt{
		db.Must(ErrNotFound, `UPDATE users SET email = $3, called = $4 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, email, calledOf(email, u.Name)),
		forgetWords(u.AccountID, u.ID),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.UserEmailChanged, Actor: by, Target: u.ID, Detail: map[string]string{"from": u.Email, "to": email},
		}),
	}, append(noteWords(u.AccountID, u.ID, email, u.Name), CallOff(now, u, by)...)...)
}

// SetLanguage returns the statements that note which language a user reads, "" for that of the browser. It fails with ErrLanguage.
func SetLanguage(now time.Time, u User, language string, by audit.Actor) ([]db.Stmt, error) {
	if language != "" && !slices.Contains(texts.Languages(), texts.Language(language)) {
		return nil, ErrLanguage
	}
	return []db.Stmt{
		db.Must(ErrNotFound, `UPDATE users SET language = $3 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, language),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.UserLanguageChanged, Actor: by, Target: u.ID, Detail: map[string]string{"language": language},
		}),
	}, nil
}

// EndSessions returns the statement that ends all sessions and half-finished
// sign-ins of the user, whatever the epoch is now.
func EndSessions(u User) db.Stmt {
	return db.Must(ErrNotFound, `UPDATE users SET epoch = epoch + 1 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID)
}

// EndEverybody returns the statement that ends all sessions, half-finished sign-ins, trusted browsers and mailed tokens of all users.
func EndEverybody() db.Stmt { return db.Write(`UPDATE users SET epoch = epoch + 1`) }

// EndAccount is EndEverybody for one account. Who is only invited has nothing that could end but the invitation, which stays.
func EndAccount(accountID string) db.Stmt {
	return db.Write(`UPDATE users SET epoch = epoch + 1 WHERE account_id = $1 AND invited_at = 0`, accountID)
}

// EndOwing is EndAccount for those of whom the account demands a second factor, or a passkey, that they don't have, and of whom it will
// not once it is as is says: their sessions have ended, and must not live again then.
func EndOwing(was, is account.Account, now time.Time) (stmts []db.Stmt) {
	for _, of := range []struct {
		administrators bool
		roles          string
	}{{true, `role <> 'member'`}, {false, `role = 'member'`}} {
		raise := `UPDATE users SET epoch = epoch + 1 WHERE account_id = $1 AND invited_at = 0 AND ` + of.roles
		since, _ := was.Due(of.administrators, now)
		if then, _ := is.Due(of.administrators, now); then.Before(since) {
			stmts = append(stmts, db.Write(raise+` AND two_factor_since = 0 AND created_at <= $2`, was.ID, db.At(since)))
		}
		if was.Passkeys(of.administrators) && !is.Passkeys(of.administrators) {
			stmts = append(stmts, db.Write(raise+` AND two_factor_since > 0 AND two_factor_kinds NOT LIKE '%passkey %'`, was.ID))
		}
	}
	return stmts
}

// RaiseEpoch returns the statement that ends all sessions and half-finished
// sign-ins of the user, provided the epoch is still the one the caller saw: the
// row is held, so a rule over the user's other rows is decided by one transaction
// at a time. The new epoch is u.Epoch + 1.
func RaiseEpoch(u User) db.Stmt {
	return db.Must(ErrChanged, `UPDATE users SET epoch = epoch + 1 WHERE account_id = $1 AND user_id = $2 AND epoch = $3`,
		u.AccountID, u.ID, u.Epoch)
}

// RequireSetUp returns the statement that sets whether the next sign-in demands a set-up (T15).
func RequireSetUp(u User, required bool) db.Stmt {
	return db.Must(ErrNotFound, `UPDATE users SET set_up_required = $3 WHERE account_id = $1 AND user_id = $2`,
		u.AccountID, u.ID, required)
}

// CountDevices returns the statement that notes anew which second factors the user has, as the table of factors says, for the
// transaction in which one came or went.
func CountDevices(accountID, userID string) db.Stmt {
	const own = `f.account_id = $1 AND f.user_id = $2 AND f.state = 'confirmed' AND f.kind`
	kinds := make([]string, 0, 4)
	for _, k := range []string{"totp", "passkey", "sms", "email"} {
		kinds = append(kinds, `CASE WHEN EXISTS (SELECT 1 FROM factors f WHERE `+own+` = '`+k+`') THEN '`+k+` ' ELSE '' END`)
	}
	return db.Write(`
		UPDATE users SET two_factor_kinds = `+strings.Join(kinds, " || ")+`,
			two_factor_since = COALESCE((SELECT min(f.confirmed_at) FROM factors f WHERE `+own+` <> 'backup_code'), 0)
		WHERE account_id = $1 AND user_id = $2`, accountID, userID)
}

// Prefer returns the statement that notes which device sign-in asks for first (K9); "" for the policy's order.
func Prefer(u User, factorID string) db.Stmt {
	return db.Must(ErrNotFound, `UPDATE users SET preferred_factor = $3 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, factorID)
}

// Welcomed returns the statement that notes that two-factor sign-in was recommended to the user just now (A1).
func Welcomed(now time.Time, u User) db.Stmt {
	return db.Write(`UPDATE users SET welcomed_at = $3 WHERE account_id = $1 AND user_id = $2`, u.AccountID, u.ID, db.At(now))
}

// SetLocked returns the statements that lock a user, which ends all sessions and calls off the planned end of the
// second factor, or unlock one.
func SetLocked(now time.Time, u User, locked bool, by audit.Actor) []db.Stmt {
	action, at := audit.UserUnlocked, db.Time(0)
	if locked {
		action, at = audit.UserLocked, db.At(now)
	}
	return append([]db.Stmt{
		db.Must(ErrNotFound, `UPDATE users SET locked_at = $3, epoch = epoch + 1 WHERE account_id = $1 AND user_id = $2`,
			u.AccountID, u.ID, at),
		audit.Record(now, audit.Event{AccountID: u.AccountID, Action: action, Actor: by, Target: u.ID}),
	}, CallOff(now, u, by)...)
}
