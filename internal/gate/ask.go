package gate

import (
	"net/http"
	"strings"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// DoorCookie holds a pass, at a program's origin.
const DoorCookie = "__Host-sallyport-door"

// Errors of the door.
var (
	ErrRole   = errs.New(errs.Forbidden, "door_role", "Your role does not open this page. Ask an administrator of your organisation if you need it.")
	ErrOrigin = errs.New(errs.Invalid, "door_origin", "The door does not know the site of this request. The proxy must name it, in X-Original-URL or in X-Forwarded-Proto and X-Forwarded-Host, and the setting door_origins must list it.")
	ErrOld    = errs.New(errs.Unauthenticated, "sign_in_too_old", "This page wants you to have signed in just now. Sign in again to go on.")
)

// The headers in which proxies say what they ask about: nginx by custom the first two, Traefik and Caddy by themselves the others.
const (
	originalURL     = "X-Original-Url" // as Go spells it
	originalMethod  = "X-Original-Method"
	forwardedProto  = "X-Forwarded-Proto"
	forwardedHost   = "X-Forwarded-Host"
	forwardedURI    = "X-Forwarded-Uri"
	forwardedMethod = "X-Forwarded-Method"
)

// asked is a request that the proxy asks about.
type asked struct {
	origin string // of the program; this server's own where the proxy names no other
	uri    string // path and query, as they were asked for
	path   string // the same if a browser may be led back there, else "/"
	method string
}

// ask answers whether a request may pass, and who it is.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) error {
	want, err := readWant(r.URL.RawQuery)
	if err != nil {
		return err
	}
	about, err := s.about(r)
	if err != nil {
		return err
	}
	who, err := s.who(r, want, about)
	if err == nil {
		err = want.met(who, s.Now())
	}
	if err != nil {
		return s.refuse(w, r, want, about, err)
	}
	return s.tell(w, r, who, about)
}

// about reads what the proxy says of the request. Whatever it says, only a listed site counts.
//
// A proxy sets the headers of its own custom and may let a client's of another one through. So where both are there they must say
// the same: else whoever has a pass for one site could name that one at another (security.md B88). The same goes for one that came twice.
func (s *Server) about(r *http.Request) (asked, error) {
	h := r.Header
	for _, name := range []string{originalURL, originalMethod, forwardedProto, forwardedHost, forwardedURI, forwardedMethod} {
		if len(h[name]) > 1 {
			return asked{}, ErrOrigin
		}
	}
	url, host := h.Get(originalURL), h.Get(forwardedHost)
	a, err := asked{origin: httpx.OriginOf(s.PublicURL), uri: r.RequestURI, path: "/"}, error(nil)
	switch {
	case url != "":
		scheme, rest, _ := strings.Cut(url, "://")
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			return asked{}, ErrOrigin
		}
		a, err = s.at(scheme, rest[:end], rest[end:])
		if host != "" && err == nil {
			var other asked
			other, err = s.at(h.Get(forwardedProto), host, h.Get(forwardedURI))
			if err == nil && (other.origin != a.origin || h.Get(forwardedURI) != "" && other.uri != a.uri) {
				err = ErrOrigin
			}
		}
	case host != "":
		a, err = s.at(h.Get(forwardedProto), host, h.Get(forwardedURI))
	}
	if err != nil {
		return asked{}, err
	}
	a.method = h.Get(originalMethod)
	switch forwarded := h.Get(forwardedMethod); {
	case a.method == "":
		a.method = forwarded
	case forwarded != "" && forwarded != a.method:
		return asked{}, ErrOrigin
	}
	if a.method == "" {
		a.method = http.MethodGet
	}
	return a, nil
}

// at is a request at the place that a proxy names.
func (s *Server) at(scheme, host, uri string) (asked, error) {
	switch scheme { // Traefik names WebSockets so, which are opened from the same sites
	case "wss":
		scheme = "https"
	case "ws":
		scheme = "http"
	}
	origin, listed := s.Origins.Has(scheme, host)
	if !listed && origin != httpx.OriginOf(s.PublicURL) || strings.ContainsRune(uri, '#') {
		return asked{}, ErrOrigin
	}
	a := asked{origin: origin, uri: uri, path: "/"}
	if clean, ok := httpx.SitePath(uri); ok {
		a.path = clean
	}
	return a, nil
}

// who is signed in. A credential of ours in the header Authorization decides alone, right or wrong: what is told is then true of what was
// sent on purpose, and not of a cookie that a browser adds to everything. Otherwise it is a pass for this site or, where the site has
// the name of this server's own, the session's cookie.
func (s *Server) who(r *http.Request, want want, about asked) (*session.Signed, error) {
	value, err := credential(r.Header)
	if err != nil {
		return nil, err
	}
	if value != "" {
		return s.caller(r, value, want, about)
	}
	none := error(session.ErrNone)
	if pass, ok := httpx.ReadCookie(r, DoorCookie); ok {
		signed, err := s.Sessions.CheckPass(r.Context(), pass, about.origin)
		if !session.None(err) {
			return signed, err
		}
		none = err
	}
	if cookie, ok := httpx.ReadCookie(r, httpx.SessionCookie); ok && s.ownName(about.origin) {
		return s.Sessions.Check(r.Context(), cookie)
	}
	return nil, none
}

// ownName reports whether a site, as it is listed, has this server's host name: browsers send its session's cookie there anyway, whatever the port.
func (s *Server) ownName(origin string) bool {
	_, host, _ := strings.Cut(origin, "://")
	name := strings.ToLower(s.PublicURL.Hostname())
	if strings.Contains(name, ":") { // IPv6
		name = "[" + name + "]"
	}
	rest, found := strings.CutPrefix(host, name)
	return found && (rest == "" || rest[0] == ':')
}

// ranks are the roles, each of which may do what those before it may.
var ranks = map[user.Role]int{user.Member: 1, user.Admin: 2, user.Owner: 3}
