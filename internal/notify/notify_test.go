package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/mail"
	"sallyport/internal/notify"
	"sallyport/internal/outbox"
	"sallyport/internal/sms"
	"sallyport/internal/user"
)

const number = "+436641234567"

// gateway is a mail server or SMS gateway that answers what a test wants.
type gateway struct {
	mu     sync.Mutex
	answer func(to string) error
	got    []string // to whom, in the order of arrival
	texts  []string
}

func (g *gateway) take(to, text string) error {
	g.mu.Lock()
	g.got, g.texts = append(g.got, to), append(g.texts, text)
	answer := g.answer
	g.mu.Unlock()
	if answer == nil {
		return nil
	}
	return answer(to)
}

func (g *gateway) count() int { g.mu.Lock(); defer g.mu.Unlock(); return len(g.got) }

type mailGateway struct{ *gateway }

func (g mailGateway) Send(_ context.Context, m mail.Message) error { return g.take(m.To, m.Text) }

type smsGateway struct{ *gateway }

func (g smsGateway) Send(_ context.Context, m sms.Message) (sms.Accepted, error) {
	return sms.Accepted{Reference: "ref-" + m.ID}, g.take(m.To, m.Text)
}

// each runs a test on both engines, with gateways and a person who has a number.
func each(t *testing.T, fn func(t *testing.T, w *domaintest.World, g *gateway, f factor.Stored)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		f := w.AddAddress(t, w.Ada, factor.SMS, number)
		g := &gateway{}
		w.Channels.Mail, w.Channels.SMS = mailGateway{g}, smsGateway{g}
		fn(t, w, g, f)
	})
}

func send(t *testing.T, w *domaintest.World, f factor.Stored, request string) {
	t.Helper()
	if err := w.Codes.Send(t.Context(), f, request, 0, domaintest.By.As(f.UserID)); err != nil {
		t.Fatal(err)
	}
}

func tell(t *testing.T, w *domaintest.World, u user.User) {
	t.Helper()
	if err := w.DB.Run(t.Context(), outbox.Notice(w.Clock.Now(), u.AccountID, u.ID, outbox.FactorRemoved, nil, domaintest.By)); err != nil {
		t.Fatal(err)
	}
}

// last is the newest row of the outbox: "sent", "failed/sms_refused".
func last(t *testing.T, w *domaintest.World) string {
	t.Helper()
	all := w.Letters(t)
	l := all[len(all)-1]
	return strings.TrimSuffix(string(l.State)+"/"+l.Detail, "/")
}

// TestDeadCodesAreNeverSent: F11 and F13. Whatever happened between the request and the sending decides.
func TestDeadCodesAreNeverSent(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, f factor.Stored) {
		for _, c := range []struct {
			name string
			do   func() error
			want string
		}{
			{"expired", func() error { w.Clock.Advance(10 * time.Minute); return nil }, "dropped/expired"},
			{"used", func() error {
				_, err := w.Factors.Prove(t.Context(), w.Ada, w.SentCode(t, w.Ada, "ses_1"), "ses_1", 0, domaintest.By)
				return err
			}, "dropped/code_over"},
			{"locked", func() error { return w.Admin.Lock(t.Context(), w.Ada, audit.Operator()) }, "dropped/user_locked"},
			{"unlocked", func() error { return w.Admin.Unlock(t.Context(), w.Ada, audit.Operator()) }, "sent"},
			{"suspended", func() error {
				return w.DB.Run(t.Context(), db.Write(`UPDATE accounts SET suspended_at = 1`))
			}, "dropped/account_suspended"},
			{"resumed", func() error { return w.DB.Run(t.Context(), db.Write(`UPDATE accounts SET suspended_at = 0`)) }, "sent"},
			{"device removed", func() error {
				return w.DB.Run(t.Context(), db.Write(`DELETE FROM factors WHERE factor_id = $1`, f.ID))
			}, "dropped/code_over"},
		} {
			w.Clock.Advance(2 * time.Hour)
			before := g.count()
			send(t, w, f, "ses_1")
			if err := c.do(); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			w.Deliver(t)
			if s := last(t, w); s != c.want || (g.count() > before) != (c.want == "sent") {
				t.Errorf("%s: %s, %d left the house; want %s", c.name, s, g.count()-before, c.want)
			}
		}
	})
}

// TestOnlyTheNewestIsSent: the gateway was away for a minute, and a second code was asked for.
func TestOnlyTheNewestIsSent(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, f factor.Stored) {
		send(t, w, f, "ses_1")
		w.Clock.Advance(time.Minute)
		send(t, w, f, "ses_1")
		w.Deliver(t)
		if code := w.SentCode(t, w.Ada, "ses_1"); g.count() != 1 || g.got[0] != number || !strings.HasPrefix(g.texts[0], code+" ") {
			t.Errorf("sent to %v: %q", g.got, g.texts)
		}
	})
}

