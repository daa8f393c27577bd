package channel_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/porttest"
)

func wantError(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}

// letter is a mail as the outbox sends it.
func letter(w *domaintest.World) mail.Message {
	return mail.Message{ID: "msg_1", To: "ada@acme.test", Subject: "Hello", Text: "Hello.\n", At: w.Clock.Now()}
}

func set(t *testing.T, w *domaintest.World, s mail.Server) {
	t.Helper()
	if err := w.Channels.Set(t.Context(), w.Acme.ID, s, true, audit.Operator()); err != nil {
		t.Fatal(err)
	}
}

// send sends through whatever counts for Acme.
func send(t *testing.T, w *domaintest.World) error {
	t.Helper()
	sender, err := w.Channels.MailOf(t.Context(), w.Acme.ID)
	if err != nil {
		return err
	}
	return sender.Send(t.Context(), letter(w))
}

func last(t *testing.T, w *domaintest.World) channel.Result {
	t.Helper()
	own, ok, err := w.Channels.Server(t.Context(), w.Acme.ID)
	if err != nil || !ok {
		t.Fatalf("no server: %v", err)
	}
	return own.Last
}

// memory is a deployment's mail server.
type memory struct{ mail.Sender }

// TestWhoseServer: none, the deployment's, an account's own; and the own one of nobody else's.
func TestWhoseServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		w.Channels.Mail, w.Channels.SMS = nil, nil
		other, err := account.Create(ctx, d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		open := func(a account.Account, want bool) {
			t.Helper()
			if o, err := w.Channels.Of(ctx, a.ID); err != nil || o.Mail != want || o.SMS {
				t.Errorf("%s has %+v, %v, want mail %v", a.Name, o, err, want)
			}
		}
		w.Channels.Mail, w.Channels.SMS = nil, nil
		open(w.Acme, false)
		wantError(t, "with none", send(t, w), channel.ErrNoMail)
		set(t, w, domaintest.NewMailServer(t).Server)
		open(w.Acme, true)
		open(other, false)
		_, err = w.Channels.MailOf(ctx, other.ID)
		wantError(t, "another account", err, channel.ErrNoMail)

		deployment := &memory{}
		w.Channels.Mail = deployment
		open(other, true)
		if s, err := w.Channels.MailOf(ctx, other.ID); err != nil || s != mail.Sender(deployment) {
			t.Errorf("another account sends through %v, %v", s, err)
		}
		if s, err := w.Channels.MailOf(ctx, w.Acme.ID); err != nil || s == mail.Sender(deployment) {
			t.Errorf("its own server is passed over: %v", err)
		}
		if err := w.Channels.Remove(ctx, w.Acme.ID, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		if s, err := w.Channels.MailOf(ctx, w.Acme.ID); err != nil || s != mail.Sender(deployment) {
			t.Errorf("after the own one was removed: %v, %v", s, err)
		}
		wantError(t, "removing it twice", w.Channels.Remove(ctx, w.Acme.ID, audit.Operator()), channel.ErrNoOwn)
	})
}

// TestPasswordStaysWithItsServer: it is kept for the very same server and user, and nobody else is handed it (B100).
func TestPasswordStaysWithItsServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		m := domaintest.NewMailServer(t)
		w.Channels.Options.Roots = m.Roots
		keep := m.Server
		keep.Password = ""
		wantError(t, "none is stored", w.Channels.Set(ctx, w.Acme.ID, keep, true, audit.Operator()), mail.ErrServer)
		set(t, w, m.Server)
		keep.From = "other@acme.test"
		set(t, w, keep)
		if err := send(t, w); err != nil || len(m.Mails()) != 1 || !strings.Contains(m.Mails()[0], "other@acme.test") {
			t.Errorf("with the kept password: %v", err)
		}
		for what, change := range map[string]func(*mail.Server){
			"host":     func(s *mail.Server) { s.Host = "localhost" },
			"port":     func(s *mail.Server) { s.Port++ },
			"security": func(s *mail.Server) { s.Security = mail.TLS },
			"user":     func(s *mail.Server) { s.User = "somebody" },
		} {
			moved := keep
			change(&moved)
			wantError(t, "another "+what, w.Channels.Set(ctx, w.Acme.ID, moved, true, audit.Operator()), channel.ErrPassword)
		}
		own, ok, err := w.Channels.Server(ctx, w.Acme.ID)
		if err != nil || !ok || own.Password != "" || !own.HasPassword || own.Host != m.Server.Host || own.From != "other@acme.test" {
			t.Errorf("what is shown: %#v, %v", own, err)
		}
		open := keep
		open.User = ""
		set(t, w, open)
		if own, _, _ = w.Channels.Server(ctx, w.Acme.ID); own.HasPassword {
			t.Error("without a user there is a password")
		}
		wantError(t, "the password of before", w.Channels.Set(ctx, w.Acme.ID, keep, true, audit.Operator()), mail.ErrServer)
	})
}

