// Package domaintest builds a small world for tests above the database: the account
// "Acme" with its three people, every service of the domain wired as in production,
// a clock that stands still until a test moves it, and phones that show codes.
//
// Nothing in it is faked but the clock: the database is a real one (see dbtest), the
// key file is a real file, passwords are hashed by the real hasher; backup codes are
// hashed with Argon2id too, at less cost. Two worlds on one
// database stand for two server processes: they share rows and the key file, and nothing else.
package domaintest

import (
	"context"
	"log/slog"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/adoption"
	"sallyport/internal/apikey"
	"sallyport/internal/assertion"
	"sallyport/internal/audit"
	"sallyport/internal/backupcode"
	"sallyport/internal/brake"
	"sallyport/internal/browser"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/machine"
	"sallyport/internal/notify"
	"sallyport/internal/passkey"
	"sallyport/internal/password"
	"sallyport/internal/phone"
	"sallyport/internal/profile"
	"sallyport/internal/reauth"
	"sallyport/internal/recovery"
	"sallyport/internal/seal"
	"sallyport/internal/sentcode"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// Password is what Ada, Alan and Grace sign in with.
const Password = "seven unrelated ferry bells"

// By is the client that the helpers act for.
var By = audit.Actor{Kind: audit.KindNobody, Address: "192.0.2.7", UserAgent: "domaintest"}

// Party is whose passkeys a world's are; the second origin is a related one.
var Party = passkey.Party{ID: "login.acme.test", Name: "Sallyport", Origins: []string{"https://login.acme.test", "https://acme.example"}}

// World is one server process and the account it serves.
type World struct {
	Clock   *Clock
	DB      *db.DB
	Ring    *seal.Ring
	KeyFile string
	Hasher  *password.Hasher

	Factors  *factor.Service
	Codes    *sentcode.Service
	Channels *channel.Service
	Notify   *notify.Service // sends to Inbox, when a test says Deliver
	Inbox    *notify.Inbox
	Sessions *session.Service
	Reauth   *reauth.Service
	Browsers *browser.Service
	Profile  *profile.Service
	SignIn   *signin.Service
	Checks   *signin.Checks
	Admin    *admin.Service
	Adoption *adoption.Service
	Recovery *recovery.Service
	Machines *machine.Service

	Acme             account.Account
	Ada, Alan, Grace user.User // owner, admin, member
}

// New builds a world on a migrated database without accounts. Its clock stands at Start.
func New(tb testing.TB, d *db.DB) *World {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "sallyport.key")
	if err := seal.NewKeyFile(file); err != nil {
		tb.Fatalf("make the key file: %v", err)
	}
	w := wire(tb, d, &Clock{now: Start}, file)
	ctx := context.Background()
	var err error
	if w.Acme, err = account.Create(ctx, d, w.Clock.Now(), "acme", "Acme", audit.Operator()); err != nil {
		tb.Fatalf("create the account: %v", err)
	}
	w.Ada = w.AddUser(tb, w.Acme, "ada@acme.test", "Ada", user.Owner)
	w.Alan = w.AddUser(tb, w.Acme, "alan@acme.test", "Alan", user.Admin)
	w.Grace = w.AddUser(tb, w.Acme, "grace@acme.test", "Grace", user.Member)
	return w
}

// Restart is the same world as another process sees it that opened the database as d:
// the same rows, key file and clock, its own memory.
func (w *World) Restart(tb testing.TB, d *db.DB) *World {
	tb.Helper()
	return w.Elsewhere(tb, d, w.Clock)
}

// Elsewhere is Restart on a machine with another clock.
func (w *World) Elsewhere(tb testing.TB, d *db.DB, c *Clock) *World {
	tb.Helper()
	other := wire(tb, d, c, w.KeyFile)
	other.Acme, other.Ada, other.Alan, other.Grace = w.Acme, w.Ada, w.Alan, w.Grace
	return other
}

