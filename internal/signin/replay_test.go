package signin_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/signin"
)

const step = 30 * time.Second

// TestCodeWorksOnce is B01 and B02.
func TestCodeWorksOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		w.Clock.Advance(time.Hour)
		now, next := phone.Code(w.Clock.Now()), phone.Code(w.Clock.Now().Add(step))

		if err := try(t, w, w.Ada, next); err != nil {
			t.Fatalf("the code of the step to come: %v", err)
		}
		wantError(t, "T after T+1", try(t, w, w.Ada, now), factor.ErrUsedCode)
		wantError(t, "T+1 again", try(t, w, w.Ada, next), factor.ErrUsedCode)
		w.Clock.Advance(step)
		wantError(t, "T+1 again, in its own step", try(t, w, w.Ada, next), factor.ErrUsedCode)
		w.Clock.Advance(step)
		wantError(t, "T+1 again, in the step after", try(t, w, w.Ada, next), factor.ErrUsedCode)
		if err := try(t, w, w.Ada, phone.Code(w.Clock.Now())); err != nil {
			t.Errorf("a fresh code after the refusals: %v", err)
		}
	})
}

// TestEnrolmentBurnsItsCode: the code that confirmed a device does not sign in too.
func TestEnrolmentBurnsItsCode(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		wantError(t, "the code of the enrolment", try(t, w, w.Ada, phone.Code(w.Clock.Now().Add(-step))), factor.ErrUsedCode)
	})
}

// replicas runs fn with two worlds on one database: two processes on PostgreSQL, each with
// its own connections, and one process on SQLite.
func replicas(t *testing.T, fn func(t *testing.T, a, b *domaintest.World)) {
	t.Helper()
	t.Run(db.SQLite, func(t *testing.T) {
		d := dbtest.Open(t, dbtest.SQLite(t))
		w := domaintest.New(t, d)
		fn(t, w, w.Restart(t, d))
	})
	t.Run(db.Postgres, func(t *testing.T) {
		dsn := dbtest.Postgres(t)
		w := domaintest.New(t, dbtest.Open(t, dsn))
		fn(t, w, w.Restart(t, dbtest.Open(t, dsn)))
	})
}

// atOnce calls all functions at one moment and returns their errors.
func atOnce(fns ...func() error) []error {
	results := make([]error, len(fns))
	var ready, done sync.WaitGroup
	gate := make(chan struct{})
	for i, fn := range fns {
		ready.Add(1)
		done.Add(1)
		go func() {
			defer done.Done()
			ready.Done()
			<-gate
			results[i] = fn()
		}()
	}
	ready.Wait()
	close(gate)
	done.Wait()
	return results
}

// TestRacingDoubleSubmissions is B03: of two who submit one code at one moment, to two
// replicas, with a pending sign-in each or with the same one, exactly one enters.
func TestRacingDoubleSubmissions(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		phone, _ := a.Enrol(t, a.Ada)
		twice, none := 0, 0
		for i := range soak(300, 10_000) {
			a.Clock.Advance(step)
			code := phone.Code(a.Clock.Now())
			first := begin(t, a, a.Ada)
			second := first
			if i%4 != 0 {
				second = begin(t, b, b.Ada)
			}
			entered := 0
			for _, err := range atOnce(
				func() error { _, err := verify(a, first, code); return err },
				func() error { _, err := verify(b, second, code); return err },
			) {
				switch {
				case err == nil:
					entered++
				case errors.Is(err, factor.ErrUsedCode):
				case errors.Is(err, signin.ErrExpired) && first == second:
				default:
					t.Fatalf("pair %d: %v", i, err)
				}
			}
			switch {
			case entered > 1:
				twice++
			case entered == 0:
				none++
			}
		}
		if twice > 0 || none > 0 {
			t.Errorf("%d codes accepted twice, %d not at all", twice, none)
		}
	})
}

// TestManyAtOnceWithOneCode: fifty posts of one code, over both replicas.
func TestManyAtOnceWithOneCode(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		phone, codes := a.Enrol(t, a.Ada)
		for _, code := range []string{phone.Code(a.Clock.Now()), codes[3]} {
			var fns []func() error
			for i := range 50 {
				w := []*domaintest.World{a, b}[i%2]
				cookie := begin(t, w, w.Ada)
				fns = append(fns, func() error { _, err := verify(w, cookie, code); return err })
			}
			entered := 0
			for _, err := range atOnce(fns...) {
				if err == nil {
					entered++
				}
			}
			if entered != 1 {
				t.Errorf("%d of 50 entered with %s, want 1", entered, code)
			}
			a.Clock.Advance(time.Hour)
		}
	})
}

// TestOnePendingSignInOneSession: two different right codes for one pending sign-in, at one
// moment: one session, and the code of the other is still good.
func TestOnePendingSignInOneSession(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		phone, codes := a.Enrol(t, a.Ada)
		for _, backup := range codes[:8] {
			cookie := begin(t, a, a.Ada)
			shown := []string{phone.Code(a.Clock.Now()), backup}
			results := atOnce(
				func() error { _, err := verify(a, cookie, shown[0]); return err },
				func() error { _, err := verify(b, cookie, shown[1]); return err },
			)
			if (results[0] == nil) == (results[1] == nil) {
				t.Fatalf("two codes for one pending sign-in: %v", results)
			}
			for i, err := range results {
				if err == nil {
					continue
				}
				wantError(t, "the other", err, signin.ErrExpired)
				wantError(t, "the other's code in a new sign-in", try(t, a, a.Ada, shown[i]), nil)
			}
			a.Clock.Advance(step)
		}
	})
}
