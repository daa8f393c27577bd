package cli

import (
	"strings"
	"time"

	"sallyport/client"
	"sallyport/internal/account"
	"sallyport/internal/app"
	"sallyport/internal/browser"
	"sallyport/internal/place"
	signed "sallyport/internal/session"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

type userSessionsCmd struct {
	who
	elsewhere
}

// Run lists sessions. Places are known where the location database is: at a server, the list is without them.
func (c userSessionsCmd) Run(s *session) error {
	t := table{head: []string{"BROWSER", "ADDRESS", "SIGNED IN", "LAST USED", "BY", "SESSION"}}
	add := func(agent string, at place.Place, address string, begun, used time.Time, amr []string, id string) error {
		words, err := browser.Words(texts.In(texts.English), agent, at)
		t.add(words, address, day(begun), day(used), strings.Join(amr, " "), id)
		return err
	}
	const nowhere = "This user is signed in nowhere."
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			d, err := r.GetUser(s.ctx, u.ID)
			if err != nil {
				return err
			}
			for _, one := range d.Sessions {
				if err := add(one.UserAgent, place.Place{}, one.Address, one.SignedInAt, one.LastSeenAt, one.AMR, one.ID); err != nil {
					return err
				}
			}
			return t.print(s.Stdout, nowhere)
		})
	}
	return c.on(s, func(a *app.App, acct account.Account, u user.User) error {
		list, err := signed.Alive(s.ctx, a.DB, acct, u, a.Now())
		if err != nil {
			return err
		}
		for _, one := range list {
			if err := add(one.UserAgent, a.Places.Of(one.Address), one.Address, one.SignedInAt, one.LastSeenAt, one.AMR, one.ID); err != nil {
				return err
			}
		}
		return t.print(s.Stdout, nowhere)
	})
}

type userEndSessionsCmd struct {
	who
	elsewhere
	Session string `help:"Only the session with this id, as the command sessions lists it; else all of them." placeholder:"ID"`
}

func (c userEndSessionsCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			if c.Session != "" {
				if err := r.EndUserSession(s.ctx, u.ID, c.Session); err != nil {
					return err
				}
				s.print("That session of %s ends within a second.", u.Email)
				return nil
			}
			if err := r.EndUserSessions(s.ctx, u.ID); err != nil {
				return err
			}
			s.print("All sessions of %s end within a second, and no browser of theirs is trusted any more. They may sign in again.", u.Email)
			return nil
		})
	}
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		if err := a.Admin.OperatorEndSessions(s.ctx, u, c.Session); err != nil {
			return err
		}
		if c.Session != "" {
			s.print("That session of %s ends within a second.", u.Email)
			return nil
		}
		s.print("All sessions of %s end within a second, and no browser of theirs is trusted any more. They may sign in again.", u.Email)
		return nil
	})
}

type userBrowsersCmd struct {
	who
	elsewhere
}

// Run lists trusted browsers, at a server without their places too.
func (c userBrowsersCmd) Run(s *session) error {
	t := table{head: []string{"BROWSER", "NAME", "ADDRESS", "TRUSTED", "LAST USED", "UNTIL", "ID"}}
	const none = "This user trusts no browser."
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			d, err := r.GetUser(s.ctx, u.ID)
			if err != nil {
				return err
			}
			for _, b := range d.TrustedBrowsers {
				words, err := browser.Environment{Browser: b.Browser, System: b.System}.Words(texts.In(texts.English))
				if err != nil {
					return err
				}
				t.add(words, b.Name, b.Address, day(b.TrustedAt), day(b.LastUsedAt), day(b.ExpiresAt), b.ID)
			}
			return t.print(s.Stdout, none)
		})
	}
	return c.on(s, func(a *app.App, acct account.Account, u user.User) error {
		list, err := browser.List(s.ctx, a.DB, acct, u, a.Now())
		if err != nil {
			return err
		}
		for _, b := range list {
			words, err := browser.Words(texts.In(texts.English), b.UserAgent, a.Places.Of(b.Address))
			if err != nil {
				return err
			}
			t.add(words, b.Name, b.Address, day(b.TrustedAt), day(b.LastUsedAt), day(b.ExpiresAt), b.ID)
		}
		return t.print(s.Stdout, none)
	})
}

type userEndBrowsersCmd struct {
	who
	elsewhere
	Browser string `help:"Only in the browser with this id, as the command browsers lists it; else in all of them." placeholder:"ID"`
}

func (c userEndBrowsersCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			if c.Browser != "" {
				if err := r.EndUserBrowser(s.ctx, u.ID, c.Browser); err != nil {
					return err
				}
				s.print("That browser of %s is not trusted any more: the next sign-in in it asks for a code.", u.Email)
				return nil
			}
			if err := r.EndUserBrowsers(s.ctx, u.ID); err != nil {
				return err
			}
			s.print("No browser of %s is trusted any more: the next sign-in in each asks for a code.", u.Email)
			return nil
		})
	}
	return c.on(s, func(a *app.App, acct account.Account, u user.User) error {
		if err := a.Admin.OperatorEndBrowsers(s.ctx, acct, u, c.Browser); err != nil {
			return err
		}
		if c.Browser != "" {
			s.print("That browser of %s is not trusted any more: the next sign-in in it asks for a code.", u.Email)
			return nil
		}
		s.print("No browser of %s is trusted any more: the next sign-in in each asks for a code.", u.Email)
		return nil
	})
}
