package web

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"
)

// texts is a catalogue: what the pages say, by key. A text may hold named places,
// "{device}", which the template fills. Templates hold no words of their own, so an
// account can have its own wording by another catalogue (K19).
type texts map[string]string

// text gives the text of key with its places filled from pairs of name and value.
// A missing key, a place left open and a value without a place are faults of the template.
func (c texts) text(key string, pairs ...any) (string, error) {
	s, ok := c[key]
	if !ok {
		return "", fmt.Errorf("web: no text %q", key)
	}
	return fill(key, s, pairs, func(v any) string { return fmt.Sprint(v) })
}

// rich is text for sentences with markup in a place: the text and plain values are
// escaped, values of type template.HTML are kept.
func (c texts) rich(key string, pairs ...any) (template.HTML, error) {
	s, ok := c[key]
	if !ok {
		return "", fmt.Errorf("web: no text %q", key)
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
		return "", fmt.Errorf("web: text %q: a name without a value", key)
	}
	if strings.Count(s, "{") != len(pairs)/2 {
		return "", fmt.Errorf("web: text %q has %d places, %d values were given", key, strings.Count(s, "{"), len(pairs)/2)
	}
	var oldnew []string
	for i := 0; i < len(pairs); i += 2 {
		place := fmt.Sprintf("{%v}", pairs[i])
		if !strings.Contains(s, place) {
			return "", fmt.Errorf("web: text %q has no place %s", key, place)
		}
		oldnew = append(oldnew, place, show(pairs[i+1]))
	}
	return strings.NewReplacer(oldnew...).Replace(s), nil
}

// count chooses between key.one and key.other and fills their place {n}.
func (c texts) count(key string, n int) (string, error) {
	if n == 1 {
		return c.text(key + ".one")
	}
	return c.text(key+".other", "n", strconv.Itoa(n))
}

// wait says a time to wait in words, rounded up so that nobody comes too early: "30 seconds", "2 minutes".
func (c texts) wait(d time.Duration) (string, error) {
	switch {
	case d <= 90*time.Second:
		return c.count("wait.seconds", max(1, ceil(d, time.Second)))
	case d <= 90*time.Minute:
		return c.count("wait.minutes", ceil(d, time.Minute))
	default:
		return c.count("wait.hours", ceil(d, time.Hour))
	}
}

// ceil gives how many units cover d.
func ceil(d, unit time.Duration) int { return int((d + unit - 1) / unit) }

// notice gives the line for what a page has to tell, or nothing for an unknown notice.
func (c texts) notice(told Chrome) (template.HTML, error) {
	key := "notice." + string(told.Notice)
	if told.Notice == NoticeBackupCodeUsed {
		line, err := c.count(key, told.Left)
		return template.HTML(template.HTMLEscapeString(line)), err
	}
	line, known := c[key]
	switch {
	case !known:
		return "", nil
	case strings.Contains(line, "{about}"):
		return c.rich(key, "about", told.About)
	}
	return c.rich(key)
}
