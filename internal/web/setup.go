package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"sallyport/internal/account"
	"sallyport/internal/check"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/mailtoken"
	"sallyport/internal/signin"
)

const (
	setUpPath = "/sign-in/set-up"
	// confirmSetUpPath is the form that ends a sign-in with the first code of a new device.
	confirmSetUpPath = setUpPath + "/confirm"
)

// showSetUp is where a sign-in stands that goes on only with a second factor of its own (T11, T15): the form of the policy's first
// method, or of another one with ?method=; before it, where the policy says so, the token from the mailbox.
func (s *Site) showSetUp(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pendingSignIn(r)
	if err != nil {
		return s.ended(w, r, err)
	}
	if p.State(s.Now()) != signin.SetUp {
		return httpx.SeeOther(w, door(r).To("/verify"))
	}
	if p.MailFirst() {
		v, err := s.setUpMailView(r, p)
		if err != nil {
			return err
		}
		return s.render(w, r, http.StatusOK, "", v)
	}
	v, err := s.setUpView(r, p, r.URL.Query().Get("method"))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "", v)
}

// setUpView describes the form of the method asked for, with the others to choose from.
func (s *Site) setUpView(r *http.Request, p *signin.Pending, method string) (SetUp, error) {
	owed := p.Owed(s.Now())
	v := SetUp{At: door(r), Cause: string(owed.Cause), Ends: p.ExpiresAt, Support: s.Support}
	switch {
	case owed.AddPasskey:
		v.Cause = "passkey"
	case checkOf(r) != nil:
		v.Cause = "check"
	}
	offers, err := s.second(r).SetUpOffers(r.Context(), p)
	if err != nil {
		return v, err
	}
	for _, o := range offers {
		switch {
		case o.Why == "":
			v.Ways = append(v.Ways, string(o.Method))
		case o.Why != account.NotByPolicy: // what the organisation does not want is not dangled before its people
			v.Unavailable = append(v.Unavailable, MethodState{Kind: string(o.Method), Why: string(o.Why), Support: s.Support})
		}
	}
	if slices.Contains(v.Ways, method) {
		v.Kind = method
	} else if len(v.Ways) > 0 {
		v.Kind = v.Ways[0]
	}
	key := map[string]string{"totp": "device.default", "sms": "address.name_sms", "email": "address.name_email"}[v.Kind]
	if key == "" {
		return v, nil
	}
	switch v.Kind {
	case "email":
		v.Address = p.User.Email
	case "sms":
		v.Countries = s.SignIns.SetUpCountries(p)
	}
	v.Name, err = catalogueOf(r).Text(key)
	return v, err
}

// setUp begins the device: an app is shown its key at once, a number or mailbox is sent a code.
func (s *Site) setUp(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "method", "name", "address")
	if err != nil {
		return err
	}
	kind := factor.Kind(form.Get("method"))
	if kind == factor.Passkey {
		p, f, _, err := s.second(r).BeginSetUpPasskey(r.Context(), pendingCookie(r), form.Get("name"))
		if err != nil {
			return s.setUpAgain(w, r, p, form, err)
		}
		readBy(r, p.User, p.Account)
		return httpx.SeeOther(w, withQuery(door(r).To("/set-up/confirm"), url.Values{"id": {f.ID}}))
	}
	if kind.Sent() {
		p, f, err := s.second(r).BeginSetUpAddress(r.Context(), pendingCookie(r), kind, form.Get("name"), form.Get("address"), by(r))
		if err != nil {
			return s.setUpAgain(w, r, p, form, err)
		}
		readBy(r, p.User, p.Account)
		return httpx.SeeOther(w, withQuery(door(r).To("/set-up/confirm"), url.Values{"id": {f.ID}}))
	}
	p, e, err := s.second(r).BeginSetUp(r.Context(), pendingCookie(r), form.Get("name"))
	if err != nil {
		return s.setUpAgain(w, r, p, form, err)
	}
	readBy(r, p.User, p.Account)
	v, err := showKey(catalogueOf(r), e)
	if err != nil {
		return err
	}
	v.At, v.SigningIn, v.Next, v.Ends = door(r), true, wayBack(r, p), p.ExpiresAt
	return s.render(w, r, http.StatusOK, "", v)
}

// setUpAgain shows the form with what was wrong.
func (s *Site) setUpAgain(w http.ResponseWriter, r *http.Request, p *signin.Pending, form httpx.Values, err error) error {
	if p == nil {
		return s.ended(w, r, err)
	}
	readBy(r, p.User, p.Account)
	if errors.Is(err, signin.ErrMailFirst) {
		return httpx.SeeOther(w, door(r).To("/set-up"))
	}
	v, readErr := s.setUpView(r, p, form.Get("method"))
	if readErr != nil {
		return readErr
	}
	v.Name, v.Address = form.Get("name"), form.Get("address")
	return s.again(r, err, "", func(f *FormError) View {
		if v.Kind == "" {
			f.Field = "" // the choice has no fields
		}
		v.Error = f
		return v
	})
}

// showConfirmSetUp takes the code that was sent to a number or mailbox. An app's code belongs to the page that
// showed its key, which is not shown twice.
func (s *Site) showConfirmSetUp(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pendingSignIn(r)
	if err != nil {
		return s.ended(w, r, err)
	}
	f := p.Named(r.URL.Query().Get("id"))
	if p.State(s.Now()) != signin.SetUp || f.State != factor.Pending || !f.Kind.Sent() && f.Kind != factor.Passkey {
		return httpx.SeeOther(w, door(r).To("/set-up"))
	}
	if f.Kind == factor.Passkey {
		return s.showCreateSetUp(w, r, p, f)
	}
	v, err := s.confirmSetUpView(r, p, f)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "", v)
}

