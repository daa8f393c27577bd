// Package app wires a server: one flat function from settings to running parts,
// with no framework and no globals.
//
// A server that cannot be as safe as its settings say does not start: a missing or
// wrong key file, a damaged location database, a newer schema, a route without a level
// each end the start with a clear error.
package app

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/adoption"
	"sallyport/internal/api"
	"sallyport/internal/apikey"
	"sallyport/internal/assertion"
	"sallyport/internal/audit"
	"sallyport/internal/backupcode"
	"sallyport/internal/brake"
	"sallyport/internal/browser"
	"sallyport/internal/channel"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/gate"
	"sallyport/internal/httpx"
	"sallyport/internal/idempotency"
	"sallyport/internal/machine"
	"sallyport/internal/metrics"
	"sallyport/internal/notify"
	"sallyport/internal/outbox"
	"sallyport/internal/passkey"
	"sallyport/internal/password"
	"sallyport/internal/phone"
	"sallyport/internal/place"
	"sallyport/internal/profile"
	"sallyport/internal/reauth"
	"sallyport/internal/recovery"
	"sallyport/internal/seal"
	"sallyport/internal/sentcode"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/sms"
	"sallyport/internal/totp"
	"sallyport/internal/web"
)

// Version is the program's version; a release build sets it.
var Version = "0.1.0-dev"

// App is a server's parts, ready to serve or to be used by a command.
type App struct {
	Config   config.Config
	Log      *slog.Logger
	DB       *db.DB
	Ring     *seal.Ring
	Hasher   *password.Hasher
	Factors  *factor.Service
	Codes    *sentcode.Service
	Channels *channel.Service
	Notify   *notify.Service
	Inbox    *notify.Inbox // of a demo; nil elsewhere
	Sessions *session.Service
	Browsers *browser.Service
	SignIns  *signin.Service
	Profile  *profile.Service
	Recovery *recovery.Service
	Admin    *admin.Service
	Machines *machine.Service
	Asserts  *assertion.Service
	Checks   *signin.Checks
	Once     *idempotency.Service
	Audit    *audit.Chain
	Faces    *account.Faces
	Places   *place.Database // nil without the setting location_database
	Adoption *adoption.Service
	Metrics  *metrics.Metrics
	Now      func() time.Time

	operator  admin.OperatorKey // the zero one without the setting operator_key_file
	gateway   *sms.Gateway      // that sends receipts to us; nil if there is none, or another kind
	centre    *sms.SMPP         // connected while the server serves; nil if there is none
	readiness readiness
}

// Open builds the parts, brings the database up to date and checks the key file.
// The caller closes the App. now is nil except in tests.
func Open(ctx context.Context, cfg config.Config, log *slog.Logger, now func() time.Time) (*App, error) {
	if now == nil {
		now = time.Now
	}
	a := &App{Config: cfg, Log: log, Now: now}
	var err error
	if a.Ring, err = seal.Open(cfg.KeyFile); err != nil {
		return nil, err
	}
	if cfg.OperatorKeyFile != "" {
		if a.operator, err = admin.ReadOperatorKey(cfg.OperatorKeyFile); err != nil {
			return nil, err
		}
	}
	if cfg.Locations != "" {
		if a.Places, err = place.Open(cfg.Locations); err != nil {
			return nil, err
		}
	}
	if a.DB, err = db.Open(ctx, string(cfg.Database)); err != nil {
		return nil, err
	}
	if err := a.DB.Migrate(ctx); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	if err := admin.CheckKey(ctx, a.DB, a.Ring); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	ended, err := admin.EndRestored(ctx, a.DB, a.Now())
	if err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	if ended {
		a.Log.Warn("this database is a restored backup: all sessions, trusted browsers, half-finished sign-ins and mailed tokens in it have ended, and planned ends of second factors are called off")
	}
	if err := a.openChannels(); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	a.wire()
	return a, nil
}

