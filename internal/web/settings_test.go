package web_test

import (
	"net/url"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// publicURL sets the address that browsers see.
func publicURL(address string) func(*config.Config) {
	return func(c *config.Config) {
		u, err := url.Parse(address)
		if err != nil {
			panic(err) // a constant of the test
		}
		c.PublicURL = u
	}
}

// eachEmpty runs fn on both engines with a server that has no account.
func eachEmpty(t *testing.T, fn func(t *testing.T, s *apptest.Server)) {
	t.Helper()
	t.Run(db.SQLite, func(t *testing.T) { fn(t, apptest.Empty(t, dbtest.SQLite(t))) })
	t.Run(db.Postgres, func(t *testing.T) { fn(t, apptest.Empty(t, dbtest.Postgres(t))) })
}
