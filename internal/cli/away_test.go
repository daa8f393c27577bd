package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// says fails the test unless a command succeeds and says all of this.
func (s shell) says(t *testing.T, args string, wants ...string) {
	t.Helper()
	out := s.does(t, strings.Fields(args)...)
	for _, want := range wants {
		if !strings.Contains(out, want) {
			t.Errorf("%s: said %q, want %q", args, out, want)
		}
	}
}

// refuses fails the test unless a command fails with this exit code and says this on the standard error alone.
func (s shell) refuses(t *testing.T, args string, exit int, want string) {
	t.Helper()
	if code, out, said := s.run(t, strings.Fields(args)...); code != exit || out != "" || !strings.Contains(said, want) {
		t.Errorf("%s: %d, %q, %q, want %d and %q", args, code, out, said, exit, want)
	}
}

// TestAccountsOfARunningServer does the operator's work without the database, with the operator key.
func TestAccountsOfARunningServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "operator")
	if err := admin.NewOperatorKey(path); err != nil {
		t.Fatal(err)
	}
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox, func(c *config.Config) { c.OperatorKeyFile = path })
	s.Clock.Set(time.Now())
	address := s.App.Config.PublicURL.String()
	op := shell{environ: []string{"SALLYPORT_SERVER=" + address, "SALLYPORT_OPERATOR_KEY_FILE=" + path}}
	soon := time.Now().AddDate(0, 1, 0).UTC().Format(time.DateOnly)

	op.says(t, "account list", "SHORT NAME", "acme", "active")
	op.says(t, "account create zenith Zenith --plan free --trial-until "+soon+" --owner Zoe@zenith.test",
		"Account Zenith is created", address+"/sign-in?account=zenith", "invitation of zoe@zenith.test as its owner")
	op.refuses(t, "account create zenith Other", 1, "(account_exists)")
	op.refuses(t, "account create other Other --owner nobody", 1, "(email_invalid)")
	op.says(t, "account create bare Bare", "sallyport user create bare EMAIL --role owner")
	zenith, err := account.BySlug(t.Context(), s.DB, "zenith")
	if err != nil {
		t.Fatal(err)
	}
	if u, err := user.ByEmail(t.Context(), s.DB, zenith.ID, "zoe@zenith.test"); err != nil || u.Role != user.Owner {
		t.Errorf("%+v, %v", u, err)
	}
	op.says(t, "account show zenith", "name:        Zenith\n", "id:          "+zenith.ID, "plan:        free\n", "trial:       until "+soon+"\n", "exceptions:  none\n")
	op.refuses(t, "account show nobody", 1, "There is no such account. (account_not_found)")

	op.refuses(t, "account set-plan zenith gold", 1, "(plan_unknown)")
	op.says(t, "account set-plan zenith default", "Zenith has the plan", "(the default), trial: none.")
	op.says(t, "account set-plan zenith free", "Zenith has the plan free, trial: none. It may use totp, passkey, email.")
	op.refuses(t, "account allow zenith fax --until "+soon+" --reason pilot", 1, "(method_unknown)")
	op.refuses(t, "account allow zenith sms --until 2020-01-01 --reason pilot", 1, "(until_invalid)")
	op.says(t, "account allow zenith sms --until "+soon+" --reason pilot", "Zenith may use sms until "+soon+", whatever its plan.")
	op.says(t, "account show zenith", "sms (by exception until "+soon+")", "exceptions:\n  sms until "+soon+": pilot (by operator, ")
	op.says(t, "account disallow zenith sms", "The exception for sms is taken back.", "Zenith has the plan")
	op.refuses(t, "account disallow zenith sms", 1, "(exception_not_found)")

	op.says(t, "account suspend zenith", "Zenith is suspended: its people's sessions end")
	op.says(t, "account suspend zenith", "is suspended already; nothing was changed")
	op.says(t, "account list", "suspended")
	op.says(t, "account resume zenith", "Zenith is active again.")
	op.says(t, "account resume zenith", "is active already; nothing was changed")
	op.refuses(t, "account resume nobody", 1, "(account_not_found)")

	// The credential is somebody else's, or there is none.
	other := filepath.Join(t.TempDir(), "other")
	if err := admin.NewOperatorKey(other); err != nil {
		t.Fatal(err)
	}
	op.refuses(t, "account list --operator-key-file "+other, 1, "(not_signed_in)")
	shell{environ: op.environ[:1]}.refuses(t, "account list", 2, "which operator key?")
}

