package cli

import (
	"encoding/json"
	"strings"
	"time"

	"sallyport/client"
	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/user"
)

type accountCmd struct {
	Create    accountCreateCmd   `cmd:"" help:"Create an account."`
	List      accountListCmd     `cmd:"" help:"List all accounts."`
	Show      accountShowCmd     `cmd:"" help:"Show one account with its plan and its policy."`
	SetPolicy accountPolicyCmd   `cmd:"" help:"Change settings of an account's policy."`
	SetPlan   accountPlanCmd     `cmd:"" help:"Put an account on a plan, with a trial or without."`
	Allow     accountAllowCmd    `cmd:"" help:"Let an account use a method beyond its plan or trial, until a day."`
	Disallow  accountDisallowCmd `cmd:"" help:"Take such an exception back."`
	Suspend   accountSuspendCmd  `cmd:"" help:"Keep all of an account's people out."`
	Resume    accountResumeCmd   `cmd:"" help:"Let a suspended account's people in again."`
}

type accountCreateCmd struct {
	ShortName string   `arg:"" help:"Short name, for the sign-in address: small letters, digits, hyphens."`
	Name      string   `arg:"" help:"The organisation's name."`
	Plan      planName `help:"Its plan, one of the settings." default:"default"`
	Owner     string   `help:"The e-mail address of its first owner, who is invited." placeholder:"EMAIL"`
	terms
	overseer
}

func (c accountCreateCmd) Run(s *session) error {
	n := admin.NewAccount{Slug: c.ShortName, Name: c.Name, Terms: c.of(c.Plan)}
	if c.Owner != "" {
		n.Owner = &admin.Invitee{Email: c.Owner}
	}
	return c.on(s, func(in accounts) error {
		a, err := in.create(s.ctx, n)
		if err != nil {
			return err
		}
		s.print("Account %s is created. Its people sign in at %s", a.Name, a.SignInURL)
		if n.Owner == nil {
			s.print("Add its owner: sallyport user create %s EMAIL --role owner", a.Slug)
			return nil
		}
		email, err := user.CanonicalEmail(c.Owner)
		s.print("The invitation of %s as its owner is queued; a running server mails it. Its link works once, within 7 days.", email)
		return err
	})
}

type accountListCmd struct{ overseer }

func (c accountListCmd) Run(s *session) error {
	return c.on(s, func(in accounts) error {
		t := table{head: []string{"SHORT NAME", "NAME", "STATE", "CREATED"}}
		for a, err := range in.all(s.ctx) {
			if err != nil {
				return err
			}
			t.add(a.Slug, a.Name, accountState(a), day(a.CreatedAt))
		}
		return t.print(s.Stdout, "There is no account yet. Create one: sallyport account create SHORT-NAME NAME")
	})
}

func accountState(a client.ManagedAccount) string {
	if a.Suspended {
		return "suspended"
	}
	return "active"
}

type accountShowCmd struct {
	ShortName string `arg:"" help:"The account's short name."`
	overseer
}

// Run shows what the operator may know: of an account at a server, all but its policy, which is its administrators' own.
func (c accountShowCmd) Run(s *session) error {
	if c.named(s) {
		r, err := c.operator(s)
		if err != nil {
			return err
		}
		a, err := away{r}.named(s.ctx, c.ShortName)
		if err != nil {
			return err
		}
		d, err := r.GetManagedAccount(s.ctx, a.ID)
		if err != nil {
			return err
		}
		s.show(d.ManagedAccount, d.People, d.PeopleWithSecondFactor, time.Now())
		return nil
	}
	return s.with(func(a *app.App) error {
		acct, err := account.BySlug(s.ctx, a.DB, c.ShortName)
		if err != nil {
			return err
		}
		users, err := user.List(s.ctx, a.DB, acct.ID)
		if err != nil {
			return err
		}
		devices, err := factor.CountConfirmed(s.ctx, a.DB, acct.ID)
		if err != nil {
			return err
		}
		s.show(managed(a, acct), len(users), len(devices), a.Now())
		switch held, err := a.Channels.HoldsBack(s.ctx, acct.ID); {
		case err != nil:
			return err
		case held:
			s.print("mail:        an administrator chose the mail server: owners and administrators are mailed no new password and no invitation until an owner saves it")
		}
		policy, err := json.MarshalIndent(acct.Policy, "  ", "  ")
		s.print("policy:\n  %s", policy)
		return err
	})
}

