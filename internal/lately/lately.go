// Package lately remembers what was read from the database a moment ago, so that a question asked again within less than a second
// need not be read again. It is never the only place that knows something: losing it costs a read.
package lately

import (
	"sync"
	"time"
)

const (
	// For is how long something is remembered. With the time a request takes it stays below the second within which an end, of a
	// session or a key, must be in force on every server.
	For = 800 * time.Millisecond
	// most bounds the memory; one that is full is emptied.
	most = 50_000
)

// Memory is what was read, each with the time of its reading. The zero value is ready to use.
type Memory[K comparable, V any] struct {
	mu  sync.RWMutex
	all map[K]read[V]
}

type read[V any] struct {
	value V
	at    time.Time
}

// Get returns what was read, and when, if that is not too long before now. What was read at a later time than now was read by another
// clock, and is not taken.
func (m *Memory[K, V]) Get(key K, now time.Time) (value V, at time.Time, ok bool) {
	m.mu.RLock()
	r, ok := m.all[key]
	m.mu.RUnlock()
	if !ok || now.Sub(r.at) >= For || r.at.After(now) {
		var none V
		return none, time.Time{}, false
	}
	return r.value, r.at, true
}

// Keep remembers what was read at a time. It must not be changed afterwards.
func (m *Memory[K, V]) Keep(key K, value V, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.all == nil {
		m.all = map[K]read[V]{}
	}
	if len(m.all) >= most {
		clear(m.all)
	}
	m.all[key] = read[V]{value, at}
}

// Forget drops what is remembered under the keys that is tells, so that a change is in force here at once.
func (m *Memory[K, V]) Forget(is func(K) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key := range m.all {
		if is(key) {
			delete(m.all, key)
		}
	}
}
