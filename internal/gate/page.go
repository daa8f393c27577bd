package gate

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"sallyport/internal/httpx"
	"sallyport/internal/texts"
)

// style is all the look that a page of the door's has: at a program's origin there is nothing else of this server's to load.
const style = `:root{color-scheme:light dark;--page:light-dark(#f3f5f6,#0f1416);--paper:light-dark(#fff,#171d20);--text:light-dark(#182126,#e7ecee);--quiet:light-dark(#55626a,#a4b0b6);--line:light-dark(#dae0e3,#2d373c);--accent:light-dark(#0b5a68,#7cccd8);font:1rem/1.5 system-ui,sans-serif}
*{box-sizing:border-box;margin:0}
body{min-block-size:100vh;padding:clamp(1.5rem,12vh,8rem) 1rem 3rem;background:var(--page);color:var(--text);overflow-wrap:break-word}
main{display:grid;gap:1rem;max-inline-size:25rem;margin-inline:auto;padding:2rem;background:var(--paper);border:1px solid var(--line);border-radius:.75rem}
h1{font-size:1.5rem;line-height:1.25;font-weight:650;text-wrap:pretty}
a{display:inline-block;padding-block:.625rem;color:var(--accent);text-underline-offset:.2em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:.25rem}
.quiet{color:var(--quiet);font-size:.875rem}
@media (width < 30rem){body{padding:1.5rem 1rem;background:var(--paper)}main{padding:0;border:0}}`

// pageCSP allows that style and nothing else.
var pageCSP = "default-src 'none'; style-src 'sha256-" + hash(style) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return base64.StdEncoding.EncodeToString(sum[:])
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="{{.Language}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main>
<h1>{{.Title}}</h1>
<p>{{.Message}}</p>
{{with .To}}<p><a href="{{.}}">{{$.Link}}</a></p>
{{end}}<p class="quiet">{{.Reference}}</p>
</main>
</body>
</html>
`))

// problem is the page for somebody who does not get in. Its link leads to the page that they wanted, where it all begins anew;
// nothing leads there by itself, so a browser that keeps no cookies is not sent round and round.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, f httpx.Failure) {
	behave(w)
	to := ""
	if _, err := s.site(r); err == nil {
		to = pathOf(r.URL.Query().Get("to"))
	}
	show(w, r, f, "door.failed", to, "door.again")
}

// render tells a refusal: to a person who opens a page as a page, which proxies show as it is, and to everybody else as problem details.
func (s *Server) render(w http.ResponseWriter, r *http.Request, f httpx.Failure) {
	switch f.Err.Code {
	case ErrWant.Code, ErrOrigin.Code: // whoever asks is a proxy, which has said what can't be understood
		f.Status = http.StatusBadRequest
	}
	if r.URL.Path == Path {
		blank(w.Header())
	}
	about, err := s.about(r)
	if err != nil {
		about.method = http.MethodGet
	}
	if r.URL.Path != Path || !navigates(r, about) {
		httpx.Problem(w, r, f)
		return
	}
	if f.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 §15.5.2 demands one
	}
	show(w, r, f, "gate.refused.title", s.PublicURL.String(), "gate.refused.home")
}

// show writes a page about a failure, with a link unless that leads nowhere.
func show(w http.ResponseWriter, r *http.Request, f httpx.Failure, title, to, link string) {
	l := languageOf(r)
	say := texts.In(l)
	text := func(key string, pairs ...any) string {
		line, err := say.Text(key, pairs...)
		if err != nil {
			panic(err) // the adapter answers in plain words then
		}
		return line
	}
	message := say.Error(f.Err)
	if f.Status == http.StatusInternalServerError {
		message = text("problem.500.lead")
	}
	var b bytes.Buffer
	if err := page.Execute(&b, map[string]any{
		"Language": l, "Title": text(title), "Style": template.CSS(style), "Message": message, "To": to, "Link": text(link),
		"Reference": text("problem.reference", "id", f.RequestID),
	}); err != nil {
		panic(err)
	}
	h := w.Header()
	httpx.AsPage(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", pageCSP)
	h.Add("Vary", "Accept-Language")
	w.WriteHeader(f.Status)
	_, _ = w.Write(b.Bytes()) // the browser may be gone
}

func languageOf(r *http.Request) texts.Language {
	return texts.Match(strings.Join(r.Header.Values("Accept-Language"), ","))
}
