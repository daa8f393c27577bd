package httpsig

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// Structured fields (RFC 8941), as far as signatures and digests are made of them: dictionaries of items and inner lists with
// parameters. A bare item is one of int64, decimal, string, token, []byte and bool.

// item is a bare item, or an inner list (its value is then []item), with parameters (RFC 8941 §3.1.1, §3.3).
type item struct {
	value  any
	params []member
}

// member is a member of a dictionary, or a parameter (whose item has none of its own).
type member struct {
	key string
	item
}

// token is a word without quotes (RFC 8941 §3.3.4).
type token string

// decimal is a decimal in thousandths (RFC 8941 §3.3.2).
type decimal int64

// errField says that a text is no structured field of the kind. The reason why is of no use to anybody.
var errField = errors.New("httpsig: no such structured field")

// find gives the value of a member; nil if there is none.
func find(all []member, key string) any {
	if i := slices.IndexFunc(all, func(m member) bool { return m.key == key }); i >= 0 {
		return all[i].value
	}
	return nil
}

// parser reads from the left of what is left (RFC 8941 §4.2). What it could not read is in bad; then nothing it returned counts.
type parser struct {
	left string
	bad  bool
}

// parseDictionary reads the lines of a dictionary field (RFC 8941 §4.2, §4.2.2). A key that stands twice is refused: RFC 8941 lets
// the last one win, but RFC 9421 §4.1 demands labels to be unique.
func parseDictionary(lines []string) ([]member, error) {
	p := &parser{left: strings.Trim(strings.Join(lines, ", "), " ")}
	var all []member
	for p.left != "" && !p.bad {
		m := member{key: p.key()}
		if find(all, m.key) != nil {
			return nil, errField
		}
		if p.take('=') {
			m.item = p.itemOrList()
		} else {
			m.item = item{true, p.params()}
		}
		all = append(all, m)
		p.skip(" \t")
		if p.left == "" {
			break
		}
		if !p.take(',') {
			return nil, errField
		}
		p.skip(" \t")
		p.bad = p.bad || p.left == "" // a comma at the end
	}
	if p.bad {
		return nil, errField
	}
	return all, nil
}

// take takes the character c if it is the next one.
func (p *parser) take(c byte) bool {
	if p.left == "" || p.left[0] != c {
		return false
	}
	p.left = p.left[1:]
	return true
}

func (p *parser) skip(set string) { p.left = strings.TrimLeft(p.left, set) }

// span takes all that follows as long as it fits.
func (p *parser) span(fits func(c byte) bool) string {
	n := 0
	for n < len(p.left) && fits(p.left[n]) {
		n++
	}
	taken := p.left[:n]
	p.left = p.left[n:]
	return taken
}

func lower(c byte) bool  { return c >= 'a' && c <= 'z' }
func letter(c byte) bool { return lower(c) || c >= 'A' && c <= 'Z' }
func digit(c byte) bool  { return c >= '0' && c <= '9' }

