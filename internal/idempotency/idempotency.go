// Package idempotency keeps a call that was sent twice from being done twice: the second is given the answer of the first.
//
// A caller names the call with a key of its own. The row of that key is made by one conditional write, so of any number of equal
// calls at once, on any number of servers, one is carried out. Its answer is kept for a day, sealed, since it may hold a secret
// that is shown once. A call that was refused has changed nothing and leaves no row. One that broke off, because the server died
// or could not say what came of it, leaves a row without an answer: whoever repeats it is told to look first, for carrying it
// out again could be the second time.
//
// Whether the caller may make the call at all is decided before, each time anew.
package idempotency

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/seal"
	"sallyport/internal/token"
)

// What can be wrong with a repeated call.
var (
	ErrKey      = errs.New(errs.Invalid, "idempotency_key_invalid", "An Idempotency-Key has 1 to 255 visible characters of ASCII, and stands in the request once.").In("Idempotency-Key")
	ErrMismatch = errs.New(errs.Invalid, "idempotency_mismatch", "This Idempotency-Key was sent with another request. Choose a new key for each request.").In("Idempotency-Key")
	ErrRunning  = errs.New(errs.Conflict, "idempotency_running", "The first request with this Idempotency-Key is still being answered. Ask again in a moment.")
	ErrUnknown  = errs.New(errs.Conflict, "idempotency_unknown", "The first request with this Idempotency-Key broke off, and what came of it is not known. Look whether it was carried out; if not, send it with a new key.")
)

const (
	// KeepFor is how long an answer is kept.
	KeepFor = 24 * time.Hour
	longest = 255
	askIn   = time.Second // when asking for the answer of a running call makes sense
)

// Service keeps calls. All fields are needed.
type Service struct {
	DB   *db.DB
	Ring *seal.Ring
	Now  func() time.Time
}

// Call is one call that its caller has named.
type Call struct {
	accountID, caller string
	id                string // hash of the caller's key
	request           string // hash of what is asked for
	begunAt           time.Time
}

// Answer is what a call was answered.
type Answer struct {
	Status int                 `json:"status"`
	Header map[string][]string `json:"header"`
	Body   []byte              `json:"body"`
}

// New names a call of a caller's with the key it sent. The parts of the request are all that makes it another one.
func New(accountID, caller, key string, request ...string) (Call, error) {
	if key == "" || len(key) > longest {
		return Call{}, ErrKey
	}
	for i := range len(key) {
		if key[i] <= ' ' || key[i] >= 0x7f {
			return Call{}, ErrKey
		}
	}
	h := sha256.New()
	for _, part := range request {
		_ = binary.Write(h, binary.BigEndian, int64(len(part))) // or parts could be moved into one another; a hash takes all
		h.Write([]byte(part))
	}
	return Call{
		accountID: accountID, caller: caller, id: encode(token.Hash(key)), request: encode(h.Sum(nil)),
	}, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// Begin lets one of equal calls be carried out, which takes at most within: it is given no answer. The others are given the answer
// of that one, or an error that says why there is none.
func (s *Service) Begin(ctx context.Context, c Call, within time.Duration) (Call, *Answer, error) {
	c.begunAt = s.Now().Truncate(time.Microsecond) // as the row keeps it
	for range 3 {                                  // what is found may end before it is read
		begun, err := begin(ctx, s.DB, c)
		if err != nil || begun {
			return c, nil, err
		}
		r, err := load(ctx, s.DB, c)
		if errors.Is(err, db.ErrNotFound) {
			continue
		}
		if err != nil {
			return c, nil, err
		}
		switch {
		case r.request != c.request:
			return c, nil, ErrMismatch
		case r.status != 0:
			answer, err := s.open(r)
			return c, answer, err
		case c.begunAt.Before(r.begunAt.Add(within)) && !c.begunAt.Before(r.begunAt.Add(-within)): // a clock that was ahead ends nothing
			return c, nil, ErrRunning.After(askIn)
		}
		return c, nil, ErrUnknown
	}
	return c, nil, ErrRunning.After(askIn)
}

// Finish keeps the answer of a call that was carried out.
func (s *Service) Finish(ctx context.Context, c Call, a Answer) error {
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	sealed, err := s.Ring.Seal(plain, c.ad())
	if err != nil {
		return err
	}
	return s.DB.Run(ctx, finish(c, a.Status, sealed))
}

// Free forgets a call that has changed nothing, so that it can be repeated.
func (s *Service) Free(ctx context.Context, c Call) error { return s.DB.Run(ctx, free(c)) }

// row is a call as it is kept.
type row struct {
	Call
	status int
	sealed []byte
}

func (c Call) ad() string { return seal.AD("idempotent_calls", c.accountID, c.caller, c.id, c.request) }

func (s *Service) open(r row) (*Answer, error) {
	plain, err := s.Ring.Unseal(r.sealed, r.ad())
	if err != nil {
		return nil, err
	}
	var a Answer
	if err := json.Unmarshal(plain, &a); err != nil {
		return nil, err
	}
	return &a, nil
}

// Reseal seals every answer with the primary key and returns how many were sealed with another.
func (s *Service) Reseal(ctx context.Context) (changed int, err error) {
	all, err := answered(ctx, s.DB)
	if err != nil {
		return 0, err
	}
	for _, r := range all {
		if seal.KeyID(r.sealed) == s.Ring.Primary() {
			continue
		}
		plain, err := s.Ring.Unseal(r.sealed, r.ad())
		if err != nil {
			return changed, err
		}
		sealed, err := s.Ring.Seal(plain, r.ad())
		if err != nil {
			return changed, err
		}
		if err := s.DB.Run(ctx, reseal(r, sealed)); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}
