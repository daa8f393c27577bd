package signin_test

import (
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

// TestAPasskeyIsOwedBesides is K8: whoever must use a passkey and has another second factor proves that, and is in only once a
// passkey is set up too. A session that was there before ends, on every replica within a second.
func TestAPasskeyIsOwedBesides(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other := w.Restart(t, d)
		phone, codes := w.Enrol(t, w.Ada)
		ada, grace := w.SignInWith(t, w.Ada, phone), w.SignInPlain(t, w.Grace)
		w.Clock.Advance(30 * time.Second)
		w.SetPolicy(t, "passkey_required=everyone")
		w.Clock.Advance(time.Second)
		for _, replica := range []*domaintest.World{w, other} {
			_, err := replica.Sessions.Check(t.Context(), ada.Cookie)
			wantError(t, "a session without a passkey", err, session.ErrSetUp)
			replica.Open(t, grace.Cookie) // has no second factor, and need not have one
		}

		step := w.Password(t, w.Ada)
		if step.State != signin.SecondFactor || !step.Owed.AddPasskey {
			t.Fatalf("after the password: %+v", step)
		}
		_, _, err := w.SignIn.BeginSetUp(t.Context(), step.Cookie, "Phone")
		wantError(t, "a set-up before the second factor", err, signin.ErrNoSetUp)

		proved, err := w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By)
		if err != nil || proved.State != signin.SetUp || proved.Cookie != step.Cookie {
			t.Fatalf("after the code: %+v, %v", proved, err)
		}
		_, err = w.Sessions.Check(t.Context(), proved.Cookie)
		wantError(t, "its cookie as a session", err, session.ErrNone)
		_, err = w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: codes[0]}, domaintest.By)
		wantError(t, "a second code", err, signin.ErrExpired)

		p, err := w.SignIn.Pending(t.Context(), step.Cookie)
		if err != nil {
			t.Fatal(err)
		}
		if p.State(w.Clock.Now()) != signin.SetUp || p.MailFirst() {
			t.Errorf("the sign-in waits for %s, mail first %v", p.State(w.Clock.Now()), p.MailFirst())
		}
		offers, err := w.SignIn.SetUpOffers(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range offers {
			if (o.Method == account.Passkey) != (o.Why == "") {
				t.Errorf("offered: %+v", o)
			}
		}
		_, _, err = w.SignIn.BeginSetUp(t.Context(), step.Cookie, "Phone")
		if e := errs.From(err); e == nil || e.Code != "factor_not_allowed" {
			t.Errorf("the set-up of an app: %v", err)
		}

		_, f, options, err := w.SignIn.BeginSetUpPasskey(t.Context(), step.Cookie, "")
		if err != nil {
			t.Fatal(err)
		}
		done, none, err := w.SignIn.ConfirmSetUp(t.Context(), step.Cookie, f.ID, keytest.Make(t, options, domaintest.Site, &keytest.Key{}, nil), domaintest.By)
		if err != nil || done.State != signin.SignedIn || len(none) != 0 {
			t.Fatalf("the passkey: %+v, %d new backup codes, %v", done, len(none), err)
		}
		for _, replica := range []*domaintest.World{w, other} {
			replica.Open(t, done.Cookie)
		}
	})
}

// TestAPasskeyIsNoLongerOwed: if that is called off in the middle of a sign-in, the code is asked for again, and then they are in.
func TestAPasskeyIsNoLongerOwed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		w.SetPolicy(t, "passkey_required=admins")
		step := w.Password(t, w.Ada)
		if proved, err := w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By); err != nil || proved.State != signin.SetUp {
			t.Fatalf("after the code: %+v, %v", proved, err)
		}
		w.SetPolicy(t, "passkey_required=optional")
		if p, err := w.SignIn.Pending(t.Context(), step.Cookie); err != nil || p.State(w.Clock.Now()) != signin.SecondFactor {
			t.Fatalf("called off: %v", err)
		}
		w.Clock.Advance(30 * time.Second)
		in, err := w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By)
		if err != nil || in.State != signin.SignedIn || in.Method != factor.TOTP {
			t.Errorf("the code once more: %+v, %v", in, err)
		}
	})
}

// TestSetUpCallsThePlanOff: who proved their second factor and set a passkey up has shown that they have both. A planned end of the second
// factor, which a thief of password and mailbox may have asked for, must not take the new passkey away with the rest.
func TestSetUpCallsThePlanOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		planned(t, w, w.Ada, "disable")
		w.SetPolicy(t, "passkey_required=everyone")
		w.Clock.Advance(30 * time.Second)
		step := w.Password(t, w.Ada)
		if _, err := w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By); err != nil {
			t.Fatal(err)
		}
		_, f, options, err := w.SignIn.BeginSetUpPasskey(t.Context(), step.Cookie, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err = w.SignIn.ConfirmSetUp(t.Context(), step.Cookie, f.ID, keytest.Make(t, options, domaintest.Site, &keytest.Key{}, nil), domaintest.By); err != nil {
			t.Fatal(err)
		}
		if at := endsAt(t, w, w.Ada); !at.IsZero() {
			t.Errorf("the second factor still ends at %s", at)
		}
	})
}
