package httpx

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/errs"
)

// surface is a Mux under test with its log and what it observed.
type surface struct {
	*Mux
	log *bytes.Buffer

	mu       sync.Mutex // a real server observes from many goroutines
	observed []string
}

func mustURL(s string) *url.URL {
	u, err := url.Parse(s)
	if err != nil {
		panic(err)
	}
	return u
}

// open builds a surface at https://login.test; change may alter its options.
func open(t *testing.T, routes []Route, guard Guard, change func(*Options)) *surface {
	t.Helper()
	s := &surface{log: &bytes.Buffer{}}
	opt := Options{
		Surface: "test", PublicURL: mustURL("https://login.test"), Render: Problem, Log: NewLogger(s.log, slog.LevelDebug, "json"),
		Observe: func(pattern string, status int, _ time.Duration) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.observed = append(s.observed, fmt.Sprintf("%s %d", pattern, status))
		},
	}
	if change != nil {
		change(&opt)
	}
	m, err := NewMux(routes, guard, opt)
	if err != nil {
		t.Fatal(err)
	}
	s.Mux = m
	return s
}

// ask sends one request and gives the answer. header is "Name: value" lines.
func (s *surface) ask(method, target, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, "https://login.test/", strings.NewReader(body))
	if body == "" {
		r.Body, r.ContentLength = http.NoBody, 0
	}
	u := mustURL(target)
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = u.Path, u.RawPath, u.RawQuery
	for _, line := range header {
		name, value, _ := strings.Cut(line, ": ")
		if name == "Host" {
			r.Host = value
			continue
		}
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

// problem reads the code and message of a problem answer.
func problem(t *testing.T, res *http.Response) (code, detail string) {
	t.Helper()
	var p struct {
		Status                  int
		Code, Detail, RequestID string
	}
	body, _ := io.ReadAll(res.Body)
	if err := json.Unmarshal(body, &p); err != nil || p.Status != res.StatusCode {
		t.Fatalf("status %d with body %q: %v", res.StatusCode, body, err)
	}
	return p.Code, p.Detail
}

func says(text string) Handler {
	return func(w http.ResponseWriter, _ *http.Request) error {
		_, err := io.WriteString(w, text)
		return err
	}
}

func fails(err error) Handler {
	return func(http.ResponseWriter, *http.Request) error { return err }
}

func TestErrorsBecomeStatuses(t *testing.T) {
	for _, tt := range []struct {
		err        error
		status     int
		code       string
		retryAfter string
	}{
		{errs.New(errs.Invalid, "wrong_code", "No."), 422, "wrong_code", ""},
		{errs.New(errs.Unauthenticated, "x", "No."), 401, "x", ""},
		{errs.New(errs.Forbidden, "x", "No."), 403, "x", ""},
		{errs.New(errs.NotFound, "x", "No."), 404, "x", ""},
		{errs.New(errs.Conflict, "x", "No."), 409, "x", ""},
		{errs.New(errs.Expired, "x", "No."), 410, "x", ""},
		{errs.New(errs.TooMany, "x", "No.").After(1500 * time.Millisecond), 429, "x", "2"},
		{errs.New(errs.TooMany, "locked", "No."), 429, "locked", ""},
		{errs.New(errs.Unavailable, "busy", "No.").After(3 * time.Second), 503, "busy", "3"},
		{errs.New(errs.Unavailable, "gone", "No."), 503, "gone", "5"},
		{fmt.Errorf("deep: %w", errs.New(errs.Conflict, "x", "No.")), 409, "x", ""},
		{fmt.Errorf("deep: %w", &http.MaxBytesError{Limit: 1}), 413, "request_too_large", ""},
		{fmt.Errorf("deep: %w", context.DeadlineExceeded), 503, "time_out", "5"},
		{ErrMalformed.In("code"), 400, "malformed_request", ""},
		{ErrMediaType, 415, "unsupported_media_type", ""},
		{errors.New("pq: password of ada is hunter2"), 500, "internal_error", ""},
		{errs.New(errs.Internal, "hunter2", "hunter2").In("hunter2"), 500, "internal_error", ""},
		{errs.New(errs.Kind(200), "hunter2", "hunter2"), 500, "internal_error", ""},
	} {
		s := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: fails(tt.err)}}, nil, nil)
		res := s.ask("GET", "/x", "")
		code, detail := problem(t, res)
		if res.StatusCode != tt.status || code != tt.code || res.Header.Get("Retry-After") != tt.retryAfter || detail == "" {
			t.Errorf("%v: %d %s, Retry-After %q, %q", tt.err, res.StatusCode, code, res.Header.Get("Retry-After"), detail)
		}
		if strings.Contains(detail, "hunter2") || strings.Contains(fmt.Sprint(res.Header), "hunter2") {
			t.Errorf("%v: details went out: %s", tt.err, detail)
		}
		if want := fmt.Sprintf("GET /x %d", tt.status); len(s.observed) != 1 || s.observed[0] != want {
			t.Errorf("observed %q, want %q", s.observed, want)
		}
		if !strings.Contains(s.log.String(), `"request_id":"`+res.Header.Get("X-Request-Id")) {
			t.Errorf("%v: not in the log under its id: %s", tt.err, s.log)
		}
	}
	if Status(nil) != 200 {
		t.Error("no error is no 200")
	}
}

