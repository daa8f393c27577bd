// Package web is the pages: everything a person sees and presses in a browser.
//
// A page is a folder under pages and a struct that implements [View]. The struct is
// the whole contract between the code that decides and the template that shows:
// templates see nothing else but the [Chrome] around the page and the catalogue of
// texts. All templates are parsed when the server starts, so a broken one stops the
// start and never a visitor; the first page in a language binds them to its catalogue.
//
// Invariants: a page is written whole or not at all; every text comes from the
// catalogue; no page holds inline script or style, so a strict content security policy
// holds; every flow works without a script, which only adds copy, download and print. A
// passkey alone needs one, passkey.js; where it does not run, the pages offer the other ways.
// Values from people and from the network are untrusted and are escaped by
// html/template. The one exception is the QR code, which package qr draws from numbers.
package web

import (
	"bytes"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"

	"sallyport/internal/texts"
)

//go:embed pages static
var embedded embed.FS

// pageFile is a page in its folder. It defines the title and the content under the folder's name ("signin/title"); whatever else it defines is
// defined nowhere else.
const pageFile = "page.html"

// Pages renders views. It is safe for use by many requests at once.
type Pages struct {
	// Now is the clock that says what "today" is. Set it before the first Render.
	Now func() time.Time

	names  []string // of the pages: their folders
	sets   map[texts.Language]func() (*template.Template, error)
	own    map[edition]*sync.Pool // of *worded
	assets assets
}

// worded is a page bound to a catalogue that can be changed, for accounts with their own wording. One request at a time uses it.
type worded struct {
	say texts.Catalogue
	set *template.Template
}

// edition is a page in a language.
type edition struct {
	page     string // the name of its folder
	language texts.Language
}

