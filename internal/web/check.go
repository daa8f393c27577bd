package web

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"sallyport/internal/check"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

// A check's pages are those of the second door, at another address, behind a cookie of their own: what they read is the check's pending
// sign-in, and what they end in is the way back to the program. The cookie of a sign-in has no say there, nor this one at the sign-in.

// checkCookie is how the browser is known that has opened a check's link.
const checkCookie = "__Host-sallyport-check"

// Door is where the pages of a second door stand: at the sign-in, or at a check.
type Door string

const atCheck Door = "/check"

// To is the address of one of its pages.
func (d Door) To(path string) string {
	if d == "" {
		return "/sign-in" + path
	}
	return string(d) + path
}

// Checks reports whether it is a check's.
func (d Door) Checks() bool { return d == atCheck }

type checkKey struct{}

// checkOf is the check whose pages are asked for; nil at the sign-in.
func checkOf(r *http.Request) *signin.Standing {
	st, _ := r.Context().Value(checkKey{}).(*signin.Standing)
	return st
}

// door is where the request stands.
func door(r *http.Request) Door {
	if checkOf(r) != nil {
		return atCheck
	}
	return ""
}

// second is the second door of the request.
func (s *Site) second(r *http.Request) *signin.Service {
	if st := checkOf(r); st != nil {
		return st.SignIn
	}
	return s.SignIns
}

// checkGuard finds the check of the browser's cookie. What it ends in may be another site's address, to which the form must be allowed to lead.
func (s *Site) checkGuard(w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	cookie, ok := httpx.ReadCookie(r, checkCookie)
	if !ok {
		return nil, check.ErrOver
	}
	st, err := s.Checks.Opened(r.Context(), cookie, s.someone(r))
	if err != nil {
		return nil, err
	}
	r = r.WithContext(context.WithValue(r.Context(), checkKey{}, &st))
	readBy(r, st.User, st.Account)
	for _, origin := range s.Checks.Origins {
		if strings.HasPrefix(st.Check.ReturnTo, origin) {
			w.Header().Set("Content-Security-Policy", strings.Replace(csp, "form-action 'self'", "form-action 'self' "+origin, 1))
		}
	}
	return r, nil
}

// someone is who is signed in in the browser; nil for nobody.
func (s *Site) someone(r *http.Request) *session.Signed {
	who, err := s.current(r)
	if err != nil {
		return nil
	}
	return who
}

// openCheck takes the one-time link. Opened again in the same browser, it leads to where that stands. HEAD, with which programs look at
// links that pass through them, takes nothing (RFC 9110, section 9.2.1).
func (s *Site) openCheck(w http.ResponseWriter, r *http.Request) error {
	link := r.URL.Query().Get("token")
	if link == "" {
		r, err := s.checkGuard(w, r)
		if err != nil {
			return err
		}
		return s.showCheck(w, r)
	}
	if r.Method == http.MethodHead {
		return nil
	}
	who := s.someone(r)
	_, cookie, err := s.Checks.Open(r.Context(), link, who)
	if errors.Is(err, check.ErrLink) {
		if mine, ok := httpx.ReadCookie(r, checkCookie); ok {
			if st, again := s.Checks.Reopened(r.Context(), link, mine, who); again == nil && st.Pending != nil {
				return httpx.SeeOther(w, string(atCheck))
			}
		}
	}
	if err != nil {
		return err
	}
	httpx.SetCookie(w, checkCookie, cookie, 0)
	return httpx.SeeOther(w, string(atCheck))
}

// showCheck leads on by where the check stands.
func (s *Site) showCheck(w http.ResponseWriter, r *http.Request) error {
	switch st := checkOf(r); st.State {
	case check.SecondFactor:
		return httpx.SeeOther(w, atCheck.To("/verify"))
	case check.SetUp:
		return httpx.SeeOther(w, atCheck.To("/set-up"))
	case check.Passed, check.Taken, check.Cancelled:
		return s.leaveCheck(w, r)
	}
	return s.checkOver(w)
}

// leaveCheck leads back to the program, or says that there is nothing left to do here; that page can be loaded again.
func (s *Site) leaveCheck(w http.ResponseWriter, r *http.Request) error {
	st := checkOf(r)
	if back := st.Check.Return(); back != "" {
		httpx.ClearCookie(w, checkCookie)
		return httpx.SeeElsewhere(w, back) // check.ReturnTo has compared it with the list
	}
	return s.render(w, r, http.StatusOK, "", CheckDone{Cancelled: st.State == check.Cancelled})
}

func (s *Site) checkOver(w http.ResponseWriter) error {
	httpx.ClearCookie(w, checkCookie)
	return check.ErrOver
}

// checkIsOver reports whether an error ends somebody's way through a check: they go back to the program then, and most have no sign-in here.
func checkIsOver(err *errs.Error) bool { return err.Is(check.ErrOver) || err.Is(check.ErrLink) }

// passedCheck leads back after the second factor was right.
func (s *Site) passedCheck(w http.ResponseWriter, r *http.Request) error {
	checkOf(r).State = check.Passed
	return s.leaveCheck(w, r)
}

func (s *Site) cancelCheck(w http.ResponseWriter, r *http.Request) error {
	st := checkOf(r)
	if err := s.Checks.Cancel(r.Context(), *st, by(r)); err != nil {
		return err
	}
	if st.Pending != nil {
		st.State = check.Cancelled
	}
	return s.leaveCheck(w, r)
}

// confirmedBefore is what the page says whose form has confirmed a first device already: loaded again, it shows no codes, and does not lead on
// as if they had been seen.
func (s *Site) confirmedBefore(w http.ResponseWriter, r *http.Request) error {
	return s.render(w, r, http.StatusOK, "", CheckDone{Codes: true, Return: checkOf(r).Check.Return()})
}

// endedCheck is what a page says when the check that it is about was over meanwhile: pressed twice, it leads on as the first time did.
func (s *Site) endedCheck(w http.ResponseWriter, r *http.Request, err error) error {
	if !errors.Is(err, signin.ErrExpired) {
		return err
	}
	st := checkOf(r)
	if st.Pending == nil && st.State != check.Expired {
		return s.leaveCheck(w, r)
	}
	return s.checkOver(w)
}
