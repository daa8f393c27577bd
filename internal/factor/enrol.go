package factor

import (
	"context"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/id"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// New is what a factor is made from.
type New struct {
	Kind    Kind
	Name    string // may be empty for a passkey: then it is named after its model once that is known
	Secret  []byte // what its Method needs to judge a code, or the address that codes are sent to
	Address string // canonical, where codes are sent; else empty
	Hint    string // the address, masked
}

// Begin stores a new, pending factor in place of the user's unfinished one of its
// kind. It demands a proof, so that nobody adds a device to a session left open (A7).
// Errors: reauth.ErrProofNeeded, ErrName, ErrNameTaken, ErrLimit, ErrAddress if the user has the address already.
func (s *Service) Begin(ctx context.Context, proof reauth.Proof, u user.User, n New, limit int) (Factor, error) {
	now := s.Now()
	if err := proof.Check(u.AccountID, u.ID, now); err != nil {
		return Factor{}, err
	}
	name := strings.TrimSpace(n.Name)
	if name != "" || n.Kind != Passkey {
		var err error
		if name, err = s.freeName(ctx, u, "", name); err != nil {
			return Factor{}, err
		}
	}
	f := Factor{
		AccountID: u.AccountID, UserID: u.ID, ID: id.New("fac", now), Kind: n.Kind, Name: name, Hint: n.Hint,
		State: Pending, AddedAt: now, ExpiresAt: now.Add(PendingFor),
	}
	if err := s.checkLimit(ctx, f, limit); err != nil {
		return Factor{}, err
	}
	// Whether somebody else has the address is told by Confirm alone, to who has shown that it is theirs.
	hash := addressHash(n.Kind, n.Address)
	if taken, err := addressTaken(ctx, s.DB, u, hash); err != nil {
		return Factor{}, err
	} else if taken {
		return Factor{}, ErrAddress
	}
	sealed, err := s.seal(f, n.Secret)
	if err != nil {
		return Factor{}, err
	}
	return f, s.DB.Run(ctx, insertPending(f, sealed, hash))
}

// addressHash is by what an address is found again without being stored in clear; "" for none.
func addressHash(k Kind, address string) string {
	if address == "" {
		return ""
	}
	return string(k) + ":" + hex.EncodeToString(token.Hash(address))
}

// Import stores a factor brought from another product as confirmed. It takes no proof,
// because only the operator imports; the user's sessions end with it, and so does a planned end of their second factor, or the new
// device would end with those that are there already. Errors: ErrName, ErrNameTaken, ErrLimit, user.ErrChanged.
func (s *Service) Import(ctx context.Context, u user.User, k Kind, name string, secret []byte, limit int, by audit.Actor) (Factor, error) {
	now := s.Now()
	name, err := s.freeName(ctx, u, "", name)
	if err != nil {
		return Factor{}, err
	}
	f := Factor{AccountID: u.AccountID, UserID: u.ID, ID: id.New("fac", now), Kind: k, Name: name, State: Confirmed, AddedAt: now, ConfirmedAt: now}
	if err := s.checkLimit(ctx, f, limit); err != nil {
		return Factor{}, err
	}
	sealed, err := s.seal(f, secret)
	if err != nil {
		return Factor{}, err
	}
	stmts := append([]db.Stmt{user.RaiseEpoch(u), user.RequireSetUp(u, false)}, user.CallOff(now, u, by)...)
	return f, s.DB.Run(ctx, append(stmts, insertConfirmed(f, sealed),
		user.CountDevices(u.AccountID, u.ID), tell(now, u, outbox.FactorAdded, f, by),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.FactorAdded, Actor: by, Target: f.ID,
			Detail: map[string]string{"user": u.ID, "kind": string(f.Kind), "name": f.Name, "imported": "true"},
		}))...)
}

// tell returns the statement that queues the notice about a device.
func tell(now time.Time, u user.User, what outbox.Kind, f Factor, by audit.Actor) db.Stmt {
	facts := map[string]string{"name": f.Name}
	if f.Kind.Sent() {
		facts["hint"] = f.Hint
	}
	return outbox.Notice(now, u.AccountID, u.ID, what, facts, by)
}

// checkLimit refuses one device too many of a kind (K6).
func (s *Service) checkLimit(ctx context.Context, f Factor, limit int) error {
	devices, err := List(ctx, s.DB, f.AccountID, f.UserID, s.Now())
	if err != nil {
		return err
	}
	n := 0
	for _, d := range devices {
		if d.Kind == f.Kind && d.State == Confirmed {
			n++
		}
	}
	if n >= limit {
		return ErrLimit
	}
	return nil
}

// freeName cleans a name and refuses it if another device of the user has it. A new device
// (except is empty) takes the place of the one that waits; for all others its name is taken.
func (s *Service) freeName(ctx context.Context, u user.User, except, name string) (string, error) {
	name, err := CleanName(name)
	if err != nil {
		return "", err
	}
	devices, err := List(ctx, s.DB, u.AccountID, u.ID, s.Now())
	if err != nil {
		return "", err
	}
	for _, d := range devices {
		if (d.State == Confirmed || except != "") && d.ID != except && strings.EqualFold(d.Name, name) {
			return "", ErrNameTaken
		}
	}
	return name, nil
}

