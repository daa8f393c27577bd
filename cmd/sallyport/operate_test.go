package main

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/seal"
)

// TestRotateUnderLoad rotates the key twice beside a working server: no sign-in fails, all
// secrets are readable afterwards, and none is sealed with an old key (11.2.2).
func TestRotateUnderLoad(t *testing.T) {
	t.Parallel() // a rotation mostly waits
	eachEngine(t, func(t *testing.T, dsn string) {
		t.Parallel()
		p, people := settle(t, dsn, 60, 6)
		server := serve(t, p.settings...)
		before, err := seal.Open(p.world.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		old := before.KeyIDs()
		var wg sync.WaitGroup
		var over atomic.Bool
		var signIns, enrolled atomic.Int64
		a := &acks{signIns: map[string]int{}}
		for worker := range 3 {
			wg.Go(func() {
				for i := worker; !over.Load() && i < 59; i += 3 {
					signedIn(t, server, people[i])
					signIns.Add(1)
					if i < 6 {
						if err := addDevice(server.client(t), people[60+i], a); err != nil {
							t.Error(err)
						}
						enrolled.Add(1)
					}
					time.Sleep(700 * time.Millisecond)
				}
			})
		}
		for range 2 {
			for _, step := range []string{"rotate", "retire"} {
				if out, err := run(t, p.settings, "key", step); err != nil {
					t.Errorf("key %s: %v\n%s", step, err, out)
				}
			}
		}
		over.Store(true)
		wg.Wait()
		t.Logf("%d sign-ins and %d new devices meanwhile", signIns.Load(), enrolled.Load())
		after, err := seal.Open(p.world.KeyFile)
		if err != nil {
			t.Fatal(err)
		}
		if ids := after.KeyIDs(); len(ids) != 1 || ids[0] == old[0] {
			t.Errorf("keys before %v, after %v", old, ids)
		}
		secrets := 0
		err = watch(t, p).Each(t.Context(), `SELECT account_id, user_id, factor_id, secret FROM factors WHERE kind = 'totp'`, nil,
			func(scan func(...any) error) error {
				var account, user, id string
				var sealed []byte
				if err := scan(&account, &user, &id, &sealed); err != nil {
					return err
				}
				if seal.KeyID(sealed) != after.Primary() {
					t.Errorf("%s is sealed with the key %d, want %d", id, seal.KeyID(sealed), after.Primary())
				}
				if _, err := after.Unseal(sealed, seal.AD("factors", account, user, id)); err != nil {
					t.Errorf("%s cannot be read: %v", id, err)
				}
				secrets++
				return nil
			})
		if err != nil || secrets != 60+int(enrolled.Load()) {
			t.Errorf("%d secrets (%v)", secrets, err)
		}
		signedIn(t, server, people[59])
	})
}

// TestOperatorIsHeardAtOnce: what the command line does to a person is in force in a running
// server within a second (7.4.1–7.4.5).
func TestOperatorIsHeardAtOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, dsn string) {
		p, people := settle(t, dsn, 3, 0)
		server := serve(t, p.settings...)
		secret := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(secret, []byte("canary ships at anchor\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for i, args := range [][]string{
			{"set-password", "acme", people[0].user.Email, "--password-file", secret},
			{"lock", "acme", people[1].user.Email},
			{"reset-two-factor", "acme", people[2].user.Email, "--reason", "phone lost"},
		} {
			in := signedIn(t, server, people[i])
			half := server.client(t)
			page := half.SignIn(people[i].user.Email, apptest.Password).Follow()
			in.Get("/settings").Sees(http.StatusOK)
			out, err := run(t, p.settings, append([]string{"user"}, args...)...)
			if err != nil || strings.Contains(out, "canary") {
				t.Fatalf("%s: %v\n%s", args[0], err, out)
			}
			start := time.Now()
			for asked := start; in.Clone().Get("/settings").At() == "/settings"; asked = time.Now() { // an answer may be long under way
				if asked.Sub(start) > time.Second {
					t.Fatalf("%s: the session lives on after a second", args[0])
				}
				time.Sleep(20 * time.Millisecond)
			}
			t.Logf("%s: in force after %v", args[0], time.Since(start))
			if answer := page.Press("Verify", "code", people[i].codes[0]); answer.Status == http.StatusSeeOther {
				t.Errorf("%s: the half-finished sign-in went on to %s", args[0], answer.Header.Get("Location"))
			}
		}
		// Locked: told so only to who knows the password.
		locked := server.client(t)
		locked.SignIn(people[1].user.Email, "wrong password").Sees(http.StatusUnauthorized)
		locked.SignIn(people[1].user.Email, apptest.Password).Sees(http.StatusForbidden, "locked")
		if out, err := run(t, p.settings, "user", "unlock", "acme", people[1].user.Email); err != nil {
			t.Fatalf("unlock: %v\n%s", err, out)
		}
		signedInBackup(t, server, people[1])
	})
}