func TestPanicsAreInternalErrors(t *testing.T) {
	for name, h := range map[string]Handler{
		"value":   func(http.ResponseWriter, *http.Request) error { panic("hunter2") },
		"runtime": func(_ http.ResponseWriter, r *http.Request) error { return fmt.Errorf("%c", r.Method[len(r.Method)]) },
		"nil":     func(http.ResponseWriter, *http.Request) error { panic(nil) },
	} {
		s := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: h}}, nil, nil)
		res := s.ask("GET", "/x", "")
		if code, _ := problem(t, res); res.StatusCode != 500 || code != "internal_error" {
			t.Errorf("%s: %d %s", name, res.StatusCode, code)
		}
		if line := s.log.String(); strings.Contains(line, "hunter2") || !strings.Contains(line, `"level":"ERROR"`) || !strings.Contains(line, "mux_test.go") {
			t.Errorf("%s: logged as %s", name, line)
		}
	}
}

func TestFailureAfterTheFirstByteBreaksTheConnection(t *testing.T) {
	half := func(w http.ResponseWriter, _ *http.Request) error {
		fmt.Fprint(w, "<p>half a page")
		_ = http.NewResponseController(w).Flush()
		return errors.New("template broke")
	}
	s := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: half}}, nil, func(o *Options) { o.AnyHost = true })
	server := httptest.NewServer(s)
	defer server.Close()
	res, err := server.Client().Get(server.URL + "/x")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("half a page looks whole: %q", body)
	}
}

func TestBrokenRendererStillAnswers(t *testing.T) {
	for name, render := range map[string]Renderer{
		"panics": func(http.ResponseWriter, *http.Request, Failure) { panic("no template") },
		"silent": func(http.ResponseWriter, *http.Request, Failure) {},
	} {
		s := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: fails(ErrNoPage)}}, nil, func(o *Options) { o.Render = render })
		res := s.ask("GET", "/x", "")
		if body, _ := io.ReadAll(res.Body); res.StatusCode != 404 || string(body) != "Not Found\n" {
			t.Errorf("%s: %d %q", name, res.StatusCode, body)
		}
	}
}

func TestBodyLimits(t *testing.T) {
	read := func(w http.ResponseWriter, r *http.Request) error {
		_, err := Form(r, "x")
		return err
	}
	s := open(t, []Route{
		{Pattern: "POST /small", Level: Public, Handler: read, Body: 10},
		{Pattern: "POST /default", Level: Public, Handler: read},
	}, nil, func(o *Options) { o.Browser = true })
	for _, tt := range []struct {
		path   string
		size   int
		status int
	}{{"/small", 10, 200}, {"/small", 11, 413}, {"/default", DefaultBody, 400}, {"/default", DefaultBody + 1, 413}, {"/default", 4000, 200}} {
		body := "x=" + strings.Repeat("a", tt.size-2)
		if res := s.ask("POST", tt.path, body, "Content-Type: "+formType); res.StatusCode != tt.status {
			t.Errorf("%s with %d bytes: %d, want %d", tt.path, tt.size, res.StatusCode, tt.status)
		}
		r := httptest.NewRequest("POST", tt.path, io.MultiReader(strings.NewReader(body))) // chunked: no length said
		r.Host = "login.test"
		r.Header.Set("Content-Type", formType)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("%s with %d bytes in chunks: %d, want %d", tt.path, tt.size, w.Code, tt.status)
		}
	}
}

