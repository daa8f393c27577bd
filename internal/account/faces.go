package account

import (
	"context"
	"encoding/hex"
	"errors"
	"sync"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/texts"
)

const (
	// cachedBytes bounds the memory of each of the caches; a full one is emptied.
	cachedBytes = 16 << 20
	// catalogueBytes is about what a catalogue takes beside the texts of its own.
	catalogueBytes = 64 << 10
	// logoFor is how long a logo is served without asking whether it still is one.
	logoFor = time.Second
)

// ErrNoLogo says that no account has a logo of this name.
var ErrNoLogo = errs.New(errs.NotFound, "logo_not_found", "There is no such picture.")

// Faces gives what accounts' faces hold beside the account's row, and remembers it for a while. What is remembered is
// never the only place that knows it. Make it with NewFaces.
type Faces struct {
	db  *db.DB
	now func() time.Time

	mu         sync.Mutex // guards the caches; what they hold is never changed
	catalogues cache[edition, texts.Catalogue]
	logos      cache[string, picture]
}

// edition is an account's catalogue in a language. Each change of a text makes another one, so none is ever out of date.
type edition struct {
	accountID string
	wording   int64
	language  texts.Language
}

type picture struct {
	png    []byte
	readAt time.Time
}

// cache is a map of bounded size.
type cache[K comparable, V any] struct {
	all  map[K]V
	size int
}

func (c *cache[K, V]) put(key K, value V, size int) {
	if _, known := c.all[key]; !known {
		c.size += size
	}
	if c.all == nil || c.size > cachedBytes {
		c.all, c.size = map[K]V{}, size
	}
	c.all[key] = value
}

// NewFaces makes Faces.
func NewFaces(d *db.DB, now func() time.Time) *Faces { return &Faces{db: d, now: now} }

// Catalogue is what the account says in a language. An account without own texts, as almost all are, costs nothing.
func (f *Faces) Catalogue(ctx context.Context, a Account, l texts.Language) (texts.Catalogue, error) {
	if a.Wording == 0 {
		return texts.In(l), nil
	}
	e := edition{a.ID, a.Wording, l}
	f.mu.Lock()
	c, known := f.catalogues.all[e]
	f.mu.Unlock()
	if known {
		return c, nil
	}
	own, err := OwnTexts(ctx, f.db, a.ID, l)
	if err != nil {
		return texts.In(l), err
	}
	c, size := texts.In(l).With(own), catalogueBytes
	for _, text := range own {
		size += len(text)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.catalogues.put(e, c, size)
	return c, nil
}

// Logo returns the picture of this name as PNG, or ErrNoLogo.
func (f *Faces) Logo(ctx context.Context, file string) ([]byte, error) {
	if raw, err := hex.DecodeString(file); err != nil || len(raw) != fileBytes {
		return nil, ErrNoLogo
	}
	now := f.now()
	f.mu.Lock()
	p, known := f.logos.all[file]
	f.mu.Unlock()
	if known && now.Sub(p.readAt) < logoFor && !p.readAt.After(now) {
		return p.png, nil
	}
	png, err := readLogo(ctx, f.db, file)
	if errors.Is(err, db.ErrNotFound) {
		return nil, ErrNoLogo
	}
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.logos.put(file, picture{png, now}, len(png))
	return png, nil
}
