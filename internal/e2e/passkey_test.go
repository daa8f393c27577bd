package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPasskeys is the life of passkeys in front of a real browser and its authenticator: added without a name, used as the second
// factor, as a sign-in of its own by the button and by what the browser fills in, refused in all the ways in which that happens
// to people, and removed.
func TestPasskeys(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	k := b.plugIn(true)

	b.open("/sign-in")
	b.signIn(ada, d.passwords[ada])
	b.open("/settings/two-factor")
	b.sees("Two-factor authentication", "Passkeys")
	b.press("Add a passkey")
	b.inspect("add")
	b.press("Next")
	b.refuses("Add a passkey")
	b.inspect("add-refused")
	b.fill("Password", d.passwords[ada])
	b.press("Next")
	b.sees("Create the passkey")
	b.inspect("create")
	k.verifies(false)
	k.fails("Create the passkey", "No passkey was created")
	b.inspect("create-cancelled")
	k.verifies(true)
	b.press("Create the passkey")
	if codes := b.backupCodes(); len(codes) != 10 {
		t.Fatalf("%d backup codes, want ten\non %s", len(codes), b.where())
	}
	b.press("I have saved them")
	b.sees("Two-factor authentication", "1 passkey", "synced", "confirmed")
	b.inspect("list")
	b.press("Add another passkey")
	b.fill("Password", d.passwords[ada])
	b.press("Next")
	k.fails("Create the passkey", "keeps a passkey for this account already")
	b.signOut()

	// The second factor, after the password.
	b.inspect("sign-in")
	b.signIn(ada, d.passwords[ada])
	b.sees("Use your passkey", "Your browser asks for “Passkey”")
	b.inspect("code")
	k.verifies(false)
	k.fails("Use a passkey", "No passkey was used")
	b.inspect("code-cancelled")
	k.verifies(true)
	b.press("Use a passkey")
	b.onSettings()
	b.signOut()

	// Alone, by the button.
	b.open("/sign-in")
	k.verifies(false)
	k.fails("Sign in with a passkey", "No passkey was used")
	b.inspect("sign-in-cancelled")
	k.verifies(true)
	b.press("Sign in with a passkey")
	b.onSettings()
	b.open("/settings/sessions")
	b.signOut()

	// Alone, by what the browser fills in: whoever confirms there is in without pressing anything.
	k.fills(true)
	b.open("/sign-in")
	b.wait("the passkey to sign in", func() bool { return strings.HasPrefix(b.path(), "/settings") })
	k.fills(false)
	b.onSettings()

	// A copy, whose counter stands behind.
	kept := k.passkeys()
	if len(kept) != 1 {
		t.Fatalf("the authenticator keeps %d passkeys", len(kept))
	}
	copied := *kept[0]
	copied.SignCount = 1
	b.signOut()
	b.open("/sign-in")
	k.keeps(&copied)
	b.press("Sign in with a passkey")
	b.refuses("Sign in", "That passkey wasn’t accepted.")
	b.inspect("copied")
	if mail := b.inbox(d.url, "A passkey of yours may have been copied"); !strings.Contains(mail, "its counter had not gone up") {
		t.Errorf("the mail about the copy says %q", mail)
	}
	k.keeps(kept[0])
	b.open("/sign-in")
	b.press("Sign in with a passkey")
	b.onSettings()

	// Where a code is asked for besides the password, the passkey is pressed last; what was typed stays.
	b.open("/settings/email")
	b.fill("New e-mail address", "countess@acme.test")
	b.press("Use a passkey instead of a code")
	b.refuses("Change e-mail address")
	b.inspect("instead-of-a-code")
	b.fill("Password", d.passwords[ada])
	k.verifies(false)
	k.fails("Use a passkey instead of a code", "No passkey was used")
	k.verifies(true)
	b.press("Use a passkey instead of a code")
	b.sees("Profile and password", "A mail is on its way to the new address.")

	// A passkey belongs to its address.
	b.signOut()
	elsewhere := strings.Replace(d.url, "localhost", "127.0.0.1", 1)
	b.leave("opening the server by its number", chromedp.Navigate(elsewhere+"/sign-in"))
	k.fails("Sign in with a passkey", "Passkeys do not work at this address.")
	b.inspect("wrong-address")
	b.open("/sign-in")
	b.press("Sign in with a passkey")
	b.onSettings()

	// A second one, that stays on its device; the first is removed in the settings and is no way in any more.
	k.unplug()
	k = b.plugIn(false)
	k.addPasskey("Blue key", d.passwords[ada])
	b.sees("Two-factor authentication", "2 passkeys", "Blue key", "only on this device")
	b.press("Ask for this first Blue key")
	b.sees("Two-factor authentication", "Sign-in asks for it first from now on.")
	b.press("Remove Passkey")
	b.sees("Remove “Passkey”", "Delete it from the device or password manager that keeps it too")
	b.inspect("remove")
	b.fill("Password", d.passwords[ada])
	b.press("Remove")
	b.sees("Two-factor authentication", "1 passkey", "The device is removed.")
	b.signOut()
	blue := k.passkeys()[0]
	k.keeps(kept[0])
	b.press("Sign in with a passkey")
	b.refuses("Sign in", "That passkey wasn’t accepted.")
	b.signIn(ada, d.passwords[ada])
	b.sees("Use your passkey", "“Blue key”")
	k.fails("Use a passkey", "No passkey was used")
	k.keeps(blue)
	b.press("Use a passkey")
	b.onSettings()
}

