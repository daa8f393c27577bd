package passkey_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// soak is the count for a night if SALLYPORT_SOAK is set, else the one for every day.
func soak(every, night int) int {
	if os.Getenv("SALLYPORT_SOAK") != "" {
		return night
	}
	return every
}

// enrolled gives somebody a passkey.
func enrolled(tb testing.TB, w *domaintest.World, u user.User, k *keytest.Key) (factorID string) {
	tb.Helper()
	factorID, _, _ = w.AddPasskey(tb, w.Browse(tb, u), k, "")
	return factorID
}

// door is where an answer is shown.
type door struct {
	name string
	ask  func() (options []byte, ceremony string)
	show func(answer, ceremony string) error
}

// secondDoor is the one after the password.
func secondDoor(tb testing.TB, w *domaintest.World, u user.User) door {
	tb.Helper()
	ctx := context.Background()
	cookie := w.Password(tb, u).Cookie
	return door{
		"after the password",
		func() ([]byte, string) {
			options, ceremony, err := w.SignIn.AskPasskey(ctx, cookie)
			if err != nil {
				tb.Fatalf("ask: %v", err)
			}
			return options, ceremony
		},
		func(answer, ceremony string) error {
			_, err := w.SignIn.Verify(ctx, cookie, signin.Attempt{Kind: factor.Passkey, Code: answer, Ceremony: ceremony}, domaintest.By)
			return err
		},
	}
}

// aloneDoor is the sign-in with nothing else.
func aloneDoor(tb testing.TB, w *domaintest.World) door {
	tb.Helper()
	ctx := context.Background()
	return door{
		"alone",
		func() ([]byte, string) {
			options, ceremony, err := w.SignIn.AskPasskeyAlone(ctx)
			if err != nil {
				tb.Fatalf("ask: %v", err)
			}
			return options, ceremony
		},
		func(answer, ceremony string) error {
			_, err := w.SignIn.Passkey(ctx, signin.PasskeyCredentials{Ceremony: ceremony, Response: answer}, domaintest.By)
			return err
		},
	}
}

// stepDoor is the step within a session that asks again.
func stepDoor(tb testing.TB, w *domaintest.World, b domaintest.Browser) door {
	tb.Helper()
	ctx := context.Background()
	return door{
		"in a session",
		func() ([]byte, string) {
			options, ceremony, err := w.Profile.AskPasskey(ctx, b.Signed)
			if err != nil {
				tb.Fatalf("ask: %v", err)
			}
			return options, ceremony
		},
		func(answer, ceremony string) error {
			return w.Profile.ProveFactor(ctx, b.Signed, answer, ceremony, b.As())
		},
	}
}

// why is what the log says of a refusal.
func why(tb testing.TB, err error) string {
	tb.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Cause == nil {
		tb.Errorf("%v has no cause", err)
		return ""
	}
	reason, _, _ := strings.Cut(e.Cause.Error(), "\n")
	return reason
}

// recorded are the reasons that the audit log has of this millisecond.
func recorded(tb testing.TB, w *domaintest.World) (reasons []string) {
	tb.Helper()
	events, err := audit.List(context.Background(), w.DB, w.Acme.ID, 1000)
	if err != nil {
		tb.Fatal(err)
	}
	for _, e := range events {
		if e.Action == audit.PasskeyRefused && e.At.UnixMilli() == w.Clock.Now().UnixMilli() {
			reasons = append(reasons, e.Detail["reason"])
		}
	}
	return reasons
}

// refusedAs demands that everybody hears the same of a refusal, and that both logs say why.
func refusedAs(tb testing.TB, w *domaintest.World, err error, want string, audited bool) {
	tb.Helper()
	defer func() {
		w.Clock.Advance(time.Millisecond) // so that the next one stands out in the log
		for _, u := range []user.User{w.Ada, w.Grace} {
			if err := w.DB.Run(context.Background(), throttle.Clear(throttle.Key{AccountID: w.Acme.ID, Subject: "passkey:" + u.ID + ":" + want})); err != nil {
				tb.Error(err)
			}
		}
	}()
	if !errors.Is(err, factor.ErrPasskey) || errs.From(err).Message != factor.ErrPasskey.Message {
		tb.Errorf("was answered with %v, want the one refusal", err)
		return
	}
	if got := why(tb, err); got != want {
		tb.Errorf("was refused for %q, want %q (%v)", got, want, err)
	}
	if got := recorded(tb, w); audited && (len(got) != 1 || got[0] != want) || !audited && len(got) != 0 {
		tb.Errorf("the audit log says %q of a refusal for %q", got, want)
	}
}