// Confirm makes a pending factor count once its owner shows a right code of it, which
// is used up with it. With the first factor come ten backup codes, which it returns, unless the account gives none;
// they are shown once. In the same transaction it runs the statements that more returns, which must
// hold the user's row first, so that of two first factors one at a time is confirmed.
//
// At enrolment the secret is the owner's own, so a code that only a wrong clock
// explains is called so. Errors: those of Consume, ErrClockOff, ErrExpired, ErrNotFound, ErrLimit, ErrAddress.
func (s *Service) Confirm(ctx context.Context, u user.User, t Try, limit int, more func(Match) []db.Stmt) ([]string, error) {
	now := s.Now()
	rows, err := load(ctx, s.DB, u.AccountID, u.ID)
	if err != nil {
		return nil, err
	}
	var pending *Stored
	first, set := true, Factor{}
	for i, f := range rows {
		switch {
		case f.ID == t.FactorID && f.State == Pending:
			pending = &rows[i]
		case f.Kind == BackupCode:
			set = f.Factor
		case f.State == Confirmed:
			first = false
		}
	}
	switch {
	case pending == nil:
		return nil, ErrNotFound
	case !pending.Waits(now):
		return nil, ErrExpired
	case !pending.takes(now):
		return nil, blockedError(pending.Factor, now)
	}
	if err := s.checkLimit(ctx, pending.Factor, limit); err != nil {
		return nil, err
	}
	match, err := s.matchPending(ctx, *pending, t, rows)
	if err != nil {
		return nil, err
	}
	stmts := append(more(match), confirm(match, now)...)
	stmts = append(stmts, user.CountDevices(u.AccountID, u.ID), user.RequireSetUp(u, false), tell(now, u, outbox.FactorAdded, match.Factor, t.By),
		audit.Record(now, audit.Event{
			AccountID: u.AccountID, Action: audit.FactorAdded, Actor: t.By, Target: match.Factor.ID,
			Detail: map[string]string{"kind": string(match.Factor.Kind), "name": match.Factor.Name},
		}))
	var shown []string
	if first || set.ID == "" {
		var made []db.Stmt
		if shown, made, err = s.makeCodes(ctx, u, t.By); err != nil && !errors.Is(err, ErrNoCodes) {
			return nil, err
		}
		stmts = append(stmts, made...)
	}
	err = s.DB.Run(ctx, stmts...)
	switch {
	case errors.Is(err, errRefused):
		return nil, ErrExpired // somebody was faster, or its time ended this moment
	case db.IsUnique(err) && match.Answer != nil:
		return nil, s.refuseAnswer(ctx, t, Refusal{Why: taken, Factor: match.Factor}, now)
	case db.IsUnique(err):
		return nil, ErrAddress.In("") // somebody else in the account has confirmed it; only a code was asked for here
	}
	return shown, err
}

// matchPending compares the code with the pending factor alone and charges a wrong one to it. rows are all of the user's factors.
func (s *Service) matchPending(ctx context.Context, pending Stored, t Try, rows []Stored) (Match, error) {
	now := s.Now()
	method, err := s.method(pending.Kind)
	if err != nil {
		return Match{}, err
	}
	code, err := method.Clean(t.Code)
	if err != nil {
		return Match{}, err
	}
	if m, ok := method.(Asker); ok {
		return s.matchNew(ctx, m, pending, t, code, rows)
	}
	secret, err := s.open(pending)
	if err != nil {
		return Match{}, err
	}
	tried := []Candidate{{Factor: pending.Factor, Secret: secret}}
	if pending.Kind.Sent() {
		if tried[0].Sent, err = s.liveCode(ctx, t, pending.Factor, now); err != nil {
			return Match{}, err
		}
	}
	found, err := s.find(ctx, method, code, tried, now, t.Tolerance)
	if err != nil {
		return Match{}, err
	}
	if found.Right != nil {
		return *found.Right, nil
	}
	err = s.refuse(ctx, t, tried, found, now)
	if found.Near != nil && errors.Is(err, ErrWrongCode) {
		return Match{}, clockOff(found.Near.Drift)
	}
	return Match{}, err
}

// makeCodes draws ten backup codes and returns them with the statements that put them in place of the old ones; ErrNoCodes
// where the account gives its people none.
func (s *Service) makeCodes(ctx context.Context, u user.User, by audit.Actor) ([]string, []db.Stmt, error) {
	if given, err := s.givesCodes(ctx, u.AccountID); err != nil {
		return nil, nil, err
	} else if !given {
		return nil, nil, ErrNoCodes
	}
	shown, stored, err := s.NewCodes(ctx)
	if err != nil {
		return nil, nil, err
	}
	now := s.Now()
	set := Factor{AccountID: u.AccountID, UserID: u.ID, ID: id.New("fac", now), Kind: BackupCode, AddedAt: now}
	stmts := append(removeCodes(u.AccountID, u.ID), insertCodes(set, stored)...)
	stmts = append(stmts, audit.Record(now, audit.Event{AccountID: u.AccountID, Action: audit.BackupCodesMade, Actor: by, Target: set.ID}))
	return shown, stmts, nil
}
