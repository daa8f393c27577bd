package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
)

// clickOn clicks what the XPath finds, where that leads to no other page.
func clickOn(xpath string) chromedp.Action[chromedp.Void] {
	return chromedp.Click(chromedp.Search(xpath))
}

// TestDoorSaysWhatIsWrong tries what people do wrong at the door, and then the backup code.
func TestDoorSaysWhatIsWrong(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)

	b.Open("/sign-in")
	b.signIn(grace, "not her password")
	b.Refuses("Sign in")
	wrong := b.Text()
	b.Inspect("wrong-password")
	if got := b.Value("E-mail"); got != grace {
		t.Errorf("after a wrong password the e-mail field holds %q", got)
	}
	if got := b.Value("Password"); got != "" {
		t.Error("after a wrong password the page holds the password")
	}
	b.Open("/sign-in")
	b.signIn("nobody@acme.test", "not her password")
	if b.Text() != wrong {
		t.Errorf("an unknown address is told something else:\n%s\n---\n%s", wrong, b.Text())
	}

	b.Open("/sign-in")
	b.signIn(grace, d.passwords[grace])
	b.Press("Set up now")
	phone, codes := b.addDevice("My Phone", d.passwords[grace])
	used := phone.At(t, timeOf(phone.Used))
	b.Press("I have saved them")
	b.signOut()

	b.signIn(grace, d.passwords[grace])
	b.Fill("Authentication code", phone.WrongCode(t))
	b.Press("Verify")
	b.Refuses("Enter your authentication code", "Check the date and time on your phone")
	b.Inspect("wrong-code")
	b.Fill("Authentication code", used)
	b.Press("Verify")
	b.Refuses("Enter your authentication code", "used")
	b.Inspect("used-code")
	b.Fill("Authentication code", "12345")
	b.Press("Verify")
	b.Refuses("Enter your authentication code")
	b.Inspect("malformed-code")

	if b.Has("Try another way") {
		b.Press("Try another way")
		b.Sees("Choose another way")
		b.Inspect("other-ways")
		b.Open("/sign-in/verify")
	}
	b.Press("Use a backup code")
	b.Sees("Enter a backup code")
	b.Inspect("backup-code")
	b.Fill("Backup code", strings.ToUpper(codes[0]))
	b.Press("Verify")
	if !strings.HasPrefix(b.Path(), "/settings") {
		t.Fatalf("the backup code did not let her in: %s", b.Where())
	}
	b.signOut()

	b.signIn(grace, d.passwords[grace])
	b.Press("Use a backup code")
	b.Fill("Backup code", codes[0])
	b.Press("Verify")
	b.Refuses("Enter a backup code")
	b.Inspect("used-backup-code")
	b.Press("Cancel")
	b.Sees("Sign in")
	if b.Open("/sign-in/verify"); !strings.HasPrefix(b.Path(), "/sign-in") || b.Heading() != "Sign in" {
		t.Errorf("a cancelled sign-in goes on at %s", b.Where())
	}
}

// TestSettings walks every page behind the door once.
func TestSettings(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)

	b.Open("/sign-in")
	b.signIn(alan, d.passwords[alan])
	b.Press("Not now")
	b.Open("/settings/two-factor")
	b.Sees("Two-factor authentication", "No devices yet")
	b.Inspect("no-devices")

	b.Press("Add new device")
	b.Fill("Password", "not his password")
	b.Press("Add")
	b.Refuses("Add new device")
	b.Inspect("add-wrong-password")
	phone, _ := b.addDevice("My Phone", d.passwords[alan])
	b.Press("I have saved them")

	b.Press("Rename My Phone")
	b.Sees("Rename “My Phone”")
	b.Inspect("rename")
	b.Fill("Device name", "Alan’s phone")
	b.Press("Rename")
	b.Sees("Two-factor authentication", "Alan’s phone", "The device has a new name.")

	b.Press("Generate new backup codes")
	b.Inspect("new-backup-codes")
	b.Fill("Password", d.passwords[alan])
	b.Press("Generate new backup codes")
	if got := len(b.backupCodes()); got != 10 {
		t.Errorf("%d new backup codes, want ten", got)
	}
	b.Inspect("backup-codes-again")
	b.Press("I have saved them")

	other := openBrowser(t, d.url, false)
	other.Open("/sign-in")
	other.signIn(alan, d.passwords[alan])
	other.Fill("Authentication code", phone.Code(t))
	other.Press("Verify")

	b.Open("/settings/sessions")
	b.Sees("Sessions", "this browser")
	b.Inspect("sessions")
	b.Press("End all other sessions")
	b.Sees("Sessions", "All other sessions have ended.")
	if other.Open("/settings"); other.Heading() != "Sign in" {
		t.Errorf("the ended session still stands on %s", other.Where())
	}

	b.Open("/settings")
	b.Sees("Profile and password", alan)
	b.Fill("Current password", d.passwords[alan])
	b.Fill("New password", "password")
	b.Press("Change password")
	b.Refuses("Profile and password")
	b.Inspect("common-password")
	const fresh = "three unrelated nouns"
	b.Fill("Current password", d.passwords[alan])
	b.Fill("New password", fresh)
	b.Press("Change password")
	b.Sees("Profile and password", "Your password is changed.")

	b.Open("/settings/two-factor")
	b.Press("Remove Alan’s phone")
	b.Sees("Remove “Alan’s phone”", "last device")
	b.Inspect("remove")
	b.Fill("Password", d.passwords[alan])
	b.Press("Remove")
	b.Refuses("Remove “Alan’s phone”")
	b.Inspect("remove-wrong-password")
	b.Fill("Password", fresh)
	b.Press("Remove")
	b.Sees("Two-factor authentication", "No devices yet")

	if got := b.Open("/settings/two-factor/fac_00000000000000000000000000/remove"); got != http.StatusOK || b.Path() != "/settings/two-factor" {
		t.Errorf("a device that is not there answered %d at %s", got, b.Path())
	}
	b.Sees("Two-factor authentication", "That device is no longer in the list.")
	b.Inspect("no-such-device")
}
