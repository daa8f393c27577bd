package cli

import (
	"errors"
	"fmt"
	"net"
	"net/url"

	"sallyport/internal/app"
	"sallyport/internal/db"
	"sallyport/internal/seal"
)

type serveCmd struct{}

// Run serves until SIGINT or SIGTERM. A first start without accounts prints the one-time set-up link.
func (serveCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		listener, err := s.listen(a)
		if err != nil {
			return err
		}
		// Only now: a new link ends the one of the server that has the address already.
		link, err := a.FirstRunURL(s.ctx)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		s.print("Sallyport %s answers at %s", app.Version, a.Config.PublicURL)
		if link != "" {
			s.print("There is no account yet. Open this link within a day to set up the first one; it works once:\n%s", link)
		}
		return a.Serve(s.ctx, listener)
	})
}

func (s *session) listen(a *app.App) (net.Listener, error) {
	listener, err := net.Listen("tcp", a.Config.Listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w. Choose another address with the setting listen", a.Config.Listen, err)
	}
	return listener, nil
}

type migrateCmd struct{}

// Run brings the schema up to date; the server does the same when it starts.
func (migrateCmd) Run(s *session) error {
	cfg, err := s.settings()
	if err != nil {
		return err
	}
	d, err := db.Open(s.ctx, string(cfg.Database))
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // nothing was written since Migrate returned
	if err := d.Migrate(s.ctx); err != nil {
		return err
	}
	s.print("The database %s has this program's schema.", cfg.Database)
	return nil
}

type backupCmd struct {
	File string `arg:"" help:"Where to write the copy; must not exist yet." type:"path"`
}

func (c backupCmd) Run(s *session) error {
	cfg, err := s.settings()
	if err != nil {
		return err
	}
	d, err := db.Open(s.ctx, string(cfg.Database))
	if err != nil {
		return err
	}
	defer d.Close() //nolint:errcheck // the copy is complete and synced when Backup returns
	p := s.progress("Copying")
	if err := d.Backup(s.ctx, c.File, p.show); err != nil {
		return err
	}
	p.finish()
	s.print("The database is copied to %s. Keep the key file %s beside it: without it no second factor can be read.", c.File, cfg.KeyFile)
	return nil
}

type checkConfigCmd struct{}

// Run says all that is wrong at once, and otherwise prints the settings in force.
func (checkConfigCmd) Run(s *session) error {
	cfg, err := s.settings()
	if err != nil {
		return err
	}
	if _, err := seal.Open(cfg.KeyFile); err != nil {
		return err
	}
	if u := (*url.URL)(cfg.PublicURL); u.Scheme == "http" {
		fmt.Fprintln(s.Stderr, "note: public_url is http, which is for this machine alone.")
	}
	s.print("The settings are good:\n\n%s", cfg)
	return nil
}
