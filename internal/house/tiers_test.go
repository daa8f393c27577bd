package house

import (
	"slices"
	"strings"
	"testing"
)

// tier orders the packages: imports point to a lower tier only (docs/design.md, "The house").
type tier int

const (
	ground   tier = iota // the standard library, drivers, and errs
	domain               // one noun each: its types, its rules, its tables
	flow                 // several domain packages in one use case
	delivery             // HTTP
	top                  // wiring and the command line
	command              // package main
	proof                // tests and measurements over the whole; imported by nobody
)

// tiers names every package. One that is missing here fails the test, so that nobody adds a
// package without saying where it stands.
var tiers = map[string]tier{
	"errs": ground, "id": ground, "token": ground, "db": ground, "seal": ground, "otp": ground, "qr": ground,
	"password": ground, "phone": ground, "mail": ground, "sms": ground, "metrics": ground, "texts": ground, "brand": ground, "sheet": ground, "place": ground, "httpsig": ground, "lately": ground,

	"account": domain, "user": domain, "audit": domain, "throttle": domain, "reauth": domain,
	"factor": domain, "totp": domain, "backupcode": domain, "sentcode": domain, "session": domain, "passkey": domain, "browser": domain,
	"assertion": domain,
	"outbox":    domain, "brake": domain, "mailtoken": domain, "channel": domain, "adoption": domain, "apikey": domain, "idempotency": domain, "check": domain,

	"signin": flow, "admin": flow, "profile": flow, "recovery": flow, "notify": flow, "machine": flow,

	"httpx": delivery, "web": delivery, "api": delivery, "gate": delivery,
	"client": delivery, "client/door": delivery, // the other end of the wire: see TestClientStandsAlone

	"config": top, "app": top, "cli": top,

	"cmd/sallyport": command, "examples/dashboard": command, "examples/middleware": command, "examples/assertion": command,

	"db/dbtest": proof, "db/dbtest/pg": proof, "mail/eximtest": proof, "sms/kanneltest": proof, "passkey/keytest": proof, "place/placetest": proof, "porttest": proof, "apptest": proof, "domaintest": proof, "bench": proof, "chrometest": proof, "acceptance": proof, "e2e": proof, "proxytest": proof, "house": proof,
}

// sideways lists the imports within one tier, each with its reason.
var sideways = map[string][]string{
	// Every package may name its errors.
	"*ground": {"errs"},
	// What a feature may know of another feature: whose account, which person, that it must be
	// audited and throttled, that the person is told, and that the password was proved just now.
	"*domain": {"audit", "throttle", "reauth", "account", "user", "outbox"},
	// A method implements factor.Method, so it knows the seam; factor knows no method.
	"totp":       {"factor"},
	"passkey":    {"factor"},
	"backupcode": {"factor"},
	// A code that is sent is charged before.
	"sentcode": {"factor", "brake"},
	// Pages and the API share the adapter, the error table and the real client address.
	"web":  {"httpx"},
	"api":  {"httpx"},
	"gate": {"httpx"},
	// The middleware takes the addresses that the client takes.
	"client/door": {"client"},
	// The top is wired in this order.
	"app": {"config"},
	"cli": {"app", "config"},
}

// mayImport says whether the package at place from may import the one at place to.
func mayImport(from, to string) (ok bool, why string) {
	ft, known := tiers[from]
	if !known {
		return false, "is in no tier: add it to the table in tiers_test.go"
	}
	tt, known := tiers[to]
	switch {
	case !known:
		return false, "imports " + to + ", which is in no tier"
	case tt == proof && ft != proof:
		return false, "imports " + to + ", which exists for tests only"
	case tt < ft || ft == proof:
		return true, ""
	case tt > ft:
		return false, "imports " + to + " from a higher tier"
	}
	var group string
	switch ft {
	case ground:
		group = "*ground"
	case domain:
		group = "*domain"
	}
	if slices.Contains(sideways[from], to) || slices.Contains(sideways[group], to) {
		return true, ""
	}
	return false, "imports " + to + " of its own tier"
}

func TestImportsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		if _, known := tiers[p.place()]; !known {
			t.Errorf("%s is in no tier: add it to the table in tiers_test.go", p.place())
			continue
		}
		for _, path := range p.Imports {
			if !strings.HasPrefix(path, module+"/") {
				continue
			}
			if ok, why := mayImport(p.place(), pkg{ImportPath: path}.place()); !ok {
				t.Errorf("%s %s", p.place(), why)
			}
		}
	}
}

