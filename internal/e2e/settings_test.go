package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// clickOn clicks what the XPath finds, where that leads to no other page.
func clickOn(xpath string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.Search(xpath))
}

// TestDoorSaysWhatIsWrong tries what people do wrong at the door, and then the backup code.
func TestDoorSaysWhatIsWrong(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)

	b.open("/sign-in")
	b.signIn(grace, "not her password")
	b.refuses("Sign in")
	wrong := b.text()
	b.inspect("wrong-password")
	if got := b.value("E-mail"); got != grace {
		t.Errorf("after a wrong password the e-mail field holds %q", got)
	}
	if got := b.value("Password"); got != "" {
		t.Error("after a wrong password the page holds the password")
	}
	b.open("/sign-in")
	b.signIn("nobody@acme.test", "not her password")
	if b.text() != wrong {
		t.Errorf("an unknown address is told something else:\n%s\n---\n%s", wrong, b.text())
	}

	b.open("/sign-in")
	b.signIn(grace, d.passwords[grace])
	b.press("Set up now")
	phone, codes := b.addDevice("My Phone", d.passwords[grace])
	used := phone.at(t, timeOf(phone.used))
	b.press("I have saved them")
	b.signOut()

	b.signIn(grace, d.passwords[grace])
	b.fill("Authentication code", phone.wrongCode(t))
	b.press("Verify")
	b.refuses("Enter your authentication code", "Check the date and time on your phone")
	b.inspect("wrong-code")
	b.fill("Authentication code", used)
	b.press("Verify")
	b.refuses("Enter your authentication code", "used")
	b.inspect("used-code")
	b.fill("Authentication code", "12345")
	b.press("Verify")
	b.refuses("Enter your authentication code")
	b.inspect("malformed-code")

	if b.has("Try another way") {
		b.press("Try another way")
		b.sees("Choose another way")
		b.inspect("other-ways")
		b.open("/sign-in/verify")
	}
	b.press("Use a backup code")
	b.sees("Enter a backup code")
	b.inspect("backup-code")
	b.fill("Backup code", strings.ToUpper(codes[0]))
	b.press("Verify")
	if !strings.HasPrefix(b.path(), "/settings") {
		t.Fatalf("the backup code did not let her in: %s", b.where())
	}
	b.signOut()

	b.signIn(grace, d.passwords[grace])
	b.press("Use a backup code")
	b.fill("Backup code", codes[0])
	b.press("Verify")
	b.refuses("Enter a backup code")
	b.inspect("used-backup-code")
	b.press("Cancel")
	b.sees("Sign in")
	if b.open("/sign-in/verify"); !strings.HasPrefix(b.path(), "/sign-in") || b.heading() != "Sign in" {
		t.Errorf("a cancelled sign-in goes on at %s", b.where())
	}
}

// TestSettings walks every page behind the door once.
func TestSettings(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)

	b.open("/sign-in")
	b.signIn(alan, d.passwords[alan])
	b.press("Not now")
	b.open("/settings/two-factor")
	b.sees("Two-factor authentication", "No devices yet")
	b.inspect("no-devices")

	b.press("Add new device")
	b.fill("Password", "not his password")
	b.press("Add")
	b.refuses("Add new device")
	b.inspect("add-wrong-password")
	phone, _ := b.addDevice("My Phone", d.passwords[alan])
	b.press("I have saved them")

	b.press("Rename My Phone")
	b.sees("Rename “My Phone”")
	b.inspect("rename")
	b.fill("Device name", "Alan’s phone")
	b.press("Rename")
	b.sees("Two-factor authentication", "Alan’s phone", "The device has a new name.")

	b.press("Generate new backup codes")
	b.inspect("new-backup-codes")
	b.fill("Password", d.passwords[alan])
	b.press("Generate new backup codes")
	if got := len(b.backupCodes()); got != 10 {
		t.Errorf("%d new backup codes, want ten", got)
	}
	b.inspect("backup-codes-again")
	b.press("I have saved them")

	other := openBrowser(t, d.url, false)
	other.open("/sign-in")
	other.signIn(alan, d.passwords[alan])
	other.fill("Authentication code", phone.code(t))
	other.press("Verify")

	b.open("/settings/sessions")
	b.sees("Sessions", "this browser")
	b.inspect("sessions")
	b.press("End all other sessions")
	b.sees("Sessions", "All other sessions have ended.")
	if other.open("/settings"); other.heading() != "Sign in" {
		t.Errorf("the ended session still stands on %s", other.where())
	}

	b.open("/settings")
	b.sees("Profile and password", alan)
	b.fill("Current password", d.passwords[alan])
	b.fill("New password", "password")
	b.press("Change password")
	b.refuses("Profile and password")
	b.inspect("common-password")
	const fresh = "three unrelated nouns"
	b.fill("Current password", d.passwords[alan])
	b.fill("New password", fresh)
	b.press("Change password")
	b.sees("Profile and password", "Your password is changed.")

	b.open("/settings/two-factor")
	b.press("Remove Alan’s phone")
	b.sees("Remove “Alan’s phone”", "last device")
	b.inspect("remove")
	b.fill("Password", d.passwords[alan])
	b.press("Remove")
	b.refuses("Remove “Alan’s phone”")
	b.inspect("remove-wrong-password")
	b.fill("Password", fresh)
	b.press("Remove")
	b.sees("Two-factor authentication", "No devices yet")

	if got := b.open("/settings/two-factor/fac_00000000000000000000000000/remove"); got != http.StatusOK || b.path() != "/settings/two-factor" {
		t.Errorf("a device that is not there answered %d at %s", got, b.path())
	}
	b.sees("Two-factor authentication", "That device is no longer in the list.")
	b.inspect("no-such-device")
}
