// Package machine is the second factor of programs that call the API (A9, A10): a code of a device of the key's own, given for a
// token or with each call, or a signature with each call. One policy and one audit with people's.
//
// An API key proves who calls. It is worth nothing alone once its person has a second factor, or must have one by the account's
// rules, or the key has a second factor of its own (K15). What else a call may do is decided where people's is: a program is a
// *session.Signed with no row behind it. Here, too, people make and end their keys: in a session only, so that no key makes
// another one, and with their own second factor proved just now.
package machine

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apikey"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpsig"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/throttle"
)

// Errors of programs' calls.
var (
	// ErrSecondFactor has a *Needed as its cause.
	ErrSecondFactor = errs.New(errs.Unauthenticated, "second_factor_required", "An API key alone is not enough here. Prove its second factor in one of the ways under “how”.")
	ErrSessionOnly  = errs.New(errs.Forbidden, "session_needed", "This call is for people, in a session. An API key can’t make it.")
	ErrScope        = errs.New(errs.Forbidden, "scope_missing", "This API key does not have the scope that this call needs.")
	ErrNetwork      = errs.New(errs.Forbidden, "key_network", "This API key may not be used from your address.")
	ErrMixed        = errs.New(errs.Invalid, "credentials_mixed", "Send one second factor beside an API key, a code or a signature, and none beside an access token or a session’s token.")
)

// Way is how a second factor is proved.
type Way string

// The ways.
const (
	ByToken     Way = "token"     // the key and a code are exchanged for an access token
	ByCode      Way = "code"      // a code stands beside the key, in the header OTPHeader
	BySignature Way = "signature" // the call is signed
)

// OTPHeader is where a code stands beside a key.
const OTPHeader = "Sallyport-OTP"

// Needed says in which ways a key's second factor can be proved: none if the key has none yet.
type Needed struct{ How []Way }

func (n *Needed) Error() string { return "second factor needed" }

// Service checks what programs call with, and keeps people's keys. All fields are needed.
type Service struct {
	DB      *db.DB
	Keys    *apikey.Service
	Factors *factor.Service
	Reauth  *reauth.Service
	Now     func() time.Time
}

// Call is what a program called with.
type Call struct {
	Value string       // the bearer credential: a key or an access token
	Code  string       // beside it; empty if none came
	Scope apikey.Scope // that the call needs; empty if only people make it
	// Strong: the call needs a second factor, whatever the policy says.
	Strong bool
	// Binds: the call adds or removes what its person proves themselves with. Where they have a second factor it needs one, whatever the policy says.
	Binds bool
	// Anew: what is remembered of the credential is not enough. The operator's work is held to no row, as administrators' is.
	Anew   bool
	Signed *httpsig.Message // the call as it was signed; nil if it has no signature
	From   netip.Addr
	By     audit.Actor
	// Admit is asked, with the key's id, when nothing is missing but what writes: nothing is used up for a call that it refuses. It is not
	// asked of calls that are refused already, so whoever holds a key that is worthless alone uses nothing of its calls up. nil admits all.
	Admit func(keyID string) error
}

// Caller is who calls.
type Caller struct {
	Signed *session.Signed
	By     audit.Actor
}

// Check decides whether a program's call is let through, and uses up the code that came with it.
//
// Errors: those of apikey.Service.Check, ErrNetwork, ErrSessionOnly, ErrScope, ErrMixed, ErrSecondFactor, those of
// factor.Service.Consume and of package httpsig, apikey.ErrReplayed, and what Admit says. A code is used up only for a call that the key may make.
func (s *Service) Check(ctx context.Context, c Call) (Caller, error) {
	check := s.Keys.Check
	if c.Anew {
		check = s.Keys.CheckAnew
	}
	cred, err := check(ctx, c.Value)
	if err != nil {
		return Caller{}, err
	}
	by := actor(cred, c.By)
	if !cred.Key.From(c.From) {
		return Caller{}, s.refuse(ctx, cred, by, ErrNetwork)
	}
	switch {
	case c.Scope == "":
		return Caller{}, ErrSessionOnly
	case !slices.Contains(cred.Scopes(), c.Scope):
		return Caller{}, ErrScope
	case (cred.Token != nil && c.Code != "") || (c.Signed != nil && (cred.Token != nil || c.Code != "")):
		return Caller{}, ErrMixed
	}
	now := s.Now()
	level, amr, provedAt := session.AAL1, []string{"api_key"}, time.Time{}
	use := func() error { return nil } // up what counts once
	switch {
	case cred.Token != nil:
		level, amr, provedAt = session.AAL2, []string{"api_key", "otp", "mfa"}, cred.Token.IssuedAt
	case c.Code != "":
		use = func() error { return s.prove(ctx, cred, c.Code, by, cred.Held()) }
		level, amr, provedAt = session.AAL2, []string{"api_key", "otp", "mfa"}, now
	case c.Signed != nil:
		signature, err := s.verify(ctx, cred, *c.Signed, by)
		if err != nil {
			return Caller{}, err
		}
		use = func() error { return s.spend(ctx, cred, signature, by) }
		level, amr, provedAt = session.AAL2, []string{"api_key", "pop", "mfa"}, now
	case c.Strong || c.Binds && cred.User.Devices() > 0 || s.owes(cred):
		return Caller{}, needed(cred)
	}
	if c.Admit != nil {
		if err := c.Admit(cred.Key.ID); err != nil {
			return Caller{}, err
		}
	}
	if err := use(); err != nil {
		return Caller{}, err
	}
	if err := s.Keys.Touch(ctx, cred.Key, c.From); err != nil {
		return Caller{}, err
	}
	return Caller{session.OfKey(cred.Key.ID, cred.User, cred.Account, level, amr, provedAt, now, cred.Held()), by}, nil
}

