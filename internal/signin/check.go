package signin

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assertion"
	"sallyport/internal/audit"
	"sallyport/internal/check"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/session"
	"sallyport/internal/texts"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// A check is the second door alone, for a program that has looked at the password itself. It stands in a pending sign-in of another
// purpose, under the check's id, which no cookie's hash can be: so what is good at one of the two is nothing at the other (security.md
// D4, B29), and codes, counters, sending and the set-up of a device are the same.

// purpose is what a pending sign-in ends in.
type purpose string

const (
	ofSignIn purpose = ""
	ofCheck  purpose = "check"
)

func (s *Service) purpose() purpose {
	if s.check != nil {
		return ofCheck
	}
	return ofSignIn
}

// passed is the state after the second door.
func (s *Service) passed() State {
	if s.check != nil {
		return Passed
	}
	return SignedIn
}

// Errors of beginning a check.
var (
	ErrCheckProgram = errs.New(errs.Forbidden, "check_program_only", "Only a program asks for checks: with an API key of the scope “checks”, made by somebody who administers the account, or with the operator key.")
	ErrCheckEmail   = errs.New(errs.Conflict, "check_email_taken",
		"A user with this e-mail address exists already in this organisation under another id, or none. An administrator can link them: PATCH /v1/account/users/{id} with external_id.").In("user.email")
	ErrCheckNoEmail = errs.New(errs.Invalid, "check_email_needed", "Nobody is known by this id yet. Give the e-mail address as well, and they will be.").In("user.email")
	ErrCheckInvited = errs.New(errs.Conflict, "check_user_invited", "This person has not accepted an invitation yet, and can’t be asked for a second factor before.")
	ErrCheckNoOwn   = errs.New(errs.Conflict, "check_no_second_factor",
		"This person signs in here with a password of their own and has no second factor yet. They set one up in their settings here; nobody else’s word is enough for that.")
	ErrCheckPasskey = errs.New(errs.Conflict, "check_passkey_owed",
		"This person signs in here with a password of their own and must add a passkey first. They sign in here and add it; nobody else’s word is enough for that.")
	ErrCheckRank  = errs.New(errs.Forbidden, "check_role_too_high", "This is an owner or administrator, and the API key is another administrator’s. Only an owner’s key, or their own, asks about them: wrong codes count against who is asked about.")
	ErrCheckOther = errs.New(errs.Forbidden, "check_other_person",
		"Somebody else is signed in in this browser. Sign out here first, then open the link again.")
)

// Checks is the second door for programs that keep their own passwords. All fields are needed.
type Checks struct {
	SignIns    *Service
	Assertions *assertion.Service
	Origins    []string // to which a browser may be led back, as browsers write them
	PublicURL  *url.URL
}

// Proof is what a passed check shows.
type Proof struct {
	Check   check.Check
	User    user.User
	Account account.Account
	AMR     []string // of the second factor alone: the password was the program's
}

// Program is who asks for checks.
type Program struct {
	owner check.Owner
	by    user.User // whose key it is; nobody's is the operator's
	held  []db.Stmt // fails if the key has ended
}

// over refuses a program whose person may not act on the access of who is asked about: each wrong code that it sends counts against them,
// and enough of them lock what they sign in with (security.md B64). Of themselves everybody's key may ask.
func (p Program) over(u user.User) error {
	if p.owner.AccountID == "" || p.by.ID == u.ID || p.by.Role.Over(u.Role) {
		return nil
	}
	return ErrCheckRank
}

// KeyProgram is the program that calls with a key. Errors: ErrCheckProgram for people, and for keys whose person does not administer the account.
func KeyProgram(w *session.Signed) (Program, error) {
	if !w.ByKey() || !w.User.Role.Administers() {
		return Program{}, ErrCheckProgram
	}
	return Program{check.Owner{ID: w.ID, AccountID: w.AccountID}, w.User, []db.Stmt{w.Held()}}, nil
}

// OperatorProgram is whoever holds the operator's key. It asks about everybody.
func OperatorProgram() Program { return Program{owner: check.Owner{ID: check.OperatorOwner}} }

