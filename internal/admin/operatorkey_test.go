package admin_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sallyport/internal/admin"
)

// TestOperatorKeyFile: what is made is read, what anybody else could read or guess is refused, and no refusal repeats it.
func TestOperatorKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "operator")
	if err := admin.NewOperatorKey(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.TrimSpace(string(raw))
	key, err := admin.ReadOperatorKey(path)
	if err != nil || !key.Is(secret) {
		t.Errorf("the key that was made: %v", err)
	}
	for _, other := range []string{"", secret[1:], secret + " ", strings.ToLower(secret) + "x"} {
		if key.Is(other) || (admin.OperatorKey{}).Is(other) {
			t.Errorf("%q is the key", other)
		}
	}
	if err := admin.NewOperatorKey(path); !errors.Is(err, admin.ErrOperatorKey) {
		t.Errorf("a file that exists: %v", err)
	}
	if again, err := os.ReadFile(path); err != nil || string(again) != string(raw) {
		t.Errorf("it was overwritten: %v", err)
	}
	if err := admin.NewOperatorKey(filepath.Join(path, "below")); !errors.Is(err, admin.ErrOperatorKey) {
		t.Errorf("below a file: %v", err)
	}
	another := filepath.Join(t.TempDir(), "operator")
	if err := admin.NewOperatorKey(another); err != nil {
		t.Fatal(err)
	}
	if other, err := admin.ReadOperatorKey(another); err != nil || other.Is(secret) {
		t.Errorf("two keys are one: %v", err)
	}
	dir := t.TempDir()
	good := strings.Repeat("k", 43)
	for _, tc := range []struct {
		name, text string
		mode       os.FileMode
		ok         bool
	}{
		{"shortest", good, 0o600, true},
		{"read only", good + "\n", 0o400, true},
		{"from Windows", good + "\r\n", 0o600, true},
		{"too short", good[1:], 0o600, false},
		{"too short, filled up", good[1:] + "\n\n\n\n", 0o600, false},
		{"empty", "", 0o600, false},
		{"a blank", good + " " + good, 0o600, false},
		{"two lines", good + "\n" + good, 0o600, false},
		{"a comma", good + ",x", 0o600, false},
		{"not ASCII", good + "é", 0o600, false},
		{"too long", strings.Repeat("k", 501), 0o600, false},
		{"much too long", strings.Repeat("k", 1<<20), 0o600, false},
		{"for the group", good, 0o640, false},
		{"for everybody", good, 0o604, false},
		{"writable for the group", good, 0o620, false},
	} {
		path := filepath.Join(dir, tc.name)
		if err := os.WriteFile(path, []byte(tc.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tc.mode); err != nil {
			t.Fatal(err)
		}
		key, err := admin.ReadOperatorKey(path)
		if tc.ok != (err == nil) || tc.ok && !key.Is(good) || err != nil && (!errors.Is(err, admin.ErrOperatorKey) || strings.Contains(err.Error(), good[1:])) {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
	for _, missing := range []string{filepath.Join(dir, "nothing"), dir} {
		if _, err := admin.ReadOperatorKey(missing); !errors.Is(err, admin.ErrOperatorKey) {
			t.Errorf("%s: %v", missing, err)
		}
	}
}
