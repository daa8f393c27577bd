package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/outbox"
)

// TestAPIKeys: the operator makes a key with any scope, which is printed once, and lists and ends them; the person is told.
func TestAPIKeys(t *testing.T) {
	for engine, address := range map[string]func(testing.TB) string{db.SQLite: dbtest.SQLite, db.Postgres: dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			dsn := address(t)
			w := domaintest.New(t, dbtest.Open(t, dsn))
			w.Clock.Set(time.Now())
			sh := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
			pem := filepath.Join(t.TempDir(), "key.pem")
			if err := os.WriteFile(pem, []byte("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			who := []string{"acme", w.Ada.Email}
			does := func(command string, more ...string) string {
				t.Helper()
				return sh.does(t, append(append([]string{"user", command}, who...), more...)...)
			}
			value := strings.TrimSpace(does("new-api-key", "Billing", "--scope=operator,read", "--days=30", "--from=192.0.2.0/24", "--public-key-file="+pem))
			does("new-api-key", "Other", "--scope=read")
			c, err := w.Machines.Keys.Check(t.Context(), value)
			if err != nil {
				t.Fatalf("%q: %v", value, err)
			}
			if apikey.JoinScopes(c.Scopes()) != "read operator" || apikey.JoinNetworks(c.Key.Networks) != "192.0.2.0/24" || c.Key.PublicKey == "" || c.Key.ExpiresAt.IsZero() {
				t.Errorf("made %+v", c.Key)
			}
			list := does("api-keys")
			for _, want := range []string{"Billing", "Other", "read operator", "signatures", "192.0.2.0/24", c.Key.ID} {
				if !strings.Contains(list, want) {
					t.Errorf("there is no %s in\n%s", want, list)
				}
			}
			if strings.Contains(list, "sak_") {
				t.Errorf("a key is shown again:\n%s", list)
			}
			for _, wrong := range [][]string{{"Third", "--scope=read", "--from=here"}, {"Third", "--scope=read", "--from="}, {"Third", "--scope=read", "--days=-1"}, {"Billing", "--scope=read"}, {"Third", "--scope=all"}, {"Third"}} {
				if code, out, _ := sh.run(t, append(append([]string{"user", "new-api-key"}, who...), wrong...)...); code == 0 {
					t.Errorf("%v made a key: %s", wrong, out)
				}
			}
			does("end-api-keys", "--key="+c.Key.ID)
			if list := does("api-keys"); strings.Contains(list, "Billing") || !strings.Contains(list, "Other") {
				t.Errorf("after one has ended:\n%s", list)
			}
			does("end-api-keys")
			if list := does("api-keys"); !strings.Contains(list, "no API keys") {
				t.Errorf("after all have ended:\n%s", list)
			}
			told := map[outbox.Kind]int{}
			for _, l := range w.Letters(t) {
				told[l.Kind]++
			}
			if told[outbox.KeyMade] != 2 || told[outbox.KeyRemoved] != 1 || told[outbox.KeysEnded] != 1 {
				t.Errorf("told %v", told)
			}
		})
	}
}
