package web

import (
	"net/http"

	"github.com/mileusna/useragent"

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
	v := Sessions{}
	for _, one := range list {
		browser, err := browserWords(catalogueOf(r), one.UserAgent)
		if err != nil {
			return err
		}
		row := Session{
			ID: one.ID, Browser: browser, Address: one.Address, SignedIn: one.SignedInAt,
			LastSeen: one.LastSeenAt, TwoFactor: one.Level == session.AAL2, Current: one.ID == who.ID,
		}
		if row.Current {
			row.LastSeen = s.Now()
			v.Sessions = append([]Session{row}, v.Sessions...)
		} else {
			v.Sessions = append(v.Sessions, row)
		}
	}
	return s.render(w, r, http.StatusOK, PlaceSessions, v)
}

// browserWords says what a browser claims to be: "Firefox on Linux".
func browserWords(say texts.Catalogue, agent string) (string, error) {
	ua := useragent.Parse(agent)
	switch {
	case ua.Name == "" && ua.OS == "":
		return say.Text("browser.unknown")
	case ua.OS == "":
		return ua.Name, nil
	case ua.Name == "":
		return say.Text("browser.some", "system", ua.OS)
	}
	return say.Text("browser.on", "name", ua.Name, "system", ua.OS)
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
