package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/id"
	"sallyport/internal/seal"
)

const (
	// Settle is how old an event must be to be sealed. An event's id is made before its transaction commits, so a younger
	// neighbour may be visible first: sealing up to an id is right only once nothing older can appear any more. The time is longer than the
	// clocks of two servers may be apart (db.Skew) and the limits of a request and its transaction together.
	Settle = 3 * time.Minute

	// LateFor is how far back an event is still taken in that came even later: its server was stopped between clock and
	// commit, or its clock was behind. It goes into the next batch, named as late. What appears after that
	// is nobody's event any more, and Verify says so.
	LateFor = time.Hour

	batchSize = 1000 // events in one batch
)

// ErrChain refuses to go on with a chain whose end was changed from outside: whatever is sealed on top would look right.
var ErrChain = errs.New(errs.Internal, "audit_chain_broken", "The audit chain's end is not as this server left it, so nothing more is sealed. Run: sallyport audit verify")

// errRaced: another server has sealed this batch.
var errRaced = errors.New("audit: sealed meanwhile")

// Chain seals events behind those who write them. All fields are needed. It keeps nothing in memory: of several servers
// that seal at once, one gets each batch.
type Chain struct {
	DB   *db.DB
	Ring *seal.Ring
	Now  func() time.Time
}

// batch is one row of audit_seals.
type batch struct {
	accountID   string
	seq         int64
	first, last string
	events      int64
	late        int64
	sealedAt    db.Time
	hash        []byte
	digests     []byte // of the events in the order of their ids, then of the late ones in the order of theirs
}

// head is one row of audit_heads: the last batch. The zero one is that of a chain which has not begun.
type head struct {
	accountID string
	seq       int64
	hash      []byte
	last      string
	proof     []byte
}

// row is one event as it is stored, byte by byte.
type row struct {
	id     string
	fields [9]string // at, action, …, as columns has them behind the id
}

// digest is what a batch keeps of an event. The account is part of it, so that no event passes for one of another account.
func (r row) digest(accountID string) [sha256.Size]byte {
	return sha256.Sum256([]byte(seal.AD(append([]string{"audit_events", accountID, r.id}, r.fields[:]...)...)))
}

// sum is the hash of a batch that follows one with the hash before.
func (b batch) sum(before []byte) []byte {
	h := sha256.New()
	h.Write([]byte(seal.AD("audit_seals", b.accountID, number(b.seq), string(before), b.first, b.last,
		number(b.events), number(b.late), number(int64(b.sealedAt)), string(b.digests))))
	return h.Sum(nil)
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// ad binds the proof to all there is of a head.
func (h head) ad() string {
	return seal.AD("audit_heads", h.accountID, number(h.seq), string(h.hash), h.last)
}

// prove makes the head's proof with the key in use. Nothing is encrypted: what counts is that only the key's owner can.
func (c *Chain) prove(h head) ([]byte, error) { return c.Ring.Seal(nil, h.ad()) }

// proved reports whether a server with our keys made this head.
func (c *Chain) proved(h head) error {
	_, err := c.Ring.Unseal(h.proof, h.ad())
	return err
}

// Seal seals what has settled in every account, and returns how many events that were. An account whose chain is broken
// does not keep the others from it; the error tells of all.
func (c *Chain) Seal(ctx context.Context) (sealed int, err error) {
	now := c.Now()
	until, since := id.Least("evt", now.Add(-Settle)), id.Least("evt", now.Add(-Settle-LateFor))
	accounts, err := unsealed(ctx, c.DB, until, since)
	if err != nil {
		return 0, err
	}
	var broken []error
	for _, accountID := range accounts {
		for {
			n, err := c.sealBatch(ctx, accountID, until, since)
			sealed += n
			switch {
			case errors.Is(err, errRaced):
			case ctx.Err() != nil:
				return sealed, ctx.Err()
			case err != nil:
				broken = append(broken, fmt.Errorf("account %q: %w", accountID, err))
			case n > 0:
				continue
			}
			break
		}
	}
	return sealed, errors.Join(broken...)
}

// sealBatch seals the next batch of an account: the events from the end of the chain on, and those that came late.
func (c *Chain) sealBatch(ctx context.Context, accountID, until, since string) (int, error) {
	end, err := readHead(ctx, c.DB, accountID)
	if err != nil {
		return 0, err
	}
	if end.seq > 0 {
		if err := c.proved(end); err != nil {
			return 0, ErrChain.Because(err)
		}
	}
	rows, err := readRows(ctx, c.DB, accountID, end.last, until, batchSize)
	if err != nil {
		return 0, err
	}
	late, err := lateRows(ctx, c.DB, end, since)
	if err != nil || len(rows)+len(late) == 0 {
		return 0, err
	}
	b := batch{accountID: accountID, seq: end.seq + 1, last: end.last, events: int64(len(rows)), late: int64(len(late)), sealedAt: db.At(c.Now())}
	if len(rows) > 0 {
		b.first, b.last = rows[0].id, rows[len(rows)-1].id
	}
	for _, r := range slices.Concat(rows, late) {
		d := r.digest(accountID)
		b.digests = append(b.digests, d[:]...)
	}
	b.hash = b.sum(end.hash)
	next := head{accountID: accountID, seq: b.seq, hash: b.hash, last: b.last}
	if next.proof, err = c.prove(next); err != nil {
		return 0, err
	}
	// The head comes first: it decides between two servers.
	err = c.DB.Run(ctx, moveHead(next), insertBatch(b))
	if db.IsUnique(err) { // there is such a batch, but the head does not know it
		return 0, ErrChain.Because(err)
	}
	return len(rows) + len(late), err
}

// lateRows finds events which came into a stretch of the chain after that had been sealed: those since the time given that
// no batch has. Most often counting tells that there are none.
func lateRows(ctx context.Context, q db.Querier, end head, since string) ([]row, error) {
	if end.last < since {
		return nil, nil
	}
	s, err := readStretch(ctx, q, end, since)
	if err != nil {
		return nil, err
	}
	there, err := countRows(ctx, q, end.accountID, s.after, end.last)
	if err != nil || s.late == 0 && there == s.events {
		return nil, err
	}
	known := map[[sha256.Size]byte]bool{}
	if err := readDigests(ctx, q, end.accountID, s.from, end.seq, func(d [sha256.Size]byte) { known[d] = true }); err != nil {
		return nil, err
	}
	var late []row
	for after := s.after; len(late) < batchSize; {
		rows, err := readRows(ctx, q, end.accountID, after, end.last, batchSize)
		if err != nil {
			return nil, err
		}
		for _, r := range rows {
			if !known[r.digest(end.accountID)] && r.id >= since && len(late) < batchSize {
				late = append(late, r)
			}
		}
		if len(rows) < batchSize {
			break
		}
		after = rows[len(rows)-1].id
	}
	return late, nil
}

// Reseal proves every chain's end with the key in use that is not proved with it yet, and returns how many those were.
// One that is broken stays as it is: the old key has nothing to say about it either.
func (c *Chain) Reseal(ctx context.Context) (changed int, err error) {
	heads, err := readHeads(ctx, c.DB)
	if err != nil {
		return 0, err
	}
	for _, h := range heads {
		if seal.KeyID(h.proof) == c.Ring.Primary() || c.proved(h) != nil {
			continue
		}
		old := h.proof
		if h.proof, err = c.prove(h); err != nil {
			return changed, err
		}
		if err := c.DB.Run(ctx, proveHead(h, old)); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}
