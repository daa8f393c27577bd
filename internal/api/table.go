package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sallyport/internal/apikey"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// Huma knows these switches for the whole program only.
func init() {
	huma.DefaultArrayNullable = false // an empty list is a list: no answer has null in its place
	// A member in other capitals is another member. Huma, as Go's decoder, would take "Role" for "role", and of the two look at one only.
	huma.ValidateStrictCasing = true
}

// call is one row of the table.
type call struct {
	id      string // operationId: unique, as a method of a client would be called
	route   string // "POST /v1/me/factors"
	level   httpx.Level
	fresh   httpx.Fresh
	scope   httpx.Scope
	key     apikey.Scope // the scope with which a key may make this call; empty: only a session may
	group   string       // heading in the document
	summary string
	tells   string // what a caller must know besides, in Markdown
	status  int    // of success; 0 means 200, or 204 where there is nothing to say
	body    int64  // most bytes; 0 means httpx.DefaultBody
	form    bool   // takes a form and tells errors as OAuth does: POST /v1/token
	creates bool   // takes an Idempotency-Key; what is answered with 201 does anyway
}

// table collects the calls, as routes and as their document. It plays the router to huma, which decodes and validates what the
// types of a call say, and writes it down.
type table struct {
	routes []httpx.Route
	keys   map[string]apikey.Scope // by pattern: with which scope a key may make the call
	calls  []call
	huma   huma.API
	latest http.HandlerFunc // that huma has just registered
	// instead takes what was decoded, in the place of the handlers: for the tests of all that comes before them. nil for a server.
	instead func(in any) error
}

// HandleFunc takes what huma registers.
func (t *table) HandleFunc(_ string, h func(http.ResponseWriter, *http.Request)) { t.latest = h }

// ServeHTTP is never called: the routes are served by an httpx.Mux.
func (t *table) ServeHTTP(http.ResponseWriter, *http.Request) { panic("api: huma serves nothing") }

func newTable(product, version string, public *url.URL) *table {
	t := &table{keys: map[string]apikey.Scope{}}
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    &huma.Info{Title: product + " API", Version: version},
			Servers: []*huma.Server{{URL: strings.TrimSuffix(public.String(), "/")}},
			Components: &huma.Components{
				Schemas:         huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: schemes(), Headers: headers(),
			},
		},
		Formats:                      huma.DefaultFormats,
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
	t.huma = humago.New(t, config)
	return t
}

// problem is how errors are told (RFC 9457 §3).
type problem struct {
	Title     string `json:"title" doc:"The status in words."`
	Status    int    `json:"status" doc:"The status of the answer."`
	Code      string `json:"code" doc:"What was wrong, for programs: it never changes its meaning."`
	Detail    string `json:"detail,omitempty" doc:"What was wrong and what to do next, for people."`
	Field     string `json:"field,omitempty" doc:"The member of the body, or the parameter, that it is about."`
	RequestID string `json:"request_id" doc:"What the server's log knows this call by."`
	How       []way  `json:"how,omitempty" doc:"Of second_factor_required to an API key: in which ways it is proved."`
}

// add puts a call into the table.
func add[I, O any](t *table, c call, h func(context.Context, *I) (*O, error)) {
	method, path, _ := strings.Cut(c.route, " ")
	c.creates = c.creates || c.status == http.StatusCreated && c.level >= httpx.AAL1
	op := huma.Operation{
		OperationID: c.id, Method: method, Path: path, Summary: c.summary, Description: c.tells, Tags: []string{c.group},
		DefaultStatus: c.status, BodyReadTimeout: -1,
	}
	huma.Register(t.huma, op, func(ctx context.Context, in *I) (*O, error) {
		var out *O
		var err error
		f := ctx.Value(failureKey{}).(*failure)
		if t.instead != nil {
			err = t.instead(in)
		} else if out, err = h(ctx, in); err == nil && c.creates && !f.done {
			err = errors.New("api: " + c.id + " does not say when it is carried out")
		}
		if err != nil {
			f.err = err
		}
		return out, err
	})
	t.keys[c.route] = c.key
	decoded := t.latest
	t.calls = append(t.calls, c)
	t.routes = append(t.routes, httpx.Route{
		Pattern: c.route, Level: c.level, Fresh: c.fresh, Scope: c.scope, Body: c.body,
		Handler: func(w http.ResponseWriter, r *http.Request) error { return answer(w, r, decoded) },
	})
}

// described completes what huma wrote down of the table; nothing is changed in it afterwards.
func (t *table) described() *huma.OpenAPI {
	doc := t.huma.OpenAPI()
	t.describePublished() // the last row
	for _, c := range t.calls {
		t.describe(c, t.operation(c))
	}
	doc.Tags = t.groups()
	for _, unused := range []string{"ErrorModel", "ErrorDetail"} { // huma's own, which no answer has
		delete(doc.Components.Schemas.Map(), unused)
	}
	return doc
}

type failureKey struct{}

// failure takes a handler's error past huma, so that it is told and logged like every other one.
type failure struct {
	err  error
	done bool // the call was carried out before it failed
}

// carriedOut notes that a call has made what it makes. Whatever fails from here on is no refusal: a repetition would make it twice. Each handler
// of a call that takes an Idempotency-Key says it as soon as it is so; one that forgot to never succeeds.
func carriedOut(ctx context.Context) { ctx.Value(failureKey{}).(*failure).done = true }

// lateError is what failed after a call was carried out.
type lateError struct{ error }

func (e lateError) Unwrap() error { return e.error }

// told is how err, with which the call failed, is passed on.
func (f *failure) told(err error) error {
	if f.done {
		return lateError{err}
	}
	return err
}

// answer lets huma decode the request, run the handler and encode what it returns. An error of either goes to httpx instead.
func answer(w http.ResponseWriter, r *http.Request, decoded http.HandlerFunc) error {
	if err := checkQuery(r); err != nil {
		return err
	}
	if r.Body != nil && r.Body != http.NoBody {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return errs.From(err)
		}
		if err := checkJSON(body); err != nil {
			return err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	failed, held := &failure{}, &answered{header: http.Header{}}
	decoded(held, r.WithContext(context.WithValue(r.Context(), failureKey{}, failed)))
	switch {
	case failed.err != nil:
		return failed.told(failed.err)
	case held.status >= http.StatusBadRequest:
		return failed.told(unread(held))
	}
	maps.Copy(w.Header(), held.header)
	w.WriteHeader(held.status)
	_, err := w.Write(held.body.Bytes())
	return err
}

// answered holds an answer back until it is known to be one.
type answered struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answered) Header() http.Header { return a.header }

func (a *answered) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answered) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}