// show prints what the operator sees of an account.
func (s *session) show(a client.ManagedAccount, people, ready int, now time.Time) {
	s.print("name:        %s\nshort name:  %s\nid:          %s\nstate:       %s\ncreated:     %s\nusers:       %d, of whom %d have a second factor",
		a.Name, a.Slug, a.ID, accountState(a), day(a.CreatedAt), people, ready)
	s.print("plan:        %s\ntrial:       %s\nmethods:     %s\nexceptions:%s", planOf(a), trialOf(a, now), methodsOf(a), exceptionsOf(a))
}

type accountPolicyCmd struct {
	ShortName string   `arg:"" help:"The account's short name."`
	Settings  []string `arg:"" help:"Settings as name=value, for instance clock_tolerance=90s or enforcement=required." placeholder:"NAME=VALUE"`
	elsewhere
}

func (c accountPolicyCmd) Run(s *session) error {
	if c.named(s) {
		r, err := c.dial(s, c.ShortName)
		if err != nil {
			return err
		}
		return s.changePolicy(r, c.Settings)
	}
	return s.with(func(a *app.App) error {
		acct, err := account.BySlug(s.ctx, a.DB, c.ShortName)
		if err != nil {
			return err
		}
		was, is, err := a.Admin.OperatorChangesPolicy(s.ctx, acct.ID, c.Settings, audit.Operator())
		if err != nil {
			return err
		}
		s.print(policyChanged, is.Name)
		if p, q := was.Policy, is.Policy; p.Enforcement == q.Enforcement && p.EnforcementAdmins == q.EnforcementAdmins && p.GraceDays == q.GraceDays {
			return nil
		}
		day, err := a.Adoption.Count(s.ctx, is)
		if err != nil {
			return err
		}
		s.print("%d of %d people have a second factor; of the others, %d must set one up at their next sign-in, %d by the end of their grace, %d need not.",
			day.Ready, day.People(), day.Overdue, day.Grace, day.Free)
		return nil
	})
}

const policyChanged = "The policy of %s is changed; every server follows it within a second."

// changePolicy changes settings of a policy at a server. What is wrong with them is said here, in the words of the database; whether they
// may be changed, the server says. Only these settings are sent: what somebody else changes at the same moment stays.
func (s *session) changePolicy(r *client.Client, settings []string) error {
	is, err := r.GetAccount(s.ctx)
	if err != nil {
		return err
	}
	was, err := r.GetPolicy(s.ctx)
	if err != nil {
		return err
	}
	p := account.Default()
	if err := convert(was, &p); err != nil {
		return err
	}
	if p, err = p.With(settings...); err != nil {
		return err
	}
	var all map[string]any
	if err := convert(p, &all); err != nil {
		return err
	}
	named := map[string]any{}
	for _, setting := range settings {
		name, _, _ := strings.Cut(setting, "=")
		if named[name] = all[name]; all[name] == nil {
			named[name] = []string{} // a list of nothing
		}
	}
	var change client.PolicyChange
	if err := convert(named, &change); err != nil {
		return err
	}
	if _, err := r.UpdatePolicy(s.ctx, change); err != nil {
		return err
	}
	s.print(policyChanged, is.Name)
	return nil
}

// convert gives out the members that in has, by their names in JSON.
func convert(in, out any) error {
	raw, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, out)
}

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

type accountSuspendCmd struct {
	ShortName string `arg:"" help:"The account's short name."`
	overseer
}

func (c accountSuspendCmd) Run(s *session) error {
	return c.suspend(s, c.ShortName, true, "%s is suspended: its people's sessions end within a second, and nobody of it can sign in.")
}

type accountResumeCmd struct {
	ShortName string `arg:"" help:"The account's short name."`
	overseer
}

func (c accountResumeCmd) Run(s *session) error {
	return c.suspend(s, c.ShortName, false, "%s is active again.")
}

func (o overseer) suspend(s *session, slug string, suspended bool, said string) error {
	return o.account(s, slug, func(in accounts, a client.ManagedAccount) error {
		if suspended == a.Suspended {
			s.print("%s is %s already; nothing was changed.", a.Name, accountState(a))
			return nil
		}
		if _, err := in.alter(s.ctx, a.ID, account.Change{Suspended: &suspended}); err != nil {
			return err
		}
		s.print(said, a.Name)
		return nil
	})
}
