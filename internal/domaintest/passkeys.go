package domaintest

import (
	"context"
	"testing"

	"sallyport/internal/passkey/keytest"
)

// Site is where a world's passkeys are used.
const Site = "https://login.acme.test"

// AddPasskey enrols a passkey in b and confirms it. It returns the browser as it goes on, and the backup codes if it is the
// person's first device.
func (w *World) AddPasskey(tb testing.TB, b Browser, k *keytest.Key, name string) (factorID string, on Browser, codes []string) {
	tb.Helper()
	ctx := context.Background()
	f, options, err := w.Profile.AddPasskey(ctx, b.Signed, name, Proofs, b.As())
	if err != nil {
		tb.Fatalf("add a passkey: %v", err)
	}
	cookie, codes, err := w.Profile.ConfirmDevice(ctx, b.Signed, f.ID, keytest.Make(tb, options, Site, k, nil), b.As())
	if err != nil {
		tb.Fatalf("confirm the passkey: %v", err)
	}
	return f.ID, w.Open(tb, cookie), codes
}