func TestHandlersHaveADeadline(t *testing.T) {
	wait := func(_ http.ResponseWriter, r *http.Request) error {
		<-r.Context().Done()
		return r.Context().Err()
	}
	s := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: wait, Timeout: 10 * time.Millisecond}}, nil, nil)
	if res := s.ask("GET", "/x", ""); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
		t.Errorf("%d", res.StatusCode)
	}
}

func TestCrossOriginPostsAreRefused(t *testing.T) {
	ran := false
	h := func(http.ResponseWriter, *http.Request) error { ran = true; return nil }
	routes := []Route{{Pattern: "POST /x", Level: Public, Handler: h}, {Pattern: "GET /x", Level: Public, Handler: h}}
	s := open(t, routes, nil, func(o *Options) { o.Browser = true })
	for _, tt := range []struct {
		method string
		header []string
		ok     bool
	}{
		{"POST", []string{"Sec-Fetch-Site: same-origin", "Origin: https://login.test"}, true},
		{"POST", []string{"Origin: https://login.test"}, true},
		{"POST", nil, true}, // no browser: it holds no cookie that another site could use
		{"POST", []string{"Sec-Fetch-Site: cross-site", "Origin: https://evil.test"}, false},
		{"POST", []string{"Sec-Fetch-Site: same-site", "Origin: https://evil.login.test"}, false},
		{"POST", []string{"Sec-Fetch-Site: cross-site"}, false},
		{"POST", []string{"Origin: https://evil.test"}, false},
		{"POST", []string{"Origin: https://login.test.evil.test"}, false},
		{"POST", []string{"Origin: https://login.test:8443"}, false},
		{"POST", []string{"Origin: null"}, false},
		{"GET", []string{"Sec-Fetch-Site: cross-site"}, true},
	} {
		ran = false
		res := s.ask(tt.method, "/x", "a=b", append(tt.header, "Content-Type: "+formType)...)
		if ok := res.StatusCode == 200; ok != tt.ok || ran != tt.ok {
			t.Errorf("%s %q: %d", tt.method, tt.header, res.StatusCode)
		}
		if !tt.ok {
			if code, _ := problem(t, res); res.StatusCode != 403 || code != "cross_origin" {
				t.Errorf("%q: %d %s", tt.header, res.StatusCode, code)
			}
		}
	}
}

func TestInfo(t *testing.T) {
	var got Info
	h := func(_ http.ResponseWriter, r *http.Request) error { got = InfoOf(r.Context()); return nil }
	s := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: h}}, nil, nil)
	res := s.ask("GET", "/x", "", "X-Request-Id: forged", "X-Forwarded-For: 203.0.113.9")
	if got.RequestID == "" || got.RequestID == "forged" || got.RequestID != res.Header.Get("X-Request-Id") || got.Client != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("got %+v, header %q", got, res.Header.Get("X-Request-Id"))
	}
	if InfoOf(context.Background()) != (Info{}) {
		t.Error("an Info from nowhere")
	}
}

func TestRequestLogHoldsNoSecrets(t *testing.T) {
	s := open(t, []Route{{Pattern: "POST /x/{id}", Level: Public, Handler: fails(errs.New(errs.Invalid, "wrong_code", "No."))}}, nil, nil)
	s.ask("POST", "/x/hunter2?token=hunter2", "password=hunter2", "Cookie: a=hunter2", "Authorization: Bearer hunter2",
		"Referer: https://login.test/?hunter2", "User-Agent: hunter2", "Host: login.test")
	line := s.log.String()
	if strings.Contains(line, "hunter2") {
		t.Errorf("logged: %s", line)
	}
	for _, want := range []string{`"route":"POST /x/{id}"`, `"status":422`, `"error_code":"wrong_code"`, `"method":"POST"`, `"duration":`, `"request_id":"req_`, `"client":"192.0.2.1"`, `"level":"INFO"`} {
		if !strings.Contains(line, want) {
			t.Errorf("the log lacks %s: %s", want, line)
		}
	}
}

func TestSeeOtherStaysHere(t *testing.T) {
	for in, want := range map[string]string{"/settings?x=1": "/settings?x=1", "//evil.test": "/", "https://evil.test": "/", "": "/", "/a\r\nX: y": "/"} {
		w := httptest.NewRecorder()
		if err := SeeOther(w, in); err != nil || w.Code != 303 || w.Header().Get("Location") != want {
			t.Errorf("%q: %d %q", in, w.Code, w.Header().Get("Location"))
		}
	}
}
