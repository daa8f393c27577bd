package apptest

import (
	"regexp"
	"testing"

	"sallyport/internal/notify"
)

// MessagesTo waits until everything that was queued is settled, and returns the messages to an address, the newest
// first. It fails the test unless there are n.
func (s *Server) MessagesTo(tb testing.TB, to string, n int) []notify.Received {
	tb.Helper()
	var all []notify.Received
	for _, m := range s.Messages(tb) {
		if m.To == to {
			all = append(all, m)
		}
	}
	if len(all) != n {
		tb.Fatalf("%d messages to %s, want %d: %+v", len(all), to, n, all)
	}
	return all
}

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// SentCode is the code in the newest of n messages to an address; of several of one moment, which come in no order, in one that has a code.
func (s *Server) SentCode(tb testing.TB, to string, n int) string {
	tb.Helper()
	all := s.MessagesTo(tb, to, n)
	for _, m := range all {
		if code := sixDigits.FindString(m.Text); code != "" && m.At.Equal(all[0].At) {
			return code
		}
	}
	tb.Fatalf("no code in %+v", all)
	return ""
}
