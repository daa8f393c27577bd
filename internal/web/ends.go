package web

import (
	"net/http"

	"sallyport/internal/browser"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// Which session or browser an administrator means to end stands in the address of the form too: whoever is asked for a code in between comes
// back to the one, and not to the page that ends all.

// sessionToEnd describes the session that the address names; nil for all.
func (s *Site) sessionToEnd(r *http.Request) (*Session, error) {
	form, err := httpx.Query(r, "session")
	if err != nil || form.Get("session") == "" {
		return nil, err
	}
	one, err := s.Admin.Session(r.Context(), signed(r), r.PathValue("id"), form.Get("session"))
	if err != nil {
		return nil, err
	}
	rows, err := s.sessionRows(catalogueOf(r), []session.Session{one})
	if err != nil {
		return nil, err
	}
	return &rows[0], nil
}

func (s *Site) showEndSessions(w http.ResponseWriter, r *http.Request) error {
	one, err := s.sessionToEnd(r)
	if err != nil {
		return err
	}
	return s.person(func(_ *http.Request, p Somebody, _ user.User) View { return EndSessions{Somebody: p, One: one} })(w, r)
}

func (s *Site) endSessions(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	one, err := s.sessionToEnd(r)
	if err != nil {
		return err
	}
	sessionID := ""
	if one != nil {
		sessionID = one.ID
	}
	if err := s.Admin.EndSessions(r.Context(), s.fresh(r), signed(r), r.PathValue("id"), sessionID, by(r)); err != nil {
		return s.notDone(w, r, err, func(p Somebody, _ user.User, f *FormError) View { return EndSessions{p, one, f} })
	}
	return done(w, peoplePath+"/"+r.PathValue("id"), NoticeUserSessionsEnded)
}

// browserToEnd is sessionToEnd for a trusted browser.
func (s *Site) browserToEnd(r *http.Request) (*TrustedBrowser, error) {
	form, err := httpx.Query(r, "browser")
	if err != nil || form.Get("browser") == "" {
		return nil, err
	}
	one, err := s.Admin.Browser(r.Context(), signed(r), r.PathValue("id"), form.Get("browser"))
	if err != nil {
		return nil, err
	}
	rows, err := s.browserRows(catalogueOf(r), []browser.Browser{one})
	if err != nil {
		return nil, err
	}
	return &rows[0], nil
}

func (s *Site) showEndBrowsers(w http.ResponseWriter, r *http.Request) error {
	one, err := s.browserToEnd(r)
	if err != nil {
		return err
	}
	return s.person(func(_ *http.Request, p Somebody, _ user.User) View { return EndBrowsers{Somebody: p, One: one} })(w, r)
}

func (s *Site) endUserBrowsers(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	one, err := s.browserToEnd(r)
	if err != nil {
		return err
	}
	browserID := ""
	if one != nil {
		browserID = one.ID
	}
	if err := s.Admin.EndBrowsers(r.Context(), s.fresh(r), signed(r), r.PathValue("id"), browserID, by(r)); err != nil {
		return s.notDone(w, r, err, func(p Somebody, _ user.User, f *FormError) View { return EndBrowsers{p, one, f} })
	}
	return done(w, peoplePath+"/"+r.PathValue("id"), NoticeUserBrowsersEnded)
}

func (s *Site) showEndKeys(w http.ResponseWriter, r *http.Request) error {
	one, err := s.keyToEnd(r)
	if err != nil {
		return err
	}
	return s.person(func(_ *http.Request, p Somebody, _ user.User) View { return EndKeys{Somebody: p, One: one} })(w, r)
}

func (s *Site) endUserKeys(w http.ResponseWriter, r *http.Request) error {
	if _, err := httpx.Form(r); err != nil {
		return err
	}
	one, err := s.keyToEnd(r)
	if err != nil {
		return err
	}
	keyID := ""
	if one != nil {
		keyID = one.ID
	}
	if err := s.Admin.EndKeys(r.Context(), s.fresh(r), signed(r), r.PathValue("id"), keyID, by(r)); err != nil {
		return s.notDone(w, r, err, func(p Somebody, _ user.User, f *FormError) View { return EndKeys{p, one, f} })
	}
	return done(w, peoplePath+"/"+r.PathValue("id"), NoticeUserKeysEnded)
}
