package proxytest

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/gate"
)

// TestTwoPrograms: two programs, each behind a proxy of its own, have one Sallyport. What opens one opens nothing of the other, whatever a
// client says of the place it wants, and the end of the sign-in is the end at both.
func TestTwoPrograms(t *testing.T) {
	for _, two := range [][2]int{{0, 1}, {2, 3}, {4, 4}} {
		one, other := ways[two[0]], ways[two[1]]
		t.Run(one.name+" and "+other.name, func(t *testing.T) {
			needs(t, one.needs)
			needs(t, other.needs)
			t.Parallel()
			app, wiki := pair(t, one.name, other.name)
			apart(t, app, wiki, other.name != "middleware")
			together(t, app, wiki)
		})
	}
}

// apart: a member is in at the one, and nobody at the other, which wants administrators.
func apart(t *testing.T, app, wiki *example, admins bool) {
	t.Helper()
	w := app.walker(t, wiki)
	w.signIn(w.open(app.site+"/"), apptest.Grace).Sees(http.StatusOK, "Dashboard", "Signed in as "+apptest.Grace)
	pass := w.sites[app.site].Cookies[gate.DoorCookie]
	if pass == "" {
		t.Fatalf("no pass at %s: %v", app.site, w.sites[app.site].Cookies)
	}
	known := claims(told(t, w.open(app.site+"/whoami")))

	// The pass, sent to the other site: as it is, and with every word for "this is about the first one".
	host, ownHost := strings.TrimPrefix(app.site, "http://"), strings.TrimPrefix(wiki.site, "http://")
	tries := [][]string{
		nil,
		{"X-Original-URL: " + app.site + "/"},
		{"X-Original-URL: " + app.site + "/", "X-Original-Method: GET"},
		{"X-Forwarded-Host: " + host},
		{"X-Forwarded-Host: " + host, "X-Forwarded-Proto: http"},
		{"X-Forwarded-Host: " + host, "X-Forwarded-Proto: http", "X-Forwarded-Uri: /", "X-Forwarded-Method: GET"},
		{"X-Forwarded-Host: " + host, "X-Forwarded-Host: " + ownHost, "X-Forwarded-Proto: http"},
		{"X-Forwarded-Host: " + host + ", " + ownHost},
		{"X_Forwarded_Host: " + host, "X_Original_URL: " + app.site + "/"},
		{"X-Original-URL: " + app.site + "/", "X-Forwarded-Host: " + host, "X-Forwarded-Proto: http"},
		{"Forwarded: host=" + host + ";proto=http"},
		{"X-Rewrite-URL: " + app.site + "/", "X-Host: " + host, "X-Forwarded-Server: " + host},
		{"Connection: close, X-Forwarded-Host, X-Original-URL, X-Forwarded-Proto", "X-Forwarded-Host: " + host},
		{"Origin: " + app.site, "Referer: " + app.site + "/"},
	}
	for _, lines := range tries {
		for _, path := range []string{"/whoami", "/", "/safe/", "/admin/", "/else"} {
			status, text := raw(t, wiki, path, append([]string{"Cookie: " + gate.DoorCookie + "=" + pass}, lines...))
			if status < 300 || strings.Contains(text, apptest.Grace) {
				t.Errorf("the first site's pass at the second, %s with %q: %d\n%s", path, lines, status, text)
			}
		}
		// At its own site it counts, and a client cannot make its own request one about the other site.
		other := make([]string, len(lines))
		for i, line := range lines {
			other[i] = strings.ReplaceAll(strings.ReplaceAll(line, ownHost, "\x00"), host, ownHost)
			other[i] = strings.ReplaceAll(other[i], "\x00", host)
		}
		status, text := raw(t, app, "/whoami", append([]string{w.cookies()}, other...))
		if status != http.StatusOK && status != http.StatusBadRequest || status == http.StatusOK && !strings.Contains(text, known["Remote-User"][0]) {
			t.Errorf("at its own site, with %q: %d\n%s", other, status, text)
		}
	}

	// A ticket for the first site, entered at the second with all that the browser has at the first: it ends there.
	ticket := w.ticket(app.site + "/whoami")
	w.sites[wiki.site].Cookies[gate.EntryCookie] = w.sites[app.site].Cookies[gate.EntryCookie]
	for _, lead := range []string{wiki.site, app.site} {
		u, err := url.Parse(ticket)
		if err != nil {
			t.Fatal(err)
		}
		c, r := w.request(lead + u.RequestURI())
		if p := c.Send(r); p.Status != http.StatusForbidden || len(p.Cookies) > 0 {
			t.Errorf("a ticket for %s at %s: %d, cookies %v", app.site, lead, p.Status, p.Cookies)
		}
	}
	for _, line := range []string{"X-Forwarded-Host: " + host, "X-Original-URL: " + ticket} {
		u, err := url.Parse(w.ticket(app.site + "/whoami"))
		if err != nil {
			t.Fatal(err)
		}
		secret := "Cookie: " + gate.EntryCookie + "=" + w.sites[app.site].Cookies[gate.EntryCookie]
		if status, text := raw(t, wiki, u.RequestURI(), []string{secret, line, "X-Forwarded-Proto: http"}); status < 400 {
			t.Errorf("a ticket for the first site at the second with %q: %d\n%s", line, status, text)
		}
	}
	delete(w.sites[wiki.site].Cookies, gate.EntryCookie)

	// The way in at the second is the member's own, by the same sign-in; what it wants of a role is its own too.
	p := w.open(wiki.site + "/safe/")
	if !strings.HasPrefix(w.at, wiki.server) {
		t.Errorf("the second site's /safe/ leads to %s: %d", w.at, p.Status)
	}
	if admins {
		if p := w.open(wiki.site + "/"); p.Status != http.StatusForbidden || strings.Contains(p.Body, "Signed in as") {
			t.Errorf("a member at the administrators' site: %d\n%s", p.Status, p.Text())
		}
	}
	w.open(app.site+"/").Sees(http.StatusOK, "Signed in as "+apptest.Grace)
}

