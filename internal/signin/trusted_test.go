package signin_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

var firefox = domaintest.From(domaintest.Firefox)

const day = 24 * time.Hour

// trusts is a world in which Ada trusts her browser: her phone, her session in it, and its cookie.
func trusts(t *testing.T, d *db.DB) (*domaintest.World, domaintest.Phone, domaintest.Browser, string) {
	t.Helper()
	w := domaintest.New(t, d)
	phone, _ := w.Enrol(t, w.Ada)
	b, cookie := w.Trust(t, w.Ada, phone, firefox)
	if cookie == "" {
		t.Fatal("the browser did not become a trusted one")
	}
	w.Clock.Advance(step)
	return w, phone, b, cookie
}

const otherPassword = "eight unrelated river pilots"

// asks fails the test unless the browser is asked for a code, for the reason given.
func asks(t *testing.T, w *domaintest.World, cookie string, by audit.Actor, why browser.Why) {
	t.Helper()
	done, err := w.SignInTrusted(w.Ada, cookie, domaintest.Password, by)
	if errors.Is(err, signin.ErrCredentials) { // it was changed
		done, err = w.SignInTrusted(w.Ada, cookie, otherPassword, by)
	}
	if err != nil || done.State != signin.SecondFactor || done.Trusted != "" || !done.Untrusted {
		t.Fatalf("state %q, cookie %q, taken back %v, %v; want to be asked", done.State, done.Trusted, done.Untrusted, err)
	}
	p, err := w.SignIn.Pending(t.Context(), done.Cookie)
	if err != nil || p.AskedAgain != why {
		t.Errorf("asks again because of %q (%v), want %q", p.AskedAgain, err, why)
	}
}

// enters fails the test unless the browser enters without a code. The step holds its cookie from then on.
func enters(t *testing.T, w *domaintest.World, cookie string, by audit.Actor) signin.Step {
	t.Helper()
	done, err := w.SignInTrusted(w.Ada, cookie, domaintest.Password, by)
	if err != nil || done.State != signin.SignedIn || done.Trusted == "" || done.Trusted == cookie || done.Untrusted {
		t.Fatalf("state %q, cookie %q, %v; want to be in with a new cookie", done.State, done.Trusted, err)
	}
	return done
}

// TestNinetyDays: the password is enough for ninety days to the second, and no use moves the end.
func TestNinetyDays(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		start := w.Clock.Now()
		_, cookie := w.Trust(t, w.Ada, phone, firefox)
		for _, after := range []time.Duration{time.Second, day, 45 * day, 90*day - time.Second} {
			w.Clock.Set(start.Add(after))
			done := enters(t, w, cookie, firefox)
			if done.TrustFor != 90*day-after {
				t.Errorf("after %v the cookie lasts %v, want %v", after, done.TrustFor, 90*day-after)
			}
			cookie = done.Trusted
		}
		w.Clock.Set(start.Add(90 * day))
		asks(t, w, cookie, firefox, browser.Over)
		w.Clock.Set(start.Add(90*day - time.Second)) // the clock is put back: what was found to be over stays over
		asks(t, w, cookie, firefox, browser.Over)
	})
}

// TestTrustedSession: what a trusted browser opens has the level, says how, and proves no second factor just now (B66); its owner is told of
// no unknown browser.
func TestTrustedSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, phone, full, cookie := trusts(t, d)
		w.Clock.Advance(time.Minute)
		before := len(w.Mailed(t, w.Ada.Email))
		done := enters(t, w, cookie, firefox)
		b := w.Open(t, done.Cookie)
		now := w.Clock.Now()
		if b.Signed.Level != session.AAL2 || len(b.Signed.AMR) != 2 || b.Signed.AMR[0] != "pwd" || b.Signed.AMR[1] != string(signin.TrustedBrowser) || !b.Signed.ProvedAt.IsZero() {
			t.Errorf("the session is %+v", b.Signed.Session)
		}
		if b.Signed.SecondFactor(now).Check(w.Acme.ID, w.Ada.ID, now) == nil {
			t.Error("a trusted browser proves a second factor for administrators' work")
		}
		if full.Signed.SecondFactor(now).Check(w.Acme.ID, w.Ada.ID, now) != nil {
			t.Error("the code that was entered when the browser became trusted proves none")
		}
		w.SetPolicy(t, "removal=recent_sign_in", "enrolment=recent_sign_in")
		w.Clock.Advance(time.Second) // what is remembered of the session is forgotten
		if b = w.Open(t, done.Cookie); !w.Profile.ToRemove(b.Signed).Password || !w.Profile.ToAdd(b.Signed).Password {
			t.Error("a sign-in without a code counts as a full one (K1, K7)")
		}
		if w.Profile.ToRemove(w.Open(t, full.Cookie).Signed).Password {
			t.Error("a full sign-in does not count as one")
		}
		if err := w.Profile.ProveFactor(t.Context(), b.Signed, phone.Code(now), "", b.As()); err != nil {
			t.Fatal(err)
		}
		if b = w.Open(t, done.Cookie); b.Signed.SecondFactor(now).Check(w.Acme.ID, w.Ada.ID, now) != nil || w.Profile.ToRemove(b.Signed).Password {
			t.Error("a code in the session does not prove the second factor")
		}
		if mails := w.Mailed(t, w.Ada.Email); len(mails) != before {
			t.Errorf("a mail came: %s", mails[0].Subject)
		}
	})
}

