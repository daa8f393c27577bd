package app_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

// TestMetricsTellSignIns plays every outcome of a sign-in once and reads it off the scrape.
func TestMetricsTellSignIns(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrolled(t, apptest.Ada)
		signInFails(t, s, phone)
		c := s.Client(t)
		c.SignIn(apptest.Ada, apptest.Password).Follow().Click("Use a backup code").Press("Verify", "code", codes[0]).Follow().Sees(http.StatusOK)
		scrape := s.Client(t).Get("/metrics").Sees(http.StatusOK)
		for _, want := range []string{
			`{method="password",outcome="success"} 1`, // the one without a device
			`{method="password",outcome="second_factor"} 4`,
			`{method="password",outcome="wrong_password"} 1`,
			`{method="password",outcome="cancelled"} 1`,
			`{method="totp",outcome="success"} 1`,
			`{method="totp",outcome="wrong_code"} 1`,
			`{method="totp",outcome="used_code"} 1`,
			`{method="other",outcome="expired"} 1`,
			`{method="backup_code",outcome="success"} 1`,
		} {
			if !strings.Contains(scrape.Body, "sallyport_sign_ins_total"+want) {
				t.Errorf("the scrape lacks %s", want)
			}
		}
		for _, name := range []string{
			"sallyport_http_request_duration_seconds_bucket", "sallyport_hashing", "sallyport_database", "sallyport_build_info", "go_goroutines",
		} {
			if !strings.Contains(scrape.Body, name) {
				t.Errorf("the scrape lacks %s", name)
			}
		}
		for _, secret := range []string{apptest.Ada, "acme", s.Ada.ID, phone.FactorID} {
			if strings.Contains(scrape.Body, secret) {
				t.Errorf("the scrape holds %q", secret)
			}
		}
		if t.Failed() {
			for line := range strings.Lines(scrape.Body) {
				if strings.HasPrefix(line, "sallyport_sign_ins") {
					t.Log(line)
				}
			}
		}
	})
}

func signInFails(t *testing.T, s *apptest.Server, phone domaintest.Phone) {
	t.Helper()
	c := s.Client(t)
	c.SignIn(apptest.Ada, "wrong password").Sees(http.StatusUnauthorized)
	page := c.SignIn(apptest.Ada, apptest.Password).Follow()
	page.Press("Verify", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity)
	code := phone.Code(s.Clock.Now())
	page.Press("Verify", "code", code).Follow().Sees(http.StatusOK)
	again := s.Client(t)
	again.SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", code).Sees(http.StatusUnprocessableEntity, "used already").
		Press("Cancel").Follow().Sees(http.StatusOK)
	late := s.Client(t)
	waiting := late.SignIn(apptest.Ada, apptest.Password).Follow()
	s.Clock.Advance(11 * time.Minute)
	waiting.Press("Verify", "code", code).Sees(http.StatusGone)
}

// TestMetricsAreForTheirNetworks: nobody opens the metrics by saying where they come from (B22).
func TestMetricsAreForTheirNetworks(t *testing.T) {
	none := map[string]string{}
	cases := []struct {
		name    string
		change  func(*config.Config)
		headers map[string]string
		status  int
	}{
		{"from this machine", nil, none, 200},
		{"through a proxy nobody trusts", nil, map[string]string{"X-Forwarded-For": "203.0.113.9"}, 403},
		{"claiming to be this machine", nil, map[string]string{"X-Forwarded-For": "127.0.0.1"}, 403},
		{"claiming it in another way", nil, map[string]string{"Forwarded": "for=127.0.0.1"}, 403},
		{"claiming it in a third way", nil, map[string]string{"X-Real-Ip": "127.0.0.1"}, 403},
		{"through a proxy that tells only its name", nil, map[string]string{"Via": "1.1 proxy"}, 403},
		{"through a trusted proxy, from outside", trust, map[string]string{"X-Forwarded-For": "203.0.113.9"}, 403},
		{"through a trusted proxy, lying", trust, map[string]string{"X-Forwarded-For": "127.0.0.1, 203.0.113.9"}, 403},
		{"through a trusted proxy, lying about all", trust, map[string]string{"X-Forwarded-For": "127.0.0.1"}, 403},
		{"through a trusted proxy, from an allowed network", func(c *config.Config) {
			trust(c)
			c.MetricsNetworks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		}, map[string]string{"X-Forwarded-For": "10.1.2.3"}, 200},
		{"from a network that is not allowed", func(c *config.Config) {
			c.MetricsNetworks = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		}, none, 403},
		{"when nobody may", func(c *config.Config) { c.MetricsNetworks = nil }, none, 403},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var changes []func(*config.Config)
			if tc.change != nil {
				changes = append(changes, tc.change)
			}
			c := apptest.Empty(t, dbtest.SQLite(t), changes...).Client(t)
			r := c.Request(http.MethodGet, "/metrics", nil)
			for name, value := range tc.headers {
				r.Header.Set(name, value)
			}
			p := c.Send(r)
			if p.Status != tc.status {
				t.Errorf("status %d, want %d", p.Status, tc.status)
			}
			if tc.status == 403 && (strings.Contains(p.Body, "go_goroutines") || !strings.Contains(p.Body, "metrics_forbidden")) {
				t.Errorf("a refusal says %s", p.Body)
			}
		})
	}
}

func trust(c *config.Config) {
	c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
}

// TestHealth: health needs nothing, under any name; readiness asks the database.
func TestHealth(t *testing.T) {
	s := apptest.Empty(t, dbtest.SQLite(t))
	c := s.Client(t)
	for path, want := range map[string]string{"/healthz": "ok\n", "/readyz": "ready\n"} {
		r := c.Request(http.MethodGet, path, nil)
		r.Host = "10.1.2.3:8080" // a balancer asks by address
		if p := c.Send(r); p.Status != http.StatusOK || p.Body != want || len(p.Cookies) > 0 {
			t.Errorf("%s: status %d, %q", path, p.Status, p.Body)
		}
	}
	if p := c.Send(c.Request(http.MethodPost, "/readyz", nil)); p.Status != http.StatusMethodNotAllowed {
		t.Errorf("POST /readyz: status %d", p.Status)
	}
}

// TestSweep removes what has expired and nothing else.
func TestSweep(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrolled(t, apptest.Ada)
		in := s.SignedIn(t, apptest.Grace)
		in.Get("/settings/two-factor/add").Press("Add", "password", apptest.Password).Sees(http.StatusOK)
		s.Client(t).SignIn(apptest.Ada, apptest.Password)
		kept := func(prefix string) (n int) {
			for _, row := range s.Rows(t) {
				if strings.HasPrefix(row, prefix) {
					n++
				}
			}
			return n
		}
		if err := s.App.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if kept("pending ") != 1 || kept("session ") != 1 || kept("factor ") != 3 {
			t.Errorf("a sweep took what still counts: %q", s.Rows(t))
		}
		s.Clock.Advance(25 * time.Hour)
		if err := s.App.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		if kept("pending ") != 0 || kept("session ") != 0 || kept("factor ") != 2 || kept("audit ") == 0 || kept("user ") != 3 {
			t.Errorf("after a day there are %q", s.Rows(t))
		}
	})
}
