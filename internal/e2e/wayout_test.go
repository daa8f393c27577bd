package e2e

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/chrometest"
)

var mailedToken = regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{26}\b`)

// inbox waits for the newest message of the demo with the subject, and gives its text.
func (b *browser) inbox(base, subject string) (text string) {
	b.T.Helper()
	b.wait("the mail "+subject, func() bool {
		answer, err := http.Get(base + "/demo/inbox?format=json")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		var all []struct{ Subject, Text string }
		if err := json.NewDecoder(answer.Body).Decode(&all); err != nil {
			return false
		}
		for _, m := range all {
			if m.Subject == subject {
				text = m.Text
				return true
			}
		}
		return false
	})
	return text
}

// TestDisableAtTheCodePage: the phone is lost, the mailbox is not (P13–P15), with and without script.
func TestDisableAtTheCodePage(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	for email, withoutScript := range map[string]bool{ada: false, grace: true} {
		b := openBrowser(t, d.url, withoutScript)
		b.Open("/sign-in")
		b.signIn(email, d.passwords[email])
		b.Press("Set up now")
		b.addDevice("My Phone", d.passwords[email])
		b.Press("I have saved them")
		b.signOut()
		b.signIn(email, d.passwords[email])
		b.Press("Disable two-factor authentication")
		b.Sees("Disable two-factor authentication", "we mail a token to "+email)
		b.Inspect("disable")
		b.Press("Mail the token")
		b.Sees("Disable two-factor authentication", "A token is on its way")
		b.Inspect("disable-token")
		token := mailedToken.FindString(b.inbox(d.url, "Disable two-factor authentication"))
		b.Fill("Token from the mail", strings.Repeat("0", 26))
		b.Press("Disable two-factor authentication")
		b.Refuses("Disable two-factor authentication", "That token does not work")
		b.Inspect("disable-wrong")
		b.Fill("Token from the mail", token)
		b.Press("Disable two-factor authentication")
		b.Sees("Make your account safer", "Two-factor authentication is off.")
		b.Inspect("disabled")
	}
}

// TestLinkFillsTheField: the token of a mailed link stands after the #. The script moves it into the field and out of the address.
func TestLinkFillsTheField(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	token := strings.Repeat("ab", 13)
	b.Open("/sign-in/keep#" + token)
	if got := b.Value("Token from the mail"); got != token || strings.Contains(b.Where(), token) {
		t.Errorf("the field holds %q at %s", got, b.Where())
	}
	b.Inspect("keep")
	b.Press("Keep it on")
	b.Refuses("Keep two-factor authentication on", "That token does not work")
}
