package web_test

import (
	"net/http"
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/httpx"
)

// TestRolesWalk calls every route as each role, with and without a second factor: what is the administrators' is shown to
// nobody else and done by nobody without one, and changes nothing then (8.2.1–8.2.3, 6.3.3, B65).
func TestRolesWalk(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		w := newWalker(t, s)
		calls := 0
		for _, person := range []struct {
			email string
			plain bool // without a second factor
			rules bool
		}{
			{apptest.Grace, true, false}, {apptest.Alan, true, true}, {apptest.Grace, false, false}, {apptest.Alan, false, true}, {apptest.Ada, false, true},
		} {
			cookies := map[string]string{httpx.SessionCookie: w.session}
			switch {
			case person.plain:
				cookies = s.SignedIn(t, person.email).Cookies
			case person.email != apptest.Ada:
				phone, _ := s.Enrolled(t, person.email)
				cookies = s.SignedInWith(t, person.email, phone).Cookies
			}
			w.ask(find(t, w.routes, "GET /settings"), cookies) // that the session was used is noted now
			before := s.Rows(t)
			for _, rt := range w.routes {
				if rt.Scope != httpx.Account {
					if p := w.read(rt, cookies); p != nil && strings.Contains(p.Body, `href="/admin"`) != (person.rules && strings.Contains(p.Body, "<nav")) {
						t.Errorf("%s for %s: the administrators' places are listed wrongly", rt.Pattern, person.email)
					}
					continue
				}
				calls++
				may := person.rules && (rt.Level == httpx.AAL1 || !person.plain)
				if may && rt.Method() != http.MethodGet {
					continue // done for good in admin_test.go
				}
				p := w.ask(rt, cookies)
				if (p.Status == http.StatusForbidden) == may || may && p.Status != http.StatusOK && p.Status != http.StatusSeeOther {
					t.Errorf("%s by %s, plain %v: status %d", rt.Pattern, person.email, person.plain, p.Status)
				}
				if !may && !person.rules {
					p.Sees(http.StatusForbidden, "Only the owners and administrators")
				} else if !may {
					p.Sees(http.StatusForbidden, "needs a sign-in with a second factor")
				}
			}
			same(t, before, s.Rows(t), "the walk of "+person.email)
		}
		if calls < 30 {
			t.Errorf("only %d calls", calls)
		}
	})
}

// read opens a page; nil for a route that is none.
func (w *walker) read(rt httpx.Route, cookies map[string]string) *apptest.Page {
	w.t.Helper()
	if rt.Method() != http.MethodGet || rt.Level != httpx.AAL1 {
		return nil
	}
	if p := w.ask(rt, cookies); p.Status == http.StatusOK {
		return p
	}
	return nil
}
