package httpx

import (
	"net/url"
	"strings"
	"testing"
)

func TestReturnToAcceptsPathsOfThisSite(t *testing.T) {
	for _, s := range []string{
		"/", "/settings", "/settings/two-factor", "/settings/two-factor/fac_01j/remove", "/settings/", "/settings?tab=1&x=y",
		"/admin/users?second_factor=on", "/a-b_c.d~e", "/a%20b", "/search?q=a%26b", "/x?next=/settings", "/.well-known/change-password",
		"/" + strings.Repeat("a", maxReturn-1),
	} {
		if got, ok := ReturnTo(s); !ok || got != s {
			t.Errorf("%q refused", s)
		}
	}
}

// mutations are sixty ways to make a return address mean another place (B80).
var mutations = []string{
	"", " ", "settings", "./settings", "../settings", "?x=1", "#x",
	"https://evil.test", "http://evil.test/settings", "HTTPS://EVIL.TEST", "https:evil.test", "https:/evil.test", "https:///evil.test",
	"javascript:alert(1)", "data:text/html,x", "mailto:a@evil.test", "about:blank",
	"//evil.test", "///evil.test", "////evil.test", "//evil.test/settings", "//login.test@evil.test", "//evil.test:443", "//[::1]",
	`/\evil.test`, `\/evil.test`, `\\evil.test`, `/\/evil.test`, `/\\evil.test`, `/settings\..\..\evil.test`,
	"/%2fevil.test", "/settings%2fx", "/%2Fevil.test", "/%5cevil.test", "/%5Cevil.test", "/%252fevil.test", "/%255cevil.test", "/a%2f..%2f..%2fevil.test",
	"/\tevil.test", "/\t/evil.test", "/\n/evil.test", "/\r\nLocation: https://evil.test", "/%0d%0aLocation:%20x", "/%09/evil.test", "/%00",
	"/x?y=%0d%0aSet-Cookie:a=b", "/x?y=%5c", "/x?y=%zz", "/%zz",
	" /settings", "/settings ", "/set tings", "\u00a0/settings", "/\u3002evil.test", "//evil\u3002test", "/\uff0fevil.test", "/%e3%80%82evil.test",
	"/./evil", "/../evil", "/a/../b", "/a/./b", "/a//evil.test", "/a/..//evil.test", "/%2e%2e/evil", "/%2e/evil.test",
	"/settings#frag", "/settings#@evil.test", "/<script>", `/"onload=`, "/;@evil.test", "/a;b", "/" + strings.Repeat("a", maxReturn),
	"@evil.test", "user:pass@evil.test/x", "/\x00", "/\x7f", "/\xff",
}

func TestReturnToRefusesEverythingElse(t *testing.T) {
	if len(mutations) < 60 {
		t.Fatalf("only %d mutations", len(mutations))
	}
	for _, s := range mutations {
		if got, ok := ReturnTo(s); ok || got != "" {
			t.Errorf("%q accepted", s)
		}
	}
}

// What is accepted stays on this site however a browser resolves it.
func FuzzReturnTo(f *testing.F) {
	for _, s := range mutations {
		f.Add(s)
	}
	f.Add("/settings?x=1")
	base := mustURL("https://login.test/sign-in")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := ReturnTo(s)
		if !ok {
			if got != "" {
				t.Errorf("%q refused, but returned", s)
			}
			return
		}
		// Browsers take a backslash for a slash and drop tabs and line feeds first.
		seen := strings.NewReplacer("\\", "/", "\t", "", "\r", "", "\n", "").Replace(got)
		u, err := url.Parse(seen)
		if err != nil {
			t.Fatalf("%q accepted, yet no URL: %v", s, err)
		}
		to := base.ResolveReference(u)
		if to.Scheme != "https" || to.Host != "login.test" || to.User != nil || strings.HasPrefix(to.Path, "//") || len(got) > maxReturn {
			t.Errorf("%q leads to %s", s, to)
		}
	})
}
