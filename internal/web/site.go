package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/httpx"
	"sallyport/internal/machine"
	"sallyport/internal/notify"
	"sallyport/internal/place"
	"sallyport/internal/profile"
	"sallyport/internal/recovery"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/texts"
)

// csp lets a page load its own style, script and pictures and post to its own forms, and nothing else. What follows form-action are
// also the places that a form's answer may lead on to, so the sites behind the door come after it: see Mux.
const csp = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"

// Site is the pages with what they need. All fields are needed.
type Site struct {
	Product   string
	PublicURL *url.URL
	DB        *db.DB
	Pages     *Pages
	SignIns   *signin.Service
	Checks    *signin.Checks
	Sessions  *session.Service
	Factors   *factor.Service
	Profile   *profile.Service
	Recovery  *recovery.Service
	Inbox     *notify.Inbox // of a demo; nil elsewhere
	Faces     *account.Faces
	Support   string          // whom to write to about plans; may be empty
	Related   []string        // other origins where the passkeys of this one may be used
	Door      httpx.Origins   // of the programs that the door stands in front of
	Places    *place.Database // nil if no place is known
	Admin     *admin.Service
	Machines  *machine.Service
	Now       func() time.Time
	Count     func(outcome, method string) // counts a step of a sign-in

	forgotten *httpx.Limit // of forgotten passwords, for each network
}

// Mux builds the browser surface.
func (s *Site) Mux(proxies httpx.Proxies, log *slog.Logger, observe func(string, int, time.Duration)) (*httpx.Mux, error) {
	var related []*url.URL
	for _, origin := range s.Related {
		u, err := url.Parse(origin)
		if err != nil {
			return nil, err
		}
		related = append(related, u)
	}
	s.forgotten = httpx.NewLimit(mostForgotten, time.Minute, s.Now)
	routes := s.routes()
	for i := range routes {
		routes[i].Handler = knowing(routes[i].Handler)
	}
	return httpx.NewMux(routes, s.guard, httpx.Options{
		Surface: "web", PublicURL: s.PublicURL, Related: related, Proxies: proxies, CSP: strings.Join(append([]string{csp}, s.Door...), " "), Browser: true,
		Render: s.problem, Log: log, Observe: observe, Now: s.Now,
	})
}

type signedKey struct{}

// signed gives the session of a request that the guard let through to a route of level AAL1 or higher.
func signed(r *http.Request) *session.Signed {
	w, _ := r.Context().Value(signedKey{}).(*session.Signed)
	return w
}

// guard lets a request through to a route only at the route's level.
func (s *Site) guard(rt httpx.Route, w http.ResponseWriter, r *http.Request) (*http.Request, error) {
	r = r.WithContext(context.WithValue(r.Context(), readerKey{}, &reader{faces: s.Faces}))
	switch rt.Level {
	case httpx.Public:
		return r, nil
	case httpx.Pending:
		if strings.HasPrefix(rt.Path(), string(atCheck)+"/") {
			return s.checkGuard(w, r)
		}
		// The handlers read the pending sign-in itself; without a cookie there is none
		if _, ok := httpx.ReadCookie(r, httpx.PendingCookie); !ok {
			return nil, s.noPending(w, r)
		}
		return r, nil
	}
	who, err := s.current(r)
	if session.None(err) {
		why := NoticeSessionEnded
		if errors.Is(err, session.ErrSetUp) {
			why = NoticeSetUpRequired
		}
		return nil, s.toSignIn(w, r, why)
	}
	if err != nil {
		return nil, err
	}
	r = r.WithContext(context.WithValue(r.Context(), signedKey{}, who))
	if rt.Scope == httpx.Account {
		if err := admin.Administrator(who.User); err != nil {
			return nil, refuse(r, err)
		}
	}
	if rt.Level == httpx.AAL2 && who.Level != session.AAL2 {
		return nil, refuse(r, session.ErrLevel)
	}
	acts := rt.Scope == httpx.Account && rt.Level == httpx.AAL2
	if rt.Fresh == httpx.Recent && !s.recent(r, who) || (acts || rt.Fresh == httpx.Whole) && who.Spared() {
		return nil, toConfirm(w, r)
	}
	return r, nil
}

// knowing makes a handler whose failures are told to the person that the guard let in: in their
// language and between their own places.
func knowing(h httpx.Handler) httpx.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := h(w, r); err != nil {
			return refuse(r, err)
		}
		return nil
	}
}

// refuse gives an error the request that it answers, as the guard admitted it.
func refuse(r *http.Request, err error) error {
	e := errs.From(err)
	return e.Because(&refused{request: r, cause: e.Cause})
}

// refused travels as the cause of an error, because the page for it is written outside of the guard.
type refused struct {
	request *http.Request
	cause   error
}

func (f *refused) Error() string {
	if f.cause != nil {
		return f.cause.Error()
	}
	return "refused"
}

func (f *refused) Unwrap() error { return f.cause }

// current gives the session that the request's cookie stands for, or session.ErrNone.
func (s *Site) current(r *http.Request) (*session.Signed, error) {
	cookie, ok := httpx.ReadCookie(r, httpx.SessionCookie)
	if !ok {
		return nil, session.ErrNone
	}
	return s.Sessions.Check(r.Context(), cookie)
}

