package door

import (
	"crypto/sha256"
	"sync"
	"time"
)

// keepFor is how long a yes counts again, since it was asked for: the pictures and scripts of one page. The server itself may be 0.8 seconds
// late to see that a session has ended on another one; both together stay below the second that Sallyport promises.
const keepFor = 150 * time.Millisecond

// keepMost bounds the memory; a full one is emptied.
const keepMost = 10_000

// asked is the hash of a question and the cookies that came with it: whoever is let in may send any others beside, of any length.
type asked [sha256.Size]byte

// answers remembers who was let in.
type answers struct {
	mu  sync.Mutex
	all map[asked]kept
}

type kept struct {
	who   Person
	until time.Time
}

func (a *answers) find(key asked, now time.Time) (Person, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, ok := a.all[key]
	if !ok || !now.Before(k.until) {
		delete(a.all, key)
		return Person{}, false
	}
	return k.who, true
}

func (a *answers) keep(key asked, who Person, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil || len(a.all) >= keepMost {
		a.all = map[asked]kept{}
	}
	a.all[key] = kept{who, at.Add(keepFor)}
}
