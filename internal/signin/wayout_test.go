package signin_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// mailedToken opens the newest token of a kind that waits to be sent to u; "" if there is none.
func mailedToken(tb testing.TB, w *domaintest.World, u user.User, kind string) (newest string) {
	tb.Helper()
	// The clock stands still, so ids don't tell which message is newer; of those that carry a token, the newest's works.
	var all []string
	err := w.DB.Each(tb.Context(), `SELECT message_id, secret FROM outbox WHERE user_id = $1 AND kind = $2 AND secret IS NOT NULL ORDER BY message_id`,
		[]any{u.ID, kind}, func(scan func(...any) error) error {
			var id string
			var sealed []byte
			if err := scan(&id, &sealed); err != nil {
				return err
			}
			plain, err := w.Ring.Unseal(sealed, seal.AD("outbox", u.AccountID, id))
			all = append(all, string(plain))
			return err
		})
	if err != nil {
		tb.Fatal(err)
	}
	for _, token := range all {
		if newest == "" || works(tb, w, u, token) {
			newest = token
		}
	}
	return newest
}

// works reports whether a token is still the one of its purpose.
func works(tb testing.TB, w *domaintest.World, u user.User, token string) bool {
	for _, p := range []mailtoken.Purpose{mailtoken.Disable, mailtoken.Keep, mailtoken.Reset} {
		if t, err := mailtoken.Find(tb.Context(), w.DB, w.Clock.Now(), p, token); err == nil && t.UserID == u.ID {
			return true
		}
	}
	return false
}

// queued counts the messages of a kind for u.
func queued(tb testing.TB, w *domaintest.World, u user.User, kind string) (n int) {
	tb.Helper()
	if err := w.DB.Get(tb.Context(), `SELECT count(*) FROM outbox WHERE user_id = $1 AND kind = $2`, []any{u.ID, kind}, &n); err != nil {
		tb.Fatal(err)
	}
	return n
}

// recorded counts the events of an action about u.
func recorded(tb testing.TB, w *domaintest.World, u user.User, action audit.Action) (n int) {
	tb.Helper()
	if err := w.DB.Get(tb.Context(), `SELECT count(*) FROM audit_events WHERE target_id = $1 AND action = $2`, []any{u.ID, string(action)}, &n); err != nil {
		tb.Fatal(err)
	}
	return n
}

// half is a sign-in of u's that waits for the second factor.
func half(tb testing.TB, w *domaintest.World, u user.User) string {
	tb.Helper()
	s, err := w.SignIn.AfterPassword(tb.Context(), "acme", u.Email, domaintest.By)
	if err != nil || s.State != signin.SecondFactor {
		tb.Fatalf("password of %s: state %q, %v", u.Email, s.State, err)
	}
	return s.Cookie
}

// asked is a sign-in of u's with a token that was mailed for it.
func asked(tb testing.TB, w *domaintest.World, u user.User) (cookie, token string) {
	tb.Helper()
	cookie = half(tb, w, u)
	if err := w.SignIn.AskDisable(tb.Context(), cookie, domaintest.By); err != nil {
		tb.Fatalf("ask for %s: %v", u.Email, err)
	}
	return cookie, mailedToken(tb, w, u, "disable_token")
}

// confirm pastes a token.
func confirm(w *domaintest.World, cookie, token string) (signin.Step, error) {
	return w.SignIn.ConfirmDisable(context.Background(), cookie, token, domaintest.By)
}

// refused demands that pasting the token changes nothing.
func refused(tb testing.TB, w *domaintest.World, u user.User, what, cookie, token string, want error) {
	tb.Helper()
	before := devices(tb, w, u)
	s, err := confirm(w, cookie, token)
	wantError(tb, what, err, want)
	if s.Cookie != "" || s.State != "" || devices(tb, w, u) != before {
		tb.Errorf("%s: gives %+v and leaves %d devices of %d", what, s, devices(tb, w, u), before)
	}
}

// devices counts all rows of u's factors, backup codes too.
func devices(tb testing.TB, w *domaintest.World, u user.User) (n int) {
	tb.Helper()
	if err := w.DB.Get(tb.Context(), `SELECT count(*) FROM factors WHERE user_id = $1`, []any{u.ID}, &n); err != nil {
		tb.Fatal(err)
	}
	return n
}

// with adds a mailbox or number that counts.
func with(tb testing.TB, w *domaintest.World, u user.User, k factor.Kind, name, address string) {
	tb.Helper()
	u, err := user.Get(tb.Context(), w.DB, u.AccountID, u.ID)
	if err == nil {
		_, err = w.Factors.Import(tb.Context(), u, k, name, []byte(address), 5, audit.Operator())
	}
	if err != nil {
		tb.Fatal(err)
	}
}

