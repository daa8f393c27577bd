package proxytest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrinted: what the documents print is what the examples run, to the letter.
func TestPrinted(t *testing.T) {
	for page, files := range map[string][]string{
		"reverse-proxy.md": {"nginx/sallyport.conf", "caddy/Caddyfile", "haproxy/haproxy.cfg"},
		"middleware.md":    {"middleware/main.go"},
	} {
		text, err := os.ReadFile(filepath.Join(root(t), "docs", page))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			run, err := os.ReadFile(filepath.Join(root(t), "examples", filepath.FromSlash(file)))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "\n"+string(run)+"```\n") {
				t.Errorf("docs/%s does not print examples/%s as it is", page, file)
			}
		}
	}
}
