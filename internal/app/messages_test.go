package app_test

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/mail"
	"sallyport/internal/outbox"
	"sallyport/internal/reauth"
	"sallyport/internal/sms"
)

// soon bounds what these tests wait for; reached only when they fail.
const soon = 30 * time.Second

// outside is a mail server and a gateway: it calls take for each message, and has taken it when that returns nil.
type outside struct {
	take func(ctx context.Context, id, text string) error
}

func (o outside) SMS() sms.Sender   { return outsideSMS(o) }
func (o outside) Mail() mail.Sender { return outsideMail(o) }

type outsideSMS outside

func (o outsideSMS) Send(ctx context.Context, m sms.Message) (sms.Accepted, error) {
	return sms.Accepted{Reference: "ref-" + m.ID}, o.take(ctx, m.ID, m.Text)
}

type outsideMail outside

func (o outsideMail) Send(ctx context.Context, m mail.Message) error {
	return o.take(ctx, m.ID, m.Text)
}

// eachWorld runs fn as a subtest per engine.
func eachWorld(t *testing.T, fn func(t *testing.T, w *domaintest.World, dsn string)) {
	for engine, address := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			dsn := address(t)
			fn(t, domaintest.New(t, dbtest.Open(t, dsn)), dsn)
		})
	}
}

// replica opens a server on the world's database, whose messages go to o. It does not serve yet.
func replica(t *testing.T, w *domaintest.World, dsn string, o outside) *app.App {
	t.Helper()
	cfg := config.Default()
	cfg.Database, cfg.KeyFile = config.DSN(dsn), w.KeyFile
	a, err := app.Open(t.Context(), cfg, slog.New(slog.DiscardHandler), w.Clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() }) // twice where the test closes it
	a.Channels.Mail, a.Channels.SMS = o.Mail(), o.SMS()
	return a
}

// serve lets a server serve until stop, which returns when it has ended.
func serve(t *testing.T, a *app.App) (stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, listener) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}

// sendCode queues the text with a code for Ada's number and returns the message's id and the code's request.
func sendCode(t *testing.T, w *domaintest.World) (messageID string) {
	t.Helper()
	ctx, now := t.Context(), w.Clock.Now()
	proof, _ := reauth.Recent(w.Ada, now, now)
	const number = "+436641234567"
	f, err := w.Factors.Begin(ctx, proof, w.Ada, factor.New{Kind: factor.SMS, Name: "My number", Secret: []byte(number), Address: number, Hint: "+43 … 67"}, 5)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := w.Factors.Stored(ctx, w.Acme.ID, w.Ada.ID, f.ID)
	if err == nil {
		err = w.Codes.Send(ctx, stored, f.ID, 0, domaintest.By)
	}
	if err != nil {
		t.Fatal(err)
	}
	sent, err := factor.Sent(ctx, w.DB, w.Acme.ID, w.Ada.ID, f.ID)
	if err != nil {
		t.Fatal(err)
	}
	return sent.ID
}

func stateOf(t *testing.T, w *domaintest.World, messageID string) outbox.State {
	t.Helper()
	s, _, err := outbox.StateOf(t.Context(), w.DB, w.Acme.ID, w.Ada.ID, messageID)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// await fails the test unless c yields in time.
func await[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(soon):
		t.Fatal(what + " did not happen")
	}
	return v
}

// TestTwoServersSendEachMessageOnce: the row is the queue, and a leased one is one server's.
func TestTwoServersSendEachMessageOnce(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *domaintest.World, dsn string) {
		const messages = 500
		for range messages {
			if err := w.DB.Run(t.Context(), outbox.Notice(w.Clock.Now(), w.Acme.ID, w.Ada.ID, outbox.PasswordChanged, nil, domaintest.By)); err != nil {
				t.Fatal(err)
			}
		}
		var mu sync.Mutex
		times, by, all := map[string]int{}, [2]int{}, make(chan struct{})
		both := make(chan struct{}) // closed when each server has begun: until then neither goes on, or one might do it all
		var stops []func()
		for i := range by {
			stops = append(stops, serve(t, replica(t, w, dsn, outside{func(_ context.Context, id, _ string) error {
				mu.Lock()
				if by[i]++; by[i] == 1 && by[1-i] > 0 {
					close(both)
				}
				mu.Unlock()
				await(t, "the other server's first message", both)
				mu.Lock()
				defer mu.Unlock()
				if times[id]++; len(times) == messages && times[id] == 1 {
					close(all)
				}
				return nil
			}})))
		}
		await(t, "the last message", all)
		for _, stop := range stops {
			stop()
		}
		mu.Lock()
		defer mu.Unlock()
		for id, n := range times {
			if n != 1 {
				t.Errorf("%s was sent %d times", id, n)
			}
		}
		if waiting, _, err := outbox.Depth(t.Context(), w.DB); err != nil || waiting != 0 {
			t.Errorf("%d messages wait, %v", waiting, err)
		}
	})
}

