package gate

import (
	"net/http"
	"net/url"
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
	ErrOrigin = errs.New(errs.Invalid, "door_origin", "The door does not know the site of this request. The proxy must name it in X-Forwarded-Proto and X-Forwarded-Host, and the setting door_origins must list it.")
	ErrOld    = errs.New(errs.Unauthenticated, "sign_in_too_old", "This page wants you to have signed in just now. Sign in again to go on.")
)

// asked is a request that the proxy asks about.
type asked struct {
	origin string // of the program; this server's own where the proxy names no other
	path   string // with its query: where the browser goes back to
	method string
}

// ask answers whether a request may pass, and who it is.
func (s *Server) ask(w http.ResponseWriter, r *http.Request) error {
	blank(w.Header())
	want, err := readWant(r.URL.RawQuery)
	if err != nil {
		return err
	}
	about, err := s.about(r)
	if err != nil {
		return err
	}
	who, err := s.who(r, about)
	if err == nil {
		err = want.met(who, s.Now())
	}
	if err != nil {
		return s.refuse(w, r, want, about, err)
	}
	return s.tell(w, r, who, about)
}

// about reads what the proxy says of the request: in the headers of Traefik and Caddy, or in nginx's customary one. Whatever it says,
// only a listed site counts.
func (s *Server) about(r *http.Request) (asked, error) {
	h := r.Header
	a := asked{origin: httpx.OriginOf(s.PublicURL), path: "/", method: http.MethodGet}
	for name, to := range map[string]*string{"X-Forwarded-Method": &a.method, "X-Original-Method": &a.method} {
		if v := h.Get(name); v != "" {
			*to = v
		}
	}
	switch {
	case h.Get("X-Original-Url") != "":
		u, err := url.Parse(h.Get("X-Original-Url"))
		if err != nil || len(h.Values("X-Original-Url")) > 1 {
			return a, ErrOrigin
		}
		return s.at(a, u.Scheme, u.Host, u.RequestURI())
	case h.Get("X-Forwarded-Host") != "":
		if len(h.Values("X-Forwarded-Host")) > 1 || len(h.Values("X-Forwarded-Proto")) > 1 || len(h.Values("X-Forwarded-Uri")) > 1 {
			return a, ErrOrigin
		}
		return s.at(a, h.Get("X-Forwarded-Proto"), h.Get("X-Forwarded-Host"), h.Get("X-Forwarded-Uri"))
	}
	return a, nil
}

// at is a with the place that the proxy names.
func (s *Server) at(a asked, scheme, host, path string) (asked, error) {
	origin, listed := s.Origins.Has(scheme, host)
	if !listed && origin != a.origin {
		return a, ErrOrigin
	}
	a.origin = origin
	if clean, ok := httpx.SitePath(path); ok {
		a.path = clean
	}
	return a, nil
}

// who is signed in: by a pass for this site or, where it has the name of this server's own, by the session itself.
func (s *Server) who(r *http.Request, about asked) (*session.Signed, error) {
	if pass, ok := httpx.ReadCookie(r, DoorCookie); ok {
		signed, err := s.Sessions.CheckPass(r.Context(), pass, about.origin)
		if !session.None(err) {
			return signed, err
		}
	}
	if cookie, ok := httpx.ReadCookie(r, httpx.SessionCookie); ok && s.ownName(about.origin) {
		return s.Sessions.Check(r.Context(), cookie)
	}
	return nil, session.ErrNone
}

// ownName reports whether a site has this server's host name: browsers send its session's cookie there anyway, whatever the port.
func (s *Server) ownName(origin string) bool {
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Hostname(), s.PublicURL.Hostname())
}

// ranks are the roles, each of which may do what those before it may.
var ranks = map[user.Role]int{user.Member: 1, user.Admin: 2, user.Owner: 3}
