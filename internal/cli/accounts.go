package cli

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"time"

	"sallyport/client"
	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/app"
	"sallyport/internal/audit"
)

// accounts is where accounts are looked after as the operator: in the database, or at a running server. The commands say the same of both.
type accounts interface {
	all(context.Context) iter.Seq2[client.ManagedAccount, error]
	named(ctx context.Context, slug string) (client.ManagedAccount, error)
	create(context.Context, admin.NewAccount) (client.ManagedAccount, error)
	alter(ctx context.Context, id string, c account.Change) (client.ManagedAccount, error)
}

// overseer is where, as the flags of a command say: a running server that is called with the operator key or with an API key of the
// scope operator, else the database.
type overseer struct {
	elsewhere
	OperatorKeyFile string `help:"Read the operator key from the first line of this file; else SALLYPORT_OPERATOR_KEY_FILE names it. Without one, the API key is used." placeholder:"FILE"`
}

// operator makes a client for the server. A flag stands above the environment, and there the operator key above an API key.
func (o overseer) operator(s *session) (*client.Client, error) {
	file := o.OperatorKeyFile
	if file == "" && o.APIKeyFile == "" {
		file = s.env("SALLYPORT_OPERATOR_KEY_FILE")
	}
	if file != "" {
		key, err := s.secret("operator key", file)
		if err != nil {
			return nil, err
		}
		return client.New(cmp.Or(o.Server, s.env("SALLYPORT_SERVER")), client.Operator(key))
	}
	settings := o.settings(s)
	if settings.APIKeyFile == "" && settings.APIKey == "" {
		return nil, usage{errors.New("which operator key? Name its file with --operator-key-file, or set SALLYPORT_OPERATOR_KEY_FILE. An API key of the scope operator does as well")}
	}
	return settings.Client()
}

// on runs fn where the accounts are.
func (o overseer) on(s *session, fn func(accounts) error) error {
	if o.named(s) {
		c, err := o.operator(s)
		if err != nil {
			return err
		}
		return fn(away{c})
	}
	return s.with(func(a *app.App) error { return fn(beside{a}) })
}

// account runs fn on the account with this short name.
func (o overseer) account(s *session, slug string, fn func(accounts, client.ManagedAccount) error) error {
	return o.on(s, func(in accounts) error {
		a, err := in.named(s.ctx, slug)
		if err != nil {
			return err
		}
		return fn(in, a)
	})
}

// alter changes an account and gives what it has become.
func (o overseer) alter(s *session, slug string, c account.Change, fn func(client.ManagedAccount)) error {
	return o.account(s, slug, func(in accounts, a client.ManagedAccount) error {
		a, err := in.alter(s.ctx, a.ID, c)
		if err == nil {
			fn(a)
		}
		return err
	})
}

// beside looks after accounts in the database.
type beside struct{ *app.App }

func (b beside) seen(a account.Account) client.ManagedAccount { return managed(b.App, a) }

func (b beside) all(ctx context.Context) iter.Seq2[client.ManagedAccount, error] {
	return func(yield func(client.ManagedAccount, error) bool) {
		list, err := account.List(ctx, b.DB)
		if err != nil {
			yield(client.ManagedAccount{}, err)
			return
		}
		for _, a := range list {
			if !yield(b.seen(a), nil) {
				return
			}
		}
	}
}

func (b beside) named(ctx context.Context, slug string) (client.ManagedAccount, error) {
	a, err := account.BySlug(ctx, b.DB, slug)
	return b.seen(a), err
}

func (b beside) create(ctx context.Context, n admin.NewAccount) (client.ManagedAccount, error) {
	a, _, err := b.Admin.CreateAccount(ctx, n, audit.Operator())
	return b.seen(a), near(err, account.ErrPlan, n.Terms.Plan, b.Config.Plans.Names())
}

func (b beside) alter(ctx context.Context, id string, c account.Change) (client.ManagedAccount, error) {
	a, err := b.Admin.AlterAccount(ctx, id, c, audit.Operator())
	if c.Plan != nil {
		err = near(err, account.ErrPlan, *c.Plan, b.Config.Plans.Names())
	}
	return b.seen(a), err
}

// managed describes an account of the database as a server does.
func managed(in *app.App, a account.Account) client.ManagedAccount {
	plans, now := in.Config.Plans, in.Now()
	plan, known := plans.Of(a)
	m := client.ManagedAccount{
		ID: a.ID, Slug: a.Slug, Name: a.Name, Plan: plan.Name, DefaultPlan: a.Plan == "", PlanKnown: known,
		SignInURL: in.Config.PublicURL.String() + "/sign-in?account=" + a.Slug, TrialEndsAt: a.TrialEndsAt,
		Suspended: !a.SuspendedAt.IsZero(), SuspendedAt: a.SuspendedAt, CreatedAt: a.CreatedAt,
	}
	for _, method := range account.Methods() {
		e := plans.Entitled(a, method, now)
		m.Methods = append(m.Methods, client.EntitledMethod{Method: string(method), Allowed: e.Allowed(), Why: string(e.Why), Until: e.Until})
	}
	for _, g := range a.Allowances {
		m.Exceptions = append(m.Exceptions, client.AccountException{Method: string(g.Method), Reason: g.Reason, Until: g.Until, Runs: g.Runs(now), By: g.By, At: g.At})
	}
	return m
}

// away looks after accounts at a running server.
type away struct{ *client.Client }

func (w away) all(ctx context.Context) iter.Seq2[client.ManagedAccount, error] {
	return w.Accounts(ctx, client.AccountQuery{})
}

func (w away) named(ctx context.Context, slug string) (client.ManagedAccount, error) {
	for a, err := range w.Accounts(ctx, client.AccountQuery{Slug: slug}) {
		return a, err
	}
	return client.ManagedAccount{}, account.ErrNotFound
}

func (w away) create(ctx context.Context, n admin.NewAccount) (client.ManagedAccount, error) {
	in := client.CreateAccountRequest{Slug: n.Slug, Name: n.Name, Plan: n.Terms.Plan, TrialEndsAt: written(n.Terms.TrialEndsAt)}
	if n.Owner != nil {
		in.Owner = &client.AccountOwner{Email: n.Owner.Email, Name: n.Owner.Name}
	}
	made, err := w.CreateAccount(ctx, in)
	return made.ManagedAccount, err
}

func (w away) alter(ctx context.Context, id string, c account.Change) (client.ManagedAccount, error) {
	in := client.UpdateManagedAccountRequest{Plan: c.Plan, Suspended: c.Suspended}
	if c.TrialEndsAt != nil {
		ends := written(*c.TrialEndsAt)
		in.TrialEndsAt = &ends
	}
	for _, g := range c.Allow {
		in.Allow = append(in.Allow, client.NewException{Method: string(g.Method), Reason: g.Reason, Until: written(g.Until)})
	}
	for _, m := range c.Disallow {
		in.Disallow = append(in.Disallow, string(m))
	}
	is, err := w.UpdateManagedAccount(ctx, id, in)
	return is.ManagedAccount, err
}

// written is a time as the REST interface takes it; empty for none.
func written(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
