package httpx

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// serve runs a server on a free port and gives its address.
func serve(t *testing.T, change func(*http.Server)) string {
	t.Helper()
	s := open(t, []Route{{Pattern: "POST /x", Level: Public, Handler: func(_ http.ResponseWriter, r *http.Request) error {
		_, err := Form(r, "x")
		return err
	}}}, nil, func(o *Options) { o.AnyHost = true; o.Browser = true })
	server := Server(s, slog.New(slog.DiscardHandler))
	if change != nil {
		change(server)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return listener.Addr().String()
}

func talk(t *testing.T, addr, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	go func() { _, _ = io.WriteString(conn, text) }()
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(line)
}

func TestServerLimits(t *testing.T) {
	addr := serve(t, nil)
	head := "POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
	for _, tt := range []struct{ name, request, want string }{
		{"good", head + "Content-Length: 3\r\n\r\nx=1", "200"},
		{"huge header", head + "X: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "431"},
		{"huge cookie", head + "Cookie: a=" + strings.Repeat("a", 64<<10) + "\r\n\r\n", "431"},
		{"huge path", "GET /" + strings.Repeat("a", 64<<10) + " HTTP/1.1\r\nHost: a\r\n\r\n", "431"},
		{"huge body", head + "Content-Length: 1000000000\r\n\r\nx=1", "413"},
		{"huge chunked body", head + "Transfer-Encoding: chunked\r\n\r\n8000\r\nx=" + strings.Repeat("a", 0x7ffe) + "\r\n0\r\n\r\n", "413"},
		{"two lengths", head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nx=1", "400"},
		{"no host", "GET /x HTTP/1.1\r\n\r\n", "400"},
		{"options star", "OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "404"},
		{"proxy request", "GET http://evil.test/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "405"},
		{"connect", "CONNECT evil.test:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "404"},
	} {
		if got := talk(t, addr, tt.request); !strings.HasPrefix(got, "HTTP/1.1 "+tt.want) {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// slowClients are two hundred who send the beginning of a request and no more.
func slowClients(t *testing.T, addr string) (all []net.Conn) {
	t.Helper()
	for i := range 200 {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		part := "POST /x HTTP/1.1\r\nHo" // never the rest of the header
		if i%2 == 1 {
			part = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\nx=" // never the rest of the body
		}
		fmt.Fprint(conn, part)
		all = append(all, conn)
	}
	return all
}

// TestSlowClientsHoldUpNobody: an ordinary client is answered while two hundred keep the server waiting for an hour (F29).
func TestSlowClientsHoldUpNobody(t *testing.T) {
	addr := serve(t, func(s *http.Server) { s.ReadHeaderTimeout, s.ReadTimeout = time.Hour, time.Hour })
	slowClients(t, addr)
	if got := talk(t, addr, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"); !strings.Contains(got, "200") {
		t.Errorf("an ordinary client got %s", got)
	}
}

// TestSlowClientsAreCutOff: by the server, whichever part of their request they keep back (F29).
func TestSlowClientsAreCutOff(t *testing.T) {
	addr := serve(t, func(s *http.Server) { s.ReadHeaderTimeout, s.ReadTimeout = 300*time.Millisecond, 600*time.Millisecond })
	for i, conn := range slowClients(t, addr) {
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := io.Copy(io.Discard, conn); err != nil {
			if ne, ok := err.(net.Error); ok && ne.Timeout() {
				t.Fatalf("slow connection %d is still open", i)
			}
		}
	}
}

func TestServerHasEveryLimit(t *testing.T) {
	s := Server(http.NotFoundHandler(), slog.New(slog.DiscardHandler))
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= DefaultTimeout || s.IdleTimeout <= 0 || s.MaxHeaderBytes != 16<<10 {
		t.Errorf("%+v", s)
	}
}
