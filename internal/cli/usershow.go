package cli

import (
	"fmt"
	"strings"
	"time"

	"sallyport/client"
	"sallyport/internal/account"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/factor"
	"sallyport/internal/user"
)

// userState says in which states a user is.
func userState(a account.Account, u user.User, now time.Time) string {
	return said(user.StatesOf(a, u, now))
}

// said are states in words.
func said[T ~string](states []T) string {
	words := map[user.State]string{user.Locked: "locked", user.Invited: "invited", user.SetUp: "must set up", user.Grace: "in grace", user.Overdue: "overdue"}
	var all []string
	for _, state := range states {
		all = append(all, words[user.State(state)])
	}
	if len(all) == 0 {
		return "active"
	}
	return strings.Join(all, ", ")
}

type userShowCmd struct {
	who
	elsewhere
}

func (c userShowCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, s.showUser)
	}
	return c.on(s, func(a *app.App, acct account.Account, u user.User) error {
		devices, err := factor.List(s.ctx, a.DB, u.AccountID, u.ID, a.Now())
		if err != nil {
			return err
		}
		set, err := factor.BackupCodes(s.ctx, a.DB, u.AccountID, u.ID)
		if err != nil {
			return err
		}
		s.sayUser(client.User{ID: u.ID, Email: u.Email, Name: u.Name, Role: string(u.Role), ExternalID: u.ExternalID, CreatedAt: u.CreatedAt}, acct.Name, userState(acct, u, a.Now()), set.Left)
		t := table{head: []string{"DEVICE", "KIND", "STATE", "ADDED", "LAST USED", "WRONG CODES IN A ROW"}}
		for _, f := range devices {
			t.add(f.Name, string(f.Kind), string(f.State), day(f.AddedAt), day(f.LastUsedAt), fmt.Sprint(f.Failures))
		}
		if err := t.print(s.Stdout, noDevice); err != nil {
			return err
		}
		events, err := audit.Find(s.ctx, a.DB, u.AccountID, audit.Filter{Person: u.ID}, "", latest)
		if err != nil {
			return err
		}
		t = table{}
		for _, e := range events {
			t.add(day(e.At), string(e.Action), origin(e.Actor.Kind, e.Actor.Address), details(e.Detail))
		}
		return s.sayEvents(t)
	})
}

// showUser shows what administrators see of a user: of devices those that are confirmed, and whether wrong codes have locked them.
func (s *session) showUser(r *client.Client, u client.User) error {
	acct, err := r.GetAccount(s.ctx)
	if err != nil {
		return err
	}
	d, err := r.GetUser(s.ctx, u.ID)
	if err != nil {
		return err
	}
	events, err := r.ListAuditEvents(s.ctx, client.AuditQuery{Person: u.ID, Page: client.Page{Limit: latest}})
	if err != nil {
		return err
	}
	left := 0
	if d.BackupCodes != nil {
		left = d.BackupCodes.Left
	}
	s.sayUser(d.User, acct.Name, said(d.States), left)
	t := table{head: []string{"DEVICE", "KIND", "STATE", "ADDED", "LAST USED"}}
	for _, f := range d.Devices {
		state := string(factor.Confirmed)
		if f.Locked {
			state = "locked"
		}
		t.add(f.Name, f.Kind, state, day(f.ConfirmedAt), day(f.LastUsedAt))
	}
	if err := t.print(s.Stdout, noDevice); err != nil {
		return err
	}
	t = table{}
	for _, e := range events.Items {
		t.add(day(e.At), e.Action, origin(audit.ActorKind(e.By), e.Address), details(e.Detail))
	}
	return s.sayEvents(t)
}

const (
	noDevice = "No device: two-factor sign-in is off."
	latest   = 20 // events
)

// sayUser prints who a user is.
func (s *session) sayUser(u client.User, in, state string, codes int) {
	s.print("e-mail:   %s\nname:     %s\nrole:     %s of %s\nid:       %s\nstate:    %s\ncreated:  %s", u.Email, u.Name, u.Role, in, u.ID, state, day(u.CreatedAt))
	if u.ExternalID != "" {
		s.print("external: %s", u.ExternalID)
	}
	s.print("backup codes left: %d\n", codes)
}

// sayEvents prints the latest events that concern a user.
func (s *session) sayEvents(t table) error {
	t.head = []string{"WHEN", "WHAT", "FROM", "DETAIL"}
	s.print("")
	return t.print(s.Stdout, "No events.")
}
