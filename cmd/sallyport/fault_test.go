package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/seal"
)

// TestDatabaseStops stops PostgreSQL under a running server: every page that needs it says
// so with 503 and Retry-After, nobody is let in, and it recovers by itself (F07).
func TestDatabaseStops(t *testing.T) {
	c := newCluster(t)
	p, people := settle(t, c.dsn, 2, 0)
	server := serve(t, p.settings...)
	browser := signedIn(t, server, people[0])
	halfway := server.client(t)
	code := halfway.SignIn(people[1].user.Email, apptest.Password).Follow().Sees(http.StatusOK)

	c.stop(t)
	time.Sleep(time.Second) // a session is believed for less than a second
	for path, page := range map[string]func() *apptest.Page{
		"settings": func() *apptest.Page { return browser.Send(browser.Request(http.MethodGet, "/settings", nil)) },
		"sign-in":  func() *apptest.Page { return server.client(t).SignIn(people[0].user.Email, apptest.Password) },
		"code":     func() *apptest.Page { return code.Press("Verify", "code", people[1].phone.Code(time.Now())) },
		"readyz":   func() *apptest.Page { return browser.Send(browser.Request(http.MethodGet, "/readyz", nil)) },
	} {
		answer := page()
		if answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" || !strings.Contains(answer.Body, "database cannot be reached") {
			t.Errorf("%s while the database is gone: status %d, Retry-After %q: %s", path, answer.Status, answer.Header.Get("Retry-After"), answer.Text())
		}
	}
	if answer := browser.Get("/healthz"); answer.Status != http.StatusOK {
		t.Errorf("healthz: status %d: the process itself is well", answer.Status)
	}
	if len(browser.Cookies) == 0 {
		t.Error("the browser lost its session to a fault of ours")
	}

	c.start(t)
	server.awaitReady(t)
	browser.Get("/settings").Sees(http.StatusOK, people[0].user.Email)
	code.Press("Verify", "code", people[1].phone.Code(time.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
	if log := server.out.String(); !strings.Contains(log, "database_unavailable") {
		t.Errorf("the log does not name the code:\n%s", log)
	}

	c.stop(t)
	if out, err := run(t, p.settings, "serve"); err == nil || !strings.Contains(out, "database_unavailable") {
		t.Errorf("a start without the database: %v\n%s", err, out)
	}
}

// signedIn is a browser in which a member has signed in with both factors.
func signedIn(t *testing.T, server *process, m member) *apptest.Client {
	t.Helper()
	c := server.client(t)
	c.SignIn(m.user.Email, apptest.Password).Follow().Sees(http.StatusOK).
		Press("Verify", "code", m.phone.Code(time.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
	return c
}

// TestDiskFull fills the disk of an SQLite server: sign-in is refused with its own words and
// code, nothing is acknowledged, readyz is red; with room again it heals by itself (F04).
func TestDiskFull(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a small file system needs root")
	}
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	p, people := settle(t, "sqlite:"+filepath.Join(dir, "sallyport.db"), 3, 0)
	server := serve(t, p.settings...)
	browser := signedIn(t, server, people[0])
	code := server.client(t).SignIn(people[1].user.Email, apptest.Password).Follow().Sees(http.StatusOK)

	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	full := 0
	for range 60 { // until the write-ahead log has no room of its own left
		answer := server.client(t).SignIn(people[2].user.Email, apptest.Password)
		if answer.Status == http.StatusServiceUnavailable {
			full++
			if !strings.Contains(answer.Body, "disk is full") || answer.Header.Get("Retry-After") == "" {
				t.Fatalf("a full disk: Retry-After %q: %s", answer.Header.Get("Retry-After"), answer.Text())
			}
			break
		}
		fill(t, filler)
	}
	if full == 0 {
		t.Fatal("the disk did not get full")
	}
	if answer := code.Press("Verify", "code", people[1].phone.Code(time.Now())); answer.Status != http.StatusServiceUnavailable {
		t.Errorf("a right code on a full disk: status %d, to %s", answer.Status, answer.Header.Get("Location"))
	}
	awaitRed(t, browser, "database_full")
	if answer := browser.Get("/settings"); answer.Status != http.StatusOK {
		t.Errorf("reading on a full disk: status %d", answer.Status)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	server.awaitReady(t)
	code.Press("Verify", "code", people[1].phone.Code(time.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
	if !strings.Contains(server.out.String(), "database_full") {
		t.Error("the log does not name the code")
	}
}

// awaitRed waits until readyz says that the server is not ready, and why.
func awaitRed(t *testing.T, c *apptest.Client, code string) {
	t.Helper()
	var answer *apptest.Page
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if answer = c.Get("/readyz"); answer.Status == http.StatusServiceUnavailable && strings.Contains(answer.Body, code) {
			return
		}
	}
	t.Fatalf("readyz does not say %s: status %d: %s", code, answer.Status, answer.Body)
}

// fill writes to the file until the disk has no byte left.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 16; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestKeyFileVanishes: a running server works on with the keys it has and says that it is not
// ready; a start without them is refused (F20).
func TestKeyFileVanishes(t *testing.T) {
	p, people := settle(t, dbtest.SQLite(t), 1, 0)
	server := serve(t, p.settings...)
	away := p.world.KeyFile + ".away"
	if err := os.Rename(p.world.KeyFile, away); err != nil {
		t.Fatal(err)
	}
	browser := server.client(t)
	awaitRed(t, browser, "key_file_unusable")
	signedIn(t, server, people[0])
	if out, err := run(t, append(p.settings, "LISTEN=127.0.0.1:1"), "serve"); err == nil || !strings.Contains(out, "key_file_missing") {
		t.Errorf("a start without the key file: %v\n%s", err, out)
	}
	if err := seal.NewKeyFile(p.world.KeyFile); err != nil {
		t.Fatal(err)
	}
	if out, err := run(t, append(p.settings, "LISTEN=127.0.0.1:1"), "serve"); err == nil || !strings.Contains(out, "wrong_key") {
		t.Errorf("a start with another key file: %v\n%s", err, out)
	}
	if err := os.Rename(away, p.world.KeyFile); err != nil {
		t.Fatal(err)
	}
	server.awaitReady(t)
}

// TestHashingIsBounded sends more sign-ins than may wait: the rest is told to come back, with a
// page of its own, and pages that need no hash answer meanwhile (F31).
func TestHashingIsBounded(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), func(c *config.Config) {
		c.Hashing = config.Hashing{Slots: 1, Queue: 2, Wait: 10 * time.Second}
	})
	in := s.SignedIn(t, apptest.Grace)
	var busy, well atomic.Int64
	var wg sync.WaitGroup
	for i := range 24 {
		wg.Go(func() {
			c := s.Client(t)
			p := c.Send(c.Request(http.MethodPost, "/sign-in", map[string][]string{"email": {"n" + strconv.Itoa(i) + "@acme.test"}, "password": {"x"}}))
			switch {
			case p.Status == http.StatusUnauthorized:
				well.Add(1)
			case p.Status == http.StatusServiceUnavailable && strings.Contains(p.Text(), "Many people are signing in") && p.Header.Get("Retry-After") != "":
				busy.Add(1)
			default:
				t.Errorf("status %d: %s", p.Status, p.Text())
			}
		})
	}
	start := time.Now()
	in.Get("/settings").Sees(http.StatusOK)
	alone := time.Since(start)
	wg.Wait()
	t.Logf("%d answered, %d told to come back; a page without a hash took %v meanwhile", well.Load(), busy.Load(), alone)
	if busy.Load() == 0 || well.Load() < 3 {
		t.Errorf("%d answered, %d told to come back", well.Load(), busy.Load())
	}
	if !strings.Contains(s.Log.String(), `"error_code":"busy"`) && !strings.Contains(s.Log.String(), "busy") {
		t.Error("the log does not name the code")
	}
	scrape := in.Get("/metrics").Sees(http.StatusOK)
	if !strings.Contains(scrape.Body, `sallyport_sign_ins_total{method="password",outcome="busy"}`) && !strings.Contains(scrape.Body, `outcome="busy"`) {
		t.Error("the metrics do not count it")
	}
}
