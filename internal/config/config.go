package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/brake"
	"sallyport/internal/httpx"
	"sallyport/internal/mail"
	"sallyport/internal/phone"
	"sallyport/internal/sms"
)

// Config is the settings of one server process, complete and checked.
type Config struct {
	Listen          string         // address to listen on, "host:port"
	PublicURL       *url.URL       // what browsers see: scheme and host only, never nil
	PasskeyOrigins  []string       // other sites of this server's on which its passkeys work too (related origins)
	PasskeyRoots    Roots          // whose authenticators' models are believed
	DoorOrigins     httpx.Origins  // the sites of the programs behind the door
	Database        DSN            // "sqlite:PATH", "postgres://…" or "postgresql://…"
	KeyFile         string         // path of the key that seals secrets at rest
	TrustedProxies  []netip.Prefix // whose X-Forwarded-For is believed
	MetricsNetworks []netip.Prefix // who may read /metrics
	OperatorKeyFile string         // path of the key that opens the operator's part of the REST interface; empty for none
	OperatorNets    []netip.Prefix // from where that key is taken
	LogLevel        slog.Level
	LogFormat       string // "json" or "text"
	Hashing         Hashing
	Locations       string // path of a location database in MaxMind's format; empty for none
	Brand           Brand
	SupportAddress  string          // whom people write to who need more than their plan has (C14); may be empty
	Plans           account.Plans   // what can be sold; Plans.Default is one of them
	SMTP            []mail.Server   // tried in order; none: only accounts with a server of their own send mail
	MailNetworks    []netip.Prefix  // where accounts' own mail servers may lie besides the public internet (B93)
	SMS             sms.Description // the gateway of sms_url; see Gateway
	SMSGateway      *sms.Custom     // the one of sms_gateway instead
	SMSCountries    phone.Countries // whose numbers may be added (C20)
	SMSLimits       brake.Limits    // texts a day (B94)
	APIRate         int             // calls of the REST interface a minute, for each caller and process; 0 for no limit
	ShutdownTimeout time.Duration   // how long a graceful stop waits for requests in flight
	Demo            bool            // messages go to an inbox and to nobody; set by the demo alone, and by no setting

	gatewayPassword password // until it is in SMSGateway
}

// Hashing bounds what password hashing may take of the machine.
type Hashing struct {
	Slots int           // hashes at once, 19 MiB each; 0 means one fewer than the CPUs, at least one
	Queue int           // sign-ins that may wait for a slot
	Wait  time.Duration // how long one may wait; then it is told to come back
}

// Brand is what the pages call the product.
type Brand struct {
	Name string // 1 to 40 characters
}

// DSN names a database and may hold a password, so printing it in any way leaves that
// out. string(d) is the whole value.
type DSN string

// String gives the engine and place without user, password and options.
func (d DSN) String() string {
	if !strings.Contains(string(d), "://") {
		path, _, _ := strings.Cut(string(d), "?")
		return path
	}
	u, err := url.Parse(string(d))
	if err != nil {
		return "[unreadable]"
	}
	return u.Scheme + "://" + u.Host + u.Path
}

// GoString keeps %#v from printing the password.
func (d DSN) GoString() string { return fmt.Sprintf("config.DSN(%q)", d.String()) }

// Default gives the settings of a server nobody configured.
func Default() Config {
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	c := Config{
		Listen:          "127.0.0.1:8080",
		Database:        "sqlite:sallyport.db",
		KeyFile:         "sallyport.key",
		MetricsNetworks: loopback,
		OperatorNets:    loopback,
		LogLevel:        slog.LevelInfo,
		LogFormat:       "text",
		Hashing:         Hashing{Queue: 128, Wait: 5 * time.Second},
		Brand:           Brand{Name: "Sallyport"},
		Plans:           defaultPlans(),
		SMSCountries:    phone.DefaultCountries(),
		SMSLimits:       brake.Limits{Account: 1000, Prefix: 1000, Day: 10_000},
		APIRate:         600,
		ShutdownTimeout: 20 * time.Second,
	}
	c.PublicURL = LocalURL(c.Listen)
	return c
}

// LocalURL is the public URL of a server that only this machine can reach:
// "http://localhost:" and the port of a listening address "host:port". A server that
// listened on port 0 calls it again with the port it was given.
func LocalURL(listen string) *url.URL {
	_, port, err := net.SplitHostPort(listen)
	if err != nil || port == "80" {
		return &url.URL{Scheme: "http", Host: "localhost"}
	}
	return &url.URL{Scheme: "http", Host: "localhost:" + port}
}

// MarshalText keeps JSON from printing the password.
func (d DSN) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// String lists the settings as the file would, without secrets.
func (c Config) String() string {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s\n", f.key, f.show(c))
	}
	return b.String()
}

// LogValue logs what String prints.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
