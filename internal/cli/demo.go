package cli

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/httpx"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

type demoCmd struct {
	Data   string   `help:"Keep the demo's data in this folder and go on with it next time; default: a temporary folder." placeholder:"DIR" type:"path"`
	Listen string   `help:"Where to listen." default:"127.0.0.1:8080" placeholder:"ADDR"`
	Door   []string `help:"The site of a program that stands behind the demo’s door, for example http://app.localhost:8081." placeholder:"SITE"`
}

// demoPeople are the users of the sample account.
var demoPeople = []admin.NewUser{
	{Email: "ada@acme.test", Name: "Ada Lovelace", Role: user.Owner},
	{Email: "alan@acme.test", Name: "Alan Turing", Role: user.Admin},
	{Email: "grace@acme.test", Name: "Grace Hopper", Role: user.Member},
}

// Run runs a complete server on an embedded database with the account Acme. It prints
// the address and one line a user: e-mail, role and password.
func (c demoCmd) Run(s *session) (err error) {
	// A pipe that breaks ends the demo in good order; the signal's default would leave the folder behind.
	ctx, stop := signal.NotifyContext(s.ctx, syscall.SIGPIPE)
	defer stop()
	s.ctx = ctx
	dir := c.Data
	if dir == "" {
		if dir, err = os.MkdirTemp("", "sallyport-demo-"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	cfg := config.Default()
	cfg.Listen, cfg.Demo = c.Listen, true
	if cfg.DoorOrigins, err = config.DoorOrigins(c.Door); err != nil {
		return fmt.Errorf("--door %w. Write the program’s site, for example http://app.localhost:8081", err)
	}
	cfg.Database = config.DSN("sqlite:" + filepath.Join(dir, "sallyport.db"))
	cfg.KeyFile = filepath.Join(dir, "sallyport.key")
	if _, err := os.Stat(cfg.KeyFile); errors.Is(err, fs.ErrNotExist) {
		if err := seal.NewKeyFile(cfg.KeyFile); err != nil {
			return err
		}
	}
	a, err := app.Open(s.ctx, cfg, httpx.NewLogger(s.Stderr, cfg.LogLevel, cfg.LogFormat), nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	people, err := demoUsers(s, a, filepath.Join(dir, "demo-users.txt"))
	if err != nil {
		return err
	}
	listener, err := s.listen(a, "with --listen ADDR, or make demo LISTEN=127.0.0.1:8081")
	if err != nil {
		return err
	}
	if err := a.AnswersAt(config.LocalURL(listener.Addr().String())); err != nil {
		return errors.Join(err, listener.Close())
	}
	s.print("\nSallyport's demo answers at\n\n  %s\n\nIts account Acme has these users (e-mail, role, password):\n\n%s", a.Config.PublicURL, people)
	s.print("What it would mail and text stands in its inbox:\n\n  %s\n", a.Config.PublicURL.JoinPath("/demo/inbox"))
	if c.Data == "" {
		s.print("The data is gone when you stop it with Ctrl+C; --data DIR keeps it.\n")
	} else {
		s.print("The data is kept in %s. Stop it with Ctrl+C.\n", dir)
	}
	return a.Serve(s.ctx, listener)
}

// demoUsers makes the sample account, and keeps its passwords in a file beside the
// database: a kept demo prints them again. Only a demo may do that.
func demoUsers(s *session, a *app.App, file string) (string, error) {
	some, err := account.Any(s.ctx, a.DB)
	if err != nil {
		return "", err
	}
	if some {
		lines, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("the demo's users cannot be read; choose another folder with --data: %w", err)
		}
		return string(lines), nil
	}
	acme, err := account.Create(s.ctx, a.DB, a.Now(), "acme", "Acme", audit.Operator())
	if err != nil {
		return "", err
	}
	everything, err := acme.Policy.With("mailed_disable=disable") // product.md section 3
	if err != nil {
		return "", err
	}
	if err := account.SetPolicy(s.ctx, a.DB, a.Now(), acme.ID, everything, audit.Operator()); err != nil {
		return "", err
	}
	var b strings.Builder
	var boss user.User
	for _, p := range demoPeople {
		p.Password = demoPassword()
		u, err := a.Admin.CreateUser(s.ctx, acme, p, audit.Operator())
		if err != nil {
			return "", err
		}
		if u.Role == user.Owner {
			boss = u
		}
		fmt.Fprintf(&b, "  %-16s %-7s %s\n", p.Email, p.Role, p.Password)
	}
	if err := tellStory(s.ctx, a, acme, boss); err != nil {
		return "", err
	}
	return b.String(), writeNew(file, b.String())
}

// writeNew writes a file of its own, readable by its owner alone. One that stands there
// belonged to another database; a link in its place is removed, never followed.
func writeNew(file, text string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}

// demoPassword is random and easy to type: eight syllables, 49 bits.
func demoPassword() string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	pick := func(from string) byte {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(from))))
		if err != nil {
			panic(err) // crypto/rand never fails: the runtime stops the program instead
		}
		return from[i.Int64()]
	}
	var b strings.Builder
	for i := range 8 {
		if i > 0 && i%2 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(pick(consonants))
		b.WriteByte(pick(vowels))
	}
	return b.String()
}
