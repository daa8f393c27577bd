package passkey_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/profile"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// TestSetUpInsideTheSignIn: who must have a second factor sets up a passkey and is in with it.
func TestSetUpInsideTheSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "enforcement=required")
		step := w.Password(t, w.Grace)
		if step.State != signin.SetUp {
			t.Fatalf("the sign-in is in state %s", step.State)
		}
		_, f, options, err := w.SignIn.BeginSetUpPasskey(t.Context(), step.Cookie, "")
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.SignIn.Pending(t.Context(), step.Cookie)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.Factors.PasskeyOptions(t.Context(), w.Grace, p.Request(), f.ID); err != nil || !bytes.Equal(again, options) {
			t.Errorf("shown again, the browser is asked %s (%v), before %s", again, err, options)
		}
		key := &keytest.Key{}
		_, _, err = w.SignIn.ConfirmSetUp(t.Context(), step.Cookie, f.ID, keytest.Make(t, options, "https://evil.test", key, nil), domaintest.By)
		wantError(t, "made on another site", err, factor.ErrPasskey)
		done, codes, err := w.SignIn.ConfirmSetUp(t.Context(), step.Cookie, f.ID, keytest.Make(t, options, domaintest.Site, key, nil), domaintest.By)
		if err != nil || len(codes) != 10 || done.State != signin.SignedIn || done.Method != factor.Passkey {
			t.Fatalf("%+v, %d codes, %v", done, len(codes), err)
		}
		if b := w.Open(t, done.Cookie); b.Signed.Level != session.AAL2 || !slices.Equal(b.Signed.AMR, []string{"pwd", "hwk", "user", "mfa"}) {
			t.Errorf("the session is of level %s by %v", b.Signed.Level, b.Signed.AMR)
		}
		if f := w.Stored(t, w.Grace, f.ID); f.Hint != factor.DeviceBound || f.Name != "Passkey" || f.State != factor.Confirmed {
			t.Errorf("stored as %+v", f.Factor)
		}
		_, _, _, err = w.SignIn.BeginSetUpPasskey(t.Context(), step.Cookie, "")
		wantError(t, "a second one with the same cookie", err, signin.ErrExpired)
		step = w.Password(t, w.Grace)
		_, _, _, err = w.SignIn.BeginSetUpPasskey(t.Context(), step.Cookie, "")
		wantError(t, "a second one in another sign-in (B49)", err, signin.ErrNoSetUp)
	})
}

// TestNotOffered: what plan, policy or deployment do not have can't be begun, nor finished.
func TestNotOffered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Grace)
		f, options, err := w.Profile.AddPasskey(t.Context(), b.Signed, "", domaintest.Proofs, b.As())
		if err != nil {
			t.Fatal(err)
		}
		right := keytest.Make(t, options, domaintest.Site, &keytest.Key{}, nil)
		w.SetPolicy(t, "methods=totp,email")
		b = w.Browse(t, w.Grace)
		_, _, err = w.Profile.AddPasskey(t.Context(), b.Signed, "", domaintest.Proofs, b.As())
		if err == nil || err.Error() != "factor_not_allowed" {
			t.Errorf("without the policy: %v", err)
		}
		if _, _, err = w.Profile.ConfirmDevice(t.Context(), b.Signed, f.ID, right, b.As()); err == nil || err.Error() != "factor_not_allowed" {
			t.Errorf("confirmed without the policy: %v", err)
		}
		w.SetPolicy(t, "methods=totp,passkey")
		w.Profile.Plans.NoPasskeys, w.SignIn.Plans.NoPasskeys = true, true
		b = w.Browse(t, w.Grace)
		_, _, err = w.Profile.AddPasskey(t.Context(), b.Signed, "", domaintest.Proofs, b.As())
		wantError(t, "without a domain name", err, account.ErrNoPasskeys)
		w.Factors.Methods = w.Factors.Methods[:4]
		_, _, err = w.SignIn.AskPasskeyAlone(t.Context())
		wantError(t, "asked without a domain name", err, account.ErrNoPasskeys)
		_, err = w.SignIn.Passkey(t.Context(), signin.PasskeyCredentials{Ceremony: "x", Response: right}, domaintest.By)
		wantError(t, "answered without a domain name", err, factor.ErrPasskey)
	})
}

// TestProvedByAPasskey: where the policy wants password and code, a passkey's answer is the code, for this session and once.
func TestProvedByAPasskey(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "removal=password_and_code")
		phone, _ := w.Enrol(t, w.Grace)
		key := &keytest.Key{}
		id := enrolled(t, w, w.Grace, key)
		b := w.Browse(t, w.Grace)
		at := stepDoor(t, w, b)
		remove := func(lie func(*keytest.Draft)) error {
			options, ceremony := at.ask()
			cookie, _, err := w.Profile.RemoveDevice(t.Context(), b.Signed, phone.FactorID, profile.Proofs{
				Password: domaintest.Password, Code: key.Answer(t, options, domaintest.Site, lie), Ceremony: ceremony,
			}, b.As())
			if err == nil {
				b = w.Open(t, cookie)
			}
			return err
		}
		wantError(t, "with a wrong one", remove(client("origin", "https://evil.test")), factor.ErrPasskey)
		wantError(t, "with the right one", remove(nil), nil)
		if _, err := w.Factors.Stored(t.Context(), w.Acme.ID, w.Grace.ID, phone.FactorID); !errors.Is(err, factor.ErrNotFound) {
			t.Errorf("the phone is still there: %v", err)
		}
		wantError(t, "a code where a passkey was asked", w.Profile.ProveFactor(t.Context(), b.Signed, "123456", "x", b.As()), factor.ErrPasskey)
		_, _, err := w.Profile.RemoveDevice(t.Context(), b.Signed, id, profile.Proofs{Password: domaintest.Password, Code: "123456"}, b.As())
		if err == nil {
			t.Error("a passkey was removed with a wrong code")
		}
		at = stepDoor(t, w, b)
		options, ceremony := at.ask()
		_, last, err := w.Profile.RemoveDevice(t.Context(), b.Signed, id, profile.Proofs{
			Password: domaintest.Password, Code: key.Answer(t, options, domaintest.Site, nil), Ceremony: ceremony,
		}, b.As())
		if err != nil || !last {
			t.Fatalf("removing the passkey by itself: last %v, %v", last, err)
		}
		alone := aloneDoor(t, w)
		options, ceremony = alone.ask()
		wantError(t, "the removed passkey", alone.show(key.Answer(t, options, domaintest.Site, nil), ceremony), factor.ErrPasskey)
		_, _, err = w.Profile.AskPasskey(t.Context(), b.Signed)
		wantError(t, "asked without one", err, factor.ErrNotFound)
	})
}

