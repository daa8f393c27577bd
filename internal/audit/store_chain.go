package audit

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"sallyport/internal/db"
)

// unsealed names the accounts that have something to seal: events behind the end of their chain up to until, or an end
// so young that events may have come late. It jumps from one account to the next along the key.
func unsealed(ctx context.Context, q db.Querier, until, since string) (accounts []string, err error) {
	err = q.Each(ctx, `
		WITH RECURSIVE found (account_id) AS (
			SELECT min(account_id) FROM audit_events
			UNION ALL
			SELECT (SELECT min(e.account_id) FROM audit_events e WHERE e.account_id > found.account_id) FROM found WHERE found.account_id IS NOT NULL
		)
		SELECT f.account_id FROM found f LEFT JOIN audit_heads h ON h.account_id = f.account_id
		WHERE f.account_id IS NOT NULL AND (COALESCE(h.last_event, '') >= $2 OR EXISTS (
			SELECT 1 FROM audit_events e WHERE e.account_id = f.account_id AND e.event_id > COALESCE(h.last_event, '') AND e.event_id <= $1))
		ORDER BY f.account_id`, []any{until, since}, func(scan func(...any) error) error {
		var accountID string
		err := scan(&accountID)
		accounts = append(accounts, accountID)
		return err
	})
	return accounts, err
}

// readRows reads events as they are stored, from behind one id up to another.
func readRows(ctx context.Context, q db.Querier, accountID, after, until string, limit int) (rows []row, err error) {
	err = q.Each(ctx, `
		SELECT event_id, CAST(at AS text), action, actor_kind, actor_id, target_id, address, user_agent, detail, person_id FROM audit_events
		WHERE account_id = $1 AND event_id > $2 AND event_id <= $3 ORDER BY event_id LIMIT $4`,
		[]any{accountID, after, until, limit}, func(scan func(...any) error) error {
			var r row
			f := &r.fields
			err := scan(&r.id, &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &f[7], &f[8])
			rows = append(rows, r)
			return err
		})
	return rows, err
}

func countRows(ctx context.Context, q db.Querier, accountID, after, until string) (n int64, err error) {
	err = q.Get(ctx, `SELECT count(*) FROM audit_events WHERE account_id = $1 AND event_id > $2 AND event_id <= $3`,
		[]any{accountID, after, until}, &n)
	return n, err
}

// tail tells of the events behind the end of a chain: how many, the first and the last.
func tail(ctx context.Context, q db.Querier, accountID, after string) (n int64, first, last string, err error) {
	err = q.Get(ctx, `
		SELECT count(*), COALESCE(min(event_id), ''), COALESCE(max(event_id), '') FROM audit_events WHERE account_id = $1 AND event_id > $2`,
		[]any{accountID, after}, &n, &first, &last)
	return n, first, last, err
}

// readHead reads where an account's chain ends; the zero head if it has not begun.
func readHead(ctx context.Context, q db.Querier, accountID string) (head, error) {
	h := head{accountID: accountID}
	err := q.Get(ctx, `SELECT seq, hash, last_event, proof FROM audit_heads WHERE account_id = $1`, []any{accountID}, &h.seq, &h.hash, &h.last, &h.proof)
	if errors.Is(err, db.ErrNotFound) {
		return head{accountID: accountID}, nil
	}
	return h, err
}

func readHeads(ctx context.Context, q db.Querier) (heads []head, err error) {
	err = q.Each(ctx, `SELECT account_id, seq, hash, last_event, proof FROM audit_heads ORDER BY account_id`, nil, func(scan func(...any) error) error {
		var h head
		err := scan(&h.accountID, &h.seq, &h.hash, &h.last, &h.proof)
		heads = append(heads, h)
		return err
	})
	return heads, err
}

// moveHead puts the end of a chain one batch on, or fails with errRaced.
func moveHead(h head) db.Stmt {
	return db.Must(errRaced, `
		INSERT INTO audit_heads (account_id, seq, hash, last_event, proof) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (account_id) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, last_event = excluded.last_event, proof = excluded.proof
		WHERE audit_heads.seq = excluded.seq - 1`, h.accountID, h.seq, h.hash, h.last, h.proof)
}

