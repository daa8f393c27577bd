package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead/aesgcm"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// A rotation goes: Prepare, wait Settle, Promote, wait Settle, seal every stored value
// anew until none names an old key, Retire. Each step may be repeated after a crash.
// The first wait lets every server know the new key before any value is sealed with
// it; the second lets every server stop using the old one.

// parameters are those of every key: AES-256-GCM as ASVS 11.3.2 approves it.
func parameters() *aesgcm.Parameters {
	p, err := aesgcm.NewParameters(aesgcm.ParametersOpts{
		KeySizeInBytes: 32,
		IVSizeInBytes:  12,
		TagSizeInBytes: 16,
		Variant:        aesgcm.VariantTink,
	})
	if err != nil {
		panic(err) // constants: fails always or never
	}
	return p
}

// NewKeyFile makes a key file with one new key, readable by its owner only. It never
// overwrites: ErrExists. The folder must exist; ErrUnwritable if nothing can be written.
func NewKeyFile(path string) error {
	m := keyset.NewManager()
	id, err := m.AddNewKeyFromParameters(parameters())
	if err == nil {
		err = m.SetPrimary(id)
	}
	if err != nil {
		return err
	}
	handle, err := m.Handle()
	if err != nil {
		return err
	}
	unlock, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return about(ErrUnwritable.Saying("The key file could not be written."), path, err)
	}
	defer unlock()
	if _, err := os.Lstat(path); err == nil {
		return about(ErrExists, path, fs.ErrExist)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return about(ErrUnwritable.Saying("The key file could not be written."), path, err)
	}
	if err := writeFile(path, handle, nil); err != nil {
		return about(ErrUnwritable.Saying("The key file could not be written."), path, err)
	}
	return nil
}

// Prepare adds a new key that unseals but does not seal yet. If one is waiting
// already, because an earlier rotation was cut off, it stays the one.
func (r *Ring) Prepare() error {
	return r.change(func(k *keys, m *keyset.Manager) error {
		if k.newest() != k.primary {
			return nil
		}
		_, err := m.AddNewKeyFromParameters(parameters())
		return err
	})
}

// Promote makes the newest key seal. ErrNothingPrepared if it does already.
func (r *Ring) Promote() error {
	return r.change(func(k *keys, m *keyset.Manager) error {
		if k.newest() == k.primary {
			return ErrNothingPrepared
		}
		return m.SetPrimary(k.newest())
	})
}

// Retire removes all keys but the primary. What they sealed is lost afterwards, so
// first make sure that [KeyID] of every stored value is [Ring.Primary].
func (r *Ring) Retire() error {
	return r.change(func(k *keys, m *keyset.Manager) error {
		for _, id := range slices.DeleteFunc(slices.Clone(k.ids), func(id uint32) bool { return id == k.primary }) {
			if err := m.Delete(id); err != nil {
				return err
			}
		}
		return nil
	})
}

// change reads the file, edits it and writes it, with no other process in between, and
// goes on with the result.
func (r *Ring) change(edit func(*keys, *keyset.Manager) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	path, err := filepath.EvalSymlinks(r.path) // replace the file, not a link to it
	if err != nil {
		path = r.path
	}
	unlock, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return about(ErrUnwritable, path, err)
	}
	defer unlock()
	if err := r.reload(); err != nil {
		return err
	}
	k := r.current.Load()
	m := keyset.NewManagerFromHandle(k.handle)
	if err := edit(k, m); err != nil {
		return err
	}
	handle, err := m.Handle()
	if err != nil {
		return err
	}
	if err := writeFile(path, handle, k.info); err != nil {
		return about(ErrUnwritable, path, err)
	}
	return r.reload()
}

// newest relies on the order of the keyset: keys are added at its end.
func (k *keys) newest() uint32 { return k.ids[len(k.ids)-1] }
