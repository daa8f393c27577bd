package config

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/brake"
	"sallyport/internal/mail"
	"sallyport/internal/sms"
)

// write puts a settings file into a folder of the test's own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExampleIsTheDefaults(t *testing.T) {
	got, err := Load(write(t, "example.yaml", Example()), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.TrustedProxies = got.TrustedProxies // an empty list, as good as none
	if len(got.TrustedProxies) != 0 || !reflect.DeepEqual(got, want) {
		t.Fatalf("the sample file says\n%s\nthe defaults are\n%s", got, want)
	}
	for _, f := range fields {
		group, last, nested := strings.Cut(f.key, ".")
		line := "\n" + f.key + ": "
		if f.walk != nil {
			line = "\n" + f.key + ":\n"
		}
		if nested {
			line = "\n  " + last + ": "
			if !strings.Contains(Example(), "\n"+group+":\n") {
				t.Errorf("the sample lacks %s", group)
			}
		}
		if !strings.Contains(Example(), line) {
			t.Errorf("the sample lacks %s", f.key)
		}
	}
}

func TestNothingConfigured(t *testing.T) {
	got, err := Load("", []string{"PATH=/bin", "HOME=/root", "SALLYPORT_TEST_ENGINES=all", "SALLYPORT_SOAK=1", "SALLYPORT_SERVER=http://localhost", "SALLYPORT_API_KEY_FILE=key"})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, Default()) {
		t.Fatalf("got %s", got)
	}
}

const full = `
listen: 0.0.0.0:9000
public_url: https://Login.Example.com:8443/
database: postgres://ada:hunter2@db.example.com:5432/sallyport?sslmode=verify-full
key_file: /etc/sallyport/key
trusted_proxies: [10.0.0.0/8, 192.0.2.7]
metrics_networks:
  - 10.1.0.0/16
operator_key_file: /etc/sallyport/operator
operator_networks: [10.3.0.0/16]
log_level: debug
log_format: json
hashing: {slots: 3, queue: 9, wait: 750ms}
location_database: /var/lib/places.mmdb
brand:
  name: "Acme Sign-in"
support_address: Help@Acme.example
default_plan: team
plans:
  team:
    trial_methods: [totp]
    methods:
      - totp
      - sms
  solo: {methods: [passkey]}
smtp_url:
  - smtp://ada:hunter2%40@mail.example.com?from=Acme%20<no-reply@acme.example>
  - smtps://ada:hunter2@[2001:db8::1]:4465?from=no-reply@acme.example
mail_networks: [10.2.0.0/16]
sms_gateway:
  url: https://sms.example.com/v1/{user}/messages
  headers: {Authorization: "Bearer {password}"}
  content_type: json
  body: '{"to": "{to}", "text": "{text}"}'
  user: acme
  success: {status: [200, 201], json: {state: queued}}
  reference: {json: id}
  receipts:
    state: status
    states: {arrived: delivered, "404": failed}
sms_gateway_password: hunter2
sms_countries: [at, DE,
  NO]
sms_limits: {account: 7, prefix: 0, day: 9}
api_rate: 60
shutdown_timeout: 90s
`

