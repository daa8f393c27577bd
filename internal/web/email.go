package web

import (
	"errors"
	"net/http"

	"sallyport/internal/channel"
	"sallyport/internal/httpx"
)

func (s *Site) changeEmailView(r *http.Request) (ChangeEmail, error) {
	who := signed(r)
	v := ChangeEmail{Email: who.User.Email}
	open, err := s.Profile.Channels.Of(r.Context(), who.User.AccountID)
	if err != nil || !open.Mail {
		v.Unavailable = true
		return v, err
	}
	needs, err := s.Profile.ToChangeEmail(r.Context(), who)
	if err != nil || !needs.Code {
		return v, err
	}
	v.AskCode = true
	v.Send, err = s.codeWays(r, "/settings/email")
	return v, err
}

func (s *Site) showChangeEmail(w http.ResponseWriter, r *http.Request) error {
	v, err := s.changeEmailView(r)
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, PlaceProfile, v)
}

// changeEmail asks the new address to be proved. The answer is the same if somebody else has it.
func (s *Site) changeEmail(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "new_email", "password", "code", "credential", "ceremony")
	if err != nil {
		return err
	}
	err = s.Profile.AskEmail(r.Context(), signed(r), form.Get("new_email"), proofs(form), by(r))
	if err == nil {
		return done(w, "/settings", NoticeEmailAsked)
	}
	return s.changeEmailAgain(w, r, err, form.Get("new_email"))
}

func (s *Site) changeEmailAgain(w http.ResponseWriter, r *http.Request, err error, typed string) error {
	v, readErr := s.changeEmailView(r)
	if readErr != nil {
		return readErr
	}
	v.NewEmail = typed
	if errors.Is(err, channel.ErrNoMail) {
		return s.render(w, r, http.StatusConflict, PlaceProfile, v)
	}
	return s.again(r, err, PlaceProfile, func(f *FormError) View { v.Error = f; return v })
}

// setLanguage changes the language of pages and messages.
func (s *Site) setLanguage(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "language")
	if err != nil {
		return err
	}
	if err := s.Profile.SetLanguage(r.Context(), signed(r), form.Get("language"), by(r)); err != nil {
		v, readErr := s.profileView(r)
		if readErr != nil {
			return readErr
		}
		return s.again(r, err, PlaceProfile, func(f *FormError) View { v.Error = f; return v })
	}
	return done(w, "/settings", NoticeLanguageChanged)
}
