package password

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// listed returns the shipped passwords without the comment.
func listed() []string {
	return slices.DeleteFunc(strings.Split(strings.TrimSuffix(commonList, "\n"), "\n"), func(s string) bool {
		return strings.HasPrefix(s, "# ")
	})
}

// TestTheListIsRefused is ASVS 6.2.4 and 6.2.12 on what this server would accept
// otherwise: at least 3000 passwords of 8 characters and more.
func TestTheListIsRefused(t *testing.T) {
	words, long := listed(), 0
	for _, w := range words {
		if w != strings.ToLower(w) || strings.TrimSpace(w) == "" {
			t.Errorf("entry %q could never match", w)
		}
		if utf8.RuneCountInString(w) < MinCharacters {
			if err := Check(w); !errors.Is(err, ErrTooShort) {
				t.Errorf("%q: %v", w, err)
			}
			continue
		}
		long++
		for _, spelling := range []string{w, strings.ToUpper(w), strings.ToUpper(w[:1]) + w[1:]} {
			if err := Check(spelling); !errors.Is(err, ErrTooCommon) {
				t.Errorf("%q: %v", spelling, err)
			}
		}
	}
	if long < 3000 {
		t.Errorf("%d common passwords of 8 characters or more, want 3000", long)
	}
	if sorted := slices.Sorted(slices.Values(words)); len(slices.Compact(sorted)) != len(words) {
		t.Error("an entry stands in the list twice")
	}
	t.Logf("%d entries, %d of them of 8 characters or more", len(words), long)
}

func TestCheck(t *testing.T) {
	for _, tc := range []struct {
		name, pw string
		want     error
	}{
		{"7 characters", "k7#vQ2x", ErrTooShort},
		{"8 characters", "k7#vQ2xz", nil},
		{"8 characters of three bytes", "馬電池正確釘書機", nil},
		{"7 characters of three bytes", "馬電池正確釘書", ErrTooShort},
		{"one letter only", "zzzzzzzzzzzzzz", nil},
		{"digits only", "8305926174", nil},
		{"blanks within", "four words in a row", nil},
		{"blanks around", "  k7#vQ2xz  ", nil},
		{"64 characters", strings.Repeat("kiwi", 16), nil},
		{"256 characters", strings.Repeat("kiwi", 64), nil},
		{"257 characters", strings.Repeat("kiwi", 64) + "k", ErrTooLong},
		{"256 characters of four bytes", strings.Repeat("𝔎𝔦𝔴𝔦", 64), nil},
		{"much too long", strings.Repeat("k", 1<<20), ErrTooLong},
		{"empty", "", ErrTooShort},
		{"common", "password1", ErrTooCommon},
		{"common, other case", "PassWord1", ErrTooCommon},
		{"common with more", "password1 and a tail", nil},
		{"two entries in two lines", "password\n1234567890", nil},
		{"words of the comment", "# Common passwords", nil},
		{"a NUL", "k7#vQ2\x00z", nil},
	} {
		if err := Check(tc.pw); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
	}
}

func TestNamesAreRefused(t *testing.T) {
	also := []string{"ada.lovelace@acme.test", "Acme Industries", "Sallyport", "", "42"}
	for pw, want := range map[string]error{
		"ada.lovelace":           ErrTooCommon,
		"Ada.Lovelace":           ErrTooCommon,
		"ada.lovelace1815!":      ErrTooCommon,
		"ada.lovelace@acme.test": ErrTooCommon,
		"acme.test":              ErrTooCommon,
		"acme industries":        ErrTooCommon,
		"Sallyport2026":          ErrTooCommon,
		"123sallyport!":          ErrTooCommon,
		"acme-industries-acme":   ErrTooCommon,
		"Sally4Ada":              nil, // "sally" is no name here
		"Lovelace-Ada-1815":      ErrTooCommon,
		"1acme2sallyport3":       ErrTooCommon,
		"!!!!!!!!!!":             nil, // no letters: nobody's name
		"4242424242":             nil,
		"sallyport and stables":  nil,
		"lovelace engine notes":  nil,
	} {
		if err := Check(pw, also...); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", pw, err, want)
		}
	}
	if err := Check("ada.lovelace", ""); err != nil {
		t.Errorf("refused for an empty name: %v", err)
	}
}

// TestCheckFollowsThePolicy restates the policy and compares (ASVS 6.2.1, 6.2.5, 6.2.9).
func TestCheckFollowsThePolicy(t *testing.T) {
	known := map[string]bool{}
	for _, w := range listed() {
		known[w] = true
	}
	rapid.Check(t, func(t *rapid.T) {
		pw := rapid.OneOf(rapid.StringN(0, 300, -1), rapid.StringN(6, 10, -1), rapid.SampledFrom(listed())).Draw(t, "password")
		n := len([]rune(pw))
		want := n >= 8 && n <= 256 && !known[strings.ToLower(pw)]
		if err := Check(pw); (err == nil) != want {
			t.Fatalf("%q of %d characters: %v, want acceptance %v", pw, n, err, want)
		}
	})
}
