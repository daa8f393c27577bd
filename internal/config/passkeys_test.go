package config

import (
	"errors"
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
