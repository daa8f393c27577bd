package cli_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// remote is a terminal on another machine than the server's: all it has is the address, and a key of u's with its second factor.
func remote(t *testing.T, s *apptest.Server, u user.User, scopes ...string) (r shell, secretFile string) {
	t.Helper()
	p := s.Program(t, u, "Terminal", scopes...)
	return shell{environ: []string{
		"SALLYPORT_SERVER=" + s.App.Config.PublicURL.String(), "SALLYPORT_API_KEY_FILE=" + p.Key, "SALLYPORT_SIGNING_KEY_FILE=" + p.Signing,
	}}, p.URI
}

// TestUsersOfARunningServer looks after people without the database, as the administrator whose key it is.
func TestUsersOfARunningServer(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Clock.Set(time.Now())
	s.Enrol(t, s.Alan)
	s.Enrol(t, s.Grace)
	alan, secret := remote(t, s, s.Alan, "read", "admin")
	is := func(args ...string) string { t.Helper(); return alan.does(t, args...) }
	says := func(said, want string) {
		t.Helper()
		if !strings.Contains(said, want) {
			t.Errorf("said %q, want %q", said, want)
		}
	}
	refuses := func(want string, args ...string) {
		t.Helper()
		if code, _, said := alan.run(t, args...); code == 0 || !strings.Contains(said, want) {
			t.Errorf("%q: %d, %q, want %q", args, code, said, want)
		}
	}
	list := is("user", "list", "acme", "--second-factor", "on", "--sort", "email", "--descending")
	if !strings.Contains(list, "E-MAIL") || strings.Index(list, apptest.Grace) > strings.Index(list, apptest.Alan) || strings.Contains(list, apptest.Ada) {
		t.Errorf("%s", list)
	}
	says(is("user", "list", "acme", "--search", "nobody"), "Nobody is found")
	says(is("user", "lock", "acme", strings.ToUpper(apptest.Grace)), "is locked; their sessions end")
	says(is("user", "lock", "acme", apptest.Grace), "is locked already")
	says(is("user", "list", "acme", "--state", "locked"), "locked")
	says(is("user", "unlock", "acme", apptest.Grace), "may sign in again")
	says(is("user", "unlock", "acme", apptest.Grace), "is not locked")
	says(is("user", "set-external-id", "acme", apptest.Grace, "customer-4711"), "of grace@acme.test as customer-4711 from now on")
	says(is("user", "set-external-id", "acme", apptest.Grace, "customer-4711"), "nothing was changed")
	says(is("user", "show", "acme", apptest.Grace), "external: customer-4711")
	refuses("(external_id_invalid)", "user", "set-external-id", "acme", apptest.Grace, "customer 4711")
	says(is("user", "set-external-id", "acme", apptest.Grace, ""), "No program knows grace@acme.test")
	code := is("user", "backup-code", "acme", apptest.Grace, "--reason", "phone lost")
	says(code, "It works once, until")
	s.Browse(t, s.Grace)
	says(is("user", "end-sessions", "acme", apptest.Grace), "All sessions of grace@acme.test end")
	refuses("(reason_needed)", "user", "reset-two-factor", "acme", apptest.Grace, "--reason", " ")
	says(is("user", "reset-two-factor", "acme", apptest.Grace, "--reason", "phone lost"), "have ended")
	if got, err := user.ByEmail(t.Context(), s.DB, s.Acme.ID, apptest.Grace); err != nil || got.Devices() != 0 {
		t.Errorf("%d devices, %v", got.Devices(), err)
	}

	// What the pages refuse an administrator, a command refuses too.
	refuses("(role_too_high)", "user", "set-role", "acme", apptest.Ada, "member")
	refuses("(role_too_high)", "user", "lock", "acme", apptest.Ada)
	says(is("user", "remove", "acme", apptest.Grace), "no longer belongs to acme")
	refuses("no user with that e-mail address", "user", "lock", "acme", apptest.Grace)
	refuses("the API key is for the account acme, not for other", "user", "lock", "other", apptest.Grace)

	// A token in place of the signature; and a key without a second factor is worth nothing.
	alan.environ = alan.environ[:2]
	refuses("(second_factor_required)", "user", "list", "acme")
	says(is("user", "list", "acme", "--secret-file", secret), apptest.Ada)
}

// TestAddressesOfManyWords: whoever has one is found, beside more people than fit on a page whose addresses begin the same.
func TestAddressesOfManyWords(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Clock.Set(time.Now())
	s.Enrol(t, s.Alan)
	const begins = "a.b-c+d_e.f.g.h.i."
	for _, n := range []string{"1", "2", "3"} {
		s.AddUser(t, s.Acme, begins+"j.k."+n+"@acme.test", "Many", user.Member)
	}
	for i := range 101 {
		s.AddUser(t, s.Acme, begins+"j.a."+strconv.Itoa(i)+"@acme.test", "Others", user.Member)
	}
	s.AddUser(t, s.Acme, begins+"o'neil.z@acme.test", "Ten and one", user.Member)
	alan, _ := remote(t, s, s.Alan, "read", "admin")
	for _, address := range []string{begins + "j.k.2@acme.test", strings.ToUpper(begins) + "O'Neil.z@acme.test"} {
		if said := alan.does(t, "user", "lock", "acme", address); !strings.Contains(said, "is locked") {
			t.Errorf("%s: %s", address, said)
		}
	}
	if code, _, said := alan.run(t, "user", "lock", "acme", begins+"j.k.4@acme.test"); code == 0 || !strings.Contains(said, "no user with that e-mail address") {
		t.Errorf("nobody's: %d, %s", code, said)
	}
}

// TestTokenOfARunningServer: the token is all that is printed, and works once for each code.
func TestTokenOfARunningServer(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Clock.Set(time.Now())
	s.Enrol(t, s.Ada)
	ada, secret := remote(t, s, s.Ada, "read", "admin")
	token := strings.TrimSpace(ada.does(t, "token", "--secret-file", secret, "--scope", "read"))
	me := s.API(token).Must(t, 200, "GET /v1/me", nil)
	if me.JSON["email"] != apptest.Ada || me.JSON["level"] != "aal2" {
		t.Errorf("%s", me.Raw)
	}
	if got := s.API(token).Call(t, "GET /v1/account", nil); got.Code() != "scope_missing" {
		t.Errorf("beyond its scope: %s", got.Raw)
	}
	// A code that somebody reads from the device, twice.
	uri, err := os.ReadFile(secret)
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Set(time.Now().Add(30 * time.Second)) // whichever code the command has just used, this is the next one
	code := filepath.Join(t.TempDir(), "code")
	if err := os.WriteFile(code, []byte(domaintest.Scan(t, "", strings.TrimSpace(string(uri))).Code(s.Clock.Now())), 0o600); err != nil {
		t.Fatal(err)
	}
	if token := strings.TrimSpace(ada.does(t, "token", "--code-file", code)); !strings.HasPrefix(token, "sat_") {
		t.Errorf("%q", token)
	}
	if code, out, said := ada.run(t, "token", "--code-file", code); code != 1 || out != "" || !strings.Contains(said, "(used_code)") {
		t.Errorf("the code once more: %d, %q, %q", code, out, said)
	}
}
