// Package signin is the way through the two doors: password, then second factor,
// then a session.
//
// It decides from stored state only. Between the doors stands a pending sign-in,
// which is no session: it has a cookie and a table of its own, opens nothing, lives
// ten minutes and dies with the user's security epoch (security.md D4). A person
// with any confirmed second factor gets no session on the password alone, whatever
// the account's policy says (product.md section 3). All failures of the first door
// look alike and take alike, so nobody learns which addresses exist.
package signin

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/channel"
	"sallyport/internal/check"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/password"
	"sallyport/internal/phone"
	"sallyport/internal/reauth"
	"sallyport/internal/sentcode"
	"sallyport/internal/session"
	"sallyport/internal/throttle"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// prefix begins a pending sign-in's id.
const prefix = "pen"

// TrustedBrowser is what the second door was passed with where a trusted browser stood for it. It is no factor.
const TrustedBrowser factor.Kind = "trusted_browser"

// PendingFor is how long a pending sign-in lives.
const PendingFor = 10 * time.Minute

// Errors of a sign-in.
var (
	ErrCredentials = errs.New(errs.Unauthenticated, "wrong_credentials",
		"The e-mail or the password isn’t right. Check both and try again. If you have an account with more than one organisation, use your organisation’s own sign-in address.")
	ErrExpired = errs.New(errs.Expired, "sign_in_expired", "This sign-in took too long or was ended. Sign in again from the start.")
	ErrNoSetUp = errs.New(errs.Forbidden, "set_up_not_allowed", "You can add a device here only while none is set up. Sign in and use your settings.")
)

// State is where a sign-in stands.
type State string

// The states, named as in the REST interface.
const (
	SignedIn     State = "signed_in"
	SecondFactor State = "second_factor"
	SetUp        State = "set_up"
	Planned      State = "planned" // the sign-in is over, and the second factor ends later (K2)
	Passed       State = "passed"  // a check's: there is no session
)

// Step is the outcome of one step.
type Step struct {
	State    State
	Cookie   string          // the value for the session's cookie if signed in, else for the pending one's
	Session  session.Session // that has begun, if signed in
	ReturnTo string
	User     user.User
	Account  account.Account
	Devices  int          // confirmed second factors
	Owed     account.Owed // what the account demands of them, after the password
	Method   factor.Kind  // what the second door was passed with

	Trusted   string        // the value for the cookie of the trusted browser; empty to leave it as it is
	TrustFor  time.Duration // how long that cookie lasts
	Untrusted bool          // the cookie of the trusted browser is worth nothing: take it back

	TwoFactorEnded bool      // signed in by the mailed way out, or because its delay is over
	EndsAt         time.Time // when the second factor ends, if it was Planned
}

// Service signs people in. All fields are needed.
type Service struct {
	DB        *db.DB
	Hasher    *password.Hasher
	Browsers  *browser.Service
	Factors   *factor.Service
	Codes     *sentcode.Service
	Channels  *channel.Service
	Plans     account.Plans
	Countries phone.Countries // whose numbers may get texts
	Now       func() time.Time

	check *check.Check // that the pending sign-ins are of, of the Service that Checks hands out; else nil: they end in sessions
}

// Credentials is what the first door asks for.
type Credentials struct {
	Account  string // short name from the sign-in address; empty: a unique e-mail decides (P11)
	Email    string
	Password string
	ReturnTo string                                // a checked path on this site
	Known    func(accountID, userID string) bool   // whether the browser has signed this person in before; nil for no
	Trusted  func(accountID, userID string) string // the cookie of a trusted browser that it has for this person; nil for none
}

// Password is the first door. Errors: ErrCredentials, throttle.ErrBlocked,
// user.ErrLocked and account.ErrSuspended (both only to who knows the password),
// password's when the server is busy, and browser.ErrTurn if the same trusted browser signs in again and again at this moment.
func (s *Service) Password(ctx context.Context, c Credentials, by audit.Actor) (Step, error) {
	step, err := s.passwordOnce(ctx, c, by)
	if errors.Is(err, browser.ErrTurn) { // the trusted browser was used or ended at this moment: see what it is worth now
		return s.passwordOnce(ctx, c, by)
	}
	return step, err
}