func execute(tb testing.TB, w *domaintest.World, sql string, args ...any) {
	tb.Helper()
	if _, err := w.DB.Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatal(err)
	}
}

func lockDevices(tb testing.TB, w *domaintest.World, u user.User, k factor.Kind) {
	tb.Helper()
	execute(tb, w, `UPDATE factors SET failures = 100 WHERE user_id = $1 AND kind = $2`, u.ID, string(k))
}

// TestMailedTokenSwitchesOff is P13–P15: everything ends, the person is in on the password alone and is told.
func TestMailedTokenSwitchesOff(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "mailed_disable=disable")
		phone, codes := w.Enrol(t, w.Ada)
		with(t, w, w.Ada, factor.SMS, "Number", "+436641234567")
		old, other := w.Browse(t, w.Ada), half(t, w, w.Ada)
		cookie, token := asked(t, w, w.Ada)
		if devices(t, w, w.Ada) != 3 || len(token) != 26 {
			t.Fatalf("asking leaves %d factors and mails %q", devices(t, w, w.Ada), token)
		}
		done, err := confirm(w, cookie, " "+strings.ToUpper(token[:13])+" "+token[13:]+"\n")
		if err != nil || done.State != signin.SignedIn || !done.TwoFactorEnded || done.Devices != 0 {
			t.Fatalf("pasting the token: %+v, %v", done, err)
		}
		if s := w.Open(t, done.Cookie).Signed; s.Level != session.AAL1 || strings.Join(s.AMR, " ") != "pwd" || s.User.SetUpRequired {
			t.Errorf("signed in at %s by %v, set-up required %v", s.Level, s.AMR, s.User.SetUpRequired)
		}
		w.Clock.Advance(time.Second) // what this process remembers of sessions is over
		_, err = w.Sessions.Check(t.Context(), old.Cookie)
		wantError(t, "another session", err, session.ErrNone)
		_, err = w.SignIn.Pending(t.Context(), other)
		wantError(t, "another sign-in", err, signin.ErrExpired)
		if devices(t, w, w.Ada) != 0 || queued(t, w, w.Ada, "two_factor_off") != 1 || recorded(t, w, w.Ada, audit.TwoFactorMailedOff) != 1 ||
			recorded(t, w, w.Ada, audit.TwoFactorOffAsked) != 1 {
			t.Error("factors are left, or it was not told and recorded once")
		}
		for _, code := range []string{phone.Code(w.Clock.Now()), codes[0]} {
			_, err = w.Factors.Prove(t.Context(), w.Ada, code, "", step, domaintest.By)
			wantError(t, "an old code", err, factor.ErrNotFound)
		}
		refused(t, w, w.Ada, "the token again", cookie, token, signin.ErrExpired)
		if s := w.Password(t, w.Ada); s.State != signin.SignedIn || s.TwoFactorEnded {
			t.Errorf("the next sign-in: %+v", s)
		}
	})
}

// TestMailedTokenReEnrols: no session before a new device is confirmed, in this sign-in and in the next (T15).
func TestMailedTokenReEnrols(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "mailed_disable=re_enrol")
		w.Enrol(t, w.Ada)
		cookie, token := asked(t, w, w.Ada)
		done, err := confirm(w, cookie, token)
		if err != nil || done.State != signin.SetUp || devices(t, w, w.Ada) != 0 {
			t.Fatalf("pasting the token: %+v, %v", done, err)
		}
		_, err = w.Sessions.Check(t.Context(), done.Cookie)
		wantError(t, "the set-up's cookie as a session", err, session.ErrNone)
		_, err = w.SignIn.Pending(t.Context(), cookie)
		wantError(t, "the sign-in of the token", err, signin.ErrExpired)
		if s := w.Password(t, w.Ada); s.State != signin.SetUp {
			t.Errorf("the next sign-in is in state %s", s.State)
		}
		wantError(t, "asking inside a set-up", w.SignIn.AskDisable(t.Context(), done.Cookie, domaintest.By), signin.ErrExpired)
		_, e, err := w.SignIn.BeginSetUp(t.Context(), done.Cookie, "New")
		if err != nil {
			t.Fatal(err)
		}
		phone := domaintest.Scan(t, e.Factor.ID, e.URI)
		in, codes, err := w.SignIn.ConfirmSetUp(t.Context(), done.Cookie, phone.FactorID, phone.Code(w.Clock.Now()), domaintest.By)
		if err != nil || len(codes) != 10 || w.Open(t, in.Cookie).Signed.Level != session.AAL2 {
			t.Errorf("the set-up: %+v, %d codes, %v", in, len(codes), err)
		}
	})
}

