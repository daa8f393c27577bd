package profile_test

import (
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/profile"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
)

// TestAKeyIsNoSignIn: a program that has proved the second factor of its key has not signed anybody in. Where a recent sign-in spares people
// the password, it must not spare a program that: with a key of the scope “factors” it would bind a passkey, which signs in alone, and so
// get all that its scopes, and no key at all, may do.
func TestAKeyIsNoSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		w.SetPolicy(t, "enrolment=recent_sign_in", "removal=recent_sign_in")
		b := w.Browse(t, w.Ada)
		now := w.Clock.Now()
		key := session.OfKey("key_one", b.Signed.User, b.Signed.Account, session.AAL2, []string{"api_key", "otp", "mfa"}, now, now, db.Write(`UPDATE users SET epoch = epoch`))
		if !w.Profile.ToAdd(key).Password || !w.Profile.ToRemove(key).Password {
			t.Error("a program is asked for no password")
		}
		ctx, none := t.Context(), profile.Proofs{}
		_, err := w.Profile.AddDevice(ctx, key, "Mine", none, b.As())
		wantError(t, "an app", err, reauth.ErrProofNeeded)
		_, _, err = w.Profile.NewBackupCodes(ctx, key, none, w.CodeSet(t, w.Ada), b.As())
		wantError(t, "backup codes", err, reauth.ErrProofNeeded)
		_, _, err = w.Profile.RemoveDevice(ctx, key, phone.FactorID, none, b.As())
		wantError(t, "removal", err, reauth.ErrProofNeeded)
		_, _, err = w.Profile.AddPasskey(ctx, key, "Mine", none, b.As())
		wantError(t, "a passkey", err, reauth.ErrProofNeeded)
	})
}
