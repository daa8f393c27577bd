package e2e

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// mailed waits for a mail with that subject in the demo's inbox and returns its text.
func (d *demo) mailed(t *testing.T, to, subject string) string {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
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
	tools(t)
	t.Parallel()
	for name, withoutScript := range map[string]bool{"script": false, "no script": noScript} {
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
				b.open(m[1] + "#" + m[2])
				if withoutScript {
					b.fill(field, m[2])
					return
				}
				if got := b.value(field); got != m[2] {
					t.Errorf("the field holds %q, the link %q", got, m[2])
				}
				if at := eval[string](b, "location.href"); strings.Contains(at, "#") || strings.Contains(at, m[2]) {
					t.Errorf("the token is still in the address %s", at)
				}
			}
			b.open("/sign-in")
			b.press("Forgotten your password?")
			b.sees("Forgotten your password?")
			b.inspect("forgotten")
			b.fill("E-mail", ada)
			b.press("Send the mail")
			b.sees("Look into your mailbox")
			b.inspect("forgotten-sent")
			follow(d.mailed(t, ada, "Choose a new password"), "Token from the mail")
			b.inspect("new-password")
			b.fill("New password", chosen)
			b.press("Change password")
			b.sees("Sign in", "Your new password is in force.")

			b.signIn(ada, chosen)
			b.open("/settings/email")
			b.sees("Change e-mail address")
			b.inspect("change-email")
			b.fill("New e-mail address", fresh)
			b.fill("Password", chosen)
			b.press("Send the mail")
			b.sees("Profile and password", "A mail is on its way to the new address.")
			follow(d.mailed(t, fresh, "Confirm your new e-mail address"), "Token from the mail")
			b.inspect("confirm-email")
			b.fill("Password", chosen)
			b.press("Confirm this address")
			b.sees("Profile and password", "Your new e-mail address is in force", fresh)
			b.inspect("profile-new-email")
		})
	}
}
