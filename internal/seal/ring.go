// Package seal keeps stored secrets unreadable to whoever has only the database.
//
// A [Ring] holds AES-256-GCM keys from a key file (Tink keyset, 96-bit random nonces).
// One of them, the primary, seals; all of them unseal. A sealed value begins with the
// id of its key and is bound to its place by associated data (see [AD]).
//
// Invariants: a value that was changed, cut, moved or sealed with an unknown key does
// not open, and the error says nothing more than that. No key is ever made except by
// [NewKeyFile] and [Ring.Prepare]. Every change of the key file is atomic and durable
// before it is used.
//
// Trust: the key file's owner. Whoever reads the file and the database reads all.
package seal

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const (
	// Settle is how long to wait after a change of the key file until every running
	// server works with it. A rotation waits so long after each of its steps.
	Settle = 3 * time.Second

	checkEvery  = time.Second            // how often a busy ring looks whether the file changed
	rereadEvery = 100 * time.Millisecond // how often an unknown key id may cause a look at once
)

const prefixBytes = 5 // Tink's output prefix: 0x01, then the key id, big-endian

// Ring is an open key file. It is safe for concurrent use; Seal and Unseal take no
// lock but once a second.
type Ring struct {
	path    string
	start   time.Time // the origin of checkAt, for its monotonic clock
	current atomic.Pointer[keys]
	checkAt atomic.Int64 // when to look at the file again, in nanoseconds since start

	mu     sync.Mutex // held while the file is read or changed
	reread time.Time  // when an unknown key id last made us look
	failed error      // why the last look failed, nil if it did not
}

// keys is one version of the file. It does not change.
type keys struct {
	handle  *keyset.Handle
	info    fs.FileInfo
	primary uint32
	ids     []uint32 // oldest first
	byID    map[uint32]tink.AEAD
}

// Open reads the key file. The errors are ErrMissing, ErrPermissions (readable by group
// or others, or not by us) and ErrDamaged (a folder, cut, changed, not a keyset, no
// primary key, keys of another kind).
func Open(path string) (*Ring, error) {
	k, err := load(path)
	if err != nil {
		return nil, err
	}
	r := &Ring{path: path, start: time.Now()}
	r.current.Store(k)
	r.checkAt.Store(int64(checkEvery))
	return r, nil
}

func load(path string) (*keys, error) {
	handle, info, err := readFile(path)
	if err != nil {
		return nil, err
	}
	k, err := newKeys(handle, info)
	if err != nil {
		return nil, about(ErrDamaged, path, err)
	}
	return k, nil
}

// newKeys insists on what this package writes: enabled 256-bit AES-GCM keys with
// Tink's prefix, one of them primary.
func newKeys(handle *keyset.Handle, info fs.FileInfo) (*keys, error) {
	primary, err := handle.Primary()
	if err != nil {
		return nil, err
	}
	k := &keys{handle: handle, info: info, primary: primary.KeyID(), byID: make(map[uint32]tink.AEAD, handle.Len())}
	for i := range handle.Len() {
		entry, err := handle.Entry(i)
		if err != nil {
			return nil, err
		}
		key, ok := entry.Key().(*aesgcm.Key)
		if !ok || entry.KeyStatus() != keyset.Enabled || !key.Parameters().Equal(parameters()) {
			return nil, fmt.Errorf("key %d is not an enabled 256-bit AES-GCM key", entry.KeyID())
		}
		if _, twice := k.byID[entry.KeyID()]; twice {
			return nil, fmt.Errorf("two keys have the id %d", entry.KeyID())
		}
		if k.byID[entry.KeyID()], err = aesgcm.NewAEAD(key); err != nil {
			return nil, err
		}
		k.ids = append(k.ids, entry.KeyID())
	}
	return k, nil
}

// Seal encrypts plain for the place that ad names and nowhere else. The result is 33
// bytes longer than plain.
func (r *Ring) Seal(plain []byte, ad string) ([]byte, error) {
	k := r.fresh()
	return k.byID[k.primary].Encrypt(plain, []byte(ad))
}

// Unseal opens what Seal returned for the same ad. Any failure is ErrSealedDamaged.
//
// A key id it does not know makes it read the file at once, since another process may
// have rotated a moment ago.
func (r *Ring) Unseal(sealed []byte, ad string) ([]byte, error) {
	id := KeyID(sealed)
	k := r.fresh()
	key, ok := k.byID[id]
	if !ok && id != 0 {
		key, ok = r.reloadFor(k).byID[id]
	}
	if !ok {
		return nil, ErrSealedDamaged.Because(fmt.Errorf("no key with the id %d", id))
	}
	plain, err := key.Decrypt(sealed, []byte(ad))
	if err != nil {
		return nil, ErrSealedDamaged.Because(err)
	}
	return plain, nil
}

// KeyID returns the id of the key that sealed a value, 0 if that is no sealed value.
func KeyID(sealed []byte) uint32 {
	if len(sealed) < prefixBytes || sealed[0] != 1 {
		return 0
	}
	return binary.BigEndian.Uint32(sealed[1:prefixBytes])
}

// Primary returns the id of the key that seals now.
func (r *Ring) Primary() uint32 { return r.fresh().primary }

// KeyIDs returns the ids of all keys, oldest first.
func (r *Ring) KeyIDs() []uint32 { return append([]uint32(nil), r.fresh().ids...) }

// Reload reads the key file now. If that fails, the ring keeps the keys it has and
// returns the error of [Open].
func (r *Ring) Reload() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.reload()
}

// Err reports why the ring could not follow the last change of its file, nil if it
// did. The ring then still works with the keys it had; health checks should say so.
func (r *Ring) Err() error {
	r.fresh()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// reload needs r.mu.
func (r *Ring) reload() error {
	k, err := load(r.path)
	r.failed = err
	if err == nil {
		r.current.Store(k)
	}
	return err
}

// fresh returns the keys to use, having looked for a changed file at most a second ago.
// Without this a server would go on sealing with a key that a rotation is about to
// remove. Whoever comes first after the second looks; the others do not wait for it.
func (r *Ring) fresh() *keys {
	now, due := int64(time.Since(r.start)), r.checkAt.Load()
	if now < due || !r.checkAt.CompareAndSwap(due, now+int64(checkEvery)) {
		return r.current.Load()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil || r.changed() {
		// A failure is kept for Err; the keys at hand stay good.
		_ = r.reload()
	}
	return r.current.Load()
}

func (r *Ring) changed() bool {
	info, err := os.Stat(r.path)
	if err != nil {
		return true // reload finds out what it is
	}
	was := r.current.Load().info
	return !os.SameFile(info, was) || info.Size() != was.Size() || !info.ModTime().Equal(was.ModTime()) || info.Mode() != was.Mode()
}

// reloadFor reads the file because seen lacks a key, unless somebody has done so just
// now. Of many callers at once one reads and all use the result.
func (r *Ring) reloadFor(seen *keys) *keys {
	r.mu.Lock()
	defer r.mu.Unlock()
	if k := r.current.Load(); k != seen {
		return k
	}
	if now := time.Now(); now.Sub(r.reread) >= rereadEvery {
		r.reread = now
		_ = r.reload() // on failure the id stays unknown, and Err tells why
	}
	return r.current.Load()
}
