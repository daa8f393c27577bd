package apptest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"

	"sallyport/internal/httpx"
)

// Document is the document of a server's REST interface, as somebody else's program reads it: what a caller is promised.
type Document struct {
	*openapi3.T
	router routers.Router
}

// documents are those read so far: most servers of a test run publish the same, but for their address.
var documents sync.Map // [sha256.Size]byte → *Document

// Document reads the server's document, and fails the test if it is none.
func (s *Server) Document(tb testing.TB) *Document {
	tb.Helper()
	d, err := s.document()
	if err != nil {
		tb.Fatalf("the document of the REST interface: %v", err)
	}
	return d
}

// heldTo are the documents that calls are held to, by what they depend on: the product's name. A server writes its own when it
// is asked for it, which costs more than most tests' calls together.
var heldTo sync.Map // string → func() (*Document, error)

// promise is what a caller of this server is promised: its document, or that of another server of the same product in this process.
func (s *Server) promise(tb testing.TB) *Document {
	tb.Helper()
	read, _ := heldTo.LoadOrStore(s.App.Config.Brand.Name, s.document)
	d, err := read.(func() (*Document, error))()
	if err != nil {
		heldTo.Delete(s.App.Config.Brand.Name) // the next server may do better
		tb.Fatalf("the document of the REST interface: %v", err)
	}
	return d
}

// readDocument asks the server at base for its document.
func readDocument(base string) (*Document, error) {
	res, err := http.Get(base + "/v1/openapi.json")
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(bytes.ReplaceAll(raw, []byte(base[strings.LastIndex(base, ":"):]), nil)) // without the port
	if known, ok := documents.Load(sum); ok {
		return known.(*Document), nil
	}
	var members map[string]any
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	delete(members, "servers") // paths alone are looked up
	if raw, err = json.Marshal(members); err != nil {
		return nil, err
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, err
	}
	router, err := legacy.NewRouter(doc) // which validates it
	if err != nil {
		return nil, err
	}
	d := &Document{doc, router}
	documents.Store(sum, d)
	return d, nil
}

// Promise is one answer that a document says a call can have.
type Promise struct {
	Call   string // operationId
	Status string
	Code   string // empty for a success
}

func promised(call string, a Answer) Promise {
	p := Promise{Call: call, Status: strconv.Itoa(a.Status)}
	if a.Status >= http.StatusBadRequest {
		p.Code = a.Code()
	}
	return p
}

var kept sync.Map // Promise → true, of all tests of this process

// Unkept lists the answers that the documents of this process promise and that no test was given. What is the server's fault is no promise.
func Unkept() (all []Promise) {
	documents.Range(func(_, d any) bool {
		for _, item := range d.(*Document).Paths.Map() {
			for _, op := range item.Operations() {
				for status, r := range op.Responses.Map() {
					promised := codes(r.Value)
					switch {
					case status == "5XX":
						continue
					case status < "400":
						promised = []string{""}
					}
					for _, code := range promised {
						p := Promise{op.OperationID, status, code}
						if _, was := kept.Load(p); !was && !slices.Contains(all, p) {
							all = append(all, p)
						}
					}
				}
			}
		}
		return true
	})
	slices.SortFunc(all, func(a, b Promise) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	return all
}

// check holds a call and its answer to the document: what the server took must have been allowed, and what it said promised.
func (d *Document) check(r *http.Request, body []byte, a Answer) error {
	// The schemas are small and read only, and the reader wants a request of its own.
	r = r.Clone(context.Background())
	r.Body = io.NopCloser(bytes.NewReader(body))
	route, params, err := d.router.FindRoute(r)
	if err != nil || a.Code() == httpx.ErrNoPage.Code { // nothing that there is, though that router may take “sessions/” for “sessions/{session}”
		if a.Status < http.StatusBadRequest {
			return errors.New("an undocumented call was answered")
		}
		return d.Components.Schemas["Problem"].Value.VisitJSON(map[string]any(a.JSON), openapi3.EnableJSONSchema2020())
	}
	asked := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true,
		},
	}
	if a.Status < http.StatusBadRequest {
		if err := openapi3filter.ValidateRequest(r.Context(), asked); err != nil {
			return errors.Join(errors.New("the server took what its document forbids"), err)
		}
		for name := range r.URL.Query() {
			if route.Operation.Parameters.GetByInAndName("query", name) == nil {
				return fmt.Errorf("the document has no parameter %q", name)
			}
		}
		if r.Header.Get("Authorization") == "" && route.Operation.Security != nil && !open(*route.Operation.Security) {
			return errors.New("the document says that this call needs a credential")
		}
	}
	if a.Status >= http.StatusBadRequest && a.Status < http.StatusInternalServerError && !refuses(route.Operation, a) {
		return fmt.Errorf("the document does not say that %s can be refused with %d %s: add it to fromWork in api/fails.go", route.Operation.OperationID, a.Status, a.Code())
	}
	said := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: asked, Status: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Raw)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), said); err != nil {
		return err
	}
	if promised := route.Operation.Responses.Status(a.Status); len(promised.Value.Content) == 0 && len(a.Raw) > 0 {
		return errors.New("the document promises no body")
	}
	kept.Store(promised(route.Operation.OperationID, a), true)
	return nil
}

// refuses reports whether the document knows the call to be refused with that code.
func refuses(op *openapi3.Operation, a Answer) bool {
	r := op.Responses.Status(a.Status)
	return r != nil && slices.Contains(codes(r.Value), a.Code())
}

// codes are those with which a refusal can come.
func codes(r *openapi3.Response) (all []string) {
	for _, media := range r.Content {
		for _, part := range media.Schema.Value.AllOf {
			if code := part.Value.Properties["code"]; code != nil {
				for _, one := range code.Value.Enum {
					all = append(all, one.(string))
				}
			}
		}
	}
	return all
}

// open reports whether a call can be made without a credential.
func open(s openapi3.SecurityRequirements) bool {
	return len(s) == 0 || slices.ContainsFunc(s, func(one openapi3.SecurityRequirement) bool { return len(one) == 0 })
}
