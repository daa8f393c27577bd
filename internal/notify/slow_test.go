package notify_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// TestASlowServerHoldsUpNobodyElse is F12: one account's mail hangs, more messages than there are hands; another's
// goes out, and so does a text of the account itself.
func TestASlowServerHoldsUpNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, f factor.Stored) {
		other, err := account.Create(t.Context(), w.DB, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		eve := w.AddUser(t, other, "eve@other.test", "Eve", user.Member)
		release := make(chan struct{})
		hanging := make(chan struct{}, 10*notify.AtOnce)
		quick := make(chan string, 10*notify.AtOnce)
		g.answer = func(to string) error {
			if to == w.Ada.Email {
				hanging <- struct{}{}
				<-release
				return nil
			}
			quick <- to
			return nil
		}
		for range 2 * notify.AtOnce {
			tell(t, w, w.Ada)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Notify.Run(ctx, ctx) }()
		defer func() { close(release); cancel(); <-done }()
		for range notify.PerAccount {
			<-hanging
		}
		tell(t, w, eve)
		send(t, w, f, "ses_1")
		deadline := time.After(time.Minute)
		for range 2 {
			select {
			case to := <-quick:
				if to != eve.Email && to != number {
					t.Errorf("sent to %s", to)
				}
			case <-deadline:
				t.Fatal("another account's mail, or a text, waits for the slow server")
			}
		}
		if n := len(hanging); n != 0 {
			t.Errorf("%d more of the slow server's hang than one account may", n)
		}
	})
}

// TestSlowServersHoldUpNobodyElse: the servers of as many accounts hang as take all hands between them; another account's mail goes out.
func TestSlowServersHoldUpNobodyElse(t *testing.T) {
	each(t, func(t *testing.T, w *domaintest.World, g *gateway, _ factor.Stored) {
		release := make(chan struct{})
		hanging := make(chan struct{}, 10*notify.AtOnce)
		quick := make(chan string, 10)
		g.answer = func(to string) error {
			if to == w.Ada.Email {
				quick <- to
				return nil
			}
			hanging <- struct{}{}
			<-release
			return nil
		}
		for i := range notify.AtOnce / notify.PerAccount {
			a, err := account.Create(t.Context(), w.DB, w.Clock.Now(), fmt.Sprint("slow", i), "Slow", audit.Operator())
			if err != nil {
				t.Fatal(err)
			}
			u := w.AddUser(t, a, fmt.Sprintf("slow%d@other.test", i), "Slow", user.Member)
			for range 2 * notify.PerAccount {
				tell(t, w, u)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); w.Notify.Run(ctx, ctx) }()
		defer func() { close(release); cancel(); <-done }()
		for range notify.AtOnce {
			<-hanging
		}
		tell(t, w, w.Ada)
		w.Clock.Advance(notify.SlowAfter)
		select {
		case <-quick:
		case <-time.After(time.Minute):
			t.Error("another account's mail waits for the slow servers")
		}
	})
}
