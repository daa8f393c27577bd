package apikey

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/texts"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// The last column tells whether the key has a confirmed device of its own, which package factor keeps under the key's id.
const columns = `k.account_id, k.user_id, k.key_id, k.name, k.scopes, k.networks, k.public_key, k.created_at, k.expires_at, k.last_used_at, k.last_address,
	EXISTS (SELECT 1 FROM factors f WHERE f.account_id = k.account_id AND f.user_id = k.key_id AND f.state = 'confirmed')`

type scanner struct {
	k                      Key
	scopes, networks       string
	created, expires, used db.Time
}

func (s *scanner) dest() []any {
	k := &s.k
	return []any{&k.AccountID, &k.UserID, &k.ID, &k.Name, &s.scopes, &s.networks, &k.PublicKey, &s.created, &s.expires, &s.used, &k.LastAddress, &k.Device}
}

func (s *scanner) finish() Key {
	s.k.Scopes = ParseScopes(s.scopes)
	s.k.CreatedAt, s.k.ExpiresAt, s.k.LastUsedAt = s.created.Std(), s.expires.Std(), s.used.Std()
	for _, one := range strings.Fields(s.networks) {
		p, err := parsePrefix(one)
		if err != nil {
			p = netip.Prefix{} // what can't be read contains no address, rather than every one
		}
		s.k.Networks = append(s.k.Networks, p)
	}
	return s.k
}

// read returns what a credential stands for, whether it counts or not; db.ErrNotFound if there is none.
func read(ctx context.Context, q db.Querier, b token.Bearer, isToken bool) (*Credential, error) {
	var k scanner
	var u user.Scanner
	var a account.Scanner
	var t Token
	var scopes string
	var issued, expires db.Time
	dest := append(append(k.dest(), u.Dest()...), a.Dest()...)
	const people = `JOIN users u ON u.account_id = k.account_id AND u.user_id = k.user_id JOIN accounts a ON a.account_id = k.account_id `
	var err error
	if isToken {
		err = q.Get(ctx, `SELECT `+columns+`, `+user.Columns+`, `+account.Columns+`, t.token_id, t.scopes, t.epoch, t.issued_at, t.expires_at
			FROM access_tokens t JOIN api_keys k ON k.account_id = t.account_id AND k.user_id = t.user_id AND k.key_id = t.key_id `+people+`
			WHERE t.account_id = $1 AND t.user_id = $2 AND t.token_id = $3`,
			[]any{b.AccountID, b.UserID, b.ID}, append(dest, &t.ID, &scopes, &t.Epoch, &issued, &expires)...)
	} else {
		err = q.Get(ctx, `SELECT `+columns+`, `+user.Columns+`, `+account.Columns+` FROM api_keys k `+people+`
			WHERE k.account_id = $1 AND k.user_id = $2 AND k.key_id = $3`, []any{b.AccountID, b.UserID, b.ID}, dest...)
	}
	if err != nil {
		return nil, err
	}
	c := &Credential{Key: k.finish(), User: u.Finish()}
	if isToken {
		t.Scopes, t.IssuedAt, t.ExpiresAt = ParseScopes(scopes), issued.Std(), expires.Std()
		c.Token = &t
	}
	c.Account, err = a.Finish()
	return c, err
}

// List returns a user's keys, the newest first, also those whose end date has passed.
func List(ctx context.Context, q db.Querier, u user.User) ([]Key, error) {
	var all []Key
	err := q.Each(ctx, `SELECT `+columns+` FROM api_keys k WHERE k.account_id = $1 AND k.user_id = $2 ORDER BY k.created_at DESC, k.key_id`,
		[]any{u.AccountID, u.ID}, func(scan func(...any) error) error {
			var s scanner
			err := scan(s.dest()...)
			all = append(all, s.finish())
			return err
		})
	return all, err
}

