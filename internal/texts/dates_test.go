package texts

import (
	"testing"
	"time"
)

func TestWhen(t *testing.T) {
	now := time.Date(2026, time.March, 1, 0, 30, 0, 0, time.UTC)
	for _, tc := range []struct {
		at   time.Time
		want string
	}{
		{now, "today, 00:30 UTC"},
		{now.Add(-31 * time.Minute), "yesterday, 23:59 UTC"},
		{now.Add(-25 * time.Hour), "27 February 2026, 23:30 UTC"},
		{now.In(time.FixedZone("east", 5*3600)), "today, 00:30 UTC"},
		{now.AddDate(0, 0, 1), "2 March 2026, 00:30 UTC"},
	} {
		if got, err := In(English).When(tc.at, now); err != nil || got != tc.want {
			t.Errorf("%v: %q, %v, want %q", tc.at, got, err, tc.want)
		}
	}
}
