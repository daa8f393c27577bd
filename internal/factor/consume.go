package factor

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/outbox"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// Try is one attempt to prove a second factor.
type Try struct {
	AccountID, UserID string
	Owner             string   // of an API key's own device: the person whose key it is; UserID is then the key's id
	Factors           []Stored // the user's factors as just read
	Kind              Kind     // the sort of code; empty: whichever the typed text can be
	FactorID          string   // the device; empty: any of its kind
	Code              string   // as typed; of a passkey, its answer in JSON
	Ceremony          string   // what a passkey was asked, as Ask returned it
	Request           string   // what a sent code must have been sent for, and a passkey asked for
	Within            string   // the session or sign-in in which a new passkey is confirmed
	Tolerance         time.Duration
	By                audit.Actor
}

// person is whom the attempt concerns.
func (t Try) person() string { return cmp.Or(t.Owner, t.UserID) }

// Consume checks a code and uses it up; with it, in the same transaction, it runs
// the statements that more returns, which are what the code was shown for. It is the only way in which any
// one-time code is accepted.
//
// A wrong code is charged to every factor it was compared with, and the charge is
// committed before anybody is answered. Errors: ErrMalformed (nothing was charged),
// ErrWrongCode, ErrUsedCode, ErrCodeOver (nothing was compared), ErrLocked, throttle.ErrBlocked, ErrPasskey, ErrPasskeyOver,
// or one of more's.
func (s *Service) Consume(ctx context.Context, t Try, more func(Match) []db.Stmt) (Match, error) {
	now := s.Now()
	method, code, err := s.choose(&t)
	if err != nil {
		return Match{}, err
	}
	if m, ok := method.(Asker); ok {
		return s.consumeAnswer(ctx, m, t, code, now, more)
	}
	tried, err := s.candidates(ctx, t, method.Kind(), now)
	if err != nil {
		return Match{}, err
	}
	found, err := s.find(ctx, method, code, tried, now, t.Tolerance)
	if err != nil {
		return Match{}, err
	}
	if found.Right == nil {
		return Match{}, s.refuse(ctx, t, tried, found, now)
	}
	stmts := append(consume(*found.Right, now), more(*found.Right)...)
	err = s.DB.Run(ctx, append(stmts, forgiveOthers(t.Factors, found.Right.Factor)...)...)
	if errors.Is(err, errRefused) { // since the rows were read, the code was used up, another was tried, or a wait began
		lost := Finding{Used: found.Right.After == 0}
		return Match{}, s.refuse(ctx, t, []Candidate{{Factor: found.Right.Factor}}, lost, now)
	}
	if err != nil {
		return Match{}, err
	}
	return *found.Right, nil
}

// lowCodes is how few backup codes are left when new ones should be made (product.md section 3).
const lowCodes = 3

// Told returns the statement that tells u of a used backup code; other codes need none.
func Told(now time.Time, u user.User, m Match, by audit.Actor) []db.Stmt {
	if m.Factor.Kind != BackupCode {
		return nil
	}
	kind := outbox.BackupCodeUsed
	switch {
	case m.Issued: // by an administrator, who may have kept it: the person hears whose code it was
		kind = outbox.AdminCodeUsed
	case m.Left <= lowCodes:
		kind = outbox.BackupCodesLow
	}
	return []db.Stmt{outbox.Notice(now, u.AccountID, u.ID, kind, map[string]string{"left": strconv.Itoa(m.Left)}, by)}
}

// forgiveOthers returns the statement that forgives the wrong codes of the factors besides the one that was proved, if there are any.
func forgiveOthers(all []Stored, proved Factor) []db.Stmt {
	if slices.ContainsFunc(all, func(f Stored) bool { return f.Failures > 0 && f.ID != proved.ID }) {
		return []db.Stmt{clearOthers(proved)}
	}
	return nil
}

// Prove consumes a code of somebody who is signed in already, for a step that asks for one again (K1), in one transaction
// with more. A sent code must have been sent for the request; while one is alive, that is the code that is meant.
func (s *Service) Prove(ctx context.Context, u user.User, code, request string, tolerance time.Duration, by audit.Actor, more ...db.Stmt) (Match, error) {
	rows, err := load(ctx, s.DB, u.AccountID, u.ID)
	if err != nil {
		return Match{}, err
	}
	t := Try{AccountID: u.AccountID, UserID: u.ID, Factors: rows, Code: code, Request: request, Tolerance: tolerance, By: by}
	switch c, err := readSent(ctx, s.DB, u.AccountID, u.ID, request); {
	case err == nil && c.Live(s.Now()):
		t.FactorID = c.FactorID
	case err != nil && !errors.Is(err, ErrNotFound):
		return Match{}, err
	}
	return s.Consume(ctx, t, func(m Match) []db.Stmt { return append(Told(s.Now(), u, m, by), more...) })
}

