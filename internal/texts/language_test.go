package texts

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// keys are those of a language that the others must have too. How an error is said is apart:
// English has that in the error itself.
func keys(l Language) map[string]string {
	shared := maps.Clone(In(l))
	for _, errors := range []Catalogue{germanErrors, germanBrandErrors, germanPasskeyErrors, germanTrustErrors, germanAPIKeysErrors, germanDoorErrors, germanGateErrors, germanChecksErrors} {
		for key := range errors {
			delete(shared, key)
		}
	}
	return shared
}

// TestLanguagesSayTheSame: each has every key, with the same places.
func TestLanguagesSayTheSame(t *testing.T) {
	first := keys(English)
	for _, l := range Languages() {
		other := keys(l)
		for key, text := range first {
			if said, known := other[key]; !known || strings.TrimSpace(said) == "" {
				t.Errorf("%s: no text %q", l, key)
			} else if !slices.Equal(Places(text), Places(said)) {
				t.Errorf("%s: %s has the places %v, want %v", l, key, Places(said), Places(text))
			}
		}
		for key := range other {
			if first[key] == "" {
				t.Errorf("%s: %s is no key of %s", l, key, English)
			}
		}
		if Language(In(l)["language"]) != l {
			t.Errorf("%s calls itself %q", l, In(l)["language"])
		}
	}
}

// TestPlacesAreFilled: an error's text has the one place that is filled, and every place is well formed.
func TestPlacesAreFilled(t *testing.T) {
	for _, l := range Languages() {
		for key, text := range In(l) {
			if strings.Count(text, "{") != len(Places(text)) || strings.Count(text, "}") != len(Places(text)) {
				t.Errorf("%s: %s has a broken place: %s", l, key, text)
			}
			if unique := slices.Compact(Places(text)); len(unique) != len(Places(text)) {
				t.Errorf("%s: %s has a place twice: %s", l, key, text)
			}
		}
	}
	for key, text := range germanErrors {
		want := []string(nil)
		if strings.HasSuffix(key, ".wait") {
			want = []string{"{wait}"}
		}
		if !slices.Equal(Places(text), want) {
			t.Errorf("%s has the places %v, want %v", key, Places(text), want)
		}
	}
}

// TestKeysStandOnce: a key in two files of a language would say whichever was joined last.
func TestKeysStandOnce(t *testing.T) {
	for l, subjects := range parts {
		seen := map[string]bool{}
		for _, subject := range subjects {
			for key := range subject {
				if seen[key] {
					t.Errorf("%s has %s twice", l, key)
				}
				seen[key] = true
			}
		}
	}
}

func TestIn(t *testing.T) {
	if len(parts) != len(Languages()) {
		t.Errorf("%d languages are listed, %d have texts", len(Languages()), len(parts))
	}
	for l, want := range map[Language]string{English: "Sign in", German: "Anmelden", "fr": "Sign in", "": "Sign in"} {
		if got := In(l)["signin.title"]; got != want {
			t.Errorf("%q says %q, want %q", l, got, want)
		}
	}
}

func TestMatch(t *testing.T) {
	long := "de" + strings.Repeat(",x", maxWish/2)
	for _, tc := range []struct {
		wishes []string
		want   Language
	}{
		{nil, English},
		{[]string{""}, English},
		{[]string{"de"}, German},
		{[]string{"DE"}, German},
		{[]string{"de-AT,de;q=0.9"}, German},
		{[]string{"de-Latn-AT-1996"}, German},
		{[]string{"fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5"}, English},
		{[]string{"fr, de;q=0.4, en-GB;q=0.3"}, German},
		{[]string{"en;q=0.5, de;q=0.5"}, English},
		{[]string{"de;q=0.5, en;q=0.5"}, German},
		{[]string{"de ; q=0.2 , en\t;\tQ=0.1"}, German},
		{[]string{"den, deu, d, xde"}, English},
		{[]string{"fr, ja"}, English},
		{[]string{"*"}, English},
		{[]string{"*, de;q=0.5"}, English},
		{[]string{"*;q=0.1, de;q=0.2"}, German},
		{[]string{"de;q=0"}, English},
		{[]string{"de;q=0", "de"}, German},
		{[]string{"de;q=1.5"}, English},
		{[]string{"de;q=nan, en;q=0.1"}, English},
		{[]string{"de;q=inf"}, English},
		{[]string{"de;q=-1"}, English},
		{[]string{"de;"}, English},
		{[]string{"de;level=1"}, English},
		{[]string{"; ,,;q=, de"}, German},
		{[]string{long[:maxWish]}, German},
		{[]string{long}, English}, // longer than anybody's
		{[]string{"de", "en"}, German},
		{[]string{"en", "de"}, English},
		{[]string{"", "de"}, German},
		{[]string{"fr", "de-AT,de;q=0.9,en;q=0.8"}, German}, // a choice of a language that is no longer spoken
	} {
		if got := Match(tc.wishes...); got != tc.want {
			t.Errorf("%.80q: %s, want %s", tc.wishes, got, tc.want)
		}
	}
}

// FuzzMatch: whatever a browser sends, the answer is a language we speak, German only for
// somebody who named it, and never against a person's own choice.
func FuzzMatch(f *testing.F) {
	for _, seed := range []string{"", "de-AT,de;q=0.9", "fr, *;q=0.1", "de;q=nan", ";;,,==", "en;q=1e-400,de;q=0x1p-2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got := Match(header)
		if !slices.Contains(Languages(), got) {
			t.Fatalf("%q: %q is no language of ours", header, got)
		}
		if got == German && !strings.Contains(strings.ToLower(header), "de") {
			t.Errorf("%q: German was not asked for", header)
		}
		if len(header) > maxWish && got != English {
			t.Errorf("a list of %d bytes was read", len(header))
		}
		for _, l := range Languages() {
			if Match(string(l), header) != l {
				t.Errorf("%q overrules a person's choice of %s", header, l)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	for b.Loop() {
		Match("", "de-AT,de;q=0.9,en-GB;q=0.8,en;q=0.7")
	}
}
