package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestReset: an operator resets somebody who has lost everything. Their browser is signed out,
// and the next sign-in demands a new device before it lets them in.
func TestReset(t *testing.T) {
	tools(t)
	t.Parallel()
	dir := t.TempDir()
	d := startDemo(t, "--data", dir)
	b := openBrowser(t, d.url, false)
	b.open("/sign-in")
	b.signIn(grace, d.passwords[grace])
	b.press("Set up now")
	lost, _ := b.addDevice("Old phone", d.passwords[grace])
	b.press("I have saved them")

	env := []string{
		"SALLYPORT_DATABASE=sqlite:" + filepath.Join(dir, "sallyport.db"),
		"SALLYPORT_KEY_FILE=" + filepath.Join(dir, "sallyport.key"),
	}
	command(t, env, "", "user", "reset-two-factor", "acme", grace, "--reason", "phone fell into the sea")
	b.wait("the session to end", func() bool { b.open("/settings"); return b.heading() == "Sign in" })

	b.signIn(grace, d.passwords[grace])
	b.sees("Set up two-factor authentication", "Your two-factor authentication was reset.")
	b.inspect("set-up-demanded")
	if b.open("/settings"); b.heading() != "Sign in" {
		t.Errorf("before the set-up the settings opened: %s", b.where())
	}
	b.open("/sign-in/set-up")
	b.fill("Device name", "New phone")
	b.press("Add")
	b.sees("Scan the QR code", "New phone")
	b.inspect("set-up-qr")
	phone := scan(t, b.picture())
	if phone.secret == lost.secret {
		t.Fatal("the new device has the secret of the lost one")
	}
	b.fill("Authentication code", phone.wrongCode(t))
	b.press("Verify")
	b.refuses("Confirm “New phone”")
	b.inspect("set-up-wrong-code")
	b.fill("Authentication code", phone.code(t))
	b.press("Verify")
	if got := len(b.backupCodes()); got != 10 {
		t.Fatalf("%d backup codes after the set-up, want ten\non %s", got, b.where())
	}
	b.inspect("set-up-backup-codes")
	b.press("I have saved them")
	b.open("/settings/two-factor")
	b.sees("Two-factor authentication", "New phone", "confirmed")
	if strings.Contains(b.text(), "Old phone") {
		t.Error("the lost device is still listed")
	}
}

// TestWrongClock: a phone whose clock is two minutes fast. One right code is not enough, and is told
// no more than a wrong one; the next code of the same phone passes, and from then on one is enough.
func TestWrongClock(t *testing.T) {
	tools(t)
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.open("/sign-in")
	b.signIn(alan, d.passwords[alan])
	b.press("Set up now")
	phone, _ := b.addDevice("Fast phone", d.passwords[alan])
	b.press("I have saved them")
	b.signOut()

	b.signIn(alan, d.passwords[alan])
	b.fill("Authentication code", phone.wrongCode(t))
	b.press("Verify")
	wrong := b.text()
	fast := phone.used + 4
	b.fill("Authentication code", phone.at(t, timeOf(fast)))
	b.press("Verify")
	if b.text() != wrong {
		t.Errorf("a code that is near is told something else than a wrong one:\n%s\n---\n%s", wrong, b.text())
	}
	b.fill("Authentication code", phone.at(t, timeOf(fast+1)))
	b.press("Verify")
	if !strings.HasPrefix(b.path(), "/settings") {
		t.Fatalf("two codes in a row did not teach the drift: %s", b.where())
	}
	b.signOut()
	b.signIn(alan, d.passwords[alan])
	b.fill("Authentication code", phone.at(t, timeOf(fast+2)))
	b.press("Verify")
	if !strings.HasPrefix(b.path(), "/settings") {
		t.Errorf("the drift was not remembered: %s", b.where())
	}
}

// TestWaits: after five wrong codes the door says how long to wait, and a right code does not
// shorten it.
func TestWaits(t *testing.T) {
	tools(t)
	d := startDemo(t)
	b := openBrowser(t, d.url, false)
	b.open("/sign-in")
	b.signIn(ada, d.passwords[ada])
	b.press("Set up now")
	phone, _ := b.addDevice("My Phone", d.passwords[ada])
	b.press("I have saved them")
	b.signOut()

	b.signIn(ada, d.passwords[ada])
	for range 5 {
		b.fill("Authentication code", phone.wrongCode(t))
		b.press("Verify")
	}
	b.refuses("Enter your authentication code", "Wait 30 seconds")
	b.inspect("wait")
	b.fill("Authentication code", phone.code(t))
	b.press("Verify")
	b.refuses("Enter your authentication code", "Wait ")
}

// wait asks again until it is so, at most as long as a step may take.
func (b *browser) wait(what string, so func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		if so() {
			return
		}
	}
	b.t.Fatalf("waited in vain for %s\non %s", what, b.where())
}
