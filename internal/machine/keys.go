package machine

import (
	"context"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpsig"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// NewKey is what somebody makes a key from.
type NewKey struct {
	apikey.New      // the public key as it was typed
	Device     bool // with a device of its own, to be confirmed
}

// Made is a new key.
type Made struct {
	Key    apikey.Key
	Value  string          // shown once
	Device *totp.Enrolment // if one was asked for: shown once, and still to be confirmed
}

// NeedsPassword reports whether the password is asked for to make or change a key: of somebody with a second factor, that one is,
// within the last fifteen minutes.
func NeedsPassword(w *session.Signed) bool { return w.Level != session.AAL2 }

// fresh is the proof that making and changing a key takes. Errors: ErrSessionOnly, reauth.ErrFactorNeeded, and those of reauth.Service.Password.
func (s *Service) fresh(ctx context.Context, w *session.Signed, password string, by audit.Actor) (reauth.Proof, error) {
	if w.ByKey() {
		return reauth.Proof{}, ErrSessionOnly
	}
	if NeedsPassword(w) {
		return s.Reauth.Password(ctx, w.User, password, by)
	}
	now := s.Now()
	if err := w.SecondFactor(now).Check(w.User.AccountID, w.User.ID, now); err != nil {
		return reauth.Proof{}, err
	}
	at := w.ProvedAt
	if at.After(now) { // by the clock of another server
		at = now
	}
	proof, _ := reauth.Recent(w.User, at, now)
	return proof, nil
}

// Make makes a key for the person who asks. Errors: those of fresh, and of apikey.Service.Create.
func (s *Service) Make(ctx context.Context, w *session.Signed, n NewKey, password string, by audit.Actor) (Made, error) {
	proof, err := s.fresh(ctx, w, password, by)
	if err != nil {
		return Made{}, err
	}
	if n.PublicKey, err = canonical(n.PublicKey); err != nil {
		return Made{}, err
	}
	var m Made
	more := func(k apikey.Key) ([]db.Stmt, error) {
		stmts := []db.Stmt{w.Held(), s.tell(w.User, outbox.KeyMade, k, by)}
		if !n.Device {
			return stmts, nil
		}
		e, stmt, err := totp.BeginMachine(s.Factors, proof, w.Account, w.User, k.ID, k.Name)
		m.Device = &e
		return append(stmts, stmt), err
	}
	m.Value, m.Key, err = s.Keys.Create(ctx, proof, w.User, n.New, apikey.Scopes(w.User.Role.Administers()), by, more)
	if err != nil {
		return Made{}, err
	}
	return m, nil
}

// OperatorMake makes a key for somebody, for the operator, who alone gives the scope of one and is asked for no proof. A device is given
// to it by the person, in their settings. Errors: those of apikey.Service.OperatorCreate, httpsig.ErrPublicKey.
func (s *Service) OperatorMake(ctx context.Context, u user.User, n apikey.New) (m Made, err error) {
	if n.PublicKey, err = canonical(n.PublicKey); err != nil {
		return Made{}, err
	}
	m.Value, m.Key, err = s.Keys.OperatorCreate(ctx, u, n, func(k apikey.Key) ([]db.Stmt, error) {
		return []db.Stmt{s.tell(u, outbox.KeyMade, k, audit.Operator())}, nil
	})
	return m, err
}

// canonical is the one form of a public key; "" stays.
func canonical(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	_, form, err := httpsig.ParsePublicKey(text)
	if err != nil {
		return "", errs.From(err).In("public_key")
	}
	return form, nil
}

// tell returns the statement that queues the notice about a key.
func (s *Service) tell(u user.User, what outbox.Kind, k apikey.Key, by audit.Actor) db.Stmt {
	return outbox.Notice(s.Now(), u.AccountID, u.ID, what, map[string]string{"key": k.Name}, by)
}

// Of lists the person's keys, the newest first, and by their ids the devices that they have or are to have.
func (s *Service) Of(ctx context.Context, w *session.Signed) ([]apikey.Key, map[string]factor.Factor, error) {
	keys, err := apikey.List(ctx, s.DB, w.User)
	if err != nil {
		return nil, nil, err
	}
	devices, err := factor.Machines(ctx, s.DB, w.User.AccountID, w.User.ID, s.Now())
	return keys, devices, err
}

// Key is one of them. Errors: apikey.ErrNotFound, for those of others too.
func (s *Service) Key(ctx context.Context, w *session.Signed, id string) (apikey.Key, error) {
	return apikey.One(ctx, s.DB, w.User, id)
}

// End ends one of the person's keys, with its tokens and its device. Errors: apikey.ErrNotFound.
func (s *Service) End(ctx context.Context, w *session.Signed, id string, by audit.Actor) error {
	if w.ByKey() {
		return ErrSessionOnly
	}
	k, err := s.Key(ctx, w, id)
	if err != nil {
		return err
	}
	stmts := append([]db.Stmt{w.Held()}, Ending(s.Now(), k, by)...)
	return s.run(ctx, k, append(stmts, s.tell(w.User, outbox.KeyRemoved, k, by)))
}

// Ending returns the statements that end a key with all it has. They fail with apikey.ErrNotFound if it has ended already.
func Ending(now time.Time, k apikey.Key, by audit.Actor) []db.Stmt {
	// in the order in which a code is used up, so that the two never wait for one another
	return append([]db.Stmt{factor.ClearMachine(k.AccountID, k.ID)}, apikey.Removing(now, k, by)...)
}

// run changes a key, and makes this process forget what it remembers of it.
func (s *Service) run(ctx context.Context, k apikey.Key, stmts []db.Stmt) error {
	err := s.DB.Run(ctx, stmts...)
	s.Keys.Forget(k.AccountID, k.UserID)
	return err
}

// changed returns the statements with which a key's second factor changes: its tokens end, the person and the record are told.
func (s *Service) changed(w *session.Signed, k apikey.Key, what string, by audit.Actor) []db.Stmt {
	return []db.Stmt{
		k.Held(), apikey.EndTokens(k), s.tell(w.User, outbox.KeyChanged, k, by),
		audit.Record(s.Now(), audit.Event{
			AccountID: k.AccountID, Action: audit.KeyFactorChanged, Actor: by, Target: k.ID,
			Detail: map[string]string{"user": k.UserID, "name": k.Name, "what": what},
		}),
	}
}

// BeginDevice begins the enrolment of a device for a key: of its first, or of one that takes the place of the one it has.
func (s *Service) BeginDevice(ctx context.Context, w *session.Signed, id, password string, by audit.Actor) (totp.Enrolment, error) {
	k, err := s.Key(ctx, w, id)
	if err != nil {
		return totp.Enrolment{}, err
	}
	proof, err := s.fresh(ctx, w, password, by)
	if err != nil {
		return totp.Enrolment{}, err
	}
	e, stmt, err := totp.BeginMachine(s.Factors, proof, w.Account, w.User, k.ID, k.Name)
	if err != nil {
		return totp.Enrolment{}, err
	}
	return e, s.DB.Run(ctx, w.Held(), stmt, k.Held())
}

// ConfirmDevice makes a key's new device count by a code of it, which is used up. Errors: those of factor.Service.ConfirmMachine.
func (s *Service) ConfirmDevice(ctx context.Context, w *session.Signed, id, code string, by audit.Actor) error {
	if w.ByKey() {
		return ErrSessionOnly
	}
	k, err := s.Key(ctx, w, id)
	if err != nil {
		return err
	}
	err = s.Factors.ConfirmMachine(ctx, factor.Try{
		AccountID: k.AccountID, UserID: k.ID, Owner: w.User.ID, Code: code, Tolerance: w.Account.Policy.ClockTolerance.Std(), By: by,
	}, append(s.changed(w, k, "device_confirmed", by), w.Held())...)
	s.Keys.Forget(k.AccountID, k.UserID)
	return err
}

// RemoveDevice takes a key's device away. Errors: those of fresh, factor.ErrNotFound.
func (s *Service) RemoveDevice(ctx context.Context, w *session.Signed, id, password string, by audit.Actor) error {
	k, err := s.Key(ctx, w, id)
	if err != nil {
		return err
	}
	if _, err := s.fresh(ctx, w, password, by); err != nil {
		return err
	}
	if !k.Device {
		return factor.ErrNotFound
	}
	return s.run(ctx, k, append([]db.Stmt{w.Held(), factor.ClearMachine(k.AccountID, k.ID)}, s.changed(w, k, "device_removed", by)...))
}
