package web

import (
	"html/template"
	"time"
)

// The server does not know the reader's time zone, so times are said in UTC and named
// so. The script changes them to the reader's own zone, from the datetime attribute.
const (
	dayLayout   = "2 January 2006"
	clockLayout = "15:04 UTC"
)

// When says a moment as people do: "today, 14:05 UTC", "yesterday, 14:05 UTC" or "3 March 2026, 14:05 UTC".
func When(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	switch t.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		return "today, " + Clock(t)
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		return "yesterday, " + Clock(t)
	}
	return Day(t) + ", " + Clock(t)
}

// Clock says the time of day: "14:05 UTC".
func Clock(t time.Time) string { return t.UTC().Format(clockLayout) }

// Day says the date: "3 March 2026".
func Day(t time.Time) string { return t.UTC().Format(dayLayout) }

// stamp puts words about a moment into a time element. The words are made of digits and month names only.
// Form names the function that made them, for the script to do likewise.
func stamp(t time.Time, form, words string) template.HTML {
	at := t.UTC().Format(time.RFC3339)
	return template.HTML(`<time datetime="` + at + `" data-form="` + form + `">` + template.HTMLEscapeString(words) + `</time>`)
}
