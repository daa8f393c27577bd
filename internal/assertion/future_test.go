package assertion_test

import (
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sallyport/internal/assertion"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// kid is the id of the key that signs.
func kid(t *testing.T, s *assertion.Service) string {
	t.Helper()
	parsed, err := jwt.ParseSigned(sign(t, s), []jose.SignatureAlgorithm{jose.EdDSA})
	if err != nil {
		t.Fatal(err)
	}
	return parsed.Headers[0].KeyID
}

func sweep(t *testing.T, d *db.DB, at time.Time) (n int64) {
	t.Helper()
	n, err := assertion.Sweep(t.Context(), d, at, 10)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKeyOfAWrongClock: what is signed goes on being checkable whatever a server's clock said for a while, and keys change as ever (F15).
func TestKeyOfAWrongClock(t *testing.T) {
	for name, off := range map[string]func(time.Time) time.Time{
		"ten years ahead":  func(at time.Time) time.Time { return at.AddDate(10, 0, 0) },
		"ten years behind": func(at time.Time) time.Time { return at.AddDate(-10, 0, 0) },
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				s, wrong := service(w, d), service(w.Elsewhere(t, d, &domaintest.Clock{}), d)
				start := w.Clock.Now()
				wrong.Now = func() time.Time { return off(w.Clock.Now()) }
				first := kid(t, s)
				w.Clock.Advance(3 * assertion.PublishFor)
				known := keySet(t, s) // which a program fetched now, and goes by for an hour
				keySet(t, wrong)
				w.Clock.Advance(assertion.PublishFor - time.Second)
				if set := keySet(t, s); len(set.Keys) != 2 {
					t.Fatalf("%d keys, want one of the wrong clock’s too", len(set.Keys))
				}
				if err := check(sign(t, s), known, w.Clock.Now()); err != nil {
					t.Errorf("by a key set of an hour ago: %v", err)
				}
				if n := sweep(t, d, w.Clock.Now()); n != 1 {
					t.Errorf("%d swept, want the wrong clock’s", n)
				}
				w.Clock.Advance(2 * time.Minute) // past what a server remembers
				if set := keySet(t, s); len(set.Keys) != 1 || set.Keys[0].KeyID != first || kid(t, s) != first {
					t.Errorf("after the sweep: %+v", set)
				}
				keySet(t, wrong) // once more, and now there is a key of it as the keys change
				w.Clock.Set(start.Add(assertion.KeyFor))
				keySet(t, s)
				w.Clock.Advance(assertion.PublishFor)
				if kid(t, s) == first {
					t.Error("the first key signs still")
				}
				w.Clock.Advance(2*assertion.PublishFor + time.Minute)
				if n := sweep(t, d, w.Clock.Now()); n != 2 {
					t.Errorf("%d swept, want the first and the wrong clock’s", n)
				}
			})
		})
	}
}

// TestFirstKeyFromTheFuture: a server that was first started with its clock ten years ahead changes its key an hour after the clock is right.
// It signs with the old one till then, which programs know.
func TestFirstKeyFromTheFuture(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		s, start := service(w, d), w.Clock.Now()
		w.Clock.Set(start.AddDate(10, 0, 0))
		first := kid(t, s)
		w.Clock.Set(start)
		if set := keySet(t, s); len(set.Keys) != 2 || kid(t, s) != first {
			t.Errorf("with the clock right: %d keys, want two and the first to sign", len(set.Keys))
		}
		w.Clock.Advance(assertion.PublishFor)
		second := kid(t, s)
		if second == first || sweep(t, d, w.Clock.Now()) != 0 {
			t.Error("an hour later the first signs still, or is swept while an assertion of it may be on its way")
		}
		w.Clock.Advance(assertion.PublishFor + time.Minute)
		if n := sweep(t, d, w.Clock.Now()); n != 1 {
			t.Errorf("%d swept", n)
		}
		if set := keySet(t, s); len(set.Keys) != 1 || set.Keys[0].KeyID != second {
			t.Errorf("after the sweep: %+v", set)
		}
	})
}
