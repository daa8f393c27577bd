package web

import (
	"errors"
	"net/http"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/mailtoken"
	"sallyport/internal/signin"
)

// methodMailedToken names the mailed way out in the metrics.
const methodMailedToken = "mailed_token"

// disableView describes the page for a sign-in that waits for the second factor. An error that no form mends closes it.
func (s *Site) disableView(r *http.Request, p *signin.Pending) (v Disable, closed error, err error) {
	v = Disable{
		Email: p.User.Email, ReEnrol: signin.Effect(p.Account, p.User) == account.MailedDisableReEnrol,
		Delay: p.Account.Policy.MailedDisableDelay.Std(), BackupCodes: p.HasBackupCodes(), Ends: p.ExpiresAt,
	}
	if closed = s.SignIns.MayDisable(r.Context(), p); closed != nil {
		if errs.From(closed).Kind != errs.Conflict {
			return v, nil, closed
		}
		v.Closed = true
		return v, closed, nil
	}
	switch t, err := s.SignIns.Mailed(r.Context(), p, mailtoken.Disable); {
	case errors.Is(err, mailtoken.ErrToken):
	case err != nil:
		return v, nil, err
	default:
		v.Mailed, v.Wait = true, min(max(0, t.ResendAt().Sub(s.Now())), mailtoken.ResendAfter)
	}
	return v, nil, nil
}

// showDisable explains what the mailed token does, and takes it once it was mailed. It never mails.
func (s *Site) showDisable(w http.ResponseWriter, r *http.Request) error {
	p, err := s.pendingSignIn(r)
	if err != nil {
		return s.ended(w, r, err)
	}
	if p.State(s.Now()) == signin.SetUp {
		return httpx.SeeOther(w, "/sign-in/set-up")
	}
	v, closed, err := s.disableView(r, p)
	if err != nil {
		return err
	}
	v.Error = Failure(catalogueOf(r), closed)
	return s.render(w, r, http.StatusOK, "", v)
}

// askDisable mails the token.
func (s *Site) askDisable(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	if err := s.SignIns.AskDisable(r.Context(), pendingCookie(r), by(r)); err != nil {
		return s.disableAgain(w, r, err)
	}
	return done(w, "/sign-in/disable", NoticeTokenSent)
}

// disableAgain shows the page with what was wrong.
func (s *Site) disableAgain(w http.ResponseWriter, r *http.Request, err error) error {
	p, readErr := s.pendingSignIn(r)
	if readErr != nil {
		return s.ended(w, r, readErr)
	}
	v, _, readErr := s.disableView(r, p)
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

// confirmDisable takes the token.
func (s *Site) confirmDisable(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "token")
	if err != nil {
		return err
	}
	step, err := s.SignIns.ConfirmDisable(r.Context(), pendingCookie(r), form.Get("token"), by(r))
	s.countStep(step, err, methodMailedToken)
	if err != nil {
		return s.disableAgain(w, r, err)
	}
	switch step.State {
	case signin.SetUp:
		httpx.SetCookie(w, httpx.PendingCookie, step.Cookie, 0)
		return httpx.SeeOther(w, "/sign-in/set-up")
	case signin.Planned:
		httpx.ClearCookie(w, httpx.PendingCookie)
		readBy(r, step.User, step.Account)
		slug, _ := httpx.ReadCookie(r, httpx.AccountCookie)
		return s.render(w, r, http.StatusOK, "", DisablePlanned{
			EndsAt: step.EndsAt, ReEnrol: signin.Effect(step.Account, step.User) == account.MailedDisableReEnrol, Account: slug,
		})
	}
	return s.enter(w, r, step, NoticeSignedIn)
}

// showKeep takes the token that calls a planned end off. Opening it does nothing.
func (s *Site) showKeep(w http.ResponseWriter, r *http.Request) error {
	s.facing(r, slugOf(r))
	return s.render(w, r, http.StatusOK, "", Keep{})
}

func (s *Site) keep(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "token")
	if err != nil {
		return err
	}
	s.facing(r, slugOf(r))
	if err := s.SignIns.KeepOn(r.Context(), form.Get("token"), by(r)); err != nil {
		return s.again(r, err, "", func(f *FormError) View { return Keep{Error: f} })
	}
	return s.render(w, r, http.StatusOK, "", Keep{Kept: true})
}

// keepTwoFactor calls a planned end off from the settings.
func (s *Site) keepTwoFactor(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	if err := s.Profile.KeepTwoFactor(r.Context(), signed(r), by(r)); err != nil {
		return err
	}
	return done(w, "/settings/two-factor", NoticeTwoFactorKept)
}
