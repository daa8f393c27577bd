package profile_test

import (
	"context"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/profile"
	"sallyport/internal/reauth"
)

// TestTrustBindsNoDevice: whoever has the password and a trusted browser's cookie must not make themselves a second factor of it: no device of
// their own, no fresh backup codes, none of the owner's devices gone. With one of those they would pass any later question for a code (security.md B51,
// B66). Once the owner's second factor is proved in the session, all of it works as ever.
func TestTrustBindsNoDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		w.Clock.Advance(30 * time.Second)
		_, cookie := w.Trust(t, w.Ada, phone, domaintest.From(domaintest.Firefox))
		w.Clock.Advance(time.Hour)
		step, err := w.SignInTrusted(w.Ada, cookie, domaintest.Password, domaintest.From(domaintest.Firefox))
		if err != nil {
			t.Fatal(err)
		}
		b := w.Open(t, step.Cookie)
		ctx, proofs := context.Background(), profile.Proofs{Password: domaintest.Password}
		for _, removal := range []string{"password", "recent_sign_in"} {
			w.SetPolicy(t, "removal="+removal)
			w.Clock.Advance(time.Second)
			b = w.Open(t, step.Cookie)
			for what, act := range map[string]func() error{
				"an app": func() error { _, err := w.Profile.AddDevice(ctx, b.Signed, "Mine", proofs, b.As()); return err },
				"a mailbox": func() error {
					_, err := w.Profile.AddAddress(ctx, b.Signed, factor.Email, "Mine", "me@evil.test", proofs, b.As())
					return err
				},
				"a passkey": func() error { _, _, err := w.Profile.AddPasskey(ctx, b.Signed, "Mine", proofs, b.As()); return err },
				"backup codes": func() error {
					_, _, err := w.Profile.NewBackupCodes(ctx, b.Signed, proofs, w.CodeSet(t, w.Ada), b.As())
					return err
				},
				"removal": func() error {
					_, _, err := w.Profile.RemoveDevice(ctx, b.Signed, phone.FactorID, proofs, b.As())
					return err
				},
			} {
				wantError(t, what, act(), reauth.ErrFactorNeeded)
			}
		}
		if err := w.Profile.ProveFactor(ctx, b.Signed, phone.Code(w.Clock.Now()), "", b.As()); err != nil {
			t.Fatal(err)
		}
		b = w.Open(t, step.Cookie)
		_, err = w.Profile.AddDevice(ctx, b.Signed, "Mine", proofs, b.As())
		wantError(t, "an app after a code", err, nil)
		_, _, err = w.Profile.RemoveDevice(ctx, b.Signed, phone.FactorID, proofs, b.As())
		wantError(t, "removal after a code", err, nil)
	})
}
