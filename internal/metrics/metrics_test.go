package metrics

import (
	"errors"
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
		Outbox:   func() (Outbox, error) { return Outbox{Waiting: 17, Oldest: 2500 * time.Millisecond}, nil },
	})
	m.SignIn("success", "totp")
	m.SignIn("success", "totp")
	m.SignIn("wrong_password", "password")
	m.Message("code", "sms", "sent")
	m.Stopped("prefix")
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
		`sallyport_outbox_waiting 17`,
		`sallyport_outbox_oldest_seconds 2.5`,
		`sallyport_messages_total{channel="sms",kind="code",result="sent"} 1`,
		`sallyport_sends_stopped_total{limit="prefix"} 1`,
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
		m.Message(fmt.Sprint("kind", i), fmt.Sprint("channel", i), fmt.Sprint("result", i))
		m.Stopped(fmt.Sprint("limit", i))
	}
	page := scrape(t, m)
	for _, series := range []string{"sallyport_sign_ins_total{", "sallyport_http_request_duration_seconds_count{", "sallyport_messages_total{", "sallyport_sends_stopped_total{"} {
		if n := strings.Count(page, series); n != 1 {
			t.Errorf("%d series of %s, want 1", n, series)
		}
	}
	if strings.Contains(page, "sallyport_hashing") || strings.Contains(page, "sallyport_database") || strings.Contains(page, "sallyport_outbox") {
		t.Error("a source that was not given is on the page")
	}
}

// A database that does not answer takes nothing else off the page.
func TestScrapeWithoutTheQueue(t *testing.T) {
	m := New("v", Sources{Outbox: func() (Outbox, error) { return Outbox{}, errors.New("no answer") }})
	if page := scrape(t, m); strings.Contains(page, "sallyport_outbox_") || !strings.Contains(page, "go_goroutines ") {
		t.Error("the page has a queue nobody could read, or lacks the rest")
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