// TestTokenIsForOneSignIn: whatever is not this person's newest token for this very sign-in does nothing (B11, K3).
func TestTokenIsForOneSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "mailed_disable=disable")
		w.Enrol(t, w.Ada)
		w.Enrol(t, w.Alan)
		first, token := asked(t, w, w.Ada)
		second, alans := half(t, w, w.Ada), half(t, w, w.Alan)
		refused(t, w, w.Ada, "in another sign-in", second, token, mailtoken.ErrToken)
		refused(t, w, w.Alan, "another person's", alans, token, mailtoken.ErrToken)
		for _, wrong := range []string{"", "0", token[:25], token + "0", strings.Repeat("0", 26), strings.Repeat("\x00", 26), "' OR 1=1 --", strings.Repeat("a", 100_000)} {
			before := d.Stats().Commits
			refused(t, w, w.Ada, "a wrong token", first, wrong, mailtoken.ErrToken)
			if after := d.Stats().Commits; after != before {
				t.Errorf("a wrong token of %d bytes writes", len(wrong))
			}
		}
		now := w.Clock.Now()
		forged, issue := mailtoken.Issue(now, w.Alan, 2, mailtoken.Disable, pendingID(t, w, first), "", now.Add(time.Minute))
		wantError(t, "issue", d.Run(t.Context(), issue), nil)
		refused(t, w, w.Ada, "another person's, made out to this sign-in", first, forged, mailtoken.ErrToken)
		for _, p := range []mailtoken.Purpose{mailtoken.Reset, mailtoken.Email, mailtoken.Keep} {
			u, err := user.Get(t.Context(), d, w.Ada.AccountID, w.Ada.ID)
			if err != nil {
				t.Fatal(err)
			}
			secret, issue := mailtoken.Issue(now, u, u.Epoch, p, pendingID(t, w, first), "", now.Add(time.Hour))
			if err := d.Run(t.Context(), issue); err != nil {
				t.Fatal(err)
			}
			refused(t, w, w.Ada, "a token to "+string(p), first, secret, mailtoken.ErrToken)
			wantError(t, "the token to disable, to keep it on", w.SignIn.KeepOn(t.Context(), token, domaintest.By), mailtoken.ErrToken)
		}
		wantError(t, "again at once", w.SignIn.AskDisable(t.Context(), first, domaintest.By), mailtoken.ErrTooSoon)
		w.Clock.Advance(59 * time.Second)
		wantError(t, "again after 59 s", w.SignIn.AskDisable(t.Context(), first, domaintest.By), mailtoken.ErrTooSoon)
		w.Clock.Advance(time.Second)
		wantError(t, "again after 60 s", w.SignIn.AskDisable(t.Context(), first, domaintest.By), nil)
		newer := mailedToken(t, w, w.Ada, "disable_token")
		refused(t, w, w.Ada, "the one before", first, token, mailtoken.ErrToken)
		w.Clock.Advance(time.Second) // so that the newest one has the latest id
		wantError(t, "in the other sign-in", w.SignIn.AskDisable(t.Context(), second, domaintest.By), nil)
		refused(t, w, w.Ada, "the newer one, after one for the other sign-in", first, newer, mailtoken.ErrToken)
		w.Clock.Advance(time.Minute)
		err := w.SignIn.AskDisable(t.Context(), second, domaintest.By)
		wantError(t, "the fourth within ten minutes", err, brake.ErrMails)
		if queued(t, w, w.Ada, "disable_token") != 3 || recorded(t, w, w.Ada, audit.CodeStopped) != 1 {
			t.Error("a stopped token was queued, or not recorded")
		}
		if _, err := confirm(w, second, mailedToken(t, w, w.Ada, "disable_token")); err != nil {
			t.Errorf("the newest one in its own sign-in: %v", err)
		}
	})
}

func pendingID(tb testing.TB, w *domaintest.World, cookie string) string {
	tb.Helper()
	p, err := w.SignIn.Pending(tb.Context(), cookie)
	if err != nil {
		tb.Fatal(err)
	}
	return p.Request()
}

