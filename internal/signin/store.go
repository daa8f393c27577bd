package signin

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/throttle"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// person is who an e-mail may belong to, read in one query whether or not there is one.
type person struct {
	user         user.User
	account      account.Account
	hash         string
	devices      int
	sent         int       // of these, how many get their codes sent
	failures     int64     // wrong passwords counted against the person or the address
	blockedUntil time.Time // no password counts before
}

func (p person) known() bool { return p.user.ID != "" }

// lookUp finds the one user with this address: of the account named, or, without
// one, of all accounts if there is no second. Nobody found is no error. Whoever it
// is, the wait of the address's own counter is read too. Who is only invited, or known by
// a program's checks only, is nobody: that must not make anybody's address mean two people.
func lookUp(ctx context.Context, q db.Querier, slug, email string, address throttle.Key) (person, error) {
	var found []person
	var addressUntil db.Time
	err := q.Each(ctx, `
		SELECT `+user.Columns+`, `+account.Columns+`, COALESCE(u.password_hash, ''),
			(SELECT count(*) FROM factors f WHERE f.account_id = u.account_id AND f.user_id = u.user_id
				AND f.state = 'confirmed' AND f.kind <> 'backup_code'),
			(SELECT count(*) FROM factors f WHERE f.account_id = u.account_id AND f.user_id = u.user_id
				AND f.state = 'confirmed' AND f.kind IN ('sms', 'email')),
			COALESCE(pt.blocked_until, 0), COALESCE(at.blocked_until, 0), COALESCE(pt.failures, 0) + COALESCE(at.failures, 0)
		FROM (SELECT 1 AS one) AS always
		LEFT JOIN (users u JOIN accounts a ON a.account_id = u.account_id) ON u.email = $1 AND ($2 = '' OR a.slug = $2) AND u.invited_at = 0 AND u.password_hash <> ''
		LEFT JOIN throttles pt ON pt.account_id = u.account_id AND pt.subject = 'password:' || u.user_id
		LEFT JOIN throttles at ON at.account_id = $3 AND at.subject = $4
		LIMIT 2`, []any{email, slug, address.AccountID, address.Subject},
		func(scan func(...any) error) error {
			var u user.Scanner
			var a account.Scanner
			var p person
			var userUntil db.Time
			if err := scan(append(append(u.Dest(), a.Dest()...), &p.hash, &p.devices, &p.sent, &userUntil, &addressUntil, &p.failures)...); err != nil {
				return err
			}
			p.user, p.blockedUntil = u.Finish(), max(userUntil, addressUntil).Std()
			var err error
			p.account, err = a.Finish()
			found = append(found, p)
			return err
		})
	if err != nil {
		return person{}, err
	}
	if len(found) != 1 {
		return person{blockedUntil: addressUntil.Std()}, nil
	}
	return found[0], nil
}

