package httpsig

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Message is what is signed, or was.
type Message struct {
	Method    string
	TargetURI string // scheme://authority/path?query, as the client sees the server
	Status    int    // of a response; 0 in a request
	Header    map[string][]string
	Body      []byte
	// Unseen: the body is somewhere else, and whoever has it compares it with Content-Digest.
	Unseen bool
}

// lines gives the values of a header field (lower-case name), in order. Names that differ in capitals only have lost their order, so
// they are refused.
func (m Message) lines(name string) ([]string, error) {
	var all []string
	found := false
	for k, values := range m.Header {
		if !strings.EqualFold(k, name) || len(values) == 0 {
			continue
		}
		if found {
			return nil, ErrComponent.Because(fmt.Errorf("%s stands in two spellings", name))
		}
		all, found = values, true
	}
	return all, nil
}

// field is the canonical value of a header field (RFC 9421 §2.1).
func (m Message) field(name string) (string, error) {
	lines, err := m.lines(name)
	if err != nil {
		return "", err
	}
	if len(lines) == 0 {
		return "", ErrComponent.Because(fmt.Errorf("the message has no %s", name))
	}
	values := make([]string, len(lines))
	for i, line := range lines {
		values[i] = unfold(line)
	}
	return strings.Join(values, ", "), nil
}

// unfold strips the white space around a field value and makes each obsolete line folding one blank (RFC 9421 §2.1 steps 2 and 3, RFC
// 9112 §5.2). A line end that begins no folding stays, and the base refuses it.
func unfold(line string) string {
	line = strings.Trim(line, " \t\r\n")
	var b strings.Builder
	for {
		before, after, found := strings.Cut(line, "\n")
		if !found || after[0] != ' ' && after[0] != '\t' { // after is not empty: line was trimmed
			b.WriteString(line)
			return b.String()
		}
		b.WriteString(strings.TrimRight(strings.TrimSuffix(before, "\r"), " \t"))
		b.WriteByte(' ')
		line = strings.TrimLeft(after, " \t")
	}
}

// target is a target URI in its parts, normalized as RFC 9110 §4.2.3 says: nothing is decoded.
type target struct {
	scheme, authority, path, query string
	hasQuery                       bool
}

func (m Message) target() (target, error) {
	scheme, rest, ok := strings.Cut(m.TargetURI, "://")
	t := target{scheme: strings.ToLower(scheme)}
	if !ok || t.scheme != "http" && t.scheme != "https" || strings.ContainsAny(rest, "#\\") {
		return t, ErrComponent.Because(fmt.Errorf("no target URI: %q", m.TargetURI))
	}
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	t.authority = strings.ToLower(rest[:end])
	t.path, t.query, t.hasQuery = strings.Cut(rest[end:], "?")
	if t.authority == "" || strings.ContainsRune(t.authority, '@') {
		return t, ErrComponent.Because(fmt.Errorf("no authority: %q", m.TargetURI))
	}
	usual := map[string]string{"http": ":80", "https": ":443"}[t.scheme]
	t.authority = strings.TrimSuffix(t.authority, usual)
	if t.path == "" {
		t.path = "/"
	}
	return t, nil
}

// requestTarget is the origin form (RFC 9110 §7.1), the only one that a server of ours is asked in.
func (t target) requestTarget() string {
	if t.hasQuery {
		return t.path + "?" + t.query
	}
	return t.path
}

// derived is the value of a derived component (RFC 9421 §2.2). name is the parameter of @query-param.
func (m Message) derived(component, name string) (string, error) {
	if component == "@status" { // §2.2.9: of a response only
		if m.Status == 0 {
			return "", ErrComponent.Because(fmt.Errorf("a request has no @status"))
		}
		return strconv.Itoa(m.Status), nil
	}
	if m.Status != 0 {
		return "", ErrComponent.Because(fmt.Errorf("a response has no %s", component))
	}
	t, err := m.target()
	if err != nil {
		return "", err
	}
	switch component {
	case "@method":
		return m.Method, nil
	case "@target-uri":
		return t.scheme + "://" + t.authority + t.requestTarget(), nil
	case "@authority":
		return t.authority, nil
	case "@scheme":
		return t.scheme, nil
	case "@request-target":
		return t.requestTarget(), nil
	case "@path":
		return t.path, nil
	case "@query":
		return "?" + t.query, nil
	case "@query-param":
		return queryParam(t.query, name)
	}
	return "", ErrComponent.Because(fmt.Errorf("%s is not known", component))
}

// queryParam is the one value of a parameter of the query, encoded again (RFC 9421 §2.2.8). One that stands twice is refused, as the
// RFC demands.
func queryParam(query, name string) (string, error) {
	value, found := "", 0
	for pair := range strings.SplitSeq(query, "&") {
		k, v, _ := strings.Cut(pair, "=")
		if pair != "" && formEncode(k) == name {
			value, found = formEncode(v), found+1
		}
	}
	if found != 1 {
		return "", ErrComponent.Because(fmt.Errorf("the parameter %q stands in the query %d times", name, found))
	}
	return value, nil
}

// formEncode decodes a name or value of a query and encodes it in the one way of the URL standard's form serializer, a blank as %20.
func formEncode(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	var plain strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			// What is no escape stands for itself.
			if v, err := strconv.ParseUint(s[i+1:i+3], 16, 8); err == nil {
				c, i = byte(v), i+2
			}
		}
		plain.WriteByte(c)
	}
	// url.QueryEscape leaves ~ alone and encodes *, the form serializer the other way round.
	encoded := url.QueryEscape(strings.ToValidUTF8(plain.String(), "\uFFFD"))
	return strings.NewReplacer("+", "%20", "~", "%7E", "%2A", "*").Replace(encoded)
}

// base is the signature base (RFC 9421 §2.5) of the components that input lists; input is the member of Signature-Input.
func (m Message) base(input item) ([]byte, error) {
	var b []byte
	seen := map[string]bool{}
	components, _ := input.value.([]item)
	for _, c := range components {
		name, _ := c.value.(string)
		id := string(appendItem(nil, c))
		if seen[id] {
			return nil, ErrComponent.Because(fmt.Errorf("%s is covered twice", id))
		}
		seen[id] = true
		value, err := m.component(name, c.params)
		if err != nil {
			return nil, err
		}
		for i := range len(value) { // no line end, no other control character, nothing but ASCII: a line can't begin another one
			if (value[i] < 0x20 && value[i] != '\t') || value[i] > 0x7e {
				return nil, ErrComponent.Because(fmt.Errorf("the value of %s has a character that can’t be signed", id))
			}
		}
		b = append(append(append(b, id...), ": "...), value...)
		b = append(b, '\n')
	}
	return appendItem(append(b, `"@signature-params": `...), input), nil
}

// component is the value of a component.
func (m Message) component(name string, params []member) (string, error) {
	if name == "@query-param" {
		which, is := find(params, "name").(string)
		if !is || len(params) != 1 {
			return "", ErrComponent.Because(fmt.Errorf("@query-param needs a name, and nothing else"))
		}
		return m.derived(name, which)
	}
	if len(params) != 0 {
		return "", ErrComponent.Because(fmt.Errorf("%s has a parameter that is not understood", name))
	}
	if strings.HasPrefix(name, "@") { // never from a field (RFC 9421 §7.5.1)
		return m.derived(name, "")
	}
	for i := range len(name) {
		if !tchar(name[i]) || name[i] >= 'A' && name[i] <= 'Z' {
			return "", ErrComponent.Because(fmt.Errorf("%q is no field name in small letters", name))
		}
	}
	return m.field(name)
}
