package mail

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/mail/eximtest"
)

// drop is an answer that ends the connection instead.
const drop = "drop"

// fake is a mail server that answers as a test tells it to, and writes down what it hears.
type fake struct {
	answers map[string][]string // by verb, "greet" and "." included: one after the other, the last for good
	offers  []string            // what EHLO lists, from the second EHLO on with what is only offered under TLS
	late    time.Duration       // before each answer
	noTLS   bool                // does not offer STARTTLS
	tls     bool                // begins with TLS
	cert    *tls.Certificate    // nil means a good one
	take    func(net.Conn)      // takes over the whole conversation
	login   func(way, first string, ask func(string) string) (answer string)

	server Server // how to reach it
	roots  *x509.CertPool

	mu     sync.Mutex
	heard  []string // every line but those of mails
	mails  []string
	served int
}

const (
	testUser     = "robot"
	testPassword = "correct-horse-7"
)

// serve starts f until the end of the test.
func serve(t *testing.T, f *fake) *fake {
	t.Helper()
	cert, roots := eximtest.Certify(t, "127.0.0.1")
	if f.cert == nil {
		f.cert = &cert
	}
	f.roots = roots
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f.server = Server{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: StartTLS,
		User: testUser, Password: testPassword, From: "no-reply@acme.test",
	}
	if f.tls {
		f.server.Security = TLS
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = l.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = c.Close() }()
				f.mu.Lock()
				f.served++
				f.mu.Unlock()
				if f.take != nil {
					f.take(c)
					return
				}
				f.converse(c)
			})
		}
	})
	return f
}

func (f *fake) converse(c net.Conn) {
	secure := f.tls
	if secure {
		c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*f.cert}})
	}
	r := bufio.NewReader(c)
	hear := func() string {
		line, err := r.ReadString('\n')
		if err != nil {
			return "" // an empty line ends the conversation
		}
		f.note(strings.TrimSpace(line))
		return strings.TrimSpace(line)
	}
	// say reports whether the conversation goes on as if all were well.
	say := func(verb, usual string) bool {
		time.Sleep(f.late)
		text := f.answer(verb, usual)
		if text == drop {
			_ = c.Close()
			return false
		}
		_, err := io.WriteString(c, text+"\r\n")
		return err == nil && text == usual
	}
	say("greet", "220 fake ready")
	for {
		line := hear()
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "":
			return
		case "EHLO":
			lines := []string{"fake"}
			if !secure && !f.noTLS {
				lines = append(lines, "STARTTLS")
			}
			if secure || f.noTLS {
				lines = append(lines, f.offers...)
			}
			say(verb, "250-"+strings.Join(lines, "\r\n250-")+"\r\n250 HELP")
		case "STARTTLS":
			if say(verb, "220 go") || strings.HasPrefix(f.answer(verb, ""), "220") {
				c, secure = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*f.cert}}), true
				r = bufio.NewReader(c)
			}
		case "AUTH":
			if f.login != nil {
				way, first, _ := strings.Cut(rest, " ")
				say(verb, f.login(way, first, func(challenge string) string {
					_, _ = io.WriteString(c, "334 "+challenge+"\r\n") // if it fails, nothing is heard
					return hear()
				}))
				continue
			}
			say(verb, "235 2.7.0 in")
		case "DATA":
			if !say(verb, "354 go on") {
				continue
			}
			var body strings.Builder
			for {
				line, err := r.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				body.WriteString(strings.TrimPrefix(line, "."))
			}
			if say(".", "250 2.0.0 taken") {
				f.mu.Lock()
				f.mails = append(f.mails, body.String())
				f.mu.Unlock()
			}
		case "QUIT":
			if say(verb, "221 bye") {
				return
			}
		default:
			say(verb, "250 ok")
		}
	}
}

// answer is the next one for the verb.
func (f *fake) answer(verb, usual string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	queue := f.answers[verb]
	if len(queue) == 0 {
		return usual
	}
	if len(queue) > 1 {
		f.answers[verb] = queue[1:]
	}
	if queue[0] == "" {
		return usual
	}
	return queue[0]
}

func (f *fake) note(line string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = append(f.heard, line)
}

// did says whether the server heard the verb.
func (f *fake) did(verb string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, line := range f.heard {
		if strings.HasPrefix(line, verb) {
			return true
		}
	}
	return false
}

// got is how many connections and mails it had.
func (f *fake) got() (connections, mails int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.served, len(f.mails)
}

// code is a message with a secret in it.
func code() Message {
	return Message{
		ID: "msg_02", To: "ada@acme.test", Subject: "Your code", Text: "Your code is 424 242.\n", HTML: "<b>424 242</b>\n",
		At: time.Date(2026, 3, 3, 14, 5, 0, 0, time.UTC),
	}
}

// pemOf is a certificate as a pool takes it.
func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}
