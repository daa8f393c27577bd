package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sallyport/internal/channel"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/password"
	"sallyport/internal/session"
)

// errForgotten stops a flood. Whoever asks costs rows that stand for hours, so that nobody learns by them who is known here.
var errForgotten = errs.New(errs.TooMany, "forgotten_too_often", "Too many new passwords were asked for from your network. Wait a minute, then ask again.")

// mostForgotten is how many passwords a network may have forgotten in a minute: those of a large office, and few for a program.
const mostForgotten = 60

// showForgotPassword asks whose password it is. Where nothing can be mailed, everybody is told whom to ask instead.
func (s *Site) showForgotPassword(w http.ResponseWriter, r *http.Request) error {
	some, err := s.Recovery.Channels.AnyMail(r.Context())
	if err != nil {
		return err
	}
	v := ForgotPassword{Account: slugOf(r), Unavailable: !some}
	s.facing(r, v.Account)
	return s.render(w, r, http.StatusOK, "", v)
}

// forgotPassword leads to the same page whoever asked for whom.
func (s *Site) forgotPassword(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "account", "email")
	if err != nil {
		return err
	}
	v := ForgotPassword{Account: form.Get("account"), Email: form.Get("email")}
	if strings.TrimSpace(v.Email) == "" {
		err = errEmailMissing
	} else if left, over := s.forgotten.Take(httpx.Network(r.Context())); left < 0 {
		err = errForgotten.After(over)
	} else {
		err = s.Recovery.Ask(r.Context(), v.Account, v.Email, by(r))
	}
	if err != nil {
		s.facing(r, v.Account)
	}
	if errors.Is(err, channel.ErrNoMail) {
		return s.render(w, r, http.StatusConflict, "", ForgotPassword{Unavailable: true})
	}
	if err != nil {
		return s.again(r, err, "", func(f *FormError) View { v.Error = f; return v })
	}
	return httpx.SeeOther(w, "/forgot-password/sent")
}

func (s *Site) showForgotSent(w http.ResponseWriter, r *http.Request) error {
	s.facing(r, slugOf(r))
	return s.render(w, r, http.StatusOK, "", ForgotSent{})
}

// showNewPassword takes the token from the address's fragment, which no server sees, by script; else it is pasted.
func (s *Site) showNewPassword(w http.ResponseWriter, r *http.Request) error {
	s.facing(r, slugOf(r))
	return s.render(w, r, http.StatusOK, "", NewPassword{MinPassword: password.MinCharacters})
}

// newPassword signs nobody in: it leads to the sign-in.
func (s *Site) newPassword(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "token", "new_password")
	if err != nil {
		return err
	}
	a, err := s.Recovery.Choose(r.Context(), form.Get("token"), form.Get("new_password"), by(r))
	if err != nil {
		s.facing(r, slugOf(r))
		return s.again(r, err, "", func(f *FormError) View {
			return NewPassword{Token: form.Get("token"), MinPassword: password.MinCharacters, Error: f}
		})
	}
	return done(w, withQuery("/sign-in", url.Values{"account": {a.Slug}}), NoticePasswordChosen)
}

func (s *Site) showConfirmEmail(w http.ResponseWriter, r *http.Request) error {
	v, _, err := s.confirmEmailView(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "", v)
}

// confirmEmailView describes the page, and tells who is signed in here; nil for nobody. Whose token it is that somebody
// pastes is not told: it may have been mailed to a stranger.
func (s *Site) confirmEmailView(r *http.Request) (v ConfirmEmail, who *session.Signed, err error) {
	who, err = s.current(r)
	if session.None(err) {
		s.facing(r, slugOf(r))
		return v, nil, nil
	}
	if err == nil {
		readBy(r, who.User, who.Account)
		v.Email = who.User.Email
	}
	return v, who, err
}

// confirmEmail may come from a browser in which nobody, or somebody else, is signed in. The person's own goes on.
func (s *Site) confirmEmail(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "token", "password")
	if err != nil {
		return err
	}
	v, who, err := s.confirmEmailView(r)
	if err != nil {
		return err
	}
	v.Token = form.Get("token")
	cookie, a, err := s.Profile.ConfirmEmail(r.Context(), who, v.Token, form.Get("password"), by(r))
	if err != nil {
		return s.again(r, err, "", func(f *FormError) View { v.Error = f; return v })
	}
	if cookie == "" {
		return done(w, withQuery("/sign-in", url.Values{"account": {a.Slug}}), NoticeEmailChanged)
	}
	httpx.SetCookie(w, httpx.SessionCookie, cookie, 0)
	return done(w, "/settings", NoticeEmailChanged)
}
