package outbox

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/id"
	"sallyport/internal/seal"
)

// LeaseFor is how long a replica has to send what it took. It is longer than any attempt.
const LeaseFor = 2 * time.Minute

// Notice returns the statement that queues a notice to the address that is registered when the statement runs, for the
// transaction of what it tells about. Whoever takes another address afterwards is not told in their predecessor's place.
func Notice(now time.Time, accountID, userID string, kind Kind, more map[string]string, by audit.Actor) db.Stmt {
	return NoticeTo(now, accountID, userID, registered, kind, more, by)
}

// NoticeTo is Notice to an address that the same transaction replaces.
func NoticeTo(now time.Time, accountID, userID, address string, kind Kind, more map[string]string, by audit.Actor) db.Stmt {
	return put(now, Message{AccountID: accountID, UserID: userID, Channel: Mail, Kind: kind, Recipient: address, Language: by.Language, Facts: facts(more, by)}, "")
}

// NoticeOnce is Notice, unless one was queued for the person with the same word once already.
func NoticeOnce(now time.Time, accountID, userID string, kind Kind, once string, more map[string]string, by audit.Actor) db.Stmt {
	return put(now, Message{AccountID: accountID, UserID: userID, Channel: Mail, Kind: kind, Recipient: registered, Language: by.Language, Facts: facts(more, by)}, once)
}

// registered stands for the address that the person has when the row is written. No address is like it.
const registered = "registered"

// Unfinished returns the statement that tells a person, once a day, that somebody has their
// password and did not get past the second door (ASVS 6.3.5).
func Unfinished(now time.Time, accountID, userID string, by audit.Actor) db.Stmt {
	return NoticeOnce(now, accountID, userID, SignInUnfinished, "unfinished:"+now.UTC().Format(time.DateOnly), nil, by)
}

// SendCode returns the statement that queues the message for a code that lies elsewhere
// under this message's id.
func SendCode(now time.Time, accountID, userID, messageID string, ch Channel, expires time.Time, by audit.Actor) db.Stmt {
	return put(now, Message{AccountID: accountID, ID: messageID, UserID: userID, Channel: ch, Kind: Code, Language: by.Language, Facts: facts(nil, by), ExpiresAt: expires}, "")
}

// SendToken returns the statement that queues a message with a secret, which is sealed
// until it is sent. An empty address is the person's registered one.
func SendToken(now time.Time, ring *seal.Ring, m Message, by audit.Actor) (db.Stmt, error) {
	m.ID, m.Language, m.Facts = NewID(now), by.Language, facts(m.Facts, by)
	var err error
	if m.sealed, err = ring.Seal(m.Secret, ad(m)); err != nil {
		return db.Stmt{}, err
	}
	return put(now, m, ""), nil
}

// NoticeBy is Notice, which goes by a way that no longer stands when it is sent. What names the way is sealed until then; it may be empty.
func NoticeBy(now time.Time, ring *seal.Ring, way []byte, accountID, userID string, kind Kind, more map[string]string, by audit.Actor) (db.Stmt, error) {
	if len(way) == 0 {
		return Notice(now, accountID, userID, kind, more, by), nil
	}
	return SendToken(now, ring, Message{AccountID: accountID, UserID: userID, Channel: Mail, Kind: kind, Recipient: registered, Facts: more, Secret: way}, by)
}

// NewID names a message.
func NewID(now time.Time) string { return id.New("msg", now) }

func put(now time.Time, m Message, once string) db.Stmt {
	if m.ID == "" {
		m.ID = NewID(now)
	}
	if m.ExpiresAt.IsZero() {
		m.ExpiresAt = now.Add(noticeFor)
	}
	raw, _ := json.Marshal(m.Facts) // a map of strings always encodes
	return db.Write(`
		INSERT INTO outbox (account_id, message_id, user_id, channel, kind, recipient, language, facts, secret, once, state, due_at, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5,
			CASE WHEN $6 = '`+registered+`' THEN COALESCE((SELECT u.email FROM users u WHERE u.account_id = $1 AND u.user_id = $3), '') ELSE $6 END, $7, $8, $9, $10, 'queued', $11, $11, $12)
		ON CONFLICT (account_id, user_id, once) WHERE once <> '' DO NOTHING`,
		m.AccountID, m.ID, m.UserID, string(m.Channel), string(m.Kind), m.Recipient, m.Language, string(raw), m.sealed, once,
		db.At(now), db.At(m.ExpiresAt))
}

const columns = `account_id, message_id, user_id, channel, kind, recipient, language, facts, secret, attempts, created_at, expires_at`

func scanMessage(scan func(...any) error) (Message, error) {
	var m Message
	var raw string
	var created, expires db.Time
	err := scan(&m.AccountID, &m.ID, &m.UserID, &m.Channel, &m.Kind, &m.Recipient, &m.Language, &raw, &m.sealed, &m.Attempts, &created, &expires)
	if err != nil {
		return m, err
	}
	m.CreatedAt, m.ExpiresAt = created.Std(), expires.Std()
	return m, json.Unmarshal([]byte(raw), &m.Facts)
}

