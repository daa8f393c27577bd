package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
)

// TestEnforcement is an organisation that comes to require a second factor, as three people live it at once, each before a
// browser of their own: who administers it, Grace who loses her phone, and Mary who is invited. Once the owner
// administers and script runs, once the administrator does and no script runs. Each page is
// inspected in one of the two.
func TestEnforcement(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	for _, c := range []struct {
		name, boss    string
		withoutScript bool
	}{
		{"script", ada, false},
		{"no script", alan, chrometest.NoScript},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := startDemo(t)
			open := func() *watched {
				return &watched{browser: openBrowser(t, d.url, c.withoutScript), withoutScript: c.withoutScript}
			}
			boss, member, guest := open(), open(), open()

			boss.Open("/sign-in")
			boss.signIn(c.boss, d.passwords[c.boss])
			boss.Press("Set up now")
			phone, _ := boss.addDevice("My Phone", d.passwords[c.boss])
			boss.Press("I have saved them")
			boss.Open("/admin")
			boss.Sees("Overview", "of 38.")
			boss.look("admin", chrometest.NoScript)
			boss.stepsUp(phone)

			boss.requires(14)
			member.Open("/sign-in")
			member.signIn(grace, d.passwords[grace])
			member.Sees("Set up two-factor authentication", "You have 14 days left.")
			member.look("grace", false)
			member.Press("Not now")
			member.onSettings()

			// T8, T10: the grace ends, and with it every session without a second factor.
			boss.requires(0)
			member.wait("the session to end", func() bool { member.Open("/settings/sessions"); return member.Heading() == "Sign in" })
			member.signIn(grace, d.passwords[grace])
			member.setsUp(d, "Old phone", "Your organisation requires two-factor authentication.")
			member.Sees("Sessions", "The browsers in which you are signed in.") // where she wanted to go

			// T12–T14: the phone is lost. She stands at the question for its code until the administrator helps.
			member.signOut()
			member.signIn(grace, d.passwords[grace])
			member.Sees("Enter your authentication code")
			boss.finds(grace)
			boss.Press("Reset the second factor")
			boss.Press("Reset")
			boss.Refuses("Reset two-factor authentication")
			boss.look("reset", chrometest.NoScript)
			boss.Fill("Reason", "phone fell into the sea")
			boss.Press("Reset")
			boss.Sees("Grace Hopper", "The two-factor authentication was reset.", "must set up", "Off. They have no device.", "phone fell into the sea")
			boss.look("user-reset", false)
			member.Open("/sign-in")
			member.signIn(grace, d.passwords[grace])
			member.setsUp(d, "New phone", "Your two-factor authentication was reset.")
			member.Open("/settings/two-factor")
			member.Sees("Two-factor authentication", "New phone", "required by your organisation")
			if strings.Contains(member.Text(), "Old phone") {
				t.Error("the lost phone is still listed")
			}

			// X13: the new one was left at home.
			boss.finds(grace)
			boss.look("user", chrometest.NoScript)
			boss.Press("Give out a backup code")
			boss.look("give-code", chrometest.NoScript)
			boss.Fill("Reason", "new phone left at home")
			boss.Press("Make a code")
			boss.Sees("Pass this backup code on", "It is for Grace Hopper")
			boss.look("given-code", false)
			code := boss.backupCodes()[0]
			boss.Press("Done")
			member.signOut()
			member.entersBackupCode(d, code)
			member.onSettings()
			member.signOut()
			member.entersBackupCode(d, code)
			member.Refuses("Enter a backup code") // it works once

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
	b.T.Helper()
	if b.withoutScript == withoutScript {
		b.Inspect(name)
	}
}

// stepsUp proves the second factor again, as sensitive work asks after some minutes.
func (b *watched) stepsUp(phone *chrometest.Phone) {
	b.T.Helper()
	b.Open("/settings/confirm?next=/admin/two-factor")
	b.Sees("Confirm that it is you")
	b.look("step-up", false)
	b.Fill("Authentication code", phone.WrongCode(b.T))
	b.Press("Confirm")
	b.Refuses("Confirm that it is you")
	b.Fill("Authentication code", phone.Code(b.T))
	b.Press("Confirm")
	b.Sees("Two-factor authentication", "How far you are")
}

// requires makes a second factor everybody's duty after so many days, a new member's mailbox proved first.
func (b *watched) requires(days int) {
	b.T.Helper()
	b.Open("/admin/two-factor")
	b.look(fmt.Sprint("two-factor-", days), days > 0)
	b.Do("choosing", clickOn(`//input[@id="enforcement-required"]`), chromedp.SendKeys(chromedp.Search(`//select[@id="mailed_set_up"]`), "Yes"))
	b.Fill("Days of grace", "many")
	b.Press("Save")
	b.Refuses("Two-factor authentication", "Enter a whole number of days from 0 to 90.")
	b.Fill("Days of grace", fmt.Sprint(days))
	b.Press("Save")
	b.Sees("What this does now", "Nothing is saved yet.", "Nobody’s devices and codes are lost by it.")
	b.look(fmt.Sprint("preview-", days), days > 0)
	b.Press("Confirm")
	b.Sees("Two-factor authentication", "The settings are saved.")
}

// setsUp goes from the password to being signed in: the token from the mail, another method and back, the QR code, the backup codes.
func (b *watched) setsUp(d *demo, device, why string) {
	b.T.Helper()
	b.Sees("Set up two-factor authentication", why)
	if b.Has("Mail the token") {
		b.Press("Mail the token")
	}
	b.look("set-up-token", false)
	token := ""
	b.wait("a token of this sign-in", func() bool {
		token = mailedToken.FindString(b.inbox(d.url, "Set up two-factor authentication"))
		return token != d.token
	})
	d.token = token
	b.Fill("Token from the mail", token)
	b.Press("Next")
	b.Sees("Set up two-factor authentication", "Or another way")
	b.look("set-up-app", chrometest.NoScript)
	b.Leave("choosing a number", clickOn(`//a[contains(@href, "method=sms")]`))
	b.look("set-up-number", false)
	b.Leave("choosing an app", clickOn(`//a[contains(@href, "method=totp")]`))
	b.Fill("Device name", device)
	b.Press("Add")
	b.Sees("Scan the QR code", device)
	b.Fill("Authentication code", chrometest.Scan(b.T, b.Picture()).Code(b.T))
	b.Press("Verify")
	if codes := b.backupCodes(); len(codes) != 10 {
		b.T.Fatalf("%d backup codes, want ten\non %s", len(codes), b.Where())
	}
	b.Press("I have saved them")
}

// finds looks somebody up and opens their page.
func (b *watched) finds(email string) {
	b.T.Helper()
	b.Open("/admin/users")
	b.look("users", chrometest.NoScript)
	b.Fill("Search", email)
	b.Press("Show")
	b.Sees("Users", email)
	if n := eval[int](b.browser, `document.querySelectorAll("table.list tbody tr").length`); n != 1 {
		b.T.Errorf("the search for %s finds %d people", email, n)
	}
	b.look("users-found", false)
	b.Press(email)
}

// entersBackupCode signs Grace in with one.
func (b *watched) entersBackupCode(d *demo, code string) {
	b.T.Helper()
	b.signIn(grace, d.passwords[grace])
	b.Press("Use a backup code")
	b.Fill("Backup code", code)
	b.Press("Verify")
}

// invites asks somebody in, who comes, and in the end is locked, unlocked and removed.
func (b *watched) invites(d *demo, guest *watched) {
	b.T.Helper()
	const mary, password = "mary.jackson@acme.test", "seven unrelated ferry bells"
	b.Open("/admin/users")
	b.Press("Invite somebody")
	b.look("invite", chrometest.NoScript)
	b.Fill("E-mail", grace)
	b.Press("Invite")
	b.Refuses("Invite somebody")
	b.Fill("E-mail", mary)
	b.Fill("Their name", "Mary Jackson")
	b.Press("Invite")
	b.Sees("Users", "The invitation is on its way.")

	token := mailedToken.FindString(b.inbox(d.url, "You are invited"))
	if guest.withoutScript {
		guest.Open("/invitation")
		guest.Fill("Token from the mail", token)
	} else {
		guest.Open("/invitation#" + token) // as the link in the mail
	}
	guest.look("invitation", false)
	guest.Fill("New password", "password")
	guest.Press("Join")
	guest.Refuses("Join your organisation")
	guest.look("invitation-refused", chrometest.NoScript)
	guest.Fill("New password", password)
	guest.Press("Join")
	guest.Sees("Sign in", "Your password is set.")
	guest.signIn(mary, password)
	guest.setsUp(d, "Mary’s phone", "Your organisation requires two-factor authentication.")
	guest.onSettings()

	b.finds(mary)
	if b.Has("Change the role") { // owners alone make administrators
		b.Press("Change the role")
		b.look("role", false)
		b.Press("Cancel")
	}
	b.Press("Lock the access")
	b.look("lock", chrometest.NoScript)
	b.Press("Lock")
	b.Sees("Mary Jackson", "The person is locked.")
	guest.wait("the session to end", func() bool { guest.Open("/settings"); return guest.Heading() == "Sign in" })
	b.Press("Unlock the access")
	b.look("unlock", false)
	b.Press("Unlock")
	b.Sees("Mary Jackson", "The person is unlocked.")
	b.Press("Remove the user")
	b.look("remove", chrometest.NoScript)
	b.Press("Remove")
	b.Sees("Users", "The person is removed.")
	guest.signIn(mary, password)
	guest.Refuses("Sign in")
}

// proves reads in the audit log what the administrator did, and why.
func (b *watched) proves() {
	b.T.Helper()
	b.Open("/admin/audit")
	b.look("audit", chrometest.NoScript)
	b.Fill("Who or whom", grace)
	b.Press("Show")
	b.Sees("Audit log", "reset the second factor of Grace Hopper", "Reason: phone fell into the sea", "Reason: new phone left at home")
	b.look("audit-person", false)
}
