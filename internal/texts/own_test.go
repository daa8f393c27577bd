package texts

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestOwnWording(t *testing.T) {
	c := Catalogue{"plain": "Verify", "one": "Open “{device}” now", "twice": "{a} and {b} and {a}", "sms.code": "{code}", "language": "en"}
	for _, tc := range []struct {
		key, own, want string
		err            error
	}{
		{"plain", "Submit", "Submit", nil},
		{"plain", "  Submit \t", "Submit", nil},
		{"plain", "<b>Submit</b> & more", "<b>Submit</b> & more", nil}, // the templates escape it
		{"plain", "", "", ErrEmpty},
		{"plain", " ", "", ErrEmpty},
		{"plain", "a\nb", "", ErrText},
		{"plain", "a\r\nBcc: x", "", ErrText},
		{"plain", "a\x00b", "", ErrText},
		{"plain", "a\u202eb", "", ErrText},
		{"plain", "a\u2066b", "", ErrText},
		{"plain", "a\u200bb", "", ErrText},
		{"plain", "a\u2028b", "", ErrText},
		{"plain", "a\xffb", "", ErrText},
		{"plain", "Submit {device}", "", ErrPlace},
		{"plain", "Submit {", "", ErrPlace},
		{"plain", "Submit }", "", ErrPlace},
		{"plain", strings.Repeat("ä", 1000), strings.Repeat("ä", 1000), nil},
		{"plain", strings.Repeat("ä", 1001), "", ErrLong},
		{"one", "{device}: open it", "{device}: open it", nil},
		{"one", "Open it", "", ErrPlace},
		{"one", "Open {Device}", "", ErrPlace},
		{"one", "Open {device} {device}", "", ErrPlace},
		{"one", "Open {device} {time}", "", ErrPlace},
		{"one", "Open {{device}}", "", ErrPlace},
		{"twice", "{b}{a}{a}", "{b}{a}{a}", nil},
		{"twice", "{b}{a}", "", ErrPlace},
		{"sms.code", "{code}" + strings.Repeat("x", 155), "", ErrLong},
		{"none", "x", "", ErrKey},
		{"language", "de", "", ErrKey},
	} {
		if got, err := c.Check(tc.key, tc.own); got != tc.want || !errors.Is(err, tc.err) {
			t.Errorf("%s %q: %q, %v", tc.key, tc.own, got, err)
		}
	}
	own := c.With(map[string]string{"plain": "Submit", "one": "a place is lost", "gone": "x", "language": "de"})
	if own["plain"] != "Submit" || own["one"] != c["one"] || own["language"] != "en" || len(own) != len(c) || c["plain"] != "Verify" {
		t.Errorf("%v of %v", own, c)
	}
	if keys := c.Keys(); !slices.Equal(keys, []string{"one", "plain", "sms.code", "twice"}) {
		t.Errorf("keys %v", keys)
	}
}

// TestEveryTextIsItsOwnWording: what stands in a form when nothing was changed may be saved as it is.
func TestEveryTextIsItsOwnWording(t *testing.T) {
	for _, l := range Languages() {
		for _, key := range In(l).Keys() {
			if _, err := In(l).Check(key, In(l)[key]); err != nil {
				t.Errorf("%s: %s: %v", l, key, err)
			}
		}
	}
}
