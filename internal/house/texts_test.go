package house

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/texts"
)

// said is where texts are asked for: all Go code outside the catalogue, and all templates.
func said(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, f := range files(t) {
		if !f.test && f.pkg.place() != "texts" {
			all.Write(f.text)
		}
	}
	layout := filepath.Join(root(t), "internal", "*", "pages", "*.html")
	pages := filepath.Join(root(t), "internal", "*", "pages", "*", "*.html")
	for _, pattern := range []string{layout, pages} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatalf("no templates like %s: %v", pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			all.Write(text)
		}
	}
	return all.String()
}

// TestEveryTextIsSaid finds texts that nobody says any more.
func TestEveryTextIsSaid(t *testing.T) {
	all := said(t)
	for key := range texts.In(texts.English) {
		base := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
		put := strings.HasPrefix(key, "notice.") || strings.HasPrefix(key, "wait.") || strings.HasPrefix(key, "date.") || strings.HasPrefix(key, "mail.") || strings.HasPrefix(key, "audit.says.") || strings.HasPrefix(key, "audit.action.") || strings.HasPrefix(key, "audit.group.") || strings.HasPrefix(key, "audit.fact.") || strings.HasPrefix(key, "audit.kind.") || strings.HasPrefix(key, "address.name_") // put together at run time
		if !put && !strings.Contains(all, `"`+key+`"`) && !strings.Contains(all, `"`+base+`"`) {
			t.Errorf("%s is said nowhere", key)
		}
	}
}
