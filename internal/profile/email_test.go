package profile_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/profile"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

const fresh = "lovelace@acme.test"

func askEmail(w *domaintest.World, b domaintest.Browser, address string, p profile.Proofs) error {
	return w.Profile.AskEmail(context.Background(), b.Signed, address, p, b.As())
}

func confirmEmail(w *domaintest.World, in *session.Signed, token string) (string, error) {
	cookie, _, err := w.Profile.ConfirmEmail(context.Background(), in, token, domaintest.Password, domaintest.By)
	return cookie, err
}

func addressOf(tb testing.TB, w *domaintest.World, u user.User) string {
	tb.Helper()
	u, err := user.Get(tb.Context(), w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return u.Email
}

// TestNewAddressIsProved: the mail goes to the new address, nothing changes until its token comes back, the old address
// is told, and every session but the one that confirmed ends.
func TestNewAddressIsProved(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b, other := w.Browse(t, w.Ada), w.Browse(t, w.Ada)
		if err := w.Recovery.Ask(t.Context(), "", w.Ada.Email, domaintest.By); err != nil {
			t.Fatal(err)
		}
		old := w.MailedToken(t, w.Ada.Email)
		wantError(t, "asking", askEmail(w, b, " Lovelace@ACME.test ", domaintest.Proofs), nil)
		token := w.MailedToken(t, fresh)
		told := w.Mailed(t, w.Ada.Email)
		if got := addressOf(t, w, w.Ada); token == "" || got != w.Ada.Email || len(told) != 2 {
			t.Fatalf("token %q, address %s, %d mails to the old one", token, got, len(told))
		}
		if m := told[0]; m.Subject != "Your e-mail address is to be changed" || !strings.Contains(m.Text, "l•••@acme.test") || strings.Contains(m.Text, fresh) || strings.Contains(m.Text, token) {
			t.Errorf("when it is asked for the old address gets %q", m.Text)
		}
		wantError(t, "as a token of another purpose", func() error {
			_, err := w.Recovery.Choose(t.Context(), token, "nine quiet harbour cranes", domaintest.By)
			return err
		}(), mailtoken.ErrToken)
		cookie, err := confirmEmail(w, b.Signed, token)
		if err != nil || cookie == "" || addressOf(t, w, w.Ada) != fresh {
			t.Fatalf("confirmed: cookie %q, address %s, %v", cookie, addressOf(t, w, w.Ada), err)
		}
		told = w.Mailed(t, w.Ada.Email)
		if told[0].Subject != "Your e-mail address was changed" || !strings.Contains(told[0].Text, fresh) || len(w.Mailed(t, fresh)) != 1 {
			t.Errorf("the old address gets %q, the new one %d mails", told[0].Text, len(w.Mailed(t, fresh)))
		}
		w.Clock.Advance(time.Second)
		on := w.Open(t, cookie)
		if on.Signed.User.Email != fresh || on.Signed.Level != session.AAL1 || !on.Signed.SignedInAt.Equal(b.Signed.SignedInAt) {
			t.Errorf("goes on as %+v", on.Signed)
		}
		for _, c := range []string{b.Cookie, other.Cookie} {
			_, err := w.Sessions.Check(t.Context(), c)
			wantError(t, "another session", err, session.ErrNone)
		}
		_, err = w.Recovery.Choose(t.Context(), old, "nine quiet harbour cranes", domaintest.By)
		wantError(t, "the token in the old mailbox", err, mailtoken.ErrToken)
		_, err = confirmEmail(w, on.Signed, token)
		wantError(t, "a second time", err, mailtoken.ErrToken)
		var kept int
		if err := d.Get(t.Context(), `SELECT count(*) FROM mail_tokens WHERE purpose = 'email'`, nil, &kept); err != nil || kept != 0 {
			t.Errorf("%d tokens are left, %v", kept, err)
		}
		u, err := user.Get(t.Context(), d, w.Ada.AccountID, w.Ada.ID)
		if err != nil {
			t.Fatal(err)
		}
		w.SignInPlain(t, u)
	})
}

