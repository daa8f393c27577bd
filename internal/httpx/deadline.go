package httpx

import (
	"context"
	"sync"
	"time"
)

// deadline is a context that ends at a time, as context.WithTimeout makes one, but takes a timer only when somebody waits for its end:
// what is answered from memory, as most questions at the door are, never does, and a timer would be a twentieth of their cost.
type deadline struct {
	context.Context
	at time.Time

	mu     sync.Mutex
	waited context.Context // with the timer; nil until somebody waits
	cancel context.CancelFunc
	over   bool // the request is answered
}

func newDeadline(parent context.Context, timeout time.Duration) *deadline {
	return &deadline{Context: parent, at: time.Now().Add(timeout)}
}

// real gives the context with the timer.
func (d *deadline) real() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waited == nil {
		d.waited, d.cancel = context.WithDeadline(d.Context, d.at)
		if d.over {
			d.cancel()
		}
	}
	return d.waited
}

// end cancels it: whatever still waits for something in the name of an answered request is called back.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.cancel != nil {
		d.cancel()
	}
}

// Deadline is the earlier of its own end and its parent's.
func (d *deadline) Deadline() (time.Time, bool) {
	if at, ok := d.Context.Deadline(); ok && at.Before(d.at) {
		return at, true
	}
	return d.at, true
}

// Done and Err are those of the context with the timer.
func (d *deadline) Done() <-chan struct{} { return d.real().Done() }
func (d *deadline) Err() error            { return d.real().Err() }

// Value asks the context with the timer where there is one: package context finds its own by it, and needs no goroutine then.
func (d *deadline) Value(key any) any {
	d.mu.Lock()
	ctx := d.waited
	d.mu.Unlock()
	if ctx == nil {
		ctx = d.Context
	}
	return ctx.Value(key)
}
