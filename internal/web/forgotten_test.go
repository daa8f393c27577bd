package web_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"sallyport/internal/apptest"
)

// TestForgottenPasswordsOfANetwork: every address that is asked for costs rows that stand for hours, known or not, so a flood of them from one
// network is stopped before it costs any. A minute later the network may ask again.
func TestForgottenPasswordsOfANetwork(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.Client(t)
		ask := func(i int) *apptest.Page {
			return c.Post("/forgot-password", "account", "", "email", fmt.Sprintf("x%d@acme.test", i))
		}
		asked := 0
		for ; asked < 200; asked++ {
			if p := ask(asked); p.Status != http.StatusSeeOther {
				break
			}
		}
		if asked != 60 {
			t.Fatalf("%d may be asked for in a minute", asked)
		}
		before := s.DB.Stats()
		for i := range 200 {
			ask(1000+i).Sees(http.StatusTooManyRequests, "Too many new passwords were asked for from your network")
		}
		if n := s.DB.Stats().Transactions - before.Transactions; n > 20 { // of the outbox and the sweeps
			t.Errorf("%d transactions for questions that were refused", n)
		}
		s.Clock.Advance(time.Minute)
		ask(1).Sees(http.StatusSeeOther)
	}, apptest.WithInbox)
}