// TestConfirmedElsewhere: in a browser in which nobody or somebody else is signed in, all sessions of the person end, and nobody's begins.
func TestConfirmedElsewhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		alan := w.Browse(t, w.Alan)
		for _, in := range []*session.Signed{nil, alan.Signed} {
			u, err := user.Get(t.Context(), d, w.Ada.AccountID, w.Ada.ID)
			if err != nil {
				t.Fatal(err)
			}
			b := w.Browse(t, u)
			address := "x" + u.Email
			wantError(t, "asking", askEmail(w, b, address, domaintest.Proofs), nil)
			cookie, err := confirmEmail(w, in, w.MailedToken(t, address))
			if err != nil || cookie != "" || addressOf(t, w, w.Ada) != address {
				t.Errorf("cookie %q, %v, address %s", cookie, err, addressOf(t, w, w.Ada))
			}
			w.Clock.Advance(time.Second)
			_, err = w.Sessions.Check(t.Context(), b.Cookie)
			wantError(t, "the person's session", err, session.ErrNone)
		}
		w.Open(t, alan.Cookie)
	})
}

// TestAddressTokens is B11 and B12 for them: once, the newest, a day, and no longer than the sessions.
func TestAddressTokens(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ask := func(address string) string {
			t.Helper()
			wantError(t, address, askEmail(w, w.Browse(t, w.Ada), address, domaintest.Proofs), nil)
			return w.MailedToken(t, address)
		}
		older, newer := ask("one@acme.test"), ask("two@acme.test")
		_, err := confirmEmail(w, nil, older)
		wantError(t, "the older one", err, mailtoken.ErrToken)
		w.Clock.Advance(24 * time.Hour)
		for range 2 {
			_, err = confirmEmail(w, nil, newer)
			wantError(t, "at its end and a second later, unswept", err, mailtoken.ErrToken)
			w.Clock.Advance(time.Second)
		}
		for name, end := range map[string]func() error{
			"locked": func() error {
				return errors.Join(w.Admin.Lock(t.Context(), w.Ada, audit.Operator()), w.Admin.Unlock(t.Context(), w.Ada, audit.Operator()))
			},
			"sessions ended": func() error {
				_, err := w.Sessions.EndOthers(t.Context(), w.Browse(t, w.Ada).Signed, domaintest.By)
				return err
			},
		} {
			token := ask(strings.ReplaceAll(name, " ", ".") + "@acme.test")
			if err := end(); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			_, err = confirmEmail(w, nil, token)
			wantError(t, name, err, mailtoken.ErrToken)
		}
		token := ask("locked.now@acme.test")
		if err := d.Run(t.Context(), db.Write(`UPDATE users SET locked_at = 1 WHERE user_id = $1`, w.Ada.ID)); err != nil {
			t.Fatal(err)
		}
		_, err = confirmEmail(w, nil, token)
		wantError(t, "by somebody who is locked", err, mailtoken.ErrToken)
		if got := addressOf(t, w, w.Ada); got != w.Ada.Email {
			t.Errorf("the address is %s", got)
		}
	})
}