// TestImportRule shows that the rule refuses what it is there to refuse.
func TestImportRule(t *testing.T) {
	cases := []struct {
		from, to string
		ok       bool
	}{
		{"otp", "errs", true},
		{"otp", "db", false},      // ground packages know errs and nothing else
		{"errs", "otp", false},    // and errs knows nobody
		{"totp", "db", true},      // down
		{"db", "totp", false},     // up
		{"session", "user", true}, // one of the five that all may know
		{"user", "session", false},
		{"totp", "factor", true}, // a method knows the seam
		{"factor", "totp", false},
		{"totp", "backupcode", false},
		{"signin", "admin", false},
		{"signin", "web", false},
		{"web", "httpx", true},
		{"httpx", "web", false},
		{"web", "signin", true},
		{"cli", "app", true},
		{"app", "cli", false},
		{"config", "app", false},
		{"app", "apptest", false}, // the product never needs its tests
		{"user", "db/dbtest", false},
		{"apptest", "app", true},
		{"util", "errs", false}, // in no tier
		{"web", "util", false},
	}
	for _, c := range cases {
		if ok, why := mayImport(c.from, c.to); ok != c.ok {
			t.Errorf("%s imports %s: allowed %v, want %v (%s)", c.from, c.to, ok, c.ok, why)
		}
	}
}

// TestProductHasNoTestCode: what is linked into the binary includes neither our proof
// packages nor the testing package with its flags.
func TestProductHasNoTestCode(t *testing.T) {
	for _, p := range packages(t) {
		if tiers[p.place()] == proof {
			continue
		}
		for _, dep := range p.Deps {
			ours := strings.HasPrefix(dep, module+"/") && tiers[pkg{ImportPath: dep}.place()] == proof
			if ours || dep == "testing" || dep == "net/http/httptest" {
				t.Errorf("%s links %s", p.place(), dep)
			}
		}
	}
}

// reserved says which packages may import what only a few should know, and why those.
var reserved = map[string][]string{
	// HTTP is delivery. metrics serves the scrape, app owns the listener, cli asks a running
	// server for its health, client calls one; bench, apptest and e2e are clients, as are the door's examples. sms is the other way round: HTTP
	// is what SMS gateways speak, and it sends requests and reads their receipts, but serves nothing.
	"net/http": {"httpx", "web", "api", "gate", "client", "metrics", "app", "cli", "sms", "bench", "apptest", "e2e", "client/door", "proxytest", "examples/dashboard", "examples/middleware", "examples/assertion"},
	// Everybody else speaks to db.Querier and db.Tx, so that one place knows both engines. The
	// bench measures the bare drivers as the other side of its ratios.
	"database/sql":        {"db", "db/dbtest", "bench"},
	"database/sql/driver": {"db", "db/dbtest"},
	// Predictable numbers have no place where secrets are made, not even for jitter.
	"math/rand":    {},
	"math/rand/v2": {},
	// The way round Go's memory safety; nothing here needs it.
	"unsafe": {},
}

// TestClientStandsAlone: the package that others link into their programs brings the standard library and what both ends of the wire
// must say alike, and nothing of the server.
func TestClientStandsAlone(t *testing.T) {
	allowed := []string{"client", "client/door", "errs", "httpsig", "otp", "token"}
	found := 0
	for _, p := range packages(t) {
		if p.place() != "client" && p.place() != "client/door" {
			continue
		}
		found++
		for _, dep := range p.Deps {
			ours := strings.HasPrefix(dep, module+"/")
			first, _, _ := strings.Cut(dep, "/")
			if ours && !slices.Contains(allowed, pkg{ImportPath: dep}.place()) || strings.Contains(first, ".") {
				t.Errorf("%s links %s", p.place(), dep)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d of the packages client and client/door are there", found)
	}
}

func TestReservedImports(t *testing.T) {
	for _, p := range packages(t) {
		for _, path := range p.Imports {
			if allowed, is := reserved[path]; is && !slices.Contains(allowed, p.place()) {
				t.Errorf("%s imports %s, allowed only in %v", p.place(), path, allowed)
			}
		}
	}
}
