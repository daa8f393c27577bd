package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
)

// stepUpPath is where somebody proves the second factor again before sensitive work.
const stepUpPath = "/settings/confirm"

// pressedTwice is how long after a right code the same one again is taken for the same press. It proves nothing: it only leads on, to
// where the session is judged by when its proof was.
const pressedTwice = 30 * time.Second

// recent reports whether the second factor was proved recently enough for the request. A page wants a newer proof than the
// form on it, so that what is typed in between is not lost to the question for a code.
func (s *Site) recent(r *http.Request, who *session.Signed) bool {
	span := reauth.Fresh
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		span -= reauth.ToType
	}
	return reauth.FactorFresh(who.ProvedAt, s.Now(), span)
}

// toConfirm leads to the question for a code, and from there back to the page that was asked for or whose form was sent.
func toConfirm(w http.ResponseWriter, r *http.Request) error {
	next, ok := httpx.ReturnTo(r.URL.RequestURI())
	if !ok {
		next, _ = httpx.ReturnTo(r.URL.EscapedPath())
	}
	return httpx.SeeOther(w, stepUpAddress(stepUpPath, next))
}

func stepUpAddress(path, next string) string {
	if next == "" {
		return path
	}
	return withQuery(path, url.Values{"next": {next}})
}

func (s *Site) confirmIdentityView(r *http.Request, typed string) (ConfirmIdentity, error) {
	next, _ := httpx.ReturnTo(typed)
	v := ConfirmIdentity{Next: next, Back: "/settings"}
	if strings.HasPrefix(next, "/admin") {
		v.Back = "/admin"
	}
	var err error
	v.Send, err = s.codeWays(r, stepUpPath)
	v.Send.Action = stepUpAddress(v.Send.Action, next)
	return v, err
}

func (s *Site) showConfirmIdentity(w http.ResponseWriter, r *http.Request) error {
	v, err := s.confirmIdentityView(r, r.URL.Query().Get("next"))
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "", v)
}

// confirmIdentity takes a passkey, a code of any of the person's devices, or a backup code.
func (s *Site) confirmIdentity(w http.ResponseWriter, r *http.Request) error {
	form, err := httpx.Form(r, "code", "credential", "ceremony", "next")
	if err != nil {
		return err
	}
	if err = answered(form); err == nil {
		proof := proofs(form)
		err = s.Profile.ProveFactor(r.Context(), signed(r), proof.Code, proof.Ceremony, by(r))
	}
	if errors.Is(err, factor.ErrUsedCode) { // pressed twice: the first press has answered the question
		if who, readErr := s.current(r); readErr == nil && reauth.FactorFresh(who.ProvedAt, s.Now(), pressedTwice) {
			err = nil
		}
	}
	if err != nil {
		return s.confirmIdentityAgain(r, err, form.Get("next"))
	}
	next, ok := httpx.ReturnTo(form.Get("next"))
	if !ok {
		next = "/settings"
	}
	return httpx.SeeOther(w, next)
}

func (s *Site) confirmIdentityAgain(r *http.Request, err error, next string) error {
	v, readErr := s.confirmIdentityView(r, next)
	if readErr != nil {
		return readErr
	}
	return s.again(r, err, "", func(f *FormError) View { v.Error = f; return v })
}

func (s *Site) sendConfirmIdentity(w http.ResponseWriter, r *http.Request) error {
	next, _ := httpx.ReturnTo(r.URL.Query().Get("next"))
	return s.sendRepeated(w, r, stepUpAddress(stepUpPath, next), func(err error) error { return s.confirmIdentityAgain(r, err, next) })
}
