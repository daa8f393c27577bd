package domaintest

import (
	"context"
	"testing"

	"sallyport/internal/audit"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// Firefox and its kin are clients as browsers name themselves.
const (
	Firefox   = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	Firefox2  = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0.3) Gecko/20100101 Firefox/141.0.3" // a newer one
	OnWindows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
	Chrome    = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36"
)

// From is the client that says it is agent, at the helpers' address.
func From(agent string) audit.Actor {
	return audit.Actor{Kind: audit.KindNobody, Address: By.Address, UserAgent: agent}
}

// Trust signs somebody in from a client with the code that the phone shows now, with the box ticked, and returns the session and
// the cookie of the trusted browser.
func (w *World) Trust(tb testing.TB, u user.User, p Phone, by audit.Actor) (Browser, string) {
	tb.Helper()
	step := w.Password(tb, u)
	done, err := w.SignIn.Verify(context.Background(), step.Cookie, signin.Attempt{Code: p.Code(w.Clock.Now()), Trust: true}, by)
	if err != nil {
		tb.Fatalf("code of %s: %v", u.Email, err)
	}
	return w.Open(tb, done.Cookie), done.Trusted
}

// SignInTrusted passes the first door for u with a trusted browser's cookie.
func (w *World) SignInTrusted(u user.User, trusted, password string, by audit.Actor) (signin.Step, error) {
	return w.SignIn.Password(context.Background(), signin.Credentials{
		Account: w.Acme.Slug, Email: u.Email, Password: password, Trusted: func(string, string) string { return trusted },
	}, by)
}