func (s *Service) passwordOnce(ctx context.Context, c Credentials, by audit.Actor) (Step, error) {
	slug, email, address := canonical(c)
	p, err := lookUp(ctx, s.DB, slug, email, address)
	if err != nil {
		return Step{}, err
	}
	cookie := c.trusted(p)
	trust, err := s.trusted(ctx, p, cookie, by)
	if err != nil {
		return Step{}, err
	}
	counters, until := p.counters(address), p.blockedUntil
	if trust.Trusted {
		counters, until = []throttle.Key{trust.Browser.Counter()}, trust.BlockedUntil
	}
	if left := throttle.Remaining(until, s.Now()); left > 0 {
		return Step{}, throttle.Blocked(left)
	}
	ok, renew, err := s.verify(ctx, p, c.Password)
	if err != nil {
		return Step{}, err
	}
	if !ok {
		e := audit.Event{AccountID: p.user.AccountID, Actor: by, Target: p.user.ID}
		return Step{}, reauth.Refuse(ctx, s.DB, s.Now(), e, ErrCredentials, counters...)
	}
	p, ended, err := s.endIfDue(ctx, p, func() (person, error) { return lookUp(ctx, s.DB, slug, email, address) })
	if err != nil {
		return Step{}, err
	}
	if err := admitted(p.user, p.account); err != nil {
		// Even this answer tells that the password is right, so the counters decide first.
		if err := s.DB.Run(ctx, throttle.Pass(s.Now(), counters...)); err != nil {
			return Step{}, throttle.Explain(ctx, s.DB, s.Now(), err, counters...)
		}
		return Step{}, err
	}
	var stmts []db.Stmt
	if renew {
		// If the server is too busy to hash once more, a later sign-in renews it.
		if hash, err := s.Hasher.Hash(ctx, c.Password); err == nil {
			stmts = append(stmts, user.RenewHash(p.user.AccountID, p.user.ID, p.hash, hash))
		}
	}
	known := c.Known != nil && c.Known(p.user.AccountID, p.user.ID)
	step := p.step(c.ReturnTo, s.Now())
	if trust.Trusted && step.State == SecondFactor {
		return s.enterTrusted(ctx, trust, step, stmts, by)
	}
	step, err = s.advance(ctx, p, step, address, trust.Why, stmts, known, by)
	if err != nil {
		return step, throttle.Explain(ctx, s.DB, s.Now(), err, p.counters(address)...)
	}
	step.Untrusted = cookie != ""
	switch {
	case step.State == SecondFactor && p.sent > 0:
		s.sendFirst(ctx, step.Cookie, by)
	case step.State == SetUp && p.account.Policy.MailedSetUp:
		_ = s.AskSetUp(ctx, step.Cookie, by) // what went wrong is said on the page, which looks at what was mailed
	}
	step.TwoFactorEnded = ended && step.State == SignedIn
	return step, nil
}

// verify hashes in every case, so a stranger waits as long as a member whose hash is of the present kind.
func (s *Service) verify(ctx context.Context, p person, plain string) (ok, renew bool, err error) {
	if !p.known() {
		return false, false, s.Hasher.VerifyNothing(ctx, plain)
	}
	return s.Hasher.Verify(ctx, p.hash, plain)
}

// admitted refuses who must not enter by any door (security.md B26).
func admitted(u user.User, a account.Account) error {
	if !u.LockedAt.IsZero() {
		return user.ErrLocked
	}
	if !a.SuspendedAt.IsZero() {
		return account.ErrSuspended
	}
	return nil
}

// step is where somebody stands whose password was right.
func (p person) step(returnTo string, now time.Time) Step {
	step := Step{User: p.user, Account: p.account, ReturnTo: returnTo, Devices: p.devices}
	step.Owed = p.account.Owes(p.user.Standing(p.devices), now)
	step.State = after(step.Owed)
	return step
}

