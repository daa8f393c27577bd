// Package mail sends mail to people through the operator's or an account's own mail server.
//
// A password never crosses a connection that is not encrypted, and encryption never falls back: what a
// server does not offer is an error. Everything that becomes a header or a command is checked here, so
// a name that somebody chose for an account cannot add a recipient or a line. Servers are not trusted:
// what they say is bounded in time and in size, and neither the password nor the message, which they
// could repeat, comes back in an error.
//
// Delivery is at least once: where a connection ends between the message and the receipt for it, the
// same message goes out again, and its Message-ID tells.
package mail

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"

	"sallyport/internal/errs"
)

// Message is one mail to one person. Text and HTML say the same; HTML may be empty.
type Message struct {
	ID       string    // becomes the Message-ID, so that a mail sent twice is recognised as one
	To       string    // an address without a name
	From     string    // instead of the server's: an address, or "Acme <no-reply@acme.test>"
	Subject  string    // one line
	Text     string    // for those who read text
	HTML     string    // for the others
	Language string    // "en", "pt-BR"; empty if unknown
	At       time.Time // becomes the Date
}

// Sender is what sends: SMTP, or the memory of a test.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// String names the message without what it says, which may be a code.
func (m Message) String() string { return "mail " + m.ID }

// GoString keeps %#v from printing the body.
func (m Message) GoString() string { return "mail.Message(" + m.ID + ")" }

// LogValue logs what String prints.
func (m Message) LogValue() slog.Value { return slog.StringValue(m.String()) }

// ErrMessage means that a message cannot be sent as it is, by no server. The copies returned name the field.
var ErrMessage = errs.New(errs.Invalid, "mail_message_invalid", "This mail cannot be sent.")

var (
	// What stands left of the @ in a Message-ID (RFC 5322, section 3.6.4), less than it allows.
	idText = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	// A language tag by its shape (RFC 5646, section 2.1).
	languageTag = regexp.MustCompile(`^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$`)
)

// Longer ones are no longer read by anybody, and stay within a line of 998 octets even unfolded (RFC 5322, section 2.1.1).
const (
	maxHeader = 250
	maxID     = 100
)

// check says what is wrong with the message, whatever the server.
func (m Message) check() error {
	wrong := func(field, words string) error {
		return ErrMessage.In(field).Saying("This mail cannot be sent: " + words)
	}
	switch {
	case len(m.ID) > maxID || !idText.MatchString(m.ID):
		return wrong("id", "its name is not made of letters, digits and . _ - alone.")
	case !ValidAddress(m.To):
		return wrong("to", "the recipient is not one plain address like ada@example.com.")
	case strings.TrimSpace(m.Subject) == "" || !headerText(m.Subject):
		return wrong("subject", "its subject is empty, longer than 250 bytes, or has characters that no subject may have.")
	case m.Text == "" || !utf8.ValidString(m.Text):
		return wrong("text", "its text is empty or not UTF-8.")
	case !utf8.ValidString(m.HTML):
		return wrong("html", "its HTML is not UTF-8.")
	case m.Language != "" && !languageTag.MatchString(m.Language):
		return wrong("language", "its language is not a tag like en or pt-BR.")
	case m.At.IsZero():
		return wrong("at", "it has no date.")
	}
	if m.From == "" {
		return nil
	}
	if _, why := parseMailbox(m.From); why != "" {
		return wrong("from", "the sender "+why+".")
	}
	return nil
}

// compose writes the message as it goes over the wire, but for the dots. It has been checked.
func (m Message) compose(from mailbox) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := msg.FromFormat(literal(from.name), from.addr); err != nil {
		return nil, err
	}
	if err := msg.To(m.To); err != nil {
		return nil, err
	}
	_, domain, _ := strings.Cut(from.addr, "@")
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDateWithValue(m.At.UTC())
	msg.Subject(literal(m.Subject))
	// So that nobody's holiday notice answers a code (RFC 3834, section 5).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	if m.Language != "" {
		msg.SetGenHeader(gomail.HeaderContentLang, m.Language)
	}
	msg.SetBodyString(gomail.TypeTextPlain, lineEnds.Replace(m.Text))
	if m.HTML != "" {
		msg.AddAlternativeString(gomail.TypeTextHTML, lineEnds.Replace(m.HTML))
	}
	var out bytes.Buffer
	if _, err := msg.WriteTo(&out); err != nil {
		return nil, fmt.Errorf("compose: %w", err)
	}
	return out.Bytes(), nil
}

// Subject cuts a text to what a subject may be long.
func Subject(text string) string {
	if len(text) <= maxHeader {
		return text
	}
	end := maxHeader - len("…")
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}

// headerText says whether s may stand in a header that people read. Besides controls, it refuses what
// ends a line elsewhere and what turns the direction of the text around it, and with it an address.
func headerText(s string) bool {
	return len(s) <= maxHeader && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r >= '\u202A' && r <= '\u202E'
	})
}

// lineEnds makes every end of a line one byte: the encoder of the standard library swallows the next one after a lone
// carriage return and a letter that is not ASCII.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// literal is a text of a header that is read as it was written: readers would decode what looks like an encoded word
// (RFC 2047), even between quotes.
func literal(s string) string { return strings.ReplaceAll(oneSpaced(s), "=?", "= ?") }

// oneSpaced leaves one space where there are several: folded at the wrong one, they would become a line
// of nothing but spaces, which some readers take for the end of the headers.
func oneSpaced(s string) string { return strings.Join(strings.Fields(s), " ") }
