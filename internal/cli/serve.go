package cli

import (
	"errors"
	"fmt"
	"net"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/db"
)

type serveCmd struct{}

// Run serves until SIGINT or SIGTERM. A first start without accounts prints the one-time set-up link.
func (serveCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		listener, err := s.listen(a, "with the setting listen")
		if err != nil {
			return err
		}
		if a.Config.PublicURL.String() == config.LocalURL(a.Config.Listen).String() {
			// Not set, so it follows the address; on port 0 the port is known only now.
			if err := a.AnswersAt(config.LocalURL(listener.Addr().String())); err != nil {
				return errors.Join(err, listener.Close())
			}
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

// listen opens the address of the settings; how says where another one is chosen.
func (s *session) listen(a *app.App, how string) (net.Listener, error) {
	listener, err := net.Listen("tcp", a.Config.Listen)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w. Choose another address %s", a.Config.Listen, err, how)
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
	if _, err := account.Any(s.ctx, d); err != nil {
		return fmt.Errorf("the database %s does not have this program’s tables, so there is nothing to copy: %w", cfg.Database, err)
	}
	p := s.progress("Copying")
	if err := d.Backup(s.ctx, c.File, p.show, admin.MarkBackup()); err != nil {
		return err
	}
	p.finish()
	s.print("The database is copied to %s. The key file %s is not in it: keep a copy of that too, in another place. Without it no second factor can be read.", c.File, cfg.KeyFile)
	return nil
}

type restoredCmd struct{}

// Run does for a database that was restored by its own tools what the first start does for a copy made by backup.
func (restoredCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		if err := admin.Restored(s.ctx, a.DB, a.Now()); err != nil {
			return err
		}
		s.print("Everybody has to sign in again, with the second factor: all sessions, trusted browsers, half-finished sign-ins and mailed tokens in this database have ended, and planned ends of second factors are called off.")
		return nil
	})
}
