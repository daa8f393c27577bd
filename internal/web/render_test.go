package web

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// testPages are pages whose clock stands at sampleNow.
func testPages(t *testing.T) *Pages {
	t.Helper()
	p, err := NewPages()
	if err != nil {
		t.Fatal(err)
	}
	p.Now = func() time.Time { return sampleNow }
	return p
}

// TestDump writes every sample page into the folder named by SALLYPORT_DUMP_PAGES, to be looked at.
func TestDump(t *testing.T) {
	dir := os.Getenv("SALLYPORT_DUMP_PAGES")
	if dir == "" {
		t.Skip("SALLYPORT_DUMP_PAGES names no folder")
	}
	p := testPages(t)
	for _, s := range samples() {
		var b bytes.Buffer
		if err := p.compose(&b, s.chrome, s.view); err != nil {
			t.Errorf("%s: %v", s.name, err)
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, s.name+".html"), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range p.assets.byName {
		file := filepath.Join(dir, filepath.FromSlash(a.url))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, a.plain, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
