package gate_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/gate"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// The programs behind the door.
const (
	dashboard = "https://app.acme.test"
	wiki      = "https://wiki.acme.test:8443"
)

// identity are the headers that every answer of the door has.
var identity = []string{"Remote-User", "Remote-Email", "Remote-Account", "Remote-Roles", "Remote-Amr", "Sallyport-Assertion"}

// doors lists the programs.
func doors(c *config.Config) { c.DoorOrigins = httpx.Origins{dashboard, wiki} }

// each runs a server with the door in front of the two programs, on each engine.
func each(t *testing.T, fn func(t *testing.T, s *apptest.Server)) {
	t.Helper()
	apptest.Each(t, fn, doors)
}

// soak is the count for a night if SALLYPORT_SOAK is set, else the one for every day.
func soak(day, night int) int {
	if os.Getenv("SALLYPORT_SOAK") != "" {
		return night
	}
	return day
}

// answer is what the door said.
type answer struct {
	*http.Response
	body string
}

// code is the stable code of a problem; "" of everything else.
func (a answer) code() string {
	var p struct{ Code string }
	_ = json.Unmarshal([]byte(a.body), &p) // a page is none
	return p.Code
}

// who is the person that the proxy is told; "" for nobody.
func (a answer) who() string { return a.Header.Get("Remote-User") }

var asker = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// ask asks the door as a proxy does, in front of a program: with the headers of the request that came, "Name: value" each.
func ask(t *testing.T, s *apptest.Server, origin, query string, headers ...string) answer {
	t.Helper()
	scheme, host, _ := strings.Cut(origin, "://")
	return put(t, s, query, append([]string{
		"X-Forwarded-Proto: " + scheme, "X-Forwarded-Host: " + host, "X-Forwarded-Uri: /reports?year=2026", "X-Forwarded-Method: GET",
	}, headers...)...)
}

// put asks with nothing but these headers.
func put(t *testing.T, s *apptest.Server, query string, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+gate.Path+"?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("User-Agent", "proxy")
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header[name] = append(r.Header[name], value)
	}
	return do(t, r)
}

func do(t *testing.T, r *http.Request) answer {
	t.Helper()
	res, err := asker.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if r.URL.Path == gate.Path {
		for _, name := range identity {
			if got := res.Header[name]; len(got) != 1 || got[0] == "" != (res.StatusCode != http.StatusOK) {
				t.Errorf("%d %s: the header %s is %q", res.StatusCode, body, name, got)
			}
		}
	}
	return answer{res, string(body)}
}

// door is the header with a pass.
func door(pass string) string { return "Cookie: " + gate.DoorCookie + "=" + pass }

// enter gets a browser its pass for a program, as the way in does.
func enter(t *testing.T, s *apptest.Server, b domaintest.Browser, origin string) string {
	t.Helper()
	ticket, err := s.Sessions.Ticket(t.Context(), b.Signed, origin, session.Challenge("the browser’s secret"))
	if err != nil {
		t.Fatal(err)
	}
	pass, err := s.Sessions.Enter(t.Context(), ticket, origin, "the browser’s secret", b.As())
	if err != nil {
		t.Fatal(err)
	}
	return pass
}

// passes asks for a person who is let in.
func passes(t *testing.T, what string, a answer, userID string) {
	t.Helper()
	if a.StatusCode != http.StatusOK || a.who() != userID {
		t.Errorf("%s: %d %q %s, want %s", what, a.StatusCode, a.who(), a.body, userID)
	}
}

// refused asks for an answer with this status and code that tells of nobody.
func refused(t *testing.T, what string, a answer, status int, code string) {
	t.Helper()
	if a.StatusCode != status || a.code() != code || a.who() != "" {
		t.Errorf("%s: %d %q %q, want %d %q: %s", what, a.StatusCode, a.code(), a.who(), status, code, a.body)
	}
}