// TestPasskeyAtTheDoor sets passkeys up within sign-ins: an administrator has one, proves it again before each piece of their work, and
// requires a second factor of everybody; a member takes a passkey for it, and later comes without script.
func TestPasskeyAtTheDoor(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	boss, member := openBrowser(t, d.url, false), openBrowser(t, d.url, false)
	key := boss.plugIn(true)
	boss.open("/sign-in")
	boss.signIn(alan, d.passwords[alan])
	key.addPasskey("Work key", d.passwords[alan])
	boss.open("/settings/confirm?next=/admin/two-factor")
	boss.sees("Confirm that it is you", "a passkey or a code")
	boss.inspect("step-up")
	key.verifies(false)
	key.fails("Use a passkey", "No passkey was used")
	key.verifies(true)
	boss.press("Use a passkey")
	boss.sees("Two-factor authentication", "How far you are")
	boss.do("choosing", clickOn(`//input[@id="enforcement-required"]`))
	boss.fill("Days of grace", "0")
	boss.press("Save")
	boss.press("Confirm")
	boss.sees("Two-factor authentication", "The settings are saved.")

	member.plugIn(false)
	member.open("/sign-in")
	member.signIn(grace, d.passwords[grace])
	member.sees("Set up two-factor authentication", "Your organisation requires two-factor authentication.", "Security key or passkey")
	member.leave("choosing a passkey", clickOn(`//a[contains(@href, "method=passkey")]`))
	member.inspect("set-up")
	member.press("Next")
	member.sees("Create the passkey")
	member.inspect("set-up-create")
	member.press("Create the passkey")
	codes := member.backupCodes()
	if len(codes) != 10 {
		t.Fatalf("%d backup codes, want ten\non %s", len(codes), member.where())
	}
	member.press("I have saved them")
	member.onSettings()
	member.signOut()

	// Without script the pages say so, and there is another way.
	member.script(false)
	member.bare = true
	member.open("/sign-in")
	if member.has("Sign in with a passkey") {
		t.Error("without script the sign-in page offers a passkey")
	}
	member.signIn(grace, d.passwords[grace])
	member.sees("Use your passkey", "A passkey needs JavaScript, which is off in this browser.")
	member.inspect("no-script")
	member.press("Use a passkey")
	member.refuses("Use your passkey", "A passkey needs JavaScript in your browser.")
	member.press("Use a backup code")
	member.inspect("no-script-backup")
	member.fill("Backup code", codes[0])
	member.press("Verify")
	member.onSettings()
	member.open("/settings/two-factor/add-passkey")
	member.sees("Add a passkey", "A passkey needs JavaScript, which is off in this browser.", "Set up another way")
	member.inspect("no-script-add")
}

// TestPasskeyRequired is an organisation that wants passkeys of its administrators: the one who says so has an app, proves it once more
// and adds a passkey, after which no code will do.
func TestPasskeyRequired(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.open("/sign-in")
	b.signIn(alan, d.passwords[alan])
	b.press("Set up now")
	phone, codes := b.addDevice("My Phone", d.passwords[alan])
	b.press("I have saved them")
	b.open("/settings/confirm?next=/admin/two-factor")
	b.fill("Authentication code", phone.code(t))
	b.press("Confirm")
	b.sees("Two-factor authentication", "Who must use a passkey")
	b.do("choosing", chromedp.SendKeys(chromedp.Search(`//select[@id="passkey_required"]`), "Owners"))
	b.press("Save")
	b.sees("What this does now", "people have a second factor that is no passkey", "1 person who is signed in", "Every browser that is trusted now is asked")
	b.inspect("passkey-preview")
	b.press("Confirm")

	k := b.plugIn(true)
	b.wait("the session to end", func() bool { b.open("/settings"); return b.heading() == "Sign in" })
	b.signIn(alan, d.passwords[alan])
	b.sees("Enter your authentication code")
	b.fill("Authentication code", phone.code(t))
	b.press("Verify")
	b.sees("Set up two-factor authentication", "Your organisation requires a passkey of you.")
	b.inspect("passkey-required")
	if b.has("Authenticator app") {
		t.Error("an app is offered to somebody who needs a passkey")
	}
	b.press("Next")
	b.sees("Create the passkey")
	b.press("Create the passkey")
	b.onSettings()
	b.open("/settings/two-factor")
	b.sees("Two-factor authentication", "1 passkey", "My Phone")
	b.inspect("passkey-required-devices")
	b.signOut()

	b.signIn(alan, d.passwords[alan])
	b.sees("Use your passkey")
	b.inspect("passkey-only")
	k.verifies(false)
	k.fails("Use a passkey", "No passkey was used")
	b.press("Use a backup code")
	b.fill("Backup code", codes[0])
	b.press("Verify")
	b.onSettings()
}
