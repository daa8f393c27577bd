package profile_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

// TestOnlyAPasskeyProvesAgain: where only a passkey will do at sign-in, it is so within a session too (K8, security.md B66). A backup
// code is as good, and what is not taken is not charged.
func TestOnlyAPasskeyProvesAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, codes := w.Enrol(t, w.Ada)
		mailbox := w.AddAddress(t, w.Ada, factor.Email, "codes@acme.test")
		key := &keytest.Key{}
		w.AddPasskey(t, w.Browse(t, w.Ada), key, "")
		w.SetPolicy(t, "passkey_required=admins")
		b := w.Browse(t, w.Ada)
		again := func(code, ceremony string) error {
			t.Helper()
			w.Clock.Advance(time.Minute)
			err := w.Profile.ProveFactor(t.Context(), b.Signed, code, ceremony, b.As())
			b = w.Open(t, b.Cookie)
			return err
		}
		wantError(t, "the app", again(phone.Code(w.Clock.Now().Add(time.Minute)), ""), factor.ErrPasskeyNeeded)
		wantError(t, "sending a code", w.Profile.SendRepeated(t.Context(), b.Signed, mailbox.ID, b.As()), factor.ErrPasskeyNeeded)
		if f := w.Stored(t, w.Ada, phone.FactorID); f.Failures != 0 || w.Clock.Now().Sub(b.Signed.ProvedAt) < time.Minute {
			t.Errorf("%d failures, proved at %s", f.Failures, b.Signed.ProvedAt)
		}
		wantError(t, "a backup code", again(codes[0], ""), nil)
		if !b.Signed.ProvedAt.Equal(w.Clock.Now()) {
			t.Errorf("proved at %s", b.Signed.ProvedAt)
		}
		options, ceremony, err := w.Profile.AskPasskey(t.Context(), b.Signed)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, "the passkey", again(key.Answer(t, options, domaintest.Site, nil), ceremony), nil)

		// Nobody else is held to it.
		hers, _ := w.Enrol(t, w.Grace)
		g := w.Browse(t, w.Grace)
		wantError(t, "a member", w.Profile.ProveFactor(t.Context(), g.Signed, hers.Code(w.Clock.Now()), "", g.As()), nil)
		if g.Signed.Level != session.AAL2 {
			t.Errorf("level %s", g.Signed.Level)
		}
	})
}

// TestTheLastPasskeyStays beside other devices, where one is required (K8); by itself it may go with two-factor sign-in.
func TestTheLastPasskeyStays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		first, b, _ := w.AddPasskey(t, w.Browse(t, w.Ada), &keytest.Key{}, "First")
		second, b, _ := w.AddPasskey(t, b, &keytest.Key{}, "Second")
		w.SetPolicy(t, "passkey_required=everyone")
		remove := func(id string) error {
			t.Helper()
			b = w.Browse(t, w.Ada)
			_, _, err := w.Profile.RemoveDevice(t.Context(), b.Signed, id, domaintest.Proofs, b.As())
			return err
		}
		wantError(t, "one of two", remove(second), nil)
		wantError(t, "the last", remove(first), factor.ErrPasskeyRequired)
		wantError(t, "the phone", remove(phone.FactorID), nil)
		wantError(t, "the last of all", remove(first), nil)
	})
}

// TestAPasswordNeverEnteredIsNotClaimed: somebody signed in by nothing but a passkey adds a device, and the session that goes on
// tells programs of no password.
func TestAPasswordNeverEnteredIsNotClaimed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "enrolment=recent_sign_in")
		key := &keytest.Key{}
		_, entered, _ := w.AddPasskey(t, w.Browse(t, w.Ada), key, "")
		options, ceremony, err := w.SignIn.AskPasskeyAlone(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		step, err := w.SignIn.Passkey(t.Context(), signin.PasskeyCredentials{Ceremony: ceremony, Response: key.Answer(t, options, domaintest.Site, nil)}, domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		_, alone, _ := w.AddPhone(t, w.Open(t, step.Cookie), "Phone")
		for _, c := range []struct {
			b   domaintest.Browser
			pwd bool
		}{{entered, true}, {alone, false}} {
			if amr := c.b.Signed.AMR; slices.Contains(amr, "pwd") != c.pwd || !slices.Contains(amr, "mfa") {
				t.Errorf("amr %q, with a password %t", amr, c.pwd)
			}
		}
	})
}
