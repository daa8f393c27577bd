package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"regexp"
	"strings"
	"unicode"

	"sallyport/internal/errs"
)

// Why a server did not take a message, in words for the administrator. The copies returned name the server; the cause
// has what it said, for the log.
var (
	ErrUnreachable = errs.New(errs.Unavailable, "mail_unreachable",
		"The mail server could not be reached or did not answer in time. Check its name and port, and whether it runs.")
	ErrTLS = errs.New(errs.Unavailable, "mail_tls_failed",
		"No encrypted connection to the mail server could be made.")
	ErrDeferred = errs.New(errs.Unavailable, "mail_deferred",
		"The mail server asks to try again later. If it stays, its log says why.")
	ErrNotAllowed = errs.New(errs.Forbidden, "mail_host_not_allowed",
		"The mail server is at an address that may not be used here. Use a mail server on the public internet.")
	ErrLogin = errs.New(errs.Invalid, "mail_login_refused",
		"The mail server does not accept the user name and password. Many providers want an app password made for this purpose.")
	ErrTurnedAway = errs.New(errs.Invalid, "mail_turned_away",
		"The mail server takes no mail from this sender or from this machine. Check the sender's address and what the server allows.")
	ErrRefused = errs.New(errs.Invalid, "mail_refused",
		"The mail server refuses this mail for good.")
	ErrNoServer = errs.New(errs.Unavailable, "mail_not_configured",
		"No mail server is set up.")
)

// Temporary says whether the same message may be taken later. It judges the verdict alone, not the other servers' failures
// that its cause lists.
func Temporary(err error) bool {
	e := errs.From(err)
	return e != nil && (e.Is(ErrUnreachable) || e.Is(ErrTLS) || e.Is(ErrDeferred))
}

// Causes of our own.
var (
	errSlow       = errors.New("no end within the time limit")
	errTooMuch    = errors.New("the server says too much")
	errAddress    = errors.New("the address is not allowed")
	errNoStartTLS = errors.New("STARTTLS is not offered")
	errNoLogin    = errors.New("no way to sign in is offered that we know")
)

// step is how far the conversation with a server has come. What a refusal means depends on it.
type step string

const (
	connecting step = "connect"
	greeting   step = "greeting"
	securing   step = "tls"
	loggingIn  step = "login"
	sender     step = "sender"
	recipient  step = "recipient"
	content    step = "message"
)

// failed makes an error of ours out of what went wrong at a step.
func failed(ctx context.Context, s Server, at step, err error) *errs.Error {
	e, cause := verdict(at, err), describe(at, err)
	if ctx.Err() != nil {
		// We closed the connection ourselves. What that did to the conversation is of no interest.
		e, cause = ErrUnreachable, context.Cause(ctx)
	}
	if at == recipient && e == ErrRefused {
		e = e.In("to").Saying("The mail server refuses this recipient for good. Check the address.")
	}
	return e.Saying(s.String() + ": " + e.Message).Because(fmt.Errorf("%s: %s: %w", s, at, cause))
}

// verdict classes a failure.
func verdict(at step, err error) *errs.Error {
	var reply *textproto.Error
	switch {
	case errors.Is(err, errAddress):
		return ErrNotAllowed
	case at == securing:
		return ErrTLS.Saying(tlsWords(err))
	case errors.As(err, &reply):
		return refusal(at, reply.Code)
	case errors.Is(err, errNoLogin):
		return ErrLogin.Saying("The mail server offers no way to sign in that is known here (PLAIN, LOGIN, SCRAM). If it needs no password, leave out the user name.")
	case at == loggingIn && !lost(err):
		return ErrLogin
	}
	return ErrUnreachable
}

// refusal classes a server's answer (RFC 5321, section 4.2.1): 4 at the beginning is for now, 5 for good.
func refusal(at step, code int) *errs.Error {
	switch {
	case code/100 == 4:
		return ErrDeferred
	case code/100 != 5:
		return ErrUnreachable // an answer out of turn: not a mail server, or a broken one
	case at == loggingIn || code == 530: // 530 at any step: log in first (RFC 4954, section 6)
		return ErrLogin
	case at == recipient || at == content:
		return ErrRefused
	}
	return ErrTurnedAway
}

func tlsWords(err error) string {
	var cert *tls.CertificateVerificationError
	var notTLS tls.RecordHeaderError
	switch {
	case errors.As(err, &cert):
		return "The mail server's certificate is not trusted: " + printable(cert.Err.Error()) + "."
	case errors.Is(err, errNoStartTLS):
		return "The mail server offers no encryption (STARTTLS). Nothing was sent. Port 465 may need tls instead of starttls."
	case errors.As(err, &notTLS):
		return "The mail server does not begin with TLS at this port. Port 587 usually needs starttls instead of tls."
	}
	return ErrTLS.Message
}

// enhanced is a status code that says more than three digits (RFC 3463).
var enhanced = regexp.MustCompile(`^[245]\.[0-9]{1,3}\.[0-9]{1,3}\b`)

// describe is the cause for the log. An answer to the password or to the message may repeat them, so of
// those only the numbers are kept.
func describe(at step, err error) error {
	secret := at == loggingIn || at == content
	var reply *textproto.Error
	switch {
	case errors.As(err, &reply) && secret:
		return errors.New(strings.TrimSpace(fmt.Sprint(reply.Code, " ", enhanced.FindString(reply.Msg))))
	case errors.As(err, &reply):
		return fmt.Errorf("%d %s", reply.Code, printable(reply.Msg))
	case lost(err), errors.Is(err, errNoLogin), errors.Is(err, errRounds):
		return err
	case secret:
		return errors.New("an answer that makes no sense")
	}
	return errors.New(printable(err.Error()))
}

// lost says whether it was the connection that failed and not the server that answered.
func lost(err error) bool {
	var n net.Error
	return errors.As(err, &n) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, errTooMuch) || errors.Is(err, io.ErrClosedPipe)
}

// printable is the beginning of a server's text, on one line.
func printable(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
