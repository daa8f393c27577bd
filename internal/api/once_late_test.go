package api

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/idempotency"
	"sallyport/internal/session"
)

// makes is the handler of a call that makes something, as a server has it.
func makes(t *testing.T, w *domaintest.World, h func(context.Context) error) func(key string) error {
	t.Helper()
	public, err := url.Parse("http://localhost")
	if err != nil {
		t.Fatal(err)
	}
	table := newTable("Sallyport", "x", public)
	add(table, call{
		id: "make", route: "POST /v1/things", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, status: http.StatusCreated, group: "Things", summary: "Make one",
	}, func(ctx context.Context, _ *struct{}) (*struct{}, error) { return &struct{}{}, h(ctx) })
	s := &Server{Once: &idempotency.Service{DB: w.DB, Ring: w.Ring, Now: w.Clock.Now}}
	once := s.once(httpx.AnyAge, table.routes[0].Handler)
	return func(key string) error {
		r := httptest.NewRequest(http.MethodPost, "/v1/things", strings.NewReader(""))
		r.Header.Set("Idempotency-Key", key)
		return once(httptest.NewRecorder(), r.WithContext(context.WithValue(r.Context(), callerKey{}, &caller{})))
	}
}

// TestWhatFailsLateIsNotRepeated: a call that was refused can be repeated; one that failed after it was carried out can't, whatever it failed with.
func TestWhatFailsLateIsNotRepeated(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		made, early, late := 0, error(nil), error(nil)
		send := makes(t, w, func(ctx context.Context) error {
			if early != nil {
				return early
			}
			made++
			carriedOut(ctx)
			return late
		})
		early = db.ErrNotFound
		for range 2 {
			if err := send("k"); !errors.Is(err, db.ErrNotFound) {
				t.Errorf("refused: %v", err)
			}
		}
		early, late = nil, session.ErrNone
		if err := send("k"); !errors.Is(err, session.ErrNone) || errs.From(err).Kind != errs.Unauthenticated || httpx.Status(err) != 401 {
			t.Errorf("failed late: %v", err)
		}
		late = nil
		if err := send("k"); !errors.Is(err, idempotency.ErrRunning) {
			t.Errorf("repeated at once: %v", err)
		}
		w.Clock.Advance(onceWithin)
		if err := send("k"); !errors.Is(err, idempotency.ErrUnknown) {
			t.Errorf("repeated: %v", err)
		}
		if made != 1 {
			t.Errorf("carried out %d times", made)
		}
		if err := send("other"); err != nil {
			t.Error(err)
		}
	})
}

// TestCreatingCallsSayWhenTheyAreDone: or what fails after them would count as a refusal.
func TestCreatingCallsSayWhenTheyAreDone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		send := makes(t, domaintest.New(t, d), func(context.Context) error { return nil })
		if err := send("k"); errs.From(err) == nil || errs.From(err).Kind != errs.Internal {
			t.Errorf("%v", err)
		}
	})
}
