package httpx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"sallyport/internal/errs"
)

func TestRouteTableMistakesStopTheStart(t *testing.T) {
	h := says("x")
	admit := func(_ Route, _ http.ResponseWriter, r *http.Request) (*http.Request, error) { return r, nil }
	good := Route{Pattern: "GET /x", Level: AAL1, Fresh: AnyAge, Scope: Self, Handler: h}
	for _, tt := range []struct {
		want   string
		change func(*Route)
	}{
		{"level", func(r *Route) { r.Level = 0 }},
		{"level", func(r *Route) { r.Level = AAL2 + 1 }},
		{"freshness", func(r *Route) { r.Fresh = 0 }},
		{"freshness", func(r *Route) { r.Fresh = Proved + 1 }},
		{"scope", func(r *Route) { r.Scope = 0 }},
		{"scope", func(r *Route) { r.Scope = Program + 1 }},
		{"asks for no sign-in", func(r *Route) { r.Level = Public }},
		{"asks for no sign-in", func(r *Route) { r.Level = Pending }},
		{"method", func(r *Route) { r.Pattern = "/x" }},
		{"method", func(r *Route) { r.Pattern = "FETCH /x" }},
		{"method", func(r *Route) { r.Pattern = "" }},
		{"path", func(r *Route) { r.Pattern = "GET example.com/x" }},
		{"bad wildcard", func(r *Route) { r.Pattern = "GET /{" }},
		{"recent second factor", func(r *Route) { r.Level, r.Fresh = AAL1, Recent }},
		{"handler", func(r *Route) { r.Handler = nil }},
		{"limit", func(r *Route) { r.Body = -1 }},
		{"conflicts", func(r *Route) { r.Pattern = "GET /y" }},
		{"conflicts", func(r *Route) { r.Pattern = "GET /{any}/z" }},
	} {
		bad := good
		tt.change(&bad)
		opt := Options{PublicURL: mustURL("https://login.test"), Render: Problem, Log: slog.New(slog.DiscardHandler)}
		other := []Route{
			{Pattern: "GET /y", Level: Public, Handler: h},
			{Pattern: "GET /w/{any}", Level: Public, Handler: h},
		}
		_, err := NewMux(append(other, bad), admit, opt)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", bad.Pattern, err, tt.want)
		}
		if _, err := NewMux(append(other, good), admit, opt); err != nil {
			t.Fatalf("the good table: %v", err)
		}
		if _, err := NewMux([]Route{good}, nil, opt); err == nil {
			t.Fatal("a signed-in route was accepted without a guard")
		}
		for name, broken := range map[string]Options{
			"log": {PublicURL: opt.PublicURL, Render: Problem}, "renderer": {PublicURL: opt.PublicURL, Log: opt.Log},
			"public URL": {Render: Problem, Log: opt.Log},
		} {
			if _, err := NewMux(nil, nil, broken); err == nil {
				t.Fatalf("accepted without %s", name)
			}
		}
	}
}

func TestRoutesAreACopy(t *testing.T) {
	s := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: says("x")}}, nil, nil)
	s.Routes()[0].Level = AAL2
	if rt := s.Routes()[0]; rt.Level != Public || rt.Method() != "GET" || rt.Path() != "/x" {
		t.Errorf("%+v", rt)
	}
}

