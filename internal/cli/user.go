package cli

import (
	"strings"

	"sallyport/client"
	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

type userCmd struct {
	Create         userCreateCmd      `cmd:"" help:"Create a user; the password is prompted for."`
	List           userListCmd        `cmd:"" help:"List an account's users."`
	Show           userShowCmd        `cmd:"" help:"Show one user with the devices and the latest events."`
	ResetTwoFactor userResetCmd       `cmd:"" help:"End a user's devices, backup codes and sessions; the next sign-in demands a new device."`
	ImportDevice   userImportCmd      `cmd:"" help:"Bring a user's authenticator app from another product, by its otpauth link."`
	SetPassword    userPasswordCmd    `cmd:"" help:"Give a user a new password, which is prompted for; the second factor stays."`
	SetEmail       userEmailCmd       `cmd:"" help:"Give a user another e-mail address to sign in with; the old one is told."`
	Sessions       userSessionsCmd    `cmd:"" help:"List the sessions in which a user is signed in."`
	EndSessions    userEndSessionsCmd `cmd:"" help:"End one session of a user, or all of them with the trust in all browsers; the user is told."`
	Browsers       userBrowsersCmd    `cmd:"" help:"List the browsers that a user trusts: no code is asked for in them."`
	EndBrowsers    userEndBrowsersCmd `cmd:"" help:"End the trust in one browser of a user, or in all; the user is told."`
	APIKeys        userKeysCmd        `cmd:"" name:"api-keys" help:"List a user's API keys."`
	NewAPIKey      userNewKeyCmd      `cmd:"" name:"new-api-key" help:"Make an API key for a user, with any scope, and print it once; the user is told."`
	EndAPIKeys     userEndKeysCmd     `cmd:"" name:"end-api-keys" help:"End one API key of a user, or all; the user is told."`
	Lock           userLockCmd        `cmd:"" help:"End a user's sessions and keep them out."`
	Unlock         userUnlockCmd      `cmd:"" help:"Let a locked user in again."`
	Invite         userInviteCmd      `cmd:"" help:"Invite somebody by mail; a link in it lets them choose a password."`
	SetRole        userRoleCmd        `cmd:"" help:"Give a user another role."`
	SetExternalID  userExternalCmd    `cmd:"" name:"set-external-id" help:"Note what a program calls a user whose password it keeps itself."`
	Remove         userRemoveCmd      `cmd:"" help:"Take a user off the account for good; the audit log stays."`
	BackupCode     userCodeCmd        `cmd:"" help:"Give out a fresh backup code for a user: once, for an hour."`
}

// who names a user on the command line.
type who struct {
	Account string `arg:"" help:"The account's short name."`
	Email   string `arg:"" help:"The user's e-mail address."`
}

// on runs fn on the user that w names.
func (w who) on(s *session, fn func(*app.App, account.Account, user.User) error) error {
	return s.with(func(a *app.App) error {
		acct, err := account.BySlug(s.ctx, a.DB, w.Account)
		if err != nil {
			return err
		}
		u, err := user.ByEmail(s.ctx, a.DB, acct.ID, w.Email)
		if err != nil {
			return err
		}
		return fn(a, acct, u)
	})
}

type userCreateCmd struct {
	who
	Role         string `help:"owner, admin or member." default:"member" enum:"owner,admin,member"`
	Name         string `help:"The person's name."`
	PasswordFile string `help:"Read the password from the first line of this file (- is the standard input) instead of prompting." placeholder:"FILE" xor:"secret"`
	HashFile     string `help:"Read a password hash brought from elsewhere instead: Argon2, bcrypt, scrypt or PBKDF2. It is renewed at the first sign-in." placeholder:"FILE" xor:"secret"`
}

func (c userCreateCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		acct, err := account.BySlug(s.ctx, a.DB, c.Account)
		if err != nil {
			return err
		}
		if _, err := user.CanonicalEmail(c.Email); err != nil {
			return err
		}
		n := admin.NewUser{Email: c.Email, Name: c.Name, Role: user.Role(c.Role)}
		if c.HashFile != "" {
			n.PasswordHash, err = s.secret("password hash", c.HashFile)
		} else {
			n.Password, err = s.newPassword(c.PasswordFile)
		}
		if err != nil {
			return err
		}
		u, err := a.Admin.CreateUser(s.ctx, acct, n, audit.Operator())
		if err != nil {
			return err
		}
		s.print("User %s is created as %s of %s.", u.Email, u.Role, acct.Name)
		return nil
	})
}

type userListCmd struct {
	elsewhere
	Account      string `arg:"" help:"The account's short name."`
	Search       string `help:"Only those with these words, or their beginnings, in name or address." placeholder:"WORDS"`
	SecondFactor string `help:"Only those with or without a second factor: on or off." enum:",on,off" default:""`
	Kind         string `help:"Only those with a device of this kind: totp, passkey, sms or email." enum:",totp,passkey,sms,email" default:""`
	Role         string `help:"Only owners, admins or members: owner, admin or member." enum:",owner,admin,member" default:""`
	State        string `help:"Only those who are locked, invited, must set_up, are in grace or overdue." enum:",locked,invited,set_up,grace,overdue" default:""`
	Sort         string `help:"The order: email, name, second_factor or added." enum:"email,name,second_factor,added" default:"email"`
	Descending   bool   `help:"The other way round."`
}

