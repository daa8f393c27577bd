package signin_test

import (
	"errors"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// TestRightPasswordWaitsForTheAddress: of many guesses at one moment, all of which saw no wait, none is free (B15, D2). The address's
// wait that began meanwhile holds the right one too, though the person's own counter, which others of the same address do not touch,
// lets it pass; who is locked does not hear either that it was right.
func TestRightPasswordWaitsForTheAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		beta, err := account.Create(t.Context(), d, w.Clock.Now(), "beta", "Beta", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		w.AddUser(t, beta, w.Grace.Email, "Grace", user.Member)
		guess := func(slug, plain string, meanwhile func()) (signin.Step, error) {
			return w.SignIn.Password(t.Context(), signin.Credentials{
				Account: slug, Email: w.Grace.Email, Password: plain, Known: func(string, string) bool { return true },
				Trusted: func(string, string) string { meanwhile(); return "" }, // asked after the counters were read
			}, domaintest.By)
		}
		burst := func() {
			for range 5 {
				if _, err := guess("beta", "not the one", func() {}); !errors.Is(err, signin.ErrCredentials) && !errors.Is(err, throttle.ErrBlocked) {
					t.Fatal(err)
				}
			}
		}
		for _, locked := range []bool{false, true} {
			if locked {
				w.Clock.Advance(throttle.Longest)
				if err := w.Admin.Lock(t.Context(), w.Grace, audit.Operator()); err != nil {
					t.Fatal(err)
				}
			}
			step, err := guess("acme", domaintest.Password, burst)
			if !errors.Is(err, throttle.ErrBlocked) || step.Cookie != "" {
				t.Errorf("locked %t: the right password in the address's wait: state %q, %v, want %v", locked, step.State, err, throttle.ErrBlocked)
			}
			w.Clock.Advance(throttle.Longest)
		}
	})
}
