package id

import (
	"sort"
	"strings"
	"testing"
	"time"
)

func TestNewIsPrefixedSortedAndUnique(t *testing.T) {
	at := time.Date(2026, 3, 3, 14, 5, 0, 0, time.UTC)
	seen := map[string]bool{}
	var ids []string
	for i := range 2000 {
		s := New("usr", at.Add(time.Duration(i)*time.Millisecond))
		if !strings.HasPrefix(s, "usr_") || len(s) != len("usr_")+26 {
			t.Fatalf("%q has another shape", s)
		}
		if seen[s] {
			t.Fatalf("%q was made twice", s)
		}
		seen[s] = true
		ids = append(ids, s)
	}
	if !sort.StringsAreSorted(ids) {
		t.Fatal("ids do not sort by the time they were made")
	}
	same := map[string]bool{}
	for range 2000 {
		same[New("usr", at)] = true
	}
	if len(same) != 2000 {
		t.Fatalf("%d ids of 2000 made at one instant are distinct", len(same))
	}
}
