package recovery_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
	"sallyport/internal/mailtoken"
	"sallyport/internal/notify"
	"sallyport/internal/password"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

const chosen = "nine quiet harbour cranes"

func wantError(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}

// ask has a token mailed and returns it; "" if none came.
func ask(tb testing.TB, w *domaintest.World, u user.User) string {
	tb.Helper()
	before := len(w.Mailed(tb, u.Email))
	if err := w.Recovery.Ask(tb.Context(), "acme", u.Email, domaintest.By); err != nil {
		tb.Fatalf("ask for %s: %v", u.Email, err)
	}
	if len(w.Mailed(tb, u.Email)) == before {
		return ""
	}
	return w.MailedToken(tb, u.Email)
}

func choose(w *domaintest.World, token, plain string) error {
	_, err := w.Recovery.Choose(context.Background(), token, plain, domaintest.By)
	return err
}

// again reads a user as they are now.
func again(tb testing.TB, w *domaintest.World, u user.User) user.User {
	tb.Helper()
	u, err := user.Get(tb.Context(), w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// TestTokenWorksOnce is B11: used, used again, used after a newer one, by two at once.
func TestTokenWorksOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		older := ask(t, w, w.Ada)
		token := ask(t, w, w.Ada)
		wantError(t, "the older one", choose(w, older, chosen), mailtoken.ErrToken)
		wantError(t, "of another purpose", func() error {
			_, err := mailtoken.Find(t.Context(), d, w.Clock.Now(), mailtoken.Disable, token)
			return err
		}(), mailtoken.ErrToken)
		wantError(t, "pasted with blanks and capitals", choose(w, " "+strings.ToUpper(token[:13])+"\r\n "+token[13:]+"\t", chosen), nil)
		wantError(t, "a second time", choose(w, token, chosen), mailtoken.ErrToken)
		var kept int
		if err := d.Get(t.Context(), `SELECT count(*) FROM mail_tokens`, nil, &kept); err != nil || kept != 0 {
			t.Errorf("%d tokens are left, %v", kept, err)
		}
		for range 5 {
			w.Clock.Advance(time.Hour)
			token := ask(t, w, w.Grace)
			outcomes := make([]error, 4)
			var wg sync.WaitGroup
			for i := range outcomes {
				wg.Go(func() { outcomes[i] = choose(w, token, chosen) })
			}
			wg.Wait()
			won := 0
			for _, err := range outcomes {
				if err == nil {
					won++
				} else {
					wantError(t, "one that came too late", err, mailtoken.ErrToken)
				}
			}
			if won != 1 {
				t.Errorf("%d of four at once have chosen, want 1", won)
			}
		}
	})
}

// TestTokenEnds is B12: an hour, though nothing is ever swept here; and what a clock that was ahead has made is none.
func TestTokenEnds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		first := ask(t, w, w.Ada)
		w.Clock.Advance(time.Hour)
		wantError(t, "at its end", choose(w, first, chosen), mailtoken.ErrToken)
		w.Clock.Advance(time.Second)
		wantError(t, "a second later", choose(w, first, chosen), mailtoken.ErrToken)
		second := ask(t, w, w.Ada)
		w.Clock.Advance(time.Hour - time.Microsecond)
		wantError(t, "just before its end", choose(w, second, chosen), nil)
		third := ask(t, w, w.Ada)
		w.Clock.Advance(-24 * time.Hour)
		wantError(t, "from tomorrow", choose(w, third, chosen), mailtoken.ErrToken)
	})
}