// sealed is what lies in the table.
func sealed(t *testing.T, d *db.DB, accountID string) []byte {
	t.Helper()
	var blob []byte
	if err := d.Get(t.Context(), `SELECT password FROM mail_servers WHERE account_id = $1`, []any{accountID}, &blob); err != nil {
		t.Fatal(err)
	}
	return bytes.Clone(blob)
}

// TestPasswordIsSealed: bound to the account, so that a row that is copied to another one does not open; and sealed anew after a rotation.
func TestPasswordIsSealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		m := domaintest.NewMailServer(t)
		w.Channels.Options.Roots = m.Roots
		set(t, w, m.Server)
		before := sealed(t, d, w.Acme.ID)
		if bytes.Contains(before, []byte(m.Server.Password)) {
			t.Error("the password lies open")
		}
		other, err := account.Create(ctx, d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		stolen := m.Server
		stolen.Password = "something else"
		if err := w.Channels.Set(ctx, other.ID, stolen, true, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		if err := d.Run(ctx, db.Write(`UPDATE mail_servers SET password = $2 WHERE account_id = $1`, other.ID, before)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Channels.MailOf(ctx, other.ID); err == nil {
			t.Error("a password that was moved to another account opens there")
		}
		if err := w.Channels.Remove(ctx, other.ID, audit.Operator()); err != nil {
			t.Fatal(err)
		}

		if n, err := w.Channels.Reseal(ctx); n != 0 || err != nil {
			t.Errorf("nothing to do: %d, %v", n, err)
		}
		if err := errors.Join(w.Ring.Prepare(), w.Ring.Promote()); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Channels.Reseal(ctx); n != 1 || err != nil || bytes.Equal(before, sealed(t, d, w.Acme.ID)) {
			t.Errorf("resealed %d, %v", n, err)
		}
		if err := w.Ring.Retire(); err != nil {
			t.Fatal(err)
		}
		if err := send(t, w); err != nil {
			t.Errorf("after the rotation: %v", err)
		}
	})
}

