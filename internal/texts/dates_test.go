package texts

import (
	"testing"
	"time"
)

func TestWhen(t *testing.T) {
	now := time.Date(2026, time.March, 1, 0, 30, 0, 0, time.UTC)
	for _, tc := range []struct {
		at              time.Time
		english, german string
	}{
		{now, "today, 00:30 UTC", "heute, 00:30 UTC"},
		{now.Add(-31 * time.Minute), "yesterday, 23:59 UTC", "gestern, 23:59 UTC"},
		{now.Add(-25 * time.Hour), "27 February 2026, 23:30 UTC", "27. Februar 2026, 23:30 UTC"},
		{now.In(time.FixedZone("east", 5*3600)), "today, 00:30 UTC", "heute, 00:30 UTC"},
		{now.AddDate(0, 0, 1), "2 March 2026, 00:30 UTC", "2. März 2026, 00:30 UTC"},
	} {
		for l, want := range map[Language]string{English: tc.english, German: tc.german} {
			if got, err := In(l).When(tc.at, now); err != nil || got != want {
				t.Errorf("%s, %v: %q, %v, want %q", l, tc.at, got, err, want)
			}
		}
	}
}

// TestDay has each month once, so that none is missing or at another's place.
func TestDay(t *testing.T) {
	german := []string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}
	for i, name := range german {
		day := time.Date(2027, time.Month(i+1), 3, 23, 0, 0, 0, time.FixedZone("west", -2*3600))
		if got, err := In(German).Day(day); err != nil || got != "4. "+name+" 2027" {
			t.Errorf("%q, %v", got, err)
		}
		if got, err := In(English).Day(day); err != nil || got != day.UTC().Format("2 January 2006") {
			t.Errorf("%q, %v", got, err)
		}
	}
	if got, err := (Catalogue{}).Day(time.Time{}); err == nil {
		t.Errorf("without texts it is %q", got)
	}
}