// TestTokenEndsWithItsSignIn: after ten minutes, and with whatever ends the sign-in sooner.
func TestTokenEndsWithItsSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "mailed_disable=disable")
		phone, _ := w.Enrol(t, w.Ada)
		for what, end := range map[string]func(cookie string){
			"10:01 minutes": func(string) { w.Clock.Advance(10*time.Minute + time.Second) },
			"cancelled":     func(cookie string) { _ = w.SignIn.Cancel(t.Context(), cookie, knownBrowser, domaintest.By) },
			"the password changed": func(string) {
				_ = w.Admin.SetPassword(t.Context(), w.Acme, w.Ada, "nine quiet harbour cranes", audit.Operator())
			},
			"locked and unlocked": func(string) {
				_, _ = w.Admin.Lock(t.Context(), w.Ada, audit.Operator()), w.Admin.Unlock(t.Context(), w.Ada, audit.Operator())
			},
			"passed with a code": func(cookie string) {
				if _, err := verify(w, cookie, phone.Code(w.Clock.Now())); err != nil {
					t.Error(err)
				}
			},
		} {
			w.Clock.Advance(time.Hour) // no limit on mails has a say
			cookie, token := asked(t, w, w.Ada)
			end(cookie)
			refused(t, w, w.Ada, what, cookie, token, signin.ErrExpired)
			refused(t, w, w.Ada, what+", in the next sign-in", half(t, w, w.Ada), token, mailtoken.ErrToken)
		}
	})
}

// TestWhoMayDisable is K3 and D7, at asking and again at pasting.
func TestWhoMayDisable(t *testing.T) {
	const elsewhere = "ada@home.test"
	cases := []struct {
		what   string
		factor func(t *testing.T, w *domaintest.World) // besides what the case says, there are backup codes
		want   error
	}{
		{"an app", func(t *testing.T, w *domaintest.World) { w.Enrol(t, w.Ada) }, nil},
		{"a locked app", func(t *testing.T, w *domaintest.World) { w.Enrol(t, w.Ada); lockDevices(t, w, w.Ada, factor.TOTP) }, nil},
		{"the own mailbox", func(t *testing.T, w *domaintest.World) { with(t, w, w.Ada, factor.Email, "Own", w.Ada.Email) }, signin.ErrSameMailbox},
		{"the own mailbox, locked", func(t *testing.T, w *domaintest.World) {
			with(t, w, w.Ada, factor.Email, "Own", w.Ada.Email)
			lockDevices(t, w, w.Ada, factor.Email)
		}, signin.ErrSameMailbox},
		{"another mailbox", func(t *testing.T, w *domaintest.World) { with(t, w, w.Ada, factor.Email, "Other", elsewhere) }, nil},
		{"both mailboxes", func(t *testing.T, w *domaintest.World) {
			with(t, w, w.Ada, factor.Email, "Own", w.Ada.Email)
			with(t, w, w.Ada, factor.Email, "Other", elsewhere)
		}, nil},
		{"the own mailbox and an app", func(t *testing.T, w *domaintest.World) {
			w.Enrol(t, w.Ada)
			with(t, w, w.Ada, factor.Email, "Own", w.Ada.Email)
		}, nil},
		{"the own mailbox and a locked app, with backup codes", func(t *testing.T, w *domaintest.World) {
			w.Enrol(t, w.Ada)
			with(t, w, w.Ada, factor.Email, "Own", w.Ada.Email)
			lockDevices(t, w, w.Ada, factor.TOTP)
		}, signin.ErrSameMailbox},
		{"the own mailbox and an app not confirmed", func(t *testing.T, w *domaintest.World) {
			with(t, w, w.Ada, factor.Email, "Own", w.Ada.Email)
			w.BeginPhone(t, w.Browse(t, w.Ada), "Half")
		}, signin.ErrSameMailbox},
		{"the policy off", func(t *testing.T, w *domaintest.World) { w.Enrol(t, w.Ada); w.SetPolicy(t, "mailed_disable=off") }, signin.ErrDisableOff},
		{"no mail server", func(t *testing.T, w *domaintest.World) { w.Enrol(t, w.Ada); w.Channels.Mail = nil }, signin.ErrNoDisableMail},
		{"23:59:59 after a reset", func(t *testing.T, w *domaintest.World) { w.Enrol(t, w.Ada); resetAgo(t, w, 24*time.Hour-time.Second) }, signin.ErrAfterReset},
		{"24:00:01 after a reset", func(t *testing.T, w *domaintest.World) { w.Enrol(t, w.Ada); resetAgo(t, w, 24*time.Hour+time.Second) }, nil},
		{"a reset of tomorrow, by today's clock", func(t *testing.T, w *domaintest.World) { w.Enrol(t, w.Ada); resetAgo(t, w, -24*time.Hour) }, signin.ErrAfterReset},
		{"a planned end", func(t *testing.T, w *domaintest.World) {
			w.Enrol(t, w.Ada)
			execute(t, w, `UPDATE users SET two_factor_ends_at = $2 WHERE user_id = $1`, w.Ada.ID, db.At(w.Clock.Now().Add(time.Hour)))
		}, signin.ErrPlanned},
	}
	for _, c := range cases {
		t.Run(c.what, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				w.SetPolicy(t, "mailed_disable=disable")
				c.factor(t, w)
				cookie := half(t, w, w.Ada)
				wantError(t, "asking", w.SignIn.AskDisable(t.Context(), cookie, domaintest.By), c.want)
				if n := queued(t, w, w.Ada, "disable_token"); (n == 1) != (c.want == nil) {
					t.Errorf("%d tokens are mailed", n)
				}
				if c.want == nil {
					_, err := confirm(w, cookie, mailedToken(t, w, w.Ada, "disable_token"))
					wantError(t, "pasting", err, nil)
					return
				}
				// A good token does not help, whatever way it came about.
				p, err := w.SignIn.Pending(t.Context(), cookie)
				if err != nil {
					t.Fatal(err)
				}
				secret, issue := mailtoken.Issue(w.Clock.Now(), p.User, p.User.Epoch, mailtoken.Disable, p.Request(), "", p.ExpiresAt)
				wantError(t, "issue", d.Run(t.Context(), issue), nil)
				refused(t, w, w.Ada, "pasting", cookie, secret, c.want)
			})
		})
	}
}