// TestOperatorsAPIKey: an API key of the scope operator does what the operator key does, and one of another scope does not.
func TestOperatorsAPIKey(t *testing.T) {
	dsn := dbtest.SQLite(t)
	s := apptest.Start(t, dsn)
	s.Clock.Set(time.Now())
	s.Enrol(t, s.Ada)
	ada, _ := remote(t, s, s.Ada, "read", "admin")
	ada.refuses(t, "account list", 1, "(scope_missing)")
	// Only the command makes a key of this scope.
	public := filepath.Join(t.TempDir(), "signing")
	beside := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + s.App.Config.KeyFile}}
	beside.does(t, "key", "signing", public)
	made := beside.does(t, "user", "new-api-key", "acme", apptest.Ada, "Operator", "--scope=operator", "--public-key-file="+public+".pub")
	file := filepath.Join(t.TempDir(), "key")
	key := made[strings.Index(made, "sak_"):]
	if err := os.WriteFile(file, []byte(strings.Fields(key)[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	ada.says(t, "account list --api-key-file "+file+" --signing-key-file "+public, "acme")
}

// TestPolicyAndPeopleOfARunningServer changes the policy and looks at people, as their administrator.
func TestPolicyAndPeopleOfARunningServer(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Clock.Set(time.Now().Add(-time.Minute))
	s.SetPolicy(t, "trusted_browser_days=30", "sms_countries=AT,DE")
	phone, _ := s.Enrol(t, s.Grace)
	in, _ := s.Trust(t, s.Grace, phone, domaintest.From(domaintest.Firefox))
	s.Enrol(t, s.Alan)
	alan, _ := remote(t, s, s.Alan, "read", "admin")

	alan.says(t, "account set-policy acme clock_tolerance=90s methods=totp,passkey sms_countries= backup_codes=on", "The policy of "+s.Acme.Name+" is changed")
	a, err := account.BySlug(t.Context(), s.DB, "acme")
	if p := a.Policy; err != nil || p.ClockTolerance.String() != "1m30s" && p.ClockTolerance.String() != "90s" || len(p.Methods) != 2 || len(p.SMSCountries) != 0 || p.TrustedBrowserDays != 30 {
		t.Errorf("%+v, %v", p, err)
	}
	alan.refuses(t, "account set-policy acme clock_tolerance=1h", 1, "(policy_invalid)")
	alan.refuses(t, "account set-policy acme nothing=1", 1, "is not a setting. Write name=value")
	alan.refuses(t, "account set-policy other clock_tolerance=90s", 1, "the API key is for the account acme, not for other")

	alan.says(t, "user show acme "+apptest.Grace, "e-mail:   "+apptest.Grace+"\n", "of "+s.Acme.Name+"\n", "state:    active", "backup codes left: ", "DEVICE", "confirmed", "WHEN", "session.signed_in")
	alan.says(t, "user show acme "+apptest.Ada, "No device: two-factor sign-in is off.")
	alan.says(t, "user sessions acme "+apptest.Grace, "Firefox on Linux", domaintest.By.Address, in.Signed.ID, "pwd otp mfa")
	alan.says(t, "user sessions acme "+apptest.Ada, "This user is signed in nowhere.")
	alan.says(t, "user browsers acme "+apptest.Grace, "Firefox on Linux", domaintest.By.Address, "UNTIL")
	alan.says(t, "user browsers acme "+apptest.Ada, "This user trusts no browser.")
	for _, command := range []string{"show", "sessions", "browsers"} {
		alan.refuses(t, "user "+command+" acme nobody@acme.test", 1, "no user with that e-mail address")
	}
	grace, _ := remote(t, s, s.Grace, "read")
	grace.refuses(t, "user sessions acme "+apptest.Ada, 1, "(scope_missing)")
}