// TestPass: a pass lets its person in at its own program, and the proxy is told who it is.
func TestPass(t *testing.T) {
	each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Ada)
		ada, grace := s.Browse(t, s.Ada), s.Browse(t, s.Grace)
		pass := enter(t, s, ada, dashboard)
		a := ask(t, s, dashboard, "", door(pass))
		passes(t, "Ada", a, s.Ada.ID)
		for name, want := range map[string]string{
			"Remote-Email": apptest.Ada, "Remote-Account": "acme", "Remote-Roles": "owner", "Remote-Amr": "pwd,otp,mfa", "Cache-Control": "no-store",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s is %q, want %q", name, got, want)
			}
		}
		passes(t, "by nginx’s headers", put(t, s, "", "X-Original-URL: "+dashboard+"/reports", "X-Original-Method: GET", door(pass)), s.Ada.ID)
		passes(t, "a WebSocket", put(t, s, "", "X-Forwarded-Proto: wss", "X-Forwarded-Host: app.acme.test", door(pass)), s.Ada.ID)
		passes(t, "with the port that is usual", put(t, s, "", "X-Forwarded-Proto: https", "X-Forwarded-Host: APP.acme.test:443", door(pass)), s.Ada.ID)
		refused(t, "at another program", ask(t, s, wiki, "", door(pass)), http.StatusUnauthorized, "not_signed_in")
		refused(t, "at the server’s own site", put(t, s, "", door(pass)), http.StatusUnauthorized, "not_signed_in")
		passes(t, "Grace at the other", ask(t, s, wiki, "", door(enter(t, s, grace, wiki))), s.Grace.ID)

		own := "Cookie: " + httpx.SessionCookie + "=" + grace.Cookie
		passes(t, "the session at the server’s own site", put(t, s, "", own), s.Grace.ID)
		refused(t, "the session at a program", ask(t, s, dashboard, "", own), http.StatusUnauthorized, "not_signed_in")
		refused(t, "a session as a pass", ask(t, s, dashboard, "", door(ada.Cookie)), http.StatusUnauthorized, "not_signed_in")
		refused(t, "a pass as a session", put(t, s, "", "Cookie: "+httpx.SessionCookie+"="+pass), http.StatusUnauthorized, "not_signed_in")
		refused(t, "a pass as a bearer credential", ask(t, s, dashboard, "", "Authorization: Bearer "+pass), http.StatusUnauthorized, "not_signed_in")
		refused(t, "two passes", ask(t, s, dashboard, "", door(pass)+"; "+gate.DoorCookie+"="+pass), http.StatusUnauthorized, "not_signed_in")

		ticket, err := s.Sessions.Ticket(t.Context(), ada.Signed, dashboard, session.Challenge("x"))
		if err != nil {
			t.Fatal(err)
		}
		refused(t, "a ticket", ask(t, s, dashboard, "", door(ticket)), http.StatusUnauthorized, "not_signed_in")
	})
}

// TestQuestions: what the door does not understand it refuses, whoever comes.
func TestQuestions(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	s.Enrol(t, s.Ada)
	pass := door(enter(t, s, s.Browse(t, s.Ada), dashboard))
	passes(t, "everything at once", ask(t, s, dashboard, "level=aal2&roles=admin&max_age=900&redirect=off", pass), s.Ada.ID)
	for _, query := range []string{
		"level=aal3", "level=", "level=AAL2", "level=aal2&level=aal1", "level=aal1&level=aal2", "Level=aal2", "level=aal2%20", "level=aal2,aal1",
		"roles=", "roles=root", "roles=admin,", "roles=admin,root", "roles=Admin", "roles=admin&roles=member", "role=admin", "roles[]=admin",
		"max_age=0", "max_age=-1", "max_age=+900", "max_age=15m", "max_age=900.0", "max_age=1e3", "max_age=", "max_age=99999999999999999999", "max_age=900&max_age=1", "maxage=900",
		"accounts=", "accounts=acme,", "accounts=Acme", "accounts=acme%20", "accounts=acme&accounts=beta", "account=acme",
		"redirect=on", "redirect=", "redirect=off&redirect=off", "rd=https://evil.test/", "x", "=", "&&x=", "level=aal2;roles=admin", "level=%zz", "level=aal2%00",
		"to=/", strings.Repeat("level=aal2&", 100), "max_age=" + strings.Repeat("0", 600) + "9",
	} {
		refused(t, query, ask(t, s, dashboard, query, pass), http.StatusBadRequest, "door_question")
	}
}