// wire builds everything that stands on the database, the key ring and the clock.
// A new second factor's method is one line in methods.
func (a *App) wire() {
	a.Metrics = metrics.New(Version, metrics.Sources{Hashing: a.hashing, Database: a.database, Outbox: a.outbox})
	a.Hasher = password.New(password.Config{Slots: a.Config.Hashing.Slots, Queue: a.Config.Hashing.Queue, Wait: a.Config.Hashing.Wait})
	a.Factors = &factor.Service{
		DB: a.DB, Ring: a.Ring, Now: a.Now, Methods: a.methods(),
		NewCodes: func(ctx context.Context) ([]string, []factor.Code, error) { return backupcode.New(ctx, a.Hasher) },
		NewCode: func(ctx context.Context, taken func(string) bool) (string, factor.Code, error) {
			return backupcode.More(ctx, a.Hasher, taken)
		},
	}
	plans := a.Config.Plans
	plans.NoPasskeys, plans.PasskeyRoots = a.Config.NoPasskeys() != nil, a.Config.PasskeyRoots.Any()
	a.Sessions = session.New(a.DB, a.Now)
	a.Codes = &sentcode.Service{
		DB: a.DB, Factors: a.Factors, Limits: a.Config.SMSLimits,
		Prefix: func(number string) string { return phone.Number(number).Prefix() }, Now: a.Now,
		Stopped: func(l brake.Limit) { a.Metrics.Stopped(string(l)) },
	}
	a.Faces = account.NewFaces(a.DB, a.Now)
	a.Notify = &notify.Service{
		DB: a.DB, Faces: a.Faces, Ring: a.Ring, Factors: a.Factors, Channels: a.Channels, Product: a.Config.Brand.Name, Places: a.Places,
		PublicURL: func() *url.URL { return a.Config.PublicURL }, Now: a.Now, Log: a.Log, Count: a.Metrics.Message,
	}
	a.Browsers = &browser.Service{DB: a.DB, Places: a.Places, Now: a.Now}
	a.SignIns = &signin.Service{
		DB: a.DB, Hasher: a.Hasher, Browsers: a.Browsers, Factors: a.Factors, Codes: a.Codes, Channels: a.Channels,
		Plans: plans, Countries: a.Config.SMSCountries, Now: a.Now,
	}
	a.Profile = &profile.Service{
		DB: a.DB, Browsers: a.Browsers, Factors: a.Factors, Codes: a.Codes, Channels: a.Channels, Plans: plans, Countries: a.Config.SMSCountries,
		Sessions: a.Sessions, Hasher: a.Hasher, Now: a.Now,
		Reauth: &reauth.Service{DB: a.DB, Hasher: a.Hasher, Now: a.Now},
	}
	a.Recovery = &recovery.Service{
		DB: a.DB, Ring: a.Ring, Hasher: a.Hasher, Channels: a.Channels, Sessions: a.Sessions, Now: a.Now,
		Stopped: func(l brake.Limit) { a.Metrics.Stopped(string(l)) },
	}
	a.Once = &idempotency.Service{DB: a.DB, Ring: a.Ring, Now: a.Now}
	a.Machines = &machine.Service{DB: a.DB, Keys: apikey.NewService(a.DB, a.Now), Factors: a.Factors, Reauth: a.Profile.Reauth, Now: a.Now}
	a.Asserts = &assertion.Service{DB: a.DB, Ring: a.Ring, Issuer: httpx.OriginOf(a.Config.PublicURL), Now: a.Now}
	a.Checks = &signin.Checks{SignIns: a.SignIns, Assertions: a.Asserts, Origins: a.Config.DoorOrigins, PublicURL: a.Config.PublicURL}
	a.Audit = &audit.Chain{DB: a.DB, Ring: a.Ring, Now: a.Now}
	a.Adoption = adoption.New(a.DB, a.Now)
	a.Admin = &admin.Service{
		DB: a.DB, Ring: a.Ring, Hasher: a.Hasher, Factors: a.Factors, Sessions: a.Sessions, Channels: a.Channels,
		Plans: plans, Adoption: a.Adoption, SendTest: a.Notify.Test, Now: a.Now,
	}
}

// methods are the second factors that there are. Passkeys are none where no domain name is theirs (Config.Party).
func (a *App) methods() []factor.Method {
	all := []factor.Method{
		totp.Method{},
		sentcode.Method{Of: factor.SMS},
		sentcode.Method{Of: factor.Email},
		backupcode.Method{Hasher: a.Hasher},
	}
	if m, err := passkey.New(a.Config.Party()); err == nil {
		all = append(all, m)
	}
	return all
}

func (a *App) hashing() metrics.Hashing {
	s := a.Hasher.Stats()
	return metrics.Hashing{Running: s.Running, Queued: s.Queued, Refused: int64(s.Refused)}
}

func (a *App) database() metrics.Database {
	s := a.DB.Stats()
	return metrics.Database{Open: s.Open, InUse: s.InUse, Waits: int64(s.Waiting)}
}

// outboxWithin bounds what a scrape waits for the database.
const outboxWithin = 2 * time.Second

func (a *App) outbox() (metrics.Outbox, error) {
	ctx, cancel := context.WithTimeout(context.Background(), outboxWithin)
	defer cancel()
	waiting, oldest, err := outbox.Depth(ctx, a.DB)
	if err != nil || waiting == 0 {
		return metrics.Outbox{}, err
	}
	return metrics.Outbox{Waiting: waiting, Oldest: max(0, a.Now().Sub(oldest))}, nil
}

// Close closes the database; what was acknowledged is in it already.
func (a *App) Close() error { return a.DB.Close() }

