package admin

import (
	"context"
	"errors"

	"sallyport/internal/account"
	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/check"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// Errors about what administrators do to other people.
var (
	ErrOwners    = errs.New(errs.Forbidden, "owners_only", "Only an owner of your organisation can make or unmake owners and administrators. Ask one of them.")
	ErrLastOwner = errs.New(errs.Conflict, "last_owner", "This is the only owner who can sign in. Make somebody else an owner first.")
	ErrSoAlready = errs.New(errs.Conflict, "so_already", "That is so already: somebody may have done it a moment ago. Nothing was changed.")
	ErrInvited   = errs.New(errs.Conflict, "still_invited", "This person has not accepted the invitation yet. To change something about it, invite them again, or remove them.")
)

// actor is who acts: the administrator and the account as they are in this transaction.
type actor struct {
	account account.Account
	admin   user.User
}

// may refuses whoever does not administer the account, has not signed in with a second factor (ASVS 6.3.3), or has not proved it just now.
func (s *Service) may(proof reauth.SecondFactor, w *session.Signed) error {
	if err := acting(w); err != nil {
		return err
	}
	return proof.Check(w.User.AccountID, w.User.ID, s.Now())
}

// enter begins the transaction of an administrator. It holds the account's row, so what is done to people of one account is
// done by one transaction at a time, and reads anew who acts: a session is remembered for up to a second after its end, or
// after somebody was demoted, and in that second nobody may use it against others.
func enter(ctx context.Context, tx *db.Tx, w *session.Signed) (actor, error) {
	if err := tx.Run(ctx, account.Hold(w.User.AccountID), w.Held()); err != nil {
		return actor{}, err
	}
	a, err := account.Get(ctx, tx, w.User.AccountID)
	if err != nil {
		return actor{}, err
	}
	u, err := user.Get(ctx, tx, w.User.AccountID, w.User.ID)
	switch {
	case errors.Is(err, user.ErrNotFound):
		return actor{}, session.ErrNone
	case err != nil:
		return actor{}, err
	case u.Epoch != w.Epoch, !u.LockedAt.IsZero(), !a.SuspendedAt.IsZero():
		return actor{}, session.ErrNone
	}
	return actor{a, u}, Administrator(u)
}

// still is enter for what concerns everybody, and no person in particular: statements that fail if whoever acts is not who the session
// says any more. What they fail with is session.ErrNone by gone.
func still(w *session.Signed) []db.Stmt {
	return []db.Stmt{account.HoldActive(w.User.AccountID), w.Held(), user.Hold(w.User)}
}

func gone(err error) error {
	if errors.Is(err, user.ErrChanged) || errors.Is(err, account.ErrSuspended) {
		return session.ErrNone
	}
	return err
}

// on does something to another person of the administrator's account, in one transaction: what change says, provided that the
// administrator may. An id of another account's is that of nobody.
func (s *Service) on(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID string,
	change func(tx *db.Tx, by actor, target user.User) error,
) error {
	if err := s.may(proof, w); err != nil {
		return err
	}
	if !named(userID) {
		return user.ErrNotFound
	}
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		by, err := enter(ctx, tx, w)
		if err != nil {
			return err
		}
		target, err := user.Get(ctx, tx, w.User.AccountID, userID)
		if err != nil {
			return err
		}
		if err := Over(by.admin, target); err != nil {
			return err
		}
		return change(tx, by, target)
	})
	s.Sessions.Forget(w.User.AccountID, userID)
	return err
}

// named reports whether a text from an address can be somebody's id at all; PostgreSQL fails on what can't be stored.
func named(userID string) bool { return userID != "" && texts.Printable(userID, 100) }

// Target returns the person on whom the administrator means to act, for the page that asks whether they are sure.
// Errors: ErrNotAdministrator, user.ErrNotFound, ErrSelf, ErrRank.
func (s *Service) Target(ctx context.Context, w *session.Signed, userID string) (user.User, error) {
	if err := Administrator(w.User); err != nil {
		return user.User{}, err
	}
	if !named(userID) {
		return user.User{}, user.ErrNotFound
	}
	u, err := user.Get(ctx, s.DB, w.User.AccountID, userID)
	if err != nil {
		return user.User{}, err
	}
	return u, Over(w.User, u)
}

