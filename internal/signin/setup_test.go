package signin_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// state is where a sign-in of u stands after the password.
func state(t *testing.T, w *domaintest.World, u user.User) signin.State {
	t.Helper()
	return w.Password(t, u).State
}

// TestRequiredAtOnce is T9 and T11: without a grace the next sign-in sets up, and so does whoever is signed in, on
// every replica within a second (ASVS 6.3.3); level off again, everybody's own choice stands (T7).
func TestRequiredAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other := w.Restart(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		ada, grace := w.SignInWith(t, w.Ada, phone), w.SignInPlain(t, w.Grace)
		w.Clock.Advance(30 * time.Second)
		other.Open(t, grace.Cookie) // the other process remembers her for less than a second
		w.SetPolicy(t, "enforcement=required")
		w.Clock.Advance(time.Second)
		for _, replica := range []*domaintest.World{w, other} {
			_, err := replica.Sessions.Check(t.Context(), grace.Cookie)
			wantError(t, "a session without a second factor", err, session.ErrSetUp)
			replica.Open(t, ada.Cookie) // has what is demanded
		}
		step := w.Password(t, w.Grace)
		if step.State != signin.SetUp || step.Owed != (account.Owed{Demand: account.SetUp, Cause: account.ByRequirement}) {
			t.Fatalf("the next sign-in: %+v", step)
		}
		_, err := w.Sessions.Check(t.Context(), step.Cookie)
		wantError(t, "the set-up's cookie as a session", err, session.ErrNone)
		if got := state(t, w, w.Ada); got != signin.SecondFactor {
			t.Errorf("who has a second factor is in state %s", got)
		}
		_, e, err := w.SignIn.BeginSetUp(t.Context(), step.Cookie, "Phone")
		if err != nil {
			t.Fatal(err)
		}
		hers := domaintest.Scan(t, e.Factor.ID, e.URI)
		done, codes, err := w.SignIn.ConfirmSetUp(t.Context(), step.Cookie, hers.FactorID, hers.Code(w.Clock.Now()), domaintest.By)
		if err != nil || len(codes) != 10 {
			t.Fatalf("%d codes, %v", len(codes), err)
		}
		in := w.Open(t, done.Cookie)
		if in.Signed.Level != session.AAL2 || !in.Signed.ProvedAt.Equal(w.Clock.Now()) {
			t.Errorf("the session is %+v", in.Signed.Session)
		}
		_, _, err = w.Profile.RemoveDevice(t.Context(), in.Signed, hers.FactorID, domaintest.Proofs, in.As())
		wantError(t, "removing the last device", err, factor.ErrRequired)
		if devices(t, w, w.Grace) != 2 { // the device, and the backup codes
			t.Error("the device is gone")
		}

		w.SetPolicy(t, "enforcement=optional")
		if a, b := state(t, w, w.Alan), state(t, w, w.Grace); a != signin.SignedIn || b != signin.SecondFactor {
			t.Errorf("level off: without a factor %s, with one %s", a, b)
		}
		w.Clock.Advance(time.Second)
		in = w.Open(t, done.Cookie)
		if _, last, err := w.Profile.RemoveDevice(t.Context(), in.Signed, hers.FactorID, domaintest.Proofs, in.As()); err != nil || !last {
			t.Errorf("removing it by own choice: last %v, %v", last, err)
		}
	})
}

// TestGraceEnds is K5: until the day both the password and an open session do; from that instant on neither.
func TestGraceEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		began := w.Clock.Now()
		w.SetPolicy(t, "session_lifetime=720h", "session_idle=720h", "enforcement=required", "grace_days=7")
		ends := began.AddDate(0, 0, 7)
		step := w.Password(t, w.Grace)
		if step.State != signin.SignedIn || step.Owed.Demand != account.InGrace || !step.Owed.By.Equal(ends) {
			t.Fatalf("within the grace: %+v", step)
		}
		w.Clock.Set(began.AddDate(0, 0, 3))
		w.SetPolicy(t, "removal=recent_sign_in") // another field: the grace goes on and does not begin anew
		w.Clock.Set(ends.Add(-time.Microsecond))
		w.Open(t, step.Cookie)
		if got := state(t, w, w.Grace); got != signin.SignedIn {
			t.Errorf("just before the end the state is %s", got)
		}
		w.Clock.Set(ends)
		_, err := w.Sessions.Check(t.Context(), step.Cookie)
		wantError(t, "the session after the grace", err, session.ErrSetUp)
		if got := state(t, w, w.Grace); got != signin.SetUp {
			t.Errorf("at the end the state is %s", got)
		}
		late := w.AddUser(t, w.Acme, "late@acme.test", "Late", user.Member)
		if s := w.Password(t, late); s.State != signin.SignedIn || !s.Owed.By.Equal(ends.AddDate(0, 0, 7)) {
			t.Errorf("who came later: %+v", s)
		}
		w.SetPolicy(t, "grace_days=30") // longer for everybody, at once
		if got := state(t, w, w.Grace); got != signin.SignedIn {
			t.Errorf("with a longer grace the state is %s", got)
		}
	})
}

