package apptest

import (
	"testing"
	"time"

	"sallyport/internal/config"
	"sallyport/internal/domaintest"
	"sallyport/internal/notify"
	"sallyport/internal/outbox"
)

// WithInbox is a change of settings for Start and Each: messages go to the inbox that
// [Server.Messages] reads. Without it the server has no way to send anything.
func WithInbox(c *config.Config) { c.Demo = true }

// Messages waits until everything that was queued is settled, and lists what has arrived, the newest first.
func (s *Server) Messages(tb testing.TB) []notify.Received {
	tb.Helper()
	ctx, cancel := tb.Context(), time.After(time.Minute)
	for {
		if _, err := s.App.Notify.Deliver(ctx); err != nil { // what the server's own sender has taken, it sends
			tb.Fatalf("deliver: %v", err)
		}
		waiting, _, err := outbox.Depth(ctx, s.DB)
		if err != nil {
			tb.Fatalf("read the outbox: %v", err)
		}
		if waiting == 0 {
			return s.App.Inbox.Messages()
		}
		select {
		case <-cancel:
			tb.Fatalf("%d messages are not sent", waiting)
		case <-time.After(time.Millisecond):
		}
	}
}

// Mail is the newest message to an address, and fails the test if there is none.
func (s *Server) Mail(tb testing.TB, to string) notify.Received {
	tb.Helper()
	for _, m := range s.Messages(tb) {
		if m.To == to {
			return m
		}
	}
	tb.Fatalf("nothing was sent to %s", to)
	return notify.Received{}
}

// MailedToken is the token in the newest message to an address that has one, as one copies it: what was
// queued together may arrive in any order.
func (s *Server) MailedToken(tb testing.TB, to string) string {
	tb.Helper()
	for _, m := range s.Messages(tb) {
		if m.To != to {
			continue
		}
		if token := domaintest.TokenIn(m); token != "" {
			return token
		}
	}
	tb.Fatalf("no token was sent to %s", to)
	return ""
}
