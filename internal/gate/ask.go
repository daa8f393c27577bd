package gate

import (
	"cmp"
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
	ErrAccount = errs.New(errs.Forbidden, "door_account", "This page is not for people of your organisation. If you have a sign-in at another one, use that.")
	ErrRole    = errs.New(errs.Forbidden, "door_role", "Your role does not open this page. Ask an administrator of your organisation if you need it.")
	ErrOrigin  = errs.New(errs.Invalid, "door_origin", "The door does not know the site of this request. The proxy must name it, in X-Original-URL or in X-Forwarded-Proto and X-Forwarded-Host, and the setting door_origins must list it.")
	ErrOld     = errs.New(errs.Unauthenticated, "sign_in_too_old", "This page wants you to have signed in just now. Sign in again to go on.")
)

// asked is a request that the proxy asks about.
type asked struct {
	origin string // of the program; this server's own where the proxy names no other
	uri    string // path and query, as they were asked for
	method string
}

// back is where a browser may be led once it has signed in.
func (a asked) back() string {
	uri, ok := httpx.SitePath(a.uri)
	if path, _, _ := strings.Cut(uri, "?"); !ok || path == Path { // asked straight, there is no page to go back to
		return "/"
	}
	return uri
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

// about reads what the proxy says of the request: by nginx's custom in the headers X-Original-…, by Traefik's and Caddy's in
// X-Forwarded-…. Whatever it says, only a listed site counts.
//
// A proxy sets the headers of its own custom and may let a client's of another one through. So where both are there they must say
// the same: else whoever has a pass for one site could name that one at another (security.md B88). The same goes for one that came twice.
func (s *Server) about(r *http.Request) (asked, error) {
	var says [6]string
	for i, name := range [...]string{"X-Original-Url", "X-Original-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Method"} { // as Go spells them
		switch lines := r.Header[name]; len(lines) {
		case 0:
		case 1:
			says[i] = lines[0]
		default:
			return asked{}, ErrOrigin
		}
	}
	url, scheme, host, uri := says[0], says[2], says[3], says[4]
	var a, other asked
	var err error
	switch {
	case url != "":
		itsScheme, rest, _ := strings.Cut(url, "://")
		end := strings.IndexByte(rest, '/')
		if end < 0 {
			return asked{}, ErrOrigin
		}
		a, err = s.at(itsScheme, rest[:end], rest[end:])
		if host != "" && err == nil {
			other, err = s.at(scheme, host, uri)
			if err == nil && (other.origin != a.origin || uri != "" && uri != a.uri) {
				err = ErrOrigin
			}
		}
	case host != "":
		a, err = s.at(scheme, host, uri)
	default:
		a = asked{origin: httpx.OriginOf(s.PublicURL), uri: r.RequestURI}
	}
	if err != nil {
		return asked{}, err
	}
	a.method = cmp.Or(says[1], says[5], http.MethodGet)
	if says[1] != "" && says[5] != "" && says[1] != says[5] {
		return asked{}, ErrOrigin
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
	if !listed && origin != httpx.OriginOf(s.PublicURL) || strings.ContainsRune(uri, '#') { // no request has a fragment
		return asked{}, ErrOrigin
	}
	return asked{origin: origin, uri: uri}, nil
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