// tchar is a character of an HTTP token (RFC 9110 §5.6.2).
func tchar(c byte) bool {
	return letter(c) || digit(c) || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// key reads a key (RFC 8941 §4.2.3.3).
func (p *parser) key() string {
	key := p.span(func(c byte) bool { return lower(c) || digit(c) || strings.IndexByte("_-.*", c) >= 0 })
	if key == "" || !lower(key[0]) && key[0] != '*' {
		p.bad = true
	}
	return key
}

func (p *parser) itemOrList() item {
	if !p.take('(') {
		return item{p.bare(), p.params()}
	}
	list := []item{} // (RFC 8941 §4.2.1.2)
	for !p.bad {
		p.skip(" ")
		if p.take(')') {
			return item{list, p.params()}
		}
		list = append(list, item{p.bare(), p.params()})
		p.bad = p.bad || p.left == "" || p.left[0] != ' ' && p.left[0] != ')'
	}
	return item{}
}

// params reads parameters (RFC 8941 §4.2.3.2), each at most once.
func (p *parser) params() (all []member) {
	for !p.bad && p.take(';') {
		p.skip(" ")
		m := member{key: p.key(), item: item{value: true}}
		if p.take('=') {
			m.value = p.bare()
		}
		if find(all, m.key) != nil {
			p.bad = true
		}
		all = append(all, m)
	}
	return all
}

// bare reads a bare item (RFC 8941 §4.2.3.1).
func (p *parser) bare() any {
	if p.left != "" {
		switch c := p.left[0]; {
		case c == '-' || digit(c):
			return p.number()
		case c == '"':
			return p.str()
		case c == '*' || letter(c):
			return token(p.span(func(c byte) bool { return tchar(c) || c == ':' || c == '/' }))
		case p.take(':'):
			return p.bytes()
		case p.take('?'):
			if yes := p.take('1'); yes || p.take('0') {
				return yes
			}
		}
	}
	p.bad = true
	return nil
}

// number reads an integer of at most 15 digits or a decimal of at most 12 and 3 (RFC 8941 §4.2.4).
func (p *parser) number() any {
	minus := p.take('-')
	whole := p.span(digit)
	fraction, point := "", p.take('.')
	if point {
		fraction = p.span(digit)
	}
	if whole == "" || len(whole) > 15 || point && (len(whole) > 12 || fraction == "" || len(fraction) > 3) {
		p.bad = true
		return nil
	}
	digits := whole
	if point {
		digits += fraction + "000"[len(fraction):]
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	p.bad = p.bad || err != nil
	if minus {
		n = -n
	}
	if point {
		return decimal(n)
	}
	return n
}

// str reads a string (RFC 8941 §4.2.5): printable ASCII, with quotes and backslashes after a backslash.
func (p *parser) str() string {
	var b strings.Builder
	p.take('"')
	for p.left != "" {
		c := p.left[0]
		p.left = p.left[1:]
		switch {
		case c == '"':
			return b.String()
		case c == '\\':
			if p.left == "" || p.left[0] != '"' && p.left[0] != '\\' {
				p.bad = true
				return ""
			}
			c, p.left = p.left[0], p.left[1:]
		case c < 0x20 || c > 0x7e:
			p.bad = true
			return ""
		}
		b.WriteByte(c)
	}
	p.bad = true
	return ""
}

// bytes reads a byte sequence (RFC 8941 §4.2.7), in the one spelling that an encoder gives it.
func (p *parser) bytes() []byte {
	text := p.span(func(c byte) bool { return letter(c) || digit(c) || c == '+' || c == '/' || c == '=' })
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	p.bad = p.bad || err != nil || !p.take(':')
	return b
}

// appendItem writes an item or inner list with its parameters (RFC 8941 §4.1.1.1, §4.1.3).
func appendItem(b []byte, it item) []byte {
	if list, is := it.value.([]item); is {
		b = append(b, '(')
		for i, inner := range list {
			if i > 0 {
				b = append(b, ' ')
			}
			b = appendItem(b, inner)
		}
		b = append(b, ')')
	} else {
		b = appendBare(b, it.value)
	}
	for _, p := range it.params {
		b = append(append(b, ';'), p.key...)
		if p.value != true {
			b = appendBare(append(b, '='), p.value)
		}
	}
	return b
}

func appendBare(b []byte, value any) []byte {
	switch v := value.(type) {
	case int64:
		b = strconv.AppendInt(b, v, 10)
	case decimal: // at least one digit after the point, and no more than needed (RFC 8941 §4.1.5)
		if v < 0 {
			b, v = append(b, '-'), -v
		}
		fraction := strings.TrimRight(strconv.Itoa(int(v%1000 + 1000))[1:], "0")
		b = append(strconv.AppendInt(b, int64(v/1000), 10), '.')
		b = append(b, fraction...)
		if fraction == "" {
			b = append(b, '0')
		}
	case string:
		b = append(b, '"')
		for i := range len(v) {
			if v[i] == '"' || v[i] == '\\' {
				b = append(b, '\\')
			}
			b = append(b, v[i])
		}
		b = append(b, '"')
	case token:
		b = append(b, v...)
	case []byte:
		b = append(base64.StdEncoding.AppendEncode(append(b, ':'), v), ':')
	case bool:
		b = append(b, '?', '0')
		if v {
			b[len(b)-1] = '1'
		}
	}
	return b
}