func (c userListCmd) Run(s *session) error {
	if c.named(s) {
		sort := c.Sort
		if c.Descending {
			sort = "-" + sort
		}
		return c.list(s, c.Account, client.UserQuery{Search: c.Search, SecondFactor: c.SecondFactor, Kind: c.Kind, Role: c.Role, State: c.State, Sort: sort})
	}
	return s.with(func(a *app.App) error {
		acct, err := account.BySlug(s.ctx, a.DB, c.Account)
		if err != nil {
			return err
		}
		q := user.Query{
			Search: c.Search, SecondFactor: c.SecondFactor, Kind: c.Kind, Role: c.Role, State: c.State, Sort: c.Sort, Descending: c.Descending,
		}
		t := table{head: []string{"E-MAIL", "ROLE", "NAME", "STATE", "SECOND FACTOR", "SINCE", "LAST USED"}}
		err = user.Export(s.ctx, a.DB, acct, q, a.Now(), func(part []user.Listed) error {
			for _, u := range part {
				t.add(u.Email, string(u.Role), u.Name, userState(acct, u.User, a.Now()), strings.Join(strings.Fields(u.TwoFactorKinds), ", "), day(u.TwoFactorSince), day(u.LastUsed))
			}
			return nil
		})
		if err != nil {
			return err
		}
		if q.Narrowed() {
			return t.print(s.Stdout, "Nobody is found.")
		}
		return t.print(s.Stdout, "This account has no users yet. Create its owner: sallyport user create "+acct.Slug+" EMAIL --role owner")
	})
}

type userResetCmd struct {
	who
	elsewhere
	Reason string `help:"Why; it stands in the audit log." required:""`
}

func (c userResetCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			if err := r.ResetUser(s.ctx, u.ID, strings.TrimSpace(c.Reason)); err != nil {
				return err
			}
			s.print("The devices and backup codes of %s have ended; their sessions end within a second. The next sign-in demands a new device.", u.Email)
			return nil
		})
	}
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		if err := a.Admin.ResetTwoFactor(s.ctx, u, strings.TrimSpace(c.Reason), audit.Operator()); err != nil {
			return err
		}
		s.print("The devices and backup codes of %s have ended; their sessions end within a second. The next sign-in demands a new device.", u.Email)
		return nil
	})
}

type userImportCmd struct {
	who
	Name    string `help:"The device's name." default:"My Phone"`
	URIFile string `help:"Read the otpauth link from the first line of this file (- is the standard input)." required:"" placeholder:"FILE"`
}

func (c userImportCmd) Run(s *session) error {
	return c.on(s, func(a *app.App, acct account.Account, u user.User) error {
		uri, err := s.secret("otpauth link", c.URIFile)
		if err != nil {
			return err
		}
		f, err := totp.Import(s.ctx, a.Factors, acct, u, c.Name, uri, audit.Operator())
		if err != nil {
			return err
		}
		s.print("%s has the device “%s” and needs its codes from now on. Backup codes they make themselves, in their settings.", u.Email, f.Name)
		return nil
	})
}

type userPasswordCmd struct {
	who
	PasswordFile string `help:"Read the password from the first line of this file (- is the standard input) instead of prompting." placeholder:"FILE"`
}

func (c userPasswordCmd) Run(s *session) error {
	return c.on(s, func(a *app.App, acct account.Account, u user.User) error {
		plain, err := s.newPassword(c.PasswordFile)
		if err != nil {
			return err
		}
		if err := a.Admin.SetPassword(s.ctx, acct, u, plain, audit.Operator()); err != nil {
			return err
		}
		s.print("The password of %s is changed; their sessions end within a second. Their second factor is as it was.", u.Email)
		return nil
	})
}

type userEmailCmd struct {
	who
	NewEmail string `arg:"" help:"The new e-mail address. Nothing is sent there to prove it."`
}

func (c userEmailCmd) Run(s *session) error {
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		email, err := user.CanonicalEmail(c.NewEmail)
		if err != nil {
			return err
		}
		if email == u.Email {
			s.print("%s is that user’s address already; nothing was changed.", u.Email)
			return nil
		}
		if err := a.Admin.SetEmail(s.ctx, u, email, audit.Operator()); err != nil {
			return err
		}
		s.print("%s signs in as %s from now on; their sessions end within a second. Their password and second factor are as they were.", u.Email, email)
		return nil
	})
}

type userLockCmd struct {
	who
	elsewhere
}

func (c userLockCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			if u.Locked {
				s.print("%s is locked already; nothing was changed.", u.Email)
				return nil
			}
			yes := true
			if _, err := r.UpdateUser(s.ctx, u.ID, client.UpdateUserRequest{Locked: &yes}); err != nil {
				return err
			}
			s.print("%s is locked; their sessions end within a second.", u.Email)
			return nil
		})
	}
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		if !u.LockedAt.IsZero() {
			s.print("%s is locked already, since %s; nothing was changed.", u.Email, day(u.LockedAt))
			return nil
		}
		if err := a.Admin.Lock(s.ctx, u, audit.Operator()); err != nil {
			return err
		}
		s.print("%s is locked; their sessions end within a second.", u.Email)
		return nil
	})
}

type userUnlockCmd struct {
	who
	elsewhere
}

func (c userUnlockCmd) Run(s *session) error {
	if c.named(s) {
		return c.user(s, c.who, func(r *client.Client, u client.User) error {
			if !u.Locked {
				s.print("%s is not locked; nothing was changed.", u.Email)
				return nil
			}
			no := false
			if _, err := r.UpdateUser(s.ctx, u.ID, client.UpdateUserRequest{Locked: &no}); err != nil {
				return err
			}
			s.print("%s may sign in again.", u.Email)
			return nil
		})
	}
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		if u.LockedAt.IsZero() {
			s.print("%s is not locked; nothing was changed.", u.Email)
			return nil
		}
		if err := a.Admin.Unlock(s.ctx, u, audit.Operator()); err != nil {
			return err
		}
		s.print("%s may sign in again.", u.Email)
		return nil
	})
}
