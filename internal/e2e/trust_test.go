package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

const dontAsk = "Don’t ask again for 90 days"

// claimsWindows makes the browser say that it runs on another system than before.
func (b *browser) claimsWindows() {
	b.t.Helper()
	agent := eval[string](b, "navigator.userAgent")
	_, err := chromedp.Call(b.ctx, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{
		UserAgent: strings.Replace(agent, "X11; Linux x86_64", "Windows NT 10.0; Win64; x64", 1),
	})
	b.must(err, "changing the user agent")
}

// TestDontAskAgain: the box is ticked, the next sign-in asks for no code, one on another system does and says why (X15, X16). With the script, a
// double click is one sign-in and no copied cookie.
func TestDontAskAgain(t *testing.T) {
	tools(t)
	t.Parallel()
	for name, bare := range map[string]bool{"with script": !noScript, "without script": noScript} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := startDemo(t)
			b := openBrowser(t, d.url, bare)
			b.open("/sign-in")
			b.signIn(ada, d.passwords[ada])
			b.press("Set up now")
			phone, _ := b.addDevice("My Phone", d.passwords[ada])
			b.press("I have saved them")
			b.signOut()

			b.signIn(ada, d.passwords[ada])
			b.sees("Enter your authentication code", dontAsk, "might still be required if your system environment changes")
			b.inspect("trust")
			b.do("ticking the box", chromedp.Click(field(dontAsk)))
			b.fill("Authentication code", phone.wrongCode(t))
			b.press("Verify")
			b.refuses("Enter your authentication code")
			b.inspect("trust-wrong-code")
			b.fill("Authentication code", phone.code(t))
			b.press("Verify")
			b.sees("Profile and password")
			b.signOut()

			for range 2 {
				b.fill("E-mail", ada)
				b.fill("Password", d.passwords[ada])
				if bare {
					b.press("Sign in")
				} else {
					b.leave("pressing twice", chromedp.DoubleClick(control("Sign in")))
				}
				b.sees("Profile and password", "You are signed in.")
				b.signOut()
			}

			b.claimsWindows()
			b.signIn(ada, d.passwords[ada])
			b.sees("Enter your authentication code", "your browser runs on another operating system than before", dontAsk)
			b.inspect("trust-asks-again")

			// Trusted once more, and ended from another session: this one is asked again.
			b.do("ticking the box", chromedp.Click(field(dontAsk)))
			b.fill("Authentication code", phone.code(t))
			b.press("Verify")
			b.onSettings()
			other := openBrowser(t, d.url, bare)
			other.open("/sign-in")
			other.signIn(ada, d.passwords[ada])
			other.sees("Enter your authentication code")
			other.fill("Authentication code", phone.code(t))
			other.press("Verify")
			other.open("/settings/browsers")
			other.sees("Trusted browsers", "on Windows")
			other.inspect("trusted-browsers")
			other.press("End the trust in all browsers")
			other.sees("Trusted browsers", "No browser is trusted any more.")
			b.signOut()
			b.signIn(ada, d.passwords[ada])
			b.sees("Enter your authentication code", dontAsk)
			b.inspect("trust-ended")
		})
	}
}
