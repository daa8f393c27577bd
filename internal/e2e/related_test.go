package e2e

import (
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
	"sallyport/internal/porttest"
)

// TestRelatedOrigins: passkeys of one name work at another name of the same server, if that is a related origin, and not at a
// third one (WebAuthn Level 3, section 5.11). Chromium reads which are related from the server itself.
func TestRelatedOrigins(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	const home, related, stranger = "https://login.acme.test", "https://acme.example", "https://evil.example"
	dir, listen := t.TempDir(), porttest.Free(t).String()
	env := []string{
		"SALLYPORT_KEY_FILE=" + filepath.Join(dir, "sallyport.key"), "SALLYPORT_DATABASE=sqlite:" + filepath.Join(dir, "sallyport.db"),
		"SALLYPORT_LISTEN=" + listen, "SALLYPORT_PUBLIC_URL=" + home, "SALLYPORT_PASSKEY_ORIGINS=" + related,
	}
	command(t, env, "", "key", "new")
	var link string
	start(t, env, []string{"serve"}, func(line string) bool {
		if u := address.FindString(line); strings.Contains(u, "/set-up") {
			link = u
		}
		return link != ""
	})
	proxy := httptest.NewTLSServer(httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: listen}))
	t.Cleanup(proxy.Close)
	strange := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { // a forged page, which passes everything on
		r.SetURL(&url.URL{Scheme: "http", Host: listen})
		r.Out.Host = "login.acme.test"
		r.Out.Header.Del("Origin")
	}})
	t.Cleanup(strange.Close)
	at := func(s *httptest.Server) string { return strings.TrimPrefix(s.URL, "https://") }
	b := openBrowser(t, home, false, chromedp.Flag("ignore-certificate-errors", true), chromedp.Flag("host-resolver-rules",
		"MAP login.acme.test:443 "+at(proxy)+", MAP acme.example:443 "+at(proxy)+", MAP evil.example:443 "+at(strange)))

	b.Leave("opening the link", chromedp.Navigate(link))
	const mary, password = "mary@example.test", "a lamp under a bushel"
	b.Fill("Organisation", "Example Works")
	b.Fill("Your name", "Mary Example")
	b.Fill("E-mail", mary)
	b.Fill("Password", password)
	b.Press("Set up")
	k := b.plugIn(true)
	b.Open("/sign-in")
	b.signIn(mary, password)
	k.addPasskey("My key", password)
	b.signOut()
	b.Open("/sign-in")
	b.Press("Sign in with a passkey")
	b.onSettings()

	b.Base = related
	b.Open("/sign-in")
	b.Press("Sign in with a passkey")
	b.onSettings()
	if path := b.Path(); !strings.HasPrefix(path, "/settings") {
		t.Errorf("signed in at the related site, the browser stands at %s", path)
	}
	k.unplug()
	k = b.plugIn(true)
	k.addPasskey("Made there", password)
	b.Sees("Two-factor authentication", "Made there")

	b.Base = stranger
	b.Open("/sign-in")
	b.Sees("Sign in")
	k.fails("Sign in with a passkey", "Passkeys do not work at this address.")
}
