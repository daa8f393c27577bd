// Package apptest runs a whole server for a test, in one call, and plays the browsers
// in front of it.
//
// Nothing in it is faked but the clock, which stands still until the test moves it: the
// database is a real one (see dbtest), the listener a real socket; passwords are hashed
// with little memory. A [Client] knows nothing of the server's insides. It keeps cookies, follows
// redirects and fills in the forms that the pages show, so a test that passes has
// walked a way that a person can walk.
package apptest

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/app"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

// The people of the account "acme". Their password is Password.
const (
	Ada      = "ada@acme.test"   // owner
	Alan     = "alan@acme.test"  // admin
	Grace    = "grace@acme.test" // member
	Password = domaintest.Password
)

// Server is one running server process, its world and what it logs.
type Server struct {
	*domaintest.World
	App *app.App
	URL string // "http://127.0.0.1:" and the port
	Log *Log   // everything from debug up

	stop     func() error
	document func() (*Document, error) // read once
}

// Each runs fn as a subtest per engine, each with a server on a fresh database. change edits
// the settings before the start.
func Each(t *testing.T, fn func(t *testing.T, s *Server), change ...func(*config.Config)) {
	t.Helper()
	t.Run(db.SQLite, func(t *testing.T) { fn(t, Start(t, dbtest.SQLite(t), change...)) })
	t.Run(db.Postgres, func(t *testing.T) { fn(t, Start(t, dbtest.Postgres(t), change...)) })
}

// Start runs a server with the account "acme" and its people on the database, until
// the test ends. change edits the settings before the start.
func Start(tb testing.TB, dsn string, change ...func(*config.Config)) *Server {
	tb.Helper()
	s := Empty(tb, dsn, change...)
	ctx := context.Background()
	var err error
	if s.Acme, err = account.Create(ctx, s.DB, s.Clock.Now(), "acme", "Acme", audit.Operator()); err != nil {
		tb.Fatalf("create the account: %v", err)
	}
	s.Ada = s.AddUser(tb, s.Acme, Ada, "Ada", user.Owner)
	s.Alan = s.AddUser(tb, s.Acme, Alan, "Alan", user.Admin)
	s.Grace = s.AddUser(tb, s.Acme, Grace, "Grace", user.Member)
	return s
}

// Empty runs a server without any account.
func Empty(tb testing.TB, dsn string, change ...func(*config.Config)) *Server {
	tb.Helper()
	keyFile := filepath.Join(tb.TempDir(), "sallyport.key")
	if err := seal.NewKeyFile(keyFile); err != nil {
		tb.Fatalf("make the key file: %v", err)
	}
	clock := &domaintest.Clock{}
	clock.Set(domaintest.Start)
	return run(tb, dsn, keyFile, clock, change...)
}

// Another runs a second server on the same database, key file and clock, as a second
// replica or after a restart. dsn is the one that the first was started with.
func (s *Server) Another(tb testing.TB, change ...func(*config.Config)) *Server {
	tb.Helper()
	other := run(tb, string(s.App.Config.Database), s.KeyFile, s.Clock, change...)
	other.Acme, other.Ada, other.Alan, other.Grace = s.Acme, s.Ada, s.Alan, s.Grace
	return other
}

func run(tb testing.TB, dsn, keyFile string, clock *domaintest.Clock, change ...func(*config.Config)) *Server {
	tb.Helper()
	cfg := config.Default()
	cfg.Database, cfg.KeyFile = config.DSN(dsn), keyFile
	usual := config.Hashing{Slots: 2, Queue: 10_000, Wait: time.Minute}
	cfg.Hashing = usual
	cfg.ShutdownTimeout = 10 * time.Second
	cfg.APIRate = 1_000_000 // the clock stands still, and so does the minute in which calls are counted
	cfg.LogLevel = -4       // debug: what is never logged must not be logged there either
	for _, edit := range change {
		edit(&cfg)
	}
	log := &Log{}
	a, err := app.Open(context.Background(), cfg, httpx.NewLogger(log, cfg.LogLevel, "json"), clock.Now)
	if err != nil {
		tb.Fatalf("open the server: %v", err)
	}
	if cfg.Hashing == usual { // whoever changes it wants hashes that cost something; packages password, cli and e2e make real ones anyway
		a.Hasher.Quick()
	}
	a.Factors.NewCodes = domaintest.QuickCodes // ten real ones cost as much as ten sign-ins; packages backupcode and e2e make those
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	if cfg.PublicURL.Host == config.Default().PublicURL.Host {
		if err := a.AnswersAt(config.LocalURL(listener.Addr().String())); err != nil {
			tb.Fatal(err)
		}
	}
	s := &Server{
		App: a, URL: "http://" + listener.Addr().String(), Log: log,
		World: &domaintest.World{
			Clock: clock, DB: a.DB, Ring: a.Ring, KeyFile: keyFile, Hasher: a.Hasher, Factors: a.Factors, Codes: a.Codes, Sessions: a.Sessions,
			Reauth: a.Profile.Reauth, Profile: a.Profile, SignIn: a.SignIns, Admin: a.Admin, Adoption: a.Adoption, Recovery: a.Recovery, Channels: a.Channels, Notify: a.Notify, Inbox: a.Inbox, Machines: a.Machines,
		},
	}
	s.document = sync.OnceValues(func() (*Document, error) { return readDocument(s.URL) })
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, listener) }()
	s.stop = sync.OnceValue(func() error {
		cancel()
		err := <-served
		if e := a.Close(); err == nil {
			err = e
		}
		return err
	})
	tb.Cleanup(func() {
		if err := s.stop(); err != nil {
			tb.Errorf("stop the server: %v", err)
		}
	})
	return s
}

// Stop ends the server as SIGTERM does and returns what Serve and Close said.
func (s *Server) Stop() error { return s.stop() }

// Log collects what a server logs. It is safe for concurrent use.
type Log struct {
	mu  sync.Mutex
	all bytes.Buffer
}

// Write adds a line.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(p)
}

// String gives all lines so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
