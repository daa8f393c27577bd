package main

import (
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// line is the way to a server, which can be cut: then nobody answers at its address.
type line struct {
	address string // where callers find it
	to      string // the server's own

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]bool
}

// newLine opens a way to the server at an address.
func newLine(t *testing.T, to string) *line {
	t.Helper()
	l := &line{address: "127.0.0.1:0", to: to, open: map[net.Conn]bool{}}
	l.mend(t)
	t.Cleanup(l.cut)
	return l
}

// mend lets callers through again.
func (l *line) mend(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.address, l.listener = listener.Addr().String(), listener
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go l.join(listener, c)
		}
	}()
}

// join carries what both sides say until one of them ends.
func (l *line) join(listener net.Listener, caller net.Conn) {
	defer func() { _ = caller.Close() }()
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	l.mu.Lock()
	if l.listener != listener { // it was cut meanwhile
		l.mu.Unlock()
		return
	}
	l.open[caller], l.open[server] = true, true
	l.mu.Unlock()
	over := make(chan struct{}, 2)
	carry := func(to, from net.Conn) { _, _ = io.Copy(to, from); over <- struct{}{} } // how it ended, both sides see
	go carry(server, caller)
	go carry(caller, server)
	<-over
	l.mu.Lock()
	delete(l.open, caller)
	delete(l.open, server)
	l.mu.Unlock()
}

// cut breaks all connections, and refuses new ones.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.listener == nil {
		return
	}
	_ = l.listener.Close() // it only listened
	l.listener = nil
	for c := range l.open {
		_ = c.Close() // that is the point
	}
}

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("in vain: %s", what)
		}
	}
}
