package cli

import (
	"encoding/json"
	"time"

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
}

func (c accountCreateCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		n := admin.NewAccount{Slug: c.ShortName, Name: c.Name, Terms: c.of(c.Plan)}
		if c.Owner != "" {
			n.Owner = &admin.Invitee{Email: c.Owner}
		}
		acct, owner, err := a.Admin.CreateAccount(s.ctx, n, audit.Operator())
		if err != nil {
			return near(err, account.ErrPlan, string(c.Plan), a.Config.Plans.Names())
		}
		s.print("Account %s is created. Its people sign in at %s/sign-in?account=%s", acct.Name, a.Config.PublicURL, acct.Slug)
		if owner.ID == "" {
			s.print("Add its owner: sallyport user create %s EMAIL --role owner", acct.Slug)
		} else {
			s.print("The invitation of %s as its owner is queued; a running server mails it. Its link works once, within 7 days.", owner.Email)
		}
		return nil
	})
}

type accountListCmd struct{}

func (accountListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		all, err := account.List(s.ctx, a.DB)
		if err != nil {
			return err
		}
		t := table{head: []string{"SHORT NAME", "NAME", "STATE", "CREATED"}}
		for _, acct := range all {
			t.add(acct.Slug, acct.Name, accountState(acct), day(acct.CreatedAt))
		}
		return t.print(s.Stdout, "There is no account yet. Create one: sallyport account create SHORT-NAME NAME")
	})
}

func accountState(a account.Account) string {
	if a.SuspendedAt.IsZero() {
		return "active"
	}
	return "suspended"
}

type accountShowCmd struct {
	ShortName string `arg:"" help:"The account's short name."`
}

func (c accountShowCmd) Run(s *session) error {
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
		s.print("name:        %s\nshort name:  %s\nid:          %s\nstate:       %s\ncreated:     %s\nusers:       %d, of whom %d have a second factor",
			acct.Name, acct.Slug, acct.ID, accountState(acct), day(acct.CreatedAt), len(users), len(devices))
		plans, now := a.Config.Plans, a.Now()
		s.print("plan:        %s\ntrial:       %s\nmethods:     %s\nexceptions:%s\npolicy:",
			planOf(acct, plans), trialOf(acct, now), methodsOf(acct, plans, now), exceptionsOf(acct, now))
		policy, err := json.MarshalIndent(acct.Policy, "  ", "  ")
		s.print("  %s", policy)
		return err
	})
}

type accountPolicyCmd struct {
	ShortName string   `arg:"" help:"The account's short name."`
	Settings  []string `arg:"" help:"Settings as name=value, for instance clock_tolerance=90s or enforcement=required." placeholder:"NAME=VALUE"`
}

func (c accountPolicyCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		acct, err := account.BySlug(s.ctx, a.DB, c.ShortName)
		if err != nil {
			return err
		}
		was, is, err := a.Admin.OperatorChangesPolicy(s.ctx, acct.ID, c.Settings, audit.Operator())
		if err != nil {
			return err
		}
		s.print("The policy of %s is changed; every server follows it within a second.", is.Name)
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

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.UTC().Format("2 January 2006, 15:04 UTC")
}

type accountSuspendCmd struct {
	ShortName string `arg:"" help:"The account's short name."`
}

func (c accountSuspendCmd) Run(s *session) error {
	return s.setSuspended(c.ShortName, true, "%s is suspended: its people's sessions end within a second, and nobody of it can sign in.")
}

type accountResumeCmd struct {
	ShortName string `arg:"" help:"The account's short name."`
}

func (c accountResumeCmd) Run(s *session) error {
	return s.setSuspended(c.ShortName, false, "%s is active again.")
}

func (s *session) setSuspended(slug string, suspended bool, said string) error {
	return s.with(func(a *app.App) error {
		acct, err := account.BySlug(s.ctx, a.DB, slug)
		if err != nil {
			return err
		}
		if suspended != acct.SuspendedAt.IsZero() {
			s.print("%s is %s already; nothing was changed.", acct.Name, accountState(acct))
			return nil
		}
		if _, err := a.Admin.AlterAccount(s.ctx, acct.ID, account.Change{Suspended: &suspended}, audit.Operator()); err != nil {
			return err
		}
		s.print(said, acct.Name)
		return nil
	})
}
