package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
)

// TestPasskeys is the life of passkeys in front of a real browser and its authenticator: added without a name, used as the second
// factor, as a sign-in of its own by the button and by what the browser fills in, refused in all the ways in which that happens
// to people, and removed.
func TestPasskeys(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	k := b.plugIn(true)

	b.Open("/sign-in")
	b.signIn(ada, d.passwords[ada])
	b.Open("/settings/two-factor")
	b.Sees("Two-factor authentication", "Passkeys")
	b.Press("Add a passkey")
	b.Inspect("add")
	b.Press("Next")
	b.Refuses("Add a passkey")
	b.Inspect("add-refused")
	b.Fill("Password", d.passwords[ada])
	b.Press("Next")
	b.Sees("Create the passkey")
	b.Inspect("create")
	k.verifies(false)
	k.fails("Create the passkey", "No passkey was created")
	b.Inspect("create-cancelled")
	k.verifies(true)
	b.Press("Create the passkey")
	if codes := b.backupCodes(); len(codes) != 10 {
		t.Fatalf("%d backup codes, want ten\non %s", len(codes), b.Where())
	}
	b.Press("I have saved them")
	b.Sees("Two-factor authentication", "1 passkey", "synced", "confirmed")
	b.Inspect("list")
	b.Press("Add another passkey")
	b.Fill("Password", d.passwords[ada])
	b.Press("Next")
	k.fails("Create the passkey", "keeps a passkey for this account already")
	b.signOut()

	// The second factor, after the password.
	b.Inspect("sign-in")
	b.signIn(ada, d.passwords[ada])
	b.Sees("Use your passkey", "Your browser asks for “Passkey”")
	b.Inspect("code")
	k.verifies(false)
	k.fails("Use a passkey", "No passkey was used")
	b.Inspect("code-cancelled")
	k.verifies(true)
	b.Press("Use a passkey")
	b.onSettings()
	b.signOut()

	// Alone, by the button.
	b.Open("/sign-in")
	k.verifies(false)
	k.fails("Sign in with a passkey", "No passkey was used")
	b.Inspect("sign-in-cancelled")
	k.verifies(true)
	b.Press("Sign in with a passkey")
	b.onSettings()
	b.Open("/settings/sessions")
	b.signOut()

	// Alone, by what the browser fills in: whoever confirms there is in without pressing anything.
	k.fills(true)
	b.Open("/sign-in")
	b.wait("the passkey to sign in", func() bool { return strings.HasPrefix(b.Path(), "/settings") })
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
	b.Open("/sign-in")
	k.keeps(&copied)
	b.Press("Sign in with a passkey")
	b.Refuses("Sign in", "That passkey wasn’t accepted.")
	b.Inspect("copied")
	if mail := b.inbox(d.url, "A passkey of yours may have been copied"); !strings.Contains(mail, "its counter had not gone up") {
		t.Errorf("the mail about the copy says %q", mail)
	}
	k.keeps(kept[0])
	b.Open("/sign-in")
	b.Press("Sign in with a passkey")
	b.onSettings()

	// Where a code is asked for besides the password, the passkey is pressed last; what was typed stays.
	b.Open("/settings/email")
	b.Fill("New e-mail address", "countess@acme.test")
	b.Press("Use a passkey instead of a code")
	b.Refuses("Change e-mail address")
	b.Inspect("instead-of-a-code")
	b.Fill("Password", d.passwords[ada])
	k.verifies(false)
	k.fails("Use a passkey instead of a code", "No passkey was used")
	k.verifies(true)
	b.Press("Use a passkey instead of a code")
	b.Sees("Profile and password", "A mail is on its way to the new address.")

	// A passkey belongs to its address.
	b.signOut()
	elsewhere := strings.Replace(d.url, "localhost", "127.0.0.1", 1)
	b.Leave("opening the server by its number", chromedp.Navigate(elsewhere+"/sign-in"))
	k.fails("Sign in with a passkey", "Passkeys do not work at this address.")
	b.Inspect("wrong-address")
	b.Open("/sign-in")
	b.Press("Sign in with a passkey")
	b.onSettings()

	// A second one, that stays on its device; the first is removed in the settings and is no way in any more.
	k.unplug()
	k = b.plugIn(false)
	k.addPasskey("Blue key", d.passwords[ada])
	b.Sees("Two-factor authentication", "2 passkeys", "Blue key", "only on this device")
	b.Press("Ask for this first Blue key")
	b.Sees("Two-factor authentication", "Sign-in asks for it first from now on.")
	b.Press("Remove Passkey")
	b.Sees("Remove “Passkey”", "Delete it from the device or password manager that keeps it too")
	b.Inspect("remove")
	b.Fill("Password", d.passwords[ada])
	b.Press("Remove")
	b.Sees("Two-factor authentication", "1 passkey", "The device is removed.")
	b.signOut()
	blue := k.passkeys()[0]
	k.keeps(kept[0])
	b.Press("Sign in with a passkey")
	b.Refuses("Sign in", "That passkey wasn’t accepted.")
	b.signIn(ada, d.passwords[ada])
	b.Sees("Use your passkey", "“Blue key”")
	k.fails("Use a passkey", "No passkey was used")
	k.keeps(blue)
	b.Press("Use a passkey")
	b.onSettings()
}

