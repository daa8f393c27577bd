package sms

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"sallyport/internal/errs"
)

// SMPPConfig describes a message centre that speaks SMPP 3.4.
type SMPPConfig struct {
	Host, Port  string
	SystemID    string
	Password    string `json:"-"`
	SystemType  string
	From        string // a number with +, a short code, a name; empty: the centre's own
	TLS         bool
	Plain       bool // permits other machines without TLS: the way there is protected otherwise
	Transmitter bool // bind_transmitter instead of bind_transceiver: no receipts come
	Window      int  // messages that may be without an answer at once; 10 if zero
}

// String and LogValue keep the password out of logs.
func (c SMPPConfig) String() string { return "SMPP gateway " + net.JoinHostPort(c.Host, c.Port) }

// LogValue is String.
func (c SMPPConfig) LogValue() slog.Value { return slog.StringValue(c.String()) }

const (
	maxWindow     = 1000
	defaultWindow = 10
	// Waits between connections: doubled from the first to the last, and from the beginning again
	// once a connection has lived longer than the wait before it.
	firstWait, lastWait = 500 * time.Millisecond, time.Minute
	// throttleWait is how long a message waits after its first ESME_RTHROTTLED; doubled each time.
	throttleWait = time.Second
	// enquireEvery is the pause between our enquire_links (SMPP 3.4, section 7.2: a suggestion of timers).
	enquireEvery = 30 * time.Second
	unbindWait   = 2 * time.Second
)

// SMPP sends through a message centre, over one connection that [SMPP.Run] keeps.
type SMPP struct {
	c         SMPPConfig
	o         Options
	from      address
	onReceipt func(context.Context, Receipt) error
	dial      func(context.Context) (net.Conn, error)
	slots     chan struct{} // one for each message without an answer
	parts     atomic.Uint32 // counts texts of several parts

	mu      sync.Mutex
	link    *link         // bound, or nil
	down    error         // why the last attempt to connect failed; nil while one is under way
	changed chan struct{} // closed when link or down change
}

// NewSMPP checks the description. Receipts go to onReceipt, one after the other; it may be nil. When it
// fails, the centre is told to deliver the receipt again later.
func NewSMPP(c SMPPConfig, o Options, onReceipt func(context.Context, Receipt) error) (*SMPP, error) {
	if c.Host == "" || c.Port == "" {
		return nil, setting("SMPP needs a host and a port")
	}
	if !c.TLS && !c.Plain && !isLoopback(c.Host) {
		return nil, setting("SMPP without TLS: passwords and codes would travel readable; use TLS, or say plain if the way there is protected otherwise")
	}
	// Section 4.1.1 allows 15, 8 and 12 characters. Centres exist that are more generous with the
	// password; one that is not refuses the bind and is not harmed by it.
	for _, s := range []struct {
		name, value string
		most        int
	}{{"system_id", c.SystemID, 15}, {"password", c.Password, 64}, {"system_type", c.SystemType, 12}} {
		if len(s.value) > s.most || !ascii(s.value) {
			return nil, setting(fmt.Sprintf("SMPP's %s has at most %d characters, all of them ASCII", s.name, s.most))
		}
	}
	if c.Window == 0 {
		c.Window = defaultWindow
	}
	if c.Window < 1 || c.Window > maxWindow {
		return nil, setting(fmt.Sprintf("SMPP's window is from 1 to %d", maxWindow))
	}
	from, err := source(c.From)
	if err != nil {
		return nil, err
	}
	s := &SMPP{c: c, o: o, from: from, onReceipt: onReceipt, slots: make(chan struct{}, c.Window), changed: make(chan struct{})}
	d := o.dialer(!c.TLS && !c.Plain)
	s.dial = func(ctx context.Context) (net.Conn, error) {
		conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(c.Host, c.Port))
		if err != nil || !c.TLS {
			return conn, err
		}
		secure := tls.Client(conn, o.tls(c.Host))
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return secure, nil
	}
	return s, nil
}

// Run connects, and again whenever the connection ends, until ctx does; then it unbinds and
// returns. It runs once, beside any number of Sends.
func (s *SMPP) Run(ctx context.Context) {
	log := s.o.log().With("gateway", net.JoinHostPort(s.c.Host, s.c.Port))
	wait := firstWait
	for ctx.Err() == nil {
		l, err := s.connect(ctx)
		began := time.Now()
		s.set(l, err)
		if err == nil {
			log.Info("bound to the SMS gateway")
			err = l.serve(ctx, s.onReceipt)
			s.set(nil, nil)
		}
		if ctx.Err() != nil {
			break
		}
		if l != nil && time.Since(began) > wait {
			wait = firstWait
		}
		log.Warn("no connection to the SMS gateway", "error", err, "next_try_in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		wait = min(2*wait, lastWait)
	}
	s.set(nil, because(ErrUnreachable, "this server is stopping"))
}

func (s *SMPP) set(l *link, down error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.link, s.down = l, down
	close(s.changed)
	s.changed = make(chan struct{})
}

// lose forgets a connection that has ended before Run noticed.
func (s *SMPP) lose(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.link == l {
		s.link = nil
	}
}

// bound waits for a connection. After a failed attempt it fails at once, with the reason: a
// password that was refused will not be accepted during this sign-in.
func (s *SMPP) bound(ctx context.Context) (*link, error) {
	for {
		s.mu.Lock()
		l, down, changed := s.link, s.down, s.changed
		s.mu.Unlock()
		if l != nil || down != nil {
			return l, down
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, ErrUnreachable.Because(fmt.Errorf("not connected: %w", context.Cause(ctx)))
		}
	}
}

// connect dials and binds.
func (s *SMPP) connect(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.timeout())
	defer cancel()
	conn, err := s.dial(ctx)
	if err != nil {
		return nil, unreachable(err)
	}
	// The context also ends the exchange that follows.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // to wake the reader; it reports
	defer stop()
	l := newLink(conn, s.o.timeout())
	if err := s.bind(l); err != nil {
		_ = conn.Close() // err says more
		if ctx.Err() != nil {
			return nil, ErrUnreachable.Because(fmt.Errorf("no answer to bind: %w", context.Cause(ctx)))
		}
		return nil, err
	}
	if !stop() {
		return nil, ErrUnreachable.Because(context.Cause(ctx))
	}
	return l, nil
}