func (s *Site) confirmSetUpView(r *http.Request, p *signin.Pending, f factor.Factor) (ConfirmDevice, error) {
	v, err := s.confirmView(r, f, "")
	v.At, v.SigningIn, v.Next, v.Ends = door(r), true, wayBack(r, p), p.ExpiresAt
	return v, err
}

// sendSetUp sends another code to the number or mailbox.
func (s *Site) sendSetUp(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "id")
	if err != nil {
		return err
	}
	err = s.second(r).SendSetUp(r.Context(), pendingCookie(r), form.Get("id"), by(r))
	if err == nil {
		return done(w, withQuery(door(r).To("/set-up/confirm"), url.Values{"id": {form.Get("id")}}), NoticeCodeSent)
	}
	return s.confirmSetUpAgain(w, r, form.Get("id"), errs.From(err).In(""))
}

// confirmSetUpAgain shows the field for the first code with what was wrong.
func (s *Site) confirmSetUpAgain(w http.ResponseWriter, r *http.Request, factorID string, err error) error {
	p, readErr := s.pendingSignIn(r)
	if st := checkOf(r); st != nil && errors.Is(readErr, signin.ErrExpired) && st.Account.Policy.BackupCodes && (st.State == check.Passed || st.State == check.Taken) {
		return s.confirmedBefore(w, r)
	}
	if readErr != nil {
		return s.ended(w, r, readErr)
	}
	f := p.Named(factorID)
	if f.Kind == factor.Passkey {
		return s.createSetUpAgain(w, r, p, f, err)
	}
	if f.ID == "" {
		f.ID = factorID
	}
	v, readErr := s.confirmSetUpView(r, p, f)
	if readErr != nil {
		return readErr
	}
	return s.again(r, err, "", func(f *FormError) View { v.Error = f; return v })
}

func (s *Site) confirmSetUp(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "id", "code", "credential")
	if err != nil {
		return err
	}
	if err := answered(form); err != nil {
		return s.confirmSetUpAgain(w, r, form.Get("id"), err)
	}
	step, codes, err := s.second(r).ConfirmSetUp(r.Context(), pendingCookie(r), form.Get("id"), proofs(form).Code, by(r))
	s.countStep(step, err, string(step.Method))
	if err != nil {
		return s.confirmSetUpAgain(w, r, form.Get("id"), err)
	}
	if st := checkOf(r); st != nil {
		if codes == nil {
			return s.passedCheck(w, r)
		}
		return s.render(w, r, http.StatusOK, "", BackupCodes{
			At: atCheck, Return: st.Check.Return(), Codes: codes, First: true, SigningIn: true, Host: s.PublicURL.Host, Account: step.Account.Name,
			Email: step.User.Email, Made: s.Now(),
		})
	}
	if err := s.handOver(w, r, step); err != nil {
		return err
	}
	if codes == nil { // the organisation uses none (K13)
		return s.onward(w, step.ReturnTo, NoticeSignedIn)
	}
	readBy(r, step.User, step.Account)
	return s.render(w, r, http.StatusOK, "", BackupCodes{
		Codes: codes, First: true, SigningIn: true, Host: s.PublicURL.Host, Account: step.Account.Name, Email: step.User.Email,
		Made: s.Now(), Next: step.ReturnTo,
	})
}

// setUpMailView describes the page that asks for the token from the mailbox.
func (s *Site) setUpMailView(r *http.Request, p *signin.Pending) (SetUpMail, error) {
	v := SetUpMail{At: door(r), Email: p.User.Email, Cause: string(p.Owed(s.Now()).Cause), Ends: p.ExpiresAt}
	if checkOf(r) != nil {
		v.Cause = "check"
	}
	t, err := s.second(r).Mailed(r.Context(), p, mailtoken.SetUp)
	if errors.Is(err, mailtoken.ErrToken) {
		return v, nil
	}
	v.Mailed, v.Wait = err == nil, min(max(0, t.ResendAt().Sub(s.Now())), mailtoken.ResendAfter)
	return v, err
}

// askSetUpMail mails the token, or another one.
func (s *Site) askSetUpMail(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	if err := s.second(r).AskSetUp(r.Context(), pendingCookie(r), by(r)); err != nil {
		return s.setUpMailAgain(w, r, err)
	}
	return done(w, door(r).To("/set-up"), NoticeTokenSent)
}

// proveSetUpMail takes the token.
func (s *Site) proveSetUpMail(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "token")
	if err != nil {
		return err
	}
	if err := s.second(r).ProveMailbox(r.Context(), pendingCookie(r), form.Get("token")); err != nil {
		return s.setUpMailAgain(w, r, err)
	}
	return httpx.SeeOther(w, door(r).To("/set-up"))
}

func (s *Site) setUpMailAgain(w http.ResponseWriter, r *http.Request, err error) error {
	p, readErr := s.pendingSignIn(r)
	if readErr != nil {
		return s.ended(w, r, readErr)
	}
	v, readErr := s.setUpMailView(r, p)
	if readErr != nil {
		return readErr
	}
	return s.again(r, err, "", func(f *FormError) View {
		if !v.Mailed {
			f.Field = "" // there is no field for it to stand at
		}
		v.Error = f
		return v
	})
}
