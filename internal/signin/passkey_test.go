package signin_test

import (
	"fmt"
	"slices"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// alone signs somebody in with nothing but a passkey.
func alone(t *testing.T, w *domaintest.World, k *keytest.Key, lie func(*keytest.Draft)) (signin.Step, error) {
	t.Helper()
	options, ceremony, err := w.SignIn.AskPasskeyAlone(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return w.SignIn.Passkey(t.Context(), signin.PasskeyCredentials{Ceremony: ceremony, Response: k.Answer(t, options, domaintest.Site, lie)}, domaintest.By)
}

// second passes the second door with a passkey, after the password.
func second(t *testing.T, w *domaintest.World, u user.User, k *keytest.Key, lie func(*keytest.Draft)) (signin.Step, error) {
	t.Helper()
	step := w.Password(t, u)
	options, ceremony, err := w.SignIn.AskPasskey(t.Context(), step.Cookie)
	if err != nil {
		t.Fatal(err)
	}
	return w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{
		Kind: factor.Passkey, Code: k.Answer(t, options, domaintest.Site, lie), Ceremony: ceremony,
	}, domaintest.By)
}

// TestPasskeyAMR: what a sign-in with a passkey says of itself (RFC 8176).
func TestPasskeyAMR(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for i, c := range []struct {
			name          string
			key           keytest.Key
			second, alone []string
		}{
			{"bound, verified", keytest.Key{Flags: keytest.UP | keytest.UV}, []string{"pwd", "hwk", "user", "mfa"}, []string{"hwk", "user", "mfa"}},
			{"synced, verified", keytest.Key{Flags: keytest.UP | keytest.UV | keytest.BE | keytest.BS, Still: true}, []string{"pwd", "swk", "user", "mfa"}, []string{"swk", "user", "mfa"}},
			{"bound, touched", keytest.Key{Flags: keytest.UP}, []string{"pwd", "hwk", "mfa"}, nil},
			{"Ed25519", keytest.Key{Alg: keytest.EdDSA}, []string{"pwd", "hwk", "user", "mfa"}, []string{"hwk", "user", "mfa"}},
			{"RSA", keytest.Key{Alg: keytest.RS256}, []string{"pwd", "hwk", "user", "mfa"}, []string{"hwk", "user", "mfa"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				u := w.AddUser(t, w.Acme, fmt.Sprintf("pat%d@acme.test", i), "Pat", user.Member)
				b := w.SignInPlain(t, u)
				_, b, codes := w.AddPasskey(t, b, &c.key, "My Key")
				if len(codes) != 10 {
					t.Errorf("the first passkey came with %d backup codes, want 10", len(codes))
				}
				if !slices.Equal(b.Signed.AMR, c.second) || b.Signed.Level != session.AAL2 {
					t.Errorf("after the enrolment: %v, %s", b.Signed.AMR, b.Signed.Level)
				}
				step, err := second(t, w, u, &c.key, nil)
				if err != nil {
					t.Fatalf("second factor: %v", err)
				}
				if b := w.Open(t, step.Cookie); !slices.Equal(b.Signed.AMR, c.second) || step.Method != factor.Passkey {
					t.Errorf("as second factor: %v by %s, want %v", b.Signed.AMR, step.Method, c.second)
				}
				step, err = alone(t, w, &c.key, nil)
				if c.alone == nil {
					wantError(t, "alone, not verified", err, factor.ErrPasskey)
					return
				}
				if err != nil {
					t.Fatalf("alone: %v", err)
				}
				b = w.Open(t, step.Cookie)
				if !slices.Equal(b.Signed.AMR, c.alone) || b.Signed.Level != session.AAL2 || !b.Signed.ProvedAt.Equal(w.Clock.Now()) {
					t.Errorf("alone: %v, %s, proved %s", b.Signed.AMR, b.Signed.Level, b.Signed.ProvedAt)
				}
			})
		}
	})
}

// TestOnlyAPasskeyWillDo: where the account wants one and the person has one, nothing else passes but a backup code (K8).
func TestOnlyAPasskeyWillDo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, codes := w.Enrol(t, w.Grace)
		k := &keytest.Key{}
		w.AddPasskey(t, w.Browse(t, w.Grace), k, "")
		mailbox := w.AddAddress(t, w.Grace, factor.Email, "codes@acme.test")
		w.SetPolicy(t, "passkey_required="+string(account.PasskeyEveryone))
		step := w.Password(t, w.Grace)
		wantError(t, "sending a code", w.SignIn.Send(t.Context(), step.Cookie, mailbox.ID, domaintest.By), factor.ErrPasskeyNeeded)
		for name, a := range map[string]signin.Attempt{
			"by its kind":   {Kind: factor.TOTP, Code: phone.Code(w.Clock.Now())},
			"by its device": {FactorID: phone.FactorID, Code: phone.Code(w.Clock.Now())},
		} {
			_, err := w.SignIn.Verify(t.Context(), step.Cookie, a, domaintest.By)
			wantError(t, name, err, factor.ErrPasskeyNeeded)
		}
		if _, err := w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By); err == nil {
			t.Error("the phone's code was taken")
		}
		if _, err := second(t, w, w.Grace, k, nil); err != nil {
			t.Errorf("the passkey: %v", err)
		}
		if _, err := w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: codes[0]}, domaintest.By); err != nil {
			t.Errorf("a backup code: %v", err)
		}
	})
}