// wire puts the services together as app does.
func wire(tb testing.TB, d *db.DB, c *Clock, keyFile string) *World {
	tb.Helper()
	ring, err := seal.Open(keyFile)
	if err != nil {
		tb.Fatalf("open the key file: %v", err)
	}
	// As many slots as a small server has; a queue in which a whole test can wait.
	h := password.New(password.Config{Slots: 2, Queue: 100_000, Wait: 10 * time.Minute}).Quick()
	w := &World{Clock: c, DB: d, Ring: ring, KeyFile: keyFile, Hasher: h}
	keys, err := passkey.New(Party)
	if err != nil {
		tb.Fatal(err)
	}
	w.Factors = &factor.Service{
		DB: d, Ring: ring, Now: c.Now,
		Methods: []factor.Method{
			totp.Method{}, sentcode.Method{Of: factor.SMS}, sentcode.Method{Of: factor.Email}, backupcode.Method{Hasher: h}, keys,
		},
		NewCodes: QuickCodes, NewCode: quickCode,
	}
	w.Codes = &sentcode.Service{
		DB: d, Factors: w.Factors, Limits: brake.Limits{Account: 100, Prefix: 100, Day: 1000},
		Prefix: func(number string) string { return number[:min(6, len(number))] }, Now: c.Now, Stopped: func(brake.Limit) {},
	}
	w.Inbox = notify.NewInbox(c.Now)
	w.Channels = &channel.Service{DB: d, Ring: ring, Mail: w.Inbox.Mail(), SMS: w.Inbox.SMS(), Now: c.Now}
	w.Notify = &notify.Service{
		DB: d, Faces: account.NewFaces(d, c.Now), Ring: ring, Factors: w.Factors, Channels: w.Channels, Product: "Sallyport", Now: c.Now,
		PublicURL: func() *url.URL { return &url.URL{Scheme: "https", Host: "login.acme.test"} },
		Log:       slog.New(slog.DiscardHandler), Count: func(string, string, string) {},
	}
	w.Sessions = session.New(d, c.Now)
	w.Reauth = &reauth.Service{DB: d, Hasher: h, Now: c.Now}
	w.Browsers = &browser.Service{DB: d, Now: c.Now}
	w.Profile = &profile.Service{
		DB: d, Browsers: w.Browsers, Factors: w.Factors, Codes: w.Codes, Channels: w.Channels, Plans: everything, Countries: phone.DefaultCountries(), Sessions: w.Sessions, Reauth: w.Reauth,
		Hasher: h, Now: c.Now,
	}
	w.Recovery = &recovery.Service{
		DB: d, Ring: ring, Hasher: h, Channels: w.Channels, Sessions: w.Sessions, Now: c.Now, Stopped: func(brake.Limit) {},
	}
	w.SignIn = &signin.Service{
		DB: d, Hasher: h, Browsers: w.Browsers, Factors: w.Factors, Codes: w.Codes, Channels: w.Channels,
		Plans: everything, Countries: phone.DefaultCountries(), Now: c.Now,
	}
	w.Checks = &signin.Checks{
		SignIns: w.SignIn, PublicURL: &url.URL{Scheme: "https", Host: "sallyport.test"}, Origins: []string{"https://app.example.com"},
		Assertions: &assertion.Service{DB: d, Ring: ring, Issuer: "https://sallyport.test", Now: c.Now},
	}
	w.Machines = &machine.Service{DB: d, Keys: apikey.NewService(d, c.Now), Factors: w.Factors, Reauth: w.Reauth, Now: c.Now}
	w.Adoption = adoption.New(d, c.Now)
	w.Admin = &admin.Service{
		DB: d, Ring: ring, Hasher: h, Factors: w.Factors, Sessions: w.Sessions, Channels: w.Channels,
		Plans: everything, Adoption: w.Adoption, Now: c.Now,
	}
	return w
}

// Start is where a world's clock stands at first: at the beginning of a 30-second step.
var Start = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// Clock stands still until it is moved. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now tells the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set moves the clock to t, forwards or backwards.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// hashed is the hash of Password, computed once for all worlds of a process.
var hashed = sync.OnceValues(func() (string, error) {
	return password.New(password.Config{}).Quick().Hash(context.Background(), Password)
})

// AddUser adds a person whose password is Password.
func (w *World) AddUser(tb testing.TB, a account.Account, email, name string, role user.Role) user.User {
	tb.Helper()
	hash, err := hashed()
	if err != nil {
		tb.Fatalf("hash the password: %v", err)
	}
	u, err := user.Create(context.Background(), w.DB, w.Clock.Now(),
		user.New{AccountID: a.ID, Email: email, Name: name, Role: role, PasswordHash: hash}, audit.Operator())
	if err != nil {
		tb.Fatalf("create %s: %v", email, err)
	}
	return u
}

// everything is the one plan of a world: all methods may be set up.
var everything = account.Plans{Default: "all", All: map[string]account.Plan{"all": {Name: "all", Methods: account.Methods()}}}
