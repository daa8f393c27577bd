package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"

	"sallyport/internal/app"
	"sallyport/internal/config"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
)

// The routes that the server of the measurements has beside the product's own.
const (
	barePath   = "/bench/bare"
	checkPath  = "/bench/check"
	publicPath = "/bench/public"
	hashPath   = "/bench/hash"
	statsPath  = "/bench/stats" // what the server's database has done so far
)

// serve is the other process: a whole server on the stage in dir, with those routes. It
// prints its address and answers until its standard input ends.
func serve(ctx context.Context, dir string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	cfg := config.Default()
	cfg.Listen = listener.Addr().String()
	cfg.PublicURL = config.LocalURL(cfg.Listen)
	cfg.Database = config.DSN(stageDSN(dir))
	cfg.KeyFile = stageKey(dir)
	cfg.DoorOrigins = httpx.Origins{program}
	cfg.APIRate = 100_000_000 // counted as ever, and never in the way
	log := httpx.NewLogger(os.Stderr, slog.LevelWarn, "text")
	a, err := app.Open(ctx, cfg, log, nil)
	if err != nil {
		return err
	}
	defer a.Close() //nolint:errcheck // what was acknowledged is stored
	pages, err := a.Handler()
	if err != nil {
		return err
	}
	check, err := guarded(a)
	if err != nil {
		return err
	}
	hash, err := a.Hasher.Hash(ctx, passphrase)
	if err != nil {
		return err
	}
	server := httpx.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case barePath:
			bare(w, r)
		case checkPath, publicPath:
			check.ServeHTTP(w, r)
		case hashPath: // the password hash and nothing else, in the process that also signs in
			if ok, _, err := a.Hasher.Verify(r.Context(), hash, passphrase); err != nil || !ok {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		case statsPath:
			_ = json.NewEncoder(w).Encode(a.DB.Stats()) // the parent says that it could not be read
		default:
			pages.ServeHTTP(w, r)
		}
	}), log)
	fmt.Println(cfg.Listen)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // ends when our parent does, however that ends
		_ = server.Close()
	}()
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}

// bare is what a session check cannot be cheaper than: read the cookie, answer.
func bare(w http.ResponseWriter, r *http.Request) {
	if c, err := r.Cookie(httpx.SessionCookie); err != nil || c.Value == "" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// guarded is a surface with one route for those who are signed in, and with all that a
// real one has: the doorway's checks and headers, the session service, the metrics.
func guarded(a *app.App) (*httpx.Mux, error) {
	type key struct{}
	guard := func(rt httpx.Route, _ http.ResponseWriter, r *http.Request) (*http.Request, error) {
		if rt.Level == httpx.Public {
			return r, nil
		}
		cookie, ok := httpx.ReadCookie(r, httpx.SessionCookie)
		if !ok {
			return nil, session.ErrNone
		}
		signed, err := a.Sessions.Check(r.Context(), cookie)
		if err != nil {
			return nil, err
		}
		return r.WithContext(context.WithValue(r.Context(), key{}, signed)), nil
	}
	return httpx.NewMux([]httpx.Route{{
		Pattern: "GET " + publicPath, Level: httpx.Public, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			w.WriteHeader(http.StatusNoContent)
			return nil
		},
	}, {
		Pattern: "GET " + checkPath, Level: httpx.AAL1, Fresh: httpx.AnyAge, Scope: httpx.Self,
		Handler: func(w http.ResponseWriter, r *http.Request) error {
			if who, _ := r.Context().Value(key{}).(*session.Signed); who == nil {
				return session.ErrNone
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		},
	}}, guard, httpx.Options{
		Surface: "bench", PublicURL: a.Config.PublicURL, Browser: true, Proxies: httpx.NewProxies(nil),
		Render: httpx.Problem, Log: a.Log, Observe: a.Metrics.Request, Now: a.Now,
	})
}
