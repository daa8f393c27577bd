//go:build unix

package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"sallyport/internal/errs"
)

func TestNewKeyFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "keys")
	if err := NewKeyFile(path); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v, %v", info.Mode(), err)
	}
	before, _ := os.ReadFile(path)
	if err := NewKeyFile(path); !errors.Is(err, ErrExists) {
		t.Errorf("a second file: %v", err)
	}
	after, _ := os.ReadFile(path)
	if !bytes.Equal(before, after) {
		t.Error("the key file was overwritten")
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
	if err := NewKeyFile(filepath.Join(dir, "no", "keys")); !errors.Is(err, ErrUnwritable) {
		t.Errorf("in a missing folder: %v", err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "elsewhere"), link); err == nil {
		if err := NewKeyFile(link); !errors.Is(err, ErrExists) {
			t.Errorf("through a dangling link: %v", err)
		}
	}
}

// TestBadKeyFiles is F20: whatever is wrong with the file, opening it fails with a clear
// error that names it, and neither makes nor changes anything.
func TestBadKeyFiles(t *testing.T) {
	_, source := newRing(t)
	good, err := os.ReadFile(source)
	if err != nil {
		t.Fatal(err)
	}
	body := string(good[bytes.IndexByte(good[len(fileMagic):], '\n')+len(fileMagic)+1:])
	content := func(b []byte) func(string) error {
		return func(p string) error { return os.WriteFile(p, b, 0o600) }
	}
	mode := func(m os.FileMode) func(string) error {
		return func(p string) error { return errors.Join(os.WriteFile(p, good, 0o600), os.Chmod(p, m)) }
	}
	changed := func(old, new string) []byte { return framed(strings.Replace(body, old, new, 1)) }
	flipped := func(i int) []byte { b := bytes.Clone(good); b[i] ^= 0x20; return b }
	for _, tc := range []struct {
		name string
		make func(path string) error
		want *errs.Error
	}{
		{"missing", func(string) error { return nil }, ErrMissing},
		{"dangling link", func(p string) error { return os.Symlink(p+".gone", p) }, ErrMissing},
		{"folder", func(p string) error { return os.Mkdir(p, 0o700) }, ErrDamaged},
		{"pipe", func(p string) error { return syscall.Mkfifo(p, 0o600) }, ErrDamaged},
		{"device", func(p string) error { return os.Symlink("/dev/zero", p) }, ErrDamaged},
		{"readable by the group", mode(0o640), ErrPermissions},
		{"readable by all", mode(0o604), ErrPermissions},
		{"writable by all", mode(0o602), ErrPermissions},
		{"open to all", mode(0o777), ErrPermissions},
		{"empty", content(nil), ErrDamaged},
		{"cut in the head", content(good[:10]), ErrDamaged},
		{"head only", content(good[:len(fileMagic)+72]), ErrDamaged},
		{"cut in half", content(good[:len(good)/2]), ErrDamaged},
		{"last byte gone", content(good[:len(good)-1]), ErrDamaged},
		{"a byte more", content(append(bytes.Clone(good), '\n')), ErrDamaged},
		{"twice", content(append(bytes.Clone(good), good...)), ErrDamaged},
		{"a byte of the sum flipped", content(flipped(len(fileMagic) + 20)), ErrDamaged},
		{"a byte of the keyset flipped", content(flipped(len(good) / 2)), ErrDamaged},
		{"other line ends", content(bytes.ReplaceAll(good, []byte("\n"), []byte("\r\n"))), ErrDamaged},
		{"zeros", content(make([]byte, 4096)), ErrDamaged},
		{"text", content([]byte("correct horse battery staple\n")), ErrDamaged},
		{"a PEM key", content([]byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")), ErrDamaged},
		{"a bare Tink keyset", content([]byte(body)), ErrDamaged},
		{"endless", content(bytes.Repeat(good, 2+maxFileSize/len(good))), ErrDamaged},
		{"framed: nothing", content(framed("")), ErrDamaged},
		{"framed: no JSON", content(framed("key")), ErrDamaged},
		{"framed: no keys", content(framed("{}")), ErrDamaged},
		{"framed: primary not among the keys", content(changed(`"primaryKeyId":`, `"primaryKeyId":1`)), ErrDamaged},
		{"framed: primary disabled", content(changed(`ENABLED`, `DISABLED`)), ErrDamaged},
		{"framed: unknown type", content(changed(`AesGcmKey`, `AesSivKey`)), ErrDamaged},
		{"framed: no prefix", content(changed(`"TINK"`, `"RAW"`)), ErrDamaged},
		{"framed: 128-bit key", content(weakFile(t)), ErrDamaged},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "keys")
			if err := tc.make(path); err != nil {
				t.Fatal(err)
			}
			r, err := Open(path)
			if !errors.Is(err, tc.want) || r != nil {
				t.Fatalf("%v, want %s", err, tc.want.Code)
			}
			if shown := errs.From(err).Message; !strings.Contains(shown, path) || strings.Contains(shown, "AesGcm") {
				t.Errorf("message %q", shown)
			}
			if tc.name == "missing" {
				if _, err := os.Lstat(path); err == nil {
					t.Error("a key file was made")
				}
			}
		})
	}
	for name, m := range map[string]os.FileMode{"owner may read only": 0o400, "usual": 0o600} {
		path := filepath.Join(t.TempDir(), "keys")
		if err := mode(m)(path); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// framed puts a fitting head on a body.
func framed(body string) []byte {
	return []byte(fileMagic + sumPrefix + sumOf([]byte(body)) + "\n" + body)
}

// weakFile is a valid key file of another program, so to speak: its key is too short.
func weakFile(t *testing.T) []byte {
	t.Helper()
	params, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: 16, IVSizeInBytes: 12, TagSizeInBytes: 16, Variant: aesgcm.VariantTink,
	})
	if err != nil {
		t.Fatal(err)
	}
	m := keyset.NewManager()
	id, err := m.AddNewKeyFromParameters(params)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.SetPrimary(id); err != nil {
		t.Fatal(err)
	}
	handle, err := m.Handle()
	if err != nil {
		t.Fatal(err)
	}
	data, err := encode(handle)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func FuzzDecode(f *testing.F) {
	_, path := newRing(f)
	good, _ := os.ReadFile(path)
	f.Add(good)
	f.Add(framed("{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		// A frame that fits lets the fuzzer reach the keyset behind it.
		for _, file := range [][]byte{data, framed(string(data))} {
			if handle, err := decode(file); err == nil {
				_, _ = newKeys(handle, nil)
			}
		}
	})
}