// Due reports whether a message waits to be sent at now. It only reads, so that an idle server writes nothing.
func Due(ctx context.Context, q db.Querier, now time.Time) (bool, error) {
	var n int
	err := q.Get(ctx, `SELECT count(*) FROM (SELECT 1 FROM outbox WHERE state = 'queued' AND due_at <= $1 AND (leased_until <= $1 OR leased_until > $2) LIMIT 1) AS due`,
		[]any{db.At(now), db.At(beyond(now))}, &n)
	return n > 0, err
}

// Lease takes up to limit messages of a channel that are due, none of the accounts in except, and returns them in the order in which they
// were queued, which a database does not keep by itself. Of all replicas that ask, one gets each.
// A lease that seems to last longer than any can was given by a clock that was ahead, and does not count.
// Clocks a little apart are no such clock, or each of two replicas would break the other's lease.
func Lease(ctx context.Context, d *db.DB, now time.Time, ch Channel, except []string, limit int) ([]Message, error) {
	var all []Message
	busy := "," + strings.Join(except, ",") + "," // what both engines can search; an id has no comma
	err := d.Tx(ctx, func(tx *db.Tx) error {
		all = nil
		return tx.Each(ctx, `
			UPDATE outbox SET leased_until = $2, attempts = attempts + 1
			WHERE state = 'queued' AND (leased_until <= $1 OR leased_until > $4) AND (account_id, message_id) IN (
				SELECT account_id, message_id FROM outbox
				WHERE state = 'queued' AND due_at <= $1 AND (leased_until <= $1 OR leased_until > $4)
					AND channel = $5 AND $6 NOT LIKE '%,' || account_id || ',%'
				ORDER BY due_at LIMIT $3)
			RETURNING `+columns, []any{db.At(now), db.At(now.Add(LeaseFor)), limit, db.At(beyond(now)), string(ch), busy},
			func(scan func(...any) error) error {
				m, err := scanMessage(scan)
				all = append(all, m)
				return err
			})
	})
	slices.SortStableFunc(all, func(a, b Message) int { return a.CreatedAt.Compare(b.CreatedAt) }) // of one instant as they are found
	return all, err
}

// beyond is the instant after which no lease can end.
func beyond(now time.Time) time.Time { return now.Add(LeaseFor + db.Skew) }

// Settle ends a leased message in a state, with the gateway's reference or a stable code of what failed. If a receipt
// was faster, that stands. Token and address are of no more use, and go.
// More is written in the same transaction.
func Settle(ctx context.Context, d *db.DB, now time.Time, m Message, s State, reference, detail string, more ...db.Stmt) error {
	return d.Run(ctx, append(more, db.Write(`
		UPDATE outbox SET state = $4, reference = $5, detail = $6, secret = NULL, recipient = '', leased_until = 0, settled_at = $7
		WHERE account_id = $1 AND message_id = $2 AND attempts = $3 AND state = 'queued'`,
		m.AccountID, m.ID, m.Attempts, string(s), reference, detail, db.At(now)))...)
}

// Return gives back a leased message that was not tried.
func Return(ctx context.Context, d *db.DB, m Message) error {
	return d.Run(ctx, db.Write(`
		UPDATE outbox SET leased_until = 0, attempts = attempts - 1
		WHERE account_id = $1 AND message_id = $2 AND attempts = $3 AND state = 'queued'`, m.AccountID, m.ID, m.Attempts))
}

// Postpone puts a leased message back, to be tried again after the delay that its attempts have earned.
func Postpone(ctx context.Context, d *db.DB, now time.Time, m Message, detail string) error {
	return d.Run(ctx, db.Write(`
		UPDATE outbox SET due_at = $4, detail = $5, leased_until = 0
		WHERE account_id = $1 AND message_id = $2 AND attempts = $3 AND state = 'queued'`,
		m.AccountID, m.ID, m.Attempts, db.At(now.Add(Delay(m.Attempts))), detail))
}