// TestTakenAddress: who asks for a colleague's address hears what everybody hears, at the same cost, and the colleague hears nothing; one that
// was taken since is refused when its owner is proved.
func TestTakenAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		spent := func(address string) int64 {
			t.Helper()
			before := d.Stats().Statements
			wantError(t, address, askEmail(w, b, address, domaintest.Proofs), nil)
			return d.Stats().Statements - before
		}
		if free, taken := spent(fresh), spent(w.Grace.Email); free != taken || len(w.Mailed(t, w.Grace.Email)) != 0 {
			t.Errorf("%d statements for a free address, %d for a taken one; %d mails to its owner", free, taken, len(w.Mailed(t, w.Grace.Email)))
		}
		if n := len(w.Mailed(t, w.Ada.Email)); n != 2 {
			t.Errorf("the old address hears of %d, want both", n)
		}
		// The same address in another organisation is no obstacle (P11).
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		w.AddUser(t, other, fresh, "", user.Member)
		spent(fresh)
		token := w.MailedToken(t, fresh)
		w.AddUser(t, w.Acme, fresh, "Late", user.Member)
		_, err = confirmEmail(w, b.Signed, token)
		wantError(t, "taken meanwhile", err, user.ErrEmailTaken)
		if got := addressOf(t, w, w.Ada); got != w.Ada.Email {
			t.Errorf("the address is %s", got)
		}
		w.Open(t, b.Cookie) // nothing has happened: the session stands
		if _, err := w.Admin.CreateUser(t.Context(), w.Acme, admin.NewUser{Email: "again@acme.test", Role: user.Member, Password: "nine quiet harbour cranes"}, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		wantError(t, "by the operator", w.Admin.SetEmail(t.Context(), w.Ada, "AGAIN@acme.test", audit.Operator()), user.ErrEmailTaken)
	})
}

// TestTwoWhoWantOneAddress: of two who prove the same address at once one gets it; and one token serves one of two who send it at once.
func TestTwoWhoWantOneAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for round := range 5 {
			address := strings.Repeat("x", round+1) + fresh
			var tokens []string
			for _, u := range []user.User{w.Ada, w.Alan} {
				u, err := user.Get(t.Context(), d, u.AccountID, u.ID)
				if err != nil {
					t.Fatal(err)
				}
				wantError(t, "asking", askEmail(w, w.Browse(t, u), address, domaintest.Proofs), nil)
				token := w.MailedToken(t, address)
				tokens = append(tokens, token, token)
			}
			outcomes := make([]error, len(tokens))
			var wg sync.WaitGroup
			for i, token := range tokens {
				wg.Go(func() { _, outcomes[i] = confirmEmail(w, nil, token) })
			}
			wg.Wait()
			won := 0
			for _, err := range outcomes {
				switch {
				case err == nil:
					won++
				case !errors.Is(err, mailtoken.ErrToken) && !errors.Is(err, user.ErrEmailTaken):
					t.Errorf("one of those at once: %v", err)
				}
			}
			var have int
			if err := d.Get(t.Context(), `SELECT count(*) FROM users WHERE email = $1`, []any{address}, &have); err != nil || won != 1 || have != 1 {
				t.Errorf("%d have confirmed, %d have the address, %v; want 1 and 1", won, have, err)
			}
			w.Clock.Advance(time.Hour)
		}
	})
}

// TestProofsForAnAddress is ASVS 7.5.1: the password always, a code from whoever has a second factor, whatever the policy; what can't be an address
// is refused before either costs anything.
func TestProofsForAnAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "removal=recent_sign_in", "enrolment=recent_sign_in")
		b := w.Browse(t, w.Ada)
		for _, bad := range []string{"", "ada", "ada@acme.test\r\nBcc: eve@acme.test", "аda@acme.test", "ada@acme.te\u017ft", "a b@acme.test", "\x00\xff", strings.Repeat("a", 10<<20) + "@acme.test"} {
			wantError(t, bad[:min(30, len(bad))], askEmail(w, b, bad, domaintest.Proofs), user.ErrEmail)
		}
		wantError(t, "her own", askEmail(w, b, "ADA@acme.test", domaintest.Proofs), profile.ErrSameEmail)
		wantError(t, "no password", askEmail(w, b, fresh, profile.Proofs{}), reauth.ErrProofNeeded)
		wantError(t, "a wrong one", askEmail(w, b, fresh, profile.Proofs{Password: "wrong"}), reauth.ErrWrongPassword)
		wantError(t, "one of 10 MB", askEmail(w, b, fresh, profile.Proofs{Password: strings.Repeat("a", 10<<20)}), reauth.ErrWrongPassword)
		phone, codes := w.Enrol(t, w.Ada)
		b = w.SignInWith(t, w.Ada, phone)
		w.Clock.Advance(step)
		wantError(t, "no code", askEmail(w, b, fresh, domaintest.Proofs), factor.ErrMalformed)
		wantError(t, "a wrong code", askEmail(w, b, fresh, profile.Proofs{Password: domaintest.Password, Code: phone.Wrong(w.Clock.Now())}), factor.ErrWrongCode)
		if n := len(w.Mailed(t, fresh)); n != 0 {
			t.Errorf("%d mails without proof", n)
		}
		right := profile.Proofs{Password: domaintest.Password, Code: phone.Code(w.Clock.Now())}
		wantError(t, "a right one", askEmail(w, b, fresh, right), nil)
		wantError(t, "the same once more", askEmail(w, b, fresh, right), factor.ErrUsedCode)
		wantError(t, "a backup code", askEmail(w, b, fresh, profile.Proofs{Password: domaintest.Password, Code: codes[0]}), nil)

		w.Channels.Mail = nil
		wantError(t, "no way to mail", askEmail(w, b, fresh, domaintest.Proofs), channel.ErrNoMail)
	})
}

