package web_test

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/httpx"
	"sallyport/internal/web"
)

// noticeCookie takes the name of a quiet line to the next page; it is no secret.
const (
	noticeCookie = "__Host-sallyport-notice"
	knownCookie  = "__Host-sallyport-known"
)

// table is the server's own route table.
func table(t *testing.T, s *apptest.Server) []httpx.Route {
	t.Helper()
	a := s.App
	pages, err := web.NewPages()
	if err != nil {
		t.Fatal(err)
	}
	site := &web.Site{
		Product: "Sallyport", PublicURL: a.Config.PublicURL, DB: a.DB, Pages: pages, SignIns: a.SignIns, Sessions: a.Sessions,
		Factors: a.Factors, Profile: a.Profile, Recovery: a.Recovery, Admin: a.Admin, Faces: a.Faces, Now: a.Now, Count: a.Metrics.SignIn,
	}
	mux, err := site.Mux(httpx.Proxies{}, slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	routes := mux.Routes()
	if len(routes) < 30 {
		t.Fatalf("the table has %d routes: the walk would prove nothing", len(routes))
	}
	return routes
}

// walker is what the walks need: people in every state of signing in.
type walker struct {
	*apptest.Server
	t      *testing.T
	routes []httpx.Route

	device  string            // Ada's first
	other   string            // the id of another session of hers
	browser string            // that she trusts
	key     string            // the id of an API key of hers
	session string            // of the owner, second factor proved
	pending string            // Ada's, password proved
	fields  func() url.Values // what every form there is would ask for, all of it right
	secrets []string          // what no answer to a stranger may hold
}

func newWalker(t *testing.T, s *apptest.Server) *walker {
	t.Helper()
	phone, codes := s.Enrolled(t, apptest.Ada)
	in := s.SignedInWith(t, apptest.Ada, phone)
	elsewhere := s.SignedInWith(t, apptest.Ada, phone)
	half := s.Client(t)
	half.SignIn(apptest.Ada, apptest.Password)
	w := &walker{
		Server: s, t: t, routes: table(t, s), device: phone.FactorID, browser: trustedID(t, s, phone), key: keyOf(t, s, s.Ada).ID,
		session: in.Cookies[httpx.SessionCookie], pending: half.Cookies[httpx.PendingCookie],
		secrets: append(codes, apptest.Ada, "Ada<", "My Phone", "Acme<", s.Ada.ID, phone.FactorID, apptest.Password, "otpauth:"),
	}
	w.fields = func() url.Values {
		return url.Values{
			"email": {apptest.Ada}, "password": {apptest.Password}, "current_password": {apptest.Password}, "new_password": {"another twelve quiet geese"},
			"code": {phone.Code(s.Clock.Now())}, "name": {"Changed"}, "id": {phone.FactorID}, "token": {strings.Repeat("0", 26)}, "organisation": {"Other"}, "your_name": {"Other"},
			"host": {"127.0.0.1"}, "port": {"1"}, "security": {"starttls"}, "user": {"robot"}, "server_password": {"robot's own"}, "from": {"no-reply@acme.test"}, "reason": {"lost phone"}, "role": {"admin"}, "external_id": {"customer-1"},
			"accent": {"#b3005e"}, "support": {"help@acme.test"}, "issuer": {"Acme"}, "language": {"en"}, "key": {"verify.button"}, "text": {"Submit"}, "remove": {"yes"}, "q": {"verify"}, "format": {"csv"}, "trust": {"yes"},
			"scope_read": {"yes"}, "way": {"signature"}, "public_key": {publicKey}, "ends": {"2027-01-31"}, "networks": {"192.0.2.0/24"},
		}
	}
	w.other = elsewhere.Get("/settings/sessions").Find(`action="/settings/sessions/([^/]+)/end"`)
	if w.session == "" || w.pending == "" {
		t.Fatal("nobody is signed in")
	}
	in.Get("/settings") // a minute has passed: that the session was used is noted now, and not during a walk
	return w
}

// path fills in a route's wildcards with what belongs to Ada.
func (w *walker) path(rt httpx.Route) string {
	path := strings.ReplaceAll(rt.Path(), "{$}", "")
	return strings.NewReplacer("/settings/sessions/{id}", "/settings/sessions/"+w.other, "/settings/browsers/{id}", "/settings/browsers/"+w.browser, keysPath+"/{id}", keysPath+"/"+w.key, "/admin/users/{id}", "/admin/users/"+w.Grace.ID, "{id}", w.device, "{file}", "sallyport.css").Replace(path)
}

func cut3(s string) (a, b, c string) {
	parts := strings.SplitN(s+"..", ".", 3)
	return parts[0], parts[1], parts[2]
}

// ask sends what would carry the route's work out, with the cookies given.
func (w *walker) ask(rt httpx.Route, cookies map[string]string) *apptest.Page {
	w.t.Helper()
	c := w.Client(w.t)
	c.Cookies = cookies
	var form url.Values
	if rt.Method() != http.MethodGet {
		form = w.fields()
	}
	p := c.Send(c.Request(rt.Method(), w.path(rt), form))
	checkAnswer(w.t, p)
	return p
}

// checkAnswer holds every answer to what all answers have in common.
func checkAnswer(t *testing.T, p *apptest.Page) {
	t.Helper()
	static := strings.HasPrefix(p.Path, "/static/")
	for name, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
		"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Permissions-Policy": "camera=()",
		"Cache-Control": "no-store", "X-Request-Id": "req_",
	} {
		if got := p.Header.Get(name); !strings.Contains(got, want) && !(static && name == "Cache-Control") {
			t.Errorf("%s: %s is %q, want %q", p.Path, name, got, want)
		}
		if n := len(p.Header.Values(name)); n > 1 {
			t.Errorf("%s: %s is there %d times", p.Path, name, n)
		}
	}
	if csp := p.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
		t.Errorf("%s: Content-Security-Policy is %q", p.Path, csp)
	}
	for _, c := range p.Cookies {
		if !strings.HasPrefix(c.Name, "__Host-") || !c.Secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("%s: cookie %s", p.Path, c.Raw)
		}
		if secret := c.Name != httpx.AccountCookie && c.Name != noticeCookie && c.Name != knownCookie && !strings.HasPrefix(c.Name, httpx.TrustedCookie); secret && (c.MaxAge > 0 || !c.Expires.IsZero()) {
			t.Errorf("%s: cookie %s outlives the browser", p.Path, c.Name)
		}
	}
	if p.Status >= 500 {
		t.Errorf("%s: status %d: %s", p.Path, p.Status, p.Text())
	}
}

