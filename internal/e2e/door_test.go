package e2e

import (
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
	"sallyport/internal/porttest"
)

// program is a dashboard that knows nothing of Sallyport, and the proxy in front of it: the smallest that does as nginx, Caddy and
// Traefik do. Its pages under /admin are for administrators with a second factor, /money wants a proof of the last minute.
func program(t *testing.T, sallyport string) (origin string, serve func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	origin = "http://app.localhost:" + port
	home, err := url.Parse(sallyport)
	if err != nil {
		t.Fatal(err)
	}
	forward := func(r *httputil.ProxyRequest) {
		r.SetURL(home)
		r.Out.Host = r.In.Host
		r.Out.Header.Set("X-Forwarded-Proto", "http")
		r.Out.Header.Set("X-Forwarded-Host", r.In.Host)
	}
	hands := &httputil.ReverseProxy{Rewrite: forward}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/.sallyport/") {
			hands.ServeHTTP(w, r)
			return
		}
		want := map[string]string{"/admin": "roles=admin", "/money": "level=aal2&max_age=60"}[r.URL.Path]
		ask, err := http.NewRequestWithContext(r.Context(), http.MethodGet, sallyport+"/forward-auth?"+want, nil)
		if err != nil {
			panic(err)
		}
		ask.Header = r.Header.Clone()
		for name, value := range map[string]string{"Proto": "http", "Host": r.Host, "Uri": r.URL.RequestURI(), "Method": r.Method} {
			ask.Header.Set("X-Forwarded-"+name, value)
		}
		answer, err := client.Do(ask)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		if answer.StatusCode != http.StatusOK {
			if to := answer.Header.Get("Location"); to != "" {
				w.Header().Set("Location", to)
			}
			w.WriteHeader(answer.StatusCode)
			io.WriteString(w, "<h1>Refused</h1>")
			return
		}
		fmt.Fprintf(w, `<h1>Dashboard</h1><p>%s at %s</p><p>from %s</p><form method="post" action="/.sallyport/sign-out"><button>Leave</button></form>`,
			html.EscapeString(answer.Header.Get("Remote-Email")), html.EscapeString(r.URL.RequestURI()), html.EscapeString(r.Referer()))
	})
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	t.Cleanup(func() { server.Close() })
	return origin, func() { go server.Serve(listener) }
}

// TestDoor is a person's way to a program behind the door, and everything that can be asked of them on it.
func TestDoor(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	listen := porttest.Free(t).String()
	sallyport := "http://localhost:" + listen[strings.LastIndexByte(listen, ':')+1:]
	app, serve := program(t, sallyport)
	dir := t.TempDir()
	env := []string{
		"SALLYPORT_KEY_FILE=" + filepath.Join(dir, "sallyport.key"), "SALLYPORT_DATABASE=sqlite:" + filepath.Join(dir, "sallyport.db"),
		"SALLYPORT_LISTEN=" + listen, "SALLYPORT_PUBLIC_URL=" + sallyport, "SALLYPORT_DOOR_ORIGINS=" + app,
	}
	const grace, password = "grace@acme.test", "a lamp under a bushel"
	command(t, env, "", "key", "new")
	command(t, env, "", "account", "create", "acme", "Acme")
	command(t, env, password+"\n", "user", "create", "acme", grace, "--role", "member", "--password-file", "-")
	start(t, env, []string{"serve"}, func(line string) bool { return strings.Contains(line, sallyport) })
	serve()
	b := openBrowser(t, app, false)
	at := func(path string, says ...string) {
		t.Helper()
		b.Sees("Dashboard", append(says, grace+" at "+path)...)
		if got := b.Path(); got != path {
			t.Errorf("the browser stands at %s", got)
		}
		if strings.Contains(b.Text(), "ticket") {
			t.Errorf("the program learns the ticket: %s", b.Text())
		}
	}

	b.Open("/report?year=2026&of=a%20b")
	b.Sees("Sign in")
	b.signIn(grace, password)
	b.Press("Not now")
	at("/report?year=2026&of=a%20b")
	b.Open("/admin")
	b.Sees("Refused")

	// A second factor is wanted, and there is none yet.
	b.Open("/money?to=Ada")
	b.Sees("Add new device", "The page that you want needs a second factor")
	phone, codes := b.addDevice("My Phone", password)
	b.Press("I have saved them")
	at("/money?to=Ada")

	// Out, and the program is shut within a second.
	out := func() {
		t.Helper()
		b.Press("Leave")
		b.Sees("Sign out")
		b.Inspect("sign-out")
		b.Press("Sign out")
		b.Sees("Sign in", "You are signed out.")
		time.Sleep(time.Second)
		b.Open("/report")
		b.Sees("Sign in")
	}
	out()

	// In again with both doors, straight to where a proof of the last minute is wanted.
	b.Open("/money?to=Grace")
	b.signIn(grace, password)
	b.Do("ticking the box", chromedp.Click(chrometest.Field(dontAsk)))
	b.Fill("Authentication code", phone.Code(t))
	b.Leave("pressing twice", chromedp.DoubleClick(chrometest.Control("Verify")))
	at("/money?to=Grace")
	out()

	// The browser is trusted now, so the password will do, but not for what wants the second factor of this minute.
	b.Open("/report?by=trust")
	b.signIn(grace, password)
	at("/report?by=trust")
	b.Open("/money?to=Alan&sum=5")
	b.Sees("Confirm that it is you")
	b.Inspect("door-confirm")
	b.Fill("Authentication code", phone.WrongCode(t))
	b.Press("Confirm")
	b.Refuses("Confirm that it is you")
	b.Fill("Authentication code", codes[0])
	b.Leave("pressing twice", chromedp.DoubleClick(chrometest.Control("Confirm")))
	at("/money?to=Alan&sum=5")

	// Without the script nothing holds the second press back: what the browser shows is its answer.
	bare := openBrowser(t, app, chrometest.NoScript)
	bare.Open("/money?to=Ines")
	bare.signIn(grace, password)
	prove := func(code string, leave func()) {
		t.Helper()
		bare.Press("Use a backup code")
		bare.Fill("Backup code", code)
		leave()
	}
	prove(codes[1], func() { bare.Leave("pressing twice", chromedp.DoubleClick(chrometest.Control("Verify"))) })
	if bare.Has("Sign in again") { // the first answer came too late to be kept
		bare.Press("Sign in again")
		bare.signIn(grace, password)
		prove(codes[2], func() { bare.Press("Verify") })
	}
	bare.Sees("Dashboard", grace+" at /money?to=Ines")
}