// TestSentCodeProves: who has a mailbox as a factor beside an app may have a code sent. While it is alive it is the one that counts, then
// the app's again; one that was sent for the sign-in, or to another session, proves nothing.
func TestSentCodeProves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		const box = "private@ada.test"
		phone, _ := w.Enrol(t, w.Ada)
		mailbox := enrolMailbox(t, w, w.Ada, box)
		b, other := w.Browse(t, w.Ada), w.Browse(t, w.Ada)
		proofs := func(code string) profile.Proofs { return profile.Proofs{Password: domaintest.Password, Code: code} }
		send := func(b domaintest.Browser) string {
			t.Helper()
			wantError(t, "sending", w.Profile.SendRepeated(t.Context(), b.Signed, mailbox, b.As()), nil)
			return w.Mailed(t, box)[0].Subject[:6]
		}
		code := send(b)
		wantError(t, "in another session", askEmail(w, other, fresh, proofs(code)), factor.ErrWrongCode)
		wantError(t, "where it was sent for", askEmail(w, b, fresh, proofs(code)), nil)
		wantError(t, "again", askEmail(w, b, fresh, proofs(code)), factor.ErrWrongCode)
		w.Clock.Advance(time.Minute)
		wantError(t, "the app's", askEmail(w, b, fresh, proofs(phone.Code(w.Clock.Now()))), nil)
		w.Clock.Advance(time.Minute)
		code = send(b)
		if n := w.Clock.Now(); phone.Code(n) != code {
			wantError(t, "the app's, while a sent one is asked for", askEmail(w, b, fresh, proofs(phone.Code(n))), factor.ErrWrongCode)
		}
		w.Clock.Advance(time.Hour)
		b = w.Browse(t, w.Ada)
		wantError(t, "an old one", askEmail(w, b, fresh, proofs(code)), factor.ErrWrongCode)
	})
}

