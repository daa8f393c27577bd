// Package texts is what Sallyport says to people, in every language it speaks.
//
// A [Catalogue] holds the texts of one language by key; pages and mail hold keys and no
// words of their own, so that a language, or an account's own wording (K19), is one more
// catalogue. All languages have the same keys with the same places, which a test compares;
// what is missing at run time all the same is an error and never an empty line. The package
// trusts the catalogues, which are part of the program, and nobody's values.
package texts

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// Catalogue is what is said, by key. A text may hold named places, "{device}", which
// whoever says it fills. The catalogues of this package are shared: do not change them.
type Catalogue map[string]string

// Text gives the text of key with its places filled from pairs of name and value.
// A missing key, a place left open and a value without a place are faults of the caller.
func (c Catalogue) Text(key string, pairs ...any) (string, error) {
	s, ok := c[key]
	if !ok {
		return "", fmt.Errorf("texts: no text %q", key)
	}
	return fill(key, s, pairs, func(v any) string { return fmt.Sprint(v) })
}

// Rich is Text for sentences with markup in a place: the text and plain values are
// escaped, values of type template.HTML are kept.
func (c Catalogue) Rich(key string, pairs ...any) (template.HTML, error) {
	s, ok := c[key]
	if !ok {
		return "", fmt.Errorf("texts: no text %q", key)
	}
	s, err := fill(key, template.HTMLEscapeString(s), pairs, func(v any) string {
		if safe, ok := v.(template.HTML); ok {
			return string(safe)
		}
		return "<bdi>" + template.HTMLEscapeString(fmt.Sprint(v)) + "</bdi>"
	})
	return template.HTML(s), err
}

// fill puts the values into their places in one pass, so that a value which looks like a place stays as it is.
func fill(key, s string, pairs []any, show func(any) string) (string, error) {
	if len(pairs)%2 != 0 {
		return "", fmt.Errorf("texts: %q: a name without a value", key)
	}
	if strings.Count(s, "{") != len(pairs)/2 {
		return "", fmt.Errorf("texts: %q has %d places, %d values were given", key, strings.Count(s, "{"), len(pairs)/2)
	}
	var oldnew []string
	for i := 0; i < len(pairs); i += 2 {
		place := fmt.Sprintf("{%v}", pairs[i])
		if !strings.Contains(s, place) {
			return "", fmt.Errorf("texts: %q has no place %s", key, place)
		}
		oldnew = append(oldnew, place, show(pairs[i+1]))
	}
	return strings.NewReplacer(oldnew...).Replace(s), nil
}

// Count chooses between key.one and key.other and fills their place {n}.
func (c Catalogue) Count(key string, n int) (string, error) {
	if n == 1 {
		return c.Text(key + ".one")
	}
	return c.Text(key+".other", "n", strconv.Itoa(n))
}

// Wait says a time to wait in words, rounded up so that nobody comes too early: "30 seconds", "2 minutes".
func (c Catalogue) Wait(d time.Duration) (string, error) {
	switch {
	case d <= 90*time.Second:
		return c.Count("wait.seconds", max(1, ceil(d, time.Second)))
	case d <= 90*time.Minute:
		return c.Count("wait.minutes", ceil(d, time.Minute))
	default:
		return c.Count("wait.hours", ceil(d, time.Hour))
	}
}

// ceil gives how many units cover d.
func ceil(d, unit time.Duration) int { return int((d + unit - 1) / unit) }
