package admin

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/factor"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// People gives an administrator a page of the account's users.
//
// Errors: ErrNotAdministrator, user.ErrFilter, user.ErrSearch, user.ErrPage.
func (s *Service) People(ctx context.Context, w *session.Signed, q user.Query) (user.Page, error) {
	if err := Administrator(w.User); err != nil {
		return user.Page{}, err
	}
	return user.Select(ctx, s.DB, w.Account, q, s.Now())
}

// Person is one user as the account's administrators see them.
type Person struct {
	User       user.User
	Owed       account.Owed
	Offers     []account.Offer // of what they could set up
	Devices    []factor.Factor // confirmed ones, oldest first
	Codes      factor.Set
	Sessions   []session.Session // that count, the last used first
	Browsers   []browser.Browser // trusted ones, the last used first
	Keys       []apikey.Key      // the newest first
	KeyDevices map[string]factor.Factor
	SignedInAt time.Time            // the last time; zero if never
	Events     []audit.Event        // the newest that concern them
	People     map[string]user.Name // whom the events name, by id
}

// newest is how many events a person's page shows.
const newest = 10

// Person tells an administrator about a user of their account. offers are what the account's people can set up.
//
// Errors: ErrNotAdministrator, user.ErrNotFound, for users of other accounts too.
func (s *Service) Person(ctx context.Context, w *session.Signed, offers []account.Offer, userID string) (p Person, err error) {
	if p.User, err = s.person(ctx, w, userID); err != nil {
		return p, err
	}
	now, u := s.Now(), p.User
	devices, err := factor.List(ctx, s.DB, u.AccountID, u.ID, now)
	if err != nil {
		return p, err
	}
	for _, d := range devices {
		if d.State == factor.Confirmed {
			p.Devices = append(p.Devices, d)
		}
	}
	standing := u.Standing(len(p.Devices))
	if p.Offers = offers; w.Account.Owes(standing, now).Passkey {
		p.Offers = account.PasskeyOnly(offers)
	}
	standing.NoWay = account.NoWay(p.Offers)
	p.Owed = w.Account.Owes(standing, now)
	if p.Codes, err = factor.BackupCodes(ctx, s.DB, u.AccountID, u.ID); err != nil {
		return p, err
	}
	if p.Sessions, err = session.Alive(ctx, s.DB, w.Account, u, now); err != nil {
		return p, err
	}
	if p.Browsers, err = browser.List(ctx, s.DB, w.Account, u, now); err != nil {
		return p, err
	}
	if p.Keys, err = apikey.List(ctx, s.DB, u); err != nil {
		return p, err
	}
	if p.KeyDevices, err = factor.Machines(ctx, s.DB, u.AccountID, u.ID, now); err != nil {
		return p, err
	}
	last, err := audit.Find(ctx, s.DB, u.AccountID, audit.Filter{Person: u.ID, Actions: []audit.Action{audit.SignedIn}}, "", 1)
	if err != nil {
		return p, err
	}
	if len(last) > 0 {
		p.SignedInAt = last[0].At
	}
	if p.Events, err = audit.Find(ctx, s.DB, u.AccountID, audit.Filter{Person: u.ID}, "", newest); err != nil {
		return p, err
	}
	p.People, err = s.named(ctx, u.AccountID, p.Events)
	return p, err
}

// person reads a user of the administrator's own account.
func (s *Service) person(ctx context.Context, w *session.Signed, userID string) (user.User, error) {
	if err := Administrator(w.User); err != nil {
		return user.User{}, err
	}
	if !named(userID) {
		return user.User{}, user.ErrNotFound
	}
	return user.Get(ctx, s.DB, w.Account.ID, userID)
}

// ExportPeople records that an administrator takes the list with them, and gives it, part by part. format is recorded too.
//
// Errors: ErrNotAdministrator, session.ErrLevel, user.ErrFilter, user.ErrSearch.
func (s *Service) ExportPeople(ctx context.Context, w *session.Signed, q user.Query, format string, by audit.Actor, each func([]user.Listed) error) error {
	if err := acting(w); err != nil {
		return err
	}
	detail := map[string]string{"format": format}
	for name, value := range map[string]string{"search": q.Search, "second_factor": q.SecondFactor, "kind": q.Kind, "role": q.Role, "state": q.State} {
		if value != "" {
			detail[name] = audit.Claim(value)
		}
	}
	q.At = ""
	if _, err := user.Select(ctx, s.DB, w.Account, q, s.Now()); err != nil { // what is refused is no export
		return err
	}
	exported := audit.Record(s.Now(), audit.Event{AccountID: w.Account.ID, Action: audit.UsersExported, Actor: by, Detail: detail})
	if err := s.DB.Run(ctx, append(still(w), exported)...); err != nil {
		return gone(err)
	}
	return user.Export(ctx, s.DB, w.Account, q, s.Now(), each)
}