// enrolMailbox gives somebody a mailbox as a further factor, and returns its id.
func enrolMailbox(t *testing.T, w *domaintest.World, u user.User, address string) string {
	t.Helper()
	u, err := user.Get(t.Context(), w.DB, u.AccountID, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	by := domaintest.By.As(u.ID)
	proof, _ := reauth.Recent(u, w.Clock.Now(), w.Clock.Now())
	f, err := w.Factors.Begin(t.Context(), proof, u, factor.New{Kind: factor.Email, Name: "Mailbox", Address: address, Hint: "p•••", Secret: []byte(address)}, 5)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := w.Factors.Stored(t.Context(), u.AccountID, u.ID, f.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Codes.Send(t.Context(), stored, f.ID, 0, by); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Factors.Confirm(t.Context(), u, factor.Try{
		AccountID: u.AccountID, UserID: u.ID, FactorID: f.ID, Code: w.Mailed(t, address)[0].Subject[:6], Request: f.ID, By: by,
	}, 5, func(factor.Match) []db.Stmt { return []db.Stmt{user.RaiseEpoch(u)} }); err != nil {
		t.Fatal(err)
	}
	return f.ID
}

// TestAddressesAreNotFlooded: five mails an hour by one person, three in ten minutes to one address, and here it is told.
func TestAddressesAreNotFlooded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada, alan := w.Browse(t, w.Ada), w.Browse(t, w.Alan)
		for range 3 {
			wantError(t, "the first three", askEmail(w, ada, fresh, domaintest.Proofs), nil)
		}
		token := w.MailedToken(t, fresh)
		wantError(t, "a fourth", askEmail(w, ada, fresh, domaintest.Proofs), brake.ErrMails)
		wantError(t, "by another", askEmail(w, alan, fresh, domaintest.Proofs), brake.ErrMails)
		wantError(t, "to another, the fourth", askEmail(w, ada, "x"+fresh, domaintest.Proofs), nil)
		wantError(t, "to another, the fifth", askEmail(w, ada, "y"+fresh, domaintest.Proofs), nil)
		last := w.MailedToken(t, "y"+fresh)
		wantError(t, "to another, the sixth", askEmail(w, ada, "z"+fresh, domaintest.Proofs), brake.ErrMails)
		if n := len(w.Mailed(t, w.Ada.Email)); n != 5 {
			t.Errorf("the old address hears of %d, want the five that were not stopped", n)
		}
		_, err := confirmEmail(w, nil, token)
		wantError(t, "the token before", err, mailtoken.ErrToken)
		_, err = confirmEmail(w, nil, last)
		wantError(t, "the last that was mailed", err, nil)
	})
}

// TestOperatorSetsAnAddress: the sessions end, the old address is told by whom, password and factors stay.
func TestOperatorSetsAnAddress(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		b := w.SignInWith(t, w.Ada, phone)
		wantError(t, "no address", w.Admin.SetEmail(t.Context(), w.Ada, "a\r\n@b", audit.Operator()), user.ErrEmail)
		wantError(t, "a new one", w.Admin.SetEmail(t.Context(), w.Ada, "Lovelace@acme.test", audit.Operator()), nil)
		w.Clock.Advance(time.Minute)
		_, err := w.Sessions.Check(t.Context(), b.Cookie)
		wantError(t, "the session", err, session.ErrNone)
		u, err := user.Get(t.Context(), d, w.Ada.AccountID, w.Ada.ID)
		if err != nil || u.Email != fresh {
			t.Fatalf("%+v, %v", u, err)
		}
		w.SignInWith(t, u, phone)
		if told := w.Mailed(t, w.Ada.Email); len(told) == 0 || !strings.Contains(told[0].Text, "whoever runs the server") {
			t.Errorf("the old address gets %v", told)
		}
	})
}

// TestLanguageOfMessages: the person's choice goes before the browser's, and only languages that are spoken here can be chosen.
func TestLanguageOfMessages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		by := domaintest.By
		by.Language = "en"
		newest := func() string {
			t.Helper()
			w.Clock.Advance(time.Hour)
			if err := w.Recovery.Ask(t.Context(), "", w.Ada.Email, by); err != nil {
				t.Fatal(err)
			}
			return w.Mailed(t, w.Ada.Email)[0].Subject
		}
		b := w.Browse(t, w.Ada)
		for _, bad := range []string{"fr", "DE", "de-AT", "en\x00", strings.Repeat("de", 1<<20)} {
			wantError(t, bad[:min(9, len(bad))], w.Profile.SetLanguage(t.Context(), b.Signed, bad, b.As()), user.ErrLanguage)
		}
		for _, c := range []struct{ language, subject string }{{"", "Choose a new password"}, {"de", "Neues Passwort wählen"}, {"", "Choose a new password"}} {
			wantError(t, c.language, w.Profile.SetLanguage(t.Context(), b.Signed, c.language, b.As()), nil)
			if got := newest(); got != c.subject {
				t.Errorf("%q: %q, want %q", c.language, got, c.subject)
			}
		}
	})
}
