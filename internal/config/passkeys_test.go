package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// TestParty: whose passkeys they are follows from the public URL, and so does whether there can be any.
func TestParty(t *testing.T) {
	for _, c := range []struct {
		public, origins string
		id              string
		sites           []string
		none            bool
	}{
		{"https://login.example.com", "", "login.example.com", []string{"https://login.example.com"}, false},
		{"https://Login.Example.com:443", "", "login.example.com", []string{"https://login.example.com"}, false},
		{"https://login.example.com:8443", "", "login.example.com", []string{"https://login.example.com:8443"}, false},
		{"http://localhost:8080", "", "localhost", []string{"http://localhost:8080"}, false},
		{"http://localhost:80", "", "localhost", []string{"http://localhost"}, false},
		{"https://example.com", "https://login.example.org,https://EXAMPLE.net:443/,https://example.net", "example.com", []string{"https://example.com", "https://login.example.org", "https://example.net"}, false},
		{"http://127.0.0.1:8080", "", "127.0.0.1", []string{"http://127.0.0.1:8080"}, true},
		{"https://192.0.2.7", "", "192.0.2.7", []string{"https://192.0.2.7"}, true},
		{"https://[2001:db8::7]", "", "2001:db8::7", []string{"https://[2001:db8::7]"}, true},
		{"https://intranet", "", "intranet", []string{"https://intranet"}, true},
	} {
		env := []string{"SALLYPORT_PUBLIC_URL=" + c.public}
		if c.origins != "" {
			env = append(env, "SALLYPORT_PASSKEY_ORIGINS="+c.origins)
		}
		cfg, err := Load("", env)
		if err != nil {
			t.Errorf("%s: %v", c.public, err)
			continue
		}
		if p := cfg.Party(); p.ID != c.id || p.Name != "Sallyport" || !slices.Equal(p.Origins, c.sites) {
			t.Errorf("%s: %+v", c.public, p)
		}
		if err := cfg.NoPasskeys(); (err != nil) != c.none {
			t.Errorf("%s: no passkeys: %v, want %v", c.public, err, c.none)
		}
	}
}

// TestPasskeyOriginsSayWhatIsWrong: each mistake is one problem with what to do.
func TestPasskeyOriginsSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ public, text, message string }{
		{"https://login.example.com", "[login.example.org]", `has "login.example.org", which is no site; write https:// and a host`},
		{"https://login.example.com", "['http://login.example.org']", "which is no site"},
		{"https://login.example.com", "['http://localhost']", "which is not encrypted"},
		{"https://login.example.com", "['https://login.example.org/a']", "which is no site"},
		{"https://login.example.com", "['https://*.example.org']", "which is no site"},
		{"https://login.example.com", "['android:apk-key-hash:x']", "which is no site"},
		{"https://login.example.com", "https://login.example.org", "is not a list"},
		{"https://login.example.com", "['https://a.test', 'https://b.test', 'https://c.test', 'https://d.test', 'https://e.test', 'https://f.test']", "names 6 sites; name at most 5"},
		{"https://192.0.2.7", "['https://login.example.org']", "public_url has no domain name"},
	} {
		_, err := Load(write(t, "s.yaml", "passkey_origins: "+c.text+"\n"), []string{"SALLYPORT_PUBLIC_URL=" + c.public})
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Where != "s.yaml:1" || !strings.Contains(problems[0].String(), c.message) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

// certificate is one in PEM form.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// TestPasskeyRoots: a file of certificates and nothing else, taken as a whole or not at all.
func TestPasskeyRoots(t *testing.T) {
	one := certificate(t)
	for _, c := range []struct {
		text, message string
		count         int
	}{
		{one, "", 1},
		{one + "\n" + certificate(t) + "\n", "", 2},
		{"", "something else than certificates", 0},
		{"no certificate", "something else than certificates", 0},
		{one + "and more", "something else than certificates", 0},
		{one + one[:len(one)-30], "something else than certificates", 0},
		{strings.ReplaceAll(one, "CERTIFICATE", "PRIVATE KEY"), "block 1 is no certificate", 0},
		{one + "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "block 2 is no certificate", 0},
	} {
		file := write(t, "roots.pem", c.text)
		cfg, err := Load("", []string{"SALLYPORT_PASSKEY_ROOTS=" + file})
		if c.message == "" {
			if err != nil || !cfg.PasskeyRoots.Any() || cfg.Party().Roots == nil || !strings.Contains(cfg.PasskeyRoots.String(), fmt.Sprintf("(%d certificates)", c.count)) {
				t.Errorf("%d certificates: %s, %v", c.count, cfg.PasskeyRoots, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.message) || !strings.Contains(err.Error(), file) {
			t.Errorf("%.30q: %v, want %q", c.text, err, c.message)
		}
	}
	for _, path := range []string{t.TempDir(), "/nowhere/roots.pem"} {
		if _, err := Load("", []string{"SALLYPORT_PASSKEY_ROOTS=" + path}); err == nil || !strings.Contains(err.Error(), "cannot be read") {
			t.Errorf("%s: %v", path, err)
		}
	}
	cfg, err := Load("", []string{"SALLYPORT_PASSKEY_ROOTS="})
	if err != nil || cfg.PasskeyRoots.Any() || cfg.Party().Roots != nil {
		t.Errorf("none: %v", err)
	}
}
