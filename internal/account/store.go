package account

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/id"
)

// Create adds an account with the default policy.
func Create(ctx context.Context, d *db.DB, now time.Time, slug, name string, by audit.Actor) (Account, error) {
	a, stmts, err := Creating(now, slug, name, by)
	if err != nil {
		return a, err
	}
	if err := d.Run(ctx, stmts...); db.IsUnique(err) {
		return a, ErrSlugTaken
	} else if err != nil {
		return a, err
	}
	return a, nil
}

// Creating returns the statements of Create, for a transaction that adds the first user too.
// If the short name is taken, the transaction fails with a unique violation.
func Creating(now time.Time, slug, name string, by audit.Actor) (Account, []db.Stmt, error) {
	name, err := CheckName(name)
	if err != nil {
		return Account{}, nil, err
	}
	if err := CheckSlug(slug); err != nil {
		return Account{}, nil, err
	}
	a := Account{ID: id.New("acc", now), Slug: slug, Name: name, Policy: Default(), CreatedAt: now}
	policy, err := json.Marshal(a.Policy)
	if err != nil {
		return a, nil, err
	}
	return a, []db.Stmt{
		db.Write(`INSERT INTO accounts (account_id, slug, name, policy, created_at) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, slug, name, string(policy), db.At(now)),
		audit.Record(now, audit.Event{AccountID: a.ID, Action: audit.AccountCreated, Actor: by, Target: a.ID}),
	}, nil
}

// Columns lists an account's columns for the alias a, in the order of Scanner.Dest.
// They are readable across a left join too: without an account its id is empty.
const Columns = `COALESCE(a.account_id, ''), COALESCE(a.slug, ''), COALESCE(a.name, ''), COALESCE(a.policy, '{}'), COALESCE(a.suspended_at, 0), COALESCE(a.created_at, 0)`

// Scanner reads an account from a row; other packages' joins use it through Dest and Finish.
type Scanner struct {
	a                    Account
	policy               string
	suspended, createdAt db.Time
}

// Dest lists where Columns go.
func (s *Scanner) Dest() []any {
	return []any{&s.a.ID, &s.a.Slug, &s.a.Name, &s.policy, &s.suspended, &s.createdAt}
}

// Finish returns the account that was read.
func (s *Scanner) Finish() (Account, error) {
	var err error
	s.a.Policy, err = decodePolicy([]byte(s.policy))
	s.a.SuspendedAt, s.a.CreatedAt = s.suspended.Std(), s.createdAt.Std()
	return s.a, err
}

// Get returns the account with this id, or ErrNotFound.
func Get(ctx context.Context, q db.Querier, accountID string) (Account, error) {
	return one(ctx, q, `SELECT `+Columns+` FROM accounts a WHERE a.account_id = $1`, accountID)
}

// BySlug returns the account with this short name, or ErrNotFound.
func BySlug(ctx context.Context, q db.Querier, slug string) (Account, error) {
	return one(ctx, q, `SELECT `+Columns+` FROM accounts a WHERE a.slug = $1`, slug)
}

func one(ctx context.Context, q db.Querier, sql, arg string) (Account, error) {
	var s Scanner
	err := q.Get(ctx, sql, []any{arg}, s.Dest()...)
	if errors.Is(err, db.ErrNotFound) {
		return Account{}, ErrNotFound
	}
	if err != nil {
		return Account{}, err
	}
	return s.Finish()
}

// List returns all accounts in the order they were made.
func List(ctx context.Context, q db.Querier) ([]Account, error) {
	var all []Account
	err := q.Each(ctx, `SELECT `+Columns+` FROM accounts a ORDER BY a.account_id`, nil, func(scan func(...any) error) error {
		var s Scanner
		if err := scan(s.Dest()...); err != nil {
			return err
		}
		a, err := s.Finish()
		all = append(all, a)
		return err
	})
	return all, err
}

// Any reports whether there is an account at all; without one a first start offers its set-up link.
func Any(ctx context.Context, q db.Querier) (bool, error) {
	var n int
	err := q.Get(ctx, `SELECT count(*) FROM (SELECT 1 FROM accounts LIMIT 1) AS first_one`, nil, &n)
	return n > 0, err
}

// SetSuspended suspends an account, whose people then have no session anywhere within a second, or resumes it.
func SetSuspended(ctx context.Context, d *db.DB, now time.Time, accountID string, suspended bool, by audit.Actor) error {
	action, at := audit.AccountResumed, db.Time(0)
	if suspended {
		action, at = audit.AccountSuspended, db.At(now)
	}
	return d.Run(ctx,
		db.Must(ErrNotFound, `UPDATE accounts SET suspended_at = $2 WHERE account_id = $1`, accountID, at),
		audit.Record(now, audit.Event{AccountID: accountID, Action: action, Actor: by, Target: accountID}))
}

// SetPolicy replaces an account's policy.
func SetPolicy(ctx context.Context, d *db.DB, now time.Time, accountID string, p Policy, by audit.Actor) error {
	p = p.tidy()
	if err := p.Check(); err != nil {
		return err
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return d.Run(ctx,
		db.Must(ErrNotFound, `UPDATE accounts SET policy = $2 WHERE account_id = $1`, accountID, string(raw)),
		audit.Record(now, audit.Event{
			AccountID: accountID, Action: audit.AccountPolicyChanged, Actor: by, Target: accountID,
			Detail: map[string]string{"policy": string(raw)},
		}))
}
