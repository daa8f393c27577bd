package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"sallyport/internal/errs"
)

// Options are what all servers have in common. The zero value is safe for servers that the operator chose.
type Options struct {
	Roots   *x509.CertPool        // who signs servers' certificates; nil means the system's list
	Allow   func(netip.Addr) bool // which addresses may be connected to; nil means all. See PublicOnly
	Hello   string                // the name given to servers; empty means the machine's
	Timeout time.Duration         // for everything with one server, from its name to its receipt; zero means 20 seconds
}

// SMTP sends through the first of its servers that takes the message.
type SMTP struct {
	servers  []Server
	opt      Options
	resolver *net.Resolver // nil means the system's
}

const (
	defaultTimeout = 20 * time.Second
	// What a server may say in all, its certificates included; a real one says about 8 KiB.
	maxRead = 256 << 10
	// How long a server has to say goodbye. The message is delivered by then.
	maxGoodbye = time.Second
)

// New makes a sender. The servers are tried in the order given.
func New(servers []Server, opt Options) *SMTP {
	if opt.Timeout <= 0 {
		opt.Timeout = defaultTimeout
	}
	if opt.Hello == "" {
		// Some servers turn "localhost" away, none checks that the name is true (RFC 5321, section 4.1.4).
		opt.Hello, _ = os.Hostname()
	}
	if !hostname(opt.Hello) {
		opt.Hello = "localhost"
	}
	return &SMTP{servers: slices.Clone(servers), opt: opt}
}

// Send gives the message to the first server that takes it. A server that is out of order, slow, or does not
// accept us leads on to the next; one that refuses this recipient or this message for good ends it, because
// the next one would only be a way around that verdict. If all fail, the error is the first temporary one, if
// any, and lists the others in its cause.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	if len(s.servers) == 0 {
		return ErrNoServer
	}
	var verdict *errs.Error
	var all error
	for _, srv := range s.servers {
		err := s.try(ctx, srv, m)
		if err == nil {
			return nil
		}
		failure := errs.From(err)
		if all == nil {
			all = failure
		} else {
			all = fmt.Errorf("%w; %w", all, failure)
		}
		if final := failure.Is(ErrRefused); final || verdict == nil || Temporary(failure) && !Temporary(verdict) {
			verdict = failure
			if final {
				break
			}
		}
		if ctx.Err() != nil {
			break // whoever waited is gone
		}
	}
	if all == error(verdict) {
		return verdict
	}
	return verdict.Because(all)
}

// try gives the message to one server.
func (s *SMTP) try(ctx context.Context, srv Server, m Message) error {
	if err := srv.Check(); err != nil {
		e := errs.From(err)
		return e.Because(fmt.Errorf("%s: %s", srv, e.Field))
	}
	text := m.From
	if text == "" {
		text = srv.From
	}
	from, _ := parseMailbox(text) // both were checked
	mail, err := m.compose(from)
	if err != nil {
		return ErrMessage.Because(err)
	}

	ctx, cancel := context.WithTimeoutCause(ctx, s.opt.Timeout, errSlow)
	defer cancel()
	conn, err := s.dial(ctx, srv)
	if err != nil {
		return failed(ctx, srv, connecting, err)
	}
	defer conn.Close()
	// One limit for the whole conversation. A deadline for each answer would be renewed by a server that
	// says one byte at a time.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()

	at, err := s.talk(ctx, conn, srv, from.addr, m.To, mail)
	if err != nil {
		return failed(ctx, srv, at, err)
	}
	return nil
}

// talk has the conversation and says at which step it failed. The steps are taken here one by one, not by the
// library's client: that one takes its limits anew for each message, reports a delivered message as failed if the
// goodbye fails, and does not know that a connection from a dialer of ours is encrypted.
func (s *SMTP) talk(ctx context.Context, conn net.Conn, srv Server, from, to string, mail []byte) (step, error) {
	config := &tls.Config{ServerName: srv.Host, RootCAs: s.opt.Roots, MinVersion: tls.VersionTLS12}
	wire := conn
	if srv.Security == TLS {
		t := tls.Client(conn, config)
		if err := t.HandshakeContext(ctx); err != nil {
			return securing, err
		}
		wire = t
	}
	c, err := smtp.NewClient(wire, srv.Host)
	if err != nil {
		return greeting, err
	}
	if err := c.Hello(s.opt.Hello); err != nil {
		return greeting, err
	}
	if srv.Security == StartTLS {
		if ok, _ := c.Extension("STARTTLS"); !ok {
			return securing, errNoStartTLS
		}
		// Answers that somebody put in before the handshake are thrown away with the old reader.
		if err := c.StartTLS(config); err != nil {
			return securing, err
		}
	}
	if srv.User != "" {
		_, offered := c.Extension("AUTH")
		auth, err := login(srv, offered)
		if err != nil {
			return loggingIn, err
		}
		if err := c.Auth(auth); err != nil {
			return loggingIn, err
		}
	}
	c.SkipSMTPUTF8(true) // addresses are ASCII, and the next server may not have the extension
	if err := c.Mail("<" + from + ">"); err != nil {
		return sender, err
	}
	if err := c.Rcpt("<" + to + ">"); err != nil {
		return recipient, err
	}
	w, err := c.Data()
	if err != nil {
		return content, err
	}
	if _, err := w.Write(mail); err != nil {
		return content, err
	}
	if err := w.Close(); err != nil {
		return content, err
	}
	// It is delivered: the goodbye is a courtesy, and its failure nobody's concern.
	_ = conn.SetDeadline(time.Now().Add(maxGoodbye))
	_ = c.Quit()
	return "", nil
}

// dial connects to the server. Each address is judged when it is about to be connected to, after the name was
// resolved, so that a name whose answer changes in between gains nothing.
func (s *SMTP) dial(ctx context.Context, srv Server) (net.Conn, error) {
	d := net.Dialer{Resolver: s.resolver, Control: func(_, address string, _ syscall.RawConn) error {
		a, err := netip.ParseAddrPort(address)
		if err != nil {
			return err
		}
		if s.opt.Allow != nil && !s.opt.Allow(a.Addr()) || srv.Security == None && !a.Addr().Unmap().IsLoopback() {
			return errAddress
		}
		return nil
	}}
	conn, err := d.DialContext(ctx, "tcp", srv.String())
	if err != nil {
		return nil, err
	}
	return &capped{Conn: conn, left: maxRead}, nil
}

// capped is a connection that ends after so many bytes from the other side. The library reads lines of any length.
type capped struct {
	net.Conn
	left int
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errTooMuch
	}
	n, err := c.Conn.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

var _ Sender = (*SMTP)(nil)