// TestRequiredOfAdministrators: the rule for a role stands above the one for everybody, if it is stricter.
func TestRequiredOfAdministrators(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "enforcement=recommended", "enforcement_admins=required")
		for u, want := range map[*user.User]signin.State{&w.Ada: signin.SetUp, &w.Alan: signin.SetUp, &w.Grace: signin.SignedIn} {
			step := w.Password(t, *u)
			if step.State != want {
				t.Errorf("%s: %+v", u.Email, step)
			}
			if want == signin.SetUp && step.Owed.Cause != account.ByRole || want == signin.SignedIn && step.Owed.Demand != account.Advised {
				t.Errorf("%s: %+v", u.Email, step.Owed)
			}
		}
	})
}

// TestSetUpWithANumber: the other methods are set up inside the sign-in too, as far as policy and channels go.
func TestSetUpWithANumber(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "enforcement=required", "methods=sms,totp")
		cookie := w.Password(t, w.Grace).Cookie
		begin := func(k factor.Kind, address string) (factor.Factor, error) {
			_, f, err := w.SignIn.BeginSetUpAddress(t.Context(), cookie, k, "Mine", address, domaintest.By)
			return f, err
		}
		for _, c := range []struct {
			kind    factor.Kind
			address string
			code    string
		}{
			{factor.Email, "grace@acme.test", "factor_not_allowed"},
			{factor.SMS, "", "address_missing"},
			{factor.SMS, "+43 1 5861770", "phone_not_mobile"},
			{factor.TOTP, "x", "factor_not_found"},
			{factor.BackupCode, "x", "factor_not_allowed"},
		} {
			_, err := begin(c.kind, c.address)
			if got := codeOf(err); got != c.code {
				t.Errorf("%s at %q: %s, want %s", c.kind, c.address, got, c.code)
			}
		}
		f, err := begin(factor.SMS, "+43 664 1234567")
		if err != nil {
			t.Fatal(err)
		}
		code := w.SentCode(t, w.Grace, f.ID)
		if _, _, err := w.SignIn.ConfirmSetUp(t.Context(), cookie, f.ID, domaintest.Other(code), domaintest.By); !errors.Is(err, factor.ErrWrongCode) {
			t.Errorf("a wrong code: %v", err)
		}
		if err := w.SignIn.SendSetUp(t.Context(), cookie, f.ID, domaintest.By); !errors.Is(err, factor.ErrTooSoon) {
			t.Errorf("another code at once: %v", err)
		}
		w.Clock.Advance(time.Minute)
		if err := w.SignIn.SendSetUp(t.Context(), cookie, f.ID, domaintest.By); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.SignIn.ConfirmSetUp(t.Context(), cookie, f.ID, code, domaintest.By); err == nil {
			t.Error("the older code works")
		}
		done, codes, err := w.SignIn.ConfirmSetUp(t.Context(), cookie, f.ID, w.SentCode(t, w.Grace, f.ID), domaintest.By)
		if err != nil || len(codes) != 10 {
			t.Fatalf("%d codes, %v", len(codes), err)
		}
		if got := w.Open(t, done.Cookie).Signed.AMR; !slices.Equal(got, []string{"pwd", "sms", "mfa"}) {
			t.Errorf("amr %v", got)
		}
		if err := w.SignIn.SendSetUp(t.Context(), cookie, f.ID, domaintest.By); !errors.Is(err, signin.ErrExpired) {
			t.Errorf("after the sign-in: %v", err)
		}
	})
}

