package apptest

import (
	"cmp"
	"html"
	"net/http"
	"regexp"
	"strings"
)

// Page is one answer of the server.
type Page struct {
	Status  int
	Header  http.Header
	Body    string
	Cookies []*http.Cookie // set by this answer
	Path    string         // with the query, where the answer came from

	client *Client
}

// Follow goes where redirects lead, as a browser does with a 303: with GET.
func (p *Page) Follow() *Page {
	p.client.tb.Helper()
	for range 5 {
		if p.Status < 300 || p.Status > 399 {
			return p
		}
		p = p.client.Send(p.client.Request(http.MethodGet, p.Header.Get("Location"), nil))
	}
	p.client.tb.Fatalf("redirects in a circle, last at %s", p.Path)
	return nil
}

// At is the path without its query.
func (p *Page) At() string {
	path, _, _ := strings.Cut(p.Path, "?")
	return path
}

var (
	invisible = regexp.MustCompile(`(?s)<(head|script|style|svg)\b.*?</(head|script|style|svg)>`)
	inline    = regexp.MustCompile(`</?(bdi|span|a|code|time|strong|em|b)\b[^>]*>`)
	tag       = regexp.MustCompile(`<[^>]*>`)
	title     = regexp.MustCompile(`(?s)<title>(.*?)</title>`)
	forms     = regexp.MustCompile(`(?s)<form\b([^>]*)>(.*?)</form>`)
	selects   = regexp.MustCompile(`(?s)<select\b([^>]*)>(.*?)</select>`)
	chosen    = regexp.MustCompile(`<option\b([^>]*) selected>`)
	inputs    = regexp.MustCompile(`<input\b([^>]*)>`)
	buttons   = regexp.MustCompile(`(?s)<button\b([^>]*)>(.*?)</button>`)
	links     = regexp.MustCompile(`(?s)<a\b([^>]*)>(.*?)</a>`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

// Text is what a reader sees, in one line.
func (p *Page) Text() string {
	s := inline.ReplaceAllString(invisible.ReplaceAllString(p.Body, " "), "")
	return words(tag.ReplaceAllString(s, " "))
}

// Title is the page's title.
func (p *Page) Title() string {
	if m := title.FindStringSubmatch(p.Body); m != nil {
		return words(m[1])
	}
	return ""
}

func words(s string) string { return strings.Join(strings.Fields(html.UnescapeString(s)), " ") }

// Sees fails the test unless the page has the status and shows each of the texts.
func (p *Page) Sees(status int, texts ...string) *Page {
	p.client.tb.Helper()
	if p.Status != status {
		p.client.tb.Fatalf("%s: status %d, want %d\n%s", p.Path, p.Status, status, p.Text())
	}
	for _, text := range texts {
		if !strings.Contains(p.Text(), text) {
			p.client.tb.Fatalf("%s does not show %q:\n%s", p.Path, text, p.Text())
		}
	}
	return p
}

// Lacks fails the test if the page shows one of the texts.
func (p *Page) Lacks(texts ...string) *Page {
	p.client.tb.Helper()
	for _, text := range texts {
		if strings.Contains(p.Text(), text) || strings.Contains(p.Body, text) {
			p.client.tb.Fatalf("%s shows %q:\n%s", p.Path, text, p.Text())
		}
	}
	return p
}

// Click opens the link with the label, or what the button that stands in a link's place leads to.
func (p *Page) Click(label string) *Page {
	p.client.tb.Helper()
	for _, m := range links.FindAllStringSubmatch(p.Body, -1) {
		if words(tag.ReplaceAllString(m[2], "")) == label {
			return p.client.Get(attributes(m[1])["href"])
		}
	}
	if button, _ := findButton(p.Body, label); button["formaction"] == "" {
		p.client.tb.Fatalf("%s has no link %q", p.Path, label)
	}
	return p.Press(label).Follow()
}

// Press sends the form with the button of that label: its fields as the page filled
// them in, and over them the given ones, name, value, name, value …, each of which the
// form must have. It does not follow the answer.
func (p *Page) Press(button string, fields ...string) *Page {
	p.client.tb.Helper()
	afar, _ := findButton(p.Body, button) // which may stand outside of its form, and name it
	for _, m := range forms.FindAllStringSubmatch(p.Body, -1) {
		pressed, has := findButton(m[2], button)
		if !has && afar["form"] != "" && afar["form"] == attributes(m[1])["id"] {
			pressed, has = afar, true
		}
		if !has {
			continue
		}
		values := pairs(nil)
		if pressed["name"] != "" {
			values.Set(pressed["name"], pressed["value"])
		}
		boxes := map[string]bool{} // they send nothing unless they are ticked
		for _, in := range inputs.FindAllStringSubmatch(m[2], -1) {
			a := attributes(in[1])
			boxes[a["name"]] = boxes[a["name"]] || a["type"] == "checkbox"
			if a["name"] != "" && (a["type"] != "radio" && a["type"] != "checkbox" || strings.Contains(in[1], " checked")) {
				values.Set(a["name"], a["value"])
			}
		}
		for _, sel := range selects.FindAllStringSubmatch(m[2], -1) {
			value := ""
			if o := chosen.FindStringSubmatch(sel[2]); o != nil {
				value = attributes(o[1])["value"]
			}
			values.Set(attributes(sel[1])["name"], value)
		}
		for name, value := range pairs(fields) {
			if !values.Has(name) && !boxes[name] {
				p.client.tb.Fatalf("%s: the form with %q has no field %q", p.Path, button, name)
			}
			values[name] = value
		}
		return p.client.Send(p.client.Request(http.MethodPost, cmp.Or(pressed["formaction"], attributes(m[1])["action"]), values))
	}
	p.client.tb.Fatalf("%s has no form with the button %q:\n%s", p.Path, button, p.Text())
	return nil
}

// findButton gives the attributes of a form's button with the label.
func findButton(form, label string) (attrs map[string]string, found bool) {
	for _, m := range buttons.FindAllStringSubmatch(form, -1) {
		if words(tag.ReplaceAllString(m[2], "")) == label {
			return attributes(m[1]), true
		}
	}
	return nil, false
}

func attributes(s string) map[string]string {
	a := map[string]string{}
	for _, m := range attribute.FindAllStringSubmatch(s, -1) {
		a[m[1]] = html.UnescapeString(m[2])
	}
	return a
}

// In is the same page in another browser, such as a clone of its own.
func (p *Page) In(c *Client) *Page {
	other := *p
	other.client = c
	return &other
}

// Find gives the first group of a pattern in the page's source, unescaped, and fails the test if there is none.
func (p *Page) Find(pattern string) string {
	p.client.tb.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(p.Body)
	if m == nil {
		p.client.tb.Fatalf("%s: nothing matches %s in\n%s", p.Path, pattern, p.Text())
	}
	return html.UnescapeString(m[1])
}