// TestAgainOrForGood: what the sending package says may be repeated is, with the same code; what it does not is not, or a text is paid twice.
func TestAgainOrForGood(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, f factor.Stored) {
		for _, c := range []struct {
			err  error
			want string
		}{
			{sms.ErrUnreachable, "again"},
			{sms.ErrThrottled, "again"},
			{sms.ErrLogin, "again"},
			{sms.ErrCertificate, "again"},
			{sms.ErrRefused, "failed"},
			{sms.ErrAnswer, "failed"},
			{sms.ErrNumber, "failed"},
			{sms.ErrText, "failed"},
			{sms.ErrForbidden, "failed"},
			{mail.ErrUnreachable, "again"},
			{mail.ErrTLS, "again"},
			{mail.ErrDeferred, "again"},
			{mail.ErrLogin, "again"},
			{mail.ErrRefused, "failed"},
			{mail.ErrTurnedAway, "failed"},
			{mail.ErrNotAllowed, "failed"},
			{mail.ErrRefused.Because(mail.ErrLogin), "failed"}, // another server's trouble is not the verdict
			{db.ErrUnavailable, "again"},
			{errors.New("a fault of ours"), "again"},
			{context.DeadlineExceeded, "again"},
		} {
			w.Clock.Advance(2 * time.Hour)
			g.answer = func(string) error { return c.err }
			send(t, w, f, "ses_1")
			code, before := w.SentCode(t, w.Ada, "ses_1"), g.count()
			w.Deliver(t)
			want := map[string]string{"again": "queued", "failed": "failed"}[c.want] + "/" + errs.From(c.err).Code
			if s := last(t, w); s != want {
				t.Errorf("%v: %s, want %s", c.err, s, want)
			}
			g.answer = nil
			w.Clock.Advance(time.Minute)
			w.Deliver(t)
			if tries := g.count() - before; tries != map[string]int{"again": 2, "failed": 1}[c.want] {
				t.Errorf("%v: %d tries", c.err, tries)
			}
			if got := g.texts[len(g.texts)-1]; !strings.HasPrefix(got, code+" ") {
				t.Errorf("%v: the second try carries another code: %q", c.err, got)
			}
		}
	})
}

// TestGivenUp: tried with growing delays to its end, and then failed; nothing is sent after that.
func TestGivenUp(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, f factor.Stored) {
		g.answer = func(string) error { return sms.ErrUnreachable }
		send(t, w, f, "ses_1")
		for range 20 * 60 {
			w.Deliver(t)
			w.Clock.Advance(time.Second)
		}
		if s := last(t, w); s != "failed/sms_unreachable" || g.count() < 4 || g.count() > 6 {
			t.Errorf("%s after %d tries", s, g.count())
		}
		g.answer = func(string) error { return mail.ErrUnreachable }
		tell(t, w, w.Ada)
		for range 3 * 24 * 4 {
			w.Deliver(t)
			w.Clock.Advance(15 * time.Minute)
		}
		tries := g.count()
		g.answer = nil
		w.Clock.Advance(time.Hour)
		w.Deliver(t)
		if s := last(t, w); s != "failed/mail_unreachable" || g.count() != tries {
			t.Errorf("a notice after three days: %s", s)
		}
	})
}

// TestNoticesReachTheLocked: who is locked is still told what happens to the account; who is gone is not.
func TestNoticesReachTheLocked(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, _ factor.Stored) {
		if err := w.Admin.Lock(t.Context(), w.Ada, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		tell(t, w, w.Ada)
		w.Deliver(t)
		if s := last(t, w); s != "sent" || g.got[0] != w.Ada.Email {
			t.Errorf("%s to %v", s, g.got)
		}
		w.Clock.Advance(time.Second)
		tell(t, w, user.User{AccountID: w.Acme.ID, ID: "usr_gone"})
		w.Deliver(t)
		if s := last(t, w); s != "dropped/user_gone" {
			t.Error(s)
		}
		w.Clock.Advance(time.Second)
		tell(t, w, user.User{AccountID: "acc_gone", ID: w.Ada.ID})
		w.Deliver(t)
		if s := last(t, w); s != "dropped/account_gone" {
			t.Error(s)
		}
		w.Channels.Mail, w.Channels.SMS = nil, nil
		w.Clock.Advance(time.Second)
		tell(t, w, w.Ada)
		w.Deliver(t)
		if s := last(t, w); s != "dropped/"+channel.ErrNoMail.Code {
			t.Error(s)
		}
	})
}

