package web

import (
	"bytes"
	"cmp"
	"errors"
	"html"
	"html/template"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/texts"
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

// rendered gives one sample as it is sent.
func rendered(t *testing.T, p *Pages, s sample) string {
	t.Helper()
	w := httptest.NewRecorder()
	if err := p.Render(w, http.StatusOK, s.chrome, s.view); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	return w.Body.String()
}

// eachPage runs the check on every sample in every language, parsed.
func eachPage(t *testing.T, check func(t *testing.T, s sample, page string, all []*element)) {
	t.Helper()
	p := testPages(t)
	for _, l := range texts.Languages() {
		for _, s := range samples() {
			s.chrome.Language = l
			t.Run(string(l)+"/"+s.name, func(t *testing.T) {
				page := rendered(t, p, s)
				all, err := parseHTML(page)
				if err != nil {
					t.Fatalf("not well formed: %v", err)
				}
				check(t, s, page, all)
			})
		}
	}
}

func TestEveryPageHasSamples(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range samples() {
		seen[s.view.page()] = true
	}
	files, err := fs.Glob(embedded, "pages/*/page.html")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d pages (%v)", len(files), err)
	}
	for _, file := range files {
		if name := path.Base(path.Dir(file)); !seen[name] {
			t.Errorf("page %s is shown by no sample", name)
		}
	}
}

// TestSampleNamesAreUnique keeps a copied line from hiding another.
func TestSampleNamesAreUnique(t *testing.T) {
	seen := make(map[string]bool)
	for _, s := range samples() {
		if seen[s.name] {
			t.Errorf("two samples are called %s", s.name)
		}
		seen[s.name] = true
	}
}

// TestPagesFitThePolicy: default-src 'none' and style-src, script-src 'self' allow nothing inline.
func TestPagesFitThePolicy(t *testing.T) {
	eachPage(t, func(t *testing.T, s sample, _ string, all []*element) {
		problem, _ := s.view.(Problem)
		for _, e := range all {
			if e.tag == "style" || e.tag == "base" || e.tag == "iframe" || e.tag == "object" {
				t.Errorf("<%s> is not allowed", e.tag)
			}
			if e.tag == "script" && (e.attrs["src"] == "" || e.text.Len() > 0) {
				t.Error("inline script")
			}
			for name, value := range e.attrs {
				if strings.HasPrefix(name, "data-") && strings.Contains(value, "%20") {
					t.Errorf("<%s %s=%q> was taken for an address", e.tag, name, value)
				}
				if name == "style" || strings.HasPrefix(name, "on") {
					t.Errorf("<%s> has %s", e.tag, name)
				}
				if name == "src" || name == "href" || name == "action" {
					if value != "" && (value == problem.Home || value == s.chrome.Face.SupportLink || strings.HasPrefix(value, checkedFor)) {
						continue // not of this host: where the server does answer, who helps, and the program that asked for a check
					}
					if !strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "otpauth://") {
						t.Errorf("<%s %s=%q> leads away", e.tag, name, value)
					}
					if strings.HasPrefix(value, "//") {
						t.Errorf("<%s %s=%q> leads to another host", e.tag, name, value)
					}
				}
			}
		}
	})
}

func TestPagesAreAccessible(t *testing.T) {
	eachPage(t, func(t *testing.T, _ sample, _ string, all []*element) {
		ids, labels := make(map[string]bool), make(map[string]bool)
		counts := make(map[string]int)
		for _, e := range all {
			counts[e.tag]++
			if id, ok := e.attrs["id"]; ok {
				if ids[id] || id == "" {
					t.Errorf("id %q twice or empty", id)
				}
				ids[id] = true
			}
			if e.tag == "label" {
				labels[e.attrs["for"]] = true
			}
			if _, ok := e.attrs["autofocus"]; ok {
				counts["autofocus"]++
			}
			if e.tag == "img" {
				if e.attrs["alt"] == "" {
					t.Errorf("the picture %s has no text", e.attrs["src"])
				}
				for around := e.parent; around != nil; around = around.parent {
					around.text.WriteString(e.attrs["alt"])
				}
			}
			if strings.Contains(e.attrs["class"], "primary") {
				counts["primary"]++
			}
		}
		for _, tag := range []string{"h1", "main", "title"} {
			if counts[tag] != 1 {
				t.Errorf("%d <%s>", counts[tag], tag)
			}
		}
		if counts["primary"] > 1 {
			t.Errorf("%d primary buttons", counts["primary"])
		}
		if counts["autofocus"] > 1 {
			t.Errorf("%d elements want the focus", counts["autofocus"])
		}
		for _, e := range all {
			_, hidden := e.attrs["hidden"]
			if e.tag == "input" && e.attrs["type"] != "hidden" && !hidden && !labels[e.attrs["id"]] {
				t.Errorf("input %q has no label", e.attrs["name"])
			}
			if e.tag == "label" && !ids[e.attrs["for"]] {
				t.Errorf("label for %q, which is not there", e.attrs["for"])
			}
			for _, name := range []string{"aria-describedby", "aria-labelledby"} {
				for id := range strings.FieldsSeq(e.attrs[name]) {
					if !ids[id] {
						t.Errorf("%s names %q, which is not there", name, id)
					}
				}
			}
			if target, ok := strings.CutPrefix(e.attrs["href"], "#"); ok && !ids[target] {
				t.Errorf("link to #%s, which is not there", target)
			}
			if (e.tag == "button" || e.tag == "a" || e.tag == "h1") && strings.TrimSpace(e.text.String()) == "" {
				t.Errorf("empty <%s>", e.tag)
			}
			if search := e.attrs["method"] == "get" && e.attrs["role"] == "search"; e.tag == "form" && e.attrs["method"] != "post" && !search {
				t.Errorf("form to %q does not post, and is no search", e.attrs["action"])
			}
		}
	})
}

