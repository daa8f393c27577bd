package config

import (
	"strings"
	"testing"
)

// TestSuggestionsAreNear: a suggestion is for a slip of the finger. A name that is nothing
// like a setting gets none, whatever they have in common at their beginning.
func TestSuggestionsAreNear(t *testing.T) {
	var settings []string
	for _, f := range fields {
		settings = append(settings, f.key)
	}
	variables := []string{"SALLYPORT_CONFIG"}
	for _, f := range fields {
		variables = append(variables, f.variable())
	}
	for _, tt := range []struct {
		name, want string
		known      []string
	}{
		{"lissten", "listen", settings},
		{"Listen", "listen", settings},
		{"log-level", "log_level", settings},
		{"hashing.slot", "hashing.slots", settings},
		{"smtp_host", "", settings},
		{"port", "", settings},
		{"SALLYPORT_LISTNE", "SALLYPORT_LISTEN", variables},
		{"SALLYPORT_KEYFILE", "SALLYPORT_KEY_FILE", variables},
		{"SALLYPORT_NONSENSE", "", variables},
		{"SALLYPORT_SMTP", "", variables},
		{"SALLYPORT_", "", variables},
	} {
		if got := Nearest(tt.name, tt.known); got != tt.want {
			t.Errorf("for %q it suggests %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestKeys: whoever documents the settings sees each of them once.
func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range Keys() {
		if seen[k] {
			t.Errorf("%s stands twice", k)
		}
		seen[k] = true
	}
	if len(seen) != len(fields) {
		t.Errorf("%d keys for %d settings", len(seen), len(fields))
	}
}

func TestNearest(t *testing.T) {
	for name, want := range map[string]string{
		"lsiten": "listen", "Listen": "listen", "public-url": "public_url", "logformat": "log_format",
		"hashing.slot": "hashing.slots", "smtp": "", "x": "", strings.Repeat("x", 1000): "",
	} {
		if got := Nearest(name, keys()); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
