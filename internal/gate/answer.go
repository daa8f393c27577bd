package gate

import (
	"net/http"
	"strings"
	"sync"

	"sallyport/internal/assertion"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
)

// identity are the headers of an answer. Every answer has all of them: a header that is missing may leave the one that a stranger
// sent where the proxy copies it (GHSA-7r4p-vjf4-gxv4).
var identity = []string{"Remote-User", "Remote-Email", "Remote-Account", "Remote-Roles", "Remote-Amr", "Sallyport-Assertion"}

var empty = []string{""}

func blank(h http.Header) {
	for _, name := range identity {
		h[name] = empty
	}
}

// memo remembers what the door says of sessions, each as long as the session itself is remembered and not longer: an answer counts for
// the very value of session.Service that it was made from, so it adds nothing to the second within which an end is in force.
type memo struct {
	mu  sync.RWMutex
	all map[memoKey]told
}

type memoKey struct{ session, origin string }

type told struct {
	signed *session.Signed
	values [][]string // in the order of identity
}

// memoMost bounds the memory; a full memo is emptied.
const memoMost = 10_000

// tell lets the request pass and says who it is.
func (s *Server) tell(w http.ResponseWriter, r *http.Request, who *session.Signed, about asked) error {
	values, err := s.identify(r, who, about)
	if err != nil {
		return err
	}
	h := w.Header()
	for i, name := range identity {
		h[name] = values[i]
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// identify gives the values of the headers of identity. None can begin another header: ids and short names are ours, roles and methods are
// words of ours, and an address has printable ASCII only (user.CanonicalEmail). Names, which may have anything, stand in the assertion.
func (s *Server) identify(r *http.Request, who *session.Signed, about asked) ([][]string, error) {
	if who.ByKey() { // each call has a value of its own
		return s.values(r, who, about)
	}
	key := memoKey{who.ID, about.origin}
	s.memo.mu.RLock()
	found := s.memo.all[key]
	s.memo.mu.RUnlock()
	if found.signed == who {
		return found.values, nil
	}
	values, err := s.values(r, who, about)
	if err != nil {
		return nil, err
	}
	s.memo.keep(key, told{who, values})
	return values, nil
}

func (s *Server) values(r *http.Request, who *session.Signed, about asked) (values [][]string, err error) {
	token, err := s.Assertions.Sign(r.Context(), assertion.Claims{
		Audience: about.origin, Subject: who.User.ID, Email: who.User.Email, Name: who.User.Name, Account: who.Account.Slug, AccountID: who.Account.ID,
		Roles: []string{string(who.User.Role)}, Level: string(who.Level), AMR: who.AMR, AuthTime: authTime(who),
	})
	if err != nil {
		return nil, err
	}
	for _, v := range []string{who.User.ID, who.User.Email, who.Account.Slug, string(who.User.Role), strings.Join(who.AMR, ","), token} {
		values = append(values, []string{v})
	}
	return values, nil
}

// authTime is when somebody last showed who they are; 0 of a key alone.
func authTime(who *session.Signed) int64 {
	at := who.SignedInAt
	if who.ProvedAt.After(at) {
		at = who.ProvedAt
	}
	if at.IsZero() {
		return 0
	}
	return at.Unix()
}

func (m *memo) keep(key memoKey, t told) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil || len(m.all) >= memoMost {
		m.all = map[memoKey]told{}
	}
	m.all[key] = t
}

// refuse sends a browser to sign in, and says no to everybody else.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, want want, about asked, why error) error {
	if !session.None(why) && why != session.ErrLevel && why != ErrOld || !navigates(r, about) { // no sign-in would help
		return why
	}
	blank(w.Header())
	address := about.origin + Prefix + "start?" + want.again(about.back())
	if want.stay {
		w.Header().Set("Location", address)
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 §15.5.2 demands one
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	return httpx.SeeElsewhere(w, address)
}

// navigates reports whether a person opens a page, who can be sent somewhere else.
func navigates(r *http.Request, about asked) bool {
	if ours, err := credential(r.Header); ours != "" || err != nil || about.method != http.MethodGet && about.method != http.MethodHead {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
