package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/otp"
	"sallyport/internal/user"
)

// person is one of an account's people: each role with a second factor and without.
type person struct {
	user.User
	strong bool
	phone  domaintest.Phone
	ids    map[string]string // the person's own, by the names that they have in addresses
}

// side is an account with its people, and what nobody of another one may see.
type side struct {
	account account.Account
	people  []person
	secrets []string
}

// operation is one call of the document.
type operation struct {
	method, path string
	query, body  []string // the names of its parameters and members
}

// operations reads the calls whose paths begin with one of the prefixes off the document.
func operations(t *testing.T, s *apptest.Server, prefixes ...string) (all []operation) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters  []struct{ Name, In string }
			RequestBody struct {
				Content map[string]struct{ Schema json.RawMessage }
			}
		}
		Components struct{ Schemas map[string]json.RawMessage }
	}
	if err := json.Unmarshal(s.API("").Must(t, 200, "GET /v1/openapi.json", nil).Raw, &doc); err != nil {
		t.Fatal(err)
	}
	members := func(raw json.RawMessage) []string {
		var schema struct {
			Ref        string `json:"$ref"`
			Properties map[string]any
		}
		for range 2 {
			if err := json.Unmarshal(raw, &schema); err != nil {
				t.Fatal(err)
			}
			raw = doc.Components.Schemas[schema.Ref[strings.LastIndex(schema.Ref, "/")+1:]]
			if schema.Ref == "" || schema.Properties != nil {
				break
			}
		}
		return slices.Sorted(maps.Keys(schema.Properties))
	}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(path, p) }) {
			continue
		}
		for _, method := range slices.Sorted(maps.Keys(doc.Paths[path])) {
			op, told := operation{method: strings.ToUpper(method), path: path}, doc.Paths[path][method]
			for _, p := range told.Parameters {
				if p.In == "query" {
					op.query = append(op.query, p.Name)
				}
			}
			if body, has := told.RequestBody.Content["application/json"]; has {
				op.body = members(body.Schema)
			}
			all = append(all, op)
		}
	}
	return all
}

// matrix makes calls as the people of two accounts, with ids of all of them.
type matrix struct {
	*apptest.Server
	t     *testing.T
	rng   *rand.Rand
	sides []*side
	built time.Time
	n     int // accounts so far
}

// build makes two accounts anew: after somebody of the old ones was changed, and before anything of theirs ends by itself.
func (m *matrix) build() {
	m.sides = nil
	for range 2 {
		m.n++
		mark := fmt.Sprintf("q%dz", m.n) // in all that is the account's, and in no word of an answer
		a, err := account.Create(m.t.Context(), m.DB, m.Clock.Now(), mark, "Firm "+mark, audit.Operator())
		if err != nil {
			m.t.Fatal(err)
		}
		s := &side{account: a, secrets: []string{a.ID, mark}}
		for _, role := range []user.Role{user.Owner, user.Admin, user.Member} {
			for _, strong := range []bool{true, false} {
				p := person{strong: strong, User: m.AddUser(m.t, a, fmt.Sprintf("%s%v@%s.test", role, strong, mark), "Some "+mark, role)}
				p.ids = map[string]string{"id": p.ID, "account": a.ID}
				if strong {
					p.phone, _ = m.Enrol(m.t, p.User)
					p.ids["factor"] = p.phone.FactorID
				}
				_, b, stmts := browser.Trust(m.Clock.Now(), a, p.User, browser.Environment{}, domaintest.By)
				if err := m.DB.Run(m.t.Context(), stmts...); err != nil {
					m.t.Fatal(err)
				}
				p.ids["session"], p.ids["browser"] = m.Browse(m.t, p.User).Signed.ID, b.ID
				s.people, s.secrets = append(s.people, p), append(s.secrets, slices.Sorted(maps.Values(p.ids))...)
			}
		}
		m.sides = append(m.sides, s)
	}
	m.built = m.Clock.Now()
}

// none is an id of the same kind that is nobody's.
func none(id string) string { return id[:4] + strings.Repeat("0", len(id)-4) }

var wildcard = regexp.MustCompile(`\{([a-z_]+)\}`)

// address fills in the ids of an address: of the kind that it asks for, mostly.
func (m *matrix) address(op operation, of person) string {
	return wildcard.ReplaceAllStringFunc(op.path, func(name string) string {
		kind := strings.Trim(name, "{}")
		switch {
		case kind != "id":
		case strings.HasPrefix(op.path, "/v1/accounts"):
			kind = "account"
		case strings.Contains(op.path, "/factors"):
			kind = "factor"
		case strings.HasSuffix(op.path, "/sessions/{id}"):
			kind = "session"
		case strings.HasSuffix(op.path, "/trusted-browsers/{id}"):
			kind = "browser"
		}
		id := of.ids[kind]
		if all := slices.Sorted(maps.Values(of.ids)); id == "" || m.rng.IntN(12) == 0 {
			id = all[m.rng.IntN(len(all))]
		}
		return url.PathEscape(id)
	})
}

// values are what is sent for the members and parameters of calls: right where it is the caller's own, and ids wherever one may stand.
func (m *matrix) values(by, of person) map[string]any {
	pick := func(all ...any) any { return all[m.rng.IntN(len(all))] }
	return map[string]any{
		"email": pick(by.Email, of.Email, fmt.Sprintf("new%d@guest.test", m.rng.IntN(1e9))), "name": "Changed", "role": pick("owner", "admin", "member"),
		"locked": pick(true, false), "reason": "lost phone", "password": apptest.Password, "code": by.phone.Code(m.Clock.Now()),
		"host": "127.0.0.1", "port": 1, "security": "starttls", "user": "robot", "server_password": "robot's own", "from": pick("no-reply@guest.test", "2026-01-01"),
		"accent": "#b3005e", "support": "help@guest.test", "issuer": "Changed", "enforcement": pick("required", "optional"), "grace_days": 3,
		"suspended": pick(true, false), "slug": pick(m.sides[0].account.Slug, "new"), "plan": "free",
		"search": pick(of.Name, of.Email, of.ID), "person": pick(of.Email, of.ID), "cursor": pick("", of.ID), "limit": 5, "second_factor": pick("on", "off"), "state": "locked",
	}
}

