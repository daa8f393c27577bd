package cli

import (
	"errors"
	"fmt"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/seal"
)

type keyCmd struct {
	New    keyNewCmd    `cmd:"" help:"Make a new key file; never overwrites one."`
	Rotate keyRotateCmd `cmd:"" help:"Seal everything with a new key and retire the old one, beside running servers."`
}

type keyNewCmd struct {
	File string `arg:"" optional:"" help:"Where to write it; default: the setting key_file." type:"path"`
}

func (c keyNewCmd) Run(s *session) error {
	if c.File == "" {
		cfg, err := s.settings()
		if err != nil {
			return err
		}
		c.File = cfg.KeyFile
	}
	if err := seal.NewKeyFile(c.File); err != nil {
		return err
	}
	s.print("A new key is in %s, readable by you alone. Keep a copy in a safe place: without it no second factor can be read.", c.File)
	return nil
}

type keyRotateCmd struct {
	Prepare bool `help:"Only add the new key. Copy the key file to every other server, then go on with --promote." xor:"step"`
	Promote bool `help:"Only begin to use the prepared key. Copy the key file to every other server, then rotate." xor:"step"`
}

// Run rotates in steps, each safe to be stopped after, and goes on where an earlier
// run stopped. The new key is known before it is used, and everything is sealed with
// it before the old one goes. Servers on other machines have copies of the key file:
// for them the operator stops after each step and copies it.
func (c keyRotateCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		if ids := a.Ring.KeyIDs(); len(ids) == 1 {
			if err := a.Ring.Prepare(); err != nil {
				return err
			}
			if err := s.settle("The new key is in the key file"); err != nil {
				return err
			}
		}
		if c.Prepare {
			s.print("The new key waits in %s. Copy the file to every other server, then run: sallyport key rotate --promote", a.Config.KeyFile)
			return nil
		}
		if ids := a.Ring.KeyIDs(); ids[len(ids)-1] != a.Ring.Primary() {
			if err := a.Ring.Promote(); err != nil {
				return err
			}
		}
		// Waited for even if it was promoted earlier: the run that did it may have been cut off this instant.
		if err := s.settle("The new key is in use"); err != nil {
			return err
		}
		if c.Promote {
			s.print("New secrets are sealed with the new key. Copy %s to every other server, then run: sallyport key rotate", a.Config.KeyFile)
			return nil
		}
		return s.retire(a)
	})
}

// retire seals everything with the primary key and takes the others out of the key file.
func (s *session) retire(a *app.App) error {
	p := s.progress("Sealing")
	if err := a.Factors.Reseal(s.ctx, p.show); err != nil {
		return fmt.Errorf("the old key stays in the key file; run this command again to go on: %w", err)
	}
	p.finish()
	if err := admin.RenewKeyCheck(s.ctx, a.DB, a.Ring); err != nil {
		return err
	}
	if err := a.Ring.Retire(); err != nil {
		return err
	}
	if err := a.DB.Run(s.ctx, audit.Record(a.Now(), audit.Event{Action: audit.KeysRotated, Actor: audit.Operator()})); err != nil {
		return err
	}
	s.print("Every secret is sealed with the new key, and the old one is gone. Copy %s to every other server now, and to your safe place.", a.Config.KeyFile)
	return nil
}

// settle waits until every running server on this machine works with the changed key file.
func (s *session) settle(what string) error {
	s.print("%s; waiting %s for running servers to see it …", what, seal.Settle)
	select {
	case <-time.After(seal.Settle):
		return nil
	case <-s.ctx.Done():
		return errors.New("stopped; nothing is lost. Run this command again to go on")
	}
}
