package otp

import (
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParseCode(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"123456", "123456"},
		{"000000", "000000"},
		{"123 456", "123456"},
		{"12 34 56", "123456"},
		{" 123456\r\n", "123456"},
		{"\t123456", "123456"},
		{"123-456", "123456"},
		{"123\u2010456", "123456"}, // hyphen
		{"123\u2011456", "123456"}, // non-breaking hyphen
		{"123\u2013456", "123456"}, // en dash
		{"123\u2014456", "123456"}, // em dash
		{"123\u2212456", "123456"}, // minus
		{"123\u00a0456", "123456"}, // no-break space
		{"123\u2009456", "123456"}, // thin space
		{"123\u202f456", "123456"}, // narrow no-break space
		{"123\u3000456", "123456"}, // ideographic space
		{"123\u200b456", "123456"}, // zero-width space
		{"\ufeff123456", "123456"}, // byte order mark
		{"\u202a123456\u202c", "123456"},
		{"123\u00ad456", "123456"}, // soft hyphen
		{"１２３４５６", "123456"},
		{"１２３ 456", "123456"},
	} {
		if got, err := ParseCode(tc.in, 6); err != nil || got != tc.want {
			t.Errorf("%q: %q, %v, want %q", tc.in, got, err, tc.want)
		}
	}
	for _, in := range []string{
		"", " ", "-", "12345", "1234567", "12345a", "a123456", "123456;", "+123456", "1234.56", "123_456",
		"0x1234", "12345\x00", "123456\x00", "12345\xff", "١٢٣٤٥٦", "۱۲۳۴۵۶", "१२३४५६", "①②③④⑤⑥", "¹²³⁴⁵⁶",
		"𝟏𝟐𝟑𝟒𝟓𝟔", "12345٦", "١123456", "123456'--", "123\u0301456", strings.Repeat(" ", 300) + "123456",
	} {
		if got, err := ParseCode(in, 6); !errors.Is(err, ErrMalformedCode) || got != "" {
			t.Errorf("%q: %q, %v, want malformed_code", in, got, err)
		}
	}
	if got, err := ParseCode("1234 5678", 8); err != nil || got != "12345678" {
		t.Errorf("8 digits: %q, %v", got, err)
	}
	if _, err := ParseCode("123456", 8); err == nil {
		t.Error("6 digits are taken for 8")
	}
}

// TestParseCodeIgnoresGrouping puts blanks and dashes anywhere into a good code.
func TestParseCodeIgnoresGrouping(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := rapid.StringMatching(`[0-9]{6}`).Draw(t, "code")
		var b strings.Builder
		for _, r := range code {
			b.WriteString(rapid.SampledFrom([]string{"", "", " ", "-", "\u00a0", "\u200b"}).Draw(t, "gap"))
			b.WriteRune(r)
		}
		if got, err := ParseCode(b.String(), 6); err != nil || got != code {
			t.Fatalf("%q: %q, %v", b.String(), got, err)
		}
	})
}

func FuzzParseCode(f *testing.F) {
	for _, s := range []string{"123456", "123 456", "１２３４５６", "12345\xff", "", "١٢٣٤٥٦"} {
		f.Add(s, 6)
	}
	f.Fuzz(func(t *testing.T, s string, digits int) {
		code, err := ParseCode(s, digits)
		if err != nil {
			if code != "" {
				t.Fatalf("%q: an error and the code %q", s, code)
			}
			return
		}
		if len(code) != digits || strings.Trim(code, "0123456789") != "" {
			t.Fatalf("%q gave %q", s, code)
		}
		if again, err := ParseCode(code, digits); err != nil || again != code {
			t.Fatalf("the result %q is not its own spelling: %q, %v", code, again, err)
		}
	})
}
