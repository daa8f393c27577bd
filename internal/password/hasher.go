// Package password turns passwords into hashes and says which passwords are too weak.
//
// New hashes are Argon2id with 19 MiB, two passes and one lane (OWASP Password Storage
// Cheat Sheet, ASVS 11.4.2). Hashes brought from elsewhere verify too, and the caller is
// told to renew them. The package stores nothing.
//
// Invariants: a password is hashed exactly as it came, never cut, folded or
// normalised (ASVS 6.2.8). What is not understood is an error, never a match. Not more
// hashes run at once than there are slots, and not more callers wait than the queue
// holds, whatever strangers send (F31); all of the present kind cost the same, whether
// the user exists or not, as long as the caller uses [Hasher.VerifyNothing]. One brought
// from elsewhere costs what it costs: until it is renewed, time tells its user from nobody.
//
// Trust: passwords come from strangers. Encoded hashes come from our database or from
// an import and are treated as possibly hostile: their cost is bounded before they run.
package password

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"sallyport/internal/errs"
)

// ErrBusy means that all slots are taken and the queue is full, or that the wait for a
// slot took too long. Nothing was verified.
var ErrBusy = errs.New(errs.Unavailable, "busy",
	"Many people are signing in at this moment. Try again in a few seconds.")

// ErrMalformedHash means that a stored hash is damaged, of an unknown kind, or dearer
// to compute than this package permits.
var ErrMalformedHash = errs.New(errs.Internal, "malformed_password_hash",
	"This password cannot be checked. Reset it, or ask your administrator.")

// retryAfter is what a refused caller is told: about the time a full queue needs to
// drain with the default wait.
const retryAfter = 3 * time.Second

// Config bounds the work. The zero value of each field chooses the default.
type Config struct {
	Slots int           // hashes at once; default: one less than the processors, at least 1
	Queue int           // callers who wait for a slot; default: 100 for each slot
	Wait  time.Duration // how long one waits at most; default: 5 s
}

// Hasher hashes and verifies in a bounded number of slots, first come first served.
type Hasher struct {
	slots chan struct{} // one element for each running hash; waiting senders are served in order
	queue int64
	wait  time.Duration
	cost  cost
	decoy string // a hash nobody knows the password of

	waiting atomic.Int64
	refused atomic.Uint64
	done    atomic.Uint64
}

// Stats is a moment's view, for metrics.
type Stats struct {
	Slots   int    // hashes that may run at once
	Running int    // hashes running now
	Queued  int    // callers waiting now
	Done    uint64 // hashes finished since the start
	Refused uint64 // callers turned away since the start
}

// New returns a Hasher.
func New(c Config) *Hasher {
	if c.Slots <= 0 {
		c.Slots = max(1, runtime.GOMAXPROCS(0)-1) // leave one to everything else
	}
	if c.Queue <= 0 {
		c.Queue = 100 * c.Slots
	}
	if c.Wait <= 0 {
		c.Wait = 5 * time.Second
	}
	return &Hasher{
		slots: make(chan struct{}, c.Slots),
		queue: int64(c.Queue),
		wait:  c.Wait,
		cost:  present,
		decoy: present.decoy(),
	}
}

// Quick makes a new Hasher hash at next to no cost. Tests sign in thousands of times; a test of the house sees that nothing else
// calls it.
func (h *Hasher) Quick() *Hasher {
	h.cost, h.decoy = quick, quick.decoy()
	return h
}

// Stats returns the present state.
func (h *Hasher) Stats() Stats {
	return Stats{
		Slots:   cap(h.slots),
		Running: len(h.slots),
		Queued:  int(h.waiting.Load()),
		Done:    h.done.Load(),
		Refused: h.refused.Load(),
	}
}

// Hash returns the Argon2id hash of pw as a PHC string of 97 bytes. It does not judge
// the password (see [Check]) but refuses one above [MaxBytes] with ErrTooLong. ErrBusy
// if there is no slot.
func (h *Hasher) Hash(ctx context.Context, pw string) (encoded string, err error) {
	if len(pw) > MaxBytes {
		return "", ErrTooLong
	}
	err = h.run(ctx, func() error {
		encoded = h.cost.encode(pw)
		return nil
	})
	return encoded, err
}

// Verify reports whether encoded is a hash of pw. If it is, renew tells that the hash is
// not of the present kind, so the caller should store a new one while it has the
// password. ErrBusy if there is no slot; ErrMalformedHash if encoded is unusable; in
// both cases ok is false.
func (h *Hasher) Verify(ctx context.Context, encoded, pw string) (ok, renew bool, err error) {
	if len(pw) > MaxBytes {
		return false, false, nil // no such password was ever set; the answer is the same for all users
	}
	check, current, err := h.cost.decode(encoded)
	if err != nil {
		return false, false, err
	}
	err = h.run(ctx, func() (err error) {
		ok, err = check(pw)
		return err
	})
	if err != nil {
		return false, false, err
	}
	return ok, ok && !current, nil
}

// VerifyNothing costs what Verify costs with a hash of the present kind, and fails as it fails, for users who do not
// exist or have no password (ASVS 6.3.8).
func (h *Hasher) VerifyNothing(ctx context.Context, pw string) error {
	_, _, err := h.Verify(ctx, h.decoy, pw)
	return err
}

// run calls work in a slot.
func (h *Hasher) run(ctx context.Context, work func() error) error {
	if err := h.acquire(ctx); err != nil {
		return err
	}
	defer func() {
		h.done.Add(1)
		<-h.slots
	}()
	return work()
}

func (h *Hasher) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return ErrBusy.After(retryAfter).Because(err)
	}
	select {
	case h.slots <- struct{}{}: // never overtakes: a free place means that nobody waits
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > h.queue {
		h.refused.Add(1)
		return ErrBusy.After(retryAfter)
	}
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-timer.C:
		h.refused.Add(1)
		return ErrBusy.After(retryAfter)
	case <-ctx.Done():
		return ErrBusy.After(retryAfter).Because(context.Cause(ctx))
	}
}
