// Package sms hands text messages to a gateway: over HTTP ([Gateway]: Twilio, Vonage, Kannel, or
// any other by description) or over SMPP 3.4 ([SMPP]).
//
// What always holds: a text arrives as it was written or not at all, for its last line is an
// origin-bound code that a browser reads ("@login.example.com #123456"); nothing is sent twice by
// this package, only a caller repeats, and only what [Temporary] says may be repeated; no password
// of a gateway and no text of a message appears in an error or in the log.
//
// Trusted is the settings' author, who says which gateway to use. Not trusted is what comes
// back: answers are capped and timed, redirects are not followed, certificates are verified, and
// receipts, which anybody on the network may send, are checked and tell nothing but a state.
package sms

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Message is one text for one telephone.
type Message struct {
	ID   string // ours: 8 to 64 of A–Z, a–z, 0–9, "-" and "_". It names the message in a receipt's address, so it must be hard to guess
	To   string // E.164, with the plus sign: "+436601234567"
	Text string
}

// Sender takes messages. [Gateway] and [SMPP] are senders; both may be used at once by many.
type Sender interface {
	// Send returns when the gateway has taken the message, which does not mean that it arrived.
	// After an error that is [Temporary] the message may have been taken all the same.
	Send(ctx context.Context, m Message) (Accepted, error)
}

// Accepted is what a gateway said when it took a message.
type Accepted struct {
	Reference string // the gateway's name for the message, as receipts give it; empty if it gave none
}

// State is what became of a message.
type State string

// The states. Sent is the only one that another may follow; but receipts overtake each other on
// their way (Kannel's do), so a Sent that comes after another state says nothing.
const (
	Sent      State = "sent"      // on its way: taken, queued, or given to the next network
	Delivered State = "delivered" // the telephone has it
	Failed    State = "failed"    // it will not arrive
)

// Receipt is what a gateway reports later about a message.
type Receipt struct {
	ID        string // Message.ID, if the gateway tells it
	Reference string // Accepted.Reference, if the gateway tells it
	State     State
	Detail    string // the gateway's own word or number for it: short, printable, not trusted
}

var (
	idForm     = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)
	numberForm = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`) // E.164, section 6: at most 15 digits, no leading zero
)

// maxParts is how many short messages one text may become. A code fits in one; the limit keeps a
// mistake in a template from being paid 255 times, which is what the standard would allow.
const maxParts = 6

// check refuses what no gateway may be asked to send.
func (m Message) check() error {
	if !idForm.MatchString(m.ID) {
		return because(ErrText, "the message's id is not 8 to 64 letters, digits, - and _")
	}
	if !numberForm.MatchString(m.To) {
		return because(ErrNumber, "the number is not in E.164 form, + and 7 to 15 digits")
	}
	if m.Text == "" || !utf8.ValidString(m.Text) {
		return because(ErrText, "the text is empty or not UTF-8")
	}
	// Every alphabet has line feeds; other control characters mean something to some gateway.
	if strings.ContainsFunc(m.Text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\r' || r == 0x7F }) {
		return because(ErrText, "the text has control characters")
	}
	if _, parts := Parts(m.Text); len(parts) > maxParts {
		return because(ErrText, "the text is too long: at most six short messages")
	}
	return nil
}

// printable makes a short text from outside fit for a log line or a table: at most limit bytes
// of printable ASCII and letters.
func printable(s string, limit int) string {
	s = strings.Join(strings.Fields(strings.Map(func(r rune) rune {
		if r == utf8.RuneError || r < ' ' || r >= 0x7F && r < 0xA0 || r == '\u2028' || r == '\u2029' || r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' {
			return ' '
		}
		return r
	}, s)), " ")
	if len(s) <= limit {
		return s
	}
	s = s[:limit]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s
}

const maxReference = 128

// reference lets a gateway's name for a message pass if it can stand in a table and in a log.
func reference(s string) string {
	if len(s) > maxReference || !ascii(s) {
		return ""
	}
	return s
}
