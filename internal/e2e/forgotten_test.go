package e2e

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/chrometest"
)

// mailed waits for a mail with that subject in the demo's inbox and returns its text.
func (d *demo) mailed(t *testing.T, to, subject string) string {
	t.Helper()
	for end := time.Now().Add(chrometest.Patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		answer, err := http.Get(d.url + "/demo/inbox?format=json")
		if err != nil {
			t.Fatal(err)
		}
		var all []struct{ To, Subject, Text string }
		err = json.NewDecoder(answer.Body).Decode(&all)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range all {
			if m.To == to && m.Subject == subject {
				return m.Text
			}
		}
	}
	t.Fatalf("no mail %q came to %s", subject, to)
	return ""
}

var link = regexp.MustCompile(`https?://\S+?(/\S*)#([0-9a-z]{26})`)

// TestForgotten chooses a new password, then a new address, each by the link in the mail: the
// script moves the token from the link into the field and out of the address; without it one pastes.
func TestForgotten(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	for name, withoutScript := range map[string]bool{"script": false, "no script": chrometest.NoScript} {
		t.Run(name, func(t *testing.T) {
			const chosen, fresh = "nine quiet harbour cranes", "lovelace@example.test"
			d := startDemo(t)
			b := openBrowser(t, d.url, withoutScript)
			follow := func(mail, field string) {
				t.Helper()
				m := link.FindStringSubmatch(mail)
				if m == nil {
					t.Fatalf("no link is in %s", mail)
				}
				b.Open(m[1] + "#" + m[2])
				if withoutScript {
					b.Fill(field, m[2])
					return
				}
				if got := b.Value(field); got != m[2] {
					t.Errorf("the field holds %q, the link %q", got, m[2])
				}
				if at := eval[string](b, "location.href"); strings.Contains(at, "#") || strings.Contains(at, m[2]) {
					t.Errorf("the token is still in the address %s", at)
				}
			}
			b.Open("/sign-in")
			b.Press("Forgotten your password?")
			b.Sees("Forgotten your password?")
			b.Inspect("forgotten")
			b.Fill("E-mail", ada)
			b.Press("Send the mail")
			b.Sees("Look into your mailbox")
			b.Inspect("forgotten-sent")
			follow(d.mailed(t, ada, "Choose a new password"), "Token from the mail")
			b.Inspect("new-password")
			b.Fill("New password", chosen)
			b.Press("Change password")
			b.Sees("Sign in", "Your new password is in force.")

			b.signIn(ada, chosen)
			b.Open("/settings/email")
			b.Sees("Change e-mail address")
			b.Inspect("change-email")
			b.Fill("New e-mail address", fresh)
			b.Fill("Password", chosen)
			b.Press("Send the mail")
			b.Sees("Profile and password", "A mail is on its way to the new address.")
			follow(d.mailed(t, fresh, "Confirm your new e-mail address"), "Token from the mail")
			b.Inspect("confirm-email")
			b.Fill("Password", chosen)
			b.Press("Confirm this address")
			b.Sees("Profile and password", "Your new e-mail address is in force", fresh)
			b.Inspect("profile-new-email")
		})
	}
}
