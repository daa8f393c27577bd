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

// TestLeastParts: an id sorts on the same side of a moment as the time at which it was made.
func TestLeastParts(t *testing.T) {
	at := time.Date(2026, 3, 3, 14, 5, 0, 0, time.UTC)
	for range 200 {
		before, then, after := New("evt", at.Add(-time.Millisecond)), New("evt", at), New("evt", at.Add(time.Millisecond))
		if least := Least("evt", at); before >= least || then < least || after < least {
			t.Fatalf("%s parts %s, %s, %s wrongly", least, before, then, after)
		}
	}
	if New("evt", time.Time{}) < Least("evt", time.Time{}) || Least("evt", time.Time{}) != Least("evt", time.UnixMilli(0)) {
		t.Error("before 1970")
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2026, 3, 3, 14, 5, 0, 7e6, time.UTC)
	good := New("evt", at)
	if got, ok := Time("evt", good); !ok || !got.Equal(at) {
		t.Errorf("%s was made at %s, %v", good, got, ok)
	}
	for _, s := range []string{"", "evt_", good[4:], "usr" + good[3:], good + "0", good[:29], strings.ToUpper(good), good[:29] + "1", good[:29] + "u", good[:20] + "'" + good[21:], " " + good} {
		if _, ok := Time("evt", s); ok && s != good {
			t.Errorf("%q passes for an id", s)
		}
	}
}
