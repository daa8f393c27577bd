package httpx

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"runtime/debug"
	"time"

	"sallyport/internal/errs"
)

// response is the writer handlers get. It remembers what was answered.
type response struct {
	http.ResponseWriter
	pattern string // of the route that matched
	status  int    // 0 until the header is written
	err     error  // what guard or handler returned
	broken  bool   // failed after the first byte
	unheard bool   // ServeMux has not found a route yet: what it answers itself is dropped
	said    int    // the status of that

	// With the request instead of allocated one by one.
	info infoContext
	id   [1]string // the value of X-Request-Id
}

func (w *response) WriteHeader(status int) {
	if w.unheard {
		w.said = status
		return
	}
	if w.status == 0 && status >= 200 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.unheard {
		return len(b), nil
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// fail renders what went wrong, if anything, and returns it.
func (m *Mux) fail(out *response, r *http.Request, info Info) *errs.Error {
	if out.err == nil {
		return nil
	}
	e := classify(out.err)
	if out.status != 0 {
		out.broken = true
		return e
	}
	h := out.Header()
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "Etag", "Last-Modified", "Content-Disposition", "Location"} {
		h.Del(name) // these described the answer that did not come
	}
	h.Set("Cache-Control", "no-store")
	SetRetryAfter(h, e)
	f := Failure{Status: Status(e), Err: e, RequestID: info.RequestID}
	if f.Status == http.StatusInternalServerError {
		f.Err = errDidNotAnswer // whatever the error carried, nothing of it goes out
	}
	m.render(out, r, f)
	return e
}

// render calls the surface's renderer; if that fails too, three words remain.
func (m *Mux) render(out *response, r *http.Request, f Failure) {
	defer func() {
		if p := recover(); p != nil {
			out.err = fmt.Errorf("%w; then rendering it: %w", out.err, panicked(p))
			out.broken = out.status != 0
		}
		if out.status == 0 {
			out.Header().Set("Content-Type", "text/plain; charset=utf-8")
			out.WriteHeader(f.Status)
			fmt.Fprintln(out, http.StatusText(f.Status))
		}
	}()
	m.opt.Render(out, r, f)
}

// panicError is a handler's panic. Only the runtime's own words are kept: other values
// may hold anything.
type panicError struct {
	what  string
	stack string
}

func (p *panicError) Error() string { return "panic: " + p.what }

func panicked(p any) error {
	what := fmt.Sprintf("value of type %T", p)
	if err, ok := p.(runtime.Error); ok {
		what = err.Error()
	}
	return &panicError{what: what, stack: string(debug.Stack())}
}

// log writes one line a request: faults of ours as errors, refusals as information,
// everything else only when debugging, because a proxy in front counts those already.
func (m *Mux) log(r *http.Request, info Info, out *response, e *errs.Error, took time.Duration) {
	level := slog.LevelDebug
	switch {
	case e != nil && e.Kind == errs.Unavailable: // the load's doing or the database's, and strangers can cause it at will
		level = slog.LevelWarn
	case out.status >= 500 || out.broken:
		level = slog.LevelError
	case out.status >= 400:
		level = slog.LevelInfo
	}
	if e != nil && e.Code == errClientLeft.Code {
		level = slog.LevelDebug
	}
	if !m.opt.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request_id", info.RequestID), slog.String("surface", m.opt.Surface),
		slog.String("method", r.Method), slog.String("route", out.pattern), slog.Int("status", out.status),
		slog.Duration("duration", took), slog.String("client", info.Client.String()),
	}
	if e != nil {
		attrs = append(attrs, slog.String("error_code", e.Code), slog.String("error", out.err.Error()))
	}
	if p, ok := out.err.(*panicError); ok {
		attrs = append(attrs, slog.String("stack", p.stack))
	}
	m.opt.Log.LogAttrs(context.WithoutCancel(r.Context()), level, "request", attrs...)
}
