package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/user"
)

type auditCmd struct {
	List   auditListCmd   `cmd:"" help:"List an account's latest events, or those that belong to no account."`
	Export auditExportCmd `cmd:"" help:"Write an account's events as CSV or JSON; that it was done is recorded."`
	Verify auditVerifyCmd `cmd:"" help:"Look whether any recorded event was changed, taken away or added since it was sealed."`
}

// chosen are the flags that choose events.
type chosen struct {
	Account string   `arg:"" optional:"" help:"The account's short name; without one, what belongs to no account."`
	Action  []string `help:"Only these actions, such as session.signed_in." placeholder:"ACTION"`
	Person  string   `help:"Only what this user did, or what concerns them: an e-mail address." placeholder:"EMAIL"`
	From    string   `help:"The first day (UTC), like 2026-01-31." placeholder:"DATE"`
	To      string   `help:"The last day (UTC), like 2026-12-31." placeholder:"DATE"`
}

// on finds the account and the filter that are meant; the zero account stands for none.
func (c chosen) on(s *session, a *app.App) (acct account.Account, f audit.Filter, err error) {
	if c.Account != "" {
		if acct, err = account.BySlug(s.ctx, a.DB, c.Account); err != nil {
			return acct, f, err
		}
	}
	for _, name := range c.Action {
		if err := audit.CheckAction(name); err != nil {
			return acct, f, err
		}
		f.Actions = append(f.Actions, audit.Action(name))
	}
	if c.Person != "" {
		u, err := user.ByEmail(s.ctx, a.DB, acct.ID, c.Person)
		if err != nil {
			return acct, f, err
		}
		f.Person = u.ID
	}
	return acct, f, f.SetPeriod(c.From, c.To)
}

type auditListCmd struct {
	chosen
	Limit int `help:"How many events at most." default:"50"`
}

func (c auditListCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		acct, f, err := c.on(s, a)
		if err != nil {
			return err
		}
		events, err := audit.Find(s.ctx, a.DB, acct.ID, f, "", max(1, c.Limit))
		if err != nil {
			return err
		}
		var ids []string
		for _, e := range events {
			ids = append(ids, e.Actor.ID, e.Person)
		}
		named, err := user.Names(s.ctx, a.DB, acct.ID, ids)
		if err != nil {
			return err
		}
		email := func(userID string) string {
			if n, there := named[userID]; there {
				return n.Email
			}
			return userID
		}
		t := table{head: []string{"WHEN", "WHAT", "WHO", "WHOM", "FROM", "DETAIL"}}
		for _, e := range events {
			t.add(e.At.UTC().Format(time.DateTime), string(e.Action), email(e.Actor.ID), email(e.Person), origin(e.Actor.Kind, e.Actor.Address), details(e.Detail))
		}
		return t.print(s.Stdout, "No events.")
	})
}

// origin says from where an event came.
func origin(by audit.ActorKind, address string) string {
	if by == audit.KindOperator {
		return "command line"
	}
	return address
}

type auditExportCmd struct {
	chosen
	Format string `help:"csv or json." default:"csv" enum:"csv,json"`
	File   string `help:"Write to this new file instead of the standard output; nobody else can read it." type:"path" placeholder:"FILE"`
}

func (c auditExportCmd) Run(s *session) error {
	return s.with(func(a *app.App) (err error) {
		acct, f, err := c.on(s, a)
		if err != nil {
			return err
		}
		var out io.Writer = s.Stdout
		if c.File != "" {
			file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if errors.Is(err, os.ErrExist) {
				return fmt.Errorf("%s exists already; it is not overwritten", c.File)
			}
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, file.Close()) }()
			out = file
		}
		format, err := audit.ParseFormat(c.Format)
		if err != nil {
			return err
		}
		x := audit.NewExporter(out, format)
		if err := a.Admin.OperatorExportsAudit(s.ctx, acct, f, format, x.Write); err != nil {
			return err
		}
		return x.End()
	})
}

type auditVerifyCmd struct {
	Account string `arg:"" optional:"" help:"The account's short name; without one, every account and what belongs to none."`
	Head    string `help:"An end of the account's chain that was printed earlier and kept elsewhere: the chain must still go through it." placeholder:"NUMBER:HASH"`
}

// errChanged gives the exit code; what is wrong was printed.
var errChanged = errors.New("the record is not as the servers wrote it")

func (c auditVerifyCmd) Run(s *session) error {
	if c.Head != "" && c.Account == "" {
		return usage{errors.New("an end of a chain belongs to one account: name it")}
	}
	return s.with(func(a *app.App) error {
		var kept audit.Kept
		if c.Head != "" {
			var err error
			if kept, err = audit.ParseKept(c.Head); err != nil {
				return err
			}
		}
		accounts, err := account.List(s.ctx, a.DB)
		if err != nil {
			return err
		}
		names := map[string]string{"": "(no account)"}
		for _, acct := range accounts {
			names[acct.ID] = acct.Slug
		}
		chains, err := a.Audit.Chains(s.ctx)
		if c.Account != "" {
			var acct account.Account
			acct, err = account.BySlug(s.ctx, a.DB, c.Account)
			chains = []string{acct.ID}
		}
		if err != nil {
			return err
		}
		good := true
		for _, accountID := range chains {
			r, err := a.Audit.Verify(s.ctx, accountID, kept)
			if err != nil {
				return err
			}
			name, known := names[accountID]
			if !known {
				name = accountID // of an account that is not there
			}
			s.report(name, r)
			good = good && len(r.Faults) == 0
		}
		if !good {
			return errChanged
		}
		return nil
	})
}

// report prints what was found in one chain.
func (s *session) report(name string, r audit.Report) {
	verdict := "good"
	if len(r.Faults) > 0 {
		verdict = "BAD"
	}
	s.print("%s: %s; %d events in %d batches", name, verdict, r.Events, r.Batches)
	for i, f := range r.Faults {
		if i == 20 {
			s.print("  … and %d more", len(r.Faults)-i)
			break
		}
		where := fmt.Sprintf("batch %d", f.Seq)
		if !f.From.IsZero() || !f.To.IsZero() {
			where += fmt.Sprintf(" (%s to %s)", moment(f.From), moment(f.To))
		}
		if i == 0 {
			where = "first bad: " + where
		}
		s.print("  %s: %s%s", where, f.What, few(f.Events))
	}
	if len(r.Late) > 0 {
		var ids []string
		for _, l := range r.Late {
			ids = append(ids, l.ID)
		}
		s.print("  sealed late, but within %s: %d events%s", audit.LateFor, len(r.Late), few(ids))
	}
	if r.Waiting > 0 {
		s.print("  not sealed yet: %d events since %s", r.Waiting, moment(r.WaitingSince))
	}
	if r.Behind {
		s.print("  Events are sealed by a running server, a few minutes after they happen; none has done so for an hour or more.")
	}
	if r.Head.Seq > 0 {
		s.print("  sealed since %s\n  head %s", moment(r.Began), r.Head)
	}
}

// few names some ids.
func few(ids []string) string {
	switch {
	case len(ids) == 0:
		return ""
	case len(ids) > 5:
		return fmt.Sprintf(": %s and %d more", strings.Join(ids[:5], ", "), len(ids)-5)
	}
	return ": " + strings.Join(ids, ", ")
}

func moment(at time.Time) string {
	if at.IsZero() {
		return "an unknown time"
	}
	return at.UTC().Format(time.DateTime) + " UTC"
}
