package metrics

import (
	"fmt"
	"io"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// scrape gives the page as a scraper sees it.
func scrape(t *testing.T, m *Metrics) string {
	t.Helper()
	server := httptest.NewServer(m.Handler())
	defer server.Close()
	res, err := server.Client().Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("scrape: status %d, %v", res.StatusCode, err)
	}
	return string(body)
}

func sample() *Metrics {
	m := New("1.2.3", Sources{
		Hashing:  func() Hashing { return Hashing{Running: 2, Queued: 7, Refused: 11} },
		Database: func() Database { return Database{Open: 5, InUse: 3, Waits: 13, Wait: 1500 * time.Millisecond} },
	})
	m.SignIn("success", "totp")
	m.SignIn("success", "totp")
	m.SignIn("wrong_password", "password")
	m.Request("GET /settings", 200, 3*time.Millisecond)
	m.Request("GET /settings", 204, 30*time.Millisecond)
	m.Request("", 404, time.Millisecond)
	return m
}

func TestScrape(t *testing.T) {
	page := scrape(t, sample())
	for _, line := range []string{
		`sallyport_sign_ins_total{method="totp",outcome="success"} 2`,
		`sallyport_sign_ins_total{method="password",outcome="wrong_password"} 1`,
		`sallyport_http_request_duration_seconds_count{route="GET /settings",status="2xx"} 2`,
		`sallyport_http_request_duration_seconds_bucket{route="GET /settings",status="2xx",le="0.005"} 1`,
		`sallyport_http_request_duration_seconds_count{route="none",status="4xx"} 1`,
		`sallyport_hashing_running 2`,
		`sallyport_hashing_queued 7`,
		`sallyport_hashing_refused_total 11`,
		`sallyport_database_connections_open 5`,
		`sallyport_database_connections_in_use 3`,
		`sallyport_database_waits_total 13`,
		`sallyport_database_wait_seconds_total 1.5`,
		"go_goroutines ",
		"process_resident_memory_bytes ",
		`version="1.2.3"} 1`,
	} {
		if !strings.Contains(page, line) {
			t.Errorf("the page lacks %s", line)
		}
	}
}

// What strangers can vary must not make new series.
func TestLabelsAreBounded(t *testing.T) {
	m := New("v", Sources{})
	for i := range 1000 {
		m.SignIn(fmt.Sprint("outcome", i), fmt.Sprint("method", i))
		m.Request("", 1000+i, time.Millisecond)
	}
	page := scrape(t, m)
	for _, series := range []string{"sallyport_sign_ins_total{", "sallyport_http_request_duration_seconds_count{"} {
		if n := strings.Count(page, series); n != 1 {
			t.Errorf("%d series of %s, want 1", n, series)
		}
	}
	if strings.Contains(page, "sallyport_hashing") || strings.Contains(page, "sallyport_database") {
		t.Error("a source that was not given is on the page")
	}
}

func TestTwoServersInOneProcess(t *testing.T) {
	a, b := New("v", Sources{}), New("v", Sources{}) // a global registry would panic here
	a.SignIn("success", "password")
	if strings.Contains(scrape(t, b), "sallyport_sign_ins_total{") {
		t.Error("a count of one server shows up at the other")
	}
}

func TestPromtoolFindsNothingToBlame(t *testing.T) {
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed")
	}
	check := exec.Command(tool, "check", "metrics")
	check.Stdin = strings.NewReader(scrape(t, sample()))
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("promtool: %v\n%s", err, out)
	}
}
