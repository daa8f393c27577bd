package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

const signOutPath = "/sign-out"

// rememberAccount is how long a browser remembers which organisation's sign-in it used.
const rememberAccount = 365 * 24 * time.Hour

// showSignIn is the first door. /sign-in?account=acme names the organisation; the browser remembers it.
func (s *Site) showSignIn(w http.ResponseWriter, r *http.Request) error {
	next, _ := httpx.ReturnTo(r.URL.Query().Get("next"))
	_, err := s.current(r)
	if err == nil && !r.URL.Query().Has("again") {
		return s.onward(w, next, NoticeSignedIn)
	}
	if _, had := httpx.ReadCookie(r, httpx.SessionCookie); had && session.None(err) {
		httpx.ClearCookie(w, httpx.SessionCookie)
	}
	return s.signInForm(w, r, SignIn{Account: slugOf(r), Next: next})
}

// signInForm shows the form; an organisation's name appears only if there is one of that short name.
func (s *Site) signInForm(w http.ResponseWriter, r *http.Request, v SignIn) error {
	// Without the database the form is shown all the same, and says what is wrong when it is sent.
	v.AccountName, v.NoPasskeys = s.facing(r, v.Account).Name, s.SignIns.Plans.NoPasskeys
	if v.AccountName == "" {
		some, err := account.Any(r.Context(), s.DB)
		v.Nobody = err == nil && !some
	}
	return s.render(w, r, http.StatusOK, "", v)
}

func (s *Site) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "account", "email", "password", "next")
	if err != nil {
		return err
	}
	next, _ := httpx.ReturnTo(form.Get("next"))
	v := SignIn{Account: form.Get("account"), Email: form.Get("email"), Next: next, NoPasskeys: s.SignIns.Plans.NoPasskeys}
	step, err := signin.Step{}, checkFilled(form)
	if err == nil {
		step, err = s.SignIns.Password(r.Context(), signin.Credentials{
			Account: v.Account, Email: v.Email, Password: form.Get("password"), ReturnTo: next, Known: s.known(r), Trusted: trusted(r),
		}, by(r))
		method := "password"
		if step.Method == signin.TrustedBrowser {
			method = string(step.Method)
		}
		s.countStep(step, err, method)
	}
	if err != nil {
		if e := errs.From(err); e.Kind == errs.Forbidden {
			err = e.In("email") // locked or suspended: said at the form, to somebody who knew the password
		}
		v.AccountName = s.facing(r, v.Account).Name
		return s.again(r, err, "", func(f *FormError) View { v.Error = f; return v })
	}
	if v.Account != "" {
		httpx.SetCookie(w, httpx.AccountCookie, step.Account.Slug, rememberAccount)
	}
	keepTrust(w, r, step)
	switch step.State {
	case signin.SecondFactor:
		httpx.SetCookie(w, httpx.PendingCookie, step.Cookie, 0)
		return httpx.SeeOther(w, "/sign-in/verify")
	case signin.SetUp:
		httpx.SetCookie(w, httpx.PendingCookie, step.Cookie, 0)
		return httpx.SeeOther(w, "/sign-in/set-up")
	default:
		return s.enter(w, r, step, NoticeSignedIn)
	}
}

var errEmailMissing = errs.New(errs.Invalid, "email_missing", "Enter your e-mail address.").In("email")

// checkFilled catches the empty form, which is a slip and no attempt.
func checkFilled(form httpx.Values) error {
	if strings.TrimSpace(form.Get("email")) == "" {
		return errEmailMissing
	}
	if form.Get("password") == "" {
		return errs.New(errs.Invalid, "password_missing", "Enter your password.").In("password")
	}
	return nil
}

func (s *Site) countStep(step signin.Step, err error, method string) {
	s.Count(signin.Outcome(step, err), method)
}

