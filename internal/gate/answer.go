package gate

import (
	"net/http"
	"net/url"
	"strings"
	"sync"

	"sallyport/internal/assertion"
	"sallyport/internal/errs"
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

// memo remembers answers as long as the sessions that they are about are remembered, and not longer: each is found by the very value
// that session.Service gave.
type memo struct {
	mu  sync.RWMutex
	all map[memoKey][][]string
}

type memoKey struct {
	signed *session.Signed
	origin string
}

// memoMost bounds the memory; a full memo is emptied.
const memoMost = 10_000

// tell lets the request pass and says who it is.
func (s *Server) tell(w http.ResponseWriter, r *http.Request, who *session.Signed, about asked) error {
	key := memoKey{who, about.origin}
	s.memo.mu.RLock()
	values, ok := s.memo.all[key]
	s.memo.mu.RUnlock()
	if !ok {
		token, err := s.Assertions.Sign(r.Context(), assertion.Claims{
			Audience: about.origin, Subject: who.User.ID, Email: who.User.Email, Name: who.User.Name, Account: who.Account.Slug, AccountID: who.Account.ID,
			Roles: []string{string(who.User.Role)}, Level: string(who.Level), AMR: who.AMR, AuthTime: proved(who).Unix(),
		})
		if err != nil {
			return err
		}
		for _, v := range []string{who.User.ID, who.User.Email, who.Account.Slug, string(who.User.Role), strings.Join(who.AMR, ","), token} {
			values = append(values, []string{v})
		}
		s.memo.keep(key, values)
	}
	h := w.Header()
	for i, name := range identity {
		h[name] = values[i]
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (m *memo) keep(key memoKey, values [][]string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil || len(m.all) >= memoMost {
		m.all = map[memoKey][][]string{}
	}
	m.all[key] = values
}

// refuse sends a browser to sign in, and says no to everybody else.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, want want, about asked, why error) error {
	if errs.From(why).Kind == errs.Forbidden && why != session.ErrLevel { // no sign-in would help
		return why
	}
	if !session.None(why) && why != session.ErrLevel && why != ErrOld || !navigates(r, about) || r.Header.Get("Authorization") != "" {
		return why
	}
	query := url.Values{"to": {about.path}}
	for name, v := range want.query {
		query[name] = v
	}
	w.Header().Set("Location", about.origin+Prefix+"start?"+query.Encode())
	if want.stay {
		w.WriteHeader(http.StatusUnauthorized)
		return nil
	}
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// navigates reports whether a person opens a page, who can be sent somewhere else.
func navigates(r *http.Request, about asked) bool {
	if about.method != http.MethodGet && about.method != http.MethodHead {
		return false
	}
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
