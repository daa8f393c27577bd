package idempotency_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/idempotency"
)

// TestAnswersOfOneCaller: so many answers of a caller's are kept, the latest, and nothing of older ones that takes room. What was done is done once
// all the same, and a call that is under way keeps what it has.
func TestAnswersOfOneCaller(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		s, ctx := service(d, w.Ring, w.Clock), t.Context()
		begin := func(caller, key string) idempotency.Call {
			t.Helper()
			c, before, err := s.Begin(ctx, call(t, caller, key), within, day)
			if err != nil || before != nil {
				t.Fatalf("%s %s: %v, %v", caller, key, before, err)
			}
			w.Clock.Advance(time.Microsecond)
			return c
		}
		done := func(caller, key string) {
			t.Helper()
			if err := s.Finish(ctx, begin(caller, key), idempotency.Answer{Status: 201, Body: make([]byte, 5000)}); err != nil {
				t.Fatal(err)
			}
		}
		told := func(caller, key string, want error) {
			t.Helper()
			if _, before, err := s.Begin(ctx, call(t, caller, key), within, day); !errors.Is(err, want) || (before == nil) != (want != nil) {
				t.Errorf("%s %s: answered %v, %v, want %v", caller, key, before != nil, err, want)
			}
		}
		size := func() (answers, bytes int) {
			t.Helper()
			if err := d.Get(ctx, `SELECT count(*), sum(length(answer)) FROM idempotent_calls WHERE caller = 'usr_1' AND status > 0`, nil, &answers, &bytes); err != nil {
				t.Fatal(err)
			}
			return answers, bytes
		}
		many := func(name string, n int) {
			t.Helper()
			var stmts []db.Stmt
			for i := range n {
				stmts = append(stmts, db.Write(`
					INSERT INTO idempotent_calls (account_id, caller, call_id, request, status, answer, begun_at, expires_at)
					SELECT account_id, caller, $1, request, status, answer, $2, expires_at FROM idempotent_calls WHERE account_id = 'acc_1' AND caller = 'usr_1' AND status > 0 ORDER BY begun_at DESC LIMIT 1`,
					name+time.Duration(i).String(), db.At(w.Clock.Now())))
				w.Clock.Advance(time.Microsecond)
			}
			if err := d.Run(ctx, stmts...); err != nil {
				t.Fatal(err)
			}
		}

		done("usr_2", "another's")
		underWay := begin("usr_1", "under-way")
		done("usr_1", "first")
		done("usr_1", "second")
		many("more", idempotency.KeepAnswers-2)
		begin("usr_1", "x")
		told("usr_1", "first", nil) // that many are kept
		done("usr_1", "third")
		told("usr_1", "first", nil) // it goes when the next call begins
		begin("usr_1", "y")
		told("usr_1", "first", idempotency.ErrUnknown)
		told("usr_1", "second", nil)
		told("usr_1", "third", nil)
		told("usr_2", "another's", nil)
		told("usr_1", "under-way", idempotency.ErrRunning)
		if answers, _ := size(); answers != idempotency.KeepAnswers {
			t.Errorf("%d answers", answers)
		}
		if err := s.Finish(ctx, underWay, idempotency.Answer{Status: 201}); err != nil {
			t.Fatal(err)
		}
		told("usr_1", "under-way", nil)

		many("flood", 50)
		for range 7 { // each call takes some of what is too much
			begin("usr_1", time.Duration(w.Clock.Now().UnixNano()).String())
		}
		if answers, bytes := size(); answers != idempotency.KeepAnswers || bytes > idempotency.KeepAnswers*10_000 {
			t.Errorf("%d answers of %d bytes", answers, bytes)
		}
		told("usr_1", "second", idempotency.ErrUnknown)
		told("usr_2", "another's", nil)

		if err := errors.Join(w.Ring.Prepare(), w.Ring.Promote()); err != nil { // dropped answers are in nobody's way
			t.Fatal(err)
		}
		if _, err := d.Exec(ctx, `DELETE FROM idempotent_calls WHERE call_id LIKE 'more%' OR call_id LIKE 'flood%'`); err != nil { // copies, which open nowhere
			t.Fatal(err)
		}
		if n, err := s.Reseal(ctx); err != nil || n == 0 {
			t.Errorf("sealed anew: %d, %v", n, err)
		}
		told("usr_1", "first", idempotency.ErrUnknown)
		w.Clock.Advance(idempotency.KeepFor)
		begin("usr_1", "first")
	})
}

// TestAnswersThatAreToldForMinutes: an answer is told for as long as whoever asks may be told it, by whichever server's clock; afterwards the call is
// still not carried out again.
func TestAnswersThatAreToldForMinutes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		s, ctx := service(d, w.Ring, w.Clock), t.Context()
		const minutes = 15 * time.Minute
		c := call(t, "usr_1", "k")
		mine, _, err := s.Begin(ctx, c, within, minutes)
		if err == nil {
			err = s.Finish(ctx, mine, idempotency.Answer{Status: 201})
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []struct {
			after, told time.Duration
			want        error
		}{
			{0, minutes, nil},
			{minutes, minutes, nil},
			{minutes + time.Microsecond, minutes, idempotency.ErrUnknown},
			{minutes + time.Microsecond, day, nil},
			{-db.Skew, minutes, nil}, // a server whose clock is behind
			{-db.Skew - time.Microsecond, minutes, idempotency.ErrUnknown},
		} {
			w.Clock.Advance(at.after)
			if _, before, err := s.Begin(ctx, c, within, at.told); !errors.Is(err, at.want) || (before == nil) != (at.want != nil) {
				t.Errorf("told for %s, after %s: answered %v, %v, want %v", at.told, at.after, before != nil, err, at.want)
			}
			w.Clock.Advance(-at.after)
		}
		w.Clock.Advance(minutes + time.Microsecond)
		if _, _, err := s.Begin(ctx, call(t, "usr_1", "k", "another"), within, minutes); !errors.Is(err, idempotency.ErrMismatch) {
			t.Errorf("another request: %v", err)
		}
	})
}