// AskedFor is whom a program asks for a second factor, and what for.
type AskedFor struct {
	Account                 string // short name; of the operator only
	ExternalID, Email, Name string
	Language                string
	ReturnTo, Reference     string
}

// Begin begins a check, and returns the link that leads a browser to it. Who is unknown becomes a member without a password. Errors: account.ErrNotFound,
// those above but ErrCheckOther, session.ErrNone, check.ErrReturnTo, check.ErrReference, user's about what is wrong with an id, address or name; user.ErrLocked and account.ErrSuspended.
func (c *Checks) Begin(ctx context.Context, p Program, a AskedFor, by audit.Actor) (check.Check, string, error) {
	returnTo, err := check.ReturnTo(c.Origins, a.ReturnTo)
	if err == nil {
		err = check.CheckReference(a.Reference)
	}
	if err == nil {
		err = user.CheckExternal(a.ExternalID)
	}
	if err == nil && a.Language != "" && !slices.Contains(texts.Languages(), texts.Language(a.Language)) {
		err = user.ErrLanguage
	}
	if err != nil {
		return check.Check{}, "", err
	}
	at, err := c.account(ctx, p, a.Account)
	if err != nil {
		return check.Check{}, "", err
	}
	u, created, err := c.person(ctx, at, a, by)
	if err != nil {
		return check.Check{}, "", err
	}
	now := c.SignIns.Now()
	if err := mayAsk(p, u, at, now); err != nil {
		return check.Check{}, "", err
	}
	held := p.held
	if u.Role.Administers() && p.owner.AccountID != "" { // a key is remembered for up to a second after its person was demoted
		held = append(slices.Clone(held), user.Hold(p.by))
	}
	one, link, stmts := check.Begin(now, u, p.owner, returnTo, a.Reference, by)
	stmts = slices.Concat(held, created, stmts, []db.Stmt{insertPending(now, token.Bearer{AccountID: u.AccountID, UserID: u.ID, ID: one.ID}, u, ofCheck, "", false, "")})
	err = c.SignIns.DB.Run(ctx, stmts...)
	if db.IsUnique(err) { // somebody was made known under this id or address at this moment
		if u, err = user.ByExternal(ctx, c.SignIns.DB, at.ID, a.ExternalID); errors.Is(err, user.ErrNotFound) {
			return check.Check{}, "", ErrCheckEmail
		}
		if err == nil {
			return c.Begin(ctx, p, a, by)
		}
	}
	if errors.Is(err, user.ErrChanged) {
		return check.Check{}, "", session.ErrNone // as administrators' work
	}
	if err != nil {
		return check.Check{}, "", err
	}
	return one, c.PublicURL.JoinPath("/check").String() + "?" + url.Values{"token": {link}}.Encode(), nil
}

// account is the one in which a program asks.
func (c *Checks) account(ctx context.Context, p Program, slug string) (account.Account, error) {
	var a account.Account
	var err error
	if p.owner.AccountID != "" {
		a, err = account.Get(ctx, c.SignIns.DB, p.owner.AccountID)
		if err == nil && slug != "" && slug != a.Slug {
			return a, account.ErrNotFound
		}
	} else {
		a, err = account.BySlug(ctx, c.SignIns.DB, slug)
	}
	if err == nil && !a.SuspendedAt.IsZero() {
		return a, account.ErrSuspended
	}
	return a, err
}

// person is whom the program means, with the statements that make them known if they are not.
func (c *Checks) person(ctx context.Context, at account.Account, a AskedFor, by audit.Actor) (user.User, []db.Stmt, error) {
	u, err := user.ByExternal(ctx, c.SignIns.DB, at.ID, a.ExternalID)
	if !errors.Is(err, user.ErrNotFound) {
		return u, nil, err
	}
	if strings.TrimSpace(a.Email) == "" {
		return u, nil, ErrCheckNoEmail
	}
	switch _, err := user.ByEmail(ctx, c.SignIns.DB, at.ID, a.Email); {
	case err == nil:
		return u, nil, ErrCheckEmail
	case !errors.Is(err, user.ErrNotFound):
		return u, nil, err
	}
	return user.CreatingExternal(c.SignIns.Now(), user.New{AccountID: at.ID, Email: a.Email, Name: a.Name}, a.ExternalID, a.Language, by)
}

