package domaintest

import (
	"context"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/reauth"
	"sallyport/internal/user"
)

// AddAddress gives somebody a confirmed number or mailbox without the way through the
// pages. What was sent for it is not there any more, and an hour has passed, so no limit has been touched.
func (w *World) AddAddress(tb testing.TB, u user.User, k factor.Kind, address string) factor.Stored {
	tb.Helper()
	ctx := context.Background()
	u, err := user.Get(ctx, w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatal(err)
	}
	f := w.BeginAddress(tb, u, k, address)
	if err := w.Codes.Send(ctx, f, f.ID, 0, By.As(u.ID)); err != nil {
		tb.Fatalf("send a code to %s: %v", address, err)
	}
	_, err = w.Factors.Confirm(ctx, u, factor.Try{
		AccountID: u.AccountID, UserID: u.ID, FactorID: f.ID, Code: w.SentCode(tb, u, f.ID), Request: f.ID, By: By.As(u.ID),
	}, 20, func(factor.Match) []db.Stmt { return []db.Stmt{user.RaiseEpoch(u)} })
	if err != nil {
		tb.Fatalf("confirm %s: %v", address, err)
	}
	w.Deliver(tb)
	w.Clock.Advance(brakeSpan)
	return w.Stored(tb, u, f.ID)
}

// brakeSpan is the longest span that package brake looks back over.
const brakeSpan = time.Hour

// BeginAddress begins the enrolment of a number or mailbox and sends nothing.
func (w *World) BeginAddress(tb testing.TB, u user.User, k factor.Kind, address string) factor.Stored {
	tb.Helper()
	now := w.Clock.Now()
	proof, _ := reauth.Recent(u, now, now)
	f, err := w.Factors.Begin(context.Background(), proof, u, factor.New{
		Kind: k, Name: "At " + address[max(0, len(address)-20):], Secret: []byte(address), Address: address, Hint: "•••" + address[len(address)-2:],
	}, 20)
	if err != nil {
		tb.Fatalf("add %s: %v", address, err)
	}
	return w.Stored(tb, u, f.ID)
}

// Stored reads a factor.
func (w *World) Stored(tb testing.TB, u user.User, factorID string) factor.Stored {
	tb.Helper()
	f, err := w.Factors.Stored(context.Background(), u.AccountID, u.ID, factorID)
	if err != nil {
		tb.Fatalf("factor %s: %v", factorID, err)
	}
	return f
}

// SentCode is the code that is alive for a request, as its message says it.
func (w *World) SentCode(tb testing.TB, u user.User, request string) string {
	tb.Helper()
	ctx := context.Background()
	c, err := factor.Sent(ctx, w.DB, u.AccountID, u.ID, request)
	if err != nil {
		tb.Fatalf("code for %s: %v", request, err)
	}
	d, err := w.Factors.Deliver(ctx, u.AccountID, u.ID, c.ID)
	if err != nil {
		tb.Fatalf("code for %s: %v", request, err)
	}
	return d.Code
}

// Other is a code that is not this one.
func Other(code string) string {
	last := '0' + (code[len(code)-1]-'0'+1)%10
	return code[:len(code)-1] + string(rune(last))
}

// Deliver sends all that is due to the inbox.
func (w *World) Deliver(tb testing.TB) {
	tb.Helper()
	for {
		if n, err := w.Notify.Deliver(context.Background()); err != nil {
			tb.Fatalf("deliver: %v", err)
		} else if n == 0 {
			return
		}
	}
}
