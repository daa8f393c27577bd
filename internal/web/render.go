// Package web is the pages: everything a person sees and presses in a browser.
//
// A page is a folder under pages and a struct that implements [View]. The struct is
// the whole contract between the code that decides and the template that shows:
// templates see nothing else but the [Chrome] around the page and the catalogue of
// texts. All templates are parsed when the server starts, so a broken one stops the
// start and never a visitor.
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
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"sallyport/internal/texts"
)

//go:embed pages static
var embedded embed.FS

// Pages renders views. It is safe for use by many requests at once.
type Pages struct {
	// Now is the clock that says what "today" is. Set it before the first Render.
	Now func() time.Time

	assets assets
	idle   chan *set    // that nobody uses
	sets   atomic.Int32 // how many there are, used or not
}

// set is all templates. One request at a time uses it, with its own catalogue, so that one set serves all languages and every
// account's own wording: parsed templates are the largest thing that the program has in memory, and each password hash
// makes the garbage collector go through them.
type set struct {
	templates *template.Template
	say       texts.Catalogue
}

// NewPages parses the templates and prepares the static files.
// It fails only when the program was built wrong.
func NewPages() (*Pages, error) {
	// Rendering is less than half of what a page costs, so half of the processors are enough for it.
	p := &Pages{Now: time.Now, idle: make(chan *set, max(1, runtime.GOMAXPROCS(0)/2))}
	var err error
	if p.assets, err = loadAssets(embedded); err != nil {
		return nil, err
	}
	first, err := p.take()
	if err != nil {
		return nil, err
	}
	p.idle <- first
	return p, nil
}

// take returns a set that nobody else uses, to be put back into idle. It waits for one only if there are as many as there may be.
func (p *Pages) take() (*set, error) {
	select {
	case s := <-p.idle:
		return s, nil
	default:
	}
	if p.sets.Add(1) <= int32(cap(p.idle)) {
		return p.parse() // which fails for the first one, or never
	}
	p.sets.Add(-1)
	return <-p.idle, nil
}

// parse makes a set. A page is the file page.html in its folder. It defines the title and the content under the folder's name
// ("signin/title"); whatever else it defines is defined nowhere else.
func (p *Pages) parse() (*set, error) {
	s := &set{}
	s.templates = template.New("").Option("missingkey=error").Funcs(p.funcs(&s.say))
	for _, pattern := range []string{"pages/*.html", "pages/*/page.html"} {
		files, err := fs.Glob(embedded, pattern)
		if err != nil {
			return nil, fmt.Errorf("web: %s: %w", pattern, err)
		}
		for _, file := range files {
			text, err := embedded.ReadFile(file)
			if err == nil {
				_, err = s.templates.New(file).Parse(string(text))
			}
			if err != nil {
				return nil, fmt.Errorf("web: %s: %w", file, err)
			}
		}
	}
	return s, nil
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

// compose executes the page's templates into b: its own parts, then the layout around them.
func (p *Pages) compose(b *bytes.Buffer, chrome Chrome, v View) error {
	s, err := p.take()
	if err != nil {
		return err
	}
	defer func() { p.idle <- s }()
	s.say = texts.In(chrome.Language)
	if chrome.Wording != nil {
		s.say = *chrome.Wording
	}
	part := func(name string) template.HTML {
		var said bytes.Buffer
		err = errors.Join(err, s.templates.ExecuteTemplate(&said, v.page()+"/"+name, v))
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
	if err := errors.Join(err, s.templates.ExecuteTemplate(b, "layout", data)); err != nil {
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
