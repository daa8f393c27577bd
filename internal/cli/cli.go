// Package cli is the command line: the server, the demo, and what an operator does
// beside a running server.
//
// A command says what is wrong and what to do next on one line, exits with 1, and
// with 2 if it was called wrongly. Secrets are prompted for or read from a file, never
// taken as an argument, where every user of the machine could read them. Whoever may
// run a command may read the key file and the database: no rule of an account stands above that.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// Console is what a command reads and writes.
type Console struct {
	Args    []string
	Environ []string
	Stdin   *os.File
	Stdout  io.Writer
	Stderr  *os.File
}

// commands is the whole command line.
type commands struct {
	Config string `help:"Settings file; the environment (SALLYPORT_…) stands above it." placeholder:"FILE" type:"path"`

	Demo        demoCmd        `cmd:"" help:"Run a complete server with a sample account and its users."`
	Serve       serveCmd       `cmd:"" help:"Run the server."`
	Account     accountCmd     `cmd:"" help:"Create, list and show accounts, and set their policy and plan."`
	User        userCmd        `cmd:"" help:"Create, list and show the users of an account, reset their second factor, lock and unlock them."`
	Audit       auditCmd       `cmd:"" help:"List, export and verify the record of what happened."`
	Key         keyCmd         `cmd:"" help:"Make the key file, and rotate its key; make a key pair that API calls are signed with."`
	Token       tokenCmd       `cmd:"" help:"Exchange an API key and a code of its device for an access token of a running server, and print it."`
	Sign        signCmd        `cmd:"" help:"Print the headers that sign a call to a running server, for curl --header @-."`
	Migrate     migrateCmd     `cmd:"" help:"Bring the database to this program's schema."`
	Backup      backupCmd      `cmd:"" help:"Write a copy of the database while it is in use (SQLite)."`
	Restored    restoredCmd    `cmd:"" help:"Say that the database was restored from a backup (PostgreSQL): what was signed in or trusted in it ends."`
	CheckConfig checkConfigCmd `cmd:"" help:"Say all that is wrong with the settings."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

// session is one run of a command.
type session struct {
	Console
	ctx  context.Context
	file string // --config
}

// usage is an error of the call itself.
type usage struct{ error }

// Run runs one command and returns the exit code: 0 done, 1 failed, 2 called wrongly.
func Run(ctx context.Context, c Console) int {
	var cmd commands
	exited := -1
	parser, err := kong.New(&cmd,
		kong.Name("sallyport"),
		kong.Description("Two-factor sign-in for your dashboard and API."),
		kong.Writers(c.Stdout, c.Stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: false}),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(c.Stderr, "sallyport:", err)
		return 2
	}
	if len(c.Args) == 0 {
		c.Args = []string{"--help"}
	}
	parsed, err := parser.Parse(c.Args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(c.Stderr, "sallyport: %v. See sallyport --help.\n", err)
		return 2
	}
	err = parsed.Run(&session{Console: c, ctx: ctx, file: cmd.Config})
	if err == nil {
		return 0
	}
	fmt.Fprintln(c.Stderr, "sallyport: "+explain(err))
	var u usage
	if errors.As(err, &u) {
		return 2
	}
	return 1
}

// explain says an error to an operator: the message for people, and the cause, which only they may see.
func explain(err error) string {
	var e *errs.Error
	if !errors.As(err, &e) {
		return strings.TrimPrefix(err.Error(), "client: ")
	}
	text := e.Message + " (" + e.Code + ")"
	if e.Cause != nil {
		text += "\n  because: " + e.Cause.Error()
	}
	return text
}

// settings reads the settings, or says all that is wrong with them.
func (s *session) settings() (config.Config, error) {
	cfg, err := config.Load(s.file, s.Environ)
	var problems config.Problems
	if errors.As(err, &problems) {
		return cfg, fmt.Errorf("the settings are not good:\n  %s", strings.ReplaceAll(problems.Error(), "\n", "\n  "))
	}
	return cfg, err
}

// open opens the App that the settings describe, for one command.
func (s *session) open() (*app.App, error) {
	cfg, err := s.settings()
	if err != nil {
		return nil, err
	}
	return app.Open(s.ctx, cfg, httpx.NewLogger(s.Stderr, cfg.LogLevel, cfg.LogFormat), nil)
}

// with runs fn on an open App and closes it.
func (s *session) with(fn func(*app.App) error) error {
	a, err := s.open()
	if err != nil {
		return err
	}
	return errors.Join(fn(a), a.Close())
}

func (s *session) print(format string, args ...any) {
	fmt.Fprintf(s.Stdout, format+"\n", args...)
}

type versionCmd struct{}

func (versionCmd) Run(s *session) error {
	s.print("sallyport %s", app.Version)
	return nil
}
