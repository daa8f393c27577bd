package httpx

import (
	"context"
	"sync"
	"time"
)

// mostCounted is how many a Limit remembers at once: a few megabytes.
const mostCounted = 50_000

// Limit counts what each of many does in a window of time, in the memory of one process: a brake for floods and for programs gone wild. What
// guards secrets is counted in the database (D3).
type Limit struct {
	most   int
	window time.Duration
	now    func() time.Time

	mu     sync.Mutex
	begun  time.Time // the window
	counts map[string]int
}

// NewLimit lets each do something so many times in a window.
func NewLimit(most int, window time.Duration, now func() time.Time) *Limit {
	return &Limit{most: most, window: window, now: now}
}

// Take counts that somebody does it, and reports how often they may still, -1 if it was too much, and when the window is over.
func (l *Limit) Take(who string) (left int, over time.Duration) { return l.take(who, true) }

// Judge reports what Take would, and counts nothing.
func (l *Limit) Judge(who string) (left int, over time.Duration) { return l.take(who, false) }

func (l *Limit) take(who string, count bool) (left int, over time.Duration) {
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if begun := now.Truncate(l.window); begun != l.begun {
		l.begun, l.counts = begun, map[string]int{}
	}
	over = l.begun.Add(l.window).Sub(now)
	n, counted := l.counts[who]
	if !counted && len(l.counts) >= mostCounted {
		return l.most, over // so many at once are no business of a limit for each
	}
	if n >= l.most {
		return -1, over
	}
	if count {
		l.counts[who] = n + 1
	}
	return l.most - n - 1, over
}

// Network is what a stranger is counted by: the address, of IPv6 the /64 that one customer has.
func Network(ctx context.Context) string {
	client := InfoOf(ctx).Client
	if client.Is6() {
		if prefix, err := client.Prefix(64); err == nil {
			return prefix.String()
		}
	}
	return client.String()
}
