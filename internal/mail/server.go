package mail

import (
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"sallyport/internal/errs"
)

// Security says how a connection to a server is encrypted.
type Security string

// The kinds. None is for a relay on this machine: it goes to loopback addresses only, and without a password.
const (
	StartTLS Security = "starttls" // begins in clear text; nothing is said before TLS is up
	TLS      Security = "tls"      // encrypted from the first byte
	None     Security = "none"
)

// Server is a mail server and the right to use it.
type Server struct {
	Host           string
	Port           int
	Security       Security
	User, Password string // both or neither
	From           string // who sends: "Acme <no-reply@acme.test>"
}

// ErrServer means that a server's settings are wrong. The copies returned name the field and what to do.
var ErrServer = errs.New(errs.Invalid, "mail_server_invalid", "The settings of the mail server are not valid.")

// String names the server without its password.
func (s Server) String() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// GoString keeps %#v from printing the password.
func (s Server) GoString() string { return "mail.Server(" + s.String() + ")" }

// LogValue logs what String prints.
func (s Server) LogValue() slog.Value { return slog.StringValue(s.String()) }

// ParseURL reads one server and checks it:
//
//	smtp://user:password@mail.example.com?from=Acme%20<no-reply@example.com>
//	smtps://user:password@mail.example.com?from=no-reply@example.com
//	smtp://localhost?security=none&from=no-reply@example.com
//
// smtp means STARTTLS, on port 587 unless the URL names another; smtps means TLS from the first byte, on port 465; the
// last is a relay on this machine, on port 25. Its errors never repeat what was given, which may be a password.
func ParseURL(text string) (Server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		// Not even the error: it quotes the URL.
		return Server{}, ErrServer.Saying("The mail server is not a URL like smtp://user:password@mail.example.com?from=no-reply@example.com. " +
			"In user and password, write % and what is not a letter or digit as %25, %40 and so on.")
	}
	if u.Path != "" && u.Path != "/" {
		return Server{}, ErrServer.Saying("The URL of a mail server has no path. If there is a / in the password, write it as %2F.")
	}
	s := Server{Host: u.Hostname(), User: u.User.Username()}
	s.Password, _ = u.User.Password()
	var port int
	switch u.Scheme {
	case "smtp":
		s.Security, port = StartTLS, 587
	case "smtps":
		s.Security, port = TLS, 465
	default:
		return Server{}, ErrServer.In("security").Saying("The URL of a mail server begins with smtp:// (STARTTLS) or smtps:// (TLS from the start).")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return Server{}, ErrServer.Saying("What follows the ? in the URL of the mail server is damaged. Write a space as %20 and a + as %2B.")
	}
	for name, values := range query {
		switch {
		case len(values) != 1:
			return Server{}, ErrServer.Saying("The URL of the mail server has a parameter twice.")
		case name == "from":
			s.From = values[0]
		case name == "security" && values[0] == string(None) && s.Security == StartTLS:
			s.Security, port = None, 25
		default:
			return Server{}, ErrServer.Saying("The URL of a mail server takes the parameters from=… and, with smtp:// alone, security=none.")
		}
	}
	s.Port = port
	if p := u.Port(); p != "" {
		// Digits, says url.Parse. Too many of them become a number that is no port, and Check refuses that.
		s.Port, _ = strconv.Atoi(p)
	}
	return s, s.Check()
}

// Check says what is wrong with the settings.
func (s Server) Check() error {
	wrong := func(field, words string) error { return ErrServer.In(field).Saying(words) }
	ip, err := netip.ParseAddr(s.Host)
	literal := err == nil && ip.Zone() == ""
	switch {
	case !literal && !hostname(s.Host):
		return wrong("host", "The mail server is neither a name like mail.example.com nor an IP address.")
	case s.Port < 1 || s.Port > 65535:
		return wrong("port", "The port of the mail server is a number from 1 to 65535, usually 587 or 465.")
	case s.Security != StartTLS && s.Security != TLS && s.Security != None:
		return wrong("security", "The connection to the mail server is secured with starttls or tls.")
	case s.Security == None && !(literal && ip.Unmap().IsLoopback()) && s.Host != "localhost":
		return wrong("security", "Mail goes without encryption only to a relay on this machine, at localhost. Use starttls or tls.")
	case s.User != "" && s.Security == None:
		return wrong("user", "A password is sent over an encrypted connection only. Use starttls or tls, or a relay that needs none.")
	case s.User == "" && s.Password != "":
		return wrong("user", "There is a password for the mail server but no user name.")
	case s.User != "" && s.Password == "":
		return wrong("password", "There is a user name for the mail server but no password.")
	case unfit(s.User):
		return wrong("user", "The user name for the mail server is too long or has control characters in it.")
	case unfit(s.Password):
		return wrong("password", "The password for the mail server is too long or has control characters in it.")
	case s.From == "":
		return wrong("from", "There is no sender. Give an address like no-reply@example.com.")
	}
	if _, why := parseMailbox(s.From); why != "" {
		return wrong("from", "The sender "+why+".")
	}
	return nil
}

// unfit says whether s can not be a user name or a password: PLAIN separates them by a zero byte (RFC 4616), and a
// command has at most 12288 octets (RFC 4954, section 4).
func unfit(s string) bool { return len(s) > 1000 || strings.ContainsFunc(s, unicode.IsControl) }