// TestRoles: a higher role counts as the lower ones, and any one of a list will do.
func TestRoles(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	ada, alan, grace := door(enter(t, s, s.Browse(t, s.Ada), dashboard)), door(enter(t, s, s.Browse(t, s.Alan), dashboard)), door(enter(t, s, s.Browse(t, s.Grace), dashboard))
	for _, c := range []struct {
		roles string
		pass  string
		in    bool
	}{
		{"owner", ada, true},
		{"admin", ada, true},
		{"member", ada, true},
		{"owner", alan, false},
		{"admin", alan, true},
		{"member", alan, true},
		{"owner,admin", alan, true},
		{"admin,owner", alan, true},
		{"owner", grace, false},
		{"admin", grace, false},
		{"member", grace, true},
		{"owner,admin", grace, false},
		{"owner,member", grace, true},
	} {
		a := ask(t, s, dashboard, "roles="+c.roles, c.pass)
		if in := a.StatusCode == http.StatusOK; in != c.in || !in && a.code() != "door_role" {
			t.Errorf("roles=%s: %d %s, want let in: %t", c.roles, a.StatusCode, a.body, c.in)
		}
	}
}

// TestAccounts: a role counts in one's own organisation, so a program of one organisation says which people it is for.
func TestAccounts(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	beta, err := account.Create(t.Context(), s.DB, s.Clock.Now(), "beta", "Beta", audit.Operator())
	if err != nil {
		t.Fatal(err)
	}
	eve := s.AddUser(t, beta, "eve@beta.test", "Eve", user.Owner)
	ours, theirs := door(enter(t, s, s.Browse(t, s.Ada), dashboard)), door(enter(t, s, s.Browse(t, eve), dashboard))
	for _, c := range []struct {
		query       string
		ours, other string // the refusals; "" for let in
	}{
		{"", "", ""},
		{"accounts=acme", "", "door_account"},
		{"accounts=acme&roles=admin", "", "door_account"},
		{"accounts=beta", "door_account", ""},
		{"accounts=beta,acme", "", ""},
		{"accounts=acm", "door_account", "door_account"},
	} {
		for pass, want := range map[string]string{ours: c.ours, theirs: c.other} {
			a := ask(t, s, dashboard, c.query, pass)
			if in := a.StatusCode == http.StatusOK; in != (want == "") || a.code() != want {
				t.Errorf("%q: %d %s, want %q", c.query, a.StatusCode, a.body, want)
			}
		}
	}
}

// TestOddPeople: whatever somebody is called, the headers are six lines and tell the address as it is.
func TestOddPeople(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), doors)
	for i, c := range []struct{ email, name string }{
		{"o'brien+x=y!#$%&*/?^_`{|}~-@acme.test", "Zoë Ünïcode 李 🦊"},
		{"upper@acme.test", `Remote-Roles: owner, "x"; <script>`},
	} {
		u := s.AddUser(t, s.Acme, c.email, c.name, user.Member)
		a := ask(t, s, dashboard, "", door(enter(t, s, s.Browse(t, u), dashboard)))
		passes(t, c.email, a, u.ID)
		if got := a.Header.Get("Remote-Email"); got != c.email || a.Header.Get("Remote-Roles") != "member" {
			t.Errorf("%d: told as %q, %q", i, got, a.Header.Get("Remote-Roles"))
		}
	}
	for _, typed := range []string{"zoë@acme.test", "a@äcme.test", "a\r\nRemote-User: x@acme.test", "a b@acme.test", "a,b@acme.test", "a\x00@acme.test"} {
		if email, err := user.CanonicalEmail(typed); err == nil {
			t.Errorf("%q is an address: %q", typed, email)
		}
	}
}