// TestErrorsAreAnnounced: the title says it, the summary takes the focus, the field points to its text.
func TestErrorsAreAnnounced(t *testing.T) {
	eachPage(t, func(t *testing.T, s sample, _ string, all []*element) {
		failure := failureOf(s.view)
		for _, e := range all {
			if e.tag == "title" {
				if got := strings.HasPrefix(e.text.String(), texts.In(s.chrome.Language)["error.mark"]); got != s.view.failed() {
					t.Errorf("title %q, failed %v", e.text.String(), s.view.failed())
				}
			}
		}
		if failure == nil {
			return
		}
		summary := slices.IndexFunc(all, func(e *element) bool { return e.attrs["role"] == "alert" })
		if summary < 0 {
			t.Fatal("no summary")
		}
		if _, ok := all[summary].attrs["autofocus"]; !ok || all[summary].attrs["tabindex"] != "-1" {
			t.Error("the summary does not take the focus")
		}
		said := html.UnescapeString(all[summary].text.String())
		if by := all[summary].attrs["aria-describedby"]; by != "" { // of one field: its message stands there, and is read from there
			if described := slices.IndexFunc(all, func(e *element) bool { return e.attrs["id"] == by }); described >= 0 {
				said += html.UnescapeString(all[described].text.String())
			}
		}
		if strings.Count(said, failure.Message) != 1 {
			t.Errorf("summary %q does not tell the message once", said)
		}
		if failure.Field == "" {
			return
		}
		input := slices.IndexFunc(all, func(e *element) bool {
			return (e.tag == "input" || e.tag == "select") && e.attrs["name"] == failure.Field
		})
		if input < 0 {
			t.Fatalf("no input %q", failure.Field)
		}
		if all[input].attrs["aria-invalid"] != "true" || !strings.Contains(all[input].attrs["aria-describedby"], failure.Field+"-error") {
			t.Errorf("input %q does not point to its error: %v", failure.Field, all[input].attrs)
		}
	})
}

// failureOf gives a view's Error, if it has one.
func failureOf(v View) *FormError {
	f := reflect.ValueOf(v).FieldByName("Error")
	if !f.IsValid() {
		return nil
	}
	return f.Interface().(*FormError)
}

// TestSecretsAreNotPrefilled: a password or a code never comes back in a page.
func TestSecretsAreNotPrefilled(t *testing.T) {
	eachPage(t, func(t *testing.T, _ sample, _ string, all []*element) {
		for _, e := range all {
			secret := e.attrs["type"] == "password" || e.attrs["name"] == "code"
			if _, ok := e.attrs["value"]; e.tag == "input" && secret && ok {
				t.Errorf("input %q has a value", e.attrs["name"])
			}
		}
	})
}

// What a page may weigh with all that it needs, uncompressed but for the static files: one that stands in the way of a sign-in, on whatever
// phone and network, and one of the settings.
const (
	maxCard = 28_000
	maxPage = 36_000
)

func TestPagesAreLight(t *testing.T) {
	p := testPages(t)
	static := 0
	for _, a := range p.assets.byName {
		static += len(a.gzipped)
	}
	static -= len(p.assets.byName["reference.css"].gzipped) // which the API's reference alone needs
	for _, l := range texts.Languages() {
		for _, s := range samples() {
			s.chrome.Language = l
			most := maxPage
			if s.view.onCard() {
				most = maxCard
			}
			if n := len(rendered(t, p, s)) + static; n > most {
				t.Errorf("%s in %s: %d bytes", s.name, l, n)
			}
		}
	}
	t.Logf("static files: %d bytes", static)
}

// TestUntrustedTextIsEscaped puts markup into every string of every view and looks whether it comes out as markup.
func TestUntrustedTextIsEscaped(t *testing.T) {
	const evil = `"><b title='x'>{device}</b><script>alert(1)</script>`
	p := testPages(t)
	for _, s := range samples() {
		v := reflect.New(reflect.TypeOf(s.view)).Elem()
		v.Set(reflect.ValueOf(s.view))
		poison(v, evil)
		s.view = v.Interface().(View)
		s.chrome.Product, s.chrome.Account, s.chrome.Notice = evil, evil, Notice(evil)
		page := rendered(t, p, s)
		if strings.Contains(page, "<b ") || strings.Contains(page, "<script>alert") {
			t.Errorf("%s: markup came through", s.name)
		}
		if _, err := parseHTML(page); err != nil {
			t.Errorf("%s: %v", s.name, err)
		}
	}
}

