package gate_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/gate"
	"sallyport/internal/httpx"
	"sallyport/internal/session"
	"sallyport/internal/token"
)

// elsewhere are ways to write an address so that it means, to somebody, another place than the site it came from (B80): first those
// that come as a path, then whole addresses.
var elsewhere = []string{
	"", " ", "evil.test", "@evil.test", ".evil.test", ":evil.test", "/\\evil.test", "\\/evil.test", "\\\\evil.test", "/\\/evil.test",
	"//evil.test", "///evil.test", "////evil.test/x", "//evil.test:443", "//shop.example.com@evil.test", "//[::1]", "/\t/evil.test", "/\n/evil.test", "\t//evil.test",
	"/%09/evil.test\\", "/\r\nLocation: https://evil.test", "/x\r\nSet-Cookie: a=b", "/\u2028/evil.test", "/\u3002evil.test", "//evil\u3002test", "/\uff0fevil.test", "/\x00", "/\x7f/evil.test", "/\xff",
	"/..//evil.test", "/../evil.test", "/./evil.test", "/a/../../evil.test", "/%2e%2e//evil.test", "/%2E/evil.test", "/%5cevil.test", "/%zz", "/#@evil.test", "/x#//evil.test",
	"/.sallyport/start?to=/", "/.sallyport/sign-out", "/.SALLYPORT/sign-out", "/%2esallyport/enter", "/.sallyport%2fstart", "/.sallyport", "/<script>", "/\"onload=",
	"javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "blob:https://shop.example.com/x", "about:blank", "mailto:a@evil.test",
	"https:evil.test", "https:/evil.test", "https:///evil.test", "https://evil.test", "https://evil.test/https://shop.example.com/", "ftp://shop.example.com/", "ws://shop.example.com/", "http://shop.example.com/",
	"HTTPS://SHOP.EXAMPLE.COM/", "https://SHOP.example.com/", "https://shop.example.com./", "https://shop.example.com:443/", "https://shop.example.com:8443/", "https://shop.example.com:/", "https://shop.example.com.evil.test/",
	"https://shop.example.comevil.test/", "https://evilshop.example.com/", "https://a.shop.example.com/", "https://example.com/", "https://shop.example.com@evil.test/", "https://evil.test@shop.example.com/",
	"https://u:p@shop.example.com/", "https://shop.example.com%2eevil.test/", "https://shop%2eexample.com/", "https://shop.example.com%00.evil.test/", "https://shop.example.com%40evil.test/", "https://shop.example.com%2f@evil.test/",
	"https://sh\u043ep.example.com/", "https://xn--shp-tdd.example.com/", "https://shop\u3002example.com/", "https://shop\uff0eexample.com/", "https://shop.example\u00ad.com/", "https://\u24e2hop.example.com/",
	"https://shop.example.com\\evil.test/", "https:\\\\shop.example.com/", "https://shop.example.com;evil.test/", "https://shop.example.com?x", "https://shop.example.com#@evil.test/", "https://shop.example.com//evil.test",
	" https://shop.example.com/", "https://shop.example.com /", "https://shop.example.com/\\evil.test", "https://shop.example.com/../x", "https://shop.example.com/.sallyport/enter", "http://board.localhost/", "http://board.localhost:9001/",
	"http://board.localhost:09000/", "http://board.localhost.:9000/", "http://localhost:9000/", "http://127.0.0.1:9000/", "http://2130706433:9000/", "/" + strings.Repeat("a", 2000), "https://shop.example.com/" + strings.Repeat("a", 2000),
}

// place is where a browser goes for a Location (WHATWG URL: tabs and line feeds are dropped, a backslash is a slash).
func place(t *testing.T, at, location string) string {
	t.Helper()
	base, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	u, err := base.Parse(strings.NewReplacer("\\", "/", "\t", "", "\r", "", "\n", "").Replace(location))
	if err != nil || u.User != nil {
		return "no place: " + location
	}
	return u.Scheme + "://" + u.Host
}

// TestNothingLeadsElsewhere tries each of them wherever an address or a part of one is taken from outside.
func TestNothingLeadsElsewhere(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), withDoor)
	v := visit(t, s, s.SignedIn(t, apptest.Grace))
	home := httpx.OriginOf(s.App.Config.PublicURL)
	challenge := session.Challenge(token.New())
	calls := 0
	stays := func(p *apptest.Page, at string, may ...string) {
		t.Helper()
		calls++
		to := p.Header.Get("Location")
		if p.Status >= 500 || to != "" && !slices.Contains(may, place(t, at, to)) || strings.Contains(p.Header.Get("Set-Cookie"), "a=b") || strings.Contains(p.Body, "evil.test") {
			t.Errorf("%.200s: status %d, led to %q", p.Path, p.Status, to)
		}
	}
	if len(elsewhere) < 60 {
		t.Fatalf("only %d", len(elsewhere))
	}
	for _, to := range elsewhere {
		start := v.at(shop, http.MethodGet, gate.Prefix+"start?to="+url.QueryEscape(to), nil)
		stays(start, shop, home)
		if door, err := url.Parse(start.Header.Get("Location")); err != nil || door.Query().Get("to") != shop+"/" {
			t.Errorf("start with %q leads to %s", to, start.Header.Get("Location"))
		}
		p := v.home.Send(v.home.Request(http.MethodGet, "/door?challenge="+challenge+"&to="+url.QueryEscape(to), nil))
		stays(p, home)
		if p.Status != http.StatusForbidden && p.Status != http.StatusBadRequest {
			t.Errorf("the door leads to %q: %d %s", to, p.Status, p.Header.Get("Location"))
		}
		door := v.home.Send(v.home.Request(http.MethodGet, v.start(shop, ""), nil))
		enter := strings.TrimSuffix(led(t, door, shop), "%2F") + url.QueryEscape(to)
		p = v.at(shop, http.MethodGet, enter, nil)
		stays(p, shop, shop)
		if got := p.Header.Get("Location"); p.Status == http.StatusSeeOther && got != shop+"/" {
			t.Errorf("enter with %q leads to %q", to, got)
		}
		for _, header := range [][2]string{{"X-Forwarded-Uri", to}, {"X-Forwarded-Host", strings.TrimPrefix(to, "https://")}, {"X-Forwarded-Proto", to}, {"X-Original-Url", to}} {
			r := s.Client(t).Request(http.MethodGet, gate.Path, nil)
			r.Header = http.Header{"X-Forwarded-Proto": {"https"}, "X-Forwarded-Host": {"shop.example.com"}, "Accept": {"text/html"}}
			r.Header.Set(header[0], strings.NewReplacer("\r", "", "\n", "", "\x00", "", "\x7f", "").Replace(header[1])) // which no client can send
			stays(s.Client(t).Send(r), shop, shop, home, board)
		}
	}
	t.Logf("%d calls with %d addresses", calls, len(elsewhere))
}