// TestWhoMayTrust: only after a right code, where the account lets them, and not with a code from an administrator.
func TestWhoMayTrust(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, codes := w.Enrol(t, w.Ada)
		verify := func(code string) (signin.Step, error) {
			t.Helper()
			return w.SignIn.Verify(t.Context(), w.Password(t, w.Ada).Cookie, signin.Attempt{Code: code, Trust: true}, firefox)
		}
		if done, err := verify(phone.Wrong(w.Clock.Now())); err == nil || done.Trusted != "" {
			t.Errorf("a wrong code: %q, %v", done.Trusted, err)
		}
		if done, err := verify(codes[0]); err != nil || done.Trusted == "" || done.TrustFor != 90*day {
			t.Errorf("a backup code of one's own: %q for %v, %v", done.Trusted, done.TrustFor, err)
		}
		issued, err := w.Admin.OperatorGiveCode(t.Context(), w.Ada, "lost")
		if err != nil {
			t.Fatal(err)
		}
		if done, err := verify(issued.Code); err != nil || done.Trusted != "" {
			t.Errorf("a code from an administrator: %q, %v", done.Trusted, err)
		}
		w.SetPolicy(t, "trusted_browser_days=0")
		if done, err := verify(phone.Code(w.Clock.Now())); err != nil || done.Trusted != "" {
			t.Errorf("no days: %q, %v", done.Trusted, err)
		}
		p, err := w.SignIn.Pending(t.Context(), w.Password(t, w.Ada).Cookie)
		if err != nil || p.MayTrust(w.Clock.Now()) {
			t.Errorf("no days, and it is offered (%v)", err)
		}
		w.SetPolicy(t, "trusted_browser_days=1", "passkey_required=everyone")
		w.Clock.Advance(step)
		if done, err := verify(phone.Code(w.Clock.Now())); err != nil || done.Trusted != "" {
			t.Errorf("a passkey is demanded, and a phone shown: %q, %v", done.Trusted, err)
		}
	})
}