// TestRouteWalk calls every route at every level below its own, with everything else right:
// nothing is shown, nothing is changed, and the way leads to the door (D5, B29, B30, B35, B36).
func TestRouteWalk(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		w := newWalker(t, s)
		gone := s.SignedIn(t, apptest.Grace)
		dead := gone.Cookies[httpx.SessionCookie]
		gone.Post("/sign-out")
		account, person, _ := cut3(w.session)
		const session, pending = httpx.SessionCookie, httpx.PendingCookie
		below := map[string]map[string]string{
			"nobody":                        {},
			"a session that has ended":      {session: dead},
			"a forged session":              {session: account + "." + person + "." + strings.Repeat("A", 43)},
			"a pending sign-in":             {pending: w.pending},
			"a pending one as the session":  {session: w.pending},
			"a pending one in both places":  {session: w.pending, pending: w.pending},
			"a session as the pending one":  {pending: w.session},
			"a session under another name":  {"session": w.session, "__Secure-sallyport-session": w.session},
			"a session's key for its value": {session: account + "." + person + ".ses_" + strings.Repeat("0", 39)},
		}
		before := s.Rows(t)
		calls := 0
		for _, rt := range w.routes {
			for who, cookies := range below {
				_, half := cookies[pending]
				if rt.Level == httpx.Public || rt.Level == httpx.Pending && half && cookies[pending] == w.pending {
					continue
				}
				calls++
				p := w.ask(rt, cookies)
				led, _, _ := strings.Cut(p.Header.Get("Location"), "?")
				ended := rt.Level == httpx.Pending && p.Status == http.StatusGone
				if !ended && (p.Status != http.StatusSeeOther || led != "/sign-in") {
					t.Errorf("%s by %s: status %d, led to %q", rt.Pattern, who, p.Status, p.Header.Get("Location"))
				}
				for _, secret := range w.secrets {
					if strings.Contains(p.Body, secret) {
						t.Errorf("%s by %s: the answer holds %q", rt.Pattern, who, secret)
					}
				}
				for _, c := range p.Cookies {
					if c.MaxAge >= 0 && c.Name != httpx.AccountCookie && c.Name != noticeCookie {
						t.Errorf("%s by %s: got the cookie %s", rt.Pattern, who, c.Name)
					}
				}
			}
		}
		same(t, before, s.Rows(t), "requests below their level")
		t.Logf("%d calls below their level", calls)

		// The walk must be able to fail: with the real cookie the same calls do reach their pages.
		if p := w.ask(find(t, w.routes, "GET /settings/two-factor"), map[string]string{session: w.session}); p.Status != http.StatusOK || !strings.Contains(p.Body, "My Phone") {
			t.Errorf("with a session the page answers %d", p.Status)
		}
	})
}

