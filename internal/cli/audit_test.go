package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// TestAudit is the record as the operator has it: listed, exported, verified; and what somebody does to it by hand is found.
func TestAudit(t *testing.T) {
	t.Parallel() // a rotation mostly waits
	for engine, address := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			dsn := address(t)
			w := domaintest.New(t, dbtest.Open(t, dsn))
			operator := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
			if err := w.Admin.ResetTwoFactor(t.Context(), w.Grace, "=lost", audit.Operator()); err != nil {
				t.Fatal(err)
			}
			if err := w.DB.Run(t.Context(), audit.Record(w.Clock.Now(), audit.Event{Action: audit.KeysRotated, Actor: audit.Operator()})); err != nil {
				t.Fatal(err)
			}
			says := func(what, out string, want ...string) {
				t.Helper()
				for _, s := range want {
					if !strings.Contains(out, s) {
						t.Errorf("%s lacks %q:\n%s", what, s, out)
					}
				}
			}
			says("list", operator.does(t, "audit", "list", "acme"), "user.two_factor_reset", "grace@acme.test", "command line", "reason==lost", "account.created")
			if out := operator.does(t, "audit", "list", "acme", "--person", "alan@acme.test", "--action", "user.created"); strings.Contains(out, "grace") || !strings.Contains(out, "alan@acme.test") {
				t.Errorf("a filtered list: %s", out)
			}
			if out := operator.does(t, "audit", "list"); !strings.Contains(out, "deployment.key_rotated") || strings.Contains(out, "user.created") {
				t.Errorf("what belongs to no account: %s", out)
			}
			says("an empty list", operator.does(t, "audit", "list", "acme", "--to", "2020-01-01"), "No events.")
			for args, says := range map[string]string{
				"list nobody": "account_not_found", "list acme --from soon": "audit_day_invalid", "list acme --from 2026-02-01 --to 2026-01-01": "audit_period_invalid",
				"list acme --action X": "audit_action_invalid", "list acme --person x@acme.test": "user_not_found", "verify acme --head 1": "audit_head_invalid",
			} {
				if code, _, said := operator.run(t, append([]string{"audit"}, strings.Fields(args)...)...); code != 1 || !strings.Contains(said, says) {
					t.Errorf("audit %s: exit code %d, %s", args, code, said)
				}
			}

			file := filepath.Join(t.TempDir(), "audit.csv")
			operator.does(t, "audit", "export", "acme", "--file", file)
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			says("the CSV", string(text), "\ufeffevent,time,action,", `,"'=lost`, "audit.exported")
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the file is %v, %v", info.Mode(), err)
			}
			if code, _, said := operator.run(t, "audit", "export", "acme", "--file", file); code != 1 || !strings.Contains(said, "not overwritten") {
				t.Errorf("over a file: exit code %d, %s", code, said)
			}
			var all []map[string]any
			if err := json.Unmarshal([]byte(operator.does(t, "audit", "export", "acme", "--format", "json")), &all); err != nil || len(all) < 6 {
				t.Errorf("the JSON: %d events, %v", len(all), err)
			}

			says("before a server ran", operator.does(t, "audit", "verify"), "acme: good; 0 events in 0 batches", "(no account): good", "not sealed yet")
			// As a server would have, a while after.
			chain := &audit.Chain{DB: w.DB, Ring: w.Ring, Now: func() time.Time { return time.Now().Add(10 * time.Minute) }}
			if _, err := chain.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
			out := operator.does(t, "audit", "verify", "acme")
			says("verify", out, "acme: good", "in 1 batches", "sealed since")
			head := regexp.MustCompile(`head (\S+)`).FindStringSubmatch(out)
			if head == nil {
				t.Fatalf("no head: %s", out)
			}
			operator.does(t, "audit", "verify", "acme", "--head", head[1])
			operator.does(t, "key", "rotate")
			operator.does(t, "key", "retire")
			operator.does(t, "audit", "verify")
			if code, out, _ := operator.run(t, "audit", "verify", "acme", "--head", "1:"+strings.Repeat("a", 64)); code != 1 || !strings.Contains(out, "first bad: batch 1") {
				t.Errorf("another head: exit code %d, %s", code, out)
			}
			if code, _, said := operator.run(t, "audit", "verify", "--head", head[1]); code != 2 || !strings.Contains(said, "name it") {
				t.Errorf("a head without an account: exit code %d, %s", code, said)
			}
			if _, err := w.DB.Exec(t.Context(), `UPDATE audit_events SET detail = '{"reason":"found"}' WHERE action = 'user.two_factor_reset'`); err != nil {
				t.Fatal(err)
			}
			code, out, said := operator.run(t, "audit", "verify")
			if code != 1 || !strings.Contains(said, "not as the servers wrote it") {
				t.Errorf("after a change: exit code %d, %s", code, said)
			}
			says("after a change", out, "acme: BAD", "first bad: batch 1 (2026-11-23 09:00:00 UTC to ", "changed or taken away", "(no account): good")
		})
	}
}
