package web

import (
	"bytes"
	"html/template"
	"io/fs"
	"maps"
	"sync"
	"testing"

	"sallyport/internal/texts"
)

// TestTemplatesAreDefinedOnce: in one set with all others, a second definition would silently take the place of the first.
func TestTemplatesAreDefinedOnce(t *testing.T) {
	p := testPages(t)
	where := make(map[string]string)
	for _, pattern := range []string{"pages/*.html", "pages/*/*.html"} {
		files, err := fs.Glob(embedded, pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files (%v)", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := embedded.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			alone, err := template.New(file).Funcs(p.funcs(new(texts.Catalogue))).Parse(string(text))
			if err != nil {
				t.Fatal(err)
			}
			for _, defined := range alone.Templates() {
				if first, there := where[defined.Name()]; there {
					t.Errorf("%s defines %q, which %s does too", file, defined.Name(), first)
				}
				where[defined.Name()] = file
			}
		}
	}
}

// TestRenderAtOnce renders pages in every language and an account's own wording at the same time: each is the page that it is alone.
func TestRenderAtOnce(t *testing.T) {
	p := testPages(t)
	first := <-p.idle
	p.idle = make(chan *set, 3) // as on six processors
	p.idle <- first
	own := maps.Clone(texts.In(texts.English))
	own["signin.title"] = "Willkommen bei Acme"
	type one struct {
		s    sample
		want string
	}
	var all []one
	for _, s := range samples()[:60] {
		for _, l := range texts.Languages() {
			s.chrome.Language, s.chrome.Wording = l, nil
			all = append(all, one{s, rendered(t, p, s)})
		}
		s.chrome.Wording = &own
		all = append(all, one{s, rendered(t, p, s)})
	}
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range all {
				one := all[(i+worker*len(all)/8)%len(all)]
				var page bytes.Buffer
				if err := p.compose(&page, one.s.chrome, one.s.view); err != nil || page.String() != one.want {
					t.Errorf("%s in %s is another page when others are made", one.s.name, one.s.chrome.Language)
				}
			}
		})
	}
	wg.Wait()
	if n := int(p.sets.Load()); n > cap(p.idle) || n != len(p.idle) {
		t.Errorf("%d sets, %d of them idle, at most %d should be", n, len(p.idle), cap(p.idle))
	}
}
