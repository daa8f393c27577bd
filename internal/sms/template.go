package sms

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// place is where in a request a template stands; it decides how values are written into it.
type place string

const (
	inPath   place = "URL"
	inForm   place = "form" // also a URL's query, which has the same rules
	inJSON   place = "JSON body"
	inHeader place = "header"
)

const (
	maxTemplate    = 64 << 10
	maxPlaceholder = 20
)

// values are what a template's placeholders stand for in one request.
type values struct {
	message        Message
	from           string
	receiptURL     string
	user, password string
}

// placeholders are all there are. Each is a value of the message or of the settings; none can be
// computed with, so a template can do nothing but place them.
var placeholders = map[string]func(values) string{
	"to":          func(v values) string { return v.message.To },
	"digits":      func(v values) string { return strings.TrimPrefix(v.message.To, "+") },
	"text":        func(v values) string { return v.message.Text },
	"id":          func(v values) string { return v.message.ID },
	"from":        func(v values) string { return v.from },
	"receipt_url": func(v values) string { return v.receiptURL },
	"user":        func(v values) string { return v.user },
	"password":    func(v values) string { return v.password },
	"basic":       func(v values) string { return base64.StdEncoding.EncodeToString([]byte(v.user + ":" + v.password)) },
	"coding":      func(v values) string { return choose(v.message.Text, "0", "2") },          // Kannel's numbers
	"alphabet":    func(v values) string { return choose(v.message.Text, "text", "unicode") }, // Vonage's words
}

func choose(text, gsm, wide string) string {
	if coding, _ := units(text); coding == GSM {
		return gsm
	}
	return wide
}

// inHeaders are those whose values never have a line break in them.
var inHeaders = []string{"to", "digits", "id", "from", "receipt_url", "user", "password", "basic", "coding", "alphabet"}

// piece is a literal or, if name is set, a placeholder.
type piece struct {
	literal, name string
	at            place
}

// template is a text with placeholders: {to}, {text}. "{{" is a brace.
type template []piece

var placeholderName = regexp.MustCompile(`^[a-z_]+$`)

// parseTemplate reads a template of the given place. JSON, whose own braces are not followed by a
// letter, keeps them; anywhere else a brace begins a placeholder or is doubled.
func parseTemplate(name, s string, at place) (template, error) {
	if len(s) > maxTemplate {
		return nil, setting(name + " is longer than 64 KiB")
	}
	wrong := func(offset int, what string) error {
		line := 1 + strings.Count(s[:offset], "\n")
		column := offset - strings.LastIndexByte(s[:offset], '\n')
		return setting(fmt.Sprintf("%s, line %d, column %d: %s", name, line, column, what))
	}
	var t template
	var literal strings.Builder
	quoted := false // within a string of JSON
	where := at
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case at == inJSON && quoted && c == '\\' && i+1 < len(s):
			literal.WriteByte(c)
			i++
			literal.WriteByte(s[i])
			continue
		case at == inJSON && c == '"':
			quoted = !quoted
		case at == inPath && c == '?':
			where = inForm // from here on it is the query
		}
		if c != '{' {
			literal.WriteByte(c)
			continue
		}
		rest := s[i+1:]
		if strings.HasPrefix(rest, "{") && (at != inJSON || quoted) {
			literal.WriteByte('{')
			i++
			continue
		}
		if at == inJSON && !quoted && (rest == "" || strings.IndexByte(" \t\r\n\"}", rest[0]) >= 0) {
			literal.WriteByte('{') // an object begins
			continue
		}
		end := strings.IndexByte(rest[:min(len(rest), maxPlaceholder)], '}')
		if end < 0 {
			return nil, wrong(i, "the placeholder that begins here has no end; write {{ for a brace")
		}
		id := rest[:end]
		if !placeholderName.MatchString(id) || placeholders[id] == nil {
			return nil, wrong(i, "unknown placeholder "+strconv.QuoteToASCII("{"+id+"}")+"; there are "+placeholderList())
		}
		if at == inJSON && !quoted {
			return nil, wrong(i, "a placeholder in JSON stands in quotation marks")
		}
		if at == inHeader && !slices.Contains(inHeaders, id) {
			return nil, wrong(i, "{"+id+"} may have line breaks and can't stand in a header")
		}
		t = append(t, piece{literal: literal.String(), at: where}, piece{name: id, at: where})
		literal.Reset()
		i += 1 + end
	}
	t = append(t, piece{literal: literal.String(), at: where})
	if at == inJSON && !json.Valid([]byte(t.fill(values{}))) {
		return nil, setting(name + " is not valid JSON")
	}
	return t, nil
}

func placeholderList() string {
	var all []string
	for name := range placeholders {
		all = append(all, "{"+name+"}")
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// uses says whether the template has the placeholder.
func (t template) uses(name string) bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.name == name })
}

// fill writes the values in, each escaped for its place, so that none can end the field it is in.
func (t template) fill(v values) string {
	var b strings.Builder
	for _, p := range t {
		b.WriteString(p.literal)
		if p.name != "" {
			b.WriteString(escapeFor(p.at, placeholders[p.name](v)))
		}
	}
	return b.String()
}

func escapeFor(at place, s string) string {
	switch at {
	case inPath:
		// PathEscape leaves "." alone, and ".." as a segment would climb.
		return strings.ReplaceAll(url.PathEscape(s), ".", "%2E")
	case inForm:
		// "%20" is a space for every reader of forms and URLs; "+" is one only for some.
		return strings.ReplaceAll(url.QueryEscape(s), "+", "%20")
	case inJSON:
		b, _ := json.Marshal(s) // a string has no value that JSON could refuse
		return string(b[1 : len(b)-1])
	case inHeader:
		return s // without control characters: see inHeaders and Message.check
	}
	panic("sms: a template stands nowhere")
}
