package admin

import (
	"context"
	"errors"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/id"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// exportBatch is how many events an export reads at once.
const exportBatch = 500

// AuditQuery is what an administrator looks for in the log, as it was entered. The zero value asks for all.
type AuditQuery struct {
	Action   string
	Group    string // of actions, where no action is named
	Person   string // an e-mail address, or an id
	From, To string // days like 2026-12-31, both included
}

// AuditFilter makes of a query what it asks for.
//
// Errors: ErrNotAdministrator, audit.ErrAction, audit.ErrPerson, audit.ErrDay, audit.ErrPeriod.
func (s *Service) AuditFilter(ctx context.Context, w *session.Signed, q AuditQuery) (f audit.Filter, err error) {
	switch {
	case q.Action != "":
		if err := audit.CheckAction(q.Action); err != nil {
			return f, err
		}
		f.Actions = []audit.Action{audit.Action(q.Action)}
	case q.Group != "":
		if !slices.Contains(audit.Groups(), audit.Group(q.Group)) {
			return f, audit.ErrAction
		}
		all, err := s.AuditActions(ctx, w)
		if err != nil {
			return f, err
		}
		f.Actions = slices.DeleteFunc(all, func(a audit.Action) bool { return a.Group() != audit.Group(q.Group) })
		if len(f.Actions) == 0 {
			f.Actions = []audit.Action{audit.Action(q.Group)} // no action's name: none has happened, and that is what is shown
		}
	}
	if q.Person != "" {
		if f.Person, err = s.AuditPerson(ctx, w, q.Person); err != nil {
			return f, err
		}
	}
	return f, f.SetPeriod(q.From, q.To)
}

// AuditPage is a page of the audit log, newest first.
type AuditPage struct {
	Events  []audit.Event
	People  map[string]user.Name // by id: all that the events name and that are still there
	Actions []audit.Action       // that have happened in the account at all
	Older   string               // the place where the next page begins; "" if this is the last
}

// Audit shows an administrator a page of the account's audit log, of most entries, from the place before on.
//
// Errors: ErrNotAdministrator, audit.ErrPlace.
func (s *Service) Audit(ctx context.Context, w *session.Signed, f audit.Filter, before string, most int) (AuditPage, error) {
	var p AuditPage
	if err := Administrator(w.User); err != nil {
		return p, err
	}
	if err := audit.CheckPlace(before); err != nil {
		return p, err
	}
	var err error
	if p.Actions, err = s.AuditActions(ctx, w); err != nil {
		return p, err
	}
	if p.Events, err = audit.Find(ctx, s.DB, w.Account.ID, f, before, most+1); err != nil {
		return p, err
	}
	if len(p.Events) > most {
		p.Events = p.Events[:most]
		p.Older = p.Events[most-1].ID
	}
	p.People, err = s.named(ctx, w.Account.ID, p.Events)
	return p, err
}

// AuditActions lists what has happened in the account, for the choice of a filter.
func (s *Service) AuditActions(ctx context.Context, w *session.Signed) ([]audit.Action, error) {
	if err := Administrator(w.User); err != nil {
		return nil, err
	}
	return audit.Actions(ctx, s.DB, w.Account.ID)
}

// AuditPerson finds the person that an administrator looks for in the log, by e-mail address or id. An id may be that of somebody
// who is gone.
//
// Errors: ErrNotAdministrator, audit.ErrPerson.
func (s *Service) AuditPerson(ctx context.Context, w *session.Signed, typed string) (userID string, err error) {
	if err := Administrator(w.User); err != nil {
		return "", err
	}
	if _, ok := id.Time("usr", typed); ok {
		return typed, nil
	}
	u, err := user.ByEmail(ctx, s.DB, w.Account.ID, typed)
	if errors.Is(err, user.ErrNotFound) || errors.Is(err, user.ErrEmail) {
		return "", audit.ErrPerson
	}
	return u.ID, err
}

// named looks up everybody whom the events name.
func (s *Service) named(ctx context.Context, accountID string, events []audit.Event) (map[string]user.Name, error) {
	var ids []string
	seen := map[string]bool{"": true}
	for _, e := range events {
		for _, one := range []string{e.Actor.ID, e.Person} {
			if !seen[one] {
				seen[one] = true
				ids = append(ids, one)
			}
		}
	}
	return user.Names(ctx, s.DB, accountID, ids)
}

// ExportAudit hands all events that pass the filter to out, batch by batch, newest first. That they were exported is recorded before the
// first is handed out; out is called once even if there are none.
//
// Errors: ErrNotAdministrator, session.ErrLevel, and those of out.
func (s *Service) ExportAudit(ctx context.Context, w *session.Signed, f audit.Filter, format audit.Format, by audit.Actor, out func([]audit.Event, map[string]audit.Named) error) error {
	if err := acting(w); err != nil {
		return err
	}
	return gone(s.exportAudit(ctx, w.Account.ID, f, format, by, out, still(w)...))
}

// OperatorExportsAudit is ExportAudit for the command line; the zero account stands for what belongs to none.
func (s *Service) OperatorExportsAudit(ctx context.Context, a account.Account, f audit.Filter, format audit.Format, out func([]audit.Event, map[string]audit.Named) error) error {
	return s.exportAudit(ctx, a.ID, f, format, audit.Operator(), out)
}

// exportAudit records the export in one transaction with more.
func (s *Service) exportAudit(
	ctx context.Context, accountID string, f audit.Filter, format audit.Format, by audit.Actor, out func([]audit.Event, map[string]audit.Named) error, more ...db.Stmt,
) error {
	now := s.Now()
	detail := map[string]string{"format": string(format)}
	for i, a := range f.Actions {
		if i > 0 {
			detail["actions"] += " "
		}
		detail["actions"] += string(a)
	}
	if f.Person != "" {
		detail["person"] = f.Person
	}
	for name, at := range map[string]time.Time{"since": f.From, "before": f.To} {
		if !at.IsZero() {
			detail[name] = at.UTC().Format(time.RFC3339)
		}
	}
	exported := audit.Record(now, audit.Event{AccountID: accountID, Action: audit.Exported, Actor: by, Target: accountID, Detail: detail})
	if err := s.DB.Run(ctx, append(more, exported)...); err != nil {
		return err
	}
	for before := ""; ; {
		events, err := audit.Find(ctx, s.DB, accountID, f, before, exportBatch)
		if err != nil {
			return err
		}
		people, err := s.named(ctx, accountID, events)
		if err != nil {
			return err
		}
		named := make(map[string]audit.Named, len(people))
		for userID, n := range people {
			named[userID] = audit.Named(n)
		}
		if err := out(events, named); err != nil || len(events) < exportBatch {
			return err
		}
		before = events[exportBatch-1].ID
	}
}
