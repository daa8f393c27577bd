package domaintest

import (
	"regexp"
	"testing"

	"sallyport/internal/notify"
)

// Mailed sends what waits and returns what has arrived at an address, the newest first.
func (w *World) Mailed(tb testing.TB, to string) (found []notify.Received) {
	tb.Helper()
	if _, err := w.Notify.Deliver(tb.Context()); err != nil {
		tb.Fatalf("deliver: %v", err)
	}
	for _, m := range w.Inbox.Messages() {
		if m.To == to {
			found = append(found, m)
		}
	}
	return found
}

var mailedToken = regexp.MustCompile(`(?m)^[0-9a-z]{26}$`)

// TokenIn is the token that stands in a message, as one copies it; "" if none does.
func TokenIn(m notify.Received) string { return mailedToken.FindString(m.Text) }

// MailedToken is the token in the newest message to an address; "" if there is none.
func (w *World) MailedToken(tb testing.TB, to string) string {
	tb.Helper()
	if all := w.Mailed(tb, to); len(all) > 0 {
		return TokenIn(all[0])
	}
	return ""
}
