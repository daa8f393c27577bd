package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestStatic(t *testing.T) {
	p := testPages(t)
	for name, kind := range map[string]string{
		"sallyport.css": "text/css; charset=utf-8", "sallyport.js": "text/javascript; charset=utf-8", "mark.svg": "image/svg+xml",
	} {
		url, err := p.assets.url(name)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(`^/static/[a-z]+-[0-9a-f]{12}\.[a-z]+$`).MatchString(url) {
			t.Errorf("address %s", url)
		}
		want, err := os.ReadFile("static/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, accept := range []string{"", "gzip", "br;q=1, gzip;q=0", "deflate, gzip;q=0.5"} {
			r := httptest.NewRequest(http.MethodGet, url, nil)
			r.Header.Set("Accept-Encoding", accept)
			w := httptest.NewRecorder()
			p.Static().ServeHTTP(w, r)
			var body io.Reader = w.Body
			if zipped := w.Header().Get("Content-Encoding") == "gzip"; zipped != (accept == "gzip" || strings.HasSuffix(accept, "0.5")) {
				t.Errorf("%s for %q: gzip %v", name, accept, zipped)
			} else if zipped {
				if body, err = gzip.NewReader(w.Body); err != nil {
					t.Fatal(err)
				}
			}
			got, err := io.ReadAll(body)
			if err != nil || string(got) != string(want) {
				t.Errorf("%s for %q: other content, %v", name, accept, err)
			}
			if w.Header().Get("Content-Type") != kind || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
				t.Errorf("%s: %v", name, w.Header())
			}
		}
	}
	for _, url := range []string{"/static/", "/static/sallyport.css", "/static/sallyport-000000000000.css", "/static/../render.go"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/static/x", nil)
		r.URL.Path = url
		p.Static().ServeHTTP(w, r)
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", url, w.Code)
		}
	}
}

// TestMarkIsOne: the favicon and the mark in the pages are the same drawing.
func TestMarkIsOne(t *testing.T) {
	b, err := os.ReadFile("static/mark.svg")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), markPaths) || !strings.Contains(string(mark()), markPaths) {
		t.Error("the two marks differ")
	}
}