// proveHead replaces a head's proof, unless the chain went on meanwhile: then it has a new one.
func proveHead(h head, old []byte) db.Stmt {
	return db.Write(`UPDATE audit_heads SET proof = $3 WHERE account_id = $1 AND seq = $2 AND proof = $4`, h.accountID, h.seq, h.proof, old)
}

func insertBatch(b batch) db.Stmt {
	return db.Write(`
		INSERT INTO audit_seals (account_id, seq, first_event, last_event, events, late, sealed_at, hash, digests)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, b.accountID, b.seq, b.first, b.last, b.events, b.late, b.sealedAt, b.hash, b.digests)
}

// readBatches reads batches in their order, from behind one number on.
func readBatches(ctx context.Context, q db.Querier, accountID string, after, until int64, limit int) (all []batch, err error) {
	err = q.Each(ctx, `
		SELECT seq, first_event, last_event, events, late, sealed_at, hash, digests FROM audit_seals
		WHERE account_id = $1 AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4`, []any{accountID, after, until, limit}, func(scan func(...any) error) error {
		b := batch{accountID: accountID}
		err := scan(&b.seq, &b.first, &b.last, &b.events, &b.late, &b.sealedAt, &b.hash, &b.digests)
		all = append(all, b)
		return err
	})
	return all, err
}

// newestSeq is the number of the last batch there is; 0 for none.
func newestSeq(ctx context.Context, q db.Querier, accountID string) (seq int64, err error) {
	err = q.Get(ctx, `SELECT COALESCE(max(seq), 0) FROM audit_seals WHERE account_id = $1`, []any{accountID}, &seq)
	return seq, err
}

// stretch is the end of a chain, in whole batches: those that reach a moment or end later.
type stretch struct {
	from   int64  // the first of them
	after  string // behind which event it begins
	events int64  // in their batches
	late   int64
}

func readStretch(ctx context.Context, q db.Querier, end head, since string) (s stretch, err error) {
	err = q.Get(ctx, `SELECT seq, last_event FROM audit_seals WHERE account_id = $1 AND seq <= $2 AND last_event < $3 ORDER BY seq DESC LIMIT 1`,
		[]any{end.accountID, end.seq, since}, &s.from, &s.after)
	if err != nil && !errors.Is(err, db.ErrNotFound) {
		return s, err
	}
	s.from++
	err = q.Get(ctx, `
		SELECT CAST(COALESCE(sum(events), 0) AS bigint), CAST(COALESCE(sum(late), 0) AS bigint) FROM audit_seals WHERE account_id = $1 AND seq >= $2 AND seq <= $3`,
		[]any{end.accountID, s.from, end.seq}, &s.events, &s.late)
	return s, err
}

// readDigests hands the digests of some batches to fn.
func readDigests(ctx context.Context, q db.Querier, accountID string, from, to int64, fn func([sha256.Size]byte)) error {
	for after := from - 1; after < to; {
		batches, err := readBatches(ctx, q, accountID, after, to, 50)
		if err != nil {
			return err
		}
		if len(batches) == 0 {
			return ErrChain.Because(fmt.Errorf("there is no batch %d", after+1))
		}
		for _, b := range batches {
			after = b.seq
			for d := b.digests; len(d) >= sha256.Size; d = d[sha256.Size:] {
				fn([sha256.Size]byte(d))
			}
		}
	}
	return nil
}

// withEvents names the accounts that have events or a chain, even those of which every event was taken away.
func withEvents(ctx context.Context, q db.Querier) (accounts []string, err error) {
	err = q.Each(ctx, `
		WITH RECURSIVE found (account_id) AS (
			SELECT min(account_id) FROM audit_events
			UNION ALL
			SELECT (SELECT min(e.account_id) FROM audit_events e WHERE e.account_id > found.account_id) FROM found WHERE found.account_id IS NOT NULL
		)
		SELECT account_id FROM found WHERE account_id IS NOT NULL UNION SELECT account_id FROM audit_heads UNION SELECT account_id FROM audit_seals
		ORDER BY 1`, nil, func(scan func(...any) error) error {
		var accountID string
		err := scan(&accountID)
		accounts = append(accounts, accountID)
		return err
	})
	return accounts, err
}
