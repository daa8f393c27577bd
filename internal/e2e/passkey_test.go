package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestPasskeys is the life of passkeys in front of a real browser and its authenticator: added without a name, used as the second
// factor, as a sign-in of its own by the button and by what the browser fills in, refused in all the ways in which that happens
// to people, and removed.
func TestPasskeys(t *testing.T) {
	tools(t)
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
	k.keeps(kept[0])
	b.press("Sign in with a passkey")
	b.onSettings()
}

var _ = http.StatusOK
