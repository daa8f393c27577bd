package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

// TestRotationWaitsForOtherMachines is 11.2.2 with a server that still has the old key
// file: what it seals while and after the key is rotated must open for good.
func TestRotationWaitsForOtherMachines(t *testing.T) {
	for engine, address := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel() // it mostly waits
			dsn := address(t)
			w := domaintest.New(t, dbtest.Open(t, dsn))
			operator := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
			keys := func() int {
				t.Helper()
				ring, err := seal.Open(w.KeyFile)
				if err != nil {
					t.Fatal(err)
				}
				return len(ring.KeyIDs())
			}
			copied, err := os.ReadFile(w.KeyFile)
			if err != nil {
				t.Fatal(err)
			}
			elsewhere := *w
			elsewhere.KeyFile = filepath.Join(t.TempDir(), "copy")
			if err := os.WriteFile(elsewhere.KeyFile, copied, 0o600); err != nil {
				t.Fatal(err)
			}
			far := elsewhere.Restart(t, w.DB)

			ada, _ := w.Enrol(t, w.Ada)
			if out := operator.does(t, "key", "retire"); !strings.Contains(out, "one key only") || keys() != 1 {
				t.Errorf("retire without a rotation: %d keys, %s", keys(), out)
			}
			if out := operator.does(t, "key", "rotate"); !strings.Contains(out, "sallyport key retire") || keys() != 2 {
				t.Errorf("rotate: %d keys, %s", keys(), out)
			}
			alan, _ := far.Enrol(t, w.Alan) // under the old key, which this server alone still uses
			if code, _, said := operator.run(t, "key", "retire"); code != 1 || !strings.Contains(said, "every server has this key file") || keys() != 2 {
				t.Errorf("retire beside a server with the old file: exit code %d, %d keys, %s", code, keys(), said)
			}
			if copied, err = os.ReadFile(w.KeyFile); err == nil {
				err = os.WriteFile(elsewhere.KeyFile, copied, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			far = elsewhere.Restart(t, w.DB)
			grace, _ := far.Enrol(t, w.Grace)
			if out := operator.does(t, "key", "retire"); !strings.Contains(out, "is gone") || keys() != 1 {
				t.Errorf("retire: %d keys, %s", keys(), out)
			}

			now := w.Restart(t, w.DB)
			now.Clock.Advance(time.Minute)
			for u, p := range map[user.User]domaintest.Phone{w.Ada: ada, w.Alan: alan, w.Grace: grace} {
				if _, err := now.Factors.Prove(t.Context(), u, p.Code(now.Clock.Now()), "", 30*time.Second, domaintest.By); err != nil {
					t.Errorf("%s: a device enrolled before the key was retired: %v", u.Email, err)
				}
			}
		})
	}
}
