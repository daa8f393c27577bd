package dbtest

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"

	"sallyport/internal/db"
)

// Environment variables; see the package comment.
const (
	EnvPostgres = "SALLYPORT_TEST_POSTGRES"
	EnvEngines  = "SALLYPORT_TEST_ENGINES"
)

// template is a migrated database that tests' databases are copied from; copying is much faster than migrating.
type template struct {
	once sync.Once
	db   string
	err  error
}

// templates and own hold what is shared by all tests of one process.
var (
	templates template
	own       ownCluster
)

func (t *template) name(ctx context.Context, admin string) (string, error) {
	t.once.Do(func() { t.db, t.err = makeTemplate(ctx, admin) })
	return t.db, t.err
}

func makeTemplate(ctx context.Context, admin string) (string, error) {
	name := "template_" + strings.ToLower(rand.Text()[:16])
	if err := sqlAt(ctx, admin, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", err
	}
	d, err := db.Open(ctx, withDatabase(admin, name))
	if err != nil {
		return "", err
	}
	if err := d.Migrate(ctx); err != nil {
		_ = d.Close() // the first error says more
		return "", err
	}
	return name, d.Close()
}

// migrated is the content of a SQLite file that tests' files are copies of.
var migrated = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "sallyport-template-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	file, ctx := filepath.Join(dir, "template.db"), context.Background()
	d, err := db.Open(ctx, "sqlite:"+file)
	if err != nil {
		return nil, err
	}
	// Closing it empties its log into the file.
	if err := errors.Join(d.Migrate(ctx), d.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
})

// sqlAt runs one statement on a connection of its own.
func sqlAt(ctx context.Context, dsn, text string) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(ctx) }() // the statement's outcome is what counts
	_, err = c.Exec(ctx, text)
	return err
}

// withDatabase is dsn with another database name.
func withDatabase(dsn, name string) string {
	u, err := url.Parse(dsn)
	if err != nil {
		return dsn // whoever opens it reports it
	}
	u.Path = "/" + name
	return u.String()
}
