package app

import (
	"context"
	"io"
	"net/http"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// readyWithin is how long the database may take to answer before the server counts as not ready.
const readyWithin = 2 * time.Second

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

// Ready reports whether the server can do its work: the database answers and can be
// written to, and the key file is still the one the server started with.
func (a *App) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := a.DB.Ping(ctx); err != nil {
		return err
	}
	if err := a.Ring.Err(); err != nil {
		return errs.New(errs.Unavailable, "key_file_unusable", "The key file has changed and cannot be used. Put the right one in its place.").Because(err)
	}
	return nil
}
