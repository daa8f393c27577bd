package texts

import (
	"html/template"
	"strings"
	"testing"
	"time"
)

// banned are the words of each language that Sallyport does not use, in small letters: a tone
// that is not ours, and second names for what has one already.
var banned = map[Language][]string{
	English: {"please", "oops", "!", "log in", "login", "'", "\"", "2fa", " pin"},
	German: {
		"bitte", "hoppla", "ups", "!", "'", "\"", "2fa", "token", " pin", "einloggen", "ausloggen", "login", "log-in", "account",
		"kennwort", "passcode", "sicherheitscode", "authentifizierungscode", "authentisierung", "einmalcode", "ersatzcode", "wiederherstellung",
		"sichern", "smartphone", "telefon", "administrator ", "session", " du ", " dein", "erfolgreich", "ungültig",
	},
}

// named are the parameters that a text names, which have their own words.
var named = strings.NewReplacer("accounts, level=aal1", "…")

// TestTone holds the texts to how Sallyport speaks.
func TestTone(t *testing.T) {
	for _, l := range Languages() {
		if len(banned[l]) == 0 {
			t.Errorf("%s has no tone", l)
		}
		for key, text := range In(l) {
			words := strings.ToLower(place.ReplaceAllString(named.Replace(text), "…"))
			for _, word := range banned[l] {
				if strings.Contains(words, word) {
					t.Errorf("%s: %s says %q: %s", l, key, word, text)
				}
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
	for _, tc := range []struct {
		wait            time.Duration
		english, german string
	}{
		{0, "1 second", "1 Sekunde"},
		{time.Millisecond, "1 second", "1 Sekunde"},
		{time.Second, "1 second", "1 Sekunde"},
		{29500 * time.Millisecond, "30 seconds", "30 Sekunden"},
		{90 * time.Second, "90 seconds", "90 Sekunden"},
		{91 * time.Second, "2 minutes", "2 Minuten"},
		{15 * time.Minute, "15 minutes", "15 Minuten"},
		{2 * time.Hour, "2 hours", "2 Stunden"},
	} {
		for l, want := range map[Language]string{English: tc.english, German: tc.german} {
			if got, err := In(l).Wait(tc.wait); err != nil || got != want {
				t.Errorf("%s, %v: %q, %v, want %q", l, tc.wait, got, err, want)
			}
		}
	}
}
