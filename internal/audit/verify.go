package audit

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/id"
)

// Wrong says what is wrong with a batch.
type Wrong string

// What can be wrong.
const (
	RowsChanged Wrong = "events were changed or taken away"
	RowsAdded   Wrong = "events were added after it was sealed"
	SealMissing Wrong = "its seal is missing"
	SealChanged Wrong = "its seal was changed"
	SealAdded   Wrong = "its seal was made by no server"
	HeadMissing Wrong = "the record of where the chain ends is missing"
	HeadForged  Wrong = "the record of where the chain ends was not made with this key file"
	KeptDiffers Wrong = "it is not the batch whose hash was kept"
)

// unsealedFor is how long an event may lack a seal while a server runs: what Seal allows it, and the time
// that a run of Seal and one of Verify take.
const unsealedFor = Settle + LateFor + 5*time.Minute

// Fault is one thing that is wrong, and where.
type Fault struct {
	Seq      int64 // of the batch
	What     Wrong
	From, To time.Time // when the events of the batch happened; zero where nobody knows any more
	Events   []string  // ids of those that were added
}

// Late is an event that came after its own stretch was sealed, and was sealed later.
type Late struct {
	ID       string
	At       time.Time
	SealedAt time.Time
}

// Kept is the end of a chain as it was kept outside of the database.
type Kept struct {
	Seq  int64
	Hash []byte
}

// ErrKept refuses what is no end of a chain.
var ErrKept = errs.New(errs.Invalid, "audit_head_invalid", "The end of a chain is written as a number, a colon and 64 digits from 0 to f, as audit verify prints it.")

// ParseKept reads the form that String writes.
func ParseKept(s string) (Kept, error) {
	seq, digits, _ := strings.Cut(s, ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	hash, hexErr := hex.DecodeString(digits)
	if err != nil || hexErr != nil || n < 1 || len(hash) != sha256.Size {
		return Kept{}, ErrKept
	}
	return Kept{Seq: n, Hash: hash}, nil
}

// String writes the end of a chain so that it can be kept and given to Verify later.
func (k Kept) String() string { return number(k.Seq) + ":" + hex.EncodeToString(k.Hash) }

// Report is what Verify found.
type Report struct {
	Batches, Events int64
	Faults          []Fault // the first batch first; none if all is well
	Late            []Late
	Began           time.Time // when the first batch was sealed
	Waiting         int64     // events that are not sealed yet
	WaitingSince    time.Time // when the first of them happened
	Behind          bool      // they have waited longer than a running server lets them
	Head            Kept      // to be kept
}

// Verify reads an account's whole chain and every event in it. It only reads, and may run beside servers that write
// and seal. With kept, it also looks whether the chain still goes through there: only that finds a database which
// was put back to an earlier state as a whole.
func (c *Chain) Verify(ctx context.Context, accountID string, kept Kept) (Report, error) {
	v := verifier{q: c.DB, accountID: accountID, kept: kept, now: c.Now(), open: map[[sha256.Size]byte]loose{}}
	// In this order: what is sealed in between makes the head newer than the newest batch, never older.
	newest, err := newestSeq(ctx, c.DB, accountID)
	if err != nil {
		return v.Report, err
	}
	end, err := readHead(ctx, c.DB, accountID)
	if err != nil {
		return v.Report, err
	}
	switch {
	case end.seq == 0 && newest > 0:
		v.fault(Fault{Seq: newest, What: HeadMissing})
		end.seq = newest
	case end.seq > 0 && c.proved(end) != nil:
		v.fault(Fault{Seq: end.seq, What: HeadForged})
	}
	v.end = end
	if newest > end.seq {
		v.fault(Fault{Seq: end.seq + 1, What: SealAdded})
	}
	if err := v.batches(ctx); err != nil {
		return v.Report, err
	}
	return v.Report, v.rest(ctx)
}

// verifier goes along a chain.
type verifier struct {
	Report
	q         db.Querier
	accountID string
	kept      Kept
	now       time.Time
	end       head
	before    batch                       // the last one looked at
	open      map[[sha256.Size]byte]loose // events that no batch explains so far
}

// loose is an event that its own batch does not know.
type loose struct {
	id  string
	seq int64
}

func (v *verifier) fault(f Fault) { v.Faults = append(v.Faults, f) }

// faultIn notes what is wrong with a batch that is there.
func (v *verifier) faultIn(b batch, what Wrong) {
	f := Fault{Seq: b.seq, What: what}
	f.From, _ = id.Time("evt", cmp.Or(b.first, b.last))
	f.To, _ = id.Time("evt", b.last)
	v.fault(f)
}

// batches looks at each batch up to the head.
func (v *verifier) batches(ctx context.Context) error {
	for v.before.seq < v.end.seq {
		all, err := readBatches(ctx, v.q, v.accountID, v.before.seq, v.end.seq, 50)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			v.gap(batch{seq: v.end.seq + 1})
			return nil
		}
		for _, b := range all {
			if b.seq != v.before.seq+1 {
				v.gap(b)
			}
			if err := v.batch(ctx, b); err != nil {
				return err
			}
			v.before = b
		}
	}
	if v.end.hash != nil && !bytes.Equal(v.before.hash, v.end.hash) { // public: it is printed
		v.faultIn(v.before, SealChanged)
	}
	return nil
}