// TestRemovedBetweenAskAndAnswer: a passkey that is gone does not answer, and the others still do.
func TestRemovedBetweenAskAndAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		one, two := &keytest.Key{}, &keytest.Key{}
		gone := enrolled(t, w, w.Grace, one)
		enrolled(t, w, w.Grace, two)
		b := w.Browse(t, w.Grace)
		at := stepDoor(t, w, b)
		options, ceremony := at.ask()
		if _, err := w.DB.Exec(t.Context(), `DELETE FROM factors WHERE factor_id = $1`, gone); err != nil {
			t.Fatal(err)
		}
		refusedAs(t, w, at.show(one.Answer(t, options, domaintest.Site, nil), ceremony), "unknown", true)
		wantError(t, "the other", at.show(two.Answer(t, options, domaintest.Site, nil), ceremony), nil)
	})
}

// TestPlannedEndIsCalledOff: who enters with the passkey needs no way out (K2).
func TestPlannedEndIsCalledOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key := &keytest.Key{}
		enrolled(t, w, w.Grace, key)
		u, err := user.Get(t.Context(), w.DB, w.Acme.ID, w.Grace.ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.DB.Run(t.Context(), user.PlanEnd(u, w.Clock.Now().Add(1e12))); err != nil {
			t.Fatal(err)
		}
		at := aloneDoor(t, w)
		options, ceremony := at.ask()
		wantError(t, "the passkey", at.show(key.Answer(t, options, domaintest.Site, nil), ceremony), nil)
		if u, err = user.Get(t.Context(), w.DB, w.Acme.ID, w.Grace.ID); err != nil || !u.TwoFactorEndsAt.IsZero() {
			t.Errorf("the second factor still ends at %s (%v)", u.TwoFactorEndsAt, err)
		}
	})
}

// TestRotationKeepsPasskeys: sealed anew under the new key, one that waits and one that counts both go on.
func TestRotationKeepsPasskeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key := &keytest.Key{}
		enrolled(t, w, w.Grace, key)
		alan := w.Browse(t, w.Alan)
		waits, options, err := w.Profile.AddPasskey(t.Context(), alan.Signed, "", domaintest.Proofs, alan.As())
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.Ring.Prepare(), w.Ring.Promote()); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Factors.Reseal(t.Context(), func(int, int) {}); err != nil || n != 2 {
			t.Fatalf("%d resealed, %v", n, err)
		}
		if err := w.Ring.Retire(); err != nil {
			t.Fatal(err)
		}
		at := aloneDoor(t, w)
		asked, ceremony := at.ask()
		wantError(t, "the one that counts", at.show(key.Answer(t, asked, domaintest.Site, nil), ceremony), nil)
		_, _, err = w.Profile.ConfirmDevice(t.Context(), alan.Signed, waits.ID, keytest.Make(t, options, domaintest.Site, &keytest.Key{}, nil), alan.As())
		wantError(t, "the one that waited", err, nil)
	})
}

// TestSyncedIsShown: where a passkey lies is what it says of itself at each use, but for whether it can move at all.
func TestSyncedIsShown(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		key := &keytest.Key{Flags: keytest.UP | keytest.UV | keytest.BE, Still: true}
		id := enrolled(t, w, w.Grace, key)
		if f := w.Stored(t, w.Grace, id); f.Hint != factor.Synced {
			t.Errorf("one that can be synced is shown as %q", f.Hint)
		}
		at := aloneDoor(t, w)
		options, ceremony := at.ask()
		wantError(t, "backed up since", at.show(key.Answer(t, options, domaintest.Site, flags(keytest.BS)), ceremony), nil)
		options, ceremony = at.ask()
		refusedAs(t, w, at.show(key.Answer(t, options, domaintest.Site, flags(keytest.BE)), ceremony), "backup_eligible", true)
	})
}

// TestRelatedOrigin: a site that the operator named is as good as the public one.
func TestRelatedOrigin(t *testing.T) {
	w := domaintest.New(t, dbtest.Open(t, dbtest.SQLite(t)))
	key := &keytest.Key{}
	enrolled(t, w, w.Grace, key)
	at := aloneDoor(t, w)
	options, ceremony := at.ask()
	wantError(t, "on the related site", at.show(key.Answer(t, options, domaintest.Party.Origins[1], nil), ceremony), nil)
}
