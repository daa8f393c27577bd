package e2e

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
)

var mailedToken = regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{26}\b`)

// inbox waits for the newest message of the demo with the subject, and gives its text.
func (b *browser) inbox(base, subject string) (text string) {
	b.t.Helper()
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
	tools(t)
	t.Parallel()
	d := startDemo(t)
	for email, withoutScript := range map[string]bool{ada: false, grace: true} {
		b := openBrowser(t, d.url, withoutScript)
		b.open("/sign-in")
		b.signIn(email, d.passwords[email])
		b.press("Set up now")
		b.addDevice("My Phone", d.passwords[email])
		b.press("I have saved them")
		b.signOut()
		b.signIn(email, d.passwords[email])
		b.press("Disable two-factor authentication")
		b.sees("Disable two-factor authentication", "we mail a token to "+email)
		b.inspect("disable")
		b.press("Mail the token")
		b.sees("Disable two-factor authentication", "A token is on its way")
		b.inspect("disable-token")
		token := mailedToken.FindString(b.inbox(d.url, "Disable two-factor authentication"))
		b.fill("Token from the mail", strings.Repeat("0", 26))
		b.press("Disable two-factor authentication")
		b.refuses("Disable two-factor authentication", "That token does not work")
		b.inspect("disable-wrong")
		b.fill("Token from the mail", token)
		b.press("Disable two-factor authentication")
		b.sees("Make your account safer", "Two-factor authentication is off.")
		b.inspect("disabled")
	}
}

// TestLinkFillsTheField: the token of a mailed link stands after the #. The script moves it into the field and out of the address.
func TestLinkFillsTheField(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	token := strings.Repeat("ab", 13)
	b.open("/sign-in/keep#" + token)
	if got := b.value("Token from the mail"); got != token || strings.Contains(b.where(), token) {
		t.Errorf("the field holds %q at %s", got, b.where())
	}
	b.inspect("keep")
	b.press("Keep it on")
	b.refuses("Keep two-factor authentication on", "That token does not work")
}
