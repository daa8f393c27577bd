package factor

import (
	"context"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/seal"
	"sallyport/internal/throttle"
)

// The rules of sent codes (product.md section 3; NIST SP 800-63B-4, out-of-band: at most ten minutes).
const (
	SentFor     = 10 * time.Minute
	SentTries   = 5
	ResendAfter = time.Minute
)

// ErrTooSoon says that the last code for the same request was sent a moment ago (X14).
var ErrTooSoon = errs.New(errs.TooMany, "resend_too_soon", "A code was sent less than a minute ago. Wait a little, then send a new one.")

// SentCode is the newest code that was sent for one request. A newer one takes its place.
type SentCode struct {
	ID        string // of the message that carries it
	Request   string // what it is good for, and for nothing else
	FactorID  string
	Code      string // opened; empty where nobody has to know it
	SentAt    time.Time
	ExpiresAt time.Time
	tries     int64
	used      bool
	sealed    []byte
}

// Live reports whether the code may still be entered at now. One that ends later than any
// can was sent by a clock that was ahead (security.md F15): an hour put back must not give it an hour more.
func (c SentCode) Live(now time.Time) bool {
	return !c.used && c.tries < SentTries && now.Before(c.ExpiresAt) && !c.ExpiresAt.After(now.Add(SentFor+db.Skew))
}

// ResendAt is when the next code may be sent for the same request and factor.
func (c SentCode) ResendAt() time.Time { return c.SentAt.Add(ResendAfter) }

// Sent returns the newest code that was sent for a request of the user's, without the code itself; ErrNotFound if none was.
func Sent(ctx context.Context, q db.Querier, accountID, userID, request string) (SentCode, error) {
	return readSent(ctx, q, accountID, userID, request)
}

// liveCode opens the code that an attempt must be compared with. Errors: ErrCodeOver if there is none that counts.
func (s *Service) liveCode(ctx context.Context, t Try, f Factor, now time.Time) (*SentCode, error) {
	c, err := readSent(ctx, s.DB, f.AccountID, f.UserID, t.Request)
	if err == ErrNotFound || err == nil && (c.FactorID != f.ID || !c.Live(now)) {
		return nil, ErrCodeOver
	}
	if err != nil {
		return nil, err
	}
	return &c, s.openSent(&c, f)
}

func (s *Service) openSent(c *SentCode, f Factor) error {
	plain, err := s.Ring.Unseal(c.sealed, sentAD(f, c.ID))
	c.Code = string(plain)
	return err
}

func sentAD(f Factor, messageID string) string {
	return seal.AD("sent_codes", f.AccountID, f.UserID, messageID)
}

// StoreCode returns the statement that puts a code in place of the one sent before for the same
// request; it fails with ErrTooSoon within a minute of that, unless that went to another factor.
func (s *Service) StoreCode(now time.Time, f Factor, request, messageID, code string) (db.Stmt, error) {
	sealed, err := s.Ring.Seal([]byte(code), sentAD(f, messageID))
	if err != nil {
		return db.Stmt{}, err
	}
	return insertSent(now, f, request, messageID, sealed), nil
}

// Delivery is a code on its way: what a message needs to be written.
type Delivery struct {
	Factor  Factor
	Address string
	Code    string
}

// Deliver returns what the message of this id carries, provided its code is alive: the newest of its
// request, not used, not too old. Otherwise ErrCodeOver: it must not be sent any more.
func (s *Service) Deliver(ctx context.Context, accountID, userID, messageID string) (Delivery, error) {
	c, f, err := sentByMessage(ctx, s.DB, accountID, userID, messageID)
	if err == ErrNotFound || err == nil && !c.Live(s.Now()) {
		return Delivery{}, ErrCodeOver
	}
	if err != nil {
		return Delivery{}, err
	}
	address, err := s.open(f)
	if err != nil {
		return Delivery{}, err
	}
	if err := s.openSent(&c, f.Factor); err != nil {
		return Delivery{}, err
	}
	return Delivery{Factor: f.Factor, Address: string(address), Code: c.Code}, nil
}

// Address opens the address that a factor's codes are sent to.
func (s *Service) Address(f Stored) (string, error) {
	address, err := s.open(f)
	return string(address), err
}

// All returns all factors of the user with their sealed secrets.
func (s *Service) All(ctx context.Context, accountID, userID string) ([]Stored, error) {
	return load(ctx, s.DB, accountID, userID)
}

// Stored returns one factor of the user with its sealed secret, in any state, or ErrNotFound.
func (s *Service) Stored(ctx context.Context, accountID, userID, factorID string) (Stored, error) {
	rows, err := load(ctx, s.DB, accountID, userID)
	for _, f := range rows {
		if f.ID == factorID && (f.State == Confirmed || f.Waits(s.Now())) {
			return f, err
		}
	}
	if err != nil {
		return Stored{}, err
	}
	return Stored{}, ErrNotFound
}

// Takes reports why no code of this factor would be taken now: ErrLocked, throttle.ErrBlocked, or nil.
func (f Factor) Takes(now time.Time) error {
	if f.takes(now) {
		return nil
	}
	if f.Locked() {
		return ErrLocked
	}
	return throttle.Blocked(f.Left(now))
}
