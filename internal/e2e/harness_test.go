package e2e

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"sallyport/internal/chrometest"
)

// TestHarness shows the instruments themselves at work: each check finds the fault it is for,
// and a sound page has no findings. Without this, a green run could mean a blind inspector.
func TestHarness(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	const head = `<!doctype html><html lang="en"><head><meta name="viewport" content="width=device-width"><title>A page</title>` +
		`<style>@media (prefers-color-scheme: dark) { .dim { color: #999; background: #aaa } } .wide { width: 400px }</style></head><body><main><h1>A page</h1>`
	const form = `<form method="post" action="/sound"><label for="c">Authentication code</label><input id="c" name="c" value="old"><button>Verify</button></form>`
	pages := map[string]string{
		"/sound":  form,
		"/label":  `<input name="c">`,
		"/dim":    `<p class="dim">hard to read in the dark</p>`,
		"/wide":   `<p class="wide">too wide for a phone</p>`,
		"/policy": `<script>alert(1)</script>`,
		"/heavy":  `<p hidden>` + strings.Repeat("x", chrometest.Budget) + `</p>`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'")
		said := ""
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusUnprocessableEntity)
			said = "<p>You said " + r.PostFormValue("c") + ".</p>" // digits only, from this test
		}
		w.Write([]byte(head + said + pages[r.URL.Path] + "</main></body></html>"))
	}))
	t.Cleanup(server.Close)

	for _, withoutScript := range []bool{false, chrometest.NoScript} {
		b := openBrowser(t, server.URL, withoutScript)
		b.Open("/sound")
		b.Inspect("sound")
		b.Fill("Authentication code", "123456")
		if got := b.Press("Verify"); got != http.StatusUnprocessableEntity {
			t.Errorf("without script %v: status %d, want 422", withoutScript, got)
		}
		b.Sees("A page", "You said 123456.")
		for path, want := range map[string]string{
			"/label": "label", "/dim": "dark, 1280 pixels wide: color-contrast", "/wide": "scrolls sideways", "/heavy": "weighs", "/policy": "Content Security Policy",
		} {
			if path == "/policy" && withoutScript {
				continue // where no script runs, none is blocked
			}
			b.Open(path)
			if found := b.Findings(path); len(found) == 0 || !strings.Contains(strings.Join(found, "\n"), want) {
				t.Errorf("without script %v: %s: findings %q, want one that says %q", withoutScript, path, found, want)
			}
		}
	}
}
