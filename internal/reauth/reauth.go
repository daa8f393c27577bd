// Package reauth asks a signed-in person to prove again who they are, and hands
// out the [Proof] of it.
//
// A method that changes somebody's second factor or password takes a Proof, so a
// page or call that forgot to ask does not compile, and the zero Proof is refused.
// A Proof lives only in memory, for one request; it is good for the person who
// made it and for fifteen minutes (NIST SP 800-63B-4, binding: at most twenty).
package reauth

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/password"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// Fresh is how long a proof, or a whole sign-in, counts as just now (K1, K7).
const Fresh = 15 * time.Minute

// Errors of a repeated proof.
var (
	ErrWrongPassword = errs.New(errs.Invalid, "wrong_password", "That password isn’t right. Enter the password you sign in with.").In("password")
	ErrProofNeeded   = errs.New(errs.Unauthenticated, "proof_needed", "Confirm that it is you: enter your password.").In("password")
)

// Proof is evidence that this user proved just now who they are. The zero Proof proves nothing.
type Proof struct {
	accountID, userID string
	at                time.Time
}

// Check refuses a proof that is empty, another user's, or older than Fresh.
func (p Proof) Check(accountID, userID string, now time.Time) error {
	if p.userID == "" || p.userID != userID || p.accountID != accountID || now.Sub(p.at) > Fresh || p.at.After(now) {
		return ErrProofNeeded
	}
	return nil
}

// Recent makes a proof of a whole sign-in that happened at signedInAt, if that is fresh enough.
func Recent(u user.User, signedInAt, now time.Time) (Proof, bool) {
	p := Proof{u.AccountID, u.ID, signedInAt}
	return p, p.Check(u.AccountID, u.ID, now) == nil
}

// Service checks passwords of people who are known already.
type Service struct {
	DB     *db.DB
	Hasher *password.Hasher
	Now    func() time.Time
}

// PasswordKey names the counter of wrong passwords, the same one for sign-in and for repeated proofs.
func PasswordKey(accountID, userID string) throttle.Key {
	return throttle.Key{AccountID: accountID, Subject: "password:" + userID}
}

// Password checks the user's password. The verdict is decided in a transaction that
// holds the counter: a wrong one is charged, and while a wait runs none is right.
// Errors: ErrWrongPassword, throttle.ErrBlocked, or password's when the server is busy.
func (s *Service) Password(ctx context.Context, u user.User, plain string, by audit.Actor) (Proof, error) {
	if plain == "" {
		return Proof{}, ErrProofNeeded
	}
	key := PasswordKey(u.AccountID, u.ID)
	if left, err := throttle.Left(ctx, s.DB, key, s.Now()); err != nil {
		return Proof{}, err
	} else if left > 0 {
		return Proof{}, throttle.Blocked(left)
	}
	hash, err := user.PasswordHash(ctx, s.DB, u.AccountID, u.ID)
	if err != nil {
		return Proof{}, err
	}
	ok, _, err := s.Hasher.Verify(ctx, hash, plain)
	if err != nil {
		return Proof{}, err
	}
	if !ok {
		return Proof{}, Refuse(ctx, s.DB, key, s.Now(), audit.Event{AccountID: u.AccountID, Actor: by, Target: u.ID}, ErrWrongPassword)
	}
	now := s.Now()
	if err := s.DB.Run(ctx, throttle.Pass(key, now)); err != nil {
		return Proof{}, explainBlocked(ctx, s.DB, key, now, err)
	}
	return Proof{u.AccountID, u.ID, now}, nil
}

// Refuse charges a wrong password to the counter, records it, and returns wrong,
// with the wait it earned, or throttle.ErrBlocked if a wait was running: then it was never evaluated.
func Refuse(ctx context.Context, d *db.DB, key throttle.Key, now time.Time, e audit.Event, wrong *errs.Error) error {
	var failures int64
	err := d.Tx(ctx, func(tx *db.Tx) (err error) {
		if failures, err = throttle.Fail(ctx, tx, key, now); err != nil {
			return err
		}
		e.Action = audit.PasswordRefused
		return tx.Run(ctx, audit.Record(now, e))
	})
	if err != nil {
		return explainBlocked(ctx, d, key, now, err)
	}
	if wait := throttle.Wait(failures); wait > 0 {
		return wrong.After(wait)
	}
	return wrong
}

// explainBlocked says how long the wait lasts that err is about.
func explainBlocked(ctx context.Context, q db.Querier, key throttle.Key, now time.Time, err error) error {
	if !errors.Is(err, throttle.ErrBlocked) {
		return err
	}
	left, readErr := throttle.Left(ctx, q, key, now)
	if readErr != nil {
		return readErr
	}
	return throttle.Blocked(left)
}
