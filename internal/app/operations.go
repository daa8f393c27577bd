package app

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/throttle"
)

// readyWithin is how long the database may take to answer before the server counts as not ready.
const readyWithin = 2 * time.Second

// readyFor is how long an answer to that question is repeated.
const readyFor = time.Second

// operations is the surface for whoever runs the server: is it alive, can it serve, what does it do.
func (a *App) operations(proxies httpx.Proxies) (*httpx.Mux, error) {
	metrics := a.Metrics.Handler()
	return httpx.NewMux([]httpx.Route{
		{Pattern: "GET /healthz", Level: httpx.Public, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			return say(w, "ok\n")
		}},
		{Pattern: "GET /readyz", Level: httpx.Public, Handler: func(w http.ResponseWriter, r *http.Request) error {
			if err := a.Ready(r.Context()); err != nil {
				return err
			}
			return say(w, "ready\n")
		}},
		{Pattern: "GET /metrics", Level: httpx.Public, Handler: func(w http.ResponseWriter, r *http.Request) error {
			if !a.mayReadMetrics(r) {
				return errs.New(errs.Forbidden, "metrics_forbidden", "Metrics are for the networks in the setting metrics_networks.")
			}
			metrics.ServeHTTP(w, r)
			return nil
		}},
	}, nil, httpx.Options{
		Surface: "ops", PublicURL: a.Config.PublicURL, AnyHost: true, Proxies: proxies,
		Render: httpx.Problem, Log: a.Log, Now: a.Now,
	})
}

func say(w http.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := io.WriteString(w, text)
	return err
}

// Ready reports whether the server can do its work: the database answers and takes
// writes, and the key file is still the one the server started with. An answer is good
// for a second, so that asking often, as anybody may, costs no more than asking once.
func (a *App) Ready(ctx context.Context) error {
	a.readiness.Lock()
	defer a.readiness.Unlock()
	if time.Since(a.readiness.at) < readyFor {
		return a.readiness.err
	}
	// Somebody who asks and leaves must not make the server look broken to the next.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyWithin)
	defer cancel()
	a.readiness.err = a.ready(ctx)
	a.readiness.at = time.Now()
	return a.readiness.err
}

func (a *App) ready(ctx context.Context) error {
	if err := a.DB.Ping(ctx); err != nil {
		return err
	}
	// A full disk still reads. This counter is charged by nobody and only ever written to.
	if err := a.DB.Run(ctx, throttle.Pass(a.Now(), throttle.Key{Subject: "readiness"})); err != nil {
		return err
	}
	if err := a.Ring.Err(); err != nil {
		return errs.New(errs.Unavailable, "key_file_unusable", "The key file has changed and cannot be used. Put the right one in its place.").Because(err)
	}
	return nil
}

// readiness is the latest answer of Ready.
type readiness struct {
	sync.Mutex
	at  time.Time
	err error
}