// TestTwoReplicasSendOnce runs two senders on one queue, as they run in production.
func TestTwoReplicasSendOnce(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, _ factor.Stored) {
		const messages = 60
		other := w.Restart(t, w.DB)
		other.Channels.Mail, other.Channels.SMS = w.Channels.Mail, w.Channels.SMS
		var stmts []db.Stmt
		for i := range messages {
			stmts = append(stmts, outbox.NoticeTo(w.Clock.Now(), w.Acme.ID, w.Ada.ID, fmt.Sprint(i, "@acme.test"), outbox.EmailChanged, nil, domaintest.By))
		}
		if err := w.DB.Run(t.Context(), stmts...); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for _, n := range []*notify.Service{w.Notify, other.Notify} {
			wg.Go(func() { n.Run(ctx, ctx) })
		}
		for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
			if waiting, _, err := outbox.Depth(t.Context(), w.DB); err != nil || waiting == 0 {
				break
			}
		}
		cancel()
		wg.Wait()
		seen := map[string]int{}
		for _, to := range g.got {
			seen[to]++
		}
		if len(seen) != messages || len(g.got) != messages {
			t.Errorf("%d mails to %d addresses, want %d", len(g.got), len(seen), messages)
		}
	})
}

// TestNothingSecretIsLogged: a server that repeats the address, the number or the code does not get them into the log.
func TestNothingSecretIsLogged(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, f factor.Stored) {
		var log strings.Builder
		w.Notify.Log = slog.New(slog.NewTextHandler(&log, nil))
		send(t, w, f, "ses_1")
		code := w.SentCode(t, w.Ada, "ses_1")
		g.answer = func(to string) error {
			said := "a mail"
			if to == number {
				said = code
			}
			return mail.ErrDeferred.Because(fmt.Errorf("450 <%s>: %s try again with %s", to, strings.TrimPrefix(to, "+"), said))
		}
		tell(t, w, w.Ada)
		w.Deliver(t)
		for _, secret := range []string{number[1:], w.Ada.Email, code} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("the log holds %s:\n%s", secret, log.String())
			}
		}
		if !strings.Contains(log.String(), "450") {
			t.Errorf("the log does not hold what the server said:\n%s", log.String())
		}
	})
}

// TestReceipts is F13 at the door: receipts that are true, repeated, late, unknown or forged.
func TestReceipts(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, f factor.Stored) {
		send(t, w, f, "ses_1")
		w.Deliver(t)
		letters := w.Letters(t)
		id := notify.ReceiptID(w.Acme.ID, letters[len(letters)-1].ID)
		for _, c := range []struct {
			r    sms.Receipt
			want string
		}{
			{sms.Receipt{ID: "forged", State: sms.Failed}, "sent"},
			{sms.Receipt{ID: "acc_1-", State: sms.Failed}, "sent"},
			{sms.Receipt{ID: "-msg_1", State: sms.Failed}, "sent"},
			{sms.Receipt{ID: id + "x", State: sms.Failed}, "sent"},
			{sms.Receipt{ID: "acc_x' OR 1=1-" + letters[len(letters)-1].ID, State: sms.Failed}, "sent"},
			{sms.Receipt{ID: "forged", Reference: "ref-" + id, State: sms.Failed}, "sent"},
			{sms.Receipt{State: sms.Failed}, "sent"},
			{sms.Receipt{ID: id, State: "unheard"}, "sent"},
			{sms.Receipt{ID: id, State: sms.Sent}, "sent"},
			{sms.Receipt{Reference: "ref-" + id, State: sms.Delivered}, "delivered"},
			{sms.Receipt{ID: id, State: sms.Delivered}, "delivered"},
			{sms.Receipt{ID: id, State: sms.Sent}, "delivered"},
			{sms.Receipt{ID: id, State: sms.Failed}, "delivered"},
		} {
			if err := w.Notify.Receipt(t.Context(), c.r); err != nil {
				t.Fatal(err)
			}
			if s := last(t, w); s != c.want {
				t.Fatalf("after %+v: %s, want %s", c.r, s, c.want)
			}
		}
	})
}

// FuzzReceiptID: whatever a stranger calls a message, nothing fails and nothing moves.
func FuzzReceiptID(f *testing.F) {
	for _, s := range []string{"", "acc_1-msg_1", "\x00-\x00", "\xff-\xff", strings.Repeat("a", 99) + "-b", "a-b-c", "%-_"} {
		f.Add(s)
	}
	d, err := db.Open(context.Background(), dbtest.SQLite(f))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = d.Close() }) // a test's own database
	if err := d.Migrate(context.Background()); err != nil {
		f.Fatal(err)
	}
	s := &notify.Service{DB: d, Now: time.Now, Count: func(string, string, string) {}}
	f.Fuzz(func(t *testing.T, id string) {
		if err := s.Receipt(t.Context(), sms.Receipt{ID: id, State: sms.Delivered}); err != nil {
			t.Fatal(err)
		}
	})
}