// enter hands over the session and leads on. A sign-in without any second factor sees it recommended first (A1), or hears
// until when it must be set up (K5).
func (s *Site) enter(w http.ResponseWriter, r *http.Request, step signin.Step, n Notice) error {
	if step.State == signin.SetUp { // proved, and a passkey is owed besides
		return httpx.SeeOther(w, door(r).To("/set-up"))
	}
	if checkOf(r) != nil {
		return s.passedCheck(w, r)
	}
	if err := s.handOver(w, r, step); err != nil {
		return err
	}
	if step.Devices == 0 && welcomes(step, s.Now()) {
		query := url.Values{}
		if step.ReturnTo != "" {
			query.Set("next", step.ReturnTo)
		}
		if step.TwoFactorEnded {
			return done(w, withQuery("/settings/welcome", query), NoticeMailedOff)
		}
		return httpx.SeeOther(w, withQuery("/settings/welcome", query))
	}
	return s.onward(w, step.ReturnTo, n)
}

// handOver gives the browser its new session and ends the one it had (ASVS 7.2.4).
func (s *Site) handOver(w http.ResponseWriter, r *http.Request, step signin.Step) error {
	httpx.SetCookie(w, httpx.SessionCookie, step.Cookie, 0)
	httpx.ClearCookie(w, httpx.PendingCookie)
	if err := s.remember(w, r, step.User); err != nil {
		return err
	}
	before, err := s.current(r)
	if err == nil {
		err = s.Sessions.SignOut(r.Context(), before, by(r).As(before.User.ID))
	}
	if session.None(err) || errors.Is(err, session.ErrNotFound) {
		return nil
	}
	return err
}

// onward leads to where somebody wanted to go, or to their settings with a line that says
// they are in (X7). That a backup code was used is said anywhere.
func (s *Site) onward(w http.ResponseWriter, next string, n Notice) error {
	switch {
	case next == "":
		return done(w, "/settings", n)
	case n == NoticeBackupCodeUsed:
		return done(w, next, n)
	}
	return httpx.SeeOther(w, next)
}

// pendingSignIn reads the pending sign-in of the request's cookie.
func (s *Site) pendingSignIn(r *http.Request) (*signin.Pending, error) {
	p, err := s.second(r).Pending(r.Context(), pendingCookie(r))
	if err == nil {
		readBy(r, p.User, p.Account)
	}
	return p, err
}

func pendingCookie(r *http.Request) string {
	cookie, _ := httpx.ReadCookie(r, httpx.PendingCookie)
	return cookie
}

// ended shows that the sign-in is over, if err says so; other errors are returned.
func (s *Site) ended(w http.ResponseWriter, r *http.Request, err error) error {
	if checkOf(r) != nil {
		return s.endedCheck(w, r, err)
	}
	if !errors.Is(err, signin.ErrExpired) {
		return err
	}
	httpx.ClearCookie(w, httpx.PendingCookie)
	if who, err := s.current(r); err == nil { // pressed twice, or gone back: the first press has signed in
		return s.signedInBefore(w, r, who)
	}
	slug, _ := httpx.ReadCookie(r, httpx.AccountCookie)
	s.facing(r, slug)
	return s.render(w, r, http.StatusGone, "", SignInExpired{Account: slug, Next: wayOn(r)})
}

// noPending answers a request for the second step without a sign-in that waits for it.
func (s *Site) noPending(w http.ResponseWriter, r *http.Request) error {
	if who, err := s.current(r); err == nil {
		return s.signedInBefore(w, r, who)
	}
	return httpx.SeeOther(w, "/sign-in")
}

// signedInBefore leads on who has signed in since the form before them was made, with the first device by way of what is to be
// said of the backup codes, which were shown.
func (s *Site) signedInBefore(w http.ResponseWriter, r *http.Request, who *session.Signed) error {
	justNow := s.Now().Sub(who.SignedInAt) < signin.PendingFor && who.User.Devices() > 0
	if r.Method == http.MethodPost && r.URL.Path == confirmSetUpPath && justNow {
		readBy(r, who.User, who.Account)
		return s.confirmedTwice(w, r, who, wayOn(r))
	}
	return s.onward(w, wayOn(r), NoticeSignedIn)
}

// wayBack is where a sign-in leads in the end, for the address of its forms. A check leads to its program.
func wayBack(r *http.Request, p *signin.Pending) string {
	if checkOf(r) != nil {
		return ""
	}
	return p.ReturnTo
}

