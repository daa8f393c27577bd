package httpx

import (
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
)

var proxies = NewProxies([]netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8:1::/48")})

func TestClient(t *testing.T) {
	for _, tt := range []struct {
		name    string
		proxies Proxies
		remote  string
		header  []string
		want    string
	}{
		{"nobody is trusted", Proxies{}, "10.0.0.1:1", []string{"203.0.113.9"}, "10.0.0.1"},
		{"direct", proxies, "198.51.100.1:1", []string{"203.0.113.9"}, "198.51.100.1"},
		{"one proxy", proxies, "10.0.0.1:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"two proxies", proxies, "10.0.0.1:1", []string{"203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"two header lines", proxies, "10.0.0.1:1", []string{"203.0.113.9", "10.0.0.2"}, "203.0.113.9"},
		{"forged on the left", proxies, "10.0.0.1:1", []string{"127.0.0.1, 198.51.100.1, 203.0.113.9"}, "203.0.113.9"},
		{"forged proxy on the left", proxies, "10.0.0.1:1", []string{"1.1.1.1, 10.0.0.9, 203.0.113.9, 10.0.0.2"}, "203.0.113.9"},
		{"forged first line", proxies, "10.0.0.1:1", []string{"127.0.0.1", "203.0.113.9"}, "203.0.113.9"},
		{"all trusted", proxies, "10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"no header", proxies, "10.0.0.1:1", nil, "10.0.0.1"},
		{"empty header", proxies, "10.0.0.1:1", []string{""}, "10.0.0.1"},
		{"garbage", proxies, "10.0.0.1:1", []string{"unknown"}, "10.0.0.1"},
		{"garbage behind a proxy", proxies, "10.0.0.1:1", []string{"203.0.113.9, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"empty entry", proxies, "10.0.0.1:1", []string{"203.0.113.9,,10.0.0.2"}, "10.0.0.2"},
		{"port", proxies, "10.0.0.1:1", []string{"203.0.113.9:4711"}, "203.0.113.9"},
		{"IPv6", proxies, "[2001:db8:1::1]:1", []string{"2001:db8:2::9"}, "2001:db8:2::9"},
		{"IPv6 with port", proxies, "10.0.0.1:1", []string{"[2001:db8:2::9]:4711"}, "2001:db8:2::9"},
		{"mapped proxy", proxies, "[::ffff:10.0.0.1]:1", []string{"203.0.113.9"}, "203.0.113.9"},
		{"mapped client", proxies, "10.0.0.1:1", []string{"::ffff:203.0.113.9"}, "203.0.113.9"},
		{"zone", proxies, "[fe80::1%eth0]:1", nil, "fe80::1"},
		{"bounded", proxies, "10.0.0.1:1", []string{"203.0.113.9" + strings.Repeat(",10.0.0.2", 1000)}, "10.0.0.2"},
		{"no address", proxies, "@", []string{"203.0.113.9"}, "invalid IP"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = tt.remote
		for _, name := range []string{"Forwarded", "X-Real-Ip", "True-Client-Ip", "Cf-Connecting-Ip", "X_forwarded_for", "Client-Ip"} {
			r.Header.Set(name, "192.0.2.66") // never read
		}
		for _, line := range tt.header {
			r.Header.Add("X-Forwarded-For", line)
		}
		if got := tt.proxies.Client(r).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestProxiesKeepTheirOwnList(t *testing.T) {
	list := []netip.Prefix{netip.MustParsePrefix("10.0.0.1/8")}
	p := NewProxies(list)
	list[0] = netip.MustParsePrefix("0.0.0.0/0")
	if p.trusts(netip.MustParseAddr("203.0.113.9")) || !p.trusts(netip.MustParseAddr("10.9.9.9")) {
		t.Error("the list changed from outside, or was not masked")
	}
}

// The answer is the peer, or the first untrusted address from the right, whatever a
// stranger writes to the left of it.
func FuzzClient(f *testing.F) {
	f.Add("203.0.113.9, 10.0.0.2", "127.0.0.1")
	f.Add("unknown", "a,b")
	f.Add("[::1]:80", "::ffff:1.2.3.4%x")
	f.Fuzz(func(t *testing.T, header, forged string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "10.0.0.1:1"
		r.Header["X-Forwarded-For"] = []string{header}
		got := proxies.Client(r)
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Fatalf("%q gives %v", header, got)
		}
		r.Header["X-Forwarded-For"] = []string{forged + ", 203.0.113.9, 10.0.0.2"}
		if got := proxies.Client(r); got.String() != "203.0.113.9" {
			t.Errorf("%q moved the address to %v", forged, got)
		}
		r.RemoteAddr = "198.51.100.7:1"
		if got := proxies.Client(r); got.String() != "198.51.100.7" {
			t.Errorf("an untrusted peer became %v", got)
		}
	})
}
