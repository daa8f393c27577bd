package cli_test

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

// ended reports whether a session is over, as a server sees it that has just opened the database.
func ended(t *testing.T, w *domaintest.World, d *db.DB, b domaintest.Browser) bool {
	t.Helper()
	_, err := w.Restart(t, d).Sessions.Check(t.Context(), b.Cookie)
	if err != nil && !errors.Is(err, session.ErrNone) {
		t.Fatal(err)
	}
	return err != nil
}

func recorded(t *testing.T, d *db.DB) int {
	t.Helper()
	events, err := audit.Find(t.Context(), d, "", audit.Filter{Actions: []audit.Action{audit.Restored}}, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	return len(events)
}

// TestRestoredCopy: who opens a copy that the command backup made has restored it, and then what was signed in when it was made is over:
// once, in the copy, and not in the database.
func TestRestoredCopy(t *testing.T) {
	dsn := dbtest.SQLite(t)
	d := dbtest.Open(t, dsn)
	w := domaintest.New(t, d)
	sh := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	sh.does(t, "account", "list") // stores the check of the key
	before := w.Browse(t, w.Ada)
	path := filepath.Join(t.TempDir(), "copy.db")
	sh.does(t, "backup", path)
	if _, _, said := sh.run(t, "account", "list"); strings.Contains(said, "restored") || ended(t, w, d, before) || recorded(t, d) != 0 {
		t.Errorf("making a backup did something to the database: %s", said)
	}

	copied := shell{environ: []string{"SALLYPORT_DATABASE=sqlite:" + path, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	if code, _, said := copied.run(t, "check-config"); code != 0 || strings.Contains(said, "restored backup") {
		t.Errorf("check-config only looks: %d, %s", code, said)
	}
	_, _, said := copied.run(t, "account", "list")
	c := dbtest.Open(t, "sqlite:"+path)
	if !strings.Contains(said, "restored backup") || !ended(t, w, c, before) || recorded(t, c) != 1 {
		t.Errorf("the first to open it: %s", said)
	}
	after := w.Restart(t, c).Browse(t, w.Ada)
	if _, _, said := copied.run(t, "account", "list"); strings.Contains(said, "restored backup") || ended(t, w, c, after) || recorded(t, c) != 1 {
		t.Errorf("the second to open it: %s", said)
	}
}

// TestRestored: the same by hand, for a database that its own tools restored. A server that runs all the same hears of it within a second.
func TestRestored(t *testing.T) {
	for engine, address := range map[string]func(testing.TB) string{db.SQLite: dbtest.SQLite, db.Postgres: dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			dsn := address(t)
			d := dbtest.Open(t, dsn)
			w := domaintest.New(t, d)
			phone, _ := w.Enrol(t, w.Ada)
			b, cookie := w.Trust(t, w.Ada, phone, domaintest.From(domaintest.Firefox))
			other, half := w.Browse(t, w.Grace), w.Password(t, w.Ada)
			if ended(t, w, d, b) {
				t.Fatal("nobody is signed in")
			}
			sh := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
			if out := sh.does(t, "restored"); !strings.Contains(out, "sign in again") {
				t.Errorf("it says %s", out)
			}
			w.Clock.Advance(time.Second)
			for _, one := range []domaintest.Browser{b, other} {
				if _, err := w.Sessions.Check(t.Context(), one.Cookie); !errors.Is(err, session.ErrNone) {
					t.Errorf("the session goes on: %v", err)
				}
			}
			if !ended(t, w, d, b) || recorded(t, d) != 1 {
				t.Error("it is not over, or not recorded")
			}
			if _, err := w.SignIn.Pending(t.Context(), half.Cookie); err == nil {
				t.Error("the half-finished sign-in goes on")
			}
			step, err := w.SignInTrusted(w.Ada, cookie, domaintest.Password, domaintest.From(domaintest.Firefox))
			if err != nil || step.State != signin.SecondFactor {
				t.Errorf("the trusted browser leads to %s, %v", step.State, err)
			}
		})
	}
}
