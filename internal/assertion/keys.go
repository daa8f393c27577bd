package assertion

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"strconv"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"

	"sallyport/internal/db"
	"sallyport/internal/seal"
)

// rereadEvery is how soon a server learns of a key that another one made; far below PublishFor.
const rereadEvery = time.Minute

// keys remembers the keys, the first one first. They are never changed, only replaced.
type keys struct {
	mu     sync.Mutex
	all    []key
	readAt time.Time
}

// current returns the keys in force at now, at least one; it makes the next one when it is time.
func (s *Service) current(ctx context.Context, now time.Time) ([]key, error) {
	s.keys.mu.Lock()
	defer s.keys.mu.Unlock()
	if since := now.Sub(s.keys.readAt); len(s.keys.all) > 0 && since >= 0 && since < rereadEvery {
		return s.keys.all, nil
	}
	all, err := s.load(ctx)
	if err != nil {
		return nil, err
	}
	if last, ok := newest(all, now.Add(db.Apart)); !ok || now.Sub(last.createdAt) >= KeyFor {
		if err := s.add(ctx, all, now); err != nil {
			return nil, err
		}
		if all, err = s.load(ctx); err != nil { // another server may have been quicker: then its key is the next one
			return nil, err
		}
	}
	s.keys.all, s.keys.readAt = all, now
	return all, nil
}

// add stores the next key, unless there is one of its number.
func (s *Service) add(ctx context.Context, all []key, now time.Time) error {
	next := row{number: 1, createdAt: now}
	if len(all) > 0 {
		next.number = all[len(all)-1].number + 1
	}
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed)
	var err error
	if next.sealed, err = s.Ring.Seal(seed, next.ad()); err != nil {
		return err
	}
	return s.DB.Run(ctx, insert(next))
}

// load reads and unseals the keys, the first one first.
func (s *Service) load(ctx context.Context) ([]key, error) {
	rows, err := list(ctx, s.DB)
	if err != nil {
		return nil, err
	}
	all := make([]key, len(rows))
	for i, r := range rows {
		if all[i], err = s.open(r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (s *Service) open(r row) (key, error) {
	seed, err := s.Ring.Unseal(r.sealed, r.ad())
	if err != nil {
		return key{}, err
	}
	k := key{number: r.number, createdAt: r.createdAt, private: ed25519.NewKeyFromSeed(seed)}
	named := jose.JSONWebKey{Key: k.private}
	print, err := named.Thumbprint(crypto.SHA256)
	if err != nil {
		return key{}, err
	}
	k.id = base64.RawURLEncoding.EncodeToString(print)
	named.KeyID = k.id
	k.signer, err = jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: named}, (&jose.SignerOptions{}).WithType("JWT"))
	return k, err
}

// ad binds a sealed key to its place.
func (r row) ad() string {
	return seal.AD("signing_keys", "", strconv.FormatInt(r.number, 10), "seed")
}

// Reseal seals every key with the primary key and returns how many were sealed with another.
func (s *Service) Reseal(ctx context.Context) (changed int, err error) {
	rows, err := list(ctx, s.DB)
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		if seal.KeyID(r.sealed) == s.Ring.Primary() {
			continue
		}
		seed, err := s.Ring.Unseal(r.sealed, r.ad())
		if err != nil {
			return changed, err
		}
		if r.sealed, err = s.Ring.Seal(seed, r.ad()); err != nil {
			return changed, err
		}
		if err := s.DB.Run(ctx, reseal(r)); err != nil {
			return changed, err
		}
		changed++
	}
	return changed, nil
}
