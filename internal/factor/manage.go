package factor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

// ErrClockOff says at enrolment that the code is right but the device's clock is not.
var ErrClockOff = errs.New(errs.Invalid, "clock_off", "Your phone’s clock is not right. Wait for the next code and enter it too.").In("code")

// clockOff is ErrClockOff with the difference in words. The default time step is 30 s (RFC 6238 section 4.1).
func clockOff(steps int64) error {
	where, off := "ahead", steps
	if steps < 0 {
		where, off = "behind", -steps
	}
	return ErrClockOff.Saying(fmt.Sprintf(
		"Your phone’s clock is about %.3g minutes %s. Set its date and time to automatic, or wait for the next code and enter it too: then we remember the difference.",
		float64(off)/2, where))
}

// ErrCodesMade says that a set of backup codes is no longer the one that somebody meant to replace.
var ErrCodesMade = errs.New(errs.Conflict, "backup_codes_made",
	"New backup codes were made already. They are shown only once. If you did not save them, generate new ones.")

// ErrRequired says that the last device stays while the account demands one (K4).
var ErrRequired = errs.New(errs.Conflict, "two_factor_required", "Your organisation requires two-factor authentication, so your last device can’t be removed. Add another one first.")

// ErrPasskeyRequired says that the last passkey stays while the account demands one beside other devices (K8).
var ErrPasskeyRequired = errs.New(errs.Conflict, "passkey_required", "Your organisation requires a passkey of you, so your last one can’t be removed. Add another one first.")

// Keep is what must stay of somebody's devices.
type Keep struct {
	One     bool // any of them
	Passkey bool // a passkey, while any device stays
}

// refuses says why the device f, of which the devices in rest are left, may not go.
func (k Keep) refuses(f Factor, rest []Factor) error {
	rest = slices.DeleteFunc(slices.Clone(rest), func(r Factor) bool { return r.State != Confirmed })
	passkey := slices.ContainsFunc(rest, func(r Factor) bool { return r.Kind == Passkey })
	switch {
	case f.State != Confirmed:
		return nil
	case k.One && len(rest) == 0:
		return ErrRequired
	case k.Passkey && f.Kind == Passkey && len(rest) > 0 && !passkey:
		return ErrPasskeyRequired
	}
	return nil
}

// ErrNoFactor says that backup codes need a device first.
var ErrNoFactor = errs.New(errs.Conflict, "no_second_factor", "Backup codes come with your first device. Add a device first.")

// ErrNoCodes says that the account gives its people no backup codes (K13).
var ErrNoCodes = errs.New(errs.Forbidden, "backup_codes_off", "Your organisation does not use backup codes.").In("password")

// Get returns one confirmed device of the user, or ErrNotFound.
func (s *Service) Get(ctx context.Context, u user.User, factorID string) (Factor, error) {
	f, err := s.device(ctx, u, factorID)
	if err == nil && f.State != Confirmed {
		return Factor{}, ErrNotFound
	}
	return f, err
}

// device returns one device of the user, confirmed or still to be, or ErrNotFound.
func (s *Service) device(ctx context.Context, u user.User, factorID string) (Factor, error) {
	devices, err := List(ctx, s.DB, u.AccountID, u.ID, s.Now())
	if err != nil {
		return Factor{}, err
	}
	for _, d := range devices {
		if d.ID == factorID {
			return d, nil
		}
	}
	return Factor{}, ErrNotFound
}

// Rename gives a device another name, in one transaction with more.
func (s *Service) Rename(ctx context.Context, u user.User, factorID, name string, by audit.Actor, more ...db.Stmt) error {
	name, err := s.freeName(ctx, u, factorID, name)
	if err != nil {
		return err
	}
	f, err := s.Get(ctx, u, factorID)
	if err != nil || f.Name == name {
		return err
	}
	return s.DB.Run(ctx, append(more, rename(f, name),
		audit.Record(s.Now(), audit.Event{
			AccountID: u.AccountID, Action: audit.FactorRenamed, Actor: by, Target: f.ID,
			Detail: map[string]string{"from": f.Name, "to": name},
		}))...)
}

