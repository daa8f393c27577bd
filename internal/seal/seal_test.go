package seal

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

// newRing makes a key file in a folder of the test's own and opens it.
func newRing(t testing.TB) (*Ring, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys")
	if err := NewKeyFile(path); err != nil {
		t.Fatal(err)
	}
	return open(t, path), path
}

func open(t testing.TB, path string) *Ring {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestSealedValues(t *testing.T) {
	r, _ := newRing(t)
	ad := AD("factor", "acc_1", "fac_1", "secret")
	for _, plain := range [][]byte{nil, {0}, []byte("12345678901234567890"), bytes.Repeat([]byte("x"), 100_000)} {
		sealed, err := r.Seal(plain, ad)
		if err != nil {
			t.Fatal(err)
		}
		if len(sealed) != len(plain)+33 {
			t.Errorf("%d bytes became %d", len(plain), len(sealed))
		}
		if len(plain) > 3 && bytes.Contains(sealed, plain[:4]) {
			t.Error("the sealed value shows the plain one")
		}
		if KeyID(sealed) != r.Primary() || r.Primary() == 0 {
			t.Errorf("key id %d, primary %d", KeyID(sealed), r.Primary())
		}
		got, err := r.Unseal(sealed, ad)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%x came back as %x, %v", plain, got, err)
		}
	}
}

// TestEveryByteCounts flips each bit of a sealed value, cuts it everywhere and adds to it.
func TestEveryByteCounts(t *testing.T) {
	r, _ := newRing(t)
	sealed, err := r.Seal([]byte("12345678901234567890"), "ad")
	if err != nil {
		t.Fatal(err)
	}
	refuse := func(what string, value []byte) {
		t.Helper()
		if plain, err := r.Unseal(value, "ad"); !errors.Is(err, ErrSealedDamaged) || plain != nil {
			t.Errorf("%s: %q, %v", what, plain, err)
		}
	}
	for i := range sealed {
		for bit := range 8 {
			changed := bytes.Clone(sealed)
			changed[i] ^= 1 << bit
			refuse("a bit flipped", changed)
		}
		refuse("cut", sealed[:i])
	}
	refuse("a byte more", append(bytes.Clone(sealed), 0))
	refuse("nothing", nil)
}

// TestValuesStayInTheirPlace is the second half of ASVS 11.3.x: a stored value copied
// to another user's row does not open.
func TestValuesStayInTheirPlace(t *testing.T) {
	r, _ := newRing(t)
	sealed, err := r.Seal([]byte("secret"), AD("factor", "acc_1", "fac_1", "secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, ad := range []string{
		"", AD(), AD("factor", "acc_1", "fac_2", "secret"), AD("factor", "acc_2", "fac_1", "secret"),
		AD("user", "acc_1", "fac_1", "secret"), AD("factor", "acc_1fac_1", "", "secret"), AD("factor", "acc_1", "fac_1", "secret", ""),
	} {
		if _, err := r.Unseal(sealed, ad); !errors.Is(err, ErrSealedDamaged) {
			t.Errorf("opened in the place %q: %v", ad, err)
		}
	}
	other, _ := newRing(t)
	if _, err := other.Unseal(sealed, AD("factor", "acc_1", "fac_1", "secret")); !errors.Is(err, ErrSealedDamaged) {
		t.Errorf("opened with another installation's key: %v", err)
	}
}

func TestADIsUnambiguous(t *testing.T) {
	parts := rapid.SliceOfN(rapid.StringMatching(`[0-9:a]{0,3}`), 0, 4)
	rapid.Check(t, func(t *rapid.T) {
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = a[i] == b[i]
		}
		if (AD(a...) == AD(b...)) != same {
			t.Fatalf("%q and %q: %q and %q", a, b, AD(a...), AD(b...))
		}
	})
}

// TestNoNonceTwice looks for a repetition among many seals of one key. With 96 random
// bits there is none among billions; a counter that starts anew, or too little
// randomness, shows at once.
func TestNoNonceTwice(t *testing.T) {
	n := 100_000
	if os.Getenv("SALLYPORT_SOAK") == "1" {
		n = 1_000_000
	}
	r, path := newRing(t)
	seen := make(map[[12]byte]bool, n)
	for i := range n {
		if i == n/2 {
			r = open(t, path) // as after a restart
		}
		sealed, err := r.Seal([]byte("same"), "same")
		if err != nil {
			t.Fatal(err)
		}
		nonce := [12]byte(sealed[prefixBytes:])
		if seen[nonce] {
			t.Fatalf("nonce %x was used twice within %d seals", nonce, i+1)
		}
		seen[nonce] = true
	}
}

func FuzzUnseal(f *testing.F) {
	r, _ := newRing(f)
	sealed, err := r.Seal([]byte("secret"), "ad")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "ad")
	f.Add(sealed[:10], "ad")
	f.Add([]byte{1, 0, 0, 0, 0}, "")
	f.Fuzz(func(t *testing.T, value []byte, ad string) {
		plain, err := r.Unseal(value, ad)
		if genuine := bytes.Equal(value, sealed) && ad == "ad"; genuine != (err == nil) {
			t.Fatalf("%x in the place %q gave %q, %v", value, ad, plain, err)
		}
		if err != nil && (!errors.Is(err, ErrSealedDamaged) || plain != nil) {
			t.Fatalf("%x: %q with %v", value, plain, err)
		}
	})
}

func BenchmarkUnseal(b *testing.B) {
	r, _ := newRing(b)
	sealed, _ := r.Seal([]byte("12345678901234567890"), "ad")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Unseal(sealed, "ad"); err != nil {
			b.Fatal(err)
		}
	}
}
