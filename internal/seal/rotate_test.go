package seal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestRotation(t *testing.T) {
	r, path := newRing(t)
	first := r.Primary()
	old, err := r.Seal([]byte("old"), "ad")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Promote(); !errors.Is(err, ErrNothingPrepared) {
		t.Fatalf("promoted nothing: %v", err)
	}
	for range 2 { // the second time is a rotation taken up again
		if err := r.Prepare(); err != nil {
			t.Fatal(err)
		}
	}
	ids := r.KeyIDs()
	if len(ids) != 2 || ids[0] != first || r.Primary() != first {
		t.Fatalf("prepared: keys %v, primary %d", ids, r.Primary())
	}
	if err := r.Promote(); err != nil {
		t.Fatal(err)
	}
	if r.Primary() != ids[1] || len(r.KeyIDs()) != 2 {
		t.Fatalf("promoted: keys %v, primary %d", r.KeyIDs(), r.Primary())
	}
	if plain, err := r.Unseal(old, "ad"); err != nil || string(plain) != "old" {
		t.Fatalf("%q, %v", plain, err)
	}
	renewed, err := r.Seal([]byte("old"), "ad")
	if err != nil || KeyID(renewed) != ids[1] {
		t.Fatalf("sealed with %d, %v", KeyID(renewed), err)
	}
	for range 2 {
		if err := r.Retire(); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(r.KeyIDs(), ids[1:]) {
		t.Fatalf("retired: keys %v", r.KeyIDs())
	}
	if _, err := r.Unseal(old, "ad"); !errors.Is(err, ErrSealedDamaged) {
		t.Errorf("a retired key still opens: %v", err)
	}
	if plain, err := open(t, path).Unseal(renewed, "ad"); err != nil || string(plain) != "old" {
		t.Errorf("after a restart: %q, %v", plain, err)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

// TestAnotherProcessRotates has the command rotate while a server keeps its own ring. A
// value sealed with the new key must open at once, not a second later.
func TestAnotherProcessRotates(t *testing.T) {
	server, path := newRing(t)
	command := open(t, path)
	if err := errors.Join(command.Prepare(), command.Promote()); err != nil {
		t.Fatal(err)
	}
	sealed, err := command.Seal([]byte("new"), "ad")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := server.Unseal(sealed, "ad"); err != nil || string(plain) != "new" {
		t.Fatalf("%q, %v", plain, err)
	}
	if server.Primary() != command.Primary() {
		t.Error("the server seals with the old key")
	}
}

// TestServersFollowBeforeTheyAreAsked checks what Retire relies on: within Settle a busy
// server seals with the promoted key although it met no unknown id.
func TestServersFollowBeforeTheyAreAsked(t *testing.T) {
	server, path := newRing(t)
	command := open(t, path)
	if err := errors.Join(command.Prepare(), command.Promote()); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(Settle); server.Primary() != command.Primary(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the server did not follow within %s", Settle)
		}
	}
}

// TestDamageWhileRunning keeps the keys at hand, says so, and recovers by itself.
func TestDamageWhileRunning(t *testing.T) {
	r, path := newRing(t)
	sealed, err := r.Seal([]byte("x"), "ad")
	if err != nil {
		t.Fatal(err)
	}
	good, _ := os.ReadFile(path)
	if err := os.WriteFile(path, good[:20], 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Reload(); !errors.Is(err, ErrDamaged) {
		t.Fatalf("reload: %v", err)
	}
	if err := r.Err(); !errors.Is(err, ErrDamaged) {
		t.Errorf("health: %v", err)
	}
	if err := errors.Join(r.Prepare(), r.Retire()); !errors.Is(err, ErrDamaged) {
		t.Errorf("rotation of a damaged file: %v", err)
	}
	if now, _ := os.ReadFile(path); len(now) != 20 {
		t.Error("the damaged file was replaced")
	}
	if plain, err := r.Unseal(sealed, "ad"); err != nil || string(plain) != "x" {
		t.Errorf("%q, %v", plain, err)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(Settle); r.Err() != nil; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still %v", r.Err())
		}
	}
}

// TestUnknownKeysDoNotCostAReadEach has 1000 values of a strange key refused. Ten reads
// a second are permitted; the count of reads shows in the version of the keys.
func TestUnknownKeysDoNotCostAReadEach(t *testing.T) {
	r, _ := newRing(t)
	strange := append([]byte{1, 0, 0, 0, 7}, make([]byte, 40)...)
	versions := map[*keys]bool{}
	start := time.Now()
	for range 1000 {
		if _, err := r.Unseal(strange, "ad"); !errors.Is(err, ErrSealedDamaged) {
			t.Fatal(err)
		}
		versions[r.current.Load()] = true
	}
	if most := 3 + int(time.Since(start)/rereadEvery); len(versions) > most {
		t.Fatalf("the file was read %d times, at most %d are permitted", len(versions), most)
	}
}

func TestLinkIsKept(t *testing.T) {
	r, path := newRing(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	linked := open(t, link)
	if err := linked.Prepare(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link became %v, %v", info.Mode(), err)
	}
	if err := r.Reload(); err != nil || len(r.KeyIDs()) != 2 {
		t.Errorf("the file behind the link: %d keys, %v", len(r.KeyIDs()), err)
	}
}

// TestRotateTwiceUnderLoad is ASVS 11.2.2: two servers seal and unseal all the time
// while a command rotates twice and seals every stored value anew. Nothing may fail,
// and in the end no value names an old key.
func TestRotateTwiceUnderLoad(t *testing.T) {
	one, path := newRing(t)
	two, command := open(t, path), open(t, path)
	first := one.Primary()

	const rows = 64
	var table [rows]atomic.Pointer[[]byte]
	ad := func(row int) string { return AD("row", fmt.Sprint(row)) }
	put := func(r *Ring, row int) error {
		sealed, err := r.Seal([]byte(fmt.Sprint("value ", row)), ad(row))
		if err == nil {
			table[row].Store(&sealed)
		}
		return err
	}
	get := func(r *Ring, row int) error {
		plain, err := r.Unseal(*table[row].Load(), ad(row))
		if err == nil && string(plain) != fmt.Sprint("value ", row) {
			err = fmt.Errorf("row %d holds %q", row, plain)
		}
		return err
	}
	for row := range rows {
		if err := put(one, row); err != nil {
			t.Fatal(err)
		}
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	var work atomic.Int64
	for _, server := range []*Ring{one, two} {
		wg.Go(func() {
			for row := 0; ; row = (row + 1) % rows {
				select {
				case <-stop:
					return
				default:
				}
				if err := errors.Join(get(server, row), put(server, row)); err != nil {
					t.Error(err)
					return
				}
				work.Add(1)
				time.Sleep(50 * time.Microsecond) // leave the processor to others
			}
		})
	}
	const settle = checkEvery + 200*time.Millisecond // Settle, less its reserve
	for range 2 {
		if err := command.Prepare(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settle)
		if err := command.Promote(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settle)
		for row := range rows {
			if err := errors.Join(get(command, row), put(command, row)); err != nil {
				t.Fatal(err)
			}
		}
		if err := command.Retire(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	wg.Wait()
	last := command.Primary()
	for row := range rows {
		if id := KeyID(*table[row].Load()); id != last || id == first {
			t.Errorf("row %d is sealed with %d, primary %d", row, id, last)
		}
	}
	t.Logf("%d rounds of unseal and seal during two rotations", work.Load())
}

// TestRotationsDoNotMix has several commands rotate at once. Whatever the order, no key
// that ever became primary may be lost while others are added.
func TestRotationsDoNotMix(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no lock there")
	}
	_, path := newRing(t)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var sealed [][]byte
	for range 4 {
		wg.Go(func() {
			r, err := Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				if err := r.Prepare(); err != nil {
					t.Error(err)
				}
				if err := r.Promote(); err != nil && !errors.Is(err, ErrNothingPrepared) {
					t.Error(err)
				}
				value, err := r.Seal([]byte("x"), "ad")
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				sealed = append(sealed, value)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	r := open(t, path)
	for _, value := range sealed {
		if _, err := r.Unseal(value, "ad"); err != nil {
			t.Errorf("key %d is lost: %v", KeyID(value), err)
		}
	}
}
