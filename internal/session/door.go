package session

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/errs"
	"sallyport/internal/token"
)

// The door stands in front of other programs, each at an origin of its own (X19), where the session's cookie never gets. What lets a
// browser in there is a pass: it belongs to a session and to one origin, and is worth nothing without the one and anywhere but at the
// other. A program that reads it can be that person at itself alone.
//
// A browser gets its pass for a ticket, which travels in an address, so it may be seen. It counts for a minute, once, and only
// together with a secret that the browser held before it was sent to sign in, and that never left it: the ticket knows its hash, the
// challenge (as RFC 7636 does). So nobody enters by a ticket they found, nor is anybody let in as somebody else by a link.

const (
	// passID and ticketID begin the ids of passes and tickets, so that neither is ever read as the other.
	passID, ticketID = "dor", "tic"
	// TicketFor is how long a ticket counts: one redirect.
	TicketFor = time.Minute
	// passesKept is how many passes a session has at one origin, the newest. One browser holds one; the others are those
	// of pages that came in at the same moment, whose answers may reach the browser in any order.
	passesKept = 4
)

// ErrTicket refuses a ticket that is used, late, of another browser or for another origin.
var ErrTicket = errs.New(errs.Forbidden, "door_ticket", "This way in has been used already, or took too long. Open the page that you wanted again.")

// Challenge is what a ticket knows of a browser's secret.
func Challenge(secret string) string {
	return base64.RawURLEncoding.EncodeToString(token.Hash(secret))
}

// Ticket returns a ticket for a browser that asks with this challenge to be let in at origin.
func (s *Service) Ticket(ctx context.Context, signed *Signed, origin, challenge string) (string, error) {
	now := s.now()
	value, b := token.Issue(signed.AccountID, signed.UserID, ticketID)
	return value, s.db.Run(ctx, signed.Held(), insertTicket(b, signed.ID, origin, challenge, now, now.Add(TicketFor)))
}

// Enter exchanges a ticket for a pass, once. A ticket that comes without its secret, or elsewhere, ends: it has been seen by somebody,
// who may be the one that chose its challenge and led another person to it, and may have chosen that of no secret at all. Errors:
// ErrTicket, and those of Check.
func (s *Service) Enter(ctx context.Context, ticket, origin, secret string, by audit.Actor) (pass string, err error) {
	t, ok := token.Parse(ticket, ticketID)
	if !ok || !storable(ticket) || !storable(origin) {
		return "", ErrTicket
	}
	now := s.now()
	signed, p, err := readPass(ctx, s.db, t)
	if err != nil {
		return "", ErrTicket.Because(err)
	}
	if err := signed.dead(now); err != nil {
		return "", err
	}
	if p.challenge == "" {
		return "", ErrTicket
	}
	if secret == "" || p.origin != origin || subtle.ConstantTimeCompare([]byte(p.challenge), []byte(Challenge(secret))) != 1 {
		return "", errors.Join(ErrTicket, s.db.Run(ctx, endTicket(t)))
	}
	pass, b := token.Issue(t.AccountID, t.UserID, passID)
	return pass, s.db.Run(ctx, enter(t, b, now, signed.ExpiresAt), endOlder(b, signed.ID, origin, passesKept), audit.Record(now, audit.Event{
		AccountID: t.AccountID, Action: audit.DoorEntered, Actor: by.As(t.UserID), Target: signed.ID, Detail: map[string]string{"origin": origin},
	}))
}

// Leave ends a pass at origin. One that has ended already is nothing to complain of; a forged one costs a read and no more, since
// anybody may send one.
func (s *Service) Leave(ctx context.Context, value, origin string) error {
	b, ok := token.Parse(value, passID)
	if !ok || !storable(value) {
		return nil
	}
	if _, _, err := readPass(ctx, s.db, b); errors.Is(err, ErrNone) {
		return nil
	} else if err != nil {
		return err
	}
	err := s.db.Run(ctx, removePass(b, origin))
	s.Forget(b.AccountID, b.UserID)
	return err
}

// CheckPass returns the session that a pass stands for at origin, or ErrNone. The value is shared: do not change it.
func (s *Service) CheckPass(ctx context.Context, value, origin string) (*Signed, error) {
	b, ok := token.Parse(value, passID)
	if !ok || !storable(value) {
		return nil, ErrNone
	}
	signed, err := s.check(ctx, b, func() (*Signed, error) {
		signed, p, err := readPass(ctx, s.db, b)
		if err != nil {
			return nil, err
		}
		if p.challenge != "" {
			return nil, ErrNone
		}
		signed.origin = p.origin
		return signed, nil
	})
	if err != nil {
		return nil, err
	}
	if signed.origin != origin {
		return nil, ErrNone
	}
	return signed, nil
}
