package httpsig

import (
	"testing"
)

// TestStructuredFields reads and writes dictionaries (RFC 8941 §3.2, §4).
func TestStructuredFields(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a=1", "a=1"},
		{"  a=1  ", "a=1"},
		{"a=1, b=2", "a=1, b=2"},
		{"a=1 \t,\t b=2", "a=1, b=2"},
		{"a", "a=?1"},
		{"a;x=1", "a=?1;x=1"},
		{"a=?1, b=?0", "a=?1, b=?0"},
		{`a=(  "x"   y  )`, `a=("x" y)`},
		{"a=()", "a=()"},
		{"a=();p;  q=1", "a=();p;q=1"},
		{`a=("x";n="m" 2;k);p`, `a=("x";n="m" 2;k);p`},
		{`a="q\"b\\"`, `a="q\"b\\"`},
		{"a=-0", "a=0"},
		{"a=-12", "a=-12"},
		{"a=007", "a=7"},
		{"a=999999999999999", "a=999999999999999"},
		{"a=1.5", "a=1.5"},
		{"a=1.500", "a=1.5"},
		{"a=-0.125", "a=-0.125"},
		{"a=1.0", "a=1.0"},
		{"a=0.01", "a=0.01"},
		{"a=*tok/en:x!", "a=*tok/en:x!"},
		{"a=::", "a=::"},
		{"a=:aGVsbG8=:", "a=:aGVsbG8=:"},
		{"*a_b-c.d*1=1", "*a_b-c.d*1=1"},
		{"", ""},
	} {
		all, err := parseDictionary([]string{c.in})
		if got := written(all); err != nil || got != c.want {
			t.Errorf("%q: %q, %v, want %q", c.in, got, err, c.want)
		}
	}
	for _, in := range []string{
		"A=1", "1=1", "=1", "a=", "a=1,", ",a=1", "a=1,,b=2", "a=1 b=2", "a=1;", "a=1;=2", "a=1;B", "a = 1", "a=1; x =1", "a=1, a=2", "a=1;x;x",
		"a=-", "a=1.", "a=.5", "a=1.2345", "a=1234567890123.1", "a=1000000000000000", "a=1e3", "a=+1", "a=?2", "a=?", "a=?1x",
		`a="x`, `a="\x"`, `a="\`, "a=\"\x7f\"", "a=\"ä\"", "a='x'", "a=:", "a=:aGVsbG8:", "a=:aGVsbG9=:", "a=:aGVs bG8=:", "a=:aGVsbG8=", "a=:_-==:",
		"a=(", "a=(1", `a=("x""y")`, "a=(1,2)", "a=((1))", "a=(\t1)", "a=)", "a=@1", "a=ä", "\ta=1", "a=1\n", "a=1;\tx", "a=%\"x\"",
	} {
		if all, err := parseDictionary([]string{in}); err == nil {
			t.Errorf("%q was read as %q", in, written(all))
		}
	}
	if all, err := parseDictionary([]string{"a=1", "b=2"}); err != nil || written(all) != "a=1, b=2" {
		t.Errorf("two lines: %q, %v", written(all), err)
	}
	if _, err := parseDictionary([]string{"a=1", "a=2"}); err == nil {
		t.Error("a key that stands in two lines")
	}
}

func written(all []member) string {
	var b []byte
	for i, m := range all {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendItem(append(append(b, m.key...), '='), m.item)
	}
	return string(b)
}