// advance takes somebody whose password was right to the next state. The code page says why it asks again, where it does.
func (s *Service) advance(ctx context.Context, p person, step Step, address throttle.Key, why browser.Why, stmts []db.Stmt, known bool, by audit.Actor) (Step, error) {
	now := s.Now()
	// Both decide: of many guesses that all began before the address's wait did, the right one must not be told from those that it refused.
	stmts = append([]db.Stmt{throttle.Pass(now, p.counters(address)...)}, stmts...)
	if step.State == SignedIn {
		var insert db.Stmt
		step.Cookie, step.Session, insert = session.Issue(now, p.account, p.user, p.user.Epoch, session.AAL1, []string{"pwd"}, by)
		stmts = append(stmts, session.MakeRoom(p.user, p.user.Epoch), insert, signedIn(now, p.user, by, "password"))
		if !known {
			stmts = append(stmts, outbox.Notice(now, p.user.AccountID, p.user.ID, outbox.SignInUnknown, nil, by.As(p.user.ID)))
		}
		if p.failures > 0 {
			stmts = append(stmts, forgive(p.user)...)
		}
	} else {
		cookie, b := token.Issue(p.user.AccountID, p.user.ID, prefix)
		step.Cookie = cookie
		stmts = append(stmts, insertPending(now, b, p.user, ofSignIn, step.ReturnTo, p.failures > 0, why))
	}
	if err := s.DB.Run(ctx, stmts...); err != nil {
		return Step{}, err // a Step that says signed in exists only once it is so
	}
	return step, nil
}

// after is the state in which somebody is whose password was right.
func after(o account.Owed) State {
	switch o.Demand {
	case account.Prove:
		return SecondFactor
	case account.SetUp:
		return SetUp
	default:
		return SignedIn
	}
}

func signedIn(now time.Time, u user.User, by audit.Actor, method string) db.Stmt {
	return audit.Record(now, audit.Event{
		AccountID: u.AccountID, Action: audit.SignedIn, Actor: by.As(u.ID), Target: u.ID,
		Detail: map[string]string{"method": method},
	})
}

// Cancel ends a pending sign-in. One that is gone already is no error. Unless the browser has signed the person
// in before, they are told: whoever tries a stolen password must not get away unnoticed by pressing Cancel (ASVS 6.3.5).
func (s *Service) Cancel(ctx context.Context, cookie string, known func(accountID, userID string) bool, by audit.Actor) error {
	b, ok := s.parse(cookie)
	if !ok {
		return nil
	}
	p, err := s.Pending(ctx, cookie)
	switch {
	case errors.Is(err, ErrExpired), errors.Is(err, user.ErrLocked), errors.Is(err, account.ErrSuspended):
		return nil // it opens nothing any more, if there is one at all: the sweep takes it away, and tells of it
	case err != nil:
		return err
	}
	stmts := append([]db.Stmt{forgetPending(b)}, p.endSent()...)
	if !known(b.AccountID, b.UserID) {
		stmts = append(stmts, outbox.Unfinished(s.Now(), b.AccountID, b.UserID, by.As(p.User.ID)))
	}
	return s.DB.Run(ctx, stmts...)
}

// Pending returns the pending sign-in that a cookie stands for, or ErrExpired.
func (s *Service) Pending(ctx context.Context, cookie string) (*Pending, error) {
	b, ok := s.parse(cookie)
	if !ok {
		return nil, ErrExpired
	}
	p, err := readPending(ctx, s.DB, b, s.purpose())
	if err != nil {
		return nil, err
	}
	if p.epoch != p.User.Epoch || !s.Now().Before(p.ExpiresAt) || db.FromTheFuture(p.StartedAt, s.Now()) {
		return nil, ErrExpired
	}
	if err := admitted(p.User, p.Account); err != nil {
		return nil, err
	}
	return p, s.restMailbox(p)
}

// complete returns the statements for what the second door was passed for: a session begins, under the epoch given, or a check is passed.
func (s *Service) complete(now time.Time, p *Pending, epoch int64, m factor.Match, step *Step, by audit.Actor) []db.Stmt {
	if s.check != nil {
		return check.Pass(now, *s.check, epoch, string(m.Factor.Kind), s.Factors.AMR(m), by)
	}
	var insert db.Stmt
	step.Cookie, step.Session, insert = session.Issue(now, p.Account, p.User, epoch, session.AAL2, s.Factors.AMR(m), by)
	begin := []db.Stmt{insert, signedIn(now, p.User, by, string(m.Factor.Kind))}
	if p.sessions >= session.Most { // else it is spared: a sign-in with a code has its eight statements without it
		begin = append([]db.Stmt{session.MakeRoom(p.User, epoch)}, begin...)
	}
	return begin
}