// TestWhatEndsTrust: after each of these, the browser is asked for a code again, and is told why (B72).
func TestWhatEndsTrust(t *testing.T) {
	type world struct {
		*domaintest.World
		phone domaintest.Phone
		b     domaintest.Browser
	}
	try := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fresh := func(t *testing.T, w world) user.User {
		t.Helper()
		u, err := user.Get(t.Context(), w.DB, w.Ada.AccountID, w.Ada.ID)
		try(t, err)
		return u
	}
	for _, c := range []struct {
		what string
		why  browser.Why
		do   func(t *testing.T, w world)
	}{
		{"another system", browser.OtherSystem, nil},
		{"password changed", browser.Over, func(t *testing.T, w world) {
			_, err := w.Profile.ChangePassword(t.Context(), w.b.Signed, domaintest.Password, otherPassword, w.b.As())
			try(t, err)
		}},
		{"password forgotten", browser.Over, func(t *testing.T, w world) {
			try(t, w.Recovery.Ask(t.Context(), w.Acme.Slug, w.Ada.Email, firefox))
			_, err := w.Recovery.Choose(t.Context(), w.MailedToken(t, w.Ada.Email), otherPassword, firefox)
			try(t, err)
		}},
		{"second factor reset", "", func(t *testing.T, w world) { // and set up again, by another phone
			try(t, w.Admin.ResetTwoFactor(t.Context(), w.Ada, "lost", audit.Operator()))
			w.Enrol(t, w.Ada)
		}},
		{"a device added", browser.Over, func(t *testing.T, w world) { w.AddPhone(t, w.b, "Tablet") }},
		{"a device removed", browser.Over, func(t *testing.T, w world) {
			p, b, _ := w.AddPhone(t, w.b, "Tablet")
			_, _, err := w.Profile.RemoveDevice(t.Context(), b.Signed, p.FactorID, domaintest.Proofs, b.As())
			try(t, err)
		}},
		{"new backup codes", browser.Over, func(t *testing.T, w world) {
			_, _, err := w.Profile.NewBackupCodes(t.Context(), w.b.Signed, domaintest.Proofs, w.CodeSet(t, w.Ada), w.b.As())
			try(t, err)
		}},
		{"another role", browser.Over, func(t *testing.T, w world) {
			try(t, w.DB.Run(t.Context(), user.SetRole(w.Clock.Now(), w.Ada, user.Admin, audit.Operator())...))
		}},
		{"locked and unlocked", browser.Over, func(t *testing.T, w world) {
			for _, locked := range []bool{true, false} {
				try(t, w.DB.Run(t.Context(), user.SetLocked(w.Clock.Now(), w.Ada, locked, audit.Operator())...))
			}
		}},
		{"suspended and resumed", browser.Over, func(t *testing.T, w world) {
			for _, suspended := range []bool{true, false} {
				try(t, account.SetSuspended(t.Context(), w.DB, w.Clock.Now(), w.Acme.ID, suspended, audit.Operator()))
			}
		}},
		{"required of everybody", browser.Over, func(t *testing.T, w world) { w.SetPolicy(t, "enforcement=required") }},
		{"required, and not any more", browser.Over, func(t *testing.T, w world) {
			w.SetPolicy(t, "enforcement=required")
			w.SetPolicy(t, "enforcement=optional")
		}},
		{"required of administrators", browser.Over, func(t *testing.T, w world) { w.SetPolicy(t, "enforcement_admins=required") }},
		{"fewer days", browser.Over, func(t *testing.T, w world) { w.SetPolicy(t, "trusted_browser_days=89") }},
		{"no days", browser.Over, func(t *testing.T, w world) { w.SetPolicy(t, "trusted_browser_days=0") }},
		{"fewer days and more again", browser.Over, func(t *testing.T, w world) {
			w.SetPolicy(t, "trusted_browser_days=0")
			w.SetPolicy(t, "trusted_browser_days=90")
		}},
		{"passkeys required, and not any more", browser.Over, func(t *testing.T, w world) {
			w.SetPolicy(t, "passkey_required=everyone")
			w.SetPolicy(t, "passkey_required=optional")
		}},
		{"passkeys required", "", func(t *testing.T, w world) { w.SetPolicy(t, "passkey_required=everyone") }},
		{"the clock was ahead", browser.Over, func(t *testing.T, w world) { w.Clock.Advance(-time.Hour) }},
		{"revoked", "", func(t *testing.T, w world) {
			all, err := browser.List(t.Context(), w.DB, w.Acme, fresh(t, w), w.Clock.Now())
			if err != nil || len(all) != 1 {
				t.Fatalf("%d browsers, %v", len(all), err)
			}
			try(t, w.DB.Run(t.Context(), browser.Revoke(w.Clock.Now(), all[0], "", w.b.As())...))
		}},
		{"all revoked", "", func(t *testing.T, w world) {
			try(t, w.DB.Run(t.Context(), browser.RevokeAll(w.Clock.Now(), w.Ada, "stolen", audit.Operator())...))
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w, phone, b, cookie := trusts(t, d)
				if c.do == nil {
					asks(t, w, cookie, domaintest.From(domaintest.OnWindows), c.why)
					return
				}
				before := fresh(t, world{World: w})
				c.do(t, world{w, phone, b})
				after := fresh(t, world{World: w})
				acme, err := account.Get(t.Context(), d, w.Acme.ID)
				try(t, err)
				if left, err := browser.List(t.Context(), d, acme, after, w.Clock.Now()); err != nil || len(left) > 0 {
					t.Errorf("it is listed still: %+v, %v", left, err)
				}
				for range 2 { // a reason that was found once stays
					asks(t, w, cookie, firefox, c.why)
				}
				if c.why != "" { // what was ended, no row makes live again
					if err := d.Run(t.Context(), db.Write(`UPDATE users SET epoch = $2 WHERE user_id = $1`, w.Ada.ID, before.Epoch),
						db.Write(`UPDATE accounts SET trust_from = 0 WHERE account_id = $1`, w.Acme.ID)); err != nil {
						t.Fatal(err)
					}
					asks(t, w, cookie, firefox, c.why)
				}
			})
		})
	}
}

// TestPlannedEndInTrustedBrowser: who lost the phone and has only the trusted browser keeps the planned end of the second factor by using it; when
// its time has come, the trust is over with the factor it stood for.
func TestPlannedEndInTrustedBrowser(t *testing.T) {
	for mode, state := range map[string]signin.State{"disable": signin.SignedIn, "re_enrol": signin.SetUp} {
		t.Run(mode, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w, _, _, cookie := trusts(t, d)
				planned(t, w, w.Ada, mode)
				w.Clock.Advance(23 * time.Hour)
				cookie = enters(t, w, cookie, firefox).Trusted
				if endsAt(t, w, w.Ada).IsZero() {
					t.Error("a sign-in without a code called the plan off")
				}
				w.Clock.Advance(time.Hour)
				done, err := w.SignInTrusted(w.Ada, cookie, domaintest.Password, firefox)
				if err != nil || done.State != state || done.Trusted != "" || !done.Untrusted {
					t.Fatalf("state %q, cookie %q, taken back %v, %v", done.State, done.Trusted, done.Untrusted, err)
				}
				if state == signin.SignedIn {
					if b := w.Open(t, done.Cookie); b.Signed.Level != session.AAL1 {
						t.Errorf("a session of level %s without a second factor", b.Signed.Level)
					}
				}
			})
		})
	}
}
