package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// wire is a client on one kept-alive connection, as light as can be: net/http's own client
// costs more than the server that is being measured, on processors that both share.
type wire struct {
	c net.Conn
	r *bufio.Reader
}

// answer is what came back.
type answer struct {
	status  int
	cookies map[string]string // as set by it
	body    int               // bytes
}

func dial(addr string) (*wire, error) {
	c, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &wire{c: c, r: bufio.NewReaderSize(c, 16<<10)}, nil
}

// dialAll opens n connections.
func dialAll(addr string, n int) ([]*wire, error) {
	all := make([]*wire, n)
	for i := range all {
		var err error
		if all[i], err = dial(addr); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func hangUp(all []*wire) {
	for _, w := range all {
		_ = w.c.Close() // nothing is in flight
	}
}

// get is the bytes of a GET request.
func get(host, path, cookies string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nAccept: */*\r\nCookie: %s\r\n\r\n", path, host, cookies)
}

// post is the bytes of a form post.
func post(host, path, cookies, form string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bench\r\nOrigin: http://%s\r\nCookie: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		path, host, host, cookies, len(form), form)
}

// ask sends a request and reads the answer.
func (w *wire) ask(request []byte) (answer, error) {
	_ = w.c.SetDeadline(time.Now().Add(time.Minute)) // fails only on a closed connection, and then so does what follows
	if _, err := w.c.Write(request); err != nil {
		return answer{}, err
	}
	line, err := w.r.ReadSlice('\n')
	if err != nil {
		return answer{}, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return answer{}, fmt.Errorf("no HTTP answer: %q", line)
	}
	a := answer{status: int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')}
	chunked := false
	for {
		line, err := w.r.ReadSlice('\n')
		if err != nil {
			return a, err
		}
		if len(line) <= 2 {
			break
		}
		switch {
		case bytes.HasPrefix(line, []byte("Content-Length: ")):
			a.body, _ = strconv.Atoi(string(bytes.TrimSpace(line[16:]))) // the server is ours
		case bytes.HasPrefix(line, []byte("Transfer-Encoding: chunked")):
			chunked = true
		case bytes.HasPrefix(line, []byte("Set-Cookie: ")):
			a.keep(string(line[12:]))
		}
	}
	if chunked {
		return a, fmt.Errorf("an answer of unknown length")
	}
	_, err = io.CopyN(io.Discard, w.r, int64(a.body))
	return a, err
}

func (a *answer) keep(line string) {
	pair, _, _ := strings.Cut(strings.TrimSpace(line), ";")
	name, value, _ := strings.Cut(pair, "=")
	if a.cookies == nil {
		a.cookies = map[string]string{}
	}
	a.cookies[name] = value
}

// want asks and insists on a status.
func (w *wire) want(status int, request []byte) (answer, error) {
	a, err := w.ask(request)
	if err == nil && a.status != status {
		path, _, _ := bytes.Cut(request, []byte(" HTTP/"))
		err = fmt.Errorf("%s: status %d, want %d", path, a.status, status)
	}
	return a, err
}
