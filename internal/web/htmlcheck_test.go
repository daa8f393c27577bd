package web

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A strict reader of the HTML that our templates write: every element closed in order,
// every attribute quoted. It is stricter than HTML, so what it passes is well formed.

// element is one start tag with its attributes and the text directly and deeper inside it.
type element struct {
	tag    string
	attrs  map[string]string
	parent *element
	text   strings.Builder
}

// voids are the elements without an end tag (HTML section 13.1.2).
var voids = []string{"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}

var (
	tagName   = regexp.MustCompile(`^[a-z][a-z0-9]*`)
	attribute = regexp.MustCompile(`^\s+([a-zA-Z][a-zA-Z0-9:-]*)(?:="([^"<]*)")?`)
	reference = regexp.MustCompile(`&(?:[a-zA-Z]+|#[0-9]+|#x[0-9a-fA-F]+);|&`)
	// blocks are elements which a "p" may not hold (HTML section 4.4.1).
	blocks = []string{"p", "div", "form", "ul", "ol", "dl", "h1", "h2", "section", "figure", "details", "pre", "main", "header", "nav"}
)

// parseHTML gives all elements in order, or where the page is not well formed.
func parseHTML(page string) ([]*element, error) {
	rest, ok := strings.CutPrefix(page, "<!doctype html>")
	if !ok {
		return nil, fmt.Errorf("no doctype")
	}
	var all []*element
	open := &element{tag: "#document", attrs: map[string]string{}}
	root := open
	for rest != "" {
		at := len(page) - len(rest)
		switch {
		case strings.HasPrefix(rest, "</"):
			name := tagName.FindString(rest[2:])
			if name != open.tag || !strings.HasPrefix(rest[2+len(name):], ">") {
				return nil, fmt.Errorf("at %d: </%s> closes <%s>", at, name, open.tag)
			}
			open = open.parent
			rest = rest[3+len(name):]
		case strings.HasPrefix(rest, "<"):
			e, left, err := parseTag(rest)
			if err != nil {
				return nil, fmt.Errorf("at %d: %w", at, err)
			}
			if open.tag == "p" && slices.Contains(blocks, e.tag) {
				return nil, fmt.Errorf("at %d: <%s> inside <p>", at, e.tag)
			}
			e.parent = open
			all = append(all, e)
			if !slices.Contains(voids, e.tag) && !strings.HasSuffix(rest[:len(rest)-len(left)], "/>") {
				open = e
			}
			rest = left
		default:
			end := strings.IndexByte(rest, '<')
			if end < 0 {
				end = len(rest)
			}
			text := rest[:end]
			if strings.Contains(text, ">") || slices.Contains(reference.FindAllString(text, -1), "&") {
				return nil, fmt.Errorf("at %d: bare character in %q", at, text)
			}
			for e := open; e != root; e = e.parent {
				e.text.WriteString(text)
			}
			if open == root && strings.TrimSpace(text) != "" {
				return nil, fmt.Errorf("at %d: text outside the page: %q", at, text)
			}
			rest = rest[end:]
		}
	}
	if open != root {
		return nil, fmt.Errorf("<%s> is not closed", open.tag)
	}
	return all, nil
}

// parseTag reads one start tag and gives what follows it.
func parseTag(s string) (*element, string, error) {
	name := tagName.FindString(s[1:])
	if name == "" {
		return nil, "", fmt.Errorf("not a tag: %.20q", s)
	}
	e := &element{tag: name, attrs: make(map[string]string)}
	rest := s[1+len(name):]
	for {
		m := attribute.FindStringSubmatch(rest)
		if m == nil {
			break
		}
		if _, twice := e.attrs[m[1]]; twice {
			return nil, "", fmt.Errorf("<%s> has %s twice", name, m[1])
		}
		e.attrs[m[1]] = m[2]
		rest = rest[len(m[0]):]
	}
	if left, ok := strings.CutPrefix(rest, ">"); ok {
		return e, left, nil
	}
	if left, ok := strings.CutPrefix(rest, "/>"); ok {
		return e, left, nil
	}
	return nil, "", fmt.Errorf("<%s> has an attribute that can't be read: %.30q", name, rest)
}