// TestTokenDiesWithTheSessions: whatever ends somebody's sessions ends the token; and who may not sign in hears no more than that (B26).
func TestTokenDiesWithTheSessions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		operator := audit.Operator()
		lock := func(u user.User) error { return w.Admin.Lock(t.Context(), u, operator) }
		for name, do := range map[string]func(user.User) error{
			"locked":              lock,
			"locked and unlocked": func(u user.User) error { return errors.Join(lock(u), w.Admin.Unlock(t.Context(), u, operator)) },
			"password set": func(u user.User) error {
				return w.Admin.SetPassword(t.Context(), w.Acme, u, "seven slow tugboats", operator)
			},
			"address set":         func(u user.User) error { return w.Admin.SetEmail(t.Context(), u, "new."+u.Email, operator) },
			"second factor reset": func(u user.User) error { return w.Admin.ResetTwoFactor(t.Context(), u, "lost", operator) },
			"chosen with another token": func(u user.User) error {
				return errors.Join(w.Recovery.Ask(t.Context(), "", u.Email, domaintest.By), choose(w, w.MailedToken(t, u.Email), "seven slow tugboats"))
			},
			"account suspended": func(u user.User) error { return suspend(w, u.AccountID, w.Clock.Now()) },
		} {
			other, err := account.Create(t.Context(), d, w.Clock.Now(), strings.ReplaceAll(name, " ", "-"), name, operator)
			if err != nil {
				t.Fatal(err)
			}
			u := w.AddUser(t, other, strings.ReplaceAll(name, " ", ".")+"@acme.test", "", user.Member)
			if err := w.Recovery.Ask(t.Context(), "", u.Email, domaintest.By); err != nil {
				t.Fatal(err)
			}
			token := w.MailedToken(t, u.Email)
			if token == "" {
				t.Fatalf("%s: no token came", name)
			}
			before := hash(t, w, u)
			if err := do(u); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			wantError(t, name, choose(w, token, chosen), mailtoken.ErrToken)
			if name == "locked" && hash(t, w, u) != before {
				t.Error("the password of somebody who is locked was changed")
			}
		}
	})
}

func suspend(w *domaintest.World, accountID string, at time.Time) error {
	return w.DB.Run(context.Background(), db.Write(`UPDATE accounts SET suspended_at = $2 WHERE account_id = $1`, accountID, db.At(at)))
}

func hash(tb testing.TB, w *domaintest.World, u user.User) string {
	tb.Helper()
	h, err := user.PasswordHash(tb.Context(), w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

// TestMailOpensNoSecondDoor is B56 and D7: the token signs nobody in, no factor changes, the moment is noted, all that was open ends.
func TestMailOpensNoSecondDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, codes := w.Enrol(t, w.Ada)
		b := w.SignInWith(t, w.Ada, phone)
		half := w.Password(t, w.Ada)
		factors := func() (all []string) {
			err := d.Each(t.Context(), `
				SELECT factor_id || ' ' || state || ' ' || last_step || ' ' || failures || ' ' || confirmed_at FROM factors
				UNION ALL SELECT selector || ' ' || hash || ' ' || used_at FROM factor_codes ORDER BY 1`, nil, func(scan func(...any) error) error {
				var row string
				err := scan(&row)
				all = append(all, row)
				return err
			})
			if err != nil || len(all) < 11 {
				t.Fatal(all, err)
			}
			return all
		}
		before := factors()
		wantError(t, "the token", choose(w, ask(t, w, w.Ada), chosen), nil)
		if !slices.Equal(before, factors()) {
			t.Error("a factor was changed")
		}
		if got := again(t, w, w.Ada).PasswordMailedAt; !got.Equal(w.Clock.Now()) {
			t.Errorf("mailed at %s, want %s", got, w.Clock.Now())
		}
		w.Clock.Advance(time.Second)
		_, err := w.Sessions.Check(t.Context(), b.Cookie)
		wantError(t, "the session of before", err, session.ErrNone)
		_, err = w.SignIn.Verify(t.Context(), half.Cookie, signin.Attempt{Code: codes[0]}, domaintest.By)
		wantError(t, "the half-finished sign-in of before", err, signin.ErrExpired)
		_, err = w.SignIn.Password(t.Context(), signin.Credentials{Email: w.Ada.Email, Password: domaintest.Password}, domaintest.By)
		wantError(t, "the old password", err, signin.ErrCredentials)
		step, err := w.SignIn.Password(t.Context(), signin.Credentials{Email: w.Ada.Email, Password: chosen}, domaintest.By)
		if err != nil || step.State != signin.SecondFactor {
			t.Fatalf("the new password leads to %s, %v; want the second door", step.State, err)
		}
		_, err = w.Sessions.Check(t.Context(), step.Cookie)
		wantError(t, "the pending cookie as a session", err, session.ErrNone)
		w.Clock.Advance(time.Minute)
		if _, err := w.SignIn.Verify(t.Context(), step.Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By); err != nil {
			t.Errorf("the phone's code: %v", err)
		}
		if got := w.Mailed(t, w.Ada.Email); !slices.ContainsFunc(got, func(m notify.Received) bool { return m.Subject == "Your password was changed" }) {
			t.Errorf("nothing says that the password was changed: %v", got)
		}
	})
}

