package cli_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/outbox"
	"sallyport/internal/place/placetest"
)

// TestCheckConfigLooksAtTheDatabase: the settings are good only with the right key, and
// looking neither makes nor changes a database.
func TestCheckConfigLooksAtTheDatabase(t *testing.T) {
	dir := t.TempDir()
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	right := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	right.does(t, "account", "list") // stores the check of the key
	other, text := filepath.Join(dir, "other.key"), filepath.Join(dir, "notes.txt")
	right.does(t, "key", "new", other)
	if err := os.WriteFile(text, []byte(strings.Repeat("a letter home, ", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(dir, "none.db")
	for _, tt := range []struct {
		name, database, key string
		code                int
		said                string
	}{
		{"right key", dsn, w.KeyFile, 0, "the key file is its own"},
		{"another key", dsn, other, 1, "wrong_key"},
		{"no database", "sqlite:" + missing, other, 0, "there is no database yet"},
		{"no such server", "postgres://me:canary@127.0.0.1:1/sallyport?connect_timeout=1", other, 0, "was not checked"},
		{"some other file", "sqlite:" + text, other, 1, "is no SQLite database"},
		{"a folder", "sqlite:" + dir, other, 1, "is not a file"},
	} {
		code, out, said := shell{environ: []string{"SALLYPORT_DATABASE=" + tt.database, "SALLYPORT_KEY_FILE=" + tt.key}}.run(t, "check-config")
		if code != tt.code || !strings.Contains(said, tt.said) || strings.Contains(out, "settings are good") != (code == 0) || strings.Contains(out+said, "canary") {
			t.Errorf("%s: exit code %d\n%s%s", tt.name, code, out, said)
		}
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("check-config made a database")
	}
	// An administrator's mail server behind none: whoever runs the server finds it, for whom a forgotten password says nothing.
	theirs := domaintest.NewMailServer(t).Server
	for byOwner, want := range map[bool]bool{true: false, false: true} {
		if err := w.Channels.Set(t.Context(), w.Acme.ID, theirs, byOwner, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		_, _, said := right.run(t, "check-config")
		shown := right.does(t, "account", "show", "acme")
		if strings.Contains(said, "accounts whose mail server an administrator chose, while smtp_url names none: 1.") != want || strings.Contains(shown, "an administrator chose the mail server") != want {
			t.Errorf("chosen by an owner %t:\n%s\n%s", byOwner, said, shown)
		}
		shared := shell{environ: append(right.environ, "SALLYPORT_SMTP_URL=smtp://localhost?security=none&from=a@acme.test")}
		_, _, said = shared.run(t, "check-config")
		if shown := shared.does(t, "account", "show", "acme"); strings.Contains(said+shown, "administrator chose") {
			t.Errorf("with a shared server:\n%s\n%s", said, shown)
		}
	}
	if out := (shell{}).does(t, "check-config", "--example"); out != config.Example() {
		t.Errorf("the example is\n%s", out)
	}
}

// TestLocationDatabase: a server that can't know places although it was told to does not start, and check-config says why.
func TestLocationDatabase(t *testing.T) {
	dir := t.TempDir()
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	good := placetest.File(t, placetest.World()...)
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(dir, "cut.mmdb")
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, said string }{
		{"none", "", ""},
		{"good", good, ""},
		{"missing", filepath.Join(dir, "none.mmdb"), "no such file"},
		{"a folder", dir, "is a directory"},
		{"cut off", cut, "damaged"},
		{"another file", w.KeyFile, "no database in MaxMind’s format"},
	} {
		sh := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile, "SALLYPORT_LOCATION_DATABASE=" + tt.path}}
		commands := [][]string{{"check-config"}, {"account", "list"}}
		if tt.said != "" { // else it would serve until the test ends
			commands = append(commands, []string{"serve"})
		}
		for _, command := range commands {
			code, out, said := sh.run(t, command...)
			if (code == 0) != (tt.said == "") || !strings.Contains(said, tt.said) || code != 0 && !strings.Contains(said, "leave it out") {
				t.Errorf("%s, %s: exit code %d\n%s%s", tt.name, command, code, out, said)
			}
		}
	}
}

// TestCommandsConnectToNoGateway: a command looks after the database; messages are the server's.
func TestCommandsConnectToNoGateway(t *testing.T) {
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	gateway, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.DB.Run(t.Context(), outbox.Notice(w.Clock.Now(), w.Acme.ID, w.Ada.ID, outbox.PasswordChanged, nil, domaintest.By)); err != nil {
		t.Fatal(err)
	}
	connected := make(chan error, 1)
	go func() { _, err := gateway.Accept(); connected <- err }()
	s := shell{environ: []string{
		"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile, "SALLYPORT_SMS_URL=smpp://acme:canary@" + gateway.Addr().String() + "?from=Acme",
		"SALLYPORT_SMTP_URL=smtp://" + gateway.Addr().String() + "?security=none&from=no-reply@acme.test",
	}}
	if out := s.does(t, "check-config"); strings.Contains(out, "canary") || !strings.Contains(out, gateway.Addr().String()) {
		t.Errorf("check-config says\n%s", out)
	}
	s.does(t, "user", "lock", "acme", "grace@acme.test")
	if out := s.does(t, "account", "set-policy", "acme", "sms_daily_budget=20"); strings.Contains(out, "second factor") {
		t.Errorf("a change that asks nobody for anything says\n%s", out)
	}
	// Grace is locked, so nobody waits for her.
	for settings, says := range map[string]string{
		"enforcement=required grace_days=5":                             "0 of 2 people have a second factor; of the others, 0 must set one up at their next sign-in, 2 by the end of their grace, 0 need not.",
		"enforcement=optional enforcement_admins=required grace_days=0": "2 must set one up at their next sign-in",
		"enforcement=recommended enforcement_admins=optional":           "0 must set one up at their next sign-in, 0 by the end of their grace, 2 need not",
	} {
		if out := s.does(t, append([]string{"account", "set-policy", "acme"}, strings.Fields(settings)...)...); !strings.Contains(out, says) {
			t.Errorf("%s says\n%s", settings, out)
		}
	}
	if out := s.does(t, "account", "show", "acme"); !strings.Contains(out, `"sms_daily_budget": 20`) {
		t.Errorf("account show says\n%s", out)
	}
	if err := gateway.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-connected; err == nil {
		t.Error("a command connected to the gateway")
	}
}

// TestDatabaseOpenToOthers: it holds hashes and sessions, so it is guarded as the key file is.
func TestDatabaseOpenToOthers(t *testing.T) {
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	s := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	file := strings.TrimPrefix(dsn, "sqlite:")
	for mode, code := range map[os.FileMode]int{0o644: 1, 0o640: 1, 0o602: 1, 0o600: 0} {
		if err := os.Chmod(file, mode); err != nil {
			t.Fatal(err)
		}
		if got, _, said := s.run(t, "account", "list"); got != code || code == 1 && !strings.Contains(said, "chmod 600") {
			t.Errorf("mode %o: exit code %d, %s", mode, got, said)
		}
	}
}

// TestLockingTwiceChangesNothing: the second says so, and writes no second event.
func TestLockingTwiceChangesNothing(t *testing.T) {
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	s := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	for _, step := range []struct {
		args []string
		want string
	}{
		{[]string{"user", "unlock", "acme", "grace@acme.test"}, "is not locked; nothing was changed"},
		{[]string{"user", "lock", "acme", "grace@acme.test"}, "is locked; their sessions end within a second"},
		{[]string{"user", "lock", "acme", "grace@acme.test"}, "is locked already"},
		{[]string{"user", "unlock", "acme", "grace@acme.test"}, "may sign in again"},
		{[]string{"user", "unlock", "acme", "grace@acme.test"}, "nothing was changed"},
		{[]string{"user", "set-external-id", "acme", "grace@acme.test", "customer-4711"}, "as customer-4711 from now on"},
		{[]string{"user", "set-external-id", "acme", "grace@acme.test", "customer-4711"}, "nothing was changed"},
		{[]string{"account", "resume", "acme"}, "is active already; nothing was changed"},
		{[]string{"account", "suspend", "acme"}, "end within a second"},
		{[]string{"account", "suspend", "acme"}, "is suspended already; nothing was changed"},
		{[]string{"account", "resume", "acme"}, "is active again"},
	} {
		if out := s.does(t, step.args...); !strings.Contains(out, step.want) {
			t.Errorf("%q: %s", step.args, out)
		}
	}
	out := s.does(t, "user", "show", "acme", "grace@acme.test")
	if strings.Count(out, "user.locked") != 1 || strings.Count(out, "user.unlocked") != 1 || strings.Count(out, "user.linked") != 1 || !strings.Contains(out, "external: customer-4711") || !strings.Contains(out, "command line") {
		t.Errorf("the events:\n%s", out)
	}
}
