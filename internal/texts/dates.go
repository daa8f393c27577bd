package texts

import (
	"strconv"
	"time"
)

// The server does not know the reader's time zone, so times are said in UTC and named so.
// Pages give the moment as well, from which their script says it in the reader's own zone.

// When says a moment as people do: "today, 14:05 UTC", "yesterday, 14:05 UTC" or "3 March 2026, 14:05 UTC".
func (c Catalogue) When(t, now time.Time) (string, error) {
	t, now = t.UTC(), now.UTC()
	switch t.Format(time.DateOnly) {
	case now.Format(time.DateOnly):
		return c.Text("date.today", "clock", c.Clock(t))
	case now.AddDate(0, 0, -1).Format(time.DateOnly):
		return c.Text("date.yesterday", "clock", c.Clock(t))
	}
	return c.Moment(t)
}

// Moment says a moment in full, for what is read who knows when: "3 March 2026, 14:05 UTC".
func (c Catalogue) Moment(t time.Time) (string, error) {
	day, err := c.Day(t)
	if err != nil {
		return "", err
	}
	return c.Text("date.other", "day", day, "clock", c.Clock(t))
}

// Clock says the time of day, in all our languages alike: "14:05 UTC".
func (Catalogue) Clock(t time.Time) string { return t.UTC().Format("15:04 UTC") }

// Day says the date: "3 March 2026".
func (c Catalogue) Day(t time.Time) (string, error) {
	year, month, day := t.UTC().Date()
	name, err := c.Text("date.month." + strconv.Itoa(int(month)))
	if err != nil {
		return "", err
	}
	return c.Text("date.day", "day", day, "month", name, "year", year)
}