// TestWrongPasswordsStayCounted: whoever reads the mailbox gets no fresh guesses at the password (D3).
func TestWrongPasswordsStayCounted(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for range 4 {
			_, err := w.Reauth.Password(t.Context(), w.Ada, "wrong", domaintest.By)
			wantError(t, "a guess", err, reauth.ErrWrongPassword)
		}
		wantError(t, "the token", choose(w, ask(t, w, w.Ada), chosen), nil)
		_, err := w.Reauth.Password(t.Context(), w.Ada, "wrong", domaintest.By)
		wantError(t, "the fifth guess", err, reauth.ErrWrongPassword)
		_, err = w.Reauth.Password(t.Context(), w.Ada, chosen, domaintest.By)
		wantError(t, "in the wait", err, throttle.ErrBlocked)
	})
}

// TestRefusedPasswordKeepsTheToken: a slip costs nothing, and neither does a busy server.
func TestRefusedPasswordKeepsTheToken(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		token := ask(t, w, w.Ada)
		for pw, want := range map[string]error{
			"": password.ErrTooShort, "short": password.ErrTooShort, "password1": password.ErrTooCommon, "Acme-ada-2026": password.ErrTooCommon,
			strings.Repeat("a", 257): password.ErrTooLong, strings.Repeat("a", 10<<20): password.ErrTooLong,
		} {
			wantError(t, pw[:min(20, len(pw))], choose(w, token, pw), want)
			wantError(t, "without a token", choose(w, "", pw), mailtoken.ErrToken)
		}
		busy, left := *w.Recovery, func() context.Context { ctx, cancel := context.WithCancel(t.Context()); cancel(); return ctx }()
		busy.Hasher = password.New(password.Config{Slots: 1})
		if _, err := busy.Choose(left, token, chosen, domaintest.By); err == nil {
			t.Error("chosen by somebody who has left")
		}
		for _, bad := range []string{token + "0", token[:25], strings.Repeat(token, 10_000), strings.Repeat("0", 10<<20), "\x00\xff", "' OR 1=1 --", strings.Repeat("u", 26)} {
			wantError(t, "the token "+bad[:min(30, len(bad))], choose(w, bad, chosen), mailtoken.ErrToken)
		}
		wantError(t, "a good one", choose(w, token, chosen), nil)
	})
}

// TestAskingTellsNothing is B91: for whomever is asked, no error, and the same number of statements and commits.
func TestAskingTellsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Alan)
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		gone, err := account.Create(t.Context(), d, w.Clock.Now(), "gone", "Gone", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		w.AddUser(t, w.Acme, "twice@acme.test", "", user.Member)
		w.AddUser(t, other, "twice@acme.test", "", user.Member)
		w.AddUser(t, gone, "suspended@acme.test", "", user.Member)
		locked := w.AddUser(t, w.Acme, "locked@acme.test", "", user.Member)
		if err := errors.Join(w.Admin.Lock(t.Context(), locked, audit.Operator()), suspend(w, gone.ID, w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		before := d.Stats()
		if err := w.Recovery.Ask(t.Context(), "acme", w.Grace.Email, domaintest.By); err != nil {
			t.Fatal(err)
		}
		after := d.Stats()
		statements, commits := after.Statements-before.Statements, after.Commits-before.Commits
		for _, c := range []struct {
			name, slug, email string
			mailed            bool
		}{
			{"a member", "", "ada@acme.test", true},
			{"another spelling", " ACME ", " ALAN@Acme.Test\t", true},
			{"unknown", "", "nobody@acme.test", false},
			{"unknown, by account", "acme", "noone@acme.test", false},
			{"locked", "acme", "locked@acme.test", false},
			{"suspended", "gone", "suspended@acme.test", false},
			{"in two accounts", "", "twice@acme.test", false},
			{"one of the two", "other", "twice@acme.test", true},
			{"in an account that does not exist", "nowhere", "ada@acme.test", false},
			{"in an account that cannot exist", "a\x00\xff'", "grace@acme.test", false},
			{"in another account", "other", "grace@acme.test", false},
		} {
			to, _ := user.CanonicalEmail(c.email)
			had, before := len(w.Mailed(t, to)), d.Stats()
			wantError(t, c.name, w.Recovery.Ask(t.Context(), c.slug, c.email, domaintest.By), nil)
			after := d.Stats()
			if s, n := after.Statements-before.Statements, after.Commits-before.Commits; s != statements || n != commits {
				t.Errorf("%s: %d statements and %d commits, a member costs %d and %d", c.name, s, n, statements, commits)
			}
			if got := len(w.Mailed(t, to)) > had; got != c.mailed {
				t.Errorf("%s: mailed %v, want %v", c.name, got, c.mailed)
			}
		}
		for _, bad := range []string{"", "ada", "a\r\nBcc: eve@acme.test@acme.test", "ada@acme.test\r\nBcc: eve@acme.test", "аda@acme.test", "ada@acme.te\u017ft", "\u212aada@acme.test", "ada@acme.test\x00", strings.Repeat("a", 10<<20) + "@acme.test"} {
			wantError(t, bad[:min(30, len(bad))], w.Recovery.Ask(t.Context(), "", bad, domaintest.By), user.ErrEmail)
		}
	})
}

