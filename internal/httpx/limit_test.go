package httpx

import (
	"fmt"
	"testing"
	"time"
)

// TestLimitIsBounded: a flood of addresses takes bounded memory, and the next window forgets it.
func TestLimitIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 10, 0, time.UTC)
	l := NewLimit(2, time.Minute, func() time.Time { return now })
	for i, want := range []int{1, 0, -1, -1} {
		if left, over := l.Take("ses_1"); left != want || over != 50*time.Second {
			t.Errorf("time %d: %d left, for %v", i+1, left, over)
		}
	}
	for range 3 {
		if left, _ := l.Judge("ses_2"); left != 1 {
			t.Errorf("%d left to somebody who was only judged", left)
		}
	}
	for i := range 3 * mostCounted {
		l.Take(fmt.Sprint(i))
	}
	if n := len(l.counts); n != mostCounted {
		t.Errorf("%d are remembered", n)
	}
	now = now.Add(50 * time.Second)
	if left, over := l.Take("ses_1"); left != 1 || over != time.Minute || len(l.counts) != 1 {
		t.Errorf("a minute later: %d left, for %v, %d remembered", left, over, len(l.counts))
	}
}
