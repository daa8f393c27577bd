package proxytest

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
)

// TestDoor walks each way in front of a program: signed out, signed in and back where one came from, refused, asked for a second
// factor, asked again, signed out, and with the server gone.
func TestDoor(t *testing.T) {
	for _, way := range ways {
		t.Run(way.name, func(t *testing.T) {
			needs(t, way.needs)
			t.Parallel()
			e := start(t, way.name, "MAX_AGE=4")
			stranger(t, e, way.name)
			member(t, e)
			owner(t, e)
			w := e.walker(t)
			w.signIn(w.open(e.site+"/"), apptest.Grace).Sees(http.StatusOK, "Dashboard")
			e.serverDies(t)
			time.Sleep(time.Second)
			if p := w.open(e.site + "/public/"); p.Status != http.StatusOK {
				t.Errorf("without the server the public page is %d", p.Status)
			}
			for _, path := range []string{"/", "/whoami", "/admin/"} {
				if p := w.open(e.site + path); p.Status < 500 || strings.Contains(p.Body, apptest.Grace) || strings.Contains(p.Body, "Signed in") {
					t.Errorf("without the server %s is %d: %s", path, p.Status, p.Text())
				}
			}
		})
	}
}

// stranger is nobody.
func stranger(t *testing.T, e *example, way string) {
	t.Helper()
	w := e.walker(t)
	w.open(e.site+"/public/").Sees(http.StatusOK, "Public page", "Nobody is signed in")
	for _, path := range []string{"/", "/safe/", "/money/", "/admin/", "/whoami", "/else"} {
		p := w.open(e.site + path)
		if !strings.HasPrefix(w.at, e.server+"/sign-in") || p.Status != http.StatusOK {
			t.Errorf("%s leads to %s, %d", path, w.at, p.Status)
		}
		c, r := w.request(e.site + path)
		r.Header.Set("Sec-Fetch-Mode", "cors")
		if p := c.Send(r); p.Status != http.StatusUnauthorized || p.Header.Get("Location") != "" {
			t.Errorf("a script at %s: %d, to %q", path, p.Status, p.Header.Get("Location"))
		}
	}
	// A path with several readings, or none, is nobody's: what it is compared as might be public, or ask less, and what the program reads not.
	for _, path := range []string{
		"/admin/../public/", "/admin/%2e%2e/public/", "/admin/..%2fpublic/", "/admin/.%2E//public/", "//public/", "/public/%5c..", "/admin/%zz", "/safe/5%",
		"/public/..;/admin/", "/public/.;x/..;a=b/admin/", "/public/..%3b/admin/", "/admin;x/", "/public;a;b/x", // Java leaves out what stands behind a ;
	} {
		status, text := raw(t, e, path, nil)
		if way == "traefik" && status == http.StatusOK && strings.Contains(text, "Public page") && strings.HasSuffix(path, "/public/") {
			continue // it hands on the clean path: by any other the program would lead to that
		}
		if mux := way == "middleware"; status != http.StatusBadRequest && !(mux && (status < 400 || status == http.StatusUnauthorized)) { // the middleware asks, or the program leads to the clean path
			t.Errorf("nobody at %s: %d\n%s", path, status, text)
		}
	}
	if way != "middleware" {
		if status, text := raw(t, e, "/PUBLIC/", nil); status != http.StatusUnauthorized {
			t.Errorf("nobody at /PUBLIC/: %d\n%s", status, text)
		}
	}
	// Another site's name at this proxy gets nothing of this one.
	c, r := w.request(e.site + "/")
	r.Host = strings.TrimPrefix(e.server, "http://")
	if p := c.Send(r); p.Status == http.StatusOK && p.Body != "" {
		t.Errorf("another name: %d\n%s", p.Status, p.Text())
	}
}

// member is signed in with a password alone.
func member(t *testing.T, e *example) {
	t.Helper()
	w := e.walker(t)
	p := w.signIn(w.open(e.site+"/whoami?a=1&b=%2F"), apptest.Grace)
	if w.at != e.site+"/whoami?a=1&b=%2F" {
		t.Fatalf("back at %s\n%s", w.at, p.Text())
	}
	said := told(t, p)
	if len(said["Remote-User"]) != 1 || !strings.HasPrefix(said["Remote-User"][0], "usr_") || said["Remote-Email"][0] != apptest.Grace ||
		said["Remote-Account"][0] != "acme" || said["Remote-Roles"][0] != "member" {
		t.Errorf("the program is told %v", said)
	}
	for _, name := range []string{"Authorization", "Cookie", "Sallyport-Otp"} {
		if strings.Join(said[name], "") != "" {
			t.Errorf("the program has the %s header %q", name, said[name])
		}
	}
	for _, path := range []string{"/admin/", "/%61dmin/", "/admin%2f", "//admin/", "/public/../admin/", "/public/%2e%2e/admin/", "/./admin/", "/.sallyport/../admin/", "/public/..%2fadmin/"} {
		status, text := raw(t, e, path, []string{w.cookies()})
		if strings.Contains(text, "Page for administrators") || path == "/admin/" && status != http.StatusForbidden {
			t.Errorf("a member at %s: %d\n%s", path, status, text)
		}
	}
	w.open(e.site + "/safe/")
	if !strings.HasPrefix(w.at, e.server) || strings.HasPrefix(w.at, e.server+"/door") {
		t.Errorf("without a second factor /safe/ leads to %s", w.at)
	}
	forge(t, w, said)
}

// owner has a second factor.
func owner(t *testing.T, e *example) {
	t.Helper()
	phone := e.enrol(t, apptest.Ada)
	w := e.walker(t)
	code := w.signIn(w.open(e.site+"/safe/?x=1"), apptest.Ada).Sees(http.StatusOK, "Enter your authentication code")
	p := w.press(code, "Verify", "code", phone.Code(time.Now()))
	signedIn := time.Now()
	p.Sees(http.StatusOK, "Page for a second factor", "Signed in as ada@acme.test")
	if w.at != e.site+"/safe/?x=1" {
		t.Errorf("back at %s", w.at)
	}
	w.open(e.site+"/admin/").Sees(http.StatusOK, "Page for administrators", "ada@acme.test")
	w.open(e.site+"/money/").Sees(http.StatusOK, "Page that asks again", "ada@acme.test")

	time.Sleep(time.Until(signedIn.Add(4500 * time.Millisecond)))
	p = w.open(e.site + "/money/?sum=5")
	if !strings.HasPrefix(w.at, e.server+"/settings/confirm") {
		t.Fatalf("after a while /money/ leads to %s: %s", w.at, p.Text())
	}
	p = w.press(p, "Confirm", "code", phone.Code(time.Now().Add(30*time.Second)))
	if p.Sees(http.StatusOK, "Page that asks again"); w.at != e.site+"/money/?sum=5" {
		t.Errorf("back at %s", w.at)
	}

	// Signing out at Sallyport is seen at the program within a second.
	w.press(w.open(e.server+"/settings").Sees(http.StatusOK), "Sign out")
	time.Sleep(time.Second)
	c, r := w.request(e.site + "/whoami")
	r.Header.Set("Sec-Fetch-Mode", "cors")
	if p := c.Send(r); p.Status != http.StatusUnauthorized {
		t.Errorf("a second after signing out: %d %s", p.Status, p.Body)
	}
}
