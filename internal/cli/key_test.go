package cli_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/channel"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/outbox"
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

// TestRotationsUnderTraffic: everything that is sealed is sealed anew, twice, while codes and tokens are queued and sent; and a key
// is not retired while a token or a mail server's password needs it.
func TestRotationsUnderTraffic(t *testing.T) {
	for engine, address := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel() // it mostly waits
			ctx, dsn := context.Background(), address(t)
			w := domaintest.New(t, dbtest.Open(t, dsn))
			operator := shell{environ: []string{"SALLYPORT_DATABASE=" + dsn, "SALLYPORT_KEY_FILE=" + w.KeyFile}}
			old, err := os.ReadFile(w.KeyFile)
			if err != nil {
				t.Fatal(err)
			}
			servers := &channel.Service{DB: w.DB, Ring: w.Ring, Now: w.Clock.Now}
			server := mail.Server{Host: "mail.acme.test", Port: 587, Security: mail.StartTLS, User: "acme", Password: "hunter2", From: "no-reply@acme.test"}
			if err := servers.Set(ctx, w.Acme.ID, server, true, domaintest.By); err != nil {
				t.Fatal(err)
			}
			queue := func(ring *seal.Ring) {
				token, err := outbox.SendToken(w.Clock.Now(), ring, outbox.Message{
					AccountID: w.Acme.ID, UserID: w.Ada.ID, Channel: outbox.Mail, Kind: outbox.ResetToken, Secret: []byte("token"),
				}, domaintest.By)
				if err == nil {
					err = w.DB.Run(ctx, token)
				}
				if err != nil {
					t.Error(err)
				}
			}
			traffic, ended := make(chan struct{}), make(chan int)
			go func() {
				n := 0
				defer func() { ended <- n }()
				for tick := time.NewTicker(20 * time.Millisecond); ; n++ {
					select {
					case <-traffic:
						tick.Stop()
						return
					case <-tick.C:
						queue(w.Ring)
					}
				}
			}()
			for range 2 {
				operator.does(t, "key", "rotate")
				if out := operator.does(t, "key", "retire"); !strings.Contains(out, "is gone") {
					t.Errorf("retire: %s", out)
				}
			}
			close(traffic)
			queued := <-ended

			now := w.Restart(t, w.DB)
			if len(now.Ring.KeyIDs()) != 1 {
				t.Fatalf("%d keys", len(now.Ring.KeyIDs()))
			}
			waiting, err := outbox.Lease(ctx, w.DB, w.Clock.Now(), outbox.Mail, nil, 100_000)
			if err != nil || len(waiting) != queued || queued < 100 {
				t.Fatalf("%d messages of %d, %v", len(waiting), queued, err)
			}
			for _, m := range waiting {
				if err := m.Open(now.Ring); err != nil || string(m.Secret) != "token" {
					t.Fatalf("a token that was queued: %q, %v", m.Secret, err)
				}
			}
			servers.Ring = now.Ring
			server.From, server.Password = "hello@acme.test", "" // keeps the password, so opens it
			if err := servers.Set(ctx, w.Acme.ID, server, true, domaintest.By); err != nil {
				t.Errorf("the mail server's password: %v", err)
			}

			// A server that lacks the new file seals with the old key.
			far := filepath.Join(t.TempDir(), "copy")
			current, err := os.ReadFile(w.KeyFile)
			if err == nil {
				err = os.WriteFile(far, current, 0o600)
			}
			if err != nil || bytes.Equal(current, old) {
				t.Fatal("the key file is the old one", err)
			}
			behind, err := seal.Open(far)
			if err != nil {
				t.Fatal(err)
			}
			operator.does(t, "key", "rotate")
			for what, do := range map[string]func(){
				"a token": func() { queue(behind) },
				"a password": func() {
					elsewhere := &channel.Service{DB: w.DB, Ring: behind, Now: w.Clock.Now}
					server.Password = "hunter3"
					if err := elsewhere.Set(ctx, w.Acme.ID, server, true, domaintest.By); err != nil {
						t.Fatal(err)
					}
				},
			} {
				do()
				if code, _, said := operator.run(t, "key", "retire"); code != 1 || !strings.Contains(said, "every server has this key file") {
					t.Errorf("retire with %s under the old key: exit code %d, %s", what, code, said)
				}
			}
			operator.does(t, "key", "retire")
		})
	}
}
