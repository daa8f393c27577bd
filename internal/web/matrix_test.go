package web_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apikey"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
	"sallyport/internal/otp"
	"sallyport/internal/user"
)

// actor is one of an organisation's people: each role with a second factor and without.
type actor struct {
	user.User
	strong bool
	phone  domaintest.Phone
	ids    []string // the person's own: of the user, the device, an API key, a session and a trusted browser
}

// side is an organisation with its people, and what nobody of another one may see.
type side struct {
	account account.Account
	people  []actor
	secrets []string
}

// matrix sends calls as the people of two organisations, with ids of all of them.
type matrix struct {
	*apptest.Server
	t     *testing.T
	rng   *rand.Rand
	sides []*side
	built time.Time
	n     int // organisations so far
}

// build makes two organisations anew: after somebody of the old ones was changed, and before anything of theirs ends by itself.
func (m *matrix) build() {
	m.sides = nil
	for range 2 {
		m.n++
		mark := fmt.Sprintf("q%dz", m.n) // in all that is the organisation's, and in no word of a page
		a, err := account.Create(m.t.Context(), m.DB, m.Clock.Now(), mark, "Firm "+mark, audit.Operator())
		if err != nil {
			m.t.Fatal(err)
		}
		s := &side{account: a, secrets: []string{a.ID, mark}}
		for _, role := range []user.Role{user.Owner, user.Admin, user.Member} {
			for _, strong := range []bool{true, false} {
				p := actor{strong: strong, User: m.AddUser(m.t, a, fmt.Sprintf("%s%v@%s.test", role, strong, mark), "Some "+mark, role)}
				p.ids = []string{p.ID}
				if strong {
					p.phone, _ = m.Enrol(m.t, p.User)
					p.ids = append(p.ids, p.phone.FactorID)
				}
				_, b, stmts := browser.Trust(m.Clock.Now(), a, p.User, browser.Environment{}, domaintest.By)
				if err := m.DB.Run(m.t.Context(), stmts...); err != nil {
					m.t.Fatal(err)
				}
				in := m.Browse(m.t, p.User).Signed
				k, err := m.Machines.OperatorMake(m.t.Context(), in.User, apikey.New{Name: "Key " + mark, Scopes: []apikey.Scope{apikey.Read}})
				if err != nil {
					m.t.Fatal(err)
				}
				p.ids = append(p.ids, k.Key.ID, in.ID, b.ID)
				s.people, s.secrets = append(s.people, p), append(s.secrets, p.ids...)
			}
		}
		m.sides = append(m.sides, s)
	}
	m.built = m.Clock.Now()
}

// id is one of somebody's; of the kind that the address asks for, mostly.
func (m *matrix) id(path string, of actor) string {
	kind := 0
	switch {
	case strings.HasPrefix(path, "/settings/two-factor"):
		kind = 1
	case strings.HasPrefix(path, keysPath):
		kind = len(of.ids) - 3
	case strings.HasPrefix(path, "/settings/sessions"):
		kind = len(of.ids) - 2
	case strings.HasPrefix(path, "/settings/browsers"):
		kind = len(of.ids) - 1
	}
	if m.rng.IntN(8) == 0 {
		kind = m.rng.IntN(len(of.ids))
	}
	return of.ids[min(kind, len(of.ids)-1)]
}

// fields are all that the forms and addresses ask for: right where it is the actor's own, and the id wherever one may stand.
func (m *matrix) fields(by actor, id string) url.Values {
	pick := func(values ...string) []string { return []string{values[m.rng.IntN(len(values))]} }
	f := url.Values{
		"email": pick(by.Email, fmt.Sprintf("new%d@%s.test", m.rng.IntN(1e9), "guest")), "new_email": {fmt.Sprintf("new%d@guest.test", m.rng.IntN(1e9))},
		"password": {apptest.Password}, "current_password": {apptest.Password}, "new_password": {"another twelve quiet geese"},
		"name": {"Changed"}, "your_name": {"Changed"}, "organisation": {"Changed"}, "token": {strings.Repeat("0", 26)}, "reason": {"lost phone"},
		"role": pick("owner", "admin", "member"), "external_id": pick("", "customer-1"), "host": {"127.0.0.1"}, "port": {"1"}, "user": {"robot"}, "security": {"starttls"}, "server_password": {"robot's own"},
		"from": pick("no-reply@guest.test", "2026-01-01"), "support": {"help@guest.test"}, "accent": {"#b3005e"}, "issuer": {"Changed"}, "language": {"en"},
		"key": {"verify.button"}, "text": {"Submit"}, "remove": {"yes"}, "q": {"verify"}, "format": pick("csv", "json"), "address": {"+4915112345678"},
		"enforcement": pick("required", "optional"), "shown": {m.sides[0].account.Policy.Fingerprint()}, "grace_days": {"3"}, "trust": {"yes"},
		"scope_read": {"yes"}, "way": pick("device", "none", "signature"), "public_key": {publicKey},
	}
	for _, name := range []string{"id", "method", "set", "factor", "session", "at", "before", "person", "search", "next", "first", "account"} {
		f[name] = pick(id, "")
	}
	of := m.sides[m.rng.IntN(2)].people
	for kind, name := range []string{"", "browser", "session", "key"} { // in the order of actor.ids, from the end
		if ids := of[m.rng.IntN(len(of))].ids; kind > 0 && m.rng.IntN(4) > 0 {
			f.Set(name, ids[len(ids)-kind])
		}
	}
	if by.strong {
		f.Set("code", by.phone.Code(m.Clock.Now()))
	}
	return f
}

// call is one request, with its answer but for what differs every time.
type call struct {
	page *apptest.Page
	rt   httpx.Route
	said string
}

