package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestEnforcement is an organisation that comes to require a second factor, as three people live it at once, each before a
// browser of their own: who administers it, Grace who loses her phone, and Mary who is invited. Once the owner
// administers and script runs, once the administrator does and no script runs. Each page is
// inspected in one of the two.
func TestEnforcement(t *testing.T) {
	tools(t)
	t.Parallel()
	for _, c := range []struct {
		name, boss    string
		withoutScript bool
	}{
		{"script", ada, false},
		{"no script", alan, noScript},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := startDemo(t)
			open := func() *watched {
				return &watched{browser: openBrowser(t, d.url, c.withoutScript), withoutScript: c.withoutScript}
			}
			boss, member, guest := open(), open(), open()

			boss.open("/sign-in")
			boss.signIn(c.boss, d.passwords[c.boss])
			boss.press("Set up now")
			phone, _ := boss.addDevice("My Phone", d.passwords[c.boss])
			boss.press("I have saved them")
			boss.open("/admin")
			boss.sees("Overview", "of 38.")
			boss.look("admin", noScript)
			boss.stepsUp(phone)

			boss.requires(14)
			member.open("/sign-in")
			member.signIn(grace, d.passwords[grace])
			member.sees("Set up two-factor authentication", "You have 14 days left.")
			member.look("grace", false)
			member.press("Not now")
			member.onSettings()

			// T8, T10: the grace ends, and with it every session without a second factor.
			boss.requires(0)
			member.wait("the session to end", func() bool { member.open("/settings/sessions"); return member.heading() == "Sign in" })
			member.signIn(grace, d.passwords[grace])
			member.setsUp(d, "Old phone", "Your organisation requires two-factor authentication.")
			member.sees("Sessions", "The browsers in which you are signed in.") // where she wanted to go

			// T12–T14: the phone is lost. She stands at the question for its code until the administrator helps.
			member.signOut()
			member.signIn(grace, d.passwords[grace])
			member.sees("Enter your authentication code")
			boss.finds(grace)
			boss.press("Reset the second factor")
			boss.press("Reset")
			boss.refuses("Reset two-factor authentication")
			boss.look("reset", noScript)
			boss.fill("Reason", "phone fell into the sea")
			boss.press("Reset")
			boss.sees("Grace Hopper", "The two-factor authentication was reset.", "must set up", "Off. They have no device.", "phone fell into the sea")
			boss.look("user-reset", false)
			member.open("/sign-in")
			member.signIn(grace, d.passwords[grace])
			member.setsUp(d, "New phone", "Your two-factor authentication was reset.")
			member.open("/settings/two-factor")
			member.sees("Two-factor authentication", "New phone", "required by your organisation")
			if strings.Contains(member.text(), "Old phone") {
				t.Error("the lost phone is still listed")
			}

			// X13: the new one was left at home.
			boss.finds(grace)
			boss.look("user", noScript)
			boss.press("Give out a backup code")
			boss.look("give-code", noScript)
			boss.fill("Reason", "new phone left at home")
			boss.press("Make a code")
			boss.sees("Pass this backup code on", "It is for Grace Hopper")
			boss.look("given-code", false)
			code := boss.backupCodes()[0]
			boss.press("Done")
			member.signOut()
			member.entersBackupCode(d, code)
			member.onSettings()
			member.signOut()
			member.entersBackupCode(d, code)
			member.refuses("Enter a backup code") // it works once

			boss.invites(d, guest)
			boss.proves()
		})
	}
}

// watched is a browser whose pages are inspected in one of two runs.
type watched struct {
	*browser
	withoutScript bool
}

// look inspects the present page in that one of the two runs.
func (b *watched) look(name string, withoutScript bool) {
	b.t.Helper()
	if b.withoutScript == withoutScript {
		b.inspect(name)
	}
}

// stepsUp proves the second factor again, as sensitive work asks after some minutes.
func (b *watched) stepsUp(phone *phone) {
	b.t.Helper()
	b.open("/settings/confirm?next=/admin/two-factor")
	b.sees("Confirm that it is you")
	b.look("step-up", false)
	b.fill("Authentication code", phone.wrongCode(b.t))
	b.press("Confirm")
	b.refuses("Confirm that it is you")
	b.fill("Authentication code", phone.code(b.t))
	b.press("Confirm")
	b.sees("Two-factor authentication", "How far you are")
}

// requires makes a second factor everybody's duty after so many days, a new member's mailbox proved first.
func (b *watched) requires(days int) {
	b.t.Helper()
	b.open("/admin/two-factor")
	b.look(fmt.Sprint("two-factor-", days), days > 0)
	b.do("choosing", clickOn(`//input[@id="enforcement-required"]`), chromedp.SendKeys(chromedp.Search(`//select[@id="mailed_set_up"]`), "Yes"))
	b.fill("Days of grace", "many")
	b.press("Save")
	b.refuses("Two-factor authentication", "Enter a whole number of days from 0 to 90.")
	b.fill("Days of grace", fmt.Sprint(days))
	b.press("Save")
	b.sees("What this does now", "Nothing is saved yet.", "Nobody’s devices and codes are lost by it.")
	b.look(fmt.Sprint("preview-", days), days > 0)
	b.press("Confirm")
	b.sees("Two-factor authentication", "The settings are saved.")
}

