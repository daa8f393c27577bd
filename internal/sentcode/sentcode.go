// Package sentcode is the second factor of codes that are sent: to a telephone as a
// text message (C11–C19), to a mailbox (X5–X8, X10).
//
// A code is six digits, good for ten minutes, five tries and the one request it was
// sent for; the next one ends it (product.md section 3). Who sends is charged first
// (package brake), and the code, the charge and the message are one transaction. The
// address was proved with such a code before it counted as a factor. These are the weak
// methods (security.md D10): whoever reads the mailbox, or takes over the number, has the code.
package sentcode

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/otp"
	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

// digits of a code: 20 bits (NIST SP 800-63B-4, out-of-band).
const digits = 6

// Method compares sent codes of one kind. It implements factor.Method.
type Method struct{ Of factor.Kind }

// Kind is factor.SMS or factor.Email.
func (m Method) Kind() factor.Kind { return m.Of }

// AMR is "sms" (RFC 8176 section 2), and "email" for mail, for which the registry has no value.
func (m Method) AMR() string { return string(m.Of) }

// Clean accepts six digits in whatever way they were typed or pasted.
func (Method) Clean(typed string) (string, error) {
	code, err := otp.ParseCode(typed, digits)
	if err != nil {
		return "", factor.ErrMalformed.Saying("An authentication code has six digits. Enter the one we sent you.")
	}
	return code, nil
}

// Match compares the code with the one that was sent.
func (Method) Match(_ context.Context, code string, candidates []factor.Candidate, _ time.Time, _ time.Duration) (factor.Finding, error) {
	for _, c := range candidates {
		if c.Sent != nil && subtle.ConstantTimeCompare([]byte(code), []byte(c.Sent.Code)) == 1 {
			return factor.Finding{Right: &factor.Match{Factor: c.Factor, Sent: c.Sent}}, nil
		}
	}
	return factor.Finding{}, nil
}

// Service sends codes. All fields are needed.
type Service struct {
	DB      *db.DB
	Factors *factor.Service
	Limits  brake.Limits
	Prefix  func(number string) string // a number's network range
	Now     func() time.Time
	Stopped func(brake.Limit) // counts a send that a limit stopped
}

// Send draws a code for a request and queues the message that carries it; the code sent before for the
// same request ends. budget is the account's own daily limit of texts, 0 for none.
// Errors: factor.ErrLocked and throttle.ErrBlocked while no code would be taken, factor.ErrTooSoon, brake.ErrStopped.
func (s *Service) Send(ctx context.Context, f factor.Stored, request string, budget int, by audit.Actor) error {
	now := s.Now()
	if err := f.Takes(now); err != nil {
		return err
	}
	address, err := s.Factors.Address(f)
	if err != nil {
		return err
	}
	id, code := outbox.NewID(now), draw()
	store, err := s.Factors.StoreCode(now, f.Factor, request, id, code)
	if err != nil {
		return err
	}
	send := brake.Send{AccountID: f.AccountID, UserID: f.UserID, Address: address, Unproved: f.State == factor.Pending, Budget: budget}
	channel := outbox.Mail
	if f.Kind == factor.SMS {
		channel, send.Text, send.Prefix = outbox.SMS, true, s.Prefix(address)
	}
	// The person's own limit first: its row holds up everybody else who sends for the same person.
	stmts := append(s.Limits.Charge(now, send), store,
		outbox.SendCode(now, f.AccountID, f.UserID, id, channel, now.Add(factor.SentFor), by),
		audit.Record(now, audit.Event{
			AccountID: f.AccountID, Action: audit.CodeSent, Actor: by, Target: f.ID,
			Detail: map[string]string{"user": f.UserID, "kind": string(f.Kind)},
		}))
	err = s.DB.Run(ctx, stmts...)
	switch {
	case errors.Is(err, factor.ErrTooSoon):
		return s.tooSoon(ctx, f.Factor, request)
	case errors.Is(err, brake.ErrStopped):
		return errors.Join(err, s.NoteStop(ctx, f.AccountID, f.UserID, f.ID, string(f.Kind), err, by))
	}
	return err
}

// tooSoon says how long to wait.
func (s *Service) tooSoon(ctx context.Context, f factor.Factor, request string) error {
	c, err := factor.Sent(ctx, s.DB, f.AccountID, f.UserID, request)
	if err != nil {
		return factor.ErrTooSoon
	}
	left := max(time.Second, c.ResendAt().Sub(s.Now()))
	return factor.ErrTooSoon.After(left).Saying(fmt.Sprintf("A code was sent less than a minute ago. Wait %d seconds, then send a new one.", (left+time.Second-1)/time.Second))
}

var errNoted = errors.New("sentcode: noted today already")

// NoteStop counts and records that a limit stopped a send of this kind, as stop says, once a day for each person and limit.
func (s *Service) NoteStop(ctx context.Context, accountID, userID, target, kind string, stop error, by audit.Actor) error {
	now, l := s.Now(), brake.LimitOf(stop)
	s.Stopped(l)
	err := s.DB.Run(context.WithoutCancel(ctx), brake.FirstStop(now, l, accountID, userID, errNoted),
		audit.Record(now, audit.Event{
			AccountID: accountID, Action: audit.CodeStopped, Actor: by, Target: target,
			Detail: map[string]string{"user": userID, "kind": kind, "limit": string(l)},
		}))
	if errors.Is(err, errNoted) {
		return nil
	}
	return err
}

func draw() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand never fails: the runtime stops the program instead
	}
	return fmt.Sprintf("%0*d", digits, n.Int64())
}

// OwnAddress reports whether a factor's codes go to the address that the user signs in with: then a mail
// to it proves nothing that the factor would not (K3).
func (s *Service) OwnAddress(f factor.Stored, u user.User) (bool, error) {
	if f.Kind != factor.Email {
		return false, nil
	}
	address, err := s.Factors.Address(f)
	return address == u.Email, err
}