// mayAsk refuses whoever must not be asked. A first device is set up on the program's word only by people who have no password here:
// for the others, that word would bind what opens this server too, in the name of anybody, owners included (security.md B64). The same goes
// for a passkey that is owed besides: it signs in here alone.
func mayAsk(p Program, u user.User, at account.Account, now time.Time) error {
	if err := p.over(u); err != nil {
		return err
	}
	if err := admitted(u, at); err != nil {
		return err
	}
	switch {
	case !u.InvitedAt.IsZero():
		return ErrCheckInvited
	case u.HasPassword && u.Devices() == 0:
		return ErrCheckNoOwn
	}
	return mayPass(u, at.Owes(u.Standing(u.Devices()), now))
}

// mayPass refuses the check of somebody who must add a passkey here first, which may be so only since the check began.
func mayPass(u user.User, o account.Owed) error {
	if u.HasPassword && o.AddPasskey {
		return ErrCheckPasskey
	}
	return nil
}

// of is the second door of one check.
func (c *Checks) of(one check.Check) *Service {
	bound := *c.SignIns
	bound.check = &one
	return &bound
}

// Standing is where a check stands. SignIn is its second door, to whose methods the cookie is nothing; Pending is nil once it is over.
type Standing struct {
	Check   check.Check
	State   check.State
	User    user.User
	Account account.Account
	SignIn  *Service
	Pending *Pending
}

// Find is a program's check. Errors: check.ErrNotFound for that of another; ErrCheckRank if the key's person was demoted since.
func (c *Checks) Find(ctx context.Context, p Program, checkID string) (Standing, error) {
	one, err := check.Get(ctx, c.SignIns.DB, p.owner, checkID)
	if err != nil {
		return Standing{}, err
	}
	st, err := c.standing(ctx, one)
	if err == nil {
		err = p.over(st.User)
	}
	return st, err
}

// Opened is the check that a browser has opened, by its cookie. who is signed in there, if anybody is. Errors: check.ErrOver, ErrCheckOther.
func (c *Checks) Opened(ctx context.Context, cookie string, who *session.Signed) (Standing, error) {
	one, err := check.ByBrowser(ctx, c.SignIns.DB, cookie)
	if err != nil {
		return Standing{}, err
	}
	if err := sameBrowser(one, who); err != nil {
		return Standing{}, err
	}
	return c.standing(ctx, one)
}

// Reopened is the check of a link that was used already, in the browser that has used it. Errors: check.ErrLink, and those of Opened.
func (c *Checks) Reopened(ctx context.Context, link, cookie string, who *session.Signed) (Standing, error) {
	one, err := check.ByLink(ctx, c.SignIns.DB, link)
	if err != nil {
		return Standing{}, err
	}
	st, err := c.Opened(ctx, cookie, who)
	if err == nil && st.Check.ID != one.ID {
		err = check.ErrLink
	}
	return st, err
}

func sameBrowser(one check.Check, who *session.Signed) error {
	if who != nil && (who.AccountID != one.AccountID || who.UserID != one.UserID) {
		return ErrCheckOther
	}
	return nil
}

func (c *Checks) standing(ctx context.Context, one check.Check) (Standing, error) {
	st := Standing{Check: one, SignIn: c.of(one)}
	var err error
	if st.User, err = user.Get(ctx, c.SignIns.DB, one.AccountID, one.UserID); err != nil {
		if errors.Is(err, user.ErrNotFound) {
			err = check.ErrNotFound
		}
		return st, err
	}
	if st.Account, err = account.Get(ctx, c.SignIns.DB, one.AccountID); err != nil {
		return st, err
	}
	now := c.SignIns.Now()
	if st.State = one.Over(st.User.Epoch, now); st.State != "" {
		return st, nil
	}
	st.Pending, err = st.SignIn.Pending(ctx, "")
	switch {
	case errors.Is(err, ErrExpired):
		st.State = check.Expired
		return st, nil
	case err != nil:
		return st, err
	}
	st.State = check.State(st.Pending.State(now))
	return st, nil
}