// Handler is everything the server answers: the pages, the REST interface, what operations ask for, and what gateways report.
func (a *App) Handler() (http.Handler, error) {
	pages, err := web.NewPages()
	if err != nil {
		return nil, err
	}
	pages.Now = a.Now
	proxies := httpx.NewProxies(a.Config.TrustedProxies)
	site := &web.Site{
		Product: a.Config.Brand.Name, PublicURL: a.Config.PublicURL, DB: a.DB, Pages: pages,
		SignIns: a.SignIns, Checks: a.Checks, Sessions: a.Sessions, Factors: a.Factors, Profile: a.Profile, Recovery: a.Recovery, Admin: a.Admin, Machines: a.Machines,
		Faces: a.Faces, Inbox: a.Inbox, Support: a.Config.SupportAddress, Related: a.Config.PasskeyOrigins, Door: a.Config.DoorOrigins, Places: a.Places, Now: a.Now, Count: a.Metrics.SignIn,
	}
	browser, err := site.Mux(proxies, a.Log, a.Metrics.Request)
	if err != nil {
		return nil, err
	}
	rest := &api.Server{
		Product: a.Config.Brand.Name, Version: Version, PublicURL: a.Config.PublicURL, DB: a.DB, SignIns: a.SignIns, Checks: a.Checks, Sessions: a.Sessions,
		Factors: a.Factors, Profile: a.Profile, Admin: a.Admin, Machines: a.Machines, Once: a.Once, Rate: a.Config.APIRate, Now: a.Now, Count: a.Metrics.SignIn,
		OperatorKey: a.operator, OperatorNets: a.Config.OperatorNets,
	}
	machines, err := rest.Mux(proxies, a.Log, a.Metrics.Request)
	if err != nil {
		return nil, err
	}
	var look []string
	for _, name := range []string{"sallyport.css", "reference.css", "mark.svg"} {
		url, err := pages.Asset(name)
		if err != nil {
			return nil, err
		}
		look = append(look, url)
	}
	docs, err := rest.Reference(look[:2], look[2], proxies, a.Log, a.Metrics.Request)
	if err != nil {
		return nil, err
	}
	door := &gate.Server{PublicURL: a.Config.PublicURL, Origins: a.Config.DoorOrigins, Sessions: a.Sessions, Machines: a.Machines, Assertions: a.Asserts, Now: a.Now}
	asked, err := door.Asked(proxies, a.Log, a.Metrics.Request)
	if err != nil {
		return nil, err
	}
	handed, err := door.Handed(proxies, a.Log, a.Metrics.Request)
	if err != nil {
		return nil, err
	}
	ops, err := a.operations(proxies)
	if err != nil {
		return nil, err
	}
	receipts, err := a.receipts(proxies)
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case path == "/healthz" || path == "/readyz" || path == "/metrics":
			ops.ServeHTTP(w, r)
		case gate.Takes(path):
			asked.ServeHTTP(w, r)
		case strings.HasPrefix(path, gate.Prefix):
			handed.ServeHTTP(w, r)
		case path == api.ReferencePath:
			docs.ServeHTTP(w, r)
		case strings.HasPrefix(path, api.Prefix):
			machines.ServeHTTP(w, r)
		case a.gateway != nil && strings.HasPrefix(path, config.ReceiptsPath+"/"):
			receipts.ServeHTTP(w, r)
		default:
			browser.ServeHTTP(w, r)
		}
	}), nil
}

// FirstRunURL makes the one-time set-up link of a server without accounts; "" if there is one.
func (a *App) FirstRunURL(ctx context.Context) (string, error) {
	secret, err := a.Admin.FirstRunLink(ctx)
	if err != nil || secret == "" {
		return "", err
	}
	return strings.TrimSuffix(a.Config.PublicURL.String(), "/") + "/set-up?token=" + secret, nil
}

// proxied are the headers by which a proxy gives itself away.
var proxied = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host", "Via"}

// mayReadMetrics reports whether a request comes from a network that may read the
// metrics. One that went through a proxy which is not trusted may not: its true origin is unknown.
func (a *App) mayReadMetrics(r *http.Request) bool {
	client := httpx.InfoOf(r.Context()).Client
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	forwarded := slices.ContainsFunc(proxied, func(name string) bool { return r.Header.Get(name) != "" })
	if err != nil || !client.IsValid() || (forwarded && peer.Addr().Unmap() == client) || !a.ownName(r.Host) {
		return false
	}
	for _, network := range a.Config.MetricsNetworks {
		if network.Contains(client) {
			return true
		}
	}
	return false
}

// ownName reports whether a Host is an address, a loopback name or the public name: a page
// of a stranger's, whose name was made to point here, sends the stranger's name.
func (a *App) ownName(host string) bool {
	name := (&url.URL{Host: host}).Hostname()
	_, err := netip.ParseAddr(name)
	return err == nil || httpx.IsLoopback(name) || strings.EqualFold(name, a.Config.PublicURL.Hostname())
}
