package notify_test

import (
	"testing"
	"time"

	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/notify"
	"sallyport/internal/sms"
)

// TestInboxIsByDate: the newest is first even where it overtook, and of two of one instant the one that came last.
func TestInboxIsByDate(t *testing.T) {
	now := domaintest.Start
	b := notify.NewInbox(func() time.Time { return now })
	at := func(subject string, seconds int) {
		t.Helper()
		if err := b.Mail().Send(t.Context(), mail.Message{Subject: subject, At: now.Add(time.Duration(seconds) * time.Second)}); err != nil {
			t.Fatal(err)
		}
	}
	at("2", -2)
	at("4", 1)
	if _, err := b.SMS().Send(t.Context(), sms.Message{Text: "a text"}); err != nil {
		t.Fatal(err)
	}
	at("1", -3)
	at("3", -2)
	var got string
	for _, m := range b.Messages() {
		got += m.Subject + m.Text + " "
	}
	if want := "4 a text 3 2 1 "; got != want {
		t.Errorf("the inbox lists %q, want %q", got, want)
	}
}
