package cli

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"sallyport/client"
)

// elsewhere names a running server that a command speaks to instead of opening the database: with an API key of an administrator of
// the account, whose rules then stand above the command, as they do in the pages.
type elsewhere struct {
	server
	apiKey
	signing
	device
}

// named says whether a server is named.
func (e elsewhere) named(s *session) bool { return cmp.Or(e.Server, s.env("SALLYPORT_SERVER")) != "" }

// settings are what the flags and the environment say.
func (e elsewhere) settings(s *session) client.Settings {
	settings := client.SettingsOf(s.env)
	settings.Server, settings.APIKeyFile = cmp.Or(e.Server, settings.Server), cmp.Or(e.APIKeyFile, settings.APIKeyFile)
	if e.SigningKeyFile != "" || e.SecretFile != "" { // a flag stands above the environment, whichever way that names
		settings.SigningKeyFile, settings.SecretFile = e.SigningKeyFile, e.SecretFile
	}
	return settings
}

// dial makes a client for the server, as an administrator of the account with this short name.
func (e elsewhere) dial(s *session, account string) (*client.Client, error) {
	c, err := e.settings(s).Client()
	if err != nil {
		return nil, err
	}
	a, err := c.GetAccount(s.ctx)
	if err != nil {
		return nil, err
	}
	if a.Slug != account {
		return nil, fmt.Errorf("the API key is for the account %s, not for %s; nothing was changed", a.Slug, account)
	}
	return c, nil
}

// user runs fn on the user that w names.
func (e elsewhere) user(s *session, w who, fn func(*client.Client, client.User) error) error {
	c, err := e.dial(s, w.Account)
	if err != nil {
		return err
	}
	for u, err := range c.Users(s.ctx, client.UserQuery{Search: sought(w.Email)}) {
		if err != nil {
			return err
		}
		if strings.EqualFold(u.Email, w.Email) {
			return fn(c, u)
		}
	}
	return errors.New("this account has no user with that e-mail address. List them: sallyport user list " + w.Account)
}

// sought is as much of an address as a search takes: its first ten words.
func sought(email string) string {
	words, within := 0, false
	for i, r := range email {
		is := unicode.IsLetter(r) || unicode.IsDigit(r)
		if is && !within {
			words++
		}
		if words > 10 {
			return email[:i]
		}
		within = is
	}
	return email
}

// list prints the users that q finds.
func (e elsewhere) list(s *session, account string, q client.UserQuery) error {
	c, err := e.dial(s, account)
	if err != nil {
		return err
	}
	t := table{head: []string{"E-MAIL", "ROLE", "NAME", "STATE", "SECOND FACTOR", "SINCE", "LAST USED"}}
	for u, err := range c.Users(s.ctx, q) {
		if err != nil {
			return err
		}
		t.add(u.Email, u.Role, u.Name, said(u.States), strings.Join(u.Kinds, ", "), day(u.SecondFactorSince), day(u.SecondFactorLastUsedAt))
	}
	return t.print(s.Stdout, "Nobody is found.")
}
