package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Who the demo's users are.
const (
	ada   = "ada@acme.test"   // owner
	alan  = "alan@acme.test"  // administrator
	grace = "grace@acme.test" // member
)

// TestNewcomer walks the way of somebody who has just cloned the repository: sign in, follow
// the recommendation, add "My Phone" by its QR code, save the backup codes, sign out, and sign in
// again with password and code. Once as most people do, once with JavaScript off. Every page
// on the way is inspected.
func TestNewcomer(t *testing.T) {
	tools(t)
	t.Parallel()
	for name, withoutScript := range map[string]bool{"script": false, "no script": noScript} {
		t.Run(name, func(t *testing.T) {
			d := startDemo(t)
			b := openBrowser(t, d.url, withoutScript)

			b.open("/")
			b.sees("Sign in")
			b.inspect("sign-in")
			b.signIn(ada, d.passwords[ada])
			b.sees("Make your account safer")
			b.inspect("recommended")
			b.press("Set up now")
			b.sees("Add new device", "Google Authenticator")
			b.inspect("add")

			phone, codes := b.addDevice("My Phone", d.passwords[ada])
			if phone.account == "" || phone.issuer == "" {
				t.Errorf("the entry on the phone is called %q of %q", phone.account, phone.issuer)
			}
			b.inspect("backup-codes")
			if len(codes) != 10 {
				t.Fatalf("%d backup codes, want ten: %q", len(codes), codes)
			}
			b.press("I have saved them")
			b.sees("Two-factor authentication", "My Phone", "confirmed", "10 of 10 codes left")
			b.inspect("devices")

			b.signOut()
			b.sees("Sign in", "You are signed out.")
			b.inspect("signed-out")

			b.signIn(ada, d.passwords[ada])
			b.sees("Enter your authentication code", "My Phone")
			b.inspect("code")
			if b.open("/settings"); b.path() == "/settings" {
				t.Error("the password alone opened the settings of somebody with a device")
			}
			b.open("/sign-in/verify")
			b.fill("Authentication code", spaced(phone.code(t)))
			b.press("Verify")
			if !strings.HasPrefix(b.path(), "/settings") {
				t.Errorf("signed in, the browser stands on %s", b.where())
			}
			b.inspect("profile")
		})
	}
}

// signIn fills the first form.
func (b *browser) signIn(email, password string) int {
	b.t.Helper()
	b.fill("E-mail", email)
	b.fill("Password", password)
	return b.press("Sign in")
}

// signOut opens the person's menu and leaves.
func (b *browser) signOut() {
	b.t.Helper()
	b.do("opening the menu", clickOn(`//details[contains(@class, "person")]/summary`))
	b.press("Sign out")
}

// addDevice begins on the page that adds a device and ends on the one with the backup codes
// (or, when there are some already, on the list): it names the device, proves the password, takes a
// picture of the QR code and answers with the code of the phone.
func (b *browser) addDevice(name, password string) (*phone, []string) {
	b.t.Helper()
	if got := b.value("Device name"); got == "" {
		b.t.Error("no name is offered for the device")
	}
	b.fill("Device name", name)
	b.fill("Password", password)
	b.press("Add")
	b.sees("Scan the QR code", "Do not let anyone else scan this QR code.", name)

	phone := scan(b.t, b.picture())
	b.do("opening what helps without a camera", chromedp.Click(control("Can’t scan it? Type a key instead")))
	b.inspect("qr")
	b.scheme("dark")
	if again := scan(b.t, b.picture()); again.secret != phone.secret {
		b.t.Error("the QR code reads otherwise in the dark")
	}
	b.scheme("light")
	link := enter(b.t, eval[string](b, `document.querySelector("a[href^='otpauth:']").href`))
	if link.secret != phone.secret {
		b.t.Error("the link and the QR code differ")
	}
	key := eval[string](b, `document.getElementById("key").innerText`)
	if strings.Join(strings.Fields(key), "") != phone.secret {
		b.t.Error("the key in letters and the QR code differ")
	}

	b.fill("Authentication code", phone.code(b.t))
	b.press("Verify")
	return phone, b.backupCodes()
}

// backupCodes reads the codes off the page.
func (b *browser) backupCodes() []string {
	b.t.Helper()
	return eval[[]string](b, `[...document.querySelectorAll("ol.codes code")].map(c => c.innerText)`)
}

// timeOf is the moment a time step begins.
func timeOf(step int64) time.Time { return time.Unix(step*int64(period.Seconds()), 0) }

// spaced writes a code as apps show it: "123 456".
func spaced(code string) string { return code[:3] + " " + code[3:] }

// TestFirstPage: whoever comes without anything is led to the door, and learns nothing else.
func TestFirstPage(t *testing.T) {
	tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	for _, path := range []string{"/", "/settings", "/settings/two-factor", "/settings/two-factor/add", "/settings/sessions", "/sign-in/verify"} {
		b.open(path)
		if got := b.path(); !regexp.MustCompile(`^/sign-in(\?.*)?$`).MatchString(got) {
			t.Errorf("%s without a session led to %s", path, got)
		}
	}
	if got := b.open("/nothing-here"); got != http.StatusNotFound {
		t.Errorf("an unknown address answered %d", got)
	}
	b.inspect("not-found")
}