// Open exchanges a one-time link for the cookie of the browser that opens it. In a browser in which somebody else is signed in it is refused,
// and stays good. Errors: check.ErrLink, ErrCheckOther; user.ErrLocked and account.ErrSuspended.
func (c *Checks) Open(ctx context.Context, link string, who *session.Signed) (check.Check, string, error) {
	one, err := check.ByLink(ctx, c.SignIns.DB, link)
	if err == nil {
		err = sameBrowser(one, who)
	}
	if err != nil {
		return check.Check{}, "", err
	}
	st, err := c.standing(ctx, one)
	if errors.Is(err, check.ErrNotFound) || err == nil && st.Pending == nil {
		err = check.ErrLink
	}
	if err != nil {
		return check.Check{}, "", err
	}
	cookie, open := check.Open(c.SignIns.Now(), one, link)
	return one, cookie, c.SignIns.DB.Run(ctx, open)
}

// Result gives the result of a passed check, once. Errors: check.ErrNotPassed, check.ErrTaken, check.ErrOver, user.ErrLocked, account.ErrSuspended.
func (c *Checks) Result(ctx context.Context, p Program, checkID string, by audit.Actor) (Proof, string, error) {
	st, err := c.Find(ctx, p, checkID)
	if err != nil {
		return Proof{}, "", err
	}
	if err := admitted(st.User, st.Account); err != nil {
		return Proof{}, "", err
	}
	switch st.State {
	case check.Passed:
	case check.Taken:
		return Proof{}, "", check.ErrTaken
	case check.Cancelled, check.Expired:
		return Proof{}, "", check.ErrOver
	default:
		return Proof{}, "", check.ErrNotPassed
	}
	now := c.SignIns.Now()
	st.Check.TakenAt = now
	proof := Proof{st.Check, st.User, st.Account, secondOnly(st.Check.AMR)}
	// It is signed before it is given away: what can't be signed now can still be asked for. Who loses the race gets nothing.
	signed, err := c.Assertions.Sign(ctx, proof.claims())
	if err != nil {
		return Proof{}, "", err
	}
	if err := c.SignIns.DB.Run(ctx, append(slices.Clone(p.held), check.Take(now, st.Check, by)...)...); err != nil {
		return Proof{}, "", err
	}
	return proof, signed, nil
}

// claims is what the assertion says.
func (p Proof) claims() assertion.Claims {
	return assertion.Claims{
		Audience: p.Check.Owner, Subject: p.User.ID, ExternalID: p.User.ExternalID, Email: p.User.Email, Name: p.User.Name,
		Account: p.Account.Slug, AccountID: p.Account.ID, Roles: []string{string(p.User.Role)}, Level: string(session.AAL2), AMR: p.AMR,
		AuthTime: p.Check.PassedAt.Unix(), Nonce: p.Check.Reference, Check: p.Check.ID,
	}
}

// secondOnly leaves out of the methods what only a whole sign-in shows.
func secondOnly(amr []string) []string {
	return slices.DeleteFunc(slices.Clone(amr), func(m string) bool { return m == "pwd" || m == "mfa" })
}

// Cancel calls a check off that nothing came of. One that is over already is no error.
func (c *Checks) Cancel(ctx context.Context, st Standing, by audit.Actor) error {
	stmts := append(check.Cancel(c.SignIns.Now(), st.Check, by), forgetPending(token.Bearer{AccountID: st.Check.AccountID, UserID: st.Check.UserID, ID: st.Check.ID}))
	if st.Pending != nil {
		stmts = append(stmts, st.Pending.endSent()...)
	}
	err := c.SignIns.DB.Run(ctx, stmts...)
	if errors.Is(err, check.ErrOver) {
		return nil
	}
	return err
}
