package web

import (
	"html/template"
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
)

// templateSources gives every template by path.
func templateSources(t *testing.T) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := fs.WalkDir(embedded, "pages", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(embedded, path)
		all[path] = string(b)
		return err
	})
	if err != nil || len(all) == 0 {
		t.Fatal(len(all), err)
	}
	return all
}

var (
	action     = regexp.MustCompile(`\{\{.*?\}\}`)
	attributes = regexp.MustCompile(`\{\{define "aria"\}\}.*`) // a part that stands inside a tag
	tags       = regexp.MustCompile(`<[^>]*>`)
	spokenAttr = regexp.MustCompile(`(?:aria-label|title|alt|placeholder|data-other|data-name)="([^"]*)"`)
	keyed      = regexp.MustCompile(`\b(?:t|rich|count|problem) "([a-z0-9_.]+)"`)
)

// TestTemplatesHaveNoWords: all texts are in the catalogue, so that an account can change them (K19).
func TestTemplatesHaveNoWords(t *testing.T) {
	for path, source := range templateSources(t) {
		bare := action.ReplaceAllString(attributes.ReplaceAllString(source, ""), "")
		for _, m := range spokenAttr.FindAllStringSubmatch(bare, -1) {
			if strings.ContainsFunc(m[1], unicode.IsLetter) {
				t.Errorf("%s: words in an attribute: %q", path, m[1])
			}
		}
		for line := range strings.Lines(tags.ReplaceAllString(bare, "")) {
			if strings.ContainsFunc(line, unicode.IsLetter) {
				t.Errorf("%s: words outside the catalogue: %q", path, strings.TrimSpace(line))
			}
		}
	}
}

// TestEveryTextIsUsed finds texts that nobody says any more.
func TestEveryTextIsUsed(t *testing.T) {
	used := make(map[string]bool)
	for _, source := range templateSources(t) {
		for _, m := range keyed.FindAllStringSubmatch(source, -1) {
			used[m[1]] = true
		}
	}
	for key := range english {
		base := strings.TrimSuffix(strings.TrimSuffix(key, ".one"), ".other")
		if !used[key] && !used[base] && !strings.HasPrefix(key, "notice.") && !strings.HasPrefix(key, "wait.") {
			t.Errorf("%s is used nowhere", key)
		}
	}
}

func TestEveryNoticeHasItsText(t *testing.T) {
	for told, want := range map[Chrome]string{
		{Notice: NoticeSignedIn}: "signed in.", {Notice: NoticeSignedOut}: "signed out", {Notice: NoticeSessionEnded}: "Sign in again", {Notice: NoticeCancelled}: "cancelled",
		{Notice: NoticeBackupCodeUsed, Left: 1}: "1 is left", {Notice: NoticeBackupCodeUsed, Left: 0}: "0 are left", {Notice: NoticePasswordChanged}: "password",
		{Notice: NoticeAccountCreated, About: "https://x/?a=<b>"}: "at <bdi>https://x/?a=&lt;b&gt;</bdi>", {Notice: NoticeDeviceConfirmed, About: "Tablet"}: "“<bdi>Tablet</bdi>” is confirmed",
		{Notice: NoticeConfirmedBefore, About: "Tablet"}: "Tablet", {Notice: NoticeDeviceGone}: "no longer", {Notice: NoticeDeviceRemoved}: "removed", {Notice: NoticeTwoFactorOff}: "off",
		{Notice: NoticeDeviceRenamed}: "name", {Notice: NoticeCodesSaved}: "safe", {Notice: NoticeCodesReplaced}: "in force", {Notice: NoticeOneSessionEnded}: "ended", {Notice: NoticeOthersEnded}: "other",
	} {
		if got, err := english.notice(told); err != nil || !strings.Contains(string(got), want) {
			t.Errorf("%s says %q, %v, want %q", told.Notice, got, err, want)
		}
	}
	if got, err := english.notice(Chrome{Notice: "<script>"}); err != nil || got != "" {
		t.Errorf("an unknown notice says %q, %v", got, err)
	}
}

// TestTone holds the texts to how Sallyport speaks.
func TestTone(t *testing.T) {
	for key, text := range english {
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
		if english[key] != want {
			t.Errorf("%s is %q, must be %q", key, english[key], want)
		}
	}
}

func TestText(t *testing.T) {
	c := texts{"plain": "Hello", "one": "Open “{device}” now", "two": "{a} and {b}"}
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
		got, err := c.text(tc.key, tc.pairs...)
		if (err != nil) != tc.fails || (err == nil && got != tc.want) {
			t.Errorf("%s %v: %q, %v", tc.key, tc.pairs, got, err)
		}
	}
	got, err := c.rich("two", "a", "<b>", "b", template.HTML("<i>x</i>"))
	if want := template.HTML("<bdi>&lt;b&gt;</bdi> and <i>x</i>"); err != nil || got != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWait(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "1 second", time.Millisecond: "1 second", time.Second: "1 second", 29500 * time.Millisecond: "30 seconds",
		90 * time.Second: "90 seconds", 91 * time.Second: "2 minutes", 15 * time.Minute: "15 minutes", 2 * time.Hour: "2 hours",
	} {
		if got, err := english.wait(d); err != nil || got != want {
			t.Errorf("%v: %q, %v", d, got, err)
		}
	}
}

func TestWhen(t *testing.T) {
	now := time.Date(2026, time.March, 1, 0, 30, 0, 0, time.UTC)
	for _, tc := range []struct {
		at   time.Time
		want string
	}{
		{now, "today, 00:30 UTC"},
		{now.Add(-31 * time.Minute), "yesterday, 23:59 UTC"},
		{now.Add(-25 * time.Hour), "27 February 2026, 23:30 UTC"},
		{now.In(time.FixedZone("east", 5*3600)), "today, 00:30 UTC"},
		{now.AddDate(0, 0, 1), "2 March 2026, 00:30 UTC"},
	} {
		if got := When(tc.at, now); got != tc.want {
			t.Errorf("%v: %q, want %q", tc.at, got, tc.want)
		}
	}
	if got, want := stamp(now, "clock", Clock(now)), template.HTML(`<time datetime="2026-03-01T00:30:00Z" data-form="clock">00:30 UTC</time>`); got != want {
		t.Errorf("%s", got)
	}
}