// actor is the key's person, acting by the key.
func actor(cred *apikey.Credential, by audit.Actor) audit.Actor {
	by = by.As(cred.User.ID)
	by.Key = cred.Key.ID
	return by
}

// owes reports whether a key is worth nothing alone (K15).
func (s *Service) owes(cred *apikey.Credential) bool {
	if cred.Key.HasSecondFactor() {
		return true
	}
	if cred.Account.Policy.APISecondFactor == account.APIOff {
		return false
	}
	demand := cred.Account.Owes(cred.User.Standing(cred.User.Devices()), s.Now()).Demand
	return demand == account.Prove || demand == account.SetUp
}

// needed is ErrSecondFactor with the ways that the key has.
func needed(cred *apikey.Credential) error {
	how := []Way{}
	if cred.Key.Device {
		how = append(how, ByToken, ByCode)
	}
	if cred.Key.PublicKey != "" {
		how = append(how, BySignature)
	}
	e := ErrSecondFactor
	if len(how) == 0 {
		e = e.Saying("An API key alone is not enough here, and this one has no second factor yet. Its person gives it one under Settings, API keys.")
	}
	return e.Because(&Needed{how})
}

// prove uses up a code of the key's device, in one transaction with more.
func (s *Service) prove(ctx context.Context, cred *apikey.Credential, code string, by audit.Actor, more ...db.Stmt) error {
	err := s.Factors.ProveMachine(ctx, factor.Try{
		AccountID: cred.Key.AccountID, UserID: cred.Key.ID, Owner: cred.User.ID, Code: code,
		Tolerance: cred.Account.Policy.ClockTolerance.Std(), By: by,
	}, more...)
	switch {
	case errors.Is(err, factor.ErrNotFound):
		return needed(cred)
	case errors.Is(err, factor.ErrWrongCode):
		return unproved(err, "That code isn’t one of this key’s device. Check the clock of the machine that makes it, then send the next one.")
	case errors.Is(err, factor.ErrUsedCode):
		return unproved(err, "That code has been used already. Wait for the next one, up to 30 seconds.")
	case errors.Is(err, factor.ErrMalformed):
		return unproved(err, "A code has six digits. Send the one that the key’s device makes now.")
	case errors.Is(err, factor.ErrLocked):
		return factor.ErrLocked.Saying("Too many wrong codes came with this key, so its device is locked. Give the key a new one under Settings, API keys.")
	}
	return err
}

// unproved says of a code that it proves nothing: to a program, that is no field that a person corrects.
func unproved(err error, message string) error {
	e := *errs.From(err)
	e.Kind, e.Field = errs.Unauthenticated, ""
	if e.RetryAfter == 0 { // else it says how long to wait
		e.Message = message
	}
	return &e
}

// refuse records that a key came which is right, in a way that is not: of each way as often as package throttle allows in a minute, since
// nothing else limits whoever holds a leaked key. The last in a minute says that further ones are not recorded.
func (s *Service) refuse(ctx context.Context, cred *apikey.Credential, by audit.Actor, why *errs.Error) error {
	now := s.Now()
	counter := throttle.Key{AccountID: cred.Key.AccountID, Subject: "refused:" + cred.Key.ID + ":" + why.Code}
	err := throttle.Sparingly(context.WithoutCancel(ctx), s.DB, counter, now, func(last bool) []db.Stmt {
		detail := map[string]string{"user": cred.User.ID, "name": cred.Key.Name, "why": why.Code}
		if last {
			detail["further"] = audit.NotRecorded
		}
		return []db.Stmt{audit.Record(now, audit.Event{AccountID: cred.Key.AccountID, Action: audit.KeyRefused, Actor: by, Target: cred.Key.ID, Detail: detail})}
	})
	if err != nil {
		return err
	}
	return why
}
