package texts_test

import (
	"strings"
	"testing"

	"sallyport/internal/texts"
)

// TestPrintable: what is not seen makes two names look the same, or one look like another.
func TestPrintable(t *testing.T) {
	for _, s := range []string{"", "Ada Lovelace", "Ünïcödé", "株式会社", "محمد", "a\U0001F600", "ten chars."} {
		if !texts.Printable(s, 12) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{
		strings.Repeat("ü", 13), "a\x00", "a\x7f", "a\u0085", "\xff", "\ufffd", "a\u00adb", "a\u061cb", "a\u180eb", "a\u200bb", "a\u200db", "a\u2028b", "a\u202eb",
		"a\u2060b", "a\u2064b", "a\u2066b", "a\ufeffb", "a\ufff9b", "a\U000E0041", "a\U0001D173b",
	} {
		if texts.Printable(s, 12) {
			t.Errorf("%+q is taken", s)
		}
	}
}