// Receipt notes what the gateway says about a text, named by our id or by its own reference, and reports whether that
// was news. Receipts overtake each other: a delivered text stays delivered, and one that failed is not on its way again (F13).
// ErrEarly says that nobody knows the reference yet, and may in a moment.
func Receipt(ctx context.Context, d *db.DB, now time.Time, accountID, messageID, reference string, s State, detail string) (news bool, err error) {
	var found int
	switch {
	case messageID != "":
		// Asked before anything is written: strangers may send receipts, and a write costs more than a look.
		err = d.Get(ctx, `SELECT count(*) FROM outbox WHERE account_id = $1 AND message_id = $2 AND channel = 'sms' AND state <> $3`,
			[]any{accountID, messageID, string(s)}, &found)
	case reference != "":
		// The newest only: gateways use their names again, and a receipt that comes twice is not about an older text.
		var stands State
		look := func() error {
			return d.Get(ctx, `
				SELECT account_id, message_id, state FROM outbox WHERE reference = $1 AND channel = 'sms' ORDER BY created_at DESC, message_id DESC LIMIT 1`,
				[]any{reference}, &accountID, &messageID, &stands)
		}
		if err = look(); errors.Is(err, db.ErrNotFound) {
			if err := early(ctx, d, now); err != nil {
				return false, err
			}
			err = look() // it may have been noted between the two looks
		}
		if errors.Is(err, db.ErrNotFound) {
			return false, nil
		}
		if err == nil && stands == s {
			return false, nil
		}
		found = 1
	}
	if err != nil || found == 0 {
		return false, err
	}
	n, err := d.Exec(ctx, `
		UPDATE outbox SET state = $3, detail = $4, settled_at = $5
		WHERE account_id = $1 AND message_id = $2 AND channel = 'sms' AND (state IN ('queued', 'sent') OR state = 'failed' AND $6)`,
		accountID, messageID, string(s), detail, db.At(now), s == Delivered)
	return n > 0, err
}

// early is ErrEarly while a text is being sent: the gateway's name for it is noted only after its answer, which a receipt may overtake.
func early(ctx context.Context, q db.Querier, now time.Time) error {
	var sending int
	err := q.Get(ctx, `SELECT count(*) FROM outbox WHERE state = 'queued' AND channel = 'sms' AND leased_until > $1`, []any{db.At(now)}, &sending)
	if err == nil && sending > 0 {
		return ErrEarly
	}
	return err
}

// StateOf tells how far a message of a person's got; Dropped if it is not there any more.
func StateOf(ctx context.Context, q db.Querier, accountID, userID, messageID string) (State, string, error) {
	var s State
	var detail string
	err := q.Get(ctx, `SELECT state, detail FROM outbox WHERE account_id = $1 AND message_id = $2 AND user_id = $3`,
		[]any{accountID, messageID, userID}, &s, &detail)
	if errors.Is(err, db.ErrNotFound) {
		return Dropped, "", nil
	}
	return s, detail, err
}

// Clear returns the statement that takes back what a person has not been sent yet and has an end of its own: codes and tokens.
func Clear(accountID, userID string) db.Stmt {
	return db.Write(`DELETE FROM outbox WHERE account_id = $1 AND user_id = $2 AND state = 'queued' AND (kind = 'code' OR secret IS NOT NULL AND kind NOT IN ($3, $4))`,
		accountID, userID, string(MailServerChosen), string(MailServerTaken))
}

// Sweep removes up to limit messages that were settled long ago, or given up by everybody, and returns how many.
func Sweep(ctx context.Context, d *db.DB, now time.Time, limit int) (int64, error) {
	return d.Exec(ctx, `
		DELETE FROM outbox WHERE (account_id, message_id) IN (
			SELECT account_id, message_id FROM outbox WHERE created_at < $1 LIMIT $2)`,
		db.At(now.Add(-Keep)), limit)
}

// Depth counts the messages that wait, and tells since when the oldest does, for the metrics.
func Depth(ctx context.Context, q db.Querier) (waiting int, oldest time.Time, err error) {
	var at db.Time
	err = q.Get(ctx, `SELECT count(*), COALESCE(min(created_at), 0) FROM outbox WHERE state = 'queued'`, nil, &waiting, &at)
	return waiting, at.Std(), err
}

// Reseal seals every waiting token with the primary key and returns how many were sealed with another.
func Reseal(ctx context.Context, d *db.DB, ring *seal.Ring) (changed int, err error) {
	for after := (Message{}); ; {
		batch, err := secrets(ctx, d, after, 200)
		if err != nil || len(batch) == 0 {
			return changed, err
		}
		for _, m := range batch {
			if seal.KeyID(m.sealed) == ring.Primary() {
				continue
			}
			old := m.sealed
			if err := m.Open(ring); err != nil {
				return changed, err
			}
			if m.sealed, err = ring.Seal(m.Secret, ad(m)); err != nil {
				return changed, err
			}
			if err := d.Run(ctx, db.Write(`UPDATE outbox SET secret = $4 WHERE account_id = $1 AND message_id = $2 AND secret = $3`,
				m.AccountID, m.ID, old, m.sealed)); err != nil {
				return changed, err
			}
			changed++
		}
		after = batch[len(batch)-1]
	}
}

// secrets returns up to limit messages with a token, in the order of their keys, that come after the given one.
func secrets(ctx context.Context, q db.Querier, after Message, limit int) (all []Message, err error) {
	err = q.Each(ctx, `SELECT `+columns+` FROM outbox WHERE (account_id, message_id) > ($1, $2) AND secret IS NOT NULL ORDER BY account_id, message_id LIMIT $3`,
		[]any{after.AccountID, after.ID, limit}, func(scan func(...any) error) error {
			m, err := scanMessage(scan)
			all = append(all, m)
			return err
		})
	return all, err
}
