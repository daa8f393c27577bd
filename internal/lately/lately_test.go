package lately

import (
	"testing"
	"time"
)

func TestMemory(t *testing.T) {
	start := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	var m Memory[string, int]
	if _, _, ok := m.Get("a", start); ok {
		t.Error("something is remembered that was never read")
	}
	m.Keep("a", 1, start)
	m.Keep("b", 2, start)
	for after, want := range map[time.Duration]bool{-1: false, 0: true, For - 1: true, For: false} {
		if v, at, ok := m.Get("a", start.Add(after)); ok != want || ok && (v != 1 || !at.Equal(start)) {
			t.Errorf("after %s: %d, %v, %v", after, v, at, ok)
		}
	}
	m.Forget(func(key string) bool { return key == "a" })
	_, _, a := m.Get("a", start)
	_, _, b := m.Get("b", start)
	if a || !b {
		t.Errorf("after forgetting a: a %v, b %v", a, b)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	var m Memory[int, int]
	for i := range most + 10 {
		m.Keep(i, i, time.Time{}.Add(time.Hour))
	}
	if len(m.all) > most {
		t.Errorf("%d are remembered", len(m.all))
	}
}
