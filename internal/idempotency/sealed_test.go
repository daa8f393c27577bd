package idempotency_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/idempotency"
	"sallyport/internal/seal"
)

// TestRequestsAreSealed: without the key file, nothing in the database tells one request from another. A request may hold a password, and a hash of
// it would say of each guess whether it is right.
func TestRequestsAreSealed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		row := func(ring *seal.Ring, body string, answered bool) map[string]string {
			t.Helper()
			s := service(d, ring, w.Clock)
			c, _, err := s.Begin(t.Context(), call(t, "usr_1", "k", "POST", "/x", body), within, day)
			if err == nil && answered {
				err = s.Finish(t.Context(), c, idempotency.Answer{Status: 201})
			}
			if err != nil {
				t.Fatal(err)
			}
			columns := columns(t, d)
			if _, err := d.Exec(t.Context(), `DELETE FROM idempotent_calls`); err != nil {
				t.Fatal(err)
			}
			return columns
		}
		for _, answered := range []bool{false, true} {
			one, other, elsewhere := row(w.Ring, "secret", answered), row(w.Ring, "guess", answered), row(newRing(t), "secret", answered)
			if len(one) < 8 {
				t.Fatalf("columns %v", one)
			}
			for name, value := range one {
				if name != "answer" && value != other[name] {
					t.Errorf("%s tells one request from another: %q and %q", name, value, other[name])
				}
				if name == "answer" && value == elsewhere[name] {
					t.Errorf("%s is the same under another key", name)
				}
			}
			if seal.KeyID([]byte(one["answer"])) != w.Ring.Primary() {
				t.Error("answer is not sealed")
			}
		}
	})
}

// TestCallsOfTheVersionBefore: of a call that the version before has written nothing is known, so it is not carried out again. It is in the way of
// no rotation, and goes after its day.
func TestCallsOfTheVersionBefore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		s, ctx := service(d, w.Ring, w.Clock), t.Context()
		c := call(t, "usr_1", "k", "POST", "/x", "{}")
		if _, _, err := s.Begin(ctx, c, within, day); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Exec(ctx, `UPDATE idempotent_calls SET request = 'hash', status = 201, answer = $1`, []byte("sealed in another way")); err != nil {
			t.Fatal(err)
		}
		if _, before, err := s.Begin(ctx, c, within, day); !errors.Is(err, idempotency.ErrUnknown) || before != nil {
			t.Errorf("%v, %v", before, err)
		}
		if n, err := s.Reseal(ctx); n != 0 || err != nil {
			t.Errorf("sealed anew: %d, %v", n, err)
		}
		w.Clock.Advance(idempotency.KeepFor)
		if _, before, err := s.Begin(ctx, c, within, day); err != nil || before != nil {
			t.Errorf("a day later: %v, %v", before, err)
		}
		if _, _, err := s.Begin(ctx, c, within, day); !errors.Is(err, idempotency.ErrRunning) {
			t.Errorf("a day later, once more: %v", err)
		}
	})
}

// TestResealInPages: every call is sealed anew, however many there are.
func TestResealInPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		s, ctx := service(d, w.Ring, w.Clock), t.Context()
		const many = 450
		for i := range many {
			if _, _, err := s.Begin(ctx, call(t, fmt.Sprint("usr_", i%3), fmt.Sprint(i)), within, day); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Ring.Prepare(), w.Ring.Promote()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int{many, 0} {
			if n, err := s.Reseal(ctx); n != want || err != nil {
				t.Errorf("sealed anew: %d, %v, want %d", n, err, want)
			}
		}
	})
}

func newRing(t *testing.T) *seal.Ring {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys")
	if err := seal.NewKeyFile(file); err != nil {
		t.Fatal(err)
	}
	ring, err := seal.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// columns is the one row there is.
func columns(t *testing.T, d *db.DB) map[string]string {
	t.Helper()
	names := []string{"account_id", "caller", "call_id", "request", "status", "answer", "begun_at", "expires_at"}
	all := map[string]string{}
	for _, name := range names {
		var v any
		if err := d.Get(t.Context(), `SELECT `+name+` FROM idempotent_calls`, nil, &v); err != nil {
			t.Fatal(err)
		}
		if raw, is := v.([]byte); is {
			v = string(raw)
		}
		all[name] = fmt.Sprint(v)
	}
	return all
}
