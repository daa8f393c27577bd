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
	if p.userID == "" || p.userID != userID || p.accountID != accountID || !within(p.at, now, Fresh) {
		return ErrProofNeeded
	}
	return nil
}

// within reports whether what was proved at that time counts as proved within the span. What was noted by the clock of
// another server may seem a little ahead, and no more.
func within(at, now time.Time, span time.Duration) bool {
	return now.Sub(at) <= span && at.Sub(now) <= db.Skew
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

// PasswordKey names a user's counter of wrong passwords, the same one for sign-in and for
// repeated proofs. No other user's sign-in clears it, not even one with the same address in another account.
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
	now := s.Now()
	if !ok {
		return Proof{}, Refuse(ctx, s.DB, now, audit.Event{AccountID: u.AccountID, Actor: by, Target: u.ID}, ErrWrongPassword, key)
	}
	if err := s.DB.Run(ctx, throttle.Pass(now, key)); err != nil {
		return Proof{}, throttle.Explain(ctx, s.DB, now, err, key)
	}
	return Proof{u.AccountID, u.ID, now}, nil
}

// Refuse charges a wrong password to the counters, all or none, records it, and returns
// wrong with the longest wait it earned; or throttle.ErrBlocked if a wait was running:
// then it was never evaluated.
//
// The charge is made even if the client has left: a guess that its sender can call back
// is a free one.
func Refuse(ctx context.Context, d *db.DB, now time.Time, e audit.Event, wrong *errs.Error, keys ...throttle.Key) error {
	ctx = context.WithoutCancel(ctx)
	var failures int64
	err := d.Tx(ctx, func(tx *db.Tx) error {
		failures = 0
		for _, k := range keys {
			n, err := throttle.Fail(ctx, tx, k, now)
			if err != nil {
				return err
			}
			failures = max(failures, n)
		}
		if e.Target == "" { // nobody: strangers must not fill the record, and must not be told apart by time
			return tx.Run(ctx, throttle.Touch(keys[0], now), throttle.Touch(keys[0], now))
		}
		e.Action = audit.PasswordRefused
		return tx.Run(ctx, audit.Record(now, e))
	})
	if err != nil {
		return throttle.Explain(ctx, d, now, err, keys...)
	}
	if wait := throttle.Wait(failures); wait > 0 {
		return wrong.After(wait)
	}
	return wrong
}