// TestPasskeyAtTheDoor sets passkeys up within sign-ins: an administrator has one, proves it again before each piece of their work, and
// requires a second factor of everybody; a member takes a passkey for it, and later comes without script.
func TestPasskeyAtTheDoor(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	boss, member := openBrowser(t, d.url, false), openBrowser(t, d.url, false)
	key := boss.plugIn(true)
	boss.Open("/sign-in")
	boss.signIn(alan, d.passwords[alan])
	key.addPasskey("Work key", d.passwords[alan])
	boss.Open("/settings/confirm?next=/admin/two-factor")
	boss.Sees("Confirm that it is you", "a passkey or a code")
	boss.Inspect("step-up")
	key.verifies(false)
	key.fails("Use a passkey", "No passkey was used")
	key.verifies(true)
	boss.Press("Use a passkey")
	boss.Sees("Two-factor authentication", "How far you are")
	boss.Do("choosing", clickOn(`//input[@id="enforcement-required"]`))
	boss.Fill("Days of grace", "0")
	boss.Press("Save")
	boss.Press("Confirm")
	boss.Sees("Two-factor authentication", "The settings are saved.")

	member.plugIn(false)
	member.Open("/sign-in")
	member.signIn(grace, d.passwords[grace])
	member.Sees("Set up two-factor authentication", "Your organisation requires two-factor authentication.", "Security key or passkey")
	member.Leave("choosing a passkey", clickOn(`//a[contains(@href, "method=passkey")]`))
	member.Inspect("set-up")
	member.Press("Next")
	member.Sees("Create the passkey")
	member.Inspect("set-up-create")
	member.Press("Create the passkey")
	codes := member.backupCodes()
	if len(codes) != 10 {
		t.Fatalf("%d backup codes, want ten\non %s", len(codes), member.Where())
	}
	member.Press("I have saved them")
	member.onSettings()
	member.signOut()

	// Without script the pages say so, and there is another way.
	member.Script(false)
	member.Bare = true
	member.Open("/sign-in")
	if member.Has("Sign in with a passkey") {
		t.Error("without script the sign-in page offers a passkey")
	}
	member.signIn(grace, d.passwords[grace])
	member.Sees("Use your passkey", "A passkey needs JavaScript, which is off in this browser.")
	member.Inspect("no-script")
	member.Press("Use a passkey")
	member.Refuses("Use your passkey", "A passkey needs JavaScript in your browser.")
	member.Press("Use a backup code")
	member.Inspect("no-script-backup")
	member.Fill("Backup code", codes[0])
	member.Press("Verify")
	member.onSettings()
	member.Open("/settings/two-factor/add-passkey")
	member.Sees("Add a passkey", "A passkey needs JavaScript, which is off in this browser.", "Set up another way")
	member.Inspect("no-script-add")
}

// TestPasskeyRequired is an organisation that wants passkeys of its administrators: the one who says so has an app, proves it once more
// and adds a passkey, after which no code will do.
func TestPasskeyRequired(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.Open("/sign-in")
	b.signIn(alan, d.passwords[alan])
	b.Press("Set up now")
	phone, codes := b.addDevice("My Phone", d.passwords[alan])
	b.Press("I have saved them")
	b.Open("/settings/confirm?next=/admin/two-factor")
	b.Fill("Authentication code", phone.Code(t))
	b.Press("Confirm")
	b.Sees("Two-factor authentication", "Who must use a passkey")
	b.Do("choosing", chromedp.SendKeys(chromedp.Search(`//select[@id="passkey_required"]`), "Owners"))
	b.Press("Save")
	b.Sees("What this does now", "people have a second factor that is no passkey", "1 person who is signed in", "Every browser that is trusted now is asked")
	b.Inspect("passkey-preview")
	b.Press("Confirm")

	k := b.plugIn(true)
	b.wait("the session to end", func() bool { b.Open("/settings"); return b.Heading() == "Sign in" })
	b.signIn(alan, d.passwords[alan])
	b.Sees("Enter your authentication code")
	b.Fill("Authentication code", phone.Code(t))
	b.Press("Verify")
	b.Sees("Set up two-factor authentication", "Your organisation requires a passkey of you.")
	b.Inspect("passkey-required")
	if b.Has("Authenticator app") {
		t.Error("an app is offered to somebody who needs a passkey")
	}
	b.Press("Next")
	b.Sees("Create the passkey")
	b.Press("Create the passkey")
	b.onSettings()
	b.Open("/settings/two-factor")
	b.Sees("Two-factor authentication", "1 passkey", "My Phone")
	b.Inspect("passkey-required-devices")
	b.signOut()

	b.signIn(alan, d.passwords[alan])
	b.Sees("Use your passkey")
	b.Inspect("passkey-only")
	k.verifies(false)
	k.fails("Use a passkey", "No passkey was used")
	b.Press("Use a backup code")
	b.Fill("Backup code", codes[0])
	b.Press("Verify")
	b.onSettings()
}
