package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sallyport/internal/chrometest"
)

// TestReset: an operator resets somebody who has lost everything. Their browser is signed out,
// and the next sign-in demands a new device before it lets them in.
func TestReset(t *testing.T) {
	chrometest.Tools(t)
	t.Parallel()
	dir := t.TempDir()
	d := startDemo(t, "--data", dir)
	b := openBrowser(t, d.url, false)
	b.Open("/sign-in")
	b.signIn(grace, d.passwords[grace])
	b.Press("Set up now")
	lost, _ := b.addDevice("Old phone", d.passwords[grace])
	b.Press("I have saved them")

	env := []string{
		"SALLYPORT_DATABASE=sqlite:" + filepath.Join(dir, "sallyport.db"),
		"SALLYPORT_KEY_FILE=" + filepath.Join(dir, "sallyport.key"),
	}
	command(t, env, "", "user", "reset-two-factor", "acme", grace, "--reason", "phone fell into the sea")
	b.wait("the session to end", func() bool { b.Open("/settings"); return b.Heading() == "Sign in" })

	b.signIn(grace, d.passwords[grace])
	b.Sees("Set up two-factor authentication", "Your two-factor authentication was reset.")
	b.Inspect("set-up-demanded")
	if b.Open("/settings"); b.Heading() != "Sign in" {
		t.Errorf("before the set-up the settings opened: %s", b.Where())
	}
	b.Open("/sign-in/set-up")
	b.Fill("Device name", "New phone")
	b.Press("Add")
	b.Sees("Scan the QR code", "New phone")
	b.Inspect("set-up-qr")
	phone := chrometest.Scan(t, b.Picture())
	if phone.Secret == lost.Secret {
		t.Fatal("the new device has the secret of the lost one")
	}
	b.Fill("Authentication code", phone.WrongCode(t))
	b.Press("Verify")
	b.Refuses("Confirm “New phone”")
	b.Inspect("set-up-wrong-code")
	b.Fill("Authentication code", phone.Code(t))
	b.Press("Verify")
	if got := len(b.backupCodes()); got != 10 {
		t.Fatalf("%d backup codes after the set-up, want ten\non %s", got, b.Where())
	}
	b.Inspect("set-up-backup-codes")
	b.Press("I have saved them")
	b.Open("/settings/two-factor")
	b.Sees("Two-factor authentication", "New phone", "confirmed")
	if strings.Contains(b.Text(), "Old phone") {
		t.Error("the lost device is still listed")
	}
}

// TestWrongClock: a phone whose clock is two minutes fast. One right code is not enough, and is told
// no more than a wrong one; the next code of the same phone passes, and from then on one is enough.
func TestWrongClock(t *testing.T) {
	chrometest.Tools(t)
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.Open("/sign-in")
	b.signIn(alan, d.passwords[alan])
	b.Press("Set up now")
	phone, _ := b.addDevice("Fast phone", d.passwords[alan])
	b.Press("I have saved them")
	b.signOut()

	b.signIn(alan, d.passwords[alan])
	b.Fill("Authentication code", phone.WrongCode(t))
	b.Press("Verify")
	wrong := b.Text()
	fast := phone.Used + 4
	b.Fill("Authentication code", phone.At(t, timeOf(fast)))
	b.Press("Verify")
	if b.Text() != wrong {
		t.Errorf("a code that is near is told something else than a wrong one:\n%s\n---\n%s", wrong, b.Text())
	}
	b.Fill("Authentication code", phone.At(t, timeOf(fast+1)))
	b.Press("Verify")
	if !strings.HasPrefix(b.Path(), "/settings") {
		t.Fatalf("two codes in a row did not teach the drift: %s", b.Where())
	}
	b.signOut()
	b.signIn(alan, d.passwords[alan])
	b.Fill("Authentication code", phone.At(t, timeOf(fast+2)))
	b.Press("Verify")
	if !strings.HasPrefix(b.Path(), "/settings") {
		t.Errorf("the drift was not remembered: %s", b.Where())
	}
}

// TestWaits: after five wrong codes the door says how long to wait, and a right code does not
// shorten it.
func TestWaits(t *testing.T) {
	chrometest.Tools(t)
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.Open("/sign-in")
	b.signIn(ada, d.passwords[ada])
	b.Press("Set up now")
	phone, _ := b.addDevice("My Phone", d.passwords[ada])
	b.Press("I have saved them")
	b.signOut()

	b.signIn(ada, d.passwords[ada])
	for range 5 {
		b.Fill("Authentication code", phone.WrongCode(t))
		b.Press("Verify")
	}
	b.Refuses("Enter your authentication code", "Wait 30 seconds")
	b.Inspect("wait")
	b.Fill("Authentication code", phone.Code(t))
	b.Press("Verify")
	b.Refuses("Enter your authentication code", "Wait ")
}

// wait asks again until it is so, at most as long as a step may take.
func (b *browser) wait(what string, so func() bool) {
	b.T.Helper()
	for end := time.Now().Add(chrometest.Patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if so() {
			return
		}
	}
	b.T.Fatalf("waited in vain for %s\non %s", what, b.Where())
}
