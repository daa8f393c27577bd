package idempotency_test

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/idempotency"
	"sallyport/internal/seal"
)

// how long a call may take, and its answer is told
const (
	within = 30 * time.Second
	day    = idempotency.KeepFor
)

func service(d *db.DB, ring *seal.Ring, clock *domaintest.Clock) *idempotency.Service {
	return &idempotency.Service{DB: d, Ring: ring, Now: clock.Now}
}

func call(t *testing.T, caller, key string, request ...string) idempotency.Call {
	t.Helper()
	c, err := idempotency.New("acc_1", caller, key, request...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOnce walks all that can come of a repeated call.
func TestOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		s, ctx := service(d, w.Ring, w.Clock), t.Context()
		begins := func(c idempotency.Call) idempotency.Call {
			t.Helper()
			c, before, err := s.Begin(ctx, c, within, day)
			if err != nil || before != nil {
				t.Fatalf("not begun: %v, %v", before, err)
			}
			return c
		}
		fails := func(what string, c idempotency.Call, want *errs.Error) {
			t.Helper()
			if _, before, err := s.Begin(ctx, c, within, day); !errors.Is(err, want) || before != nil {
				t.Errorf("%s: %v, %v, want %s", what, before, err, want.Code)
			}
		}
		c := call(t, "usr_1", "k", "POST", "/x", "{}")
		mine := begins(c)
		fails("while it runs", c, idempotency.ErrRunning)
		fails("another request", call(t, "usr_1", "k", "POST", "/x", "{ }"), idempotency.ErrMismatch)
		fails("the same text, divided elsewhere", call(t, "usr_1", "k", "POST/", "x", "{}"), idempotency.ErrMismatch)
		begins(call(t, "usr_2", "k", "POST", "/x", "{}")) // another caller's key is another key
		begins(call(t, "usr_1", "K", "POST", "/x", "{}"))

		if err := s.Finish(ctx, mine, idempotency.Answer{Status: 201, Header: map[string][]string{"Location": {"/y"}}, Body: []byte("shown once")}); err != nil {
			t.Fatal(err)
		}
		_, before, err := s.Begin(ctx, c, within, day)
		if err != nil || before == nil || before.Status != 201 || string(before.Body) != "shown once" || before.Header["Location"][0] != "/y" {
			t.Fatalf("%+v, %v", before, err)
		}
		for _, row := range texts(t, d) {
			if strings.Contains(row, "shown") {
				t.Error("the answer is not sealed")
			}
		}
		fails("another request after the answer", call(t, "usr_1", "k", "POST", "/z", "{}"), idempotency.ErrMismatch)

		if err := s.Free(ctx, mine); err != nil { // too late: it was answered
			t.Fatal(err)
		}
		if _, before, err = s.Begin(ctx, c, within, day); err != nil || before == nil {
			t.Fatalf("an answered call was forgotten: %v", err)
		}

		refused := begins(call(t, "usr_1", "refused", "a"))
		if err := s.Free(ctx, refused); err != nil {
			t.Fatal(err)
		}
		begins(call(t, "usr_1", "refused", "b")) // the key is free, for whatever request

		w.Clock.Advance(within - time.Microsecond)
		fails("just before it must be over", call(t, "usr_2", "k", "POST", "/x", "{}"), idempotency.ErrRunning)
		w.Clock.Advance(time.Microsecond)
		fails("broken off", call(t, "usr_2", "k", "POST", "/x", "{}"), idempotency.ErrUnknown)
		fails("broken off, another request", call(t, "usr_2", "k", "POST", "/z", "{}"), idempotency.ErrMismatch)

		if n, err := s.Reseal(ctx); n != 0 || err != nil {
			t.Errorf("sealed anew: %d, %v", n, err)
		}
		if err := errors.Join(w.Ring.Prepare(), w.Ring.Promote()); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Reseal(ctx); n != 4 || err != nil { // one is answered, three are not
			t.Errorf("sealed anew: %d, %v", n, err)
		}
		if err := w.Ring.Retire(); err != nil {
			t.Fatal(err)
		}
		if _, before, err = s.Begin(ctx, c, within, day); err != nil || string(before.Body) != "shown once" {
			t.Errorf("with a new key: %v", err)
		}
		fails("broken off, with a new key", call(t, "usr_2", "k", "POST", "/x", "{}"), idempotency.ErrUnknown)
		fails("another request, with a new key", call(t, "usr_2", "k", "POST", "/z", "{}"), idempotency.ErrMismatch)

		w.Clock.Advance(idempotency.KeepFor - within)
		begins(c) // a day later it is a new call, swept or not
		if err := s.Finish(ctx, mine, idempotency.Answer{Status: 201}); err != nil {
			t.Fatal(err)
		}
		fails("what a day ago was begun does not answer it", c, idempotency.ErrRunning)
		w.Clock.Advance(idempotency.KeepFor)
		if n, err := idempotency.Sweep(ctx, d, w.Clock.Now(), 100); err != nil || n != 4 || len(texts(t, d)) != 0 {
			t.Errorf("swept %d, %v; left %v", n, err, texts(t, d))
		}
	})
}

// texts are the rows there are.
func texts(t *testing.T, d *db.DB) (all []string) {
	t.Helper()
	err := d.Each(t.Context(), `SELECT caller, answer FROM idempotent_calls`, nil, func(scan func(...any) error) error {
		var caller string
		var answer []byte
		err := scan(&caller, &answer)
		all = append(all, caller+string(answer))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestKeys: what a key may be.
func TestKeys(t *testing.T) {
	for key, ok := range map[string]bool{
		"": false, "x": true, strings.Repeat("k", 255): true, strings.Repeat("k", 256): false, "a b": false, " a": false, "a\t": false, "a\x00": false, "a\x7f": false, "ä": false,
		`!"#$%&'()*+,-./09:;<=>?@AZ[\]^_az{|}~`: true,
	} {
		if _, err := idempotency.New("acc", "usr", key); (err == nil) != ok || err != nil && !errors.Is(err, idempotency.ErrKey) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

// TestRace: of equal calls at once over two servers one is carried out, and every other one is given its answer or told to wait.
func TestRace(t *testing.T) {
	rounds := 60
	if os.Getenv("SALLYPORT_SOAK") != "" {
		rounds = 10_000
	}
	for engine, address := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		t.Run(engine, func(t *testing.T) {
			dsn := address(t)
			w := domaintest.New(t, dbtest.Open(t, dsn))
			servers := []*idempotency.Service{service(w.DB, w.Ring, w.Clock), service(w.DB, w.Ring, w.Clock)}
			if engine == "postgres" {
				servers[1].DB = dbtest.Open(t, dsn)
			}
			for round := range rounds {
				c := call(t, "usr_1", "round-"+strconv.Itoa(round), "POST")
				var done atomic.Int32
				var all sync.WaitGroup
				for i := range 6 {
					all.Go(func() {
						s := servers[i%2]
						mine, before, err := s.Begin(t.Context(), c, within, day)
						switch {
						case errors.Is(err, idempotency.ErrRunning):
						case err != nil:
							t.Error(err)
						case before != nil && string(before.Body) != answerOf(round):
							t.Errorf("answered %q", before.Body)
						case before == nil:
							done.Add(1)
							if err := s.Finish(t.Context(), mine, idempotency.Answer{Status: 201, Body: []byte(answerOf(round))}); err != nil {
								t.Error(err)
							}
						}
					})
				}
				all.Wait()
				if done.Load() != 1 {
					t.Fatalf("carried out %d times", done.Load())
				}
			}
		})
	}
}

func answerOf(round int) string { return "answer " + strconv.Itoa(round) }
