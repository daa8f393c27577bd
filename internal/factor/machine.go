package factor

import (
	"context"
	"errors"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/id"
	"sallyport/internal/reauth"
	"sallyport/internal/user"
)

// The device of an API key (A10) is a factor like a person's, under the key's id in place of a user's: it is judged, counted, locked and
// used up by the same rules (security.md D1–D3). It opens nothing but calls with that key, and no code of a person's opens those.

// BeginMachine makes a pending device for an API key of u's, and returns it with the statement that stores it in place of the key's
// unfinished one. It demands a proof, as Begin does.
func (s *Service) BeginMachine(proof reauth.Proof, u user.User, keyID, name string, secret []byte) (Factor, db.Stmt, error) {
	now := s.Now()
	if err := proof.Check(u.AccountID, u.ID, now); err != nil {
		return Factor{}, db.Stmt{}, err
	}
	f := Factor{
		AccountID: u.AccountID, UserID: keyID, ID: id.New("fac", now), Kind: TOTP, Name: name,
		State: Pending, AddedAt: now, ExpiresAt: now.Add(PendingFor),
	}
	sealed, err := s.seal(f, secret)
	if err != nil {
		return Factor{}, db.Stmt{}, err
	}
	return f, insertPending(f, sealed, ""), nil
}

// ConfirmMachine makes a key's pending device count once its code is shown, which is used up with it, in one transaction with more. It
// takes the place of the one that the key had. Errors: those of Consume, ErrClockOff, ErrExpired, ErrNotFound.
func (s *Service) ConfirmMachine(ctx context.Context, t Try, more ...db.Stmt) error {
	rows, err := load(ctx, s.DB, t.AccountID, t.UserID)
	if err != nil {
		return err
	}
	now := s.Now()
	for _, f := range rows {
		if f.State != Pending {
			continue
		}
		switch {
		case !f.Waits(now):
			return ErrExpired
		case !f.takes(now):
			return blockedError(f.Factor, now)
		}
		match, err := s.matchPending(ctx, f, t, rows)
		if err != nil {
			return err
		}
		stmts := append(confirm(match, now), removeOthers(f.Factor), audit.Record(now, audit.Event{
			AccountID: t.AccountID, Action: audit.FactorAdded, Actor: t.By, Target: f.ID,
			Detail: map[string]string{"user": t.person(), "kind": string(f.Kind), "name": f.Name, "of_key": f.UserID},
		}))
		if err = s.DB.Run(ctx, append(stmts, more...)...); errors.Is(err, errRefused) {
			return ErrExpired // somebody was faster, or its time ended this moment
		}
		return err
	}
	return ErrNotFound
}

// ProveMachine uses up a code of an API key's device, in one transaction with the statements that more returns. Errors: those of Consume;
// ErrNotFound if the key has no device.
func (s *Service) ProveMachine(ctx context.Context, t Try, more ...db.Stmt) error {
	rows, err := load(ctx, s.DB, t.AccountID, t.UserID)
	if err != nil {
		return err
	}
	t.Factors, t.Kind = rows, TOTP
	_, err = s.Consume(ctx, t, func(Match) []db.Stmt { return more })
	return err
}
