package notify

import (
	"context"
	"slices"
	"sync"
	"time"

	"sallyport/internal/mail"
	"sallyport/internal/sms"
)

// Inbox is where a demo's messages go instead of to people: it keeps what would be sent
// and sends nothing. Make it with NewInbox; it is safe for concurrent use.
type Inbox struct {
	now func() time.Time

	mu  sync.Mutex // guards all
	all []Received // as they came
}

// inboxMost bounds what is kept; the oldest go first.
const inboxMost = 500

// Received is a message as it would have arrived.
type Received struct {
	Channel string    `json:"channel"` // "mail" or "sms"
	To      string    `json:"to"`
	Subject string    `json:"subject"` // of a mail
	Text    string    `json:"text"`
	At      time.Time `json:"at"` // the Date of a mail, the arrival of a text
}

// NewInbox makes an empty inbox.
func NewInbox(now func() time.Time) *Inbox { return &Inbox{now: now} }

// Messages lists what has arrived, the newest first, as mail programs do: by the Date, since what is sent at once may overtake.
func (b *Inbox) Messages() []Received {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := slices.Clone(b.all)
	slices.Reverse(all)
	slices.SortStableFunc(all, func(a, b Received) int { return b.At.Compare(a.At) })
	return all
}

func (b *Inbox) keep(r Received) {
	b.mu.Lock()
	defer b.mu.Unlock()
	r.At = r.At.UTC()
	b.all = append(b.all, r)
	if len(b.all) > inboxMost {
		b.all = slices.Delete(b.all, 0, len(b.all)-inboxMost)
	}
}

// Mail is the inbox as a mail.Sender.
func (b *Inbox) Mail() mail.Sender { return inboxMail{b} }

// SMS is the inbox as an sms.Sender.
func (b *Inbox) SMS() sms.Sender { return inboxSMS{b} }

type inboxMail struct{ b *Inbox }

// Send keeps the mail.
func (i inboxMail) Send(_ context.Context, m mail.Message) error {
	i.b.keep(Received{Channel: "mail", To: m.To, Subject: m.Subject, Text: m.Text, At: m.At})
	return nil
}

type inboxSMS struct{ b *Inbox }

// Send keeps the text.
func (i inboxSMS) Send(_ context.Context, m sms.Message) (sms.Accepted, error) {
	i.b.keep(Received{Channel: "sms", To: m.To, Text: m.Text, At: i.b.now()})
	return sms.Accepted{}, nil
}