func signedInBackup(t *testing.T, server *process, m member) {
	t.Helper()
	server.client(t).SignIn(m.user.Email, apptest.Password).Follow().Sees(http.StatusOK).
		Press("Verify", "code", m.codes[1]).Follow().Sees(http.StatusOK, "You are signed in.")
}

// TestFirstLink: the printed link sets a server up once; a second start on the same address
// fails and leaves it alone.
func TestFirstLink(t *testing.T) {
	p := &place{dsn: dbtest.SQLite(t)}
	keyFile := filepath.Join(t.TempDir(), "sallyport.key")
	p.settings = []string{"DATABASE=" + p.dsn, "KEY_FILE=" + keyFile}
	if out, err := run(t, p.settings, "key", "new"); err != nil {
		t.Fatalf("key new: %v\n%s", err, out)
	}
	server := serve(t, p.settings...)
	link := regexp.MustCompile(`/set-up\?token=\S+`).FindString(server.out.String())
	if link == "" {
		t.Fatalf("no link:\n%s", server.out)
	}
	if out, err := run(t, append(p.settings, "LISTEN="+strings.TrimPrefix(server.url, "http://")), "serve"); err == nil || !strings.Contains(out, "cannot listen") {
		t.Fatalf("a second server on one address: %v\n%s", err, out)
	}
	c := server.client(t)
	c.Get(link).Sees(http.StatusOK).Press("Set up", "organisation", "Example", "your_name", "Mary", "email", "mary@example.test", "password", "a lamp under a bushel").
		Follow().Sees(http.StatusOK, "The organisation is set up")
	c.Get(link).Sees(http.StatusGone)
	server.signal(15)
	if again := serve(t, p.settings...); strings.Contains(again.out.String(), "/set-up") {
		t.Errorf("a server with an account prints a link:\n%s", again.out)
	}
}

// TestBackupInUse copies a database while people sign in; the copy starts, and what was
// acknowledged before the copy began is in it (F23).
func TestBackupInUse(t *testing.T) {
	p, people := settle(t, dbtest.SQLite(t), 5, 0)
	server := serve(t, p.settings...)
	before, during := &acks{signIns: map[string]int{}}, &acks{signIns: map[string]int{}}
	load(t, server.url, people[:2], before)
	var wg sync.WaitGroup
	wg.Go(func() { load(t, server.url, people[2:], during) })
	for during.total() < 5 {
		time.Sleep(time.Millisecond)
	}
	file := filepath.Join(t.TempDir(), "copy.db")
	if out, err := run(t, p.settings, "backup", file); err != nil {
		t.Fatalf("backup: %v\n%s", err, out)
	}
	wg.Wait()
	copied := &place{dsn: "sqlite:" + file, settings: []string{"DATABASE=sqlite:" + file, p.settings[1]}}
	serve(t, copied.settings...)
	copied.open(t, func(d *db.DB) { before.hold(t, d) })
	t.Logf("%d acknowledgements before the copy began hold in it", before.total())
}