func TestFile(t *testing.T) {
	got, err := Load(write(t, "s.yaml", full), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.PublicURL.String() != "https://login.example.com:8443" {
		t.Errorf("public_url is %s", got.PublicURL)
	}
	got.PublicURL = nil
	want := Config{
		Listen: "0.0.0.0:9000", Database: "postgres://ada:hunter2@db.example.com:5432/sallyport?sslmode=verify-full",
		KeyFile:         "/etc/sallyport/key",
		TrustedProxies:  []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("192.0.2.7/32")},
		MetricsNetworks: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/16")},
		OperatorKeyFile: "/etc/sallyport/operator", OperatorNets: []netip.Prefix{netip.MustParsePrefix("10.3.0.0/16")},
		LogLevel: slog.LevelDebug, LogFormat: "json",
		Hashing: Hashing{Slots: 3, Queue: 9, Wait: 750 * time.Millisecond},
		Brand:   Brand{Name: "Acme Sign-in"}, APIRate: 60, ShutdownTimeout: 90 * time.Second, Locations: "/var/lib/places.mmdb",
		SupportAddress: "help@acme.example",
		Plans: account.Plans{Default: "team", All: map[string]account.Plan{
			"team": {Name: "team", Methods: []account.Method{account.TOTP, account.SMS}, TrialMethods: []account.Method{account.TOTP}},
			"solo": {Name: "solo", Methods: []account.Method{account.Passkey}},
		}},
		SMTP: []mail.Server{
			{Host: "mail.example.com", Port: 587, Security: mail.StartTLS, User: "ada", Password: "hunter2@", From: "Acme <no-reply@acme.example>"},
			{Host: "2001:db8::1", Port: 4465, Security: mail.TLS, User: "ada", Password: "hunter2", From: "no-reply@acme.example"},
		},
		MailNetworks: []netip.Prefix{netip.MustParsePrefix("10.2.0.0/16")},
		SMSGateway: &sms.Custom{
			URL: "https://sms.example.com/v1/{user}/messages", Headers: map[string]string{"Authorization": "Bearer {password}"},
			ContentType: "json", Body: `{"to": "{to}", "text": "{text}"}`, User: "acme", Password: "hunter2",
			Success:   sms.Success{Status: []int{200, 201}, JSON: map[string]string{"state": "queued"}},
			Reference: sms.Where{JSON: "id"},
			Receipts:  sms.Receipts{State: "status", States: map[string]sms.State{"arrived": sms.Delivered, "404": sms.Failed}},
		},
		SMSLimits: brake.Limits{Account: 7, Day: 9},
	}
	if codes := got.SMSCountries.Codes(); !slices.Equal(codes, []string{"AT", "DE", "NO"}) {
		t.Errorf("sms_countries is %q", codes)
	}
	got.SMSCountries = want.SMSCountries
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEnvironmentWins(t *testing.T) {
	secret := write(t, "dsn", "postgres://ada:hunter2@db/sallyport\n")
	got, err := Load(write(t, "s.yaml", full), []string{
		"SALLYPORT_LISTEN=127.0.0.1:1", "SALLYPORT_PUBLIC_URL=http://127.0.0.1:1", "SALLYPORT_DATABASE_FILE=" + secret,
		"SALLYPORT_TRUSTED_PROXIES=2001:db8::/32, 192.0.2.1", "SALLYPORT_METRICS_NETWORKS=",
		"SALLYPORT_HASHING_WAIT=1s", "SALLYPORT_BRAND_NAME=Zoë & Söhne",
		"SALLYPORT_SUPPORT_ADDRESS=", "SALLYPORT_DEFAULT_PLAN=solo",
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Listen != "127.0.0.1:1" || got.PublicURL.String() != "http://127.0.0.1:1" || got.Database != "postgres://ada:hunter2@db/sallyport" ||
		len(got.TrustedProxies) != 2 || len(got.MetricsNetworks) != 0 || got.Hashing.Wait != time.Second || got.Hashing.Queue != 9 || got.Brand.Name != "Zoë & Söhne" ||
		got.SupportAddress != "" || got.Plans.Default != "solo" {
		t.Errorf("got %s", got)
	}
}

func TestFileNamedByTheEnvironment(t *testing.T) {
	got, err := Load("", []string{"SALLYPORT_CONFIG=" + write(t, "s.yaml", "log_format: json\n")})
	if err != nil || got.LogFormat != "json" {
		t.Errorf("got %v, %v", got.LogFormat, err)
	}
}

// Kubernetes gives each container variables for the Services around it.
func TestServiceLinksAreNoSettings(t *testing.T) {
	_, err := Load("", []string{
		"SALLYPORT_SERVICE_HOST=10.0.0.1", "SALLYPORT_SERVICE_PORT=80", "SALLYPORT_SERVICE_PORT_HTTP=80",
		"SALLYPORT_PORT=tcp://10.0.0.1:80", "SALLYPORT_PORT_80_TCP_ADDR=10.0.0.1",
	})
	if err != nil {
		t.Error(err)
	}
}

func TestEverythingWrongIsReportedAtOnce(t *testing.T) {
	path := write(t, "s.yaml", `listen: 8080
publicurl: https://login.example.com
database: mysql://ada:hunter2@db/x
trusted_proxies: 10.0.0.0/8
metrics_networks: [10.0.0.1/8]
log_level: loud
hashing:
  slot: 2
  queue: -1
  wait: 5
  queue: 3
log_level: info
brand: Acme
7: seven
key_file: [a, b]
shutdown_timeout:
`)
	_, err := Load(path, []string{"SALLYPORT_LOG_FORMAT=xml", "SALLYPORT_KEYFILE=/k", "SALLYPORT_DATABASE=x", "SALLYPORT_DATABASE_FILE=y"})
	var problems Problems
	if !errors.As(err, &problems) {
		t.Fatalf("got %v", err)
	}
	want := []struct{ where, what, instead string }{
		{"s.yaml:1", `listen is "8080"`, "127.0.0.1:8080"},
		{"s.yaml:2", "no setting publicurl", "did you mean public_url?"},
		{"s.yaml:3", "database names no database engine", "postgres://"},
		{"s.yaml:4", "trusted_proxies is not a list", "brackets"},
		{"s.yaml:5", "inside a network", "10.0.0.0/8 for the network or 10.0.0.1 for the address"},
		{"s.yaml:6", `log_level is "loud"`, "debug, info, warn or error"},
		{"s.yaml:8", "no setting hashing.slot", "did you mean hashing.slots?"},
		{"s.yaml:9", `hashing.queue is "-1"`, "from 1 to 10000"},
		{"s.yaml:10", `hashing.wait is "5"`, "with its unit"},
		{"s.yaml:11", "hashing.queue stands twice", "line 9"},
		{"s.yaml:12", "log_level stands twice", "line 6"},
		{"s.yaml:13", "no settings here", ""},
		{"s.yaml:14", "not plain text", ""},
		{"s.yaml:15", "key_file is not a plain value", "one value"},
		{"s.yaml:16", "shutdown_timeout is empty", "leave the line out"},
		{"SALLYPORT_DATABASE", "so is SALLYPORT_DATABASE_FILE", "one of the two"},
		{"SALLYPORT_LOG_FORMAT", `log_format is "xml"`, "json or text"},
		{"SALLYPORT_KEYFILE", "no such setting", "did you mean SALLYPORT_KEY_FILE?"},
	}
	for i, w := range want {
		if i >= len(problems) {
			t.Fatalf("only %d problems:\n%v", i, err)
		}
		if p := problems[i]; p.Where != w.where || !strings.Contains(p.What, w.what) || !strings.Contains(p.Instead, w.instead) {
			t.Errorf("problem %d is\n%s\nwant\n%s … %s … %s", i, p, w.where, w.what, w.instead)
		}
	}
	if len(problems) != len(want) {
		t.Errorf("%d problems, want %d:\n%v", len(problems), len(want), err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Error("a password is in the message")
	}
}

func TestUnsafeValuesAreRefused(t *testing.T) {
	for _, tt := range []struct{ key, value, want string }{
		{"public_url", "http://login.example.com", "not encrypted"},
		{"public_url", "http://localhost.example.com", "not encrypted"},
		{"public_url", "http://10.0.0.1", "not encrypted"},
		{"public_url", "https://ada:hunter2@example.com", "user name or password"},
		{"public_url", "https://example.com/login", "more than scheme and host"},
		{"public_url", "https://example.com?x=1", "more than scheme and host"},
		{"public_url", "https://example.com#x", "more than scheme and host"},
		{"public_url", "https://example.com?", "more than scheme and host"},
		{"public_url", "ftp://example.com", "is"},
		{"public_url", "example.com", "is"},
		{"public_url", "https://", "is"},
		{"public_url", "https://example.com:", "empty port"},
		{"public_url", "https://example.com:0", "port"},
		{"public_url", "https://example.com:99999", "port"},
		{"public_url", "https://exämple.com", "is"},
		{"public_url", "https://*.example.com", "is"},
		{"public_url", "javascript:alert(1)", "is"},
		{"listen", "127.0.0.1", "is"},
		{"listen", "127.0.0.1:http", "is"},
		{"listen", "127.0.0.1:70000", "is"},
		{"listen", "http://127.0.0.1:80", "is"},
		{"database", "sqlite:", "names no file"},
		{"database", "postgres://ada:hunter2@db/", "names no database"},
		{"database", "postgres:db", "no URL"},
		{"database", "postgres://ada:hunter2 x@db:y/z", "no URL"},
		{"trusted_proxies", "0.0.0.0/0", "everybody"},
		{"trusted_proxies", "::/0", "everybody"},
		{"trusted_proxies", "proxy.example.com", "has"},
		{"hashing.slots", "257", "is"},
		{"hashing.slots", "0x10", "is"},
		{"hashing.wait", "1h", "is"},
		{"hashing.wait", "0s", "is"},
		{"shutdown_timeout", "forever", "is"},
		{"brand.name", strings.Repeat("x", 41), "too long"},
		{"brand.name", "Acme\u202e", "cannot be shown"},
		{"brand.name", "Acme\x1b[2J", "cannot be shown"},
		{"key_file", "", "is empty"},
		{"support_address", "https://support.example.com", "is"},
		{"support_address", "Help <help@example.com>", "is"},
		{"default_plan", "", "is empty"},
		{"default_plan", "busines", "not among the plans"},
	} {
		f, ok := find(tt.key)
		if !ok {
			t.Fatalf("no field %s", tt.key)
		}
		_, err := Load("", []string{f.variable() + "=" + tt.value})
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Where != f.variable() {
			t.Errorf("%s=%q: got %v", tt.key, tt.value, err)
			continue
		}
		if p := problems[0]; !strings.Contains(p.What, tt.want) || p.Instead == "" {
			t.Errorf("%s=%q: %s", tt.key, tt.value, p)
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: a password is in %q", tt.key, err)
		}
	}
}

func TestOpenListenerNeedsAPublicURL(t *testing.T) {
	for listen, safe := range map[string]bool{
		":8080": false, "0.0.0.0:8080": false, "[::]:8080": false, "192.0.2.1:80": false,
		"127.0.0.1:8080": true, "localhost:9": true, "[::1]:9": true, "127.0.0.1:0": true,
	} {
		_, err := Load("", []string{"SALLYPORT_LISTEN=" + listen})
		if (err == nil) != safe {
			t.Errorf("%s: %v", listen, err)
		}
		if _, err := Load("", []string{"SALLYPORT_LISTEN=" + listen, "SALLYPORT_PUBLIC_URL=https://x.test"}); err != nil {
			t.Errorf("%s with a public URL: %v", listen, err)
		}
	}
}

func TestUnreadableFiles(t *testing.T) {
	big := write(t, "big.yaml", strings.Repeat("# filler\n", maxFile/8))
	for name, path := range map[string]string{
		"missing": filepath.Join(t.TempDir(), "nothing.yaml"), "folder": t.TempDir(), "too big": big, "endless": "/dev/zero",
	} {
		_, err := Load(path, nil)
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Where != path {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load("", []string{"SALLYPORT_DATABASE_FILE=/nowhere/at/all"}); err == nil || !strings.Contains(err.Error(), "SALLYPORT_DATABASE_FILE: its file cannot be read") {
		t.Errorf("secret file: %v", err)
	}
}

func TestBrokenYAMLNamesItsLine(t *testing.T) {
	for text, line := range map[string]string{
		"listen: 127.0.0.1:1\nhashing: {slots: 1\n":       "s.yaml:",
		"listen: 127.0.0.1:1\n\tlog_level: info\n":        "s.yaml:2",
		"listen: 127.0.0.1:1\n---\nlog_level: info\n":     "s.yaml:",
		"- listen\n- log_level\n":                         "s.yaml:1",
		"just words\n":                                    "s.yaml:1",
		"listen: &a 127.0.0.1:1\nkey_file: *a\n":          "s.yaml:1",
		"<<: {listen: x}\n":                               "s.yaml:1",
		"listen: !!binary aGk=\n":                         "s.yaml:1",
		"\"unclosed: 1\n":                                 "s.yaml:1",
		"trusted_proxies: [[10.0.0.0/8]]\n":               "s.yaml:1",
		"hashing:\n  slots:\n    deep: 1\n":               "s.yaml:2",
		"database: \"postgres://a:hunter2@b/c\n":          "s.yaml:1",
		"database: 'postgres://a:hunter2@b/c\nlisten: x'": "s.yaml:1",
		"database: {a: postgres://a:hunter2@b/c}":         "s.yaml:1",
		"database: [postgres://a:hunter2@b/c":             "s.yaml:1",
	} {
		_, err := Load(write(t, "s.yaml", text), nil)
		if err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: %v", text, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: a password is in %q", text, err)
		}
	}
	for _, text := range []string{"", "\n", "# nothing\n", "---\n", "{}", "hashing:\n"} {
		if _, err := Load(write(t, "s.yaml", text), nil); err != nil && text != "hashing:\n" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestNoPrintShowsThePassword(t *testing.T) {
	for _, dsn := range []string{
		"postgres://ada:hunter2@db/sallyport?password=hunter2", "postgresql://db/x?sslpassword=hunter2", "postgres://hunter2@db/x",
		"sqlite:file.db?key=hunter2", "postgres://ada:hunter2@d b/x",
	} {
		c := Default()
		c.Database = DSN(dsn)
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", c, "dsn", c.Database)
		for _, s := range []string{c.String(), fmt.Sprint(c), fmt.Sprintf("%v %+v %s %q", c, c, c, c.Database), fmt.Sprintf("%#v", c), fmt.Sprintf("%v", &c), log.String()} {
			if strings.Contains(s, "hunter2") {
				t.Errorf("%s: printed as %s", dsn, s)
			}
		}
	}
}

func TestLocalURL(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://localhost:8080", "[::1]:9": "http://localhost:9", "localhost:80": "http://localhost",
	} {
		if got := LocalURL(listen).String(); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
}

// Whatever the file holds, the start ends in settings that are complete or in problems
// that each name a place, and no password is repeated.
func FuzzLoad(f *testing.F) {
	f.Add(full, "debug")
	f.Add(Example(), "")
	f.Add("listen: [\n", "x")
	f.Add("a: &a [*a, *a]\n", "info")
	f.Add("? [1, 2]\n: 3\n", "info")
	f.Add("hashing: {slots: 1, <<: {queue: 2}}", "info")
	f.Add("plans: {free: {methods: [totp, {a: b}]}, free: 1, \"\\x1b\": {}, a: {methods: [sms], trial_methods: [\"\\n\"]}}", "info")
	f.Add("default_plan: a\nplans:\n  a:\n    methods: [totp]\n    trial_methods: []\n", "info")
	path := filepath.Join(f.TempDir(), "fuzz.yaml")
	f.Fuzz(func(t *testing.T, text, level string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := Load(path, []string{"SALLYPORT_LOG_LEVEL=" + level, "SALLYPORT_DATABASE=mysql://ada:hunter2@db/x"})
		var problems Problems
		if !errors.As(err, &problems) || len(problems) == 0 {
			t.Fatalf("a database that cannot be was accepted: %s, %v", c, err)
		}
		for _, p := range problems {
			if p.Where == "" || p.What == "" || strings.ContainsAny(p.String(), "\n\r\x1b\x00") {
				t.Errorf("problem %q", p)
			}
		}
		if strings.Contains(err.Error(), "ada:hunter2") {
			t.Errorf("a password is in %q", err)
		}
		if c, err := Load(path, nil); err == nil && (c.PublicURL == nil || c.Listen == "" || c.Database == "" || c.KeyFile == "" || c.ShutdownTimeout <= 0) {
			t.Errorf("accepted, but incomplete: %s", c)
		}
	})
}
