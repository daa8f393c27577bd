package config

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"sallyport/internal/sms"
)

// field is one setting: its key in the file with dots for nesting, and how its text
// becomes part of a Config. The variable is SALLYPORT_ and the key in capitals, dots
// as underscores: hashing.slots is SALLYPORT_HASHING_SLOTS.
type field struct {
	key    string
	list   bool // a sequence in the file, separated by commas in the environment
	secret bool // NAME_FILE may name a file that holds it; never repeated in a message
	set    func(c *Config, values []string) error
	walk   func(l *loader, node ast.Node) // instead of set, for what has parts: in the file only, no variable holds them
	show   func(c Config) string
}

func (f field) variable() string {
	return "SALLYPORT_" + strings.ToUpper(strings.ReplaceAll(f.key, ".", "_"))
}

// one adapts a setter of a single value.
func one(set func(c *Config, value string) error) func(*Config, []string) error {
	return func(c *Config, values []string) error {
		if len(values) != 1 || values[0] == "" {
			return bad("is empty", "give it a value or leave the line out")
		}
		return set(c, values[0])
	}
}

// fields is every setting there is, in the order of the sample file.
var fields = []field{
	{
		key:  "listen",
		set:  one(func(c *Config, v string) error { return setAddress(&c.Listen, v) }),
		show: func(c Config) string { return c.Listen },
	},
	{
		key: "public_url",
		set: one(func(c *Config, v string) (err error) { c.PublicURL, err = parsePublicURL(v); return err }),
		show: func(c Config) string {
			if c.PublicURL == nil {
				return ""
			}
			return c.PublicURL.String()
		},
	},
	{
		key: "passkey_origins", list: true,
		set:  setPasskeyOrigins,
		show: func(c Config) string { return "[" + strings.Join(c.PasskeyOrigins, ", ") + "]" },
	},
	{
		key:  "passkey_roots",
		set:  setPasskeyRoots,
		show: func(c Config) string { return c.PasskeyRoots.String() },
	},
	{
		key: "door_origins", list: true,
		set:  setDoorOrigins,
		show: func(c Config) string { return "[" + strings.Join(c.DoorOrigins, ", ") + "]" },
	},
	{
		key: "database", secret: true,
		set:  one(setDatabase),
		show: func(c Config) string { return c.Database.String() },
	},
	{
		key:  "key_file",
		set:  one(func(c *Config, v string) error { c.KeyFile = v; return nil }),
		show: func(c Config) string { return c.KeyFile },
	},
	{
		key: "trusted_proxies", list: true,
		set:  setProxies,
		show: func(c Config) string { return showNetworks(c.TrustedProxies) },
	},
	{
		key: "metrics_networks", list: true,
		set: func(c *Config, v []string) (err error) { c.MetricsNetworks, err = parseNetworks(v); return err },
		show: func(c Config) string {
			return showNetworks(c.MetricsNetworks)
		},
	},
	{
		key:  "operator_key_file",
		set:  func(c *Config, v []string) error { c.OperatorKeyFile = strings.Join(v, ""); return nil },
		show: func(c Config) string { return c.OperatorKeyFile },
	},
	{
		key: "operator_networks", list: true,
		set:  func(c *Config, v []string) (err error) { c.OperatorNets, err = parseNetworks(v); return err },
		show: func(c Config) string { return showNetworks(c.OperatorNets) },
	},
	{
		key: "log_level",
		set: one(func(c *Config, v string) error {
			if !choice(v, "debug", "info", "warn", "error") {
				return bad(fmt.Sprintf("is %q", v), "write debug, info, warn or error")
			}
			return c.LogLevel.UnmarshalText([]byte(v))
		}),
		show: func(c Config) string { return strings.ToLower(c.LogLevel.String()) },
	},
	{
		key: "log_format",
		set: one(func(c *Config, v string) error {
			if !choice(v, "json", "text") {
				return bad(fmt.Sprintf("is %q", v), "write json or text")
			}
			c.LogFormat = v
			return nil
		}),
		show: func(c Config) string { return c.LogFormat },
	},
	{
		key:  "hashing.slots",
		set:  one(func(c *Config, v string) error { return setNumber(&c.Hashing.Slots, v, 0, 256) }),
		show: func(c Config) string { return strconv.Itoa(c.Hashing.Slots) },
	},
	{
		key:  "hashing.queue",
		set:  one(func(c *Config, v string) error { return setNumber(&c.Hashing.Queue, v, 1, 10_000) }),
		show: func(c Config) string { return strconv.Itoa(c.Hashing.Queue) },
	},
	{
		// Under the answer's time-out, or the person waiting would see a broken page.
		key: "hashing.wait",
		set: one(func(c *Config, v string) error {
			return setDuration(&c.Hashing.Wait, v, 100*time.Millisecond, 15*time.Second)
		}),
		show: func(c Config) string { return c.Hashing.Wait.String() },
	},
	{
		key:  "location_database",
		set:  func(c *Config, v []string) error { c.Locations = strings.Join(v, ""); return nil },
		show: func(c Config) string { return c.Locations },
	},
	{
		key:  "brand.name",
		set:  one(setBrandName),
		show: func(c Config) string { return c.Brand.Name },
	},
	{
		key:  "support_address",
		set:  setSupportAddress,
		show: func(c Config) string { return c.SupportAddress },
	},
	{
		key:  "default_plan",
		set:  one(func(c *Config, v string) error { c.Plans.Default = v; return nil }),
		show: func(c Config) string { return c.Plans.Default },
	},
	{
		key:  "plans",
		walk: (*loader).plans,
		show: func(c Config) string { return showPlans(c.Plans) },
	},
	{
		key: "smtp_url", list: true, secret: true,
		set:  setMailServers,
		show: func(c Config) string { return showMailServers(c.SMTP) },
	},
	{
		key: "mail_networks", list: true,
		set:  func(c *Config, v []string) (err error) { c.MailNetworks, err = parseNetworks(v); return err },
		show: func(c Config) string { return showNetworks(c.MailNetworks) },
	},
	{
		key: "sms_url", secret: true,
		set:  setSMSURL,
		show: func(c Config) string { return showGateway(c.SMS) },
	},
	{
		key:  "sms_gateway",
		walk: (*loader).gateway,
		show: func(c Config) string { return showGateway(sms.Description{HTTP: c.SMSGateway}) },
	},
	{
		key: "sms_gateway_password", secret: true,
		set: func(c *Config, v []string) error { c.gatewayPassword = password(strings.Join(v, "")); return nil },
		show: func(c Config) string {
			if c.SMSGateway == nil || c.SMSGateway.Password == "" {
				return ""
			}
			return "[not shown]"
		},
	},
	{
		key: "sms_countries", list: true,
		set:  setCountries,
		show: func(c Config) string { return "[" + strings.Join(c.SMSCountries.Codes(), ", ") + "]" },
	},
	{
		key:  "sms_limits.account",
		set:  one(func(c *Config, v string) error { return setNumber(&c.SMSLimits.Account, v, 0, maxTexts) }),
		show: func(c Config) string { return strconv.Itoa(c.SMSLimits.Account) },
	},
	{
		key:  "sms_limits.prefix",
		set:  one(func(c *Config, v string) error { return setNumber(&c.SMSLimits.Prefix, v, 0, maxTexts) }),
		show: func(c Config) string { return strconv.Itoa(c.SMSLimits.Prefix) },
	},
	{
		key:  "sms_limits.day",
		set:  one(func(c *Config, v string) error { return setNumber(&c.SMSLimits.Day, v, 0, maxTexts) }),
		show: func(c Config) string { return strconv.Itoa(c.SMSLimits.Day) },
	},
	{
		key:  "api_rate",
		set:  one(func(c *Config, v string) error { return setNumber(&c.APIRate, v, 0, 100_000_000) }),
		show: func(c Config) string { return strconv.Itoa(c.APIRate) },
	},
	{
		key:  "shutdown_timeout",
		set:  one(func(c *Config, v string) error { return setDuration(&c.ShutdownTimeout, v, time.Second, 5*time.Minute) }),
		show: func(c Config) string { return c.ShutdownTimeout.String() },
	},
}