// together: an administrator is in at both by one sign-in, with a pass for each, and out of both a second after signing out.
func together(t *testing.T, app, wiki *example) {
	t.Helper()
	w := app.walker(t, wiki)
	w.signIn(w.open(app.site+"/whoami"), apptest.Ada)
	w.open(wiki.site + "/whoami").Sees(http.StatusOK) // nobody is asked for a password again
	if w.at != wiki.site+"/whoami" {
		t.Fatalf("signed in, and yet led to %s", w.at)
	}
	one, other := w.sites[app.site].Cookies[gate.DoorCookie], w.sites[wiki.site].Cookies[gate.DoorCookie]
	if one == "" || other == "" || one == other {
		t.Fatalf("the passes are %q and %q", one, other)
	}
	for _, e := range []*example{app, wiki} {
		if said := told(t, w.open(e.site+"/whoami")); said["Remote-Email"][0] != apptest.Ada || said["Remote-Roles"][0] != "owner" {
			t.Errorf("the program at %s is told %v", e.site, said)
		}
	}
	// Each pass at the other site alone.
	for e, pass := range map[*example]string{app: other, wiki: one} {
		if status, text := raw(t, e, "/whoami", []string{"Cookie: " + gate.DoorCookie + "=" + pass}); status != http.StatusUnauthorized || strings.Contains(text, apptest.Ada) {
			t.Errorf("the other site's pass at %s: %d\n%s", e.site, status, text)
		}
	}
	// The other site's name and pass at a proxy: a program must not be told of visitors whom somebody else's program saw.
	for e, named := range map[*example]*example{app: wiki, wiki: app} {
		for _, path := range []string{"/", "/whoami"} {
			c, r := w.request(named.site + path)
			r.URL.Host = e.proxy
			if p := c.Send(r); p.Status == http.StatusOK && p.Body != "" || strings.Contains(p.Body, apptest.Ada) {
				t.Errorf("%s named at the proxy of %s, %s: %d\n%s", named.site, e.site, path, p.Status, p.Text())
			}
		}
	}

	w.press(w.open(app.server+"/settings").Sees(http.StatusOK), "Sign out")
	time.Sleep(time.Second)
	for e, pass := range map[*example]string{app: one, wiki: other} {
		if status, text := raw(t, e, "/whoami", []string{"Cookie: " + gate.DoorCookie + "=" + pass}); status != http.StatusUnauthorized || strings.Contains(text, apptest.Ada) {
			t.Errorf("a second after signing out, at %s: %d\n%s", e.site, status, text)
		}
	}
}

// ticket goes to a page of a site as far as the address with the ticket, and returns that.
func (w *walker) ticket(page string) string {
	w.t.Helper()
	u, err := url.Parse(page)
	if err != nil {
		w.t.Fatal(err)
	}
	site := u.Scheme + "://" + u.Host
	address := site + gate.Prefix + "start?to=" + url.QueryEscape(u.RequestURI())
	for range 3 {
		c, r := w.request(address)
		w.at = address
		if address = w.led(c.Send(r)); strings.HasPrefix(address, site+gate.Prefix+"enter?") {
			return address
		}
	}
	w.t.Fatalf("no ticket; led to %s", address)
	return ""
}