// toSignIn sends somebody who is not signed in to the sign-in page, and back to what they asked to see.
// It leaves a dead cookie alone: of a form sent twice, the first answer may have replaced it by a
// live one while this request was on its way. The sign-in page sees which, and clears it.
func (s *Site) toSignIn(w http.ResponseWriter, r *http.Request, why Notice) error {
	query := url.Values{}
	if r.Method == http.MethodGet && r.URL.Path != "/settings" && r.URL.Path != signOutPath {
		asked := r.URL.Path
		if asked == doorPath { // which is nothing without what it was asked
			asked = r.URL.RequestURI()
		}
		if next, ok := httpx.ReturnTo(asked); ok {
			query.Set("next", next)
		}
	}
	if _, had := httpx.ReadCookie(r, httpx.SessionCookie); had {
		return done(w, withQuery("/sign-in", query), why)
	}
	return httpx.SeeOther(w, withQuery("/sign-in", query))
}

func withQuery(path string, query url.Values) string {
	if len(query) == 0 {
		return path
	}
	return path + "?" + query.Encode()
}

// signInAddress is where the people of the organisation with this short name sign in.
func (s *Site) signInAddress(slug string) string {
	return withQuery(s.PublicURL.JoinPath("/sign-in").String(), url.Values{"account": {slug}})
}

// by is who makes the request and from where.
func by(r *http.Request) audit.Actor {
	a := audit.Actor{Kind: audit.KindNobody, Address: httpx.InfoOf(r.Context()).Client.String(), UserAgent: r.UserAgent(), Language: string(languageOf(r))}
	if who := signed(r); who != nil {
		return a.As(who.User.ID)
	}
	return a
}

// languageOf is the language that the sender of the request reads: the one that the person
// who is signed in, or about to be, has chosen goes before what the browser says.
func languageOf(r *http.Request) texts.Language {
	chosen := ""
	if who := signed(r); who != nil {
		chosen = who.User.Language
	} else if half := readerOf(r); half != nil {
		chosen = half.language
	}
	return texts.Match(chosen, strings.Join(r.Header.Values("Accept-Language"), ","))
}

// render writes a page, with what surrounds it for the person who is signed in.
func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, place Place, v View) error {
	c := Chrome{Language: languageOf(r), Product: s.Product, Place: place}
	s.face(r, &c)
	if who := signed(r); who != nil {
		c.Account = who.Account.Name
		c.Person = &Person{Name: who.User.Name, Email: who.User.Email, Administrator: admin.Administrator(who.User) == nil}
	}
	if status == http.StatusOK {
		if err := s.takeNotice(w, r, &c); err != nil {
			return err
		}
	}
	return s.Pages.Render(w, status, c, v)
}

// again shows a form once more with what was wrong, if the person at the form can do
// something about it; other errors go to the page for requests that failed as a whole.
func (s *Site) again(r *http.Request, err error, place Place, v func(*FormError) View) error {
	e := errs.From(err)
	switch e.Kind {
	case errs.Invalid, errs.Unauthenticated, errs.Conflict, errs.TooMany:
	case errs.Forbidden, errs.Expired, errs.Unavailable:
		if e.Field == "" && e.Code != "busy" {
			return err
		}
	default:
		return err
	}
	f := Failure(catalogueOf(r), e)
	if f.Field == "credential" {
		f.Field = "" // a passkey's answer is not typed, so there is no field to lead to
	}
	return e.Because(&shownAgain{place: place, view: v(f), cause: e.Cause})
}

// shownAgain travels as the cause of an error that a form shows. So the refusal has its
// status and its line in the log like every other one, and the form is what the person sees.
type shownAgain struct {
	place Place
	view  View
	cause error
}

func (a *shownAgain) Error() string {
	if a.cause != nil {
		return a.cause.Error()
	}
	return "shown at its form"
}

func (a *shownAgain) Unwrap() error { return a.cause }

// problem is the page for a request that failed as a whole.
func (s *Site) problem(w http.ResponseWriter, r *http.Request, f httpx.Failure) {
	var to *refused
	if errors.As(f.Err, &to) {
		r = to.request
	}
	var again *shownAgain
	if errors.As(f.Err, &again) {
		if err := s.render(w, r, f.Status, again.place, again.view); err != nil {
			panic(err) // as below
		}
		return
	}
	v := Problem{Status: f.Status, Code: f.Err.Code, Reference: f.RequestID, RetryAfter: untold(catalogueOf(r), f.Err), Nowhere: checkIsOver(f.Err)}
	switch {
	case f.Err.Code == httpx.ErrWrongHost.Code:
		v.Home = s.PublicURL.String()
	case !ofHTTP(f):
		v.Message = catalogueOf(r).Error(f.Err)
	}
	if err := s.render(w, r, f.Status, "", v); err != nil {
		panic(err) // the adapter answers in plain words then
	}
}

// ofHTTP reports whether a failure is about the request itself. What such an error says is
// for programmers; the catalogue has better words for people.
func ofHTTP(f httpx.Failure) bool {
	for _, e := range []*errs.Error{httpx.ErrNoPage, httpx.ErrMethod, httpx.ErrTooLarge, httpx.ErrMediaType, httpx.ErrMalformed} {
		if f.Err.Code == e.Code {
			return true
		}
	}
	return f.Status == http.StatusInternalServerError
}