func find(t *testing.T, routes []httpx.Route, pattern string) httpx.Route {
	t.Helper()
	i := slices.IndexFunc(routes, func(rt httpx.Route) bool { return rt.Pattern == pattern })
	if i < 0 {
		t.Fatalf("no route %s", pattern)
	}
	return routes[i]
}

func same(t *testing.T, before, after []string, what string) {
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

// TestDoublePlantedCookie: a name that comes twice is no session, since one of the two was planted.
func TestDoublePlantedCookie(t *testing.T) {
	w := newWalker(t, apptest.Start(t, dbtest.SQLite(t)))
	c := w.Client(t)
	r := c.Request(http.MethodGet, "/settings", nil)
	for range 2 {
		r.AddCookie(&http.Cookie{Name: httpx.SessionCookie, Value: w.session})
	}
	if p := c.Send(r); p.Status != http.StatusSeeOther {
		t.Errorf("two session cookies: status %d", p.Status)
	}
}

// TestGetChangesNothing opens every page with every right there is, and asks for what only POST does (ASVS 3.5.3).
func TestGetChangesNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		w := newWalker(t, s)
		all := map[string]string{httpx.SessionCookie: w.session, httpx.PendingCookie: w.pending}
		before := s.Rows(t)
		for _, rt := range w.routes {
			c := s.Client(t)
			c.Cookies = all
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				query := "?" + w.fields().Encode()
				p := c.Clone().Send(c.Request(method, w.path(rt)+query, nil))
				checkAnswer(t, p)
				if only := rt.Method() == http.MethodPost && !hasGet(w.routes, rt.Path()); only && (p.Status != http.StatusMethodNotAllowed || !strings.Contains(p.Header.Get("Allow"), "POST")) {
					t.Errorf("%s %s: status %d, Allow %q", method, rt.Path(), p.Status, p.Header.Get("Allow"))
				}
			}
			for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, "PROPFIND"} {
				p := c.Clone().Send(c.Request(method, w.path(rt), nil))
				checkAnswer(t, p)
				if p.Status != http.StatusMethodNotAllowed {
					t.Errorf("%s %s: status %d", method, rt.Path(), p.Status)
				}
			}
		}
		same(t, before, s.Rows(t), "reading")
	})
}

func hasGet(routes []httpx.Route, path string) bool {
	return slices.ContainsFunc(routes, func(rt httpx.Route) bool { return rt.Pattern == "GET "+path })
}