func resetAgo(tb testing.TB, w *domaintest.World, d time.Duration) {
	tb.Helper()
	execute(tb, w, `UPDATE users SET password_mailed_at = $2 WHERE user_id = $1`, w.Ada.ID, db.At(w.Clock.Now().Add(-d)))
}

// TestRulesHoldWhilePasting: what changes between the mail and the paste counts.
func TestRulesHoldWhilePasting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "mailed_disable=disable")
		w.Enrol(t, w.Ada)
		cookie, token := asked(t, w, w.Ada)
		w.SetPolicy(t, "mailed_disable=off")
		refused(t, w, w.Ada, "switched off meanwhile", cookie, token, signin.ErrDisableOff)
		w.SetPolicy(t, "mailed_disable=disable")
		resetAgo(t, w, time.Minute)
		refused(t, w, w.Ada, "reset meanwhile", cookie, token, signin.ErrAfterReset)
		execute(t, w, `UPDATE users SET password_mailed_at = 0`)
		if err := account.SetSuspended(t.Context(), d, w.Clock.Now(), w.Acme.ID, true, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		refused(t, w, w.Ada, "suspended", cookie, token, account.ErrSuspended)
	})
}

// TestConfirmOnce races two pastes, and a paste with a code: one wins, and there is one way on, never two.
func TestConfirmOnce(t *testing.T) {
	for _, mode := range []string{"disable", "re_enrol"} {
		t.Run(mode, func(t *testing.T) {
			replicas(t, func(t *testing.T, a, b *domaintest.World) {
				a.SetPolicy(t, "mailed_disable="+mode)
				for i := range soak(6, 60) {
					u := a.AddUser(t, a.Acme, "racer"+string(rune('a'+i%26))+strings.Repeat("x", i/26)+"@acme.test", "", user.Member)
					phone, _ := a.Enrol(t, u)
					cookie, token := asked(t, a, u)
					code := phone.Code(a.Clock.Now())
					steps, errs := make([]signin.Step, 3), make([]error, 3)
					var wg sync.WaitGroup
					wg.Go(func() { steps[0], errs[0] = confirm(a, cookie, token) })
					wg.Go(func() { steps[1], errs[1] = confirm(b, cookie, token) })
					if i%2 == 0 {
						wg.Go(func() { steps[2], errs[2] = verify(b, cookie, code) })
					}
					wg.Wait()
					won := 0
					for n, s := range steps {
						if s.State != "" {
							won++
						}
						if errs[n] != nil && s.Cookie != "" {
							t.Errorf("%v comes with %+v", errs[n], s)
						}
					}
					var sessions, pending int
					if err := a.DB.Get(t.Context(), `SELECT (SELECT count(*) FROM sessions WHERE user_id = $1), (SELECT count(*) FROM pending_sign_ins WHERE user_id = $1)`,
						[]any{u.ID}, &sessions, &pending); err != nil {
						t.Fatal(err)
					}
					if won != 1 || sessions+pending != 1 {
						t.Errorf("%d won, %d sessions, %d sign-ins; %v", won, sessions, pending, errs)
					}
				}
			})
		})
	}
}
