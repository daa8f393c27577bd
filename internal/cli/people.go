package cli

import (
	"sallyport/client"
	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/app"
	"sallyport/internal/user"
)

type userInviteCmd struct {
	who
	elsewhere
	Role string `help:"owner, admin or member." default:"member" enum:"owner,admin,member"`
	Name string `help:"The person's name."`
}

func (c userInviteCmd) Run(s *session) error {
	if c.named(s) {
		r, err := c.dial(s, c.Account)
		if err != nil {
			return err
		}
		u, err := r.InviteUser(s.ctx, client.InviteUserRequest{Email: c.Email, Name: c.Name, Role: c.Role})
		if err != nil {
			return err
		}
		s.print("The invitation of %s as %s of %s is on its way. Its link works once, within 7 days.", u.Email, u.Role, c.Account)
		return nil
	}
	return s.with(func(a *app.App) error {
		acct, err := account.BySlug(s.ctx, a.DB, c.Account)
		if err != nil {
			return err
		}
		u, err := a.Admin.OperatorInvite(s.ctx, acct.ID, admin.Invitee{Email: c.Email, Name: c.Name, Role: user.Role(c.Role)})
		if err != nil {
			return err
		}
		s.print("The invitation of %s as %s of %s is queued; a running server mails it. Its link works once, within 7 days.", u.Email, u.Role, acct.Name)
		return nil
	})
}

type userRoleCmd struct {
	who
	elsewhere
	Role string `arg:"" help:"owner, admin or member." enum:"owner,admin,member"`
}

func (c userRoleCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			if u.Role == c.Role {
				s.print("%s is %s of %s already; nothing was changed.", u.Email, u.Role, c.Account)
				return nil
			}
			if _, err := r.UpdateUser(s.ctx, u.ID, client.UpdateUserRequest{Role: &c.Role}); err != nil {
				return err
			}
			s.print("%s is %s of %s from now on; their sessions end within a second.", u.Email, c.Role, c.Account)
			return nil
		})
	}
	return c.on(s, func(a *app.App, acct account.Account, u user.User) error {
		if u.Role == user.Role(c.Role) {
			s.print("%s is %s of %s already; nothing was changed.", u.Email, u.Role, acct.Name)
			return nil
		}
		if err := a.Admin.OperatorSetRole(s.ctx, u, user.Role(c.Role)); err != nil {
			return err
		}
		s.print("%s is %s of %s from now on; their sessions end within a second.", u.Email, c.Role, acct.Name)
		return nil
	})
}

type userExternalCmd struct {
	who
	elsewhere
	ID string `arg:"" help:"The program’s id of the user; \"\" for none."`
}

func (c userExternalCmd) Run(s *session) error {
	link := func(email, was string, change func() error) error {
		if was == c.ID {
			s.print("It is so already; nothing was changed.")
			return nil
		}
		if err := change(); err != nil {
			return err
		}
		if c.ID == "" {
			s.print("No program knows %s by an id from now on; their sessions end within a second.", email)
		} else {
			s.print("A program asks for the second factor of %s as %s from now on; their sessions end within a second.", email, c.ID)
		}
		return nil
	}
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			return link(u.Email, u.ExternalID, func() error {
				_, err := r.UpdateUser(s.ctx, u.ID, client.UpdateUserRequest{ExternalID: &c.ID})
				return err
			})
		})
	}
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		return link(u.Email, u.ExternalID, func() error { return a.Admin.OperatorLink(s.ctx, u, c.ID) })
	})
}

type userRemoveCmd struct {
	who
	elsewhere
}

func (c userRemoveCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			if err := r.RemoveUser(s.ctx, u.ID); err != nil {
				return err
			}
			s.print("%s no longer belongs to %s; their sessions end within a second. The audit log stays.", u.Email, c.Account)
			return nil
		})
	}
	return c.on(s, func(a *app.App, acct account.Account, u user.User) error {
		if err := a.Admin.OperatorRemove(s.ctx, u); err != nil {
			return err
		}
		s.print("%s no longer belongs to %s; their sessions end within a second. The audit log stays.", u.Email, acct.Name)
		return nil
	})
}

type userCodeCmd struct {
	who
	elsewhere
	Reason string `help:"Why; it stands in the audit log." required:""`
}

func (c userCodeCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			g, err := r.IssueBackupCode(s.ctx, u.ID, c.Reason)
			if err != nil {
				return err
			}
			s.print("%s", g.Code)
			s.print("It works once, until %s, together with the password of %s. It is shown only now.", day(g.ExpiresAt), u.Email)
			return nil
		})
	}
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		g, err := a.Admin.OperatorGiveCode(s.ctx, u, c.Reason)
		if err != nil {
			return err
		}
		s.print("%s", g.Code)
		s.print("It works once, until %s, together with the password of %s. It is shown only now.", day(g.Ends), u.Email)
		return nil
	})
}
