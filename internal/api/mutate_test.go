package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// member is one of an object's. An object is a list of them, so that one can stand in it twice.
type member struct {
	name  string
	value any
}

// raw is a value as it is written.
type raw string

// grow makes of a decoded value one whose objects are lists.
func grow(v any) any {
	switch v := v.(type) {
	case map[string]any:
		object := []member{}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			object = append(object, member{name, grow(v[name])})
		}
		return object
	case []any:
		all := []any{}
		for _, one := range v {
			all = append(all, grow(one))
		}
		return all
	}
	return v
}

// odd are values that a member has not.
var odd = []any{
	nil, true, false, raw("0"), raw("-0"), raw("1"), raw("-1"), raw("1.5"), raw("1e3"), raw("1E400"), raw("-1e999"), raw("9223372036854775808"), raw("123456789012345678901234567890"),
	raw("01"), raw("+1"), raw(".5"), raw("NaN"), raw("Infinity"), raw("0x10"), raw("'x'"), raw("undefined"), raw(`"\ud800"`), raw(`"\udc00\ud800"`), raw(`"\u0000"`), raw(`"\x"`), raw("\"\xff\""),
	raw("\"\xed\xa0\x80\""), raw("\"\n\""), raw(`"\uD83D\uDE00"`), raw(`"`), raw("[1,]"), raw(`{"a":1,}`), raw("/**/1"),
	"", "x", " ", "null", "true", "1", "\u2028", "\ufeff", "\u202e", "e\u0301", strings.Repeat("x", 41), strings.Repeat("ü", 200), strings.Repeat("x", 2000), "2026-12-31T00:00:00Z", "2026-13-01T00:00:00Z", "owner", "totp",
	[]any{},
	[]any{[]any{}},
	[]any{nil},
	[]any{"x", "x"},
	[]member{},
	[]member{{"a", raw("1")}, {"a", raw("1")}},
	[]member{{"__proto__", []member{}}},
	[]member{{"", nil}},
}

// mutator changes bodies, by a source of chance that is written down.
type mutator struct{ *rand.Rand }

func (m mutator) odd() any { return odd[m.IntN(len(odd))] }

// value is v with one thing changed in it, at any depth.
func (m mutator) value(v any) any {
	switch v := v.(type) {
	case []member:
		return m.object(slices.Clone(v))
	case []any:
		return m.list(slices.Clone(v))
	case string:
		switch m.IntN(6) {
		case 0:
			return v + v
		case 1:
			return strings.ToUpper(v)
		case 2:
			return v[:m.IntN(len(v)+1)]
		}
	}
	switch m.IntN(8) {
	case 0:
		return []any{v}
	case 1:
		return []member{{"a", v}}
	case 2: // around the deepest that is read
		n := deepest - 3 + m.IntN(6)
		if m.IntN(20) == 0 {
			n = 2000
		}
		return raw(strings.Repeat("[", n) + strings.Repeat("]", n))
	}
	return m.odd()
}

func (m mutator) object(v []member) any {
	if len(v) == 0 {
		return append(v, member{"x", m.odd()})
	}
	i := m.IntN(len(v))
	switch m.IntN(12) {
	case 0:
		return slices.Delete(v, i, i+1)
	case 1:
		return append(v, member{v[i].name, m.odd()}) // twice
	case 2:
		return append(v, v[i])
	case 3:
		return append(v, member{capitals(m, v[i].name), m.odd()})
	case 4:
		v[i].name = capitals(m, v[i].name)
	case 5:
		return append(v, member{[]string{"no_such", "", "__proto__", "a.b", "$schema", "Body", "\u017fcope", strings.Repeat("n", 300)}[m.IntN(8)], m.odd()})
	case 6:
		v[i].name = strings.Replace(strings.Replace(v[i].name, "s", "\u017f", 1), "k", "\u212a", 1) // that Go folds to s and k
	case 7:
		m.Shuffle(len(v), func(a, b int) { v[a], v[b] = v[b], v[a] })
	case 8:
		return m.odd()
	default:
		v[i].value = m.value(v[i].value)
	}
	return v
}

func (m mutator) list(v []any) any {
	if len(v) == 0 {
		return append(v, m.odd())
	}
	i := m.IntN(len(v))
	switch m.IntN(5) {
	case 0:
		return slices.Delete(v, i, i+1)
	case 1:
		return append(v, v[i])
	case 2:
		return slices.Repeat(v, 30)
	case 3:
		return m.odd()
	}
	v[i] = m.value(v[i])
	return v
}

func capitals(m mutator, name string) string {
	if m.IntN(2) == 0 || name == "" {
		return strings.ToUpper(name)
	}
	i := m.IntN(len(name))
	return name[:i] + strings.ToUpper(name[i:i+1]) + name[i+1:]
}

// write writes v as JSON, where it is, in one of the many ways to write the same.
func (m mutator) write(b *strings.Builder, v any) {
	blank := func() {
		if m.IntN(12) == 0 {
			b.WriteString([]string{" ", "\n", "\t", "\r\n", "  "}[m.IntN(5)])
		}
	}
	text := func(s string) {
		written, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		if m.IntN(10) != 0 || strings.ContainsRune(string(written), '\\') {
			b.Write(written)
			return
		}
		b.WriteByte('"')
		for _, r := range s {
			if r > 0xffff || m.IntN(2) == 0 && r != '"' {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(b, `\u%04x`, r)
			}
		}
		b.WriteByte('"')
	}
	blank()
	switch v := v.(type) {
	case raw:
		b.WriteString(string(v))
	case string:
		text(v)
	case []member:
		b.WriteByte('{')
		for i, one := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			blank()
			text(one.name)
			blank()
			b.WriteByte(':')
			m.write(b, one.value)
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for i, one := range v {
			if i > 0 {
				b.WriteByte(',')
			}
			m.write(b, one)
		}
		b.WriteByte(']')
	default:
		written, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		b.Write(written)
	}
	blank()
}

// pieces are put between bytes.
var pieces = []string{"\"", "\\", "{", "}", "[", "]", ",", ":", "null", "\x00", "\xff", "\ufeff", "\u2028", `\u`, `\ud83d`, "1e", "-", " ", "true", "//", "\xc0\x80", "\r"}

// bytes is body with one change among its bytes.
func (m mutator) bytes(body string) string {
	at := m.IntN(len(body) + 1)
	switch m.IntN(7) {
	case 0:
		return body[:at]
	case 1:
		return body + []string{"x", "{}", " null", "]", "}", ",", "\x00", body}[m.IntN(8)]
	case 2:
		return "\ufeff" + body
	case 3:
		to := at + m.IntN(len(body)-at+1)
		return body[:at] + body[to:]
	case 4:
		if at < len(body) {
			return body[:at] + string([]byte{body[at] ^ 1<<m.IntN(8)}) + body[at+1:]
		}
	case 5:
		to := at + m.IntN(len(body)-at+1)
		return body[:at] + body[at:to] + body[at:]
	}
	return body[:at] + pieces[m.IntN(len(pieces))] + body[at:]
}

// body is the example changed a little, or not at all but for how it is written.
func (m mutator) body(example any) string {
	for range m.IntN(4) {
		if m.IntN(30) == 0 {
			example = m.odd()
		}
		example = m.value(example)
	}
	var b strings.Builder
	m.write(&b, example)
	written := b.String()
	if m.IntN(3) == 0 {
		for range 1 + m.IntN(3) {
			written = m.bytes(written)
		}
	}
	return written
}
