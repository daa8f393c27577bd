package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"sallyport/client"
	"sallyport/internal/account"
	"sallyport/internal/config"
	"sallyport/internal/errs"
)

// lastDay is a day on the command line, and as a time its end in UTC: what lasts until
// then has the whole day.
type lastDay struct{ time.Time }

// UnmarshalText reads a day like 2026-12-31.
func (d *lastDay) UnmarshalText(text []byte) error {
	day, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%q is not a day like 2026-12-31", text)
	}
	d.Time = day.AddDate(0, 0, 1)
	return nil
}

// until writes an end as lastDay reads it, and in full if it is not the end of a day.
func until(end time.Time) string {
	end = end.UTC()
	if end.Equal(end.Truncate(24 * time.Hour)) {
		return end.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return end.Format(time.RFC3339)
}

// planName names a plan on the command line.
type planName string

// UnmarshalText refuses the name of none: a script with an empty variable must not put an
// account on the default plan by accident.
func (p *planName) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errors.New("no plan is named; " + account.DefaultPlan + " stands for the default plan")
	}
	*p = planName(text)
	return nil
}

// terms are the flags of an account's plan that have the same form everywhere.
type terms struct {
	TrialUntil lastDay `help:"The last day of the account's trial (UTC), like 2026-12-31; without it there is no trial." placeholder:"DATE"`
}

func (t terms) of(plan planName) account.Terms {
	return account.Terms{Plan: string(plan), TrialEndsAt: t.TrialUntil.Time}
}

type accountPlanCmd struct {
	ShortName string   `arg:"" help:"The account's short name."`
	Plan      planName `arg:"" help:"A plan of the settings; default is the one that default_plan names, whichever that will be."`
	terms
	overseer
}

func (c accountPlanCmd) Run(s *session) error {
	t := c.of(c.Plan)
	return c.alter(s, c.ShortName, account.Change{Plan: &t.Plan, TrialEndsAt: &t.TrialEndsAt}, s.sayPlan)
}

// sayPlan prints what an account has after a change.
func (s *session) sayPlan(a client.ManagedAccount) {
	s.print("%s has the plan %s, trial: %s. It may use %s.", a.Name, planOf(a), trialOf(a, time.Now()), methodsOf(a))
}

type accountAllowCmd struct {
	ShortName string  `arg:"" help:"The account's short name."`
	Method    string  `arg:"" help:"The method: totp, passkey, sms or email."`
	Until     lastDay `help:"The last day on which it is allowed (UTC), like 2026-12-31; two years from now at most." required:"" placeholder:"DATE"`
	Reason    string  `help:"Why; it stands in the audit log." required:""`
	overseer
}

func (c accountAllowCmd) Run(s *session) error {
	m, err := method(c.Method)
	if err != nil {
		return err
	}
	g := account.Allowance{Method: m, Reason: c.Reason, Until: c.Until.Time}
	return c.alter(s, c.ShortName, account.Change{Allow: []account.Allowance{g}}, func(a client.ManagedAccount) {
		s.print("%s may use %s until %s, whatever its plan.", a.Name, m, until(g.Until))
	})
}

type accountDisallowCmd struct {
	ShortName string `arg:"" help:"The account's short name."`
	Method    string `arg:"" help:"The method: totp, passkey, sms or email."`
	overseer
}

func (c accountDisallowCmd) Run(s *session) error {
	m, err := method(c.Method)
	if err != nil {
		return err
	}
	return c.alter(s, c.ShortName, account.Change{Disallow: []account.Method{m}}, func(a client.ManagedAccount) {
		s.print("The exception for %s is taken back.", m)
		s.sayPlan(a)
	})
}

// method reads a method's name, and suggests one for a misspelt one.
func method(name string) (account.Method, error) {
	var known []string
	for _, m := range account.Methods() {
		known = append(known, string(m))
	}
	m, err := account.ParseMethod(name)
	return m, near(err, account.ErrMethod, name, known)
}

// near adds to the error that refuses a name which known name is most like it.
func near(err error, refusal *errs.Error, name string, known []string) error {
	if best := config.Nearest(name, known); best != "" && errors.Is(err, refusal) {
		e := errs.From(err)
		return e.Saying(e.Message + " Did you mean " + best + "?")
	}
	return err
}

// planOf says which plan an account has.
func planOf(a client.ManagedAccount) string {
	text := a.Plan
	if a.DefaultPlan {
		text += " (the default)"
	}
	if !a.PlanKnown {
		text += ", which is not in the settings and counts as the smallest"
	}
	return text
}

func trialOf(a client.ManagedAccount, now time.Time) string {
	switch {
	case a.TrialEndsAt.IsZero():
		return "none"
	case now.Before(a.TrialEndsAt):
		return "until " + until(a.TrialEndsAt)
	default:
		return "until " + until(a.TrialEndsAt) + ", which is over"
	}
}

// exceptionsOf lists the exceptions that were made for an account, those that have ended too.
func exceptionsOf(a client.ManagedAccount) string {
	var b strings.Builder
	for _, g := range a.Exceptions {
		over := ""
		if !g.Runs {
			over = ", which is over"
		}
		fmt.Fprintf(&b, "\n  %s until %s%s: %s (by %s, %s)", g.Method, until(g.Until), over, g.Reason, g.By, day(g.At))
	}
	return cmp.Or(b.String(), "  none")
}

// methodsOf lists what an account may use now.
func methodsOf(a client.ManagedAccount) string {
	var names []string
	for _, m := range a.Methods {
		switch {
		case m.Why == string(account.ByException):
			names = append(names, m.Method+" (by exception until "+until(m.Until)+")")
		case m.Allowed:
			names = append(names, m.Method)
		}
	}
	return strings.Join(names, ", ")
}
