package e2e

import (
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"sallyport/internal/chrometest"
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
	chrometest.Tools(t)
	t.Parallel()
	for name, withoutScript := range map[string]bool{"script": false, "no script": chrometest.NoScript} {
		t.Run(name, func(t *testing.T) {
			d := startDemo(t)
			b := openBrowser(t, d.url, withoutScript)

			b.Open("/")
			b.Sees("Sign in")
			b.Inspect("sign-in")
			b.signIn(ada, d.passwords[ada])
			b.Sees("Make your account safer")
			b.Inspect("recommended")
			b.Press("Set up now")
			b.Sees("Add new device", "Google Authenticator")
			b.Inspect("add")

			phone, codes := b.addDevice("My Phone", d.passwords[ada])
			if phone.Account == "" || phone.Issuer == "" {
				t.Errorf("the entry on the phone is called %q of %q", phone.Account, phone.Issuer)
			}
			b.Inspect("backup-codes")
			if len(codes) != 10 {
				t.Fatalf("%d backup codes, want ten: %q", len(codes), codes)
			}
			b.Press("I have saved them")
			b.Sees("Two-factor authentication", "My Phone", "confirmed", "10 of 10 codes left")
			b.Inspect("devices")

			b.signOut()
			b.Sees("Sign in", "You are signed out.")
			b.Inspect("signed-out")

			b.signIn(ada, d.passwords[ada])
			b.Sees("Enter your authentication code", "My Phone")
			b.Inspect("code")
			if b.Open("/settings"); b.Path() == "/settings" {
				t.Error("the password alone opened the settings of somebody with a device")
			}
			b.Open("/sign-in/verify")
			b.Fill("Authentication code", spaced(phone.Code(t)))
			b.Press("Verify")
			if !strings.HasPrefix(b.Path(), "/settings") {
				t.Errorf("signed in, the browser stands on %s", b.Where())
			}
			b.Inspect("profile")
		})
	}
}

// signIn fills the first form.
func (b *browser) signIn(email, password string) int {
	b.T.Helper()
	b.Fill("E-mail", email)
	b.Fill("Password", password)
	return b.Press("Sign in")
}

// signOut opens the person's menu and leaves.
func (b *browser) signOut() {
	b.T.Helper()
	b.Do("opening the menu", clickOn(`//details[contains(@class, "person")]/summary`))
	b.Press("Sign out")
}

// inspectedQR has whether script was off when the page with the QR code was inspected. Most tests come by it, and it is the same but for the secret.
var inspectedQR sync.Map

// addDevice begins on the page that adds a device and ends on the one with the backup codes
// (or, when there are some already, on the list): it names the device, proves the password, takes a
// picture of the QR code and answers with the code of the phone.
func (b *browser) addDevice(name, password string) (*chrometest.Phone, []string) {
	b.T.Helper()
	if got := b.Value("Device name"); got == "" {
		b.T.Error("no name is offered for the device")
	}
	b.Fill("Device name", name)
	b.Fill("Password", password)
	b.Press("Add")
	b.Sees("Scan the QR code", "Do not let anyone else scan this QR code.", name)

	phone := chrometest.Scan(b.T, b.Picture())
	b.Do("opening what helps without a camera", chromedp.Click(chrometest.Control("Can’t scan it? Type a key instead")))
	if _, seen := inspectedQR.LoadOrStore(b.Bare, true); !seen {
		b.Inspect("qr")
	}
	b.Scheme("dark")
	if again := chrometest.Scan(b.T, b.Picture()); again.Secret != phone.Secret {
		b.T.Error("the QR code reads otherwise in the dark")
	}
	b.Scheme("light")
	link := chrometest.Enter(b.T, eval[string](b, `document.querySelector("a[href^='otpauth:']").href`))
	if link.Secret != phone.Secret {
		b.T.Error("the link and the QR code differ")
	}
	key := eval[string](b, `document.getElementById("key").innerText`)
	if strings.Join(strings.Fields(key), "") != phone.Secret {
		b.T.Error("the key in letters and the QR code differ")
	}

	b.Fill("Authentication code", phone.Code(b.T))
	b.Press("Verify")
	return phone, b.backupCodes()
}

// backupCodes reads the codes off the page.
func (b *browser) backupCodes() []string {
	b.T.Helper()
	return eval[[]string](b, `[...document.querySelectorAll("ol.codes code")].map(c => c.innerText)`)
}

// timeOf is the moment a time step begins.
func timeOf(step int64) time.Time { return time.Unix(step*int64(chrometest.Period.Seconds()), 0) }

// spaced writes a code as apps show it: "123 456".
func spaced(code string) string { return code[:3] + " " + code[3:] }

// TestFirstPage: whoever comes without anything is led to the door, and learns nothing else.
func TestFirstPage(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	for _, path := range []string{"/", "/settings", "/settings/two-factor", "/settings/two-factor/add", "/settings/sessions", "/sign-in/verify"} {
		b.Open(path)
		if got := b.Path(); !regexp.MustCompile(`^/sign-in(\?.*)?$`).MatchString(got) {
			t.Errorf("%s without a session led to %s", path, got)
		}
	}
	if got := b.Open("/nothing-here"); got != http.StatusNotFound {
		t.Errorf("an unknown address answered %d", got)
	}
	b.Inspect("not-found")
}
