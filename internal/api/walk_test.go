package api_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"sallyport/internal/api"
	"sallyport/internal/apptest"
	"sallyport/internal/httpx"
	"sallyport/internal/user"
)

// route is a row of the server's own table, with what the document says of it.
type route struct {
	httpx.Route
	op *openapi3.Operation
}

// table is the server's own route table. Every row of it is documented, and nothing else is.
func table(t *testing.T, s *apptest.Server) (all []route) {
	t.Helper()
	a := s.App
	server := &api.Server{
		Product: "Sallyport", Version: "x", PublicURL: a.Config.PublicURL, DB: a.DB, SignIns: a.SignIns, Checks: a.Checks, Sessions: a.Sessions, Factors: a.Factors,
		Profile: a.Profile, Admin: a.Admin, Machines: a.Machines, Once: a.Once, Now: a.Now, Count: a.Metrics.SignIn,
	}
	mux, err := server.Mux(httpx.Proxies{}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	documented := 0
	doc := s.Document(t)
	for _, item := range doc.Paths.Map() {
		documented += len(item.Operations())
	}
	for _, rt := range mux.Routes() {
		item := doc.Paths.Value(rt.Path())
		if item == nil || item.GetOperation(rt.Method()) == nil {
			t.Fatalf("%s is not documented", rt.Pattern)
		}
		all = append(all, route{rt, item.GetOperation(rt.Method())})
	}
	if len(all) != documented || len(all) < 10 {
		t.Fatalf("%d routes, %d documented calls", len(all), documented)
	}
	return all
}

// scope is with which scope a key may make the call; "" where only a session may.
func (rt route) scope() string {
	scope, _ := rt.op.Extensions["x-sallyport-scope"].(string)
	return scope
}

// call is the route as one that would be taken: what the document gives as an example.
func (rt route) call(t *testing.T) (call string, body any) {
	t.Helper()
	call = rt.Method() + " " + wildcard.ReplaceAllString(rt.Path(), "x")
	if rt.op.RequestBody == nil {
		return call, nil
	}
	for _, m := range rt.op.RequestBody.Value.Content {
		raw, err := json.Marshal(m.Example)
		if err != nil {
			t.Fatal(err)
		}
		return call, string(raw)
	}
	return call, nil
}

// TestRouteWalk makes each call at every level below its own, with everything else right: it is refused with the code that says why,
// and nothing is changed (D5).
func TestRouteWalk(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		hedy := s.AddUser(t, s.Acme, "hedy@acme.test", "Hedy", user.Member)
		reader, admins := newKey(t, s, hedy, false, "Reader", "read"), newKey(t, s, hedy, false, "Settings", "factors")
		s.Enrol(t, s.Ada)
		s.Enrol(t, s.Grace)
		pending := s.Password(t, s.Ada).Cookie // Ada's second factor is owed
		old := s.Browse(t, s.Ada).Cookie
		s.Clock.Advance(16 * time.Minute)
		pending2 := s.Password(t, s.Ada).Cookie
		owner, member, alone := s.Browse(t, s.Ada).Cookie, s.Browse(t, s.Grace).Cookie, s.Password(t, s.Alan).Cookie
		gone := s.Browse(t, s.Ada).Cookie
		s.API(gone).Must(t, 204, "DELETE /v1/session", nil)
		routes := table(t, s)

		type below struct {
			who   string
			from  *apptest.API
			codes func(rt route) []string // which refuse the call; none where it is not below
		}
		always := func(codes ...string) func(route) []string { return func(route) []string { return codes } }
		key := token(owner)
		walk := []below{
			{"nobody", s.API(""), always("not_signed_in")},
			{"a session that has ended", s.API(gone), always("not_signed_in")},
			{"a pending sign-in", s.API(pending), always("not_signed_in")},
			{"a newer one", s.API(pending2), always("not_signed_in")},
			{"a forged session", s.API(key[0] + "." + key[1] + "." + strings.Repeat("A", 43)), always("not_signed_in")},
			{"a session as a key", s.API("sak_" + owner), always("invalid_key")},
			{"a session as an access token", s.API("sat_" + owner), always("invalid_token")},
			{"a key as a session", s.API(strings.TrimPrefix(reader.value, "sak_")), always("not_signed_in")},
			{"a key as an access token", s.API("sat_" + strings.TrimPrefix(reader.value, "sak_")), always("invalid_token")},
			{"another scheme", s.API("").With("Authorization", "Basic "+owner), always("not_signed_in")},
			{"a cookie", s.API("").With("Cookie", httpx.SessionCookie+"="+owner), always("not_signed_in")},
			{"an administrator without a second factor", s.API(alone), func(rt route) []string {
				if rt.Level == httpx.AAL2 {
					return []string{"second_factor_required"}
				}
				return nil
			}},
			{"an owner, proved 16 minutes ago", s.API(old), func(rt route) []string {
				if rt.Fresh == httpx.Recent {
					return []string{"factor_needed"}
				}
				return nil
			}},
			{"a member", s.API(member), func(rt route) []string {
				if rt.Scope == httpx.Account {
					return []string{"not_administrator"}
				}
				return nil
			}},
			{"a key for reading", s.API(reader.value), func(rt route) []string {
				switch rt.scope() {
				case "read":
					return nil
				case "":
					return []string{"session_needed"}
				}
				return []string{"scope_missing"}
			}},
			{"a key for settings", s.API(admins.value), func(rt route) []string {
				switch rt.scope() {
				case "factors":
					return nil
				case "":
					return []string{"session_needed"}
				}
				return []string{"scope_missing"}
			}},
		}
		for _, b := range walk { // what a first use notes is noted before
			b.from.Call(t, "GET /v1/me", nil)
		}
		before := s.Rows(t)
		calls := 0
		for _, rt := range routes {
			if rt.Level < httpx.AAL1 {
				continue
			}
			for _, b := range walk {
				want := b.codes(rt)
				switch rt.Scope {
				case httpx.Operator:
					want = append(slices.Clone(want), "operator_only")
				case httpx.Program: // no session, whoever’s
					want = append(slices.Clone(want), "check_program_only")
				}
				if want == nil {
					continue
				}
				calls++
				call, body := rt.call(t)
				a := b.from.Call(t, call, body)
				if !slices.Contains(want, a.Code()) || a.Status != http.StatusUnauthorized && a.Status != http.StatusForbidden {
					t.Errorf("%s by %s: %d %s, want %q", rt.Pattern, b.who, a.Status, a.Raw, want)
				}
				if a.Status == http.StatusUnauthorized && a.Header.Get("WWW-Authenticate") == "" {
					t.Errorf("%s by %s: no WWW-Authenticate", rt.Pattern, b.who)
				}
				if a.Header.Get("Set-Cookie") != "" || strings.Contains(string(a.Raw), apptest.Ada) {
					t.Errorf("%s by %s: %v %s", rt.Pattern, b.who, a.Header, a.Raw)
				}
			}
		}
		changed(t, before, s.Rows(t), "calls below their level")
		if calls < 10*len(routes) {
			t.Errorf("only %d calls on %d routes", calls, len(routes))
		}
		t.Logf("%d calls below their level, on %d routes", calls, len(routes))
		s.API(owner).Must(t, 200, "GET /v1/me", nil) // the walk can fail: with the right credential the call is answered
	})
}

// token are the account and person that a session's token names.
func token(value string) []string { return strings.SplitN(value, ".", 3) }

// changed fails the test unless the rows are the same.
func changed(t *testing.T, before, after []string, what string) {
	t.Helper()
	for _, row := range after {
		if !slices.Contains(before, row) {
			t.Errorf("%s made the row %s", what, row)
		}
	}
	for _, row := range before {
		if !slices.Contains(after, row) {
			t.Errorf("%s took away the row %s", what, row)
		}
	}
}
