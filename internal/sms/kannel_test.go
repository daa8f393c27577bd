package sms_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/sms"
	"sallyport/internal/sms/kanneltest"
)

// codeText is what this package is for: a text whose last line a browser reads.
const codeText = "Your code for Acme is 123456.\n\n@login.example.com #123456"

// texts are sent through each real gateway.
var texts = map[string]string{
	"an origin-bound code": codeText,
	"umlauts":              "Ihr Schlüssel für Öl & Käse: 123456 (50 % + 1) €[]{}~^\\|_$\n\n@login.example.com #123456",
	"Cyrillic":             "Код 123456\n\n@login.example.com #123456",
	"an emoji":             "👍 123456",
}

func message(text string) sms.Message {
	return sms.Message{ID: "sms_0123456789", To: "+436601234567", Text: text}
}

func throughKannel(t *testing.T, setting string, o sms.Options) *sms.Gateway {
	t.Helper()
	d, err := sms.Parse(setting)
	if err != nil {
		t.Fatal(errs.From(err).Message)
	}
	g, err := sms.NewGateway(*d.HTTP, o)
	if err != nil {
		t.Fatal(errs.From(err).Message)
	}
	return g
}

// heard is a receipt, or why it was none.
type heard struct {
	r   sms.Receipt
	err error
}

// listen is a server for receipts: its options, and what it hears once the gateway is set.
func listen(t *testing.T) (o sms.Options, g *atomic.Pointer[sms.Gateway], receipts <-chan heard) {
	t.Helper()
	all := make(chan heard, 100)
	g = new(atomic.Pointer[sms.Gateway])
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, err := g.Load().Receipt(r)
		all <- heard{got, err}
	}))
	t.Cleanup(server.Close)
	return sms.Options{ReceiptURL: server.URL + "/sms/receipts"}, g, all
}

// await returns the receipt with the state. Kannel says that the centre took a message and that
// it was delivered, in whatever order.
func await(t *testing.T, receipts <-chan heard, state sms.State) sms.Receipt {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case h := <-receipts:
			if h.err != nil || h.r.ID != "sms_0123456789" {
				t.Fatalf("the receipt is %+v, %v", h.r, h.err)
			}
			if h.r.State == state {
				return h.r
			}
		case <-limit:
			t.Fatalf("no receipt says %s", state)
		}
	}
}

// TestKannel sends through a real gateway to its fake message centre, and hears from it.
func TestKannel(t *testing.T) {
	t.Parallel()
	o, heard, receipts := listen(t)
	k := kanneltest.Start(t, kanneltest.Options{Allowed: "+43"})
	g := throughKannel(t, k.Setting("Acme"), o)
	heard.Store(g)

	if _, err := g.Send(t.Context(), message(codeText)); err != nil {
		t.Fatal(err)
	}
	want := kanneltest.Text{From: "Acme", To: "+436601234567", Type: "text", Text: codeText}
	if got := k.WaitText(t, "+436601234567", "#123456$"); got != want {
		t.Errorf("%+q arrived, want %+q", got, want)
	}
	await(t, receipts, sms.Delivered)

	m := message(texts["umlauts"])
	m.To = "+436601234568"
	if _, err := g.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := k.WaitText(t, m.To, "#123456$"); got.Text != m.Text || got.Type != "text" {
		t.Errorf("%+q arrived, want %q", got, m.Text)
	}

	m.Text, m.To = "Код 123456", "+436601234569"
	if _, err := g.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if got := k.WaitText(t, m.To, ""); got.Type != "ucs-2" || got.Text != "%04%1A%04%3E%044%00+%001%002%003%004%005%006" {
		t.Errorf("%+q arrived", got)
	}

	m.To = "+15551234567"
	if _, err := g.Send(t.Context(), m); !errors.Is(err, sms.ErrNumber) {
		t.Errorf("a number that Kannel denies: %v", err)
	}
	_, err := throughKannel(t, k.WrongPassword("Acme"), o).Send(t.Context(), message(codeText))
	if !errors.Is(err, sms.ErrLogin) || strings.Contains(err.Error(), "guess") {
		t.Errorf("a wrong password: %v", err)
	}
}

// TestKannelAgreesOnOctets compares our SMPP client with another: Kannel's. Given the same texts,
// both must bring the message centre the same octets. The receipt goes the long way back.
func TestKannelAgreesOnOctets(t *testing.T) {
	t.Parallel()
	centre := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{Receipts: true})
	o, heard, receipts := listen(t)
	k := kanneltest.Start(t, kanneltest.Options{SMSC: centre})
	g := throughKannel(t, k.Setting("Acme"), o)
	heard.Store(g)
	own := kanneltest.StartSMSC(t, kanneltest.SMSCOptions{})
	s := bound(t, own.Setting("Acme"), sms.Options{}, nil)
	n := 0
	for name, text := range texts {
		for _, sender := range []sms.Sender{g, s} {
			if _, err := sender.Send(t.Context(), message(text)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		n++
		theirs, ours := centre.WaitNth(t, "submit_sm", n), own.WaitNth(t, "submit_sm", n)
		if theirs.Hex != ours.Hex || theirs.DataCoding != ours.DataCoding || theirs.Source != ours.Source || theirs.Destination != ours.Destination {
			t.Errorf("%s: Kannel sends\n%+v, we send\n%+v", name, theirs, ours)
		}
		// Behind "text:" an SMPP receipt repeats the message, which is nobody's business.
		r := await(t, receipts, sms.Delivered)
		if r.Reference != theirs.MessageID || !strings.HasPrefix(r.Detail, "id:"+theirs.MessageID) || strings.Contains(r.Detail, "EXPIRED") {
			t.Errorf("%s: the receipt is %+v, the centre called it %s", name, r, theirs.MessageID)
		}
	}
}
