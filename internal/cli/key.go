package cli

import (
	"errors"
	"fmt"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/outbox"
	"sallyport/internal/seal"
)

type keyCmd struct {
	New      keyNewCmd      `cmd:"" help:"Make a new key file; never overwrites one."`
	Rotate   keyRotateCmd   `cmd:"" help:"Seal everything with a new key, beside running servers. The old one stays in the key file until key retire."`
	Operator keyOperatorCmd `cmd:"" help:"Make a key for the operator's part of the REST interface; never overwrites a file."`
	Retire   keyRetireCmd   `cmd:"" help:"Take the keys that a rotation replaced out of the key file, once every server has the new file."`

	Signing keySigningCmd `cmd:"" help:"Make a key pair that a program signs its API calls with; nothing to do with the key file."`
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

type keyOperatorCmd struct {
	File string `arg:"" help:"Where to write it; the setting operator_key_file names it to the server." type:"path"`
}

func (c keyOperatorCmd) Run(s *session) error {
	if err := admin.NewOperatorKey(c.File); err != nil {
		return err
	}
	s.print("A new operator key is in %s, readable by you alone. Name the file in the setting operator_key_file and restart the server: "+
		"whoever has the key may then create, change and suspend every account, from the networks in operator_networks.", c.File)
	return nil
}

type keyRotateCmd struct {
	Prepare bool `help:"Only add the new key. Copy the key file to every other server, then go on with --promote." xor:"step"`
	Promote bool `help:"Only begin to use the prepared key. Copy the key file to every other server, then rotate." xor:"step"`
}

// Run rotates in steps, each safe to be stopped after, and goes on where an earlier
// run stopped. The new key is known before it is used. The old one stays in the file:
// a server on another machine seals with it until it has the new file, and what it
// sealed must open (ADR 8). Only [keyRetireCmd] takes it out.
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
		for again := true; again; {
			var err error
			if again, err = s.reseal(a); err != nil {
				return err
			}
		}
		if err := a.DB.Run(s.ctx, audit.Record(a.Now(), audit.Event{Action: audit.KeysRotated, Actor: audit.Operator()})); err != nil {
			return err
		}
		s.print("Every secret is sealed with the new key. The old one stays in %s. Copy the file to every other server and to your safe place, then run: sallyport key retire", a.Config.KeyFile)
		return nil
	})
}

type keyRetireCmd struct{}

// Run refuses while anything is still being sealed with an old key: one secret since
// the rotation is the sign of a server that lacks the new file, and the next one
// would be lost.
func (keyRetireCmd) Run(s *session) error {
	return s.with(func(a *app.App) error {
		switch ids := a.Ring.KeyIDs(); {
		case len(ids) == 1:
			s.print("%s holds one key only; there is no old one to take out.", a.Config.KeyFile)
			return nil
		case ids[len(ids)-1] != a.Ring.Primary():
			return errors.New("the new key is not in use yet; nothing was changed. Go on with: sallyport key rotate")
		}
		// A rotation that was cut off may have brought the key into use this instant.
		if err := s.settle("Looking for secrets under the old key"); err != nil {
			return err
		}
		found, err := s.reseal(a)
		if err != nil {
			return err
		}
		if found {
			return errors.New("some secrets were still sealed with the old key. They are sealed with the new one now, and the old one stays. " +
				"Make sure that every server has this key file, then run this command again")
		}
		if err := a.Ring.Retire(); err != nil {
			return err
		}
		if err := a.DB.Run(s.ctx, audit.Record(a.Now(), audit.Event{Action: audit.KeysRotated, Actor: audit.Operator(), Detail: map[string]string{"step": "retired"}})); err != nil {
			return err
		}
		s.print("The old key is gone from %s. Copy the file to every other server and to your safe place. "+
			"A backup made before the rotation needs the key file of its time: keep that as long as the backup.", a.Config.KeyFile)
		return nil
	})
}

// reseal seals everything that is not sealed with the key in use, and reports whether
// there was any.
func (s *session) reseal(a *app.App) (changed bool, err error) {
	a.DB.GiveWay()
	p := s.progress("Sealing")
	for _, reseal := range []func() (int, error){
		func() (int, error) { return a.Factors.Reseal(s.ctx, p.show) },
		func() (int, error) { return outbox.Reseal(s.ctx, a.DB, a.Ring) },
		func() (int, error) { return a.Channels.Reseal(s.ctx) },
		func() (int, error) { return a.Audit.Reseal(s.ctx) },
		func() (int, error) { return a.Once.Reseal(s.ctx) },
		func() (int, error) { return a.Asserts.Reseal(s.ctx) },
	} {
		n, err := reseal()
		if err != nil {
			return false, fmt.Errorf("the old key stays in the key file; run this command again to go on: %w", err)
		}
		changed = changed || n > 0
	}
	p.finish()
	return changed, admin.RenewKeyCheck(s.ctx, a.DB, a.Ring)
}

// settle waits until every running server on this machine works with the changed key file.
func (s *session) settle(what string) error {
	s.print("%s; waiting %s for running servers …", what, seal.Settle)
	select {
	case <-time.After(seal.Settle):
		return nil
	case <-s.ctx.Done():
		return errors.New("stopped; nothing is lost. Run this command again to go on")
	}
}
