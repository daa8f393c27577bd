package sms

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// Options are what the server says, as opposed to the gateway's description.
type Options struct {
	// ReceiptURL is where receipts are to be sent, without a final slash; the message's id is
	// added to it. Empty: no receipts are asked for. SMPP does without.
	ReceiptURL string
	// Allow says which addresses may be connected to. It is asked with the address of each
	// connection, after the name was looked up, so a name that changes its mind gains nothing.
	// Nil allows all: the gateway is an administrator's choice, and may stand in the same network.
	Allow func(netip.Addr) bool
	// RootCAs are trusted instead of the system's.
	RootCAs *x509.CertPool
	// Timeout is how long the gateway may take to take a message; 10 seconds if zero.
	Timeout time.Duration
	// Log hears of what nobody waits for: SMPP connections that begin and end. Nil is silent.
	Log *slog.Logger
}

const defaultTimeout = 10 * time.Second

func (o Options) timeout() time.Duration {
	if o.Timeout <= 0 {
		return defaultTimeout
	}
	return o.Timeout
}

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

func (o Options) tls(serverName string) *tls.Config {
	return &tls.Config{ServerName: serverName, RootCAs: o.RootCAs, MinVersion: tls.VersionTLS12}
}

// errNotAllowed is the dialer's word for an address that Allow refuses.
var errNotAllowed = errors.New("the address is not allowed")

// dialer connects to allowed addresses only. With loopback it connects to this machine only: that is
// what an address without TLS is good for.
func (o Options) dialer(loopback bool) *net.Dialer {
	return &net.Dialer{
		Timeout: o.timeout(),
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(address)
			if err != nil {
				return errNotAllowed
			}
			// An IPv4 address in IPv6 clothes is judged as what it is.
			ip := to.Addr().Unmap()
			if loopback && !ip.IsLoopback() || o.Allow != nil && !o.Allow(ip) {
				return errNotAllowed
			}
			return nil
		},
	}
}

// isLoopback says whether host means this machine; if "localhost" does not, the dialer notices.
func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// unreachable turns a failure to connect, write or read into the error that says what to do. Its
// cause must not name the request.
func unreachable(err error) error {
	var unverified *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	switch {
	case errors.Is(err, errNotAllowed):
		return ErrForbidden.Because(err)
	case errors.As(err, &unverified), errors.As(err, &alert), errors.As(err, &record):
		return ErrCertificate.Because(err)
	}
	return ErrUnreachable.Because(err)
}
