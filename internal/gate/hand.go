package gate

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/token"
)

const (
	// EntryCookie holds, at a program's origin, the secret of a browser that is on its way in.
	EntryCookie = "__Host-sallyport-entry"
	// entryFor is how long that way may take.
	entryFor = 10 * time.Minute
)

// longest is as long as anything gets that stands before a question to the door while somebody signs in or sets something up.
const longest = "/settings/two-factor/fac_00000000000000000000000000/confirm?next="

// ErrNoCookie refuses a browser that comes back without the secret it was given: it keeps no cookies, or it is not the one that began.
var ErrNoCookie = errs.New(errs.Invalid, "door_no_cookie", "Your browser did not bring back the cookie that it was given here. Allow cookies for this site, and open the page again in the browser in which you began, within 10 minutes.")

// Handed builds the surface that browsers are led over at the programs' origins, where the proxy hands /.sallyport/ to this server.
func (s *Server) Handed(proxies httpx.Proxies, log *slog.Logger, observe func(string, int, time.Duration)) (*httpx.Mux, error) {
	// Public: these lead to the sign-in, and back from it. Whose ticket or pass it is, is told by what it is and which cookie came along.
	at := func(pattern string, h func(http.ResponseWriter, *http.Request, string) error) httpx.Route {
		return httpx.Route{Pattern: pattern, Level: httpx.Public, Handler: func(w http.ResponseWriter, r *http.Request) error {
			behave(w)
			origin, err := s.site(r)
			if err != nil {
				return err
			}
			return h(w, r, origin)
		}}
	}
	return httpx.NewMux([]httpx.Route{
		at("GET "+Prefix+"start", s.start),
		at("GET "+Prefix+"enter", s.enter),
		at("GET "+Prefix+"sign-out", s.toSignOut),
		at("POST "+Prefix+"sign-out", s.leave),
	}, nil, httpx.Options{
		Surface: "door", PublicURL: s.PublicURL, AnyHost: true, Proxies: proxies, CSP: pageCSP, Browser: true,
		Render: s.problem, Log: log, Observe: observe, Now: s.Now,
	})
}

// behave takes back two headers that would say too much at somebody else's origin: for how long its names are to be had by TLS only
// is its operator's to say, and an address with a ticket in it is nobody's to read, not even the program's.
func behave(w http.ResponseWriter) {
	w.Header().Del("Strict-Transport-Security")
	w.Header().Set("Referrer-Policy", "no-referrer")
}

// site is the origin that a browser's request came for: a listed one, or this server's own. The name in Host will do where the proxy
// says no other; neither is believed further than that.
func (s *Server) site(r *http.Request) (string, error) {
	scheme, host := r.Header.Get("X-Forwarded-Proto"), r.Header.Get("X-Forwarded-Host")
	if host == "" {
		host = r.Host
	}
	schemes := []string{scheme}
	if scheme == "" {
		schemes = []string{"https", "http"}
	}
	own := httpx.OriginOf(s.PublicURL)
	for _, scheme := range schemes {
		if origin, listed := s.Origins.Has(scheme, host); listed || origin == own {
			return origin, nil
		}
	}
	return "", ErrOrigin
}

// start sends a browser to sign in, and has it remember that it was the one. A secret that is there already is kept, so that of two
// pages that begin at once none spoils the other.
func (s *Server) start(w http.ResponseWriter, r *http.Request, origin string) error {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil || len(query["to"]) > 1 {
		return ErrWant
	}
	to := pathOf(query.Get("to"))
	query.Del("to")
	if _, err := readWant(query.Encode()); err != nil {
		return err
	}
	secret, ok := httpx.ReadCookie(r, EntryCookie)
	if !ok || len(secret) != len(token.New()) {
		secret = token.New()
	}
	query.Del("accounts") // the door asks again, of whoever comes back
	query.Del("roles")
	query.Del("redirect")
	query.Set("challenge", session.Challenge(secret))
	query.Set("to", origin+to)
	door := "/door?" + query.Encode()
	if _, ok := httpx.ReturnTo(longest + url.QueryEscape(door)); !ok { // too long to be carried through a sign-in
		query.Set("to", origin+"/")
		door = "/door?" + query.Encode()
	}
	httpx.SetCookie(w, EntryCookie, secret, entryFor)
	return httpx.SeeElsewhere(w, httpx.OriginOf(s.PublicURL)+door)
}

// enter takes a ticket for a pass, and leads on to the page that was wanted at first. The browser's secret stays until its time is
// over: another page may be on its way. HEAD takes nothing (RFC 9110, section 9.2.1).
func (s *Server) enter(w http.ResponseWriter, r *http.Request, origin string) error {
	if r.Method == http.MethodHead {
		return nil
	}
	query, err := httpx.Query(r, "ticket", "to")
	if err != nil {
		return err
	}
	secret, held := httpx.ReadCookie(r, EntryCookie)
	pass, err := s.Sessions.Enter(r.Context(), query.Get("ticket"), origin, secret, by(r))
	if !held && errors.Is(err, session.ErrTicket) { // with which the ticket has ended
		return ErrNoCookie
	}
	if err != nil {
		return err
	}
	httpx.SetCookie(w, DoorCookie, pass, 0)
	return httpx.SeeElsewhere(w, origin+pathOf(query.Get("to")))
}

// toSignOut leads to the button that ends the session and, with it, every pass. It ends nothing itself: any site can link to it.
func (s *Server) toSignOut(w http.ResponseWriter, _ *http.Request, _ string) error {
	return httpx.SeeElsewhere(w, s.PublicURL.JoinPath("/sign-out").String())
}

// leave ends this browser's pass here; the session itself is not the program's to end, so its button comes next.
func (s *Server) leave(w http.ResponseWriter, r *http.Request, origin string) error {
	if pass, ok := httpx.ReadCookie(r, DoorCookie); ok {
		if err := s.Sessions.Leave(context.WithoutCancel(r.Context()), pass, origin); err != nil {
			return err
		}
	}
	httpx.ClearCookie(w, DoorCookie)
	return s.toSignOut(w, r, origin)
}

// pathOf is the page that was wanted, or the first one of the site.
func pathOf(to string) string {
	if path, ok := httpx.SitePath(to); ok {
		return path
	}
	return "/"
}

// by is who makes the request and from where.
func by(r *http.Request) audit.Actor {
	return audit.Actor{Kind: audit.KindNobody, Address: httpx.InfoOf(r.Context()).Client.String(), UserAgent: r.UserAgent(), Language: string(languageOf(r))}
}