// setsUp goes from the password to being signed in: the token from the mail, another method and back, the QR code, the backup codes.
func (b *watched) setsUp(d *demo, device, why string) {
	b.t.Helper()
	b.sees("Set up two-factor authentication", why)
	if b.has("Mail the token") {
		b.press("Mail the token")
	}
	b.look("set-up-token", false)
	token := ""
	b.wait("a token of this sign-in", func() bool {
		token = mailedToken.FindString(b.inbox(d.url, "Set up two-factor authentication"))
		return token != d.token
	})
	d.token = token
	b.fill("Token from the mail", token)
	b.press("Next")
	b.sees("Set up two-factor authentication", "Or another way")
	b.look("set-up-app", noScript)
	b.leave("choosing a number", clickOn(`//a[contains(@href, "method=sms")]`))
	b.look("set-up-number", false)
	b.leave("choosing an app", clickOn(`//a[contains(@href, "method=totp")]`))
	b.fill("Device name", device)
	b.press("Add")
	b.sees("Scan the QR code", device)
	b.fill("Authentication code", scan(b.t, b.picture()).code(b.t))
	b.press("Verify")
	if codes := b.backupCodes(); len(codes) != 10 {
		b.t.Fatalf("%d backup codes, want ten\non %s", len(codes), b.where())
	}
	b.press("I have saved them")
}

// finds looks somebody up and opens their page.
func (b *watched) finds(email string) {
	b.t.Helper()
	b.open("/admin/users")
	b.look("users", noScript)
	b.fill("Search", email)
	b.press("Show")
	b.sees("Users", email)
	if n := eval[int](b.browser, `document.querySelectorAll("table.list tbody tr").length`); n != 1 {
		b.t.Errorf("the search for %s finds %d people", email, n)
	}
	b.look("users-found", false)
	b.press(email)
}

// entersBackupCode signs Grace in with one.
func (b *watched) entersBackupCode(d *demo, code string) {
	b.t.Helper()
	b.signIn(grace, d.passwords[grace])
	b.press("Use a backup code")
	b.fill("Backup code", code)
	b.press("Verify")
}

// invites asks somebody in, who comes, and in the end is locked, unlocked and removed.
func (b *watched) invites(d *demo, guest *watched) {
	b.t.Helper()
	const mary, password = "mary.jackson@acme.test", "seven unrelated ferry bells"
	b.open("/admin/users")
	b.press("Invite somebody")
	b.look("invite", noScript)
	b.fill("E-mail", grace)
	b.press("Invite")
	b.refuses("Invite somebody")
	b.fill("E-mail", mary)
	b.fill("Their name", "Mary Jackson")
	b.press("Invite")
	b.sees("Users", "The invitation is on its way.")

	token := mailedToken.FindString(b.inbox(d.url, "You are invited"))
	if guest.withoutScript {
		guest.open("/invitation")
		guest.fill("Token from the mail", token)
	} else {
		guest.open("/invitation#" + token) // as the link in the mail
	}
	guest.look("invitation", false)
	guest.fill("New password", "password")
	guest.press("Join")
	guest.refuses("Join your organisation")
	guest.look("invitation-refused", noScript)
	guest.fill("New password", password)
	guest.press("Join")
	guest.sees("Sign in", "Your password is set.")
	guest.signIn(mary, password)
	guest.setsUp(d, "Mary’s phone", "Your organisation requires two-factor authentication.")
	guest.onSettings()

	b.finds(mary)
	if b.has("Change the role") { // owners alone make administrators
		b.press("Change the role")
		b.look("role", false)
		b.press("Cancel")
	}
	b.press("Lock the access")
	b.look("lock", noScript)
	b.press("Lock")
	b.sees("Mary Jackson", "The person is locked.")
	guest.wait("the session to end", func() bool { guest.open("/settings"); return guest.heading() == "Sign in" })
	b.press("Unlock the access")
	b.look("unlock", false)
	b.press("Unlock")
	b.sees("Mary Jackson", "The person is unlocked.")
	b.press("Remove the user")
	b.look("remove", noScript)
	b.press("Remove")
	b.sees("Users", "The person is removed.")
	guest.signIn(mary, password)
	guest.refuses("Sign in")
}

// proves reads in the audit log what the administrator did, and why.
func (b *watched) proves() {
	b.t.Helper()
	b.open("/admin/audit")
	b.look("audit", noScript)
	b.fill("Who or whom", grace)
	b.press("Show")
	b.sees("Audit log", "reset the second factor of Grace Hopper", "Reason: phone fell into the sea", "Reason: new phone left at home")
	b.look("audit-person", false)
}
