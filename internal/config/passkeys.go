package config

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"sallyport/internal/passkey"
)

// Party is whose passkeys are used here: they belong to the public URL's host.
func (c Config) Party() passkey.Party {
	return passkey.Party{
		ID: c.PublicURL.Hostname(), Name: c.Brand.Name,
		Origins: append([]string{origin(c.PublicURL)}, c.PasskeyOrigins...),
	}
}

// NoPasskeys says why there can be no passkeys, or nil: a browser makes them for a domain name only, which an
// address is not, nor a name without a dot (WebAuthn Level 3, section 5.1.3).
func (c Config) NoPasskeys() error {
	_, err := passkey.New(c.Party())
	return err
}

// origin is a URL's origin as browsers write it: without the scheme's own port (RFC 6454, section 6.2).
func origin(u *url.URL) string {
	host := u.Host
	if own := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]; own != "" {
		host = strings.TrimSuffix(host, own)
	}
	return u.Scheme + "://" + host
}

// maxOrigins is how many sites of different names browsers look at (WebAuthn Level 3, section 5.11).
const maxOrigins = 5

// setPasskeyOrigins reads the sites, each as browsers name it.
func setPasskeyOrigins(c *Config, values []string) error {
	var wrong badValues
	var all []string
	for _, v := range values {
		u, err := parsePublicURL(v)
		switch {
		case err != nil:
			wrong = append(wrong, &badValue{fmt.Sprintf("has %.100q, which is no site", v), "write https:// and a host, for example https://login.example.org"})
		case u.Scheme != "https":
			wrong = append(wrong, &badValue{fmt.Sprintf("has %.100q, which is not encrypted", v), "write https://…"})
		case !slices.Contains(all, origin(u)):
			all = append(all, origin(u))
		}
	}
	if len(all) > maxOrigins {
		wrong = append(wrong, &badValue{fmt.Sprintf("names %d sites", len(all)), fmt.Sprintf("name at most %d; browsers look at no more", maxOrigins)})
	}
	if len(wrong) > 0 {
		return wrong
	}
	c.PasskeyOrigins = all
	return nil
}

// knowPasskeys refuses related sites where no passkeys can be.
func (l *loader) knowPasskeys() {
	if l.config.PublicURL != nil && len(l.config.PasskeyOrigins) > 0 && l.config.NoPasskeys() != nil {
		l.add(l.source["passkey_origins"], "passkey_origins is set, but public_url has no domain name that passkeys could belong to",
			"set public_url to an https address with a domain name, or leave passkey_origins out")
	}
}