func (m *matrix) call(rt httpx.Route, cookie, id string, f url.Values) call {
	path := strings.NewReplacer("{$}", "", "{file}", "sallyport.css", "{id}", url.PathEscape(id)).Replace(rt.Path())
	c := m.Client(m.t)
	c.Cookies[httpx.SessionCookie] = cookie
	var p *apptest.Page
	if rt.Method() == http.MethodGet {
		p = c.Send(c.Request(http.MethodGet, path+"?"+f.Encode(), nil))
	} else {
		if one := map[string]string{"end-sessions": "session", "end-browsers": "browser", "end-keys": "key"}[path[strings.LastIndex(path, "/")+1:]]; one != "" {
			path += "?" + url.Values{one: {f.Get(one)}}.Encode() // there the address says which
		}
		p = c.Send(c.Request(rt.Method(), path, f))
	}
	checkAnswer(m.t, p)
	if p.Status >= 500 {
		lines := strings.Split(strings.TrimSpace(m.Log.String()), "\n")
		m.t.Log(lines[len(lines)-1])
	}
	p.Header.Del("Date")
	p.Header.Del("Content-Length")
	said := fmt.Sprint(p.Status, p.Header, p.Body)
	for _, same := range []string{url.PathEscape(url.QueryEscape(id)), url.QueryEscape(url.QueryEscape(id)), url.QueryEscape(id), id} {
		said = strings.ReplaceAll(said, same, "ID")
	}
	return call{p, rt, volatile.ReplaceAllString(said, "req_")}
}

// check finds what a call changed that its caller may not. It reports whether the people are others than before.
func (m *matrix) check(by actor, what string, before, after []apptest.Row) bool {
	roles := map[string]user.Role{}
	for _, s := range m.sides {
		for _, p := range s.people {
			roles[p.ID] = p.Role
		}
	}
	faults, changed := apptest.Boundary{People: roles, By: by.User, Strong: by.strong}.Crossed(before, after)
	for _, fault := range faults {
		m.t.Errorf("%s: %s", what, fault)
	}
	return changed
}

// TestMatrix calls every route as every role of two organisations, with and without a second factor, with the ids of oneself, of the
// others of the same organisation, of everybody of the other one, of nobody, and with what is no id: nothing is seen or changed
// across, nothing of anybody by members, nothing of owners and administrators by administrators; and the answer for another
// organisation's id is that for nobody's (B51–B53, B64). SALLYPORT_SOAK=1 sends them all, on both engines.
func TestMatrix(t *testing.T) {
	run := func(t *testing.T, s *apptest.Server, every int) {
		m := &matrix{Server: s, t: t, rng: rand.New(rand.NewPCG(1, 2))}
		quick := *s.Factors
		quick.NewCodes = domaintest.QuickCodes
		s.Factors = &quick // the world's, not the server's
		routes, calls, twins, nth := table(t, s), 0, 0, 0
		m.build()
		for _, rt := range routes {
			if strings.HasPrefix(rt.Path(), "/static") {
				continue
			}
			for at := range 2 * len(m.sides[0].people) {
				for aim := range 2*len(m.sides[0].people) + 2 {
					if nth++; nth%every != 0 {
						continue
					}
					mine, theirs := m.sides[at%2], m.sides[1-at%2]
					by := mine.people[at/2]
					nobody := "usr_" + strings.Repeat("0", len(by.ID)-4)
					id, across := nobody, false
					switch n := len(mine.people); {
					case aim < n:
						id = m.id(rt.Path(), mine.people[aim])
					case aim < 2*n:
						id, across = m.id(rt.Path(), theirs.people[aim-n]), true
					case aim == 2*n:
						id = []string{"x'--", "\x00", "\xff", "%", strings.Repeat("9", 300), "../.."}[m.rng.IntN(6)]
					}
					cookie := m.Browse(t, by.User).Cookie
					f := m.fields(by, id)
					before := s.Owned(t, mine.account.ID, theirs.account.ID)
					got := m.call(rt, cookie, id, f)
					calls++
					what := fmt.Sprintf("%s by %s (strong %v) with %s", rt.Pattern, by.Role, by.strong, id)
					changed := m.check(by, what, before, s.Owned(t, mine.account.ID, theirs.account.ID))
					for _, secret := range theirs.secrets {
						if strings.Contains(got.said, secret) {
							t.Errorf("%s: the answer holds %s", what, secret)
						}
					}
					if across && !changed && strings.Contains(rt.Path(), "{id}") {
						twins++
						for name := range f {
							if f.Get(name) == id {
								f.Set(name, nobody)
							}
						}
						if twin := m.call(rt, m.Browse(t, by.User).Cookie, nobody, f); twin.said != got.said {
							t.Errorf("%s: the answer is not that for nobody:\n%.2000s\n---\n%.2000s", what, got.said, twin.said)
						}
					}
					if rt.Method() != http.MethodGet {
						s.Clock.Advance(otp.DefaultPeriod)
					}
					if changed || s.Clock.Now().Sub(m.built) > 10*time.Minute {
						m.build()
					}
				}
			}
		}
		t.Logf("%d calls, %d of them compared with one for nobody", calls, twins)
		if calls < 300 || every == 1 && calls < 10_000 || twins < 20 {
			t.Error("too few")
		}
	}
	if os.Getenv("SALLYPORT_SOAK") != "" {
		apptest.Each(t, func(t *testing.T, s *apptest.Server) { run(t, s, 1) })
		return
	}
	run(t, apptest.Start(t, dbtest.SQLite(t)), 53) // a prime: it meets all routes, roles and aims
}