// send makes a call and returns its answer, without what differs every time.
func (m *matrix) send(op operation, path, credential string, values map[string]any) (status int, said string) {
	var body map[string]any
	query := url.Values{}
	if op.body != nil {
		body = map[string]any{}
	}
	for _, name := range op.body {
		if v, known := values[name]; known {
			body[name] = v
		}
	}
	for _, name := range op.query {
		if v, known := values[name]; known && v != "" {
			query.Set(name, fmt.Sprint(v))
		}
	}
	var sent any
	if body != nil {
		sent = body
	}
	got := m.API(credential).Call(m.t, op.method+" "+path+"?"+query.Encode(), sent)
	if got.Status >= 500 {
		lines := strings.Split(strings.TrimSpace(m.Log.String()), "\n")
		m.t.Errorf("%s %s: %d\n%s", op.method, path, got.Status, lines[len(lines)-1])
	}
	for _, name := range []string{"Date", "Content-Length", "Ratelimit", "Ratelimit-Policy"} {
		got.Header.Del(name)
	}
	return got.Status, volatile.ReplaceAllString(fmt.Sprint(got.Status, got.Header, string(got.Raw)), "req_")
}

var volatile = regexp.MustCompile(`req_[0-9a-z]{26}`)

// check finds what a call changed that its caller may not. It reports whether the people are others than before.
func (m *matrix) check(by person, what string, before, after []apptest.Row) bool {
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

// TestMatrix makes every administrators' and operators' call as every role of two accounts, with a second factor and without, with the
// ids of oneself, of the others of the same account, of everybody of the other one, of nobody, and with what is no id: nothing is seen or
// changed across, nothing of anybody by members, nothing of owners and administrators by administrators; and the answer for another
// account's id is, byte for byte, that for nobody's (B51–B53, B64, B65). The calls are read off the document. SALLYPORT_SOAK=1 makes them
// all, on both engines.
func TestMatrix(t *testing.T) {
	run := func(t *testing.T, s *apptest.Server, every int) {
		m := &matrix{Server: s, t: t, rng: rand.New(rand.NewPCG(1, 2))}
		quick := *s.Factors
		quick.NewCodes = domaintest.QuickCodes
		s.Factors = &quick // the world's, not the server's
		calls, twins, done, nth := 0, 0, map[bool]int{}, 0
		m.build()
		for _, op := range operations(t, s, "/v1/account") {
			for at := range 2 * len(m.sides[0].people) {
				for aim := range 2*len(m.sides[0].people) + 2 {
					if nth++; nth%every != 0 {
						continue
					}
					mine, theirs := m.sides[at%2], m.sides[1-at%2]
					by := mine.people[at/2]
					nobody := person{User: user.User{Email: "nobody@guest.test", Name: "Nobody"}, ids: map[string]string{}}
					for kind, id := range by.ids {
						nobody.ids[kind] = none(id)
					}
					of, across := nobody, false
					switch n := len(mine.people); {
					case aim < n:
						of = mine.people[aim]
					case aim < 2*n:
						of, across = theirs.people[aim-n], true
					case aim == 2*n:
						of.ids = map[string]string{"x": []string{"x'--", "\x00", "\xff", "%", strings.Repeat("9", 90), "../.."}[m.rng.IntN(6)]}
					}
					cookie, path, values := m.Browse(t, by.User).Cookie, m.address(op, of), m.values(by, of)
					before := s.Owned(t, mine.account.ID, theirs.account.ID)
					status, said := m.send(op, path, cookie, values)
					calls++
					what := fmt.Sprintf("%s %s by %s (strong %v) with %s", op.method, op.path, by.Role, by.strong, path)
					changed := m.check(by, what, before, s.Owned(t, mine.account.ID, theirs.account.ID))
					done[status < 300]++
					hidden := said
					for _, v := range []string{of.Email, of.Name, of.ID} { // what the caller has sent itself
						hidden = strings.ReplaceAll(hidden, v, "")
					}
					for _, secret := range theirs.secrets {
						if strings.Contains(hidden, secret) {
							t.Errorf("%s: the answer holds %s: %s", what, secret, said)
						}
					}
					if across && !changed && wildcard.MatchString(op.path) {
						twins++
						other := path
						for _, id := range of.ids {
							other = strings.ReplaceAll(other, id, none(id))
						}
						if _, twin := m.send(op, other, m.Browse(t, by.User).Cookie, values); twin != said {
							t.Errorf("%s: the answer is not that for nobody:\n%.2000s\n---\n%.2000s", what, said, twin)
						}
					}
					if op.method != "GET" {
						s.Clock.Advance(otp.DefaultPeriod)
					}
					if changed || s.Clock.Now().Sub(m.built) > 10*time.Minute {
						m.build()
					}
				}
			}
		}
		t.Logf("%d calls, %d of them done, %d compared with one for nobody", calls, done[true], twins)
		if calls < 200 || every == 1 && calls < 3000 || twins < 20 || done[true] < calls/10 {
			t.Error("too few")
		}
	}
	if os.Getenv("SALLYPORT_SOAK") != "" {
		apptest.Each(t, func(t *testing.T, s *apptest.Server) { run(t, s, 1) }, apptest.WithInbox)
		return
	}
	run(t, apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox), 17) // a prime: it meets all calls, roles and aims
}
