package gate

import (
	"strconv"
	"testing"
)

// TestMemoIsBounded: it takes the memory of so many people at so many sites, and no more.
func TestMemoIsBounded(t *testing.T) {
	var m memo
	for i := range memoMost + 10 {
		if m.keep(memoKey{session: strconv.Itoa(i)}, told{}); len(m.all) > memoMost {
			t.Fatalf("%d are remembered", len(m.all))
		}
	}
}