// Attempt is a code for the second door.
type Attempt struct {
	Kind     factor.Kind                         // empty: whichever the code can be
	FactorID string                              // empty: any device of the kind
	Unsaid   bool                                // of a program that named no device: it means the one that a code is on its way to, if one is
	Code     string                              // as typed; of a passkey, its answer in JSON
	Ceremony string                              // of a passkey, from AskPasskey
	Known    func(accountID, userID string) bool // as in Credentials
	Trust    bool                                // make this browser a trusted one, if the code is right (X15)
}

// Verify is the second door: a right code ends the pending sign-in and begins a
// session, in the transaction that uses the code up. Errors: ErrExpired, factor.ErrPasskeyNeeded, ErrMailRests, and those of factor.Service.Consume.
func (s *Service) Verify(ctx context.Context, cookie string, a Attempt, by audit.Actor) (Step, error) {
	step, err := s.verifyOnce(ctx, cookie, a, by)
	if errors.Is(err, user.ErrChanged) { // the planned end of the second factor came or was called off at this moment
		return s.verifyOnce(ctx, cookie, a, by)
	}
	return step, err
}

func (s *Service) verifyOnce(ctx context.Context, cookie string, a Attempt, by audit.Actor) (Step, error) {
	p, err := s.Pending(ctx, cookie)
	if err != nil {
		return Step{}, err
	}
	if p.State(s.Now()) != SecondFactor {
		return Step{}, ErrExpired
	}
	if s.check != nil {
		if err := mayPass(p.User, p.Owed(s.Now())); err != nil {
			return Step{}, err
		}
	}
	if a.Unsaid {
		if a.FactorID, err = s.sentTo(ctx, p); err != nil {
			return Step{}, err
		}
	}
	factors, err := p.admissible(a, s.Now())
	if err != nil {
		return Step{}, err
	}
	step := p.step(s.passed())
	by = by.As(p.User.ID)
	m, err := s.Factors.Consume(ctx, factor.Try{
		AccountID: p.User.AccountID, UserID: p.User.ID, Factors: factors, Kind: a.Kind, FactorID: a.FactorID, Code: a.Code,
		Ceremony: a.Ceremony, Request: p.bearer.ID, Tolerance: p.Account.Policy.ClockTolerance.Std(), By: by,
	}, func(m factor.Match) []db.Stmt {
		now := s.Now()
		if p.Owed(now).AddPasskey { // the session begins with the passkey, in ConfirmSetUp
			step.State, step.Cookie = SetUp, cookie
			return append(s.notices(now, p, m, true, by), factorProved(p.bearer, m.Factor.Kind, now))
		}
		stmts := append([]db.Stmt{endPending(p.bearer, now)}, s.complete(now, p, p.User.Epoch, m, &step, by)...)
		if m.Sent == nil { // else it is used up
			stmts = append(stmts, p.endSent()...)
		}
		stmts = append(stmts, s.trust(now, p, a, m, &step, by)...)
		stmts = append(stmts, s.notices(now, p, m, a.Known != nil && a.Known(p.User.AccountID, p.User.ID), by)...)
		if p.forgives {
			stmts = append(stmts, forgive(p.User)...)
		}
		if !p.User.TwoFactorEndsAt.IsZero() { // who has the second factor needs no way out (K2)
			stmts = append(stmts, user.CallOff(now, p.User, by)...)
		}
		return stmts
	})
	if errors.Is(err, factor.ErrNotFound) && a.FactorID == "" { // nothing of the person's could be meant, so nothing was compared or charged
		err = factor.ErrMalformed
	}
	if err != nil {
		return Step{}, err
	}
	step.Method = m.Factor.Kind
	return step, nil
}
