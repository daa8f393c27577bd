package cli_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// TestWhatIsOverIsShown: an ended trial and an ended exception count for nothing, but are
// still shown; an end within a day is shown to the second.
func TestWhatIsOverIsShown(t *testing.T) {
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	s := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	then := time.Date(2020, time.February, 1, 0, 0, 0, 0, time.UTC)
	terms := account.Terms{Plan: "free", TrialEndsAt: then.Add(24 * time.Hour)}
	if err := account.SetPlan(t.Context(), w.DB, then, w.Acme.ID, config.Default().Plans, terms, audit.Operator()); err != nil {
		t.Fatal(err)
	}
	g := account.Allowance{Method: account.SMS, Reason: "a pilot", Until: then.Add(90 * time.Minute)}
	if _, err := account.Allow(t.Context(), w.DB, then, w.Acme.ID, g, audit.Operator()); err != nil {
		t.Fatal(err)
	}
	out := s.does(t, "account", "show", "acme")
	for _, want := range []string{
		"trial:       until 2020-02-01, which is over\n",
		"methods:     totp, passkey, email\n",
		"exceptions:\n  sms until 2020-02-01T01:30:00Z, which is over: a pilot (by operator, 1 February 2020, 00:00 UTC)\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it lacks %q:\n%s", want, out)
		}
	}
}

// TestCheckConfigOfAnOlderVersion: the settings are good though the database has no plans yet.
func TestCheckConfigOfAnOlderVersion(t *testing.T) {
	dsn := dbtest.SQLite(t)
	w := domaintest.New(t, dbtest.Open(t, dsn))
	s := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
	s.does(t, "account", "list") // stores the check of the key
	if _, err := w.DB.Exec(t.Context(), `ALTER TABLE accounts DROP COLUMN plan`); err != nil {
		t.Fatal(err)
	}
	code, out, said := s.run(t, "check-config")
	if code != 0 || !strings.Contains(out, "settings are good") || !strings.Contains(said, "plans cannot be read") {
		t.Errorf("exit code %d\n%s%s", code, out, said)
	}
}