// Remove takes a device away, and with the last one the backup codes, in one
// transaction with more. What must stay does, with ErrRequired or ErrPasskeyRequired. The first statement of more must hold the user's row
// (user.RaiseEpoch), so that what is the last device is decided by one transaction at a time.
func (s *Service) Remove(ctx context.Context, proof reauth.Proof, u user.User, factorID string, keep Keep, by audit.Actor, more ...db.Stmt) (last bool, err error) {
	if err := proof.Check(u.AccountID, u.ID, s.Now()); err != nil {
		return false, err
	}
	f, err := s.device(ctx, u, factorID)
	if err != nil {
		return false, err
	}
	err = s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.Run(ctx, append(more, remove(f))...); err != nil {
			return err
		}
		rest, err := List(ctx, tx, u.AccountID, u.ID, s.Now())
		if err != nil {
			return err
		}
		last = f.State == Confirmed
		for _, r := range rest {
			last = last && r.State != Confirmed
		}
		if err := keep.refuses(f, rest); err != nil {
			return err
		}
		stmts := []db.Stmt{user.CountDevices(u.AccountID, u.ID), audit.Record(s.Now(), audit.Event{
			AccountID: u.AccountID, Action: audit.FactorRemoved, Actor: by, Target: f.ID,
			Detail: map[string]string{"kind": string(f.Kind), "name": f.Name},
		})}
		if f.State == Confirmed {
			stmts = append(stmts, tell(s.Now(), u, outbox.FactorRemoved, f, by))
		}
		if last {
			stmts = append(stmts, removeCodes(u.AccountID, u.ID)...)
		}
		return tx.Run(ctx, stmts...)
	})
	return last, err
}

// NewBackupCodes makes ten new backup codes, which it returns to be shown once, in place of
// the set whose id is replaces ("" if there is none), which ends at once. With any other set
// in place it changes nothing and returns ErrCodesMade: a form sent again must not end the codes that it just made.
func (s *Service) NewBackupCodes(ctx context.Context, proof reauth.Proof, u user.User, replaces string, by audit.Actor, more ...db.Stmt) ([]string, error) {
	if err := proof.Check(u.AccountID, u.ID, s.Now()); err != nil {
		return nil, err
	}
	devices, err := List(ctx, s.DB, u.AccountID, u.ID, s.Now())
	if err != nil {
		return nil, err
	}
	confirmed := false
	for _, d := range devices {
		confirmed = confirmed || d.State == Confirmed
	}
	if !confirmed {
		return nil, ErrNoFactor
	}
	set, err := BackupCodes(ctx, s.DB, u.AccountID, u.ID)
	if err != nil {
		return nil, err
	}
	if set.ID != replaces {
		return nil, ErrCodesMade
	}
	shown, stmts, err := s.makeCodes(ctx, u, by)
	if err != nil {
		return nil, err
	}
	stmts = append(stmts, outbox.Notice(s.Now(), u.AccountID, u.ID, outbox.BackupCodesMade, nil, by))
	if replaces != "" {
		more = append(more, endSet(u.AccountID, u.ID, replaces))
	}
	if err := s.DB.Run(ctx, append(more, stmts...)...); err != nil {
		return nil, err
	}
	return shown, nil
}

// Reseal seals every secret with the primary key that is not sealed with it yet,
// calling progress after each batch, and returns how many those were. It may run beside
// a working server, and again after it was stopped.
func (s *Service) Reseal(ctx context.Context, progress func(done, total int)) (changed int, err error) {
	total, err := count(ctx, s.DB)
	if err != nil {
		return 0, err
	}
	done, after := 0, Factor{}
	for {
		batch, err := page(ctx, s.DB, after, 200)
		if err != nil {
			return changed, err
		}
		if len(batch) == 0 {
			n, err := s.resealSent(ctx)
			return changed + n, err
		}
		var stmts []db.Stmt
		for _, f := range batch {
			if seal.KeyID(f.sealed) == s.Ring.Primary() {
				continue
			}
			secret, err := s.open(f)
			if err != nil {
				return changed, errors.Join(fmt.Errorf("factor %s", f.ID), err)
			}
			sealed, err := s.seal(f.Factor, secret)
			if err != nil {
				return changed, err
			}
			stmts = append(stmts, reseal(f, sealed))
		}
		if len(stmts) > 0 {
			if err := s.DB.Run(ctx, stmts...); err != nil {
				return changed, err
			}
		}
		changed += len(stmts)
		done, after = done+len(batch), batch[len(batch)-1].Factor
		progress(min(done, total), total)
	}
}
