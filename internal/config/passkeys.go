package config

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"

	"sallyport/internal/httpx"
	"sallyport/internal/passkey"
)

// Party is whose passkeys are used here: they belong to the public URL's host.
func (c Config) Party() passkey.Party {
	return passkey.Party{
		ID: c.PublicURL.Hostname(), Name: c.Brand.Name,
		Origins: append([]string{httpx.OriginOf(c.PublicURL)}, c.PasskeyOrigins...), Roots: c.PasskeyRoots.pool,
	}
}

// NoPasskeys says why there can be no passkeys, or nil: a browser makes them for a domain name only, which an
// address is not, nor a name without a dot (WebAuthn Level 3, section 5.1.3).
func (c Config) NoPasskeys() error {
	_, err := passkey.New(c.Party())
	return err
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
		case !slices.Contains(all, httpx.OriginOf(u)):
			all = append(all, httpx.OriginOf(u))
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

// Roots are certificates from a file, which is read at the start: replacing it takes effect at the next one.
type Roots struct {
	path  string
	count int
	pool  *x509.CertPool
}

// Any reports whether there are some.
func (r Roots) Any() bool { return r.pool != nil }

// String names the file.
func (r Roots) String() string {
	if !r.Any() {
		return ""
	}
	return fmt.Sprintf("%s (%d certificates)", r.path, r.count)
}

// setPasskeyRoots reads the file; nothing means that there is none. It is taken as a whole or not at all: one certificate that is
// left out would turn models away without a word.
func setPasskeyRoots(c *Config, values []string) error {
	const form = "name a file with certificates in PEM form, each between BEGIN CERTIFICATE and END CERTIFICATE"
	c.PasskeyRoots = Roots{}
	path := strings.Join(values, "")
	if path == "" {
		return nil
	}
	rest, err := readSmall(path)
	if err != nil {
		return bad(fmt.Sprintf("names %s, which cannot be read: %s", path, reason(err)), "check its name and who may read it")
	}
	r := Roots{path: path, pool: x509.NewCertPool()}
	for {
		block, more := pem.Decode(rest)
		if block == nil {
			break
		}
		r.count++
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil || block.Type != "CERTIFICATE" {
			return bad(fmt.Sprintf("names %s, whose block %d is no certificate", path, r.count), form)
		}
		r.pool.AddCert(cert)
		rest = more
	}
	if r.count == 0 || len(bytes.TrimSpace(rest)) > 0 {
		return bad(fmt.Sprintf("names %s, which has something else than certificates", path), form)
	}
	c.PasskeyRoots = r
	return nil
}

// knowPasskeys refuses related sites where no passkeys can be.
func (l *loader) knowPasskeys() {
	if l.config.PublicURL != nil && len(l.config.PasskeyOrigins) > 0 && l.config.NoPasskeys() != nil {
		l.add(l.source["passkey_origins"], "passkey_origins is set, but public_url has no domain name that passkeys could belong to",
			"set public_url to an https address with a domain name, or leave passkey_origins out")
	}
}
