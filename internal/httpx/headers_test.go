package httpx

import (
	"net/http"
	"strings"
	"testing"
)

func TestSecurityHeadersAreOnEveryAnswer(t *testing.T) {
	routes := []Route{
		{Pattern: "GET /ok", Level: Public, Handler: says("x")},
		{Pattern: "GET /bad", Level: Public, Handler: fails(ErrMalformed)},
		{Pattern: "GET /panic", Level: Public, Handler: func(http.ResponseWriter, *http.Request) error { panic("x") }},
		{Pattern: "GET /cached", Level: Public, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			return nil
		}},
		{Pattern: "GET /cached-error", Level: Public, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Cache-Control", "public")
			w.Header().Set("Content-Type", "image/png")
			return ErrMalformed
		}},
	}
	s := open(t, routes, nil, func(o *Options) { o.CSP = "default-src 'self'" })
	for _, path := range []string{"/ok", "/bad", "/panic", "/nothing", "/cached", "/cached-error"} {
		res := s.ask("GET", path, "")
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Referrer-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
			"Strict-Transport-Security": "max-age=63072000; includeSubDomains", "Cache-Control": "no-store",
		} {
			if path == "/cached" && name == "Cache-Control" {
				want = "public, max-age=31536000, immutable"
			}
			if got := res.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if !strings.Contains(res.Header.Get("Permissions-Policy"), "camera=()") || res.Header.Get("X-Request-Id") == "" {
			t.Errorf("%s: %v", path, res.Header)
		}
	}
	// One answer's change of a shared header must not reach the next.
	if got := s.ask("GET", "/ok", "").Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("after a cached answer: %q", got)
	}
}

// What programs ask again and again is answered without what only a browser heeds; a page of that surface has it.
func TestBareAnswers(t *testing.T) {
	s := open(t, []Route{
		{Pattern: "GET /yes", Level: Public, Handler: func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(http.StatusOK); return nil }},
		{Pattern: "GET /page", Level: Public, Handler: func(w http.ResponseWriter, _ *http.Request) error {
			AsPage(w.Header())
			return nil
		}},
	}, nil, func(o *Options) { o.Bare = true })
	yes, page := s.ask("GET", "/yes", "").Header, s.ask("GET", "/page", "").Header
	for _, h := range []http.Header{yes, page} {
		if h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Strict-Transport-Security") == "" ||
			!strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Request-Id") == "" {
			t.Errorf("%v", h)
		}
	}
	for _, h := range pageHeaders {
		if yes.Get(h.name) != "" || page.Get(h.name) != h.value[0] {
			t.Errorf("%s: %q, and %q for a page", h.name, yes.Get(h.name), page.Get(h.name))
		}
	}
}

func TestHSTSOnlyWithTLSAndCSPNeverAbsent(t *testing.T) {
	s := open(t, nil, nil, func(o *Options) { o.PublicURL = mustURL("http://localhost:8080") })
	h := s.ask("GET", "/", "", "Host: localhost:8080").Header
	if h.Get("Strict-Transport-Security") != "" || !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Errorf("%v", h)
	}
}

func TestHostMustBeOurs(t *testing.T) {
	for _, tt := range []struct {
		public string
		good   []string
		bad    []string
	}{
		{
			"https://login.test",
			[]string{"login.test", "LOGIN.test", "login.test:443"},
			[]string{"", "evil.test", "login.test:8443", "login.test.evil.test", "login.test.", "127.0.0.1", "login.test:80", "login.test@evil.test"},
		},
		{
			"http://localhost:8080",
			[]string{"localhost:8080", "127.0.0.1:8080", "[::1]:8080"},
			[]string{"localhost", "localhost:8081", "0.0.0.0:8080", "evil.test:8080", "10.0.0.1:8080"},
		},
		{"http://[::1]", []string{"[::1]", "[::1]:80", "localhost"}, []string{"::1", "[::2]"}},
		{"https://login.test:8443", []string{"login.test:8443"}, []string{"login.test", "login.test:443"}},
	} {
		s := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: says("x")}}, nil, func(o *Options) { o.PublicURL = mustURL(tt.public) })
		for _, host := range tt.good {
			if res := s.ask("GET", "/x", "", "Host: "+host); res.StatusCode != 200 {
				t.Errorf("%s: host %q: %d", tt.public, host, res.StatusCode)
			}
		}
		for _, host := range tt.bad {
			res := s.ask("GET", "/x", "", "Host: "+host, "X-Forwarded-Host: login.test")
			if code, _ := problem(t, res); res.StatusCode != 421 || code != "wrong_host" {
				t.Errorf("%s: host %q: %d", tt.public, host, res.StatusCode)
			}
		}
	}
	also := open(t, []Route{{Pattern: "GET /x", Level: Public, Handler: says("x")}}, nil, func(o *Options) {
		o.PublicURL, o.Also = mustURL("https://login.test"), []string{"https://login.example", "https://also.test:8443"}
	})
	for host, want := range map[string]int{"login.test": 200, "login.example": 200, "LOGIN.example:443": 200, "also.test:8443": 200, "also.test": 421, "example": 421} {
		if res := also.ask("GET", "/x", "", "Host: "+host); res.StatusCode != want {
			t.Errorf("with other sites: host %q: %d, want %d", host, res.StatusCode, want)
		}
	}
	s := open(t, []Route{{Pattern: "GET /healthz", Level: Public, Handler: says("ok")}}, nil, func(o *Options) { o.AnyHost = true })
	if res := s.ask("GET", "/healthz", "", "Host: 10.0.0.7:8080"); res.StatusCode != 200 {
		t.Errorf("health check by address: %d", res.StatusCode)
	}
}

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LOCALHOST": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true, "[::1]": true, "::ffff:127.0.0.1": true,
		"": false, "0.0.0.0": false, "localhost.evil.test": false, "10.0.0.1": false, "127.0.0.1.evil.test": false, "::": false,
	} {
		if IsLoopback(host) != want {
			t.Errorf("%q: want %v", host, want)
		}
	}
}
