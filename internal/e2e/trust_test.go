package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
)

const dontAsk = "Don’t ask again for 90 days"

// claimsWindows makes the browser say that it runs on another system than before.
func (b *browser) claimsWindows() {
	b.T.Helper()
	agent := eval[string](b, "navigator.userAgent")
	_, err := chromedp.Call(b.Ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: strings.Replace(agent, "X11; Linux x86_64", "Windows NT 10.0; Win64; x64", 1),
	})
	b.Must(err, "changing the user agent")
}

// TestDontAskAgain: the box is ticked, the next sign-in asks for no code, one on another system does and says why (X15, X16). With the script, a
// double click is one sign-in and no copied cookie.
func TestDontAskAgain(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	for name, bare := range map[string]bool{"with script": !chrometest.NoScript, "without script": chrometest.NoScript} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startDemo(t)
			b := openBrowser(t, d.url, bare)
			b.Open("/sign-in")
			b.signIn(ada, d.passwords[ada])
			b.Press("Set up now")
			phone, _ := b.addDevice("My Phone", d.passwords[ada])
			b.Press("I have saved them")
			b.signOut()

			b.signIn(ada, d.passwords[ada])
			b.Sees("Enter your authentication code", dontAsk, "might still be required if your system environment changes")
			b.Inspect("trust")
			b.Do("ticking the box", chromedp.Click(chrometest.Field(dontAsk)))
			b.Fill("Authentication code", phone.WrongCode(t))
			b.Press("Verify")
			b.Refuses("Enter your authentication code")
			b.Inspect("trust-wrong-code")
			b.Fill("Authentication code", phone.Code(t))
			b.Press("Verify")
			b.Sees("Profile and password")
			b.signOut()

			for range 2 {
				b.Fill("E-mail", ada)
				b.Fill("Password", d.passwords[ada])
				if bare {
					b.Press("Sign in")
				} else {
					b.Leave("pressing twice", chromedp.DoubleClick(chrometest.Control("Sign in")))
				}
				b.Sees("Profile and password", "You are signed in.")
				b.signOut()
			}

			b.claimsWindows()
			b.signIn(ada, d.passwords[ada])
			b.Sees("Enter your authentication code", "your browser runs on another operating system than before", dontAsk)
			b.Inspect("trust-asks-again")

			// Trusted once more, and ended from another session: this one is asked again.
			b.Do("ticking the box", chromedp.Click(chrometest.Field(dontAsk)))
			b.Fill("Authentication code", phone.Code(t))
			b.Press("Verify")
			b.onSettings()
			other := openBrowser(t, d.url, bare)
			other.Open("/sign-in")
			other.signIn(ada, d.passwords[ada])
			other.Sees("Enter your authentication code")
			other.Fill("Authentication code", phone.Code(t))
			other.Press("Verify")
			other.Open("/settings/browsers")
			other.Sees("Trusted browsers", "on Windows")
			other.Inspect("trusted-browsers")
			other.Press("End the trust in all browsers")
			other.Sees("Trusted browsers", "No browser is trusted any more.")
			b.signOut()
			b.signIn(ada, d.passwords[ada])
			b.Sees("Enter your authentication code", dontAsk)
			b.Inspect("trust-ended")
		})
	}
}