func TestGuardStandsBeforeTheHandler(t *testing.T) {
	type person struct{}
	reached := false
	handler := func(w http.ResponseWriter, r *http.Request) error {
		reached = true
		fmt.Fprint(w, r.Context().Value(person{}))
		return nil
	}
	route := Route{Pattern: "POST /x", Level: AAL2, Fresh: Recent, Scope: Account, Handler: handler}
	for _, tt := range []struct {
		name   string
		guard  Guard
		status int
		body   string
		in     bool
	}{
		{"admits", func(rt Route, _ http.ResponseWriter, r *http.Request) (*http.Request, error) {
			if rt.Level != AAL2 || rt.Fresh != Recent || rt.Scope != Account {
				return nil, errors.New("another route")
			}
			return r.WithContext(context.WithValue(r.Context(), person{}, "ada")), nil
		}, 200, "ada", true},
		{"refuses", func(Route, http.ResponseWriter, *http.Request) (*http.Request, error) {
			return nil, errs.New(errs.Forbidden, "no", "No.")
		}, 403, `"no"`, false},
		{"refuses, though with a request", func(_ Route, _ http.ResponseWriter, r *http.Request) (*http.Request, error) {
			return r, errs.New(errs.Forbidden, "no", "No.")
		}, 403, `"no"`, false},
		{"answers", func(_ Route, w http.ResponseWriter, _ *http.Request) (*http.Request, error) {
			return nil, SeeOther(w, "/sign-in")
		}, 303, "", false},
		{"forgets", func(Route, http.ResponseWriter, *http.Request) (*http.Request, error) { return nil, nil }, 500, "internal_error", false},
		{"panics", func(Route, http.ResponseWriter, *http.Request) (*http.Request, error) { panic("x") }, 500, "internal_error", false},
	} {
		reached = false
		res := open(t, []Route{route}, tt.guard, nil).ask("POST", "/x", "")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != tt.status || !strings.Contains(string(body), tt.body) || reached != tt.in {
			t.Errorf("%s: %d %s, handler reached: %v", tt.name, res.StatusCode, body, reached)
		}
	}
}

func TestUnknownPathsAndMethods(t *testing.T) {
	s := open(t, []Route{
		{Pattern: "GET /{$}", Level: Public, Handler: says("home")},
		{Pattern: "GET /a/{id}", Level: Public, Handler: func(w http.ResponseWriter, r *http.Request) error {
			fmt.Fprint(w, r.PathValue("id"))
			return nil
		}},
		{Pattern: "POST /a/{id}", Level: Public, Handler: says("posted")},
		{Pattern: "GET /files/", Level: Public, Handler: says("file")},
	}, nil, nil)
	for _, tt := range []struct {
		method, path string
		status       int
		body, allow  string
	}{
		{"GET", "/", 200, "home", ""},
		{"GET", "/a/7", 200, "7", ""},
		{"HEAD", "/a/7", 200, "7", ""}, // the recorder keeps what net/http would drop
		{"POST", "/a/7", 200, "posted", ""},
		{"GET", "/files/x.css", 200, "file", ""},
		{"PUT", "/a/7", 405, "method_not_allowed", "GET, HEAD, POST"},
		{"TRACE", "/a/7", 405, "method_not_allowed", "GET, HEAD, POST"},
		{"OPTIONS", "/a/7", 405, "method_not_allowed", "GET, HEAD, POST"},
		{"DELETE", "/", 405, "method_not_allowed", "GET, HEAD"},
		{"GET", "/b", 404, "not_found", ""},
		{"POST", "/b", 404, "not_found", ""},
		{"GET", "/a/", 404, "not_found", ""},
		{"GET", "/a/7/", 404, "not_found", ""},
		{"GET", "//a/7", 404, "not_found", ""},
		{"GET", "/a//7", 404, "not_found", ""},
		{"GET", "/a/../a/7", 404, "not_found", ""},
		{"GET", "/./a/7", 404, "not_found", ""},
		{"GET", "/files/../a/7", 404, "not_found", ""},
		{"GET", "/A/7", 404, "not_found", ""},
	} {
		res := s.ask(tt.method, tt.path, "")
		body, _ := io.ReadAll(res.Body)
		if res.StatusCode != tt.status || !strings.Contains(string(body), tt.body) || res.Header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d, Allow %q, %s", tt.method, tt.path, res.StatusCode, res.Header.Get("Allow"), body)
		}
		if loc := res.Header.Get("Location"); loc != "" {
			t.Errorf("%s %s redirects to %q", tt.method, tt.path, loc)
		}
	}
}
