// Package idempotency keeps a call that was sent twice from being done twice: the second is given the answer of the first.
//
// A caller names the call with a key of its own. The row of that key is made by one conditional write, so of any number of equal
// calls at once, on any number of servers, one is carried out. That it was made is kept for a day, and so are the latest answers of
// each caller: no caller fills the database with them, and none of the calls is carried out twice. A call that was refused has changed
// nothing and leaves no row. One that broke off, because the server died or could not say what came of it, leaves a row without an
// answer: whoever repeats it is told to look first, for carrying it out again could be the second time.
//
// All that is kept of request and answer is sealed: an answer may hold a secret that is shown once, and a request a password,
// which even a hash of the request would let whoever copies the database guess.
//
// Whether the caller may make the call at all is decided before, each time anew.
package idempotency

import (
	"bytes"
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

	// errForgotten is ErrUnknown where nothing is known to have gone wrong.
	errForgotten = ErrUnknown.Saying("The answer to the first request with this Idempotency-Key is no longer at hand. Look whether it was carried out; if not, send it with a new key.")
)

const (
	// KeepFor is how long an answer is kept.
	KeepFor = 24 * time.Hour
	// KeepAnswers is how many answers of each caller's are kept, the latest; of an older one only that the call was made.
	KeepAnswers = 1000

	longest = 255
	page    = 200         // calls that are sealed anew at once
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
	request           []byte // hash of what is asked for
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
	id := base64.RawURLEncoding.EncodeToString(token.Hash(key))
	return Call{accountID: accountID, caller: caller, id: id, request: h.Sum(nil)}, nil
}

// Begin lets one of equal calls be carried out, which takes at most within: it is given no answer. The others are given the answer
// of that one for as long as it is told, or an error that says why there is none.
func (s *Service) Begin(ctx context.Context, c Call, within, told time.Duration) (Call, *Answer, error) {
	c.begunAt = s.Now().Truncate(time.Microsecond) // as the row keeps it
	sealed, err := s.seal(c, kept{Request: c.request})
	if err != nil {
		return c, nil, err
	}
	for range 3 { // what is found may end before it is read
		begun, err := begin(ctx, s.DB, c, sealed)
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
		answer, err := s.recall(c, r, within, told)
		return c, answer, err
	}
	return c, nil, ErrRunning.After(askIn)
}

// recall finds what to tell the repetition c of the call that stands in r.
func (s *Service) recall(c Call, r row, within, told time.Duration) (*Answer, error) {
	if r.forgotten {
		return nil, errForgotten
	}
	k, err := s.open(r)
	switch {
	case err != nil:
		return nil, err
	case !bytes.Equal(k.Request, c.request):
		return nil, ErrMismatch
	case k.Answer != nil && (c.begunAt.Sub(r.begunAt) > told || r.begunAt.Sub(c.begunAt) > db.Skew): // nor is it told for longer where a clock was ahead
		return nil, errForgotten
	case k.Answer != nil:
		return k.Answer, nil
	case c.begunAt.Before(r.begunAt.Add(within)) && !c.begunAt.Before(r.begunAt.Add(-within)): // a clock that was ahead ends nothing
		return nil, ErrRunning.After(askIn)
	}
	return nil, ErrUnknown
}

// Finish keeps the answer of a call that was carried out.
func (s *Service) Finish(ctx context.Context, c Call, a Answer) error {
	sealed, err := s.seal(c, kept{c.request, &a})
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
	sealed    []byte
	forgotten bool // the answer was dropped for later ones, or kept in another way by the version before
}

// kept is what is sealed of a call.
type kept struct {
	Request []byte  `json:"request"`          // hash
	Answer  *Answer `json:"answer,omitempty"` // nil while there is none
}

func (c Call) ad() string { return seal.AD("idempotent_calls", c.accountID, c.caller, c.id) }

func (s *Service) seal(c Call, k kept) ([]byte, error) {
	plain, err := json.Marshal(k)
	if err != nil {
		return nil, err
	}
	return s.Ring.Seal(plain, c.ad())
}

func (s *Service) open(r row) (k kept, err error) {
	plain, err := s.Ring.Unseal(r.sealed, r.ad())
	if err != nil {
		return k, err
	}
	return k, json.Unmarshal(plain, &k)
}

// Reseal seals every call with the primary key, answered or not, and returns how many were sealed with another.
func (s *Service) Reseal(ctx context.Context) (changed int, err error) {
	for after := (Call{}); ; {
		batch, err := list(ctx, s.DB, after, page)
		if err != nil || len(batch) == 0 {
			return changed, err
		}
		var stmts []db.Stmt
		for _, r := range batch {
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
			stmts = append(stmts, reseal(r, sealed))
		}
		if len(stmts) > 0 {
			if err := s.DB.Run(ctx, stmts...); err != nil {
				return changed, err
			}
		}
		changed, after = changed+len(stmts), batch[len(batch)-1].Call
	}
}