func insertPending(now time.Time, b token.Bearer, u user.User, what purpose, returnTo string, forgives bool, why browser.Why) db.Stmt {
	return db.Write(`
		INSERT INTO pending_sign_ins (account_id, user_id, pending_id, epoch, return_to, forgives, created_at, expires_at, asked_again, purpose)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		b.AccountID, b.UserID, b.ID, u.Epoch, returnTo, forgives, db.At(now), db.At(now.Add(PendingFor)), string(why), string(what))
}

// endPending ends a pending sign-in for good; of all who try, one succeeds.
func endPending(b token.Bearer, now time.Time) db.Stmt {
	return db.Must(ErrExpired, `DELETE FROM pending_sign_ins WHERE account_id = $1 AND user_id = $2 AND pending_id = $3 AND expires_at > $4`,
		b.AccountID, b.UserID, b.ID, db.At(now))
}

// mailboxProved notes that the person reads the mail of their registered address.
func mailboxProved(b token.Bearer, now time.Time) db.Stmt {
	return db.Must(ErrExpired, `UPDATE pending_sign_ins SET mailbox_proved = TRUE WHERE account_id = $1 AND user_id = $2 AND pending_id = $3 AND expires_at > $4`,
		b.AccountID, b.UserID, b.ID, db.At(now))
}

// factorProved notes that the second factor was proved, once: what is left is the set-up of a passkey.
func factorProved(b token.Bearer, k factor.Kind, now time.Time) db.Stmt {
	return db.Must(ErrExpired, `UPDATE pending_sign_ins SET proved = $4 WHERE account_id = $1 AND user_id = $2 AND pending_id = $3 AND proved = '' AND expires_at > $5`,
		b.AccountID, b.UserID, b.ID, string(k), db.At(now))
}

func forgetPending(b token.Bearer) db.Stmt {
	return db.Write(`DELETE FROM pending_sign_ins WHERE account_id = $1 AND user_id = $2 AND pending_id = $3`,
		b.AccountID, b.UserID, b.ID)
}

// readPending reads a pending sign-in with all that decides about it, in one query. ErrExpired if there is none of this purpose.
func readPending(ctx context.Context, q db.Querier, b token.Bearer, what purpose) (*Pending, error) {
	var p *Pending
	err := q.Each(ctx, `
		SELECT p.epoch, p.return_to, p.forgives, p.mailbox_proved, p.proved, p.asked_again, p.created_at, p.expires_at, `+user.Columns+`, `+account.Columns+`,
			`+factor.Columns+`, `+factor.SecretColumn+`, (SELECT count(*) FROM sessions s WHERE s.account_id = $1 AND s.user_id = $2)
		FROM pending_sign_ins p
		JOIN users u ON u.account_id = p.account_id AND u.user_id = p.user_id
		JOIN accounts a ON a.account_id = p.account_id
		LEFT JOIN factors f ON f.account_id = p.account_id AND f.user_id = p.user_id
		WHERE p.account_id = $1 AND p.user_id = $2 AND p.pending_id = $3 AND p.purpose = $4
		ORDER BY f.factor_id`,
		[]any{b.AccountID, b.UserID, b.ID, string(what)},
		func(scan func(...any) error) error {
			var u user.Scanner
			var a account.Scanner
			var f factor.Scanner
			row := Pending{bearer: b, purpose: what}
			var started, expires db.Time
			dest := append([]any{&row.epoch, &row.ReturnTo, &row.forgives, &row.mailbox, &row.proved, &row.AskedAgain, &started, &expires}, u.Dest()...)
			dest = append(dest, a.Dest()...)
			if err := scan(append(append(dest, f.DestWithSecret()...), &row.sessions)...); err != nil {
				return err
			}
			if p == nil {
				p = &row
				p.StartedAt, p.ExpiresAt, p.User = started.Std(), expires.Std(), u.Finish()
				var err error
				if p.Account, err = a.Finish(); err != nil {
					return err
				}
			}
			if stored := f.Finish(); stored.ID != "" {
				p.factors = append(p.factors, stored)
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	if p == nil {
		return nil, ErrExpired
	}
	return p, nil
}

// Sweep removes up to limit pending sign-ins whose time is over and returns how many. Whoever's password was
// used for one, and who has not signed in since, is told that it was not finished; of a check, the program knows and may tell.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (n int64, err error) {
	err = d.Tx(ctx, func(tx *db.Tx) error {
		n = 0
		type key struct{ account, user string }
		left := map[key]db.Time{}
		err := tx.Each(ctx, `
			DELETE FROM pending_sign_ins WHERE (account_id, user_id, pending_id) IN (
				SELECT account_id, user_id, pending_id FROM pending_sign_ins WHERE expires_at < $1 LIMIT $2)
			RETURNING account_id, user_id, created_at, purpose`, []any{db.At(now), limit},
			func(scan func(...any) error) error {
				var k key
				var began db.Time
				var what purpose
				err := scan(&k.account, &k.user, &began, &what)
				if what == ofSignIn {
					left[k] = max(left[k], began)
				}
				n++
				return err
			})
		if err != nil {
			return err
		}
		for k, began := range left {
			var since int
			if err := tx.Get(ctx, `SELECT count(*) FROM sessions WHERE account_id = $1 AND user_id = $2 AND signed_in_at >= $3`,
				[]any{k.account, k.user, began}, &since); err != nil {
				return err
			}
			if since > 0 {
				continue
			}
			if err := tx.Run(ctx, outbox.Unfinished(now, k.account, k.user, audit.Actor{Kind: audit.KindNobody})); err != nil {
				return err
			}
		}
		return nil
	})
	return n, err
}
