package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// gateway is one for text messages, which speaks as Kannel does and behaves as the test says.
type gateway struct {
	*line

	mu      sync.Mutex
	behave  http.HandlerFunc // nil for well
	came    []text
	strayed int // requests that went where a redirect sent them
}

// text is a text message as it came, whether it was taken or not.
type text struct{ to, body, receipts string }

const gatewayPassword = "canary-lamp"

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	g.line = newLine(t, strings.TrimPrefix(server.URL, "http://"))
	return g
}

// setting is how a server is told of it.
func (g *gateway) setting() string {
	return fmt.Sprintf("SMS_URL=kannel+http://robot:%s@%s/cgi-bin/sendsms?from=Acme", gatewayPassword, g.address)
}

// ServeHTTP writes down what came, and behaves.
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	g.mu.Lock()
	behave := g.behave
	if r.URL.Path == "/cgi-bin/sendsms" {
		g.came = append(g.came, text{q.Get("to"), q.Get("text"), q.Get("dlr-url")})
	} else {
		g.strayed++
	}
	g.mu.Unlock()
	if behave == nil {
		behave = takes
	}
	behave(w, r)
}

func takes(w http.ResponseWriter, _ *http.Request) { answers(w, "0: Accepted for delivery") }

func answers(w http.ResponseWriter, body string) { _, _ = w.Write([]byte(body)) } // the server may have hung up

// set has the gateway behave in a way from now on; nil is well again.
func (g *gateway) set(behave http.HandlerFunc) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.behave = behave
}

// to are the texts that came for a number so far.
func (g *gateway) to(number string) []text {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(g.came), func(m text) bool { return m.to != number })
}

// nth waits for a number's n-th text, counted from one.
func (g *gateway) nth(t *testing.T, number string, n int) text {
	t.Helper()
	await(t, fmt.Sprintf("text %d to %s", n, number), func() bool { return len(g.to(number)) >= n })
	return g.to(number)[n-1]
}

var boundCode = regexp.MustCompile(`\n@\S+ #([0-9]{6})$`)

// code is what the text says in its last line, which browsers read.
func (m text) code(t *testing.T) string {
	t.Helper()
	found := boundCode.FindStringSubmatch(m.body)
	if found == nil {
		t.Fatalf("no code in %q", m.body)
	}
	return found[1]
}

// report sends a receipt as Kannel does: 1 for delivered, 2 for failed.
func report(t *testing.T, receipts, state string) int {
	t.Helper()
	filled := strings.NewReplacer("%d", state, "%F", "ref-1", "%A", url.QueryEscape("stat:DELIVRD err:000")).Replace(receipts)
	answer, err := http.Get(filled)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close() // only the status counts
	return answer.StatusCode
}