// TestOtherSitesCannotPost sends every form as a page of another site would make a browser send it (3.5.1, B87).
func TestOtherSitesCannotPost(t *testing.T) {
	w := newWalker(t, apptest.Start(t, dbtest.SQLite(t)))
	foreign := map[string]map[string]string{
		"cross-site":         {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"same-site":          {"Sec-Fetch-Site": "same-site", "Origin": "http://other.localhost"},
		"old browser":        {"Sec-Fetch-Site": "", "Origin": "https://evil.example"},
		"old, opaque origin": {"Sec-Fetch-Site": "", "Origin": "null"},
		"other port":         {"Sec-Fetch-Site": "", "Origin": "http://127.0.0.1:1"},
	}
	before := w.Rows(t)
	for _, rt := range w.routes {
		if rt.Method() == http.MethodGet {
			continue
		}
		for who, headers := range foreign {
			c := w.Client(t)
			c.Cookies = map[string]string{httpx.SessionCookie: w.session, httpx.PendingCookie: w.pending}
			r := c.Request(rt.Method(), w.path(rt), w.fields())
			for name, value := range headers {
				r.Header.Set(name, value)
				if value == "" {
					r.Header.Del(name)
				}
			}
			p := c.Send(r)
			checkAnswer(t, p)
			if p.Status != http.StatusForbidden || len(p.Cookies) > 0 {
				t.Errorf("%s from %s: status %d, cookies %v", rt.Pattern, who, p.Status, p.Cookies)
			}
		}
	}
	same(t, before, w.Rows(t), "other sites")
}

// TestEveryAnswerHasItsHeaders looks at answers outside the table too.
func TestEveryAnswerHasItsHeaders(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := s.Client(t)
	for path, status := range map[string]int{
		"/": 303, "/nothing": 404, "/sign-in/": 404, "/sign-in": 200, "/static/": 404, "/static/no.css": 404, "/set-up": 410, "/set-up?token=x": 410,
		"//evil.example/": 421, "/settings/../sign-in": 404, "/%2e%2e/sign-in": 404, "/sign-in?account=%00": 200, "/sign-in?next=//evil.example": 200,
		"/.well-known/change-password": 303, "/favicon.ico": 303, "/healthz": 200, "/readyz": 200, "/healthz/x": 404,
	} {
		r := c.Request(http.MethodGet, "/", nil)
		u, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		u.Path, u.RawPath = "", ""
		r.URL = u
		r.URL.Opaque = path
		p := c.Send(r)
		p.Path = path
		if p.Status != status {
			t.Errorf("%s: status %d, want %d", path, p.Status, status)
		}
		if path == "/healthz" || path == "/readyz" {
			continue
		}
		checkAnswer(t, p)
		if to := p.Header.Get("Location"); strings.Contains(to, "evil") {
			t.Errorf("%s leads to %s", path, to)
		}
		p.Lacks("//evil.example")
	}
	r := c.Request(http.MethodGet, "/sign-in", nil)
	r.Host = "evil.example"
	if p := c.Send(r); p.Status != http.StatusMisdirectedRequest {
		t.Errorf("another host: status %d", p.Status)
	}
	r = c.Request(http.MethodGet, "/sign-in", nil)
	r.Header.Set("X-Long", strings.Repeat("x", 40<<10))
	if p := c.Send(r); p.Status != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a huge header: status %d", p.Status)
	}
}

// TestUnderHTTPS: behind a proxy that speaks TLS, browsers are told to come by TLS only.
func TestUnderHTTPS(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), publicURL("https://login.example.com"))
	c := s.Client(t)
	r := c.Request(http.MethodPost, "/sign-in", url.Values{"email": {apptest.Ada}, "password": {apptest.Password}})
	r.Host = "login.example.com"
	r.Header.Set("Origin", "https://login.example.com")
	r.Header.Del("Sec-Fetch-Site")
	p := c.Send(r)
	if p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/settings/welcome" {
		t.Errorf("status %d, led to %q: %s", p.Status, p.Header.Get("Location"), p.Text())
	}
	if got := p.Header.Get("Strict-Transport-Security"); !strings.Contains(got, "max-age=63072000") {
		t.Errorf("Strict-Transport-Security is %q", got)
	}
	checkAnswer(t, p)
}

// TestLevelsAreDeclared: what changes a password or a second factor asks for a proof in the same request.
func TestLevelsAreDeclared(t *testing.T) {
	for _, rt := range table(t, apptest.Start(t, dbtest.SQLite(t))) {
		sensitive := strings.HasSuffix(rt.Path(), "/remove") || strings.HasSuffix(rt.Path(), "/add") || strings.Contains(rt.Path(), "/add-") ||
			rt.Path() == "/settings/password" || rt.Path() == "/settings/email" || strings.HasSuffix(rt.Path(), "/backup-codes") || strings.HasPrefix(rt.Path(), "/settings") && strings.HasSuffix(rt.Path(), "/confirm") ||
			strings.HasPrefix(rt.Path(), keysPath+"/") && !strings.HasSuffix(rt.Path(), "/end") || rt.Path() == "/admin/mail"
		if rt.Method() == http.MethodPost && rt.Fresh != httpx.Recent && sensitive != (rt.Fresh == httpx.Proved) {
			t.Errorf("%s: freshness %d, sensitive %v", rt.Pattern, rt.Fresh, sensitive)
		}
		// Administrators act with a second factor (ASVS 6.3.3), and all that is theirs is asked for their role.
		if admin := strings.HasPrefix(rt.Path(), "/admin"); admin != (rt.Scope == httpx.Account) || admin && rt.Method() == http.MethodPost && rt.Level != httpx.AAL2 {
			t.Errorf("%s: scope %d, level %d", rt.Pattern, rt.Scope, rt.Level)
		}
	}
}