// TestNobodyIsFlooded: three mails in ten minutes and five in an hour, whoever asks and however it is spelt. What is refused is not told,
// ends no token, and takes no code away from the same mailbox.
func TestNobodyIsFlooded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		var tokens []string
		for i := range 100 {
			slug := []string{"", "acme", "ACME"}[i%3]
			wantError(t, "asking", w.Recovery.Ask(t.Context(), slug, []string{w.Ada.Email, strings.ToUpper(w.Ada.Email)}[i%2], domaintest.By), nil)
			if token := w.MailedToken(t, w.Ada.Email); token != "" && !slices.Contains(tokens, token) {
				tokens = append(tokens, token)
			}
			w.Clock.Advance(30 * time.Second) // fifty minutes in all
		}
		if len(tokens) != 5 || len(w.Mailed(t, w.Ada.Email)) != 5 {
			t.Errorf("%d tokens, %d mails, want 5", len(tokens), len(w.Mailed(t, w.Ada.Email)))
		}
		wantError(t, "the last that was mailed", choose(w, tokens[len(tokens)-1], chosen), nil)
		w.Clock.Advance(time.Hour)
		wantError(t, "an hour later", choose(w, ask(t, w, w.Ada), "seven slow tugboats"), nil)

		for range 10 {
			wantError(t, "at once", w.Recovery.Ask(t.Context(), "", w.Grace.Email, domaintest.By), nil)
			w.Mailed(t, w.Grace.Email)
		}
		if n := len(w.Mailed(t, w.Grace.Email)); n != 3 {
			t.Errorf("%d mails at once, want 3", n)
		}
		var codes int
		if err := d.Get(t.Context(), `SELECT count(*) FROM send_slots WHERE subject LIKE '10m:%' OR subject LIKE '1h:%'`, nil, &codes); err != nil || codes != 0 {
			t.Errorf("%d slots of codes are taken, %v", codes, err)
		}
	})
}

// TestWithoutMailEverybodyIsTold: the error is the same for everybody; an account's own server is enough.
func TestWithoutMailEverybodyIsTold(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Channels.Mail = nil
		for _, email := range []string{w.Ada.Email, "nobody@acme.test"} {
			wantError(t, email, w.Recovery.Ask(t.Context(), "", email, domaintest.By), channel.ErrNoMail)
		}
		err := w.Channels.Set(t.Context(), w.Acme.ID, mail.Server{Host: "mail.acme.test", Port: 465, Security: "tls", From: "login@acme.test"}, true, audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		for _, email := range []string{w.Ada.Email, "nobody@acme.test"} {
			wantError(t, email, w.Recovery.Ask(t.Context(), "", email, domaintest.By), nil)
		}
	})
}

// TestNoSecretIsKept: neither token nor password is in the record, and the queue forgets the token when it is sent.
func TestNoSecretIsKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		token := ask(t, w, w.Ada)
		wantError(t, "the token", choose(w, token, chosen), nil)
		events, err := audit.List(t.Context(), d, w.Acme.ID, 100)
		if err != nil {
			t.Fatal(err)
		}
		var actions []string
		for _, e := range events {
			actions = append(actions, string(e.Action))
			for k, v := range e.Detail {
				if strings.Contains(v, token) || strings.Contains(v, chosen) {
					t.Errorf("%s tells in %s: %s", e.Action, k, v)
				}
			}
		}
		for _, want := range []audit.Action{audit.PasswordMailAsked, audit.UserPasswordChanged} {
			if !slices.Contains(actions, string(want)) {
				t.Errorf("%v lacks %s", actions, want)
			}
		}
		var kept int
		if err := d.Get(t.Context(), `SELECT count(*) FROM outbox WHERE secret IS NOT NULL`, nil, &kept); err != nil || kept != 0 {
			t.Errorf("%d messages keep a secret, %v", kept, err)
		}
		var facts string
		if err := d.Get(t.Context(), `SELECT facts || detail || recipient FROM outbox WHERE kind = 'reset_token'`, nil, &facts); err != nil || strings.Contains(facts, token) {
			t.Errorf("the message tells %q, %v", facts, err)
		}
	})
}
