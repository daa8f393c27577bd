package main

import (
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"

	"sallyport/internal/mail/eximtest"
)

// relay is a mail server on this machine, which behaves as the test says.
type relay struct {
	*line

	mu     sync.Mutex
	behave func(verb, what string) string // nil for well
	mails  []eximtest.Mail
	broken []error
}

// hangUp is an answer that ends the connection instead.
const hangUp = ""

func newRelay(t *testing.T) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // it only listened
	r := &relay{line: newLine(t, listener.Addr().String())}
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go r.talk(textproto.NewConn(c))
		}
	}()
	t.Cleanup(func() {
		if len(r.broken) > 0 {
			t.Errorf("mails that cannot be read: %v", r.broken)
		}
	})
	return r
}

// setting is how a server is told of it.
func (r *relay) setting() string {
	return fmt.Sprintf("SMTP_URL=smtp://%s?security=none&from=no-reply@acme.test", r.address)
}

// set has the relay behave in a way from now on: it gives the answer to a verb, "greet" and "." among
// them, or "ok" for the usual one. nil is well again.
func (r *relay) set(behave func(verb, what string) string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.behave = behave
}

func (r *relay) answer(verb, what, usual string) string {
	r.mu.Lock()
	behave := r.behave
	r.mu.Unlock()
	if behave != nil {
		if own := behave(verb, what); own != "ok" {
			return own
		}
	}
	return usual
}

// talk has one conversation (RFC 5321).
func (r *relay) talk(c *textproto.Conn) {
	defer func() { _ = c.Close() }() // the other side sees it
	say := func(answer string) bool { return answer != hangUp && c.PrintfLine("%s", answer) == nil }
	if !say(r.answer("greet", "", "220 relay.test")) {
		return
	}
	to := ""
	for {
		command, err := c.ReadLine()
		if err != nil {
			return
		}
		verb, what, _ := strings.Cut(command, " ")
		usual := map[string]string{"DATA": "354 Go on", "QUIT": "221 Bye"}[verb]
		if usual == "" {
			usual = "250 OK"
		}
		answer := r.answer(verb, what, usual)
		if !say(answer) {
			return
		}
		switch {
		case verb == "RCPT":
			to = strings.Trim(strings.TrimPrefix(what, "TO:"), "<>")
		case verb == "DATA" && strings.HasPrefix(answer, "354"):
			raw, err := c.ReadDotBytes()
			if err != nil {
				return
			}
			answer := r.answer(".", to, "250 Taken")
			if answer == hangUp || strings.HasPrefix(answer, "2") {
				r.take(to, raw)
			}
			if !say(answer) {
				return
			}
		}
	}
}

func (r *relay) take(to string, raw []byte) {
	m, err := eximtest.Parse(raw)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.broken = append(r.broken, err)
		return
	}
	m.To = to
	r.mails = append(r.mails, m)
}

// to are the mails that were taken for an address so far.
func (r *relay) to(address string) []eximtest.Mail {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.mails), func(m eximtest.Mail) bool { return m.To != address })
}

// nth waits for an address's n-th mail, counted from one.
func (r *relay) nth(t *testing.T, address string, n int) eximtest.Mail {
	t.Helper()
	await(t, fmt.Sprintf("mail %d to %s", n, address), func() bool { return len(r.to(address)) >= n })
	return r.to(address)[n-1]
}
