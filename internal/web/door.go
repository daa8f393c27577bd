package web

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
)

// doorPath is where a browser is sent from a program's site to sign in, and from where it goes back with a ticket.
const doorPath = "/door"

// Errors of the way to a program.
var (
	errDoorSite = errs.New(errs.Forbidden, "door_site", "This link leads to a site that this sign-in does not know, so it goes no further. If you came here from a program of your organisation, tell whoever runs it: the setting door_origins must list its address.")
	errDoorLink = errs.New(errs.Invalid, "door_link", "This link is not whole. Open the page that you wanted again.")
)

// wanted is what a program's site asks for, about whoever comes back to it.
type wanted struct {
	origin, path string
	challenge    string
	level        session.Level
	maxAge       time.Duration // 0 for any
}

// readWanted reads the query of /door. None of it is believed but the site, and that only because it is listed.
func (s *Site) readWanted(r *http.Request) (wanted, error) {
	q, err := httpx.Query(r, "to", "challenge", "level", "max_age")
	if err != nil {
		return wanted{}, err
	}
	w := wanted{challenge: q.Get("challenge"), level: session.Level(q.Get("level"))}
	var ok bool
	if w.origin, w.path, ok = append(httpx.Origins{httpx.OriginOf(s.PublicURL)}, s.Door...).Split(q.Get("to")); !ok {
		return w, errDoorSite
	}
	if q.Has("max_age") {
		seconds, err := strconv.ParseUint(q.Get("max_age"), 10, 31)
		if err != nil || seconds == 0 {
			return w, errDoorLink
		}
		w.maxAge = time.Duration(seconds) * time.Second
	}
	if len(w.challenge) != len(session.Challenge("")) || w.level != "" && w.level != session.AAL1 && w.level != session.AAL2 {
		return w, errDoorLink
	}
	return w, nil
}

// door sends somebody who is signed in back to the program that they came from, with a ticket; before that, to whatever its site asks
// for beyond a sign-in. It writes nothing but the ticket, which is worth nothing to anybody but the browser that began there.
func (s *Site) door(w http.ResponseWriter, r *http.Request) error {
	want, err := s.readWanted(r)
	if err != nil {
		return err
	}
	who := signed(r)
	switch {
	case want.level == session.AAL2 && who.Level != session.AAL2 && who.User.Devices() == 0:
		return s.toSetUp(w, r)
	case want.level == session.AAL2 && who.Level != session.AAL2:
		return signInAgain(w, r)
	case want.maxAge > 0 && !reauth.FactorFresh(who.LastProof(), s.Now(), want.maxAge):
		if who.Level == session.AAL2 {
			return toConfirm(w, r)
		}
		return signInAgain(w, r)
	case want.origin == httpx.OriginOf(s.PublicURL): // the session itself counts here
		return httpx.SeeOther(w, want.path)
	}
	ticket, err := s.Sessions.Ticket(r.Context(), who, want.origin, want.challenge)
	if err != nil {
		return err
	}
	query := url.Values{"ticket": {ticket}, "to": {want.path}}
	return httpx.SeeElsewhere(w, want.origin+httpx.DoorPrefix+"enter?"+query.Encode())
}

// signInAgain leads somebody who is signed in to the sign-in page all the same, and back.
func signInAgain(w http.ResponseWriter, r *http.Request) error {
	return done(w, withQuery("/sign-in", url.Values{"next": {r.URL.RequestURI()}, "again": {"1"}}), NoticeDoorAgain)
}

// setUpPages are where a first second factor is added, the one that is recommended first.
var setUpPages = []struct {
	method account.Method
	path   string
}{
	{account.TOTP, "/settings/two-factor/add"},
	{account.Passkey, "/settings/two-factor/add-passkey"},
	{account.SMS, "/settings/two-factor/add-sms"},
	{account.Email, "/settings/two-factor/add-email"},
}

// toSetUp leads somebody without a second factor to the page that adds one, and back.
func (s *Site) toSetUp(w http.ResponseWriter, r *http.Request) error {
	offers, err := s.Profile.OwnOffers(r.Context(), signed(r))
	if err != nil {
		return err
	}
	for _, p := range setUpPages {
		if account.Offered(offers, p.method) == nil {
			return done(w, withQuery(p.path, url.Values{"next": {r.URL.RequestURI()}}), NoticeDoorSetUp)
		}
	}
	return session.ErrLevel
}
