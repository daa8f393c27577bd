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

// Create adds an account with the default policy, on the deployment's default plan.
func Create(ctx context.Context, d *db.DB, now time.Time, slug, name string, by audit.Actor) (Account, error) {
	return CreateOn(ctx, d, now, slug, name, Plans{}, Terms{}, by)
}

// CreateOn adds an account with the default policy, on the terms t. Errors beside those of
// the name: ErrPlan, ErrTrial.
func CreateOn(ctx context.Context, d *db.DB, now time.Time, slug, name string, plans Plans, t Terms, by audit.Actor) (Account, error) {
	a, stmts, err := CreatingOn(now, slug, name, plans, t, by)
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
	return CreatingOn(now, slug, name, Plans{}, Terms{}, by)
}

// CreatingOn is Creating for CreateOn.
func CreatingOn(now time.Time, slug, name string, plans Plans, t Terms, by audit.Actor) (Account, []db.Stmt, error) {
	t, err := plans.check(t, now)
	if err != nil {
		return Account{}, nil, err
	}
	name, err = CheckName(name)
	if err != nil {
		return Account{}, nil, err
	}
	if err := CheckSlug(slug); err != nil {
		return Account{}, nil, err
	}
	a := Account{ID: id.New("acc", now), Slug: slug, Name: name, Policy: Default(), Plan: t.Plan, TrialEndsAt: t.TrialEndsAt, CreatedAt: now}
	policy, err := json.Marshal(a.Policy)
	if err != nil {
		return a, nil, err
	}
	return a, []db.Stmt{
		db.Write(`INSERT INTO accounts (account_id, slug, name, policy, plan, trial_ends_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			a.ID, slug, name, string(policy), t.Plan, db.At(t.TrialEndsAt), db.At(now)),
		audit.Record(now, audit.Event{AccountID: a.ID, Action: audit.AccountCreated, Actor: by, Target: a.ID, Detail: t.detail()}),
	}, nil
}

// Columns lists an account's columns for the alias a, in the order of Scanner.Dest.
// They are readable across a left join too: without an account its id is empty.
const Columns = `COALESCE(a.account_id, ''), COALESCE(a.slug, ''), COALESCE(a.name, ''), COALESCE(a.policy, '{}'), COALESCE(a.plan, ''), COALESCE(a.trial_ends_at, 0), COALESCE(a.allowances, '[]'), COALESCE(a.face, '{}'), COALESCE(a.wording, 0), COALESCE(a.suspended_at, 0), COALESCE(a.created_at, 0), COALESCE(a.required_at, 0), COALESCE(a.admins_required_at, 0), COALESCE(a.trust_from, 0), COALESCE(a.used_from, 0), COALESCE(a.begun_from, 0)`

// Scanner reads an account from a row; other packages' joins use it through Dest and Finish.
type Scanner struct {
	a                           Account
	policy, allowances, face    string
	trial, suspended, createdAt db.Time
	required, adminsRequired    db.Time
	trustFrom, used, begun      db.Time
}

// Dest lists where Columns go.
func (s *Scanner) Dest() []any {
	return []any{&s.a.ID, &s.a.Slug, &s.a.Name, &s.policy, &s.a.Plan, &s.trial, &s.allowances, &s.face, &s.a.Wording, &s.suspended, &s.createdAt, &s.required, &s.adminsRequired, &s.trustFrom, &s.used, &s.begun}
}

// Finish returns the account that was read.
func (s *Scanner) Finish() (Account, error) {
	var err error
	if s.a.Policy, err = readPolicy(s.policy); err != nil {
		return s.a, err
	}
	s.a.TrialEndsAt, s.a.SuspendedAt, s.a.CreatedAt = s.trial.Std(), s.suspended.Std(), s.createdAt.Std()
	s.a.RequiredAt, s.a.AdminsRequiredAt, s.a.TrustFrom = s.required.Std(), s.adminsRequired.Std(), s.trustFrom.Std()
	s.a.UsedFrom, s.a.BegunFrom = s.used.Std(), s.begun.Std()
	if s.a.Allowances, err = decodeAllowances(s.allowances); err != nil {
		return s.a, err
	}
	s.a.Face, err = decodeFace(s.face)
	return s.a, err
}

func decodeAllowances(text string) (all []Allowance, err error) {
	if text == "[]" { // almost always, and every request reads its account
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &all)
	return all, err
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
	return several(ctx, q, `SELECT `+Columns+` FROM accounts a ORDER BY a.account_id`)
}

func several(ctx context.Context, q db.Querier, sql string, args ...any) (all []Account, err error) {
	err = q.Each(ctx, sql, args, func(scan func(...any) error) error {
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

// Page returns the first accounts, most at most, in the order they were made, after the one with the id; from the first on if it is empty.
func Page(ctx context.Context, q db.Querier, after string, most int) ([]Account, error) {
	return several(ctx, q, `SELECT `+Columns+` FROM accounts a WHERE a.account_id > $1 ORDER BY a.account_id LIMIT $2`, after, most)
}

// Any reports whether there is an account at all; without one a first start offers its set-up link.
func Any(ctx context.Context, q db.Querier) (bool, error) {
	var n int
	err := q.Get(ctx, `SELECT count(*) FROM (SELECT 1 FROM accounts LIMIT 1) AS first_one`, nil, &n)
	return n > 0, err
}

// Hold returns the statement that holds the account's row: what its administrators do to people is done by one transaction
// at a time, so that each is judged by the roles as they are.
func Hold(accountID string) db.Stmt {
	return db.Must(ErrNotFound, `UPDATE accounts SET plan = plan WHERE account_id = $1`, accountID)
}

// HoldActive is Hold that fails with ErrSuspended if the account is.
func HoldActive(accountID string) db.Stmt {
	return db.Must(ErrSuspended, `UPDATE accounts SET plan = plan WHERE account_id = $1 AND suspended_at = 0`, accountID)
}

// SetPolicy replaces an account's policy, whatever it was.
func SetPolicy(ctx context.Context, d *db.DB, now time.Time, accountID string, p Policy, by audit.Actor) error {
	for {
		a, err := Get(ctx, d, accountID)
		if err != nil {
			return err
		}
		// Each lost round is somebody else's change that succeeded, so the loop ends.
		if err := ReplacePolicy(ctx, d, now, a, p, by); !errors.Is(err, ErrChanged) {
			return err
		}
	}
}

// ReplacePolicy puts p in place of a's policy, in one transaction with more, and records what is another now. It
// fails with ErrChanged if the account's policy is not a's any more: of two administrators at
// once, the second decides knowing what the first did.
//
// A grace begins when the demand does, and one that runs goes on when other fields change. A session that is over by a's policy stays
// so, however long p lets one live.
func ReplacePolicy(ctx context.Context, d *db.DB, now time.Time, a Account, p Policy, by audit.Actor, more ...db.Stmt) error {
	p = p.tidy()
	if err := p.Check(); err != nil {
		return err
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return err
	}
	stored, err := storedPolicy(ctx, d, a)
	if err != nil {
		return err
	}
	is := a.Under(p, now)
	return d.Run(ctx, append([]db.Stmt{
		db.Must(ErrChanged, `
			UPDATE accounts SET policy = $2,
				used_from = CASE WHEN used_from > $8 AND used_from <= $6 THEN used_from ELSE $8 END,
				begun_from = CASE WHEN begun_from > $9 AND begun_from <= $6 THEN begun_from ELSE $9 END,
				required_at = CASE WHEN NOT $4 THEN 0 WHEN required_at > 0 THEN required_at ELSE $6 END,
				admins_required_at = CASE WHEN NOT $5 THEN 0 WHEN admins_required_at > 0 THEN admins_required_at ELSE $6 END,
				trust_from = CASE WHEN $7 THEN $6 ELSE trust_from END
			WHERE account_id = $1 AND policy = $3`,
			a.ID, string(raw), stored, p.Enforcement == Required, p.EnforcementAdmins == Required, db.At(now), a.endsTrust(p), db.At(is.UsedFrom), db.At(is.BegunFrom)),
		audit.Record(now, audit.Event{AccountID: a.ID, Action: audit.AccountPolicyChanged, Actor: by, Target: a.ID, Detail: a.Policy.changes(p)}),
	}, more...)...)
}

// storedPolicy reads an account's policy as it lies in the database, where an older version may have written it in
// another way; ErrChanged if it is not a's.
func storedPolicy(ctx context.Context, q db.Querier, a Account) (text string, err error) {
	err = q.Get(ctx, `SELECT policy FROM accounts WHERE account_id = $1`, []any{a.ID}, &text)
	if errors.Is(err, db.ErrNotFound) {
		return "", ErrNotFound
	}
	if err != nil {
		return "", err
	}
	if p, err := decodePolicy([]byte(text)); err != nil {
		return "", err
	} else if len(a.Policy.changes(p)) > 0 {
		return "", ErrChanged
	}
	return text, nil
}

// PlansInUse counts the accounts on each plan; "" stands for the default plan.
func PlansInUse(ctx context.Context, q db.Querier) (map[string]int, error) {
	inUse := map[string]int{}
	err := q.Each(ctx, `SELECT plan, count(*) FROM accounts GROUP BY plan`, nil, func(scan func(...any) error) error {
		var plan string
		var n int
		err := scan(&plan, &n)
		inUse[plan] = n
		return err
	})
	return inUse, err
}