// confirmedTwice is what somebody sees whose form has confirmed a device already: the codes that came with the first can't be shown
// again, and the way on is the same.
func (s *Site) confirmedTwice(w http.ResponseWriter, r *http.Request, who *session.Signed, next string) error {
	if !who.Account.Policy.BackupCodes {
		return done(w, orTwoFactor(next), NoticeDeviceConfirmed)
	}
	if next == "" {
		return done(w, "/settings/two-factor", NoticeConfirmedBefore)
	}
	return s.render(w, r, http.StatusOK, "", ConfirmedBefore{next})
}

// wayOn is where a form of the second door leads, as its address has it. The pending sign-in knows that too, and is gone once the
// form has been sent; who pressed twice sees the second answer.
func wayOn(r *http.Request) string {
	next, _ := httpx.ReturnTo(r.URL.Query().Get("next"))
	return next
}

// showVerify is the second door: /sign-in/verify, or with ?method= another way.
func (s *Site) showVerify(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pendingSignIn(r)
	if err != nil {
		return s.ended(w, r, err)
	}
	if p.State(s.Now()) == signin.SetUp {
		return httpx.SeeOther(w, door(r).To("/set-up"))
	}
	v, err := s.verifyView(r, p, r.URL.Query().Get("method"))
	if err != nil {
		return err
	}
	v.Trust = ticked(r)
	return s.render(w, r, http.StatusOK, "", v)
}

// verifyView describes the code page for one way of passing it: the one asked for, else the person's first.
func (s *Site) verifyView(r *http.Request, p *signin.Pending, method string) (Verify, error) {
	devices := p.Ways(s.Now())
	v := Verify{At: door(r), Ends: p.ExpiresAt, BackupCodes: p.HasBackupCodes(), Why: string(p.AskedAgain)}
	if p.MayTrust(s.Now()) {
		v.TrustDays = p.Account.Policy.TrustedBrowserDays
	}
	v.Next, v.Rests = wayBack(r, p), s.restsOf(p)
	v.OtherWays = len(withPasskeys(devices)) > 1 || v.BackupCodes
	v.Disable = checkOf(r) == nil && signin.Effect(p.Account, p.User) != account.MailedDisableOff
	asked, _ := p.First(s.Now())
	if method == MethodBackupCode && v.BackupCodes {
		v.Method, v.Kind, v.KeyFirst = MethodBackupCode, MethodBackupCode, asked.Kind == factor.Passkey
		return v, nil
	}
	apps, keys, open := 0, 0, 0
	for _, d := range devices {
		switch d.Kind {
		case factor.TOTP:
			apps++
		case factor.Passkey:
			keys++
		}
		if !d.Locked() {
			open++
		}
	}
	any := asked.Kind == factor.TOTP && apps > 1 // every app's code will do
	for _, d := range devices {
		if d.ID == method {
			asked, any = d, false
		}
	}
	v.Kind, v.Locked = string(asked.Kind), asked.Locked() && !any || open == 0
	if any {
		return v, nil
	}
	v.Method, v.Device, v.Hint = asked.ID, asked.Name, hintOf(asked)
	if v.Passkey() && keys > 1 {
		v.Device = "" // the browser chooses among them
	}
	if !asked.Kind.Sent() || v.Locked {
		return v, nil
	}
	var err error
	v.Sent, err = s.sentFor(r, p.User.AccountID, p.User.ID, p.Request(), asked.ID)
	if v.Sent != nil {
		v.Sent.Boxed = v.Boxed()
	}
	return v, err
}

