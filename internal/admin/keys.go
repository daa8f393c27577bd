package admin

import (
	"cmp"
	"context"
	"strings"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// Key is the API key of a person's that an administrator means to end, for the page that asks whether they are sure.
// Errors: those of Target, apikey.ErrNotFound.
func (s *Service) Key(ctx context.Context, w *session.Signed, userID, keyID string) (apikey.Key, error) {
	u, err := s.Target(ctx, w, userID)
	if err != nil {
		return apikey.Key{}, err
	}
	return apikey.One(ctx, s.DB, u, keyID)
}

// EndKeys ends a person's API key with this id, or if it is empty all of them, with their devices and access tokens.
//
// Errors: those of who may act at all, ErrSoAlready, apikey.ErrNotFound.
func (s *Service) EndKeys(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID, keyID string, by audit.Actor) error {
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, _ actor, target user.User) error {
		return s.endKeys(ctx, tx, target, keyID, by)
	})
}

// OperatorEndKeys is EndKeys for the operator.
func (s *Service) OperatorEndKeys(ctx context.Context, u user.User, keyID string) error {
	return s.operate(ctx, u, func(tx *db.Tx, target user.User) error {
		return s.endKeys(ctx, tx, target, keyID, audit.Operator())
	})
}

func (s *Service) endKeys(ctx context.Context, tx *db.Tx, target user.User, keyID string, by audit.Actor) error {
	now := s.Now()
	if keyID == "" {
		keys, err := apikey.List(ctx, tx, target)
		if err != nil || len(keys) == 0 {
			return cmp.Or(err, error(ErrSoAlready))
		}
		stmts := append([]db.Stmt{factor.ClearMachines(target.AccountID, target.ID)}, apikey.Clear(target.AccountID, target.ID)...)
		return tx.Run(ctx, append(stmts, keysEnded(now, target, keys, by)...)...)
	}
	k, err := apikey.One(ctx, tx, target, keyID)
	if err != nil {
		return err
	}
	stmts := append([]db.Stmt{factor.ClearMachine(k.AccountID, k.ID)}, apikey.Removing(now, k, by)...)
	return tx.Run(ctx, append(stmts, outbox.Notice(now, k.AccountID, k.UserID, outbox.KeyRemoved, map[string]string{"key": k.Name}, by))...)
}

// keysEnded tells a person and the record that all their keys were ended; nothing if there were none.
func keysEnded(now time.Time, u user.User, keys []apikey.Key, by audit.Actor) []db.Stmt {
	if len(keys) == 0 {
		return nil
	}
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.Name
	}
	return []db.Stmt{
		outbox.Notice(now, u.AccountID, u.ID, outbox.KeysEnded, map[string]string{"key": strings.Join(names, ", ")}, by),
		audit.Record(now, audit.Event{AccountID: u.AccountID, Action: audit.KeysEnded, Actor: by, Target: u.ID, Detail: map[string]string{"names": strings.Join(names, ", ")}}),
	}
}