// NewPages parses the templates and prepares the static files.
// It fails only when the program was built wrong.
func NewPages() (*Pages, error) {
	p := &Pages{Now: time.Now, sets: make(map[texts.Language]func() (*template.Template, error)), own: make(map[edition]*sync.Pool)}
	var err error
	if p.assets, err = loadAssets(embedded); err != nil {
		return nil, err
	}
	english := texts.In(texts.English)
	parse := func(pattern string) (*template.Template, error) {
		set, err := template.New(pattern).Option("missingkey=error").Funcs(p.funcs(&english)).ParseFS(embedded, pattern)
		if err != nil {
			return nil, fmt.Errorf("web: %s: %w", pattern, err)
		}
		return set, nil
	}
	layout, err := parse("pages/*.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(embedded, "pages/*/"+pageFile)
	if err != nil {
		return nil, fmt.Errorf("web: pages: %w", err)
	}
	pages, defined := make([]*template.Template, len(files)), make(map[string]bool)
	for _, t := range layout.Templates() {
		defined[t.Name()] = true
	}
	for i, file := range files {
		if pages[i], err = parse(file); err != nil {
			return nil, err
		}
		p.names = append(p.names, path.Base(path.Dir(file)))
		for _, t := range parts(pages[i]) {
			if defined[t.Name()] {
				return nil, fmt.Errorf("web: %s: %q stands elsewhere already", file, t.Name())
			}
			defined[t.Name()] = true
		}
	}
	for _, l := range texts.Languages() {
		say := texts.In(l)
		p.sets[l] = sync.OnceValues(func() (*template.Template, error) { return bind(layout, pages, p.funcs(&say)) })
		for i, name := range p.names {
			p.own[edition{name, l}] = &sync.Pool{New: func() any {
				w := &worded{}
				// A template that can't be bound stops compose before it comes here.
				w.set, _ = bind(layout, pages[i:i+1], p.funcs(&w.say))
				return w
			}}
		}
	}
	return p, nil
}

// parts are the templates that a page's file defines, without the blanks between them.
func parts(page *template.Template) []*template.Template {
	return slices.DeleteFunc(page.Templates(), func(t *template.Template) bool { return t.Name() == page.Name() || t.Name() == pageFile })
}

// bind puts pages into one set with the layout, with the functions that say the texts of one language. It copies all of them, because
// html/template changes what it executes.
func bind(layout *template.Template, pages []*template.Template, funcs template.FuncMap) (*template.Template, error) {
	set, err := layout.Clone()
	if err != nil {
		return nil, err
	}
	set.Funcs(funcs)
	for _, page := range pages {
		for _, t := range parts(page) {
			if _, err := set.AddParseTree(t.Name(), t.Tree.Copy()); err != nil {
				return nil, err
			}
		}
	}
	return set, nil
}

// frame is what the layout sees.
type frame struct {
	Chrome         Chrome
	Title, Content template.HTML
	Card           bool // one card in the upper third; otherwise the bar and the list of places
	Failed         bool // the title begins with "Error: "

	Problem bool // the request failed as a whole: whom to ask is said
}

// Render writes the page with the given HTTP status. Nothing is written when the
// template fails; the error is then the caller's to show and to log.
func (p *Pages) Render(w http.ResponseWriter, status int, chrome Chrome, v View) error {
	var page bytes.Buffer
	if err := p.compose(&page, chrome, v); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Length", strconv.Itoa(page.Len()))
	w.WriteHeader(status)
	if _, err := w.Write(page.Bytes()); err != nil {
		return fmt.Errorf("web: send %s: %w", v.page(), err)
	}
	return nil
}

// compose executes the page's templates into b: its own parts, then the layout around them, which all pages of a language share.
func (p *Pages) compose(b *bytes.Buffer, chrome Chrome, v View) error {
	e := edition{v.page(), cmp.Or(chrome.Language, texts.English)}
	pool, ok := p.own[e]
	if !ok {
		return fmt.Errorf("web: no template for %s in %q", v.page(), chrome.Language)
	}
	set, err := p.sets[e.language]()
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	if chrome.Wording != nil {
		own := pool.Get().(*worded)
		defer pool.Put(own)
		own.say, set = *chrome.Wording, own.set
	}
	part := func(name string) template.HTML {
		var said bytes.Buffer
		err = errors.Join(err, set.ExecuteTemplate(&said, e.page+"/"+name, v))
		return template.HTML(said.String())
	}
	_, problem := v.(Problem)
	data := frame{
		Problem: problem,
		Chrome:  chrome,
		Title:   part("title"),
		Content: part("content"),
		Card:    v.onCard() || chrome.Person == nil,
		Failed:  v.failed(),
	}
	if err := errors.Join(err, set.ExecuteTemplate(b, "layout", data)); err != nil {
		return fmt.Errorf("web: render %s: %w", v.page(), err)
	}
	return nil
}

// funcs are all that templates can call. What say points to is looked at with each call.
func (p *Pages) funcs(say *texts.Catalogue) template.FuncMap {
	return template.FuncMap{
		"languages": texts.Languages,
		"t":         func(key string, pairs ...any) (string, error) { return say.Text(key, pairs...) },
		"rich":      func(key string, pairs ...any) (template.HTML, error) { return say.Rich(key, pairs...) },
		"wait":      func(d time.Duration) (string, error) { return say.Wait(d) },
		"count":     func(key string, n int) (string, error) { return say.Count(key, n) },
		"notice":    func(told Chrome) (template.HTML, error) { return notice(*say, told) },
		"field":     newField,
		"groups":    groups,
		"mark":      mark,
		"asset":     p.assets.url,
		"when": func(t time.Time) (template.HTML, error) {
			words, err := say.When(t, p.Now())
			return stamp(t, "when", words), err
		},
		"clock": func(t time.Time) template.HTML { return stamp(t, "clock", say.Clock(t)) },
		"day": func(t time.Time) (template.HTML, error) {
			words, err := say.Day(t)
			return stamp(t, "day", words), err
		},
	}
}

// stamp puts words about a moment into a time element. Form names the function that made
// them, for the script to say the same in the reader's own zone.
func stamp(t time.Time, form, words string) template.HTML {
	at := t.UTC().Format(time.RFC3339)
	return template.HTML(`<time datetime="` + at + `" data-form="` + form + `">` + template.HTMLEscapeString(words) + `</time>`)
}
