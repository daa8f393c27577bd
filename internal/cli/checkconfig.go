package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/channel"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/place"
	"sallyport/internal/seal"
)

// databaseWait bounds the look at the database.
const databaseWait = 5 * time.Second

type checkConfigCmd struct {
	Example bool `help:"Print a settings file with every setting at its default, explained, and check nothing."`
}

// Run says all that is wrong at once, and otherwise prints the settings in force. It
// looks whether database and key file belong together, but neither makes a database nor
// brings one to a newer schema. A database that cannot be asked is a note, no failure:
// settings may be checked on a machine that does not reach it.
func (c checkConfigCmd) Run(s *session) error {
	if c.Example {
		_, err := fmt.Fprint(s.Stdout, config.Example())
		return err
	}
	cfg, err := s.settings()
	if err != nil {
		return err
	}
	ring, err := seal.Open(cfg.KeyFile)
	if err != nil {
		return err
	}
	if cfg.OperatorKeyFile != "" {
		if _, err := admin.ReadOperatorKey(cfg.OperatorKeyFile); err != nil {
			return err
		}
	}
	if cfg.Locations != "" {
		if _, err := place.Open(cfg.Locations); err != nil {
			return err
		}
	}
	notes, err := s.checkDatabase(cfg, ring)
	if err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(s.Stderr, "note: "+note)
	}
	if u := (*url.URL)(cfg.PublicURL); u.Scheme == "http" {
		fmt.Fprintln(s.Stderr, "note: public_url is http, which is for this machine alone.")
	}
	if err := cfg.NoPasskeys(); err != nil {
		fmt.Fprintln(s.Stderr, "note: public_url has no domain name, so there are no passkeys: nobody is offered one, and those that exist don't work.")
	}
	s.print("The settings are good:\n\n%s", cfg)
	return nil
}

// checkDatabase fails if the database is none, is open to others, or was made with another
// key file, and otherwise says what it found.
func (s *session) checkDatabase(cfg config.Config, ring *seal.Ring) (notes []string, err error) {
	if path, ok := strings.CutPrefix(string(cfg.Database), "sqlite:"); ok {
		if _, err := os.Stat(strings.TrimPrefix(path, "//")); errors.Is(err, fs.ErrNotExist) {
			return []string{"there is no database yet; the first start makes it."}, nil
		}
	}
	ctx, cancel := context.WithTimeout(s.ctx, databaseWait)
	defer cancel()
	d, err := db.Open(ctx, string(cfg.Database))
	if errors.Is(err, context.DeadlineExceeded) || err != nil && errs.From(err).Code == db.ErrUnavailable.Code {
		return []string{"the database was not checked, because it cannot be reached from here."}, nil
	}
	if err != nil {
		return nil, err
	}
	defer d.Close() //nolint:errcheck // only read
	// An account proves that a server has stored the check of its key, so that CheckKey only reads.
	some, err := account.Any(ctx, d)
	switch {
	case err != nil:
		return []string{"the database was reached, but does not have this program's tables yet; the first start makes them."}, nil
	case !some:
		return []string{"the database was reached; it holds no account yet, so any key file will do."}, nil
	}
	if err := admin.CheckKey(ctx, d, ring); err != nil {
		return nil, err
	}
	notes = []string{"the database was reached, and the key file is its own."}
	inUse, err := account.PlansInUse(ctx, d)
	if err != nil {
		return append(notes, "its accounts' plans cannot be read; if its tables are an older version's, the next start brings them up to date."), nil
	}
	for _, plan := range slices.Sorted(maps.Keys(inUse)) {
		if _, known := cfg.Plans.Of(account.Account{Plan: plan}); !known {
			notes = append(notes, fmt.Sprintf("accounts with the plan %s, which is not in the settings: %d. They may use totp and passkey only.", plan, inUse[plan]))
		}
	}
	if len(cfg.SMTP) > 0 {
		return notes, nil
	}
	held, err := channel.ChosenByAdministrators(ctx, d)
	if err == nil && held > 0 { // an older version's tables do not tell
		notes = append(notes, fmt.Sprintf("accounts whose mail server an administrator chose, while smtp_url names none: %d. Their owners and administrators are mailed no new password and no invitation until an owner saves that server.", held))
	}
	return notes, nil
}
