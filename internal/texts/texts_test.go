package texts

import (
	"html/template"
	"strings"
	"testing"
	"time"
)

// TestTone holds the texts to how Sallyport speaks.
func TestTone(t *testing.T) {
	for key, text := range In(English) {
		lower := strings.ToLower(text)
		for _, banned := range []string{"please", "oops", "!", "log in", "login", "'", "\"", "2fa", "token", " pin"} {
			if strings.Contains(lower, banned) {
				t.Errorf("%s says %q: %s", key, banned, text)
			}
		}
	}
}

// TestLabels are the words which the specification fixes (product.md section 4).
func TestLabels(t *testing.T) {
	for key, want := range map[string]string{
		"field.email": "E-mail", "field.password": "Password", "signin.button": "Sign in", "field.code": "Authentication code",
		"verify.button": "Verify", "verify.other_way": "Try another way", "verify.use_backup": "Use a backup code", "cancel": "Cancel",
		"two_factor.add": "Add new device", "field.name": "Device name", "add.button": "Add", "device.remove": "Remove",
		"remove.button": "Remove", "two_factor.configure": "Configure", "backup.generate": "Generate new backup codes",
		"codes.saved": "I have saved them", "scan.caution": "Do not let anyone else scan this QR code.",
	} {
		if In(English)[key] != want {
			t.Errorf("%s is %q, must be %q", key, In(English)[key], want)
		}
	}
}

func TestText(t *testing.T) {
	c := Catalogue{"plain": "Hello", "one": "Open “{device}” now", "two": "{a} and {b}"}
	for _, tc := range []struct {
		key   string
		pairs []any
		want  string
		fails bool
	}{
		{"plain", nil, "Hello", false},
		{"one", []any{"device", "My {device}"}, "Open “My {device}” now", false},
		{"two", []any{"a", "{b}", "b", 2}, "{b} and 2", false},
		{"none", nil, "", true},
		{"one", nil, "", true},
		{"one", []any{"device"}, "", true},
		{"one", []any{"phone", "x"}, "", true},
		{"plain", []any{"device", "x"}, "", true},
	} {
		got, err := c.Text(tc.key, tc.pairs...)
		if (err != nil) != tc.fails || (err == nil && got != tc.want) {
			t.Errorf("%s %v: %q, %v", tc.key, tc.pairs, got, err)
		}
	}
	got, err := c.Rich("two", "a", "<b>", "b", template.HTML("<i>x</i>"))
	if want := template.HTML("<bdi>&lt;b&gt;</bdi> and <i>x</i>"); err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWait(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "1 second", time.Millisecond: "1 second", time.Second: "1 second", 29500 * time.Millisecond: "30 seconds",
		90 * time.Second: "90 seconds", 91 * time.Second: "2 minutes", 15 * time.Minute: "15 minutes", 2 * time.Hour: "2 hours",
	} {
		if got, err := In(English).Wait(d); err != nil || got != want {
			t.Errorf("%v: %q, %v", d, got, err)
		}
	}
}