// SetRole gives a person another role. Only owners do: an administrator who could make another could make one who obeys.
//
// Errors: those of who may act at all, ErrOwners, ErrSoAlready, ErrInvited, user.ErrRole.
func (s *Service) SetRole(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID string, role user.Role, by audit.Actor) error {
	if _, err := user.ParseRole(string(role)); err != nil {
		return err
	}
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, who actor, target user.User) error {
		if who.admin.Role != user.Owner {
			return ErrOwners
		}
		return s.setRole(ctx, tx, target, role, by)
	})
}

func (s *Service) setRole(ctx context.Context, tx *db.Tx, target user.User, role user.Role, by audit.Actor) error {
	switch {
	case target.Role == role:
		return ErrSoAlready
	case !target.InvitedAt.IsZero():
		return ErrInvited
	}
	if err := keepOwner(ctx, tx, target); err != nil {
		return err
	}
	return tx.Run(ctx, append(user.SetRole(s.Now(), target, role, by),
		outbox.Notice(s.Now(), target.AccountID, target.ID, outbox.RoleChanged, map[string]string{"role": string(role)}, by))...)
}

// keepOwner refuses to take away the last owner who can sign in. The transaction holds the account's row, so of two owners who
// go at the same moment the second stays.
func keepOwner(ctx context.Context, tx *db.Tx, target user.User) error {
	if target.Role != user.Owner || !target.InvitedAt.IsZero() {
		return nil
	}
	n, err := user.OwnersBeside(ctx, tx, target)
	if err == nil && n == 0 {
		return ErrLastOwner
	}
	return err
}

// LockUser ends a person's sessions and keeps them out.
func (s *Service) LockUser(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID string, by audit.Actor) error {
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, _ actor, target user.User) error { return s.lock(ctx, tx, target, by) })
}

func (s *Service) lock(ctx context.Context, tx *db.Tx, target user.User, by audit.Actor) error {
	switch {
	case !target.LockedAt.IsZero():
		return ErrSoAlready
	case !target.InvitedAt.IsZero():
		return ErrInvited
	}
	if err := keepOwner(ctx, tx, target); err != nil {
		return err
	}
	return tx.Run(ctx, append(s.locking(target, by), outbox.Notice(s.Now(), target.AccountID, target.ID, outbox.AccessLocked, nil, by))...)
}

// UnlockUser lets a locked person in again, and forgives the wrong codes that locked a device of theirs.
func (s *Service) UnlockUser(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID string, by audit.Actor) error {
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, _ actor, target user.User) error { return s.unlock(ctx, tx, target, by) })
}

func (s *Service) unlock(ctx context.Context, tx *db.Tx, target user.User, by audit.Actor) error {
	stmts := s.unlocking(target, by)
	if target.LockedAt.IsZero() { // only a device may be: that ends nobody's sessions
		locked, err := factor.AnyLocked(ctx, tx, target.AccountID, target.ID)
		switch {
		case err != nil:
			return err
		case !locked:
			return ErrSoAlready
		}
		stmts = []db.Stmt{factor.Unlock(target.AccountID, target.ID), audit.Record(s.Now(), audit.Event{
			AccountID: target.AccountID, Action: audit.UserUnlocked, Actor: by, Target: target.ID,
		})}
	}
	return tx.Run(ctx, append(stmts, outbox.Notice(s.Now(), target.AccountID, target.ID, outbox.AccessUnlocked, nil, by))...)
}

// Change is how a person is to be; what is nil stays as it is.
type Change struct {
	Role       *user.Role
	Locked     *bool
	ExternalID *string // what a program calls them; empty for nothing
}

// ChangeUser is SetRole, LockUser and UnlockUser in one, and links the person to what a program calls them, for callers that say how a person is to be
// rather than what to do: all of it is done or nothing, and what is so already needs no doing.
//
// Errors: those of the three, but ErrSoAlready; user.ErrExternal, user.ErrExternalTaken.
func (s *Service) ChangeUser(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID string, c Change, by audit.Actor) error {
	if c.Role != nil {
		if _, err := user.ParseRole(string(*c.Role)); err != nil {
			return err
		}
	}
	if c.ExternalID != nil && *c.ExternalID != "" {
		if err := user.CheckExternal(*c.ExternalID); err != nil {
			return err
		}
	}
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, who actor, target user.User) error {
		if c.Role != nil {
			if who.admin.Role != user.Owner {
				return ErrOwners.In("role")
			}
			if err := s.setRole(ctx, tx, target, *c.Role, by); err != nil && !errors.Is(err, ErrSoAlready) {
				return err
			}
		}
		if c.ExternalID != nil {
			if err := s.link(ctx, tx, target, *c.ExternalID, by); err != nil {
				return err
			}
		}
		if c.Locked == nil {
			return nil
		}
		lock := s.unlock
		if *c.Locked {
			lock = s.lock
		}
		if err := lock(ctx, tx, target, by); err != nil && !errors.Is(err, ErrSoAlready) {
			return err
		}
		return nil
	})
}