// One returns the key of u's with this id, or ErrNotFound: for those of others too.
func One(ctx context.Context, q db.Querier, u user.User, id string) (Key, error) {
	if !texts.Printable(id, 100) { // PostgreSQL fails on what can't be stored
		return Key{}, ErrNotFound
	}
	var s scanner
	err := q.Get(ctx, `SELECT `+columns+` FROM api_keys k WHERE k.account_id = $1 AND k.user_id = $2 AND k.key_id = $3`,
		[]any{u.AccountID, u.ID, id}, s.dest()...)
	if errors.Is(err, db.ErrNotFound) {
		return Key{}, ErrNotFound
	}
	return s.finish(), err
}

// room refuses one key too many, and a name that another key of the person's has. The person's row must be held.
func room(ctx context.Context, tx *db.Tx, k Key) error {
	n, taken := 0, false
	err := tx.Each(ctx, `SELECT name FROM api_keys WHERE account_id = $1 AND user_id = $2`, []any{k.AccountID, k.UserID}, func(scan func(...any) error) error {
		var name string
		err := scan(&name)
		n, taken = n+1, taken || strings.EqualFold(name, k.Name)
		return err
	})
	switch {
	case err != nil:
		return err
	case taken:
		return ErrNameTaken
	case n >= Most:
		return ErrLimit
	}
	return nil
}

func insert(k Key) db.Stmt {
	return db.Write(`
		INSERT INTO api_keys (account_id, user_id, key_id, name, scopes, networks, public_key, created_at, expires_at, last_used_at, last_address)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, '')`,
		k.AccountID, k.UserID, k.ID, k.Name, JoinScopes(k.Scopes), JoinNetworks(k.Networks), k.PublicKey, db.At(k.CreatedAt), db.At(k.ExpiresAt))
}

// touch notes the use of a key, unless a later one is noted.
func touch(k Key, address string, now time.Time) db.Stmt {
	return db.Write(`UPDATE api_keys SET last_used_at = $4, last_address = $5 WHERE account_id = $1 AND user_id = $2 AND key_id = $3 AND last_used_at < $4`,
		k.AccountID, k.UserID, k.ID, db.At(now), address)
}

// Held returns the statement that lets a transaction go on only if the key is still there, else it fails with ErrKey.
func (k Key) Held() db.Stmt {
	return db.Must(ErrKey, `UPDATE api_keys SET name = name WHERE account_id = $1 AND user_id = $2 AND key_id = $3`, k.AccountID, k.UserID, k.ID)
}

// HeldSigned is Held that fails too if the public key is another by now: one that was replaced proves nothing, though it is remembered.
func (k Key) HeldSigned() db.Stmt {
	return db.Must(ErrKey, `UPDATE api_keys SET name = name WHERE account_id = $1 AND user_id = $2 AND key_id = $3 AND public_key = $4`,
		k.AccountID, k.UserID, k.ID, k.PublicKey)
}

// SetPublicKey returns the statement that registers the public key which the key's calls are signed with, or with "" takes it away; it
// fails with ErrNotFound if the key has ended.
func SetPublicKey(k Key, public string) db.Stmt {
	return db.Must(ErrNotFound, `UPDATE api_keys SET public_key = $4 WHERE account_id = $1 AND user_id = $2 AND key_id = $3`, k.AccountID, k.UserID, k.ID, public)
}

// Removing returns the statements that end a key with its access tokens. They fail with ErrNotFound if it has ended already.
func Removing(now time.Time, k Key, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		db.Must(ErrNotFound, `DELETE FROM api_keys WHERE account_id = $1 AND user_id = $2 AND key_id = $3`, k.AccountID, k.UserID, k.ID),
		EndTokens(k),
		audit.Record(now, audit.Event{
			AccountID: k.AccountID, Action: audit.KeyRemoved, Actor: by, Target: k.ID, Detail: map[string]string{"user": k.UserID, "name": k.Name},
		}),
	}
}

// Clear returns the statements that remove all keys and access tokens of a user.
func Clear(accountID, userID string) []db.Stmt {
	return []db.Stmt{
		db.Write(`DELETE FROM api_keys WHERE account_id = $1 AND user_id = $2`, accountID, userID),
		db.Write(`DELETE FROM access_tokens WHERE account_id = $1 AND user_id = $2`, accountID, userID),
	}
}