// poison sets every settable plain string to s, inside slices and behind pointers too (on copies).
func poison(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(s)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			poison(v.Field(i), s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), s)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			poison(v.Elem(), s)
		}
	}
}

// broken is a view whose template does not exist.
type broken struct{}

func (broken) page() string { return "nowhere" }
func (broken) onCard() bool { return true }
func (broken) failed() bool { return false }

func TestRenderWritesAllOrNothing(t *testing.T) {
	p := testPages(t)
	w := httptest.NewRecorder()
	if err := p.Render(w, http.StatusTeapot, Chrome{}, broken{}); err == nil {
		t.Error("no error")
	}
	if w.Body.Len() != 0 || len(w.Header()) != 0 {
		t.Errorf("wrote %q, %v", w.Body, w.Header())
	}
	if err := p.Render(w, http.StatusUnprocessableEntity, Chrome{Product: "Sallyport"}, SignIn{}); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusUnprocessableEntity || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
}

// TestPagesNameTheirLanguage: screen readers choose the voice by it, the script its dates, and
// a cache between keeps the languages apart.
func TestPagesNameTheirLanguage(t *testing.T) {
	p := testPages(t)
	for l, want := range map[texts.Language]string{texts.English: "Sign in", texts.German: "Anmelden", "": "Sign in"} {
		w := httptest.NewRecorder()
		if err := p.Render(w, http.StatusOK, Chrome{Product: "Sallyport", Language: l}, SignIn{}); err != nil {
			t.Fatal(err)
		}
		page := w.Body.String()
		if !strings.Contains(page, `<html lang="`+string(cmp.Or(l, texts.English))+`"`) || !strings.Contains(page, want) {
			t.Errorf("in %q: %.200s", l, page)
		}
		if got := w.Header().Get("Vary"); got != "Accept-Language" {
			t.Errorf("in %q: Vary is %q", l, got)
		}
	}
}

func TestNotSignedInIsNeverShownTheHouse(t *testing.T) {
	page := rendered(t, testPages(t), sample{"x", Chrome{Product: "Sallyport"}, Problem{Status: 404}})
	if strings.Contains(page, "/sign-out") || strings.Contains(page, "<nav") {
		t.Error("the bar is shown to nobody")
	}
}

func TestFailure(t *testing.T) {
	if Failure(texts.In(texts.English), nil) != nil {
		t.Error("nil became an error")
	}
	e := errs.New(errs.TooMany, "throttled", "Too many tries.").In("code").After(time.Minute)
	want := FormError{Field: "code", Message: "Too many tries.", Code: "throttled"} // its message is to say the wait itself
	if got := Failure(texts.In(texts.English), e); *got != want {
		t.Errorf("got %+v", got)
	}
	if got := Failure(texts.In(texts.English), errs.New(errs.Conflict, "not_yet", "Not yet.").After(time.Minute)); got.Wait != time.Minute {
		t.Errorf("the wait is lost: %+v", got)
	}
	if got := Failure(texts.In(texts.English), errors.New("dial tcp 10.0.0.1: refused")); strings.Contains(got.Message, "10.0.0.1") {
		t.Errorf("details leak: %+v", got)
	}
}

func TestStamp(t *testing.T) {
	at := time.Date(2026, time.March, 1, 5, 30, 0, 0, time.FixedZone("east", 5*3600))
	if got, want := stamp(at, "clock", "<30>"), template.HTML(`<time datetime="2026-03-01T00:30:00Z" data-form="clock">&lt;30&gt;</time>`); got != want {
		t.Errorf("%s", got)
	}
}

func TestLinkTakesOnlyKeys(t *testing.T) {
	for uri, want := range map[string]string{
		"otpauth://totp/A:b?secret=X": "otpauth://totp/A:b?secret=X", "javascript:alert(1)": "", "https://evil.example": "", "": "",
	} {
		if got := string(ShowKey{URI: uri}.Link()); got != want {
			t.Errorf("%q: got %q", uri, got)
		}
	}
}

// TestDump writes every sample page into the folder named by SALLYPORT_DUMP_PAGES, to be looked at.
func TestDump(t *testing.T) {
	dir := os.Getenv("SALLYPORT_DUMP_PAGES")
	if dir == "" {
		t.Skip("SALLYPORT_DUMP_PAGES names no folder")
	}
	p := testPages(t)
	for _, l := range texts.Languages() {
		for _, s := range samples() {
			s.chrome.Language = l
			var b bytes.Buffer
			if err := p.compose(&b, s.chrome, s.view); err != nil {
				t.Errorf("%s: %v", s.name, err)
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, s.name+"."+string(l)+".html"), b.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
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