// ProveBackupCode is Prove where, besides a passkey, only a backup code will do (K8). What can't be one is refused with ErrPasskeyNeeded.
func (s *Service) ProveBackupCode(ctx context.Context, u user.User, code string, by audit.Actor, more ...db.Stmt) (Match, error) {
	m, err := s.method(BackupCode)
	if err != nil {
		return Match{}, err
	}
	if _, err := m.Clean(code); err != nil {
		return Match{}, ErrPasskeyNeeded
	}
	rows, err := load(ctx, s.DB, u.AccountID, u.ID)
	if err != nil {
		return Match{}, err
	}
	t := Try{AccountID: u.AccountID, UserID: u.ID, Factors: rows, Kind: BackupCode, Code: code, By: by}
	return s.Consume(ctx, t, func(m Match) []db.Stmt { return append(Told(s.Now(), u, m, by), more...) })
}

// choose finds the method for what was typed: that of the kind or device asked for, else the first one
// that it can be a code of and that the user has. A backup code may be typed into any field for
// codes (X12): then the device that was asked for has no say.
func (s *Service) choose(t *Try) (Method, string, error) {
	var first error
	kind := t.Kind
	for _, f := range t.Factors {
		if t.FactorID != "" && f.ID == t.FactorID {
			kind = f.Kind
		}
	}
	if kind != "" {
		m, err := s.method(kind)
		if err != nil {
			return nil, "", err
		}
		code, err := m.Clean(t.Code)
		if err == nil || t.Kind != "" {
			return m, code, err
		}
		first = err
	}
	if t.FactorID != "" && kind == "" {
		return nil, "", ErrNotFound
	}
	for _, m := range s.Methods {
		if m.Kind() == Passkey || !slices.ContainsFunc(t.Factors, func(f Stored) bool { return f.Kind == m.Kind() && f.State == Confirmed }) {
			continue
		}
		code, err := m.Clean(t.Code)
		if err == nil {
			t.FactorID = ""
			return m, code, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = ErrNotFound
	}
	return nil, "", first
}

// candidates opens the factors the code may prove and that may be tried now.
func (s *Service) candidates(ctx context.Context, t Try, k Kind, now time.Time) ([]Candidate, error) {
	var open []Candidate
	var blocked []Factor
	for _, f := range t.Factors {
		if f.Kind != k || f.State != Confirmed || (t.FactorID != "" && f.ID != t.FactorID) {
			continue
		}
		if !f.takes(now) {
			blocked = append(blocked, f.Factor)
			continue
		}
		secret, err := s.open(f)
		if err != nil {
			return nil, err
		}
		c := Candidate{Factor: f.Factor, Secret: secret}
		switch {
		case k == BackupCode:
			c.Codes, err = s.countingCodes(ctx, f.Factor, now)
		case k.Sent():
			c.Sent, err = s.liveCode(ctx, t, f.Factor, now)
		}
		if errors.Is(err, ErrCodeOver) && t.FactorID == "" {
			continue // the code was sent to another of the user's addresses
		}
		if err != nil {
			return nil, err
		}
		open = append(open, c)
	}
	switch {
	case len(open) > 0:
		return open, nil
	case len(blocked) > 0:
		return nil, blockedError(soonest(blocked, now), now)
	case k.Sent():
		return nil, ErrCodeOver
	default:
		return nil, ErrNotFound
	}
}

// countingCodes returns the codes of a set that count: where the account gives its people no backup codes, those that
// an administrator gave out (K13).
func (s *Service) countingCodes(ctx context.Context, set Factor, now time.Time) ([]Code, error) {
	own, err := s.givesCodes(ctx, set.AccountID)
	if err != nil {
		return nil, err
	}
	return codes(ctx, s.DB, set, own, now)
}

// givesCodes reports whether the account gives its people backup codes.
func (s *Service) givesCodes(ctx context.Context, accountID string) (bool, error) {
	a, err := account.Get(ctx, s.DB, accountID)
	return a.Policy.BackupCodes, err
}

func blockedError(f Factor, now time.Time) error {
	if f.Locked() {
		return ErrLocked
	}
	return throttle.Blocked(f.Left(now))
}

// find asks the method, and accepts a code outside of the tolerance when it is the
// very next after another such (K10): two in a row are one guess in a hundred
// thousand million, so they cost an attacker's odds nothing.
func (s *Service) find(ctx context.Context, m Method, code string, tried []Candidate, now time.Time, tolerance time.Duration) (Finding, error) {
	found, err := m.Match(ctx, code, tried, now, tolerance)
	if err != nil {
		return Finding{}, err
	}
	if n := found.Near; found.Right == nil && n != nil && n.Factor.ResyncStep != 0 && n.Step == n.Factor.ResyncStep+1 {
		n.After = n.Factor.ResyncStep
		found.Right = n
	}
	return found, nil
}

// refuse charges a wrong code, records it, and says what was wrong with it.
//
// The charge is made even if the client has left: a guess that its sender can call back is a free one (D2).
func (s *Service) refuse(ctx context.Context, t Try, tried []Candidate, found Finding, now time.Time) error {
	ctx = context.WithoutCancel(ctx)
	verdict, action := verdictOf(tried[0].Kind, found.Used)
	var charged []Factor
	err := s.DB.Tx(ctx, func(tx *db.Tx) (err error) {
		charged, err = charge(ctx, tx, tried, found.Near, now)
		if err != nil || len(charged) == 0 {
			return err
		}
		for _, f := range charged {
			if err := tx.Run(ctx, audit.Record(now, audit.Event{
				AccountID: t.AccountID, Action: action, Actor: t.By, Target: f.ID,
				Detail: map[string]string{"user": t.person(), "failures": strconv.FormatInt(f.Failures, 10)},
			})); err != nil {
				return err
			}
			if err := tx.Run(ctx, s.alarms(t, f, now)...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(charged) == 0 { // a wait began meanwhile: whether the code was right stays unknown
		return s.blockedNow(ctx, t, tried, now)
	}
	next := soonest(charged, now)
	left := next.Left(now)
	switch {
	case next.Locked():
		return ErrLocked
	case left == 0:
		return verdict
	}
	return verdict.After(left).Saying("That code isn’t valid, and too many were wrong. Wait " + throttle.Words(left) + ", then enter a new one.")
}

// alarms are what wrong codes in a row call for: at the first wait the person hears that somebody
// knows the password, once a day; at the last the device is locked.
func (s *Service) alarms(t Try, f Factor, now time.Time) []db.Stmt {
	notice, facts := outbox.FactorLocked, map[string]string{"name": f.Name, "hint": f.Hint}
	if t.Owner != "" {
		notice, facts = outbox.KeyLocked, map[string]string{"key": f.Name}
	}
	switch {
	case f.Failures == throttle.Lock:
		return []db.Stmt{
			audit.Record(now, audit.Event{
				AccountID: t.AccountID, Action: audit.FactorLocked, Actor: t.By, Target: f.ID, Detail: map[string]string{"user": t.person()},
			}),
			outbox.Notice(now, t.AccountID, t.person(), notice, facts, t.By),
		}
	case t.Owner == "" && f.State == Confirmed && throttle.Wait(f.Failures) > 0 && throttle.Wait(f.Failures-1) == 0:
		return []db.Stmt{outbox.Unfinished(now, t.AccountID, t.UserID, t.By)}
	}
	return nil
}

// verdictOf says what is wrong with a code of this kind, and how that is recorded.
func verdictOf(k Kind, used bool) (*errs.Error, audit.Action) {
	switch {
	case k == BackupCode && used:
		return ErrUsedCode.Saying("That backup code has been used already. Enter another of your ten."), audit.CodeUsedTwice
	case k == BackupCode:
		return ErrWrongCode.Saying("That backup code isn’t valid. It may be mistyped or replaced by newer ones. Try another of your ten, or ask your administrator."), audit.CodeRefused
	case k.Sent() && used:
		return ErrUsedCode.Saying("That code has been used already. Send a new one."), audit.CodeUsedTwice
	case k.Sent():
		return ErrWrongCode.Saying("That code isn’t valid. Enter the newest one we sent you, or send a new one."), audit.CodeRefused
	case used:
		return ErrUsedCode, audit.CodeUsedTwice
	default:
		return ErrWrongCode, audit.CodeRefused
	}
}

// blockedNow reads how long the tried factors are blocked.
func (s *Service) blockedNow(ctx context.Context, t Try, tried []Candidate, now time.Time) error {
	rows, err := load(ctx, s.DB, t.AccountID, t.UserID)
	if err != nil {
		return err
	}
	for _, f := range rows {
		for _, c := range tried {
			if f.ID == c.ID && !f.takes(now) {
				return blockedError(f.Factor, now)
			}
		}
	}
	return ErrNotFound
}

// soonest is the factor that takes a code first; a locked one never does.
func soonest(all []Factor, now time.Time) Factor {
	return slices.MinFunc(all, func(a, b Factor) int {
		if a.Locked() != b.Locked() {
			if a.Locked() {
				return 1
			}
			return -1
		}
		return cmp.Compare(a.Left(now), b.Left(now))
	})
}
