package httpx

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
)

// BenchmarkMux is what the doorway costs a request beside a bare ServeMux.
func BenchmarkMux(b *testing.B) {
	answer := func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(http.StatusNoContent); return nil }
	m, err := NewMux([]Route{{Pattern: "GET /settings/{id}", Level: Public, Handler: answer}}, nil, Options{
		Surface: "bench", PublicURL: mustURL("https://login.test"), Render: Problem, Browser: true, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	bare := http.NewServeMux()
	bare.HandleFunc("GET /settings/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	for name, h := range map[string]http.Handler{"doorway": m, "bare": bare} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			r := httptest.NewRequest("GET", "https://login.test/settings/7", nil)
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
