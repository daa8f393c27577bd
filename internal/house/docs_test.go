package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/config"
)

// TestDrawingIsTrue: whoever looks at the drawing of the house sees every package of it, and
// finds each again in the text below.
func TestDrawingIsTrue(t *testing.T) {
	for _, name := range []string{"docs/house.svg", "docs/design.md"} {
		text, err := os.ReadFile(filepath.Join(root(t), filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		for place, tier := range tiers {
			if tier == proof || strings.HasPrefix(place, "examples/") || tier == command && name != "docs/house.svg" {
				continue
			}
			if !regexp.MustCompile("[>`]" + place + "[<`]").Match(text) {
				t.Errorf("%s does not name %s", name, place)
			}
		}
	}
}

// link is a Markdown link or picture; its target ends at the bracket or at a title.
var link = regexp.MustCompile(`\]\(([^)\s]+)`)

// TestLinksLeadSomewhere checks the links and pictures from any page of the repository to another file of it.
func TestLinksLeadSomewhere(t *testing.T) {
	dir := root(t)
	var pages []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "build"):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			pages = append(pages, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) < 5 {
		t.Fatalf("only %d pages found", len(pages))
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(target))); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", strings.TrimPrefix(page, dir+"/"), m[1])
			}
		}
	}
}

// TestSettingsAreListed: the table in docs/operating.md has every setting, in the order of the
// sample file, and none that does not exist.
func TestSettingsAreListed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "operating.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "| Setting | Default |")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_.]+)` \\|").FindAllStringSubmatch(table, -1) {
		listed = append(listed, m[1])
	}
	if keys := config.Keys(); !slices.Equal(listed, keys) {
		t.Errorf("docs/operating.md lists the settings\n%q, but they are\n%q", listed, keys)
	}
}

// TestDecisionsAreListed: a decision record that the list of them leaves out is not found.
func TestDecisionsAreListed(t *testing.T) {
	dir := filepath.Join(root(t), "docs", "adr")
	list, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	records, err := filepath.Glob(filepath.Join(dir, "[0-9][0-9][0-9][0-9]-*.md"))
	if err != nil || len(records) == 0 {
		t.Fatalf("no decision records: %v", err)
	}
	for _, r := range records {
		text, err := os.ReadFile(r)
		if err != nil {
			t.Fatal(err)
		}
		title, _, _ := strings.Cut(string(text), "\n")
		_, title, _ = strings.Cut(title, ". ")
		if !strings.Contains(string(list), "("+filepath.Base(r)+") | "+title+" |") {
			t.Errorf("docs/adr/README.md does not list %s as %q", filepath.Base(r), title)
		}
		for _, part := range []string{"**Context.**", "**Decision.**", "**Consequences.**"} {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s lacks its %s", filepath.Base(r), strings.Trim(part, "*."))
			}
		}
	}
}

// TestReasonsOfModules: the decision record gives a reason for every module that is pinned.
func TestReasonsOfModules(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root(t), "docs", "adr", "0002-dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []map[string]string{linked, proofs} {
		for path := range list {
			if !strings.Contains(string(text), path) {
				t.Errorf("docs/adr/0002-dependencies.md gives no reason for %s", path)
			}
		}
	}
}
