package door

import (
	"sync"
	"time"
)

// keepFor is how long a yes counts again, since it was asked for: the pictures and scripts of one page. The server itself may be 0.8 seconds
// late to see that a session has ended on another one; both together stay below the second that Sallyport promises.
const keepFor = 150 * time.Millisecond

// keepMost bounds the memory; a full one is emptied.
const keepMost = 10_000

// answers remembers who was let in, by question and cookies.
type answers struct {
	mu  sync.Mutex
	all map[string]kept
}

type kept struct {
	who   Person
	until time.Time
}

func (a *answers) find(key string, now time.Time) (Person, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.all[key]
	if !ok || !now.Before(k.until) {
		delete(a.all, key)
		return Person{}, false
	}
	return k.who, true
}

func (a *answers) keep(key string, who Person, asked time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil || len(a.all) >= keepMost {
		a.all = map[string]kept{}
	}
	a.all[key] = kept{who, asked.Add(keepFor)}
}
