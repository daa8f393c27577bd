package api

import (
	"fmt"
	"testing"
	"time"
)

// TestLimiterIsBounded: a flood of addresses takes bounded memory and stops nobody who is known, and the next minute forgets it.
func TestLimiterIsBounded(t *testing.T) {
	now := time.Date(2026, 11, 27, 9, 0, 10, 0, time.UTC)
	l := newLimiter(2, func() time.Time { return now })
	for i := range 3 * mostCounted {
		l.take(false, fmt.Sprint(i), true)
	}
	if n := len(l.counts[0]); n != mostCounted {
		t.Errorf("%d strangers are remembered", n)
	}
	for i, want := range []int{1, 0, -1, -1} {
		if left, over := l.take(true, "ses_1", true); left != want || over != 50*time.Second {
			t.Errorf("call %d of somebody known: %d left, for %v", i+1, left, over)
		}
	}
	if left, _ := l.take(true, "0", true); left != 1 {
		t.Errorf("somebody known is taken for a stranger: %d left", left)
	}
	now = now.Add(50 * time.Second)
	if left, over := l.take(true, "ses_1", true); left != 1 || over != time.Minute || len(l.counts[0]) != 0 {
		t.Errorf("a minute later: %d left, for %v, %d strangers remembered", left, over, len(l.counts[0]))
	}
}