// TestResultIsNoted: of each send, in words for administrators, without the password that a bad server says back (B62).
func TestResultIsNoted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		m := domaintest.NewMailServer(t)
		set(t, w, m.Server)
		if r := last(t, w); r != (channel.Result{}) {
			t.Errorf("before the first send: %+v", r)
		}
		expect := func(what string, err, want error, code, says string) {
			t.Helper()
			if want == nil && err != nil || want != nil && !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", what, err, want)
			}
			r := last(t, w)
			if r.Code != code || !strings.Contains(r.Detail, says) || !r.At.Equal(w.Clock.Now()) || strings.Contains(fmt.Sprintf("%+v %v", r, err), m.Server.Password) {
				t.Errorf("%s: noted %+v, want %s", what, r, code)
			}
		}
		expect("a certificate nobody knows", send(t, w), mail.ErrTLS, "mail_tls_failed", "certificate is not trusted")
		w.Clock.Advance(time.Minute)
		w.Channels.Options.Roots = m.Roots
		expect("good", send(t, w), nil, channel.ResultOK, "")

		wrong := m.Server
		wrong.Password += "x"
		set(t, w, wrong)
		if r := last(t, w); r != (channel.Result{}) {
			t.Errorf("another server has the result of the one before: %+v", r)
		}
		expect("a wrong password", send(t, w), mail.ErrLogin, "mail_login_refused", "app password")

		w.Channels.Options.Allow = mail.PublicOnly
		expect("inside our own network", send(t, w), mail.ErrNotAllowed, "mail_host_not_allowed", "public internet")
		asked := 0
		w.Channels.Options.Allow = func(netip.Addr) bool { asked++; return false }
		byName := m.Server
		byName.Host = "localhost"
		set(t, w, byName)
		expect("a name that leads there", send(t, w), mail.ErrNotAllowed, "mail_host_not_allowed", "public internet")
		if asked == 0 {
			t.Error("nobody asked about the address")
		}

		w.Channels.Options.Allow = nil
		closed := m.Server
		closed.Port = int(porttest.Free(t).Port())
		set(t, w, closed)
		expect("a closed port", send(t, w), mail.ErrUnreachable, "mail_unreachable", "could not be reached")

		// A result that comes after the server was changed is not the new one's.
		sender, err := w.Channels.MailOf(t.Context(), w.Acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		set(t, w, m.Server)
		wantError(t, "the one before", sender.Send(t.Context(), letter(w)), mail.ErrUnreachable)
		if r := last(t, w); r != (channel.Result{}) {
			t.Errorf("the new server has the result of the one before: %+v", r)
		}
	})
}

// TestAuditTellsTheServer: host and sender, never user or password.
func TestAuditTellsTheServer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		m := domaintest.NewMailServer(t)
		set(t, w, m.Server)
		if err := w.Channels.Remove(t.Context(), w.Acme.ID, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		events, err := audit.List(t.Context(), d, w.Acme.ID, 100)
		if err != nil {
			t.Fatal(err)
		}
		found := map[audit.Action]int{}
		for _, e := range events {
			if e.Action != audit.MailServerSet && e.Action != audit.MailServerRemoved {
				continue
			}
			found[e.Action]++
			if len(e.Detail) != 2 || e.Detail["host"] != m.Server.String() || e.Detail["sender"] != m.Server.From {
				t.Errorf("%s tells %v", e.Action, e.Detail)
			}
		}
		if found[audit.MailServerSet] != 1 || found[audit.MailServerRemoved] != 1 {
			t.Errorf("recorded %v", found)
		}
	})
}

// TestTwoChangeItAtOnce: whoever is last, host and password that are stored belong together.
func TestTwoChangeItAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, ctx := domaintest.New(t, d), t.Context()
		servers := []*domaintest.MailServer{domaintest.NewMailServer(t), domaintest.NewMailServer(t)}
		w.Channels.Options.Roots = servers[0].Roots
		set(t, w, servers[0].Server)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				s := servers[i%2].Server
				if i >= 4 {
					s.Password = "" // keeps it, or is refused because the other server is in place
				}
				if err := w.Channels.Set(ctx, w.Acme.ID, s, true, audit.Operator()); err != nil && !errors.Is(err, channel.ErrPassword) {
					t.Errorf("%d: %v", i, err)
				}
			})
		}
		wg.Wait()
		own, ok, err := w.Channels.Server(ctx, w.Acme.ID)
		if err != nil || !ok {
			t.Fatal(err)
		}
		for _, m := range servers {
			if m.Server.Port == own.Port {
				w.Channels.Options.Roots = m.Roots
				if err := send(t, w); err != nil {
					t.Errorf("host and password do not belong together: %v", err)
				}
			}
		}
		removed := 0
		var mu sync.Mutex
		for range 4 {
			wg.Go(func() {
				err := w.Channels.Remove(ctx, w.Acme.ID, audit.Operator())
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					removed++
				} else if !errors.Is(err, channel.ErrNoOwn) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if removed != 1 {
			t.Errorf("removed %d times", removed)
		}
	})
}