// badValue is what is wrong with a value and what to write instead.
type badValue struct{ what, instead string }

func (b *badValue) Error() string { return b.what }

// badValues is all that is wrong with a list.
type badValues []*badValue

func (b badValues) Error() string { return b[0].what }

func bad(what, instead string) error { return &badValue{what, instead} }

func choice(v string, allowed ...string) bool {
	for _, a := range allowed {
		if v == a {
			return true
		}
	}
	return false
}

func setNumber(to *int, v string, low, high int) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < low || n > high {
		return bad(fmt.Sprintf("is %q", v), fmt.Sprintf("write a whole number from %d to %d", low, high))
	}
	*to = n
	return nil
}

func setDuration(to *time.Duration, v string, low, high time.Duration) error {
	d, err := time.ParseDuration(v)
	if err != nil || d < low || d > high {
		return bad(fmt.Sprintf("is %q", v), fmt.Sprintf("write a time with its unit from %s to %s, for example 10s", low, high))
	}
	*to = d
	return nil
}

func setAddress(to *string, v string) error {
	host, port, err := net.SplitHostPort(v)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err == nil && strings.ContainsAny(host, "/@ ?#") {
		err = errors.New("host")
	}
	if err != nil {
		return bad(fmt.Sprintf("is %q", v), "write an address and a port, for example 127.0.0.1:8080, or :8080 for all addresses")
	}
	*to = v
	return nil
}

func setProxies(c *Config, values []string) error {
	networks, err := parseNetworks(values)
	if err != nil {
		return err
	}
	for _, n := range networks {
		if n.Bits() == 0 {
			return bad(fmt.Sprintf("has %s, which lets everybody forge a client address", n), "list the addresses of your proxies only")
		}
	}
	c.TrustedProxies = networks
	return nil
}

func parseNetworks(values []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, v := range values {
		network, err := netip.ParsePrefix(v)
		if err != nil {
			addr, err := netip.ParseAddr(v)
			if err != nil || addr.Zone() != "" {
				return nil, bad(fmt.Sprintf("has %q", v), "write networks such as 10.0.0.0/8 or single addresses")
			}
			network = netip.PrefixFrom(addr, addr.BitLen())
		}
		if network != network.Masked() {
			return nil, bad(fmt.Sprintf("has %s, an address inside a network", network), fmt.Sprintf("write %s for the network or %s for the address", network.Masked(), network.Addr()))
		}
		out = append(out, network)
	}
	return out, nil
}

func showNetworks(networks []netip.Prefix) string {
	parts := make([]string, len(networks))
	for i, n := range networks {
		parts[i] = n.String()
	}
	return "[" + strings.Join(parts, ", ") + "]"
}