// bind is section 4.1.
func (s *SMPP) bind(l *link) error {
	c := cmdBindTransceiver
	if s.c.Transmitter {
		c = cmdBindTransmitter
	}
	p := bindPDU(c, s.c.SystemID, s.c.Password, s.c.SystemType)
	p.sequence = l.next()
	if err := l.send(p); err != nil {
		return unreachable(err)
	}
	for {
		a, err := readPDU(l.conn)
		switch {
		case errors.Is(err, errLength):
			return ErrAnswer.Because(err)
		case err != nil:
			return unreachable(err)
		case a.command != c|response && a.command != cmdGenericNack:
			continue // nothing else is expected before we are bound (section 2.2); the time limit ends a talker
		case a.status == statusInvPaswd, a.status == statusInvSysID, a.status == statusBindFail:
			return ErrLogin.Because(errors.New(a.status.String()))
		case a.status != statusOK || a.command == cmdGenericNack:
			return ErrUnreachable.Because(fmt.Errorf("bind: %s", a.status))
		}
		return nil
	}
}

// Send submits the message, in several parts if it must, and waits for the centre's answer to
// each. A receipt is asked for the last part, and Reference is that part's.
func (s *SMPP) Send(ctx context.Context, m Message) (Accepted, error) {
	if err := m.check(); err != nil {
		return Accepted{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.timeout())
	defer cancel()
	coding, parts := Parts(m.Text)
	var number byte
	if len(parts) > 1 {
		number = byte(s.parts.Add(1))
	}
	var a Accepted
	for i, text := range parts {
		var header []byte
		if len(parts) > 1 {
			header = concatenation(number, i, len(parts))
		}
		receipt := i == len(parts)-1 && !s.c.Transmitter
		var err error
		if a.Reference, err = s.submit(ctx, submitPDU(s.from, destination(m.To), coding, header, text, receipt)); err != nil {
			return Accepted{}, err
		}
	}
	return a, nil
}

// submit repeats a part while the centre says that it was not taken because of too many, as long
// as the time limit allows.
func (s *SMPP) submit(ctx context.Context, p pdu) (string, error) {
	for wait := throttleWait; ; wait *= 2 {
		a, err := s.exchange(ctx, p)
		if err != nil {
			return "", err
		}
		refused := submitted(a)
		if refused == nil {
			r := reader{b: a.body}
			return reference(r.cString(65)), nil // section 4.4.2; a centre may leave it out
		}
		limit, _ := ctx.Deadline() // Send has set one
		if !errors.Is(refused, ErrThrottled) || time.Until(limit) <= wait {
			return "", refused.After(wait)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return "", refused.After(wait)
		}
	}
}

// exchange sends one submit_sm, when the window has room, and waits for its answer.
func (s *SMPP) exchange(ctx context.Context, p pdu) (pdu, error) {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return pdu{}, ErrThrottled.Because(fmt.Errorf("the window is full: %w", context.Cause(ctx)))
	}
	for {
		l, err := s.bound(ctx)
		if err != nil {
			return pdu{}, err
		}
		a, err := l.request(ctx, p)
		if !errors.Is(err, errNotSent) {
			return a, err
		}
		s.lose(l) // and take the next one
	}
}

// submitted says what an answer to submit_sm means; nil is yes.
func submitted(a pdu) *errs.Error {
	cause := errors.New(strings.TrimSpace("submit_sm: " + a.status.String()))
	switch {
	case a.command == cmdGenericNack:
		return ErrRefused.Because(fmt.Errorf("generic_nack: %s", a.status))
	case a.command != cmdSubmitSM|response:
		return ErrAnswer.Because(errors.New("the answer belongs to another command"))
	}
	switch a.status {
	case statusOK:
		return nil
	case statusThrottled, statusMsgQFul:
		return ErrThrottled.Because(cause)
	case statusInvDstAdr:
		return ErrNumber.Because(cause)
	case statusSysErr:
		return ErrUnreachable.Because(cause)
	}
	return ErrRefused.Because(cause)
}