// gap notes that the batches before b are missing. Their time lies between their neighbours.
func (v *verifier) gap(b batch) {
	f := Fault{Seq: v.before.seq + 1, What: SealMissing}
	f.From, _ = id.Time("evt", v.before.last)
	f.To, _ = id.Time("evt", cmp.Or(b.first, b.last, v.end.last))
	v.fault(f)
}

// batch looks at one batch and at the events in its stretch.
func (v *verifier) batch(ctx context.Context, b batch) error {
	if b.seq == 1 {
		v.Began = b.sealedAt.Std()
	}
	follows := b.seq == v.before.seq+1 // otherwise nobody knows what it follows
	whole := int64(len(b.digests)) == (b.events+b.late)*sha256.Size && b.events >= 0 && b.late >= 0
	if !whole || follows && !bytes.Equal(b.hash, b.sum(v.before.hash)) { // public: it is printed
		v.faultIn(b, SealChanged)
	}
	if b.seq == v.kept.Seq && !bytes.Equal(b.hash, v.kept.Hash) { // public: it is printed
		v.faultIn(b, KeptDiffers)
	}
	if !whole {
		return nil // its digests mean nothing
	}
	v.Batches++
	after := v.before.last
	if !follows {
		return nil // where its stretch begins is not known; the gap is the fault
	}
	changed, err := v.stretch(ctx, b, after)
	if err != nil {
		return err
	}
	for _, d := range split(b.digests[b.events*sha256.Size:]) {
		one, there := v.open[d]
		if !there {
			changed = true
			continue
		}
		delete(v.open, d)
		at, _ := id.Time("evt", one.id)
		v.Late = append(v.Late, Late{ID: one.id, At: at, SealedAt: b.sealedAt.Std()})
		v.Events++
	}
	if changed {
		v.faultIn(b, RowsChanged)
	}
	return nil
}

// stretch compares the events from behind one id to the batch's end with the digests, in their order. It reports
// whether any that was sealed is not there as it was; what was never sealed here may come late in another batch.
func (v *verifier) stretch(ctx context.Context, b batch, after string) (changed bool, err error) {
	place := map[[sha256.Size]byte]int{}
	for i, d := range split(b.digests[:b.events*sha256.Size]) {
		place[d] = i
	}
	next := 0
	for more := true; more; {
		rows, err := readRows(ctx, v.q, v.accountID, after, b.last, batchSize)
		if err != nil {
			return false, err
		}
		for _, r := range rows {
			d := r.digest(v.accountID)
			i, known := place[d]
			if !known {
				v.open[d] = loose{r.id, b.seq}
				continue
			}
			changed = changed || i != next
			next = i + 1
			v.Events++
		}
		if more = len(rows) == batchSize; more {
			after = rows[len(rows)-1].id
		}
	}
	return changed || int64(next) != b.events, nil
}

func split(digests []byte) (all [][sha256.Size]byte) {
	for ; len(digests) >= sha256.Size; digests = digests[sha256.Size:] {
		all = append(all, [sha256.Size]byte(digests))
	}
	return all
}

// rest judges what no batch explains, and what lies behind the end.
func (v *verifier) rest(ctx context.Context) error {
	added := map[int64][]string{}
	for _, one := range v.open {
		at, ours := id.Time("evt", one.id)
		if ours && at.After(v.now.Add(-unsealedFor)) {
			v.wait(at, 1) // late, and sealed at the next run
			continue
		}
		added[one.seq] = append(added[one.seq], one.id)
	}
	for seq, ids := range added {
		slices.Sort(ids)
		f := Fault{Seq: seq, What: RowsAdded, Events: ids}
		f.From, _ = id.Time("evt", ids[0])
		f.To, _ = id.Time("evt", ids[len(ids)-1])
		v.fault(f)
	}
	n, first, last, err := tail(ctx, v.q, v.accountID, cmp.Or(v.end.last, v.before.last))
	if err != nil {
		return err
	}
	at, ours := id.Time("evt", first)
	if n > 0 {
		v.wait(at, n)
	}
	if _, good := id.Time("evt", last); n > 0 && !(ours && good) {
		v.fault(Fault{Seq: v.end.seq + 1, What: RowsAdded, Events: []string{first, last}})
	}
	v.Behind = v.Waiting > 0 && v.WaitingSince.Before(v.now.Add(-unsealedFor))
	if v.kept.Seq > v.end.seq {
		v.fault(Fault{Seq: v.end.seq + 1, What: SealMissing})
	}
	v.Head = Kept{Seq: v.end.seq, Hash: v.end.hash}
	slices.SortStableFunc(v.Faults, func(a, b Fault) int { return cmp.Compare(a.Seq, b.Seq) })
	return nil
}

func (v *verifier) wait(at time.Time, n int64) {
	if v.Waiting == 0 || at.Before(v.WaitingSince) {
		v.WaitingSince = at
	}
	v.Waiting += n
}

// Chains names the accounts that have events or a chain, "" among them where events belong to no account.
func (c *Chain) Chains(ctx context.Context) ([]string, error) { return withEvents(ctx, c.DB) }