func (s *Site) verify(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "method", "code", "credential", "ceremony", "trust")
	if err != nil {
		return err
	}
	attempt := signin.Attempt{Code: proofs(form).Code, Ceremony: proofs(form).Ceremony, Trust: form.Get("trust") != ""}
	switch method := form.Get("method"); {
	case form.Has("credential"):
		attempt.Kind = factor.Passkey // whichever of theirs
	case method == MethodBackupCode:
		attempt.Kind = factor.BackupCode
	default:
		attempt.FactorID = method
	}
	step, err := signin.Step{}, answered(form)
	if err == nil {
		step, err = s.attempt(r, attempt)
	}
	if err == nil {
		s.countStep(step, err, string(step.Method))
		n := NoticeSignedIn
		if step.Method == factor.BackupCode {
			n = NoticeBackupCodeUsed
		}
		keepTrust(w, r, step)
		return s.enter(w, r, step, n)
	}
	p, readErr := s.pendingSignIn(r)
	if readErr != nil {
		s.countStep(step, err, string(attempt.Tried("")))
		return s.ended(w, r, readErr)
	}
	v, readErr := s.verifyView(r, p, form.Get("method"))
	if readErr != nil {
		return readErr
	}
	v.Trust = attempt.Trust
	s.countStep(step, err, string(attempt.Tried(factor.Kind(v.Kind))))
	return s.again(r, err, "", func(f *FormError) View {
		switch {
		case v.Passkey():
			f.Field = ""
		case f.Field == "":
			f.Field = "code"
		}
		if !v.Locked {
			v.Error = f
		}
		return v
	})
}

// attempt tries a code. The device that the form names may be gone by now; then any other will do.
func (s *Site) attempt(r *http.Request, a signin.Attempt) (signin.Step, error) {
	a.Known = s.known(r)
	step, err := s.second(r).Verify(r.Context(), pendingCookie(r), a, by(r))
	if errors.Is(err, factor.ErrNotFound) && a.FactorID != "" {
		a.FactorID = ""
		step, err = s.second(r).Verify(r.Context(), pendingCookie(r), a, by(r))
	}
	return step, err
}

// restsOf tells of the mailbox that gets no codes for now; nil if there is none.
func (s *Site) restsOf(p *signin.Pending) *Resting {
	f, until := p.Rests(s.Now())
	if f.ID == "" {
		return nil
	}
	return &Resting{f.Hint, until}
}

// showOtherWays lists every way through the second door (C21, K9).
func (s *Site) showOtherWays(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pendingSignIn(r)
	if err != nil {
		return s.ended(w, r, err)
	}
	v := OtherWays{At: door(r), Trust: ticked(r), Ends: p.ExpiresAt, Rests: s.restsOf(p)}
	v.Ways = withPasskeys(p.Ways(s.Now()))
	if p.HasBackupCodes() {
		v.Ways = append(v.Ways, Way{ID: MethodBackupCode, Kind: MethodBackupCode})
	}
	return s.render(w, r, http.StatusOK, "", v)
}

// ticked reports whether the box of the code page was ticked when its form led here.
func ticked(r *http.Request) bool { return r.URL.Query().Get("trust") == "yes" }

// leaveVerify leads from the code page to another way through the second door, with the tick in its box. Nothing else that was typed
// goes along: a code does not belong in an address.
func (s *Site) leaveVerify(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "way", "trust")
	if err != nil {
		return err
	}
	query := url.Values{}
	if form.Get("trust") != "" {
		query.Set("trust", "yes")
	}
	switch form.Get("way") {
	case "":
		return httpx.SeeOther(w, withQuery("/sign-in/methods", query))
	case MethodBackupCode:
		query.Set("method", MethodBackupCode)
	}
	return httpx.SeeOther(w, withQuery("/sign-in/verify", query))
}

// cancelSignIn returns to the sign-in page (X18).
func (s *Site) cancelSignIn(w http.ResponseWriter, r *http.Request) error {
	if err := s.SignIns.Cancel(r.Context(), pendingCookie(r), s.known(r), by(r)); err != nil {
		return err
	}
	httpx.ClearCookie(w, httpx.PendingCookie)
	s.Count("cancelled", "password")
	return done(w, "/sign-in", NoticeCancelled)
}

// showSignOut asks whether to end the session, for who comes by a link: any site can have one.
func (s *Site) showSignOut(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "", SignOut{})
}

func (s *Site) signOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.Sessions.SignOut(r.Context(), signed(r), by(r)); err != nil && !errors.Is(err, session.ErrNone) {
		return err
	}
	httpx.ClearCookie(w, httpx.SessionCookie)
	return done(w, "/sign-in", NoticeSignedOut)
}
