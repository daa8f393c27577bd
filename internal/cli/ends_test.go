package cli_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/place/placetest"
	"sallyport/internal/session"
)

// TestSessionsAndBrowsers: the operator sees where somebody is signed in and trusted, in the words of the pages, and ends one or all of it;
// a server that runs hears of it within a second, the person is told, and it is recorded.
func TestSessionsAndBrowsers(t *testing.T) {
	for engine, address := range map[string]func(testing.TB) string{db.SQLite: dbtest.SQLite, db.Postgres: dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			dsn := address(t)
			d := dbtest.Open(t, dsn)
			w := domaintest.New(t, d)
			w.Clock.Set(time.Now().Add(-time.Hour).Truncate(30 * time.Second)) // the command's clock is the machine's
			w.SetPolicy(t, "session_idle=24h")
			phone, _ := w.Enrol(t, w.Ada)
			sh := shell{environ: []string{
				"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile, "SALLYPORT_LOCATION_DATABASE=" + placetest.File(t, placetest.World()...),
			}}
			first, one := w.Trust(t, w.Ada, phone, domaintest.From(domaintest.Firefox))
			w.Clock.Advance(30 * time.Second)
			second, two := w.Trust(t, w.Ada, phone, domaintest.From(domaintest.Chrome))
			out := sh.does(t, "user", "browsers", "acme", w.Ada.Email)
			for _, want := range []string{"Firefox on Linux, Vienna", "Chrome on Linux, Vienna", domaintest.By.Address, browser.ID(one), browser.ID(two)} {
				if !strings.Contains(out, want) {
					t.Errorf("there is no %s in\n%s", want, out)
				}
			}
			if out := sh.does(t, "user", "sessions", "acme", w.Ada.Email); !strings.Contains(out, "Firefox on Linux, Vienna") || !strings.Contains(out, first.Signed.ID) || !strings.Contains(out, "pwd otp mfa") {
				t.Errorf("the sessions are\n%s", out)
			}
			goesOn := func(b domaintest.Browser, want bool) {
				t.Helper()
				w.Clock.Advance(time.Second)
				if _, err := w.Sessions.Check(t.Context(), b.Cookie); (err == nil) != want || err != nil && !errors.Is(err, session.ErrNone) {
					t.Errorf("the session goes on: %v", err)
				}
			}
			trusts := func(want ...string) {
				t.Helper()
				out := sh.does(t, "user", "browsers", "acme", w.Ada.Email)
				for _, cookie := range []string{one, two} {
					if strings.Contains(out, browser.ID(cookie)) != strings.Contains(strings.Join(want, " "), cookie) {
						t.Errorf("trusted are\n%s", out)
					}
				}
			}
			sh.does(t, "user", "end-sessions", "acme", w.Ada.Email, "--session="+first.Signed.ID)
			goesOn(first, false)
			goesOn(second, true)
			trusts(one, two)
			sh.does(t, "user", "end-browsers", "acme", w.Ada.Email, "--browser="+browser.ID(one))
			trusts(two)
			sh.does(t, "user", "end-sessions", "acme", w.Ada.Email)
			goesOn(second, false)
			trusts()
			out = sh.does(t, "user", "show", "acme", w.Ada.Email)
			for _, want := range []string{"session.ended", "session.all_ended", "browser.revoked"} {
				if !strings.Contains(out, want) {
					t.Errorf("there is no %s in\n%s", want, out)
				}
			}
		})
	}
}