// TestDeadServersMessageIsSentAgain: a server that dies between the gateway's yes and its own note of it loses
// nothing; the same text goes out once more, with the same id and the same code (F13).
func TestDeadServersMessageIsSentAgain(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *domaintest.World, dsn string) {
		id := sendCode(t, w)
		type text struct{ id, text string }
		taken, again, dead := make(chan text, 1), make(chan text, 9), make(chan struct{})
		first := replica(t, w, dsn, outside{func(_ context.Context, id, words string) error {
			taken <- text{id, words}
			<-dead // as far as anybody else can see
			return nil
		}})
		second := replica(t, w, dsn, outside{func(_ context.Context, id, words string) error {
			again <- text{id, words}
			return nil
		}})
		gone := make(chan struct{})
		go func() { defer close(gone); _, _ = first.Notify.Deliver(context.Background()) }()
		before := await(t, "the first send", taken)
		if n, err := second.Notify.Deliver(t.Context()); err != nil || n != 0 {
			t.Fatalf("the second server took a leased message: %d, %v", n, err)
		}
		w.Clock.Advance(outbox.LeaseFor)
		if n, err := second.Notify.Deliver(t.Context()); err != nil || n != 1 {
			t.Fatalf("the second server took %d messages, %v", n, err)
		}
		if after := await(t, "the second send", again); after != before || after.text == "" {
			t.Errorf("sent %q, then %q", before, after)
		}
		close(dead) // the first wakes, and has nothing to say any more
		await(t, "the first server's end", gone)
		if s := stateOf(t, w, id); s != outbox.Sent {
			t.Errorf("the message is %s", s)
		}
		w.Clock.Advance(outbox.LeaseFor)
		if n, err := second.Notify.Deliver(t.Context()); err != nil || n != 0 {
			t.Errorf("it is sent a third time: %d, %v", n, err)
		}
	})
}

// TestStopLetsAMessageBeSent: SIGTERM finds a message on its way to the gateway, and waits for it.
func TestStopLetsAMessageBeSent(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *domaintest.World, dsn string) {
		id := sendCode(t, w)
		begun, proceed := make(chan struct{}), make(chan struct{})
		a := replica(t, w, dsn, outside{func(ctx context.Context, _, _ string) error {
			close(begun)
			select {
			case <-proceed:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}})
		stop := serve(t, a)
		await(t, "the send", begun)
		stopped := make(chan struct{})
		go func() { defer close(stopped); stop() }()
		select {
		case <-stopped:
			t.Fatal("the server ended while a message was on its way")
		case <-time.After(300 * time.Millisecond):
		}
		close(proceed)
		await(t, "the server's end", stopped)
		if s := stateOf(t, w, id); s != outbox.Sent {
			t.Errorf("the message is %s", s)
		}
	})
}

// TestStopDoesNotWaitForEver: a message that is not sent within shutdown_timeout is due again, and not lost.
func TestStopDoesNotWaitForEver(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *domaintest.World, dsn string) {
		id := sendCode(t, w)
		begun := make(chan struct{})
		a := replica(t, w, dsn, outside{func(ctx context.Context, _, _ string) error {
			close(begun)
			<-ctx.Done()
			return sms.ErrUnreachable
		}})
		a.Config.ShutdownTimeout = 200 * time.Millisecond
		stop := serve(t, a)
		await(t, "the send", begun)
		stopped := make(chan struct{})
		go func() { defer close(stopped); stop() }()
		await(t, "the server's end", stopped)
		if s := stateOf(t, w, id); s != outbox.Queued {
			t.Errorf("the message is %s", s)
		}
		sent := make(chan string, 1)
		other := replica(t, w, dsn, outside{func(_ context.Context, id, _ string) error { sent <- id; return nil }})
		w.Clock.Advance(outbox.Delay(1))
		if n, err := other.Notify.Deliver(t.Context()); err != nil || n != 1 || stateOf(t, w, id) != outbox.Sent {
			t.Errorf("the next server sent %d messages, %v", n, err)
		}
	})
}