// TestMailedSetUp: where the policy says so, a stolen password sets nothing up without the mailbox, and the
// token does for one sign-in, once.
func TestMailedSetUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "enforcement=required", "mailed_set_up=on")
		thief := w.Password(t, w.Grace).Cookie
		theirs := w.MailedToken(t, w.Grace.Email)
		w.Clock.Advance(2 * time.Minute)
		own := w.Password(t, w.Grace).Cookie
		token := w.MailedToken(t, w.Grace.Email)
		if token == "" || token == theirs {
			t.Fatalf("tokens %q and %q", theirs, token)
		}
		_, _, err := w.SignIn.BeginSetUp(t.Context(), own, "Phone")
		wantError(t, "before the token", err, signin.ErrMailFirst)
		_, _, err = w.SignIn.BeginSetUpAddress(t.Context(), own, factor.Email, "Mailbox", w.Grace.Email, domaintest.By)
		wantError(t, "a mailbox before the token", err, signin.ErrMailFirst)
		for what, try := range map[string][2]string{
			"an older token": {own, theirs}, "in another sign-in": {thief, token}, "an older one in its own": {thief, theirs},
			"a wrong one": {own, "0" + token[1:25] + "z"}, "nothing": {own, ""},
		} {
			wantError(t, what, w.SignIn.ProveMailbox(t.Context(), try[0], try[1]), mailtoken.ErrToken)
		}
		wantError(t, "another mail at once", w.SignIn.AskSetUp(t.Context(), own, domaintest.By), mailtoken.ErrTooSoon)
		w.Clock.Advance(time.Minute)
		wantError(t, "a new one", w.SignIn.AskSetUp(t.Context(), own, domaintest.By), nil)
		wantError(t, "the token that a newer one ended", w.SignIn.ProveMailbox(t.Context(), own, token), mailtoken.ErrToken)
		token = w.MailedToken(t, w.Grace.Email)
		wantError(t, "the token", w.SignIn.ProveMailbox(t.Context(), own, token), nil)
		_, _, err = w.SignIn.BeginSetUp(t.Context(), thief, "Thief's")
		wantError(t, "the thief after it", err, signin.ErrMailFirst)
		_, e, err := w.SignIn.BeginSetUp(t.Context(), own, "Phone")
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = w.SignIn.ConfirmSetUp(t.Context(), thief, e.Factor.ID, domaintest.Scan(t, e.Factor.ID, e.URI).Code(w.Clock.Now()), domaintest.By)
		wantError(t, "the thief with the owner's device", err, signin.ErrMailFirst)
		if _, _, err = w.SignIn.ConfirmSetUp(t.Context(), own, e.Factor.ID, domaintest.Scan(t, e.Factor.ID, e.URI).Code(w.Clock.Now()), domaintest.By); err != nil {
			t.Fatal(err)
		}
		_, err = w.SignIn.Pending(t.Context(), thief)
		wantError(t, "the thief's sign-in", err, signin.ErrExpired)
		if n := recorded(t, w, w.Grace, audit.SetUpMailAsked); n != 3 {
			t.Errorf("%d mails are recorded", n)
		}
	})
}

// TestMailedSetUpWithoutMail: without a mail server it says so, and lets nobody in.
func TestMailedSetUpWithoutMail(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Channels.Mail = nil
		w.SetPolicy(t, "enforcement=required", "mailed_set_up=on")
		step := w.Password(t, w.Grace)
		if step.State != signin.SetUp {
			t.Fatalf("state %s", step.State)
		}
		wantError(t, "asking", w.SignIn.AskSetUp(t.Context(), step.Cookie, domaintest.By), signin.ErrNoSetUpMail)
		_, _, err := w.SignIn.BeginSetUp(t.Context(), step.Cookie, "Phone")
		wantError(t, "setting up", err, signin.ErrMailFirst)
	})
}

// TestWayOutWhileRequired is K2: where a second factor is demanded, the mailed token sets up a new one and switches none off.
func TestWayOutWhileRequired(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Grace)
		w.Enrol(t, w.Alan)
		w.SetPolicy(t, "mailed_disable=disable", "enforcement_admins=required", "grace_days=90")
		for u, want := range map[*user.User]signin.State{&w.Alan: signin.SetUp, &w.Grace: signin.SignedIn} {
			cookie, token := asked(t, w, *u)
			done, err := confirm(w, cookie, token)
			if err != nil || done.State != want {
				t.Errorf("%s: %+v, %v", u.Email, done, err)
			}
		}
		// In grace others need not set up yet; who had a second factor and lost it must.
		if got := state(t, w, w.Alan); got != signin.SetUp {
			t.Errorf("the next sign-in is in state %s", got)
		}
	})
}

// TestSetUpProofIsThePassword: the sign-in itself is the proof, and an old one is none.
func TestSetUpProofIsThePassword(t *testing.T) {
	if signin.PendingFor > reauth.Fresh {
		t.Errorf("a pending sign-in lives %s, longer than a proof counts", signin.PendingFor)
	}
}

func codeOf(err error) string {
	if e := errs.From(err); e != nil {
		return e.Code
	}
	return ""
}
