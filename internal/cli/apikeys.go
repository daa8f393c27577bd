package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apikey"
	"sallyport/internal/app"
	"sallyport/internal/factor"
	"sallyport/internal/user"
)

type userKeysCmd struct{ who }

func (c userKeysCmd) Run(s *session) error {
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		keys, err := apikey.List(s.ctx, a.DB, u)
		if err != nil {
			return err
		}
		devices, err := factor.Machines(s.ctx, a.DB, u.AccountID, u.ID, a.Now())
		if err != nil {
			return err
		}
		t := table{head: []string{"NAME", "SCOPES", "SECOND FACTOR", "FROM", "MADE", "ENDS", "LAST USED", "ID"}}
		for _, k := range keys {
			var proofs []string
			if f, has := devices[k.ID]; has && f.State == factor.Confirmed {
				proofs = append(proofs, map[bool]string{false: "codes", true: "codes (locked)"}[f.Locked()])
			}
			if k.PublicKey != "" {
				proofs = append(proofs, "signatures")
			}
			t.add(k.Name, apikey.JoinScopes(k.Scopes), strings.Join(proofs, ", "), apikey.JoinNetworks(k.Networks), day(k.CreatedAt), day(k.ExpiresAt), day(k.LastUsedAt), k.ID)
		}
		return t.print(s.Stdout, "This user has no API keys.")
	})
}

type userNewKeyCmd struct {
	who
	Name          string   `arg:"" help:"The key's name, such as the program that will use it."`
	Scope         []string `help:"What it may be used for: read, factors, admin, operator." required:"" enum:"read,factors,admin,operator"`
	Days          int      `help:"After how many days it ends; 0 for never." default:"0"`
	From          []string `help:"Addresses or networks from where it may be used; anywhere without." placeholder:"CIDR" sep:"none"`
	PublicKeyFile string   `help:"The public key that its calls will be signed with: Ed25519 or P-256, as PEM or as base64 of its PKIX form." placeholder:"FILE"`
}

func (c userNewKeyCmd) Run(s *session) error {
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		for _, from := range c.From { // an empty variable is no network, and a key without any counts anywhere
			if strings.TrimSpace(from) == "" {
				return apikey.ErrNetworks
			}
		}
		networks, err := apikey.ParseNetworks(strings.Join(c.From, " "))
		if err != nil {
			return err
		}
		n := apikey.New{Name: c.Name, Scopes: apikey.ParseScopes(strings.Join(c.Scope, " ")), Networks: networks}
		if c.Days != 0 {
			n.ExpiresAt = a.Now().Add(time.Duration(c.Days) * 24 * time.Hour)
		}
		if c.PublicKeyFile != "" {
			raw, err := os.ReadFile(c.PublicKeyFile)
			if err != nil {
				return fmt.Errorf("the public key file cannot be read: %w", err)
			}
			n.PublicKey = string(raw)
		}
		m, err := a.Machines.OperatorMake(s.ctx, u, n)
		if err != nil {
			return err
		}
		s.print("%s", m.Value)
		fmt.Fprintf(s.Stderr, "That is the API key “%s” of %s. It is not shown again. If they sign in with a second factor, it needs one of its own: with --public-key-file, or under API keys in their settings.\n", m.Key.Name, u.Email)
		return nil
	})
}

type userEndKeysCmd struct {
	who
	Key string `help:"Only the key with this id, as the command api-keys lists it; else all of them." placeholder:"ID"`
}

func (c userEndKeysCmd) Run(s *session) error {
	return c.on(s, func(a *app.App, _ account.Account, u user.User) error {
		if err := a.Admin.OperatorEndKeys(s.ctx, u, c.Key); err != nil {
			return err
		}
		if c.Key != "" {
			s.print("That API key of %s ends within a second.", u.Email)
			return nil
		}
		s.print("All API keys of %s end within a second.", u.Email)
		return nil
	})
}
