package web

import (
	"net/http"
	"slices"

	"sallyport/internal/browser"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/texts"
)

func (s *Site) showSessions(w http.ResponseWriter, r *http.Request) error {
	who := signed(r)
	list, err := s.Sessions.List(r.Context(), who)
	if err != nil {
		return err
	}
	rows, err := s.sessionRows(catalogueOf(r), list)
	if err != nil {
		return err
	}
	v := Sessions{}
	for _, row := range rows {
		if row.ID == who.ID {
			row.Current, row.LastUsed = true, s.Now()
			v.Sessions = append([]Session{row}, v.Sessions...)
		} else {
			v.Sessions = append(v.Sessions, row)
		}
	}
	return s.render(w, r, http.StatusOK, PlaceSessions, v)
}

// sessionRows say each session as its list does.
func (s *Site) sessionRows(say texts.Catalogue, list []session.Session) ([]Session, error) {
	rows := make([]Session, 0, len(list))
	for _, one := range list {
		words, err := browser.Words(say, one.UserAgent, s.Places.Of(one.Address))
		if err != nil {
			return nil, err
		}
		rows = append(rows, Session{
			ID: one.ID, Browser: words, Address: one.Address, SignedIn: one.SignedInAt, LastUsed: one.LastSeenAt, How: how(one.AMR),
		})
	}
	return rows, nil
}

// how names how somebody signed in, by what is recorded of it (RFC 8176, and a value of our own for a trusted browser).
func how(amr []string) string {
	has := func(value string) bool { return slices.Contains(amr, value) }
	switch passkey := has("hwk") || has("swk"); {
	case passkey && has("pwd"):
		return "key"
	case passkey:
		return "passkey"
	case has("trusted_browser"):
		return "trusted"
	case has("sms"):
		return "sms"
	case has("email"):
		return "email"
	case has("mfa"):
		return "code"
	}
	return "password"
}

// endSession ends one session; one's own is a sign-out.
func (s *Site) endSession(w http.ResponseWriter, r *http.Request) error {
	who := signed(r)
	if r.PathValue("id") == who.ID {
		return s.signOut(w, r)
	}
	if err := s.Sessions.End(r.Context(), who, r.PathValue("id"), by(r)); err != nil {
		return err
	}
	return done(w, "/settings/sessions", NoticeOneSessionEnded)
}

func (s *Site) endOtherSessions(w http.ResponseWriter, r *http.Request) error {
	who := signed(r)
	cookie, err := s.Profile.EndOthers(r.Context(), who, trusted(r)(who.User.AccountID, who.User.ID), by(r))
	if err != nil {
		return err
	}
	httpx.SetCookie(w, httpx.SessionCookie, cookie, 0)
	return done(w, "/settings/sessions", NoticeOthersEnded)
}
