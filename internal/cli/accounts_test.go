package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// TestOperatorKey: the command makes what the server takes, and neither it nor check-config starts with what anybody could read.
func TestOperatorKey(t *testing.T) {
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	path := filepath.Join(t.TempDir(), "operator")
	operator := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile, "SALLYPORT_OPERATOR_KEY_FILE=" + path, "SALLYPORT_LISTEN=127.0.0.1:0"}}
	refused := func(why string) {
		t.Helper()
		for _, command := range [][]string{{"serve"}, {"check-config"}, {"account", "list"}} {
			if code, _, said := operator.run(t, command...); code != 1 || !strings.Contains(said, why) || !strings.Contains(said, path) {
				t.Errorf("%s: exit code %d, %s", command, code, said)
			}
		}
	}
	refused("does not exist")
	if out := (shell{}).does(t, "key", "operator", path); !strings.Contains(out, "operator_key_file") {
		t.Errorf("%s", out)
	}
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if code, _, said := (shell{}).run(t, "key", "operator", path); code != 1 || !strings.Contains(said, "never overwritten") {
		t.Errorf("once more: %d %s", code, said)
	}
	if out := operator.does(t, "check-config"); strings.Contains(out, strings.TrimSpace(string(key))) || !strings.Contains(out, "operator_key_file: "+path) {
		t.Errorf("%s", out)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	refused("chmod 600")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, key[:42], 0o600); err != nil {
		t.Fatal(err)
	}
	refused("43")
}

// TestAccountWithOwner: an account and the invitation of its owner come together or not at all.
func TestAccountWithOwner(t *testing.T) {
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	operator := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	if code, _, said := operator.run(t, "account", "create", "zenith", "Zenith", "--owner", "zoe@zenith.test"); code != 1 || !strings.Contains(said, "no_mail_server") {
		t.Errorf("without mail: exit code %d, %s", code, said)
	}
	mailing := shell{environ: append(operator.environ, "SALLYPORT_SMTP_URL=smtp://localhost?security=none&from=no-reply@example.com")}
	if code, _, said := mailing.run(t, "account", "create", "zenith", "Zenith", "--owner", "nobody"); code != 1 || !strings.Contains(said, "email_invalid") {
		t.Errorf("without an address: exit code %d, %s", code, said)
	}
	if _, err := account.BySlug(t.Context(), w.DB, "zenith"); err == nil {
		t.Fatal("the account is there without its owner")
	}
	if out := mailing.does(t, "account", "create", "zenith", "Zenith", "--owner", "zoe@zenith.test"); !strings.Contains(out, "invitation of zoe@zenith.test") {
		t.Errorf("%s", out)
	}
	a, err := account.BySlug(t.Context(), w.DB, "zenith")
	if err != nil {
		t.Fatal(err)
	}
	if u, err := user.ByEmail(t.Context(), w.DB, a.ID, "zoe@zenith.test"); err != nil || u.Role != user.Owner || u.InvitedAt.IsZero() {
		t.Errorf("%+v, %v", u, err)
	}
}