// link notes what a program calls a person; what is so already needs no doing.
func (s *Service) link(ctx context.Context, tx *db.Tx, target user.User, externalID string, by audit.Actor) error {
	switch {
	case externalID == target.ExternalID:
		return nil
	case !target.InvitedAt.IsZero(): // a new epoch would end the invitation
		return ErrInvited
	}
	err := tx.Run(ctx, user.Link(s.Now(), target, externalID, by)...)
	if db.IsUnique(err) {
		return user.ErrExternalTaken
	}
	return err
}

// RemoveUser takes a person off the account for good, with all that they sign in with. The record of what they did stays.
func (s *Service) RemoveUser(ctx context.Context, proof reauth.SecondFactor, w *session.Signed, userID string, by audit.Actor) error {
	return s.on(ctx, proof, w, userID, func(tx *db.Tx, _ actor, target user.User) error { return s.remove(ctx, tx, target, by) })
}

func (s *Service) remove(ctx context.Context, tx *db.Tx, u user.User, by audit.Actor) error {
	if err := keepOwner(ctx, tx, u); err != nil {
		return err
	}
	stmts := append(user.Remove(s.Now(), u, by), s.forgetting(u)...)
	if u.InvitedAt.IsZero() { // who never came need not hear that they are gone
		reader := by
		reader.Language = u.Language
		stmts = append(stmts, outbox.NoticeTo(s.Now(), u.AccountID, u.ID, u.Email, outbox.UserRemoved, nil, reader))
	}
	return tx.Run(ctx, stmts...)
}

// forgetting ends all that a person signs in with, in the order in which a code is used up, so that the two never wait for one another.
func (s *Service) forgetting(u user.User) []db.Stmt {
	stmts := append([]db.Stmt{factor.ClearMachines(u.AccountID, u.ID)}, factor.Clear(u.AccountID, u.ID)...)
	stmts = append(stmts, apikey.Clear(u.AccountID, u.ID)...)
	return append(stmts, browser.Clear(u.AccountID, u.ID),
		session.Clear(u.AccountID, u.ID), check.Clear(u.AccountID, u.ID), mailtoken.Clear(u.AccountID, u.ID), outbox.Clear(u.AccountID, u.ID))
}

// operate does what an administrator's method does, for the operator, on whom no rule of an account stands but that it keeps an owner.
func (s *Service) operate(ctx context.Context, u user.User, change func(tx *db.Tx, target user.User) error) error {
	err := s.DB.Tx(ctx, func(tx *db.Tx) error {
		if err := tx.Run(ctx, account.Hold(u.AccountID)); err != nil {
			return err
		}
		target, err := user.Get(ctx, tx, u.AccountID, u.ID)
		if err != nil {
			return err
		}
		return change(tx, target)
	})
	s.Sessions.Forget(u.AccountID, u.ID)
	return err
}

// OperatorSetRole gives a person another role, for the operator. Errors: ErrLastOwner, ErrSoAlready, ErrInvited, user.ErrRole.
func (s *Service) OperatorSetRole(ctx context.Context, u user.User, role user.Role) error {
	if _, err := user.ParseRole(string(role)); err != nil {
		return err
	}
	return s.operate(ctx, u, func(tx *db.Tx, target user.User) error { return s.setRole(ctx, tx, target, role, audit.Operator()) })
}

// OperatorLink notes what a program calls a person, "" for nothing, for the operator. Errors: ErrInvited, user.ErrExternal, user.ErrExternalTaken.
func (s *Service) OperatorLink(ctx context.Context, u user.User, externalID string) error {
	if externalID != "" {
		if err := user.CheckExternal(externalID); err != nil {
			return err
		}
	}
	return s.operate(ctx, u, func(tx *db.Tx, target user.User) error { return s.link(ctx, tx, target, externalID, audit.Operator()) })
}

// OperatorRemove takes a person off the account, for the operator. Errors: ErrLastOwner.
func (s *Service) OperatorRemove(ctx context.Context, u user.User) error {
	return s.operate(ctx, u, func(tx *db.Tx, target user.User) error { return s.remove(ctx, tx, target, audit.Operator()) })
}
