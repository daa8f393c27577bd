package domaintest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"math/big"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/mail"
)

// MailServer is a mail server on this machine that takes mail from one user, after STARTTLS, and keeps it.
type MailServer struct {
	Server mail.Server    // how to reach it, with user and password
	Roots  *x509.CertPool // who signed its certificate

	mu    sync.Mutex // guards what follows
	mails []string
}

// NewMailServer runs one until the end of the test.
func NewMailServer(tb testing.TB) *MailServer {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		tb.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	m := &MailServer{Roots: x509.NewCertPool(), Server: mail.Server{
		Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, Security: mail.StartTLS, User: "robot", Password: "canary-" + rand.Text(), From: "Acme <no-reply@acme.test>",
	}}
	m.Roots.AddCert(cert)
	config := &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}}
	var all sync.WaitGroup
	tb.Cleanup(func() { _ = l.Close(); all.Wait() })
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() { defer func() { _ = c.Close() }(); m.converse(c, config) })
		}
	})
	return m
}

func (m *MailServer) converse(c net.Conn, config *tls.Config) {
	r := bufio.NewReader(c)
	say := func(line string) { _, _ = fmt.Fprint(c, line+"\r\n") }
	secure, in := false, false
	say("220 here")
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case verb == "EHLO" && secure:
			say("250-here\r\n250 AUTH PLAIN")
		case verb == "EHLO":
			say("250-here\r\n250 STARTTLS")
		case verb == "STARTTLS":
			say("220 go")
			c, secure = tls.Server(c, config), true
			r = bufio.NewReader(c)
		case verb == "AUTH":
			want := base64.StdEncoding.EncodeToString([]byte("\x00" + m.Server.User + "\x00" + m.Server.Password))
			if in = rest == "PLAIN "+want; in {
				say("235 in")
			} else {
				say("535 no " + rest) // says back what it was told, as bad servers do
			}
		case !in:
			say("530 sign in first")
		case verb == "DATA":
			say("354 go on")
			var body strings.Builder
			for line, err = r.ReadString('\n'); err == nil && line != ".\r\n"; line, err = r.ReadString('\n') {
				body.WriteString(line)
			}
			m.mu.Lock()
			m.mails = append(m.mails, body.String())
			m.mu.Unlock()
			say("250 taken")
		case verb == "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

// Mails is what it took, the oldest first.
func (m *MailServer) Mails() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.mails...)
}

// Port is its port as a form takes it.
func (m *MailServer) Port() string { return strconv.Itoa(m.Server.Port) }
