package httpx

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/id"
)

// Options is what all routes of a surface share. Render, Log and PublicURL are
// required; so is a Guard when a route is not public.
type Options struct {
	Surface   string     // its name in the log: "web", "api", "ops"
	PublicURL *url.URL   // as configured; scheme and host are never taken from a request
	Also      []string   // origins of other sites that answer as well, in the form of PublicURL (passkeys' related origins)
	Related   []*url.URL // other addresses at which the same is served
	AnyHost   bool       // answer under any Host: only for health checks and metrics
	Proxies   Proxies
	CSP       string // Content-Security-Policy; empty means "default-src 'none'; frame-ancestors 'none'"
	Bare      bool   // for programs that ask again and again: answers without the headers of a page, see AsPage
	Browser   bool   // for browsers: changes only from this origin, bodies only as forms
	BodyType  string // media type bodies must have; empty means forms on Browser surfaces, else any
	Render    Renderer
	Log       *slog.Logger
	// Observe is told of each answer; pattern is "" when no route matched. May be nil.
	Observe func(pattern string, status int, took time.Duration)
	Now     func() time.Time // nil means time.Now
}

// Mux serves one surface.
type Mux struct {
	opt    Options
	guard  Guard
	routes []Route
	mux    *http.ServeMux
	hosts  hosts
	fixed  []header
	origin *http.CrossOriginProtection
}

// NewMux builds a surface. It returns an error, and the server must not start, when a
// route lacks a method, level, freshness, scope or handler, when two routes collide,
// or when a needed option is missing.
func NewMux(routes []Route, guard Guard, opt Options) (*Mux, error) {
	switch {
	case opt.Render == nil || opt.Log == nil:
		return nil, fmt.Errorf("%w: a surface needs a renderer and a log", errRoute)
	case opt.PublicURL == nil || opt.PublicURL.Host == "":
		return nil, fmt.Errorf("%w: a surface needs the public URL", errRoute)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.BodyType == "" && opt.Browser {
		opt.BodyType = formType
	}
	m := &Mux{
		opt: opt, guard: guard, routes: slices.Clone(routes), mux: http.NewServeMux(),
		hosts: newHosts(opt.PublicURL, opt.Related...), fixed: securityHeaders(opt.PublicURL, opt.CSP, opt.Bare),
	}
	for _, site := range opt.Also {
		u, err := url.Parse(site)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%w: %q is no site", errRoute, site)
		}
		maps.Copy(m.hosts, newHosts(u))
	}
	if opt.Browser {
		m.origin = http.NewCrossOriginProtection()
		if err := m.origin.AddTrustedOrigin(opt.PublicURL.Scheme + "://" + opt.PublicURL.Host); err != nil {
			return nil, fmt.Errorf("%w: public URL: %w", errRoute, err)
		}
	}
	for _, rt := range m.routes {
		if err := rt.check(); err != nil {
			return nil, err
		}
		if guard == nil && rt.Level != Public {
			return nil, fmt.Errorf("%w: %q asks for a sign-in, but there is no guard", errRoute, rt.Pattern)
		}
		if err := m.register(rt); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// register adds a route; ServeMux reports a bad or colliding pattern by panicking.
func (m *Mux) register(rt Route) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errRoute, p)
		}
	}()
	m.mux.HandleFunc(rt.Pattern, func(w http.ResponseWriter, r *http.Request) {
		// ServeHTTP below gave the mux a writer of ours, so this cannot fail.
		out := w.(*response)
		out.pattern, out.unheard = rt.Pattern, false
		out.err = m.pass(rt, out, r)
	})
	return nil
}

// Routes gives the table, for the test that walks every route at every lower level.
func (m *Mux) Routes() []Route { return slices.Clone(m.routes) }

// ServeHTTP answers one request: this is the adapter every handler runs in.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := m.opt.Now()
	info := Info{RequestID: id.New("req", start), Client: m.opt.Proxies.Client(r)}
	for _, h := range m.fixed {
		w.Header()[h.name] = h.value
	}
	out := &response{ResponseWriter: w, info: infoContext{r.Context(), info}, id: [1]string{info.RequestID}}
	w.Header()["X-Request-Id"] = out.id[:]
	r = r.WithContext(&out.info)
	m.run(out, r)
	if out.err == nil && out.status == 0 {
		out.WriteHeader(http.StatusOK) // as net/http does for a handler that wrote nothing
	}
	e := m.fail(out, r, info)
	took := m.opt.Now().Sub(start)
	m.log(r, info, out, e, took)
	if m.opt.Observe != nil {
		m.opt.Observe(out.pattern, out.status, took)
	}
	if e != nil && out.broken {
		panic(http.ErrAbortHandler) // half an answer must not look like a whole one
	}
}

// run finds the route and lets it answer; a panic becomes an internal error.
func (m *Mux) run(out *response, r *http.Request) {
	defer func() {
		out.unheard = false
		if p := recover(); p != nil {
			out.err = panicked(p)
		}
	}()
	if !m.opt.AnyHost && !m.hosts.allow(r.Host) {
		out.err = ErrWrongHost
		return
	}
	// ServeMux would redirect "//x" and "/a/../b" to their clean form. No link of ours
	// looks like that, so such a path is a mistake or a trick and gets no answer.
	if p := r.URL.Path; !strings.HasPrefix(p, "/") || path.Clean(p) != strings.TrimSuffix(p, "/") && p != "/" {
		out.err = ErrNoPage
		return
	}
	// What ServeMux says itself, because no route matches, does not go out; asking it for
	// the route beforehand would have it search twice for every request.
	out.unheard = true
	m.mux.ServeHTTP(out, r)
	if out.unheard {
		out.err = unmatched(out)
	}
}

// pass leads a matched request through the route's checks to its handler.
func (m *Mux) pass(rt Route, out *response, r *http.Request) error {
	limit, timeout := rt.Body, rt.Timeout
	if limit == 0 {
		limit = DefaultBody
	}
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	base := r.Context()
	if rt.Method() != http.MethodGet {
		// A client that hangs up must not call back what it sent: a wrong guess would go
		// uncharged while a right one is answered (D2). The time-out stays.
		base = context.WithoutCancel(base)
	}
	ctx := newDeadline(base, timeout)
	defer ctx.end()
	r = r.WithContext(ctx)
	if r.ContentLength > limit {
		return ErrTooLarge
	}
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = http.MaxBytesReader(out.ResponseWriter, r.Body, limit) // the bare writer, so that it can close the connection
	}
	if m.origin != nil {
		if err := m.origin.Check(r); err != nil {
			return ErrCrossOrigin.Because(err)
		}
	}
	want := m.opt.BodyType
	if rt.Form {
		want = formType
	}
	if rt.Upload && isUpload(r) {
		want = uploadType
	}
	if err := checkBodyType(r, want); err != nil {
		return err
	}
	if m.guard != nil {
		admitted, err := m.guard(rt, out, r)
		if err != nil {
			return err
		}
		if admitted == nil {
			if out.status == 0 {
				return errDidNotAnswer.Because(fmt.Errorf("the guard of %q neither admitted, refused nor answered", rt.Pattern))
			}
			return nil
		}
		r = admitted
	}
	return rt.Handler(out, r)
}

// unmatched tells "nothing here" from "not with that method" by ServeMux's own answer,
// which has also listed the methods that would do, in Allow.
func unmatched(out *response) *errs.Error {
	if out.said == http.StatusMethodNotAllowed {
		return ErrMethod
	}
	return ErrNoPage
}
