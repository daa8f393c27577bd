package signin_test

import (
	"log/slog"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/mailtoken"
	"sallyport/internal/notify"
	"sallyport/internal/profile"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/sms"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

// planned lets u plan the end of the second factor a day ahead, by the way of people.
func planned(tb testing.TB, w *domaintest.World, u user.User, mode string) signin.Step {
	tb.Helper()
	w.SetPolicy(tb, "mailed_disable="+mode, "mailed_disable_delay=24h")
	cookie, token := asked(tb, w, u)
	s, err := confirm(w, cookie, token)
	if err != nil || s.State != signin.Planned || s.Cookie != "" || !s.EndsAt.Equal(w.Clock.Now().Add(24*time.Hour)) {
		tb.Fatalf("planning: %+v, %v", s, err)
	}
	return s
}

// endsAt reads when the second factor of u ends.
func endsAt(tb testing.TB, w *domaintest.World, u user.User) time.Time {
	tb.Helper()
	u, err := user.Get(tb.Context(), w.DB, u.AccountID, u.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return u.TwoFactorEndsAt
}

// deliver sends what waits into the world's inbox.
func deliver(tb testing.TB, w *domaintest.World) []notify.Received {
	tb.Helper()
	n := &notify.Service{
		DB: w.DB, Ring: w.Ring, Factors: w.Factors, Channels: w.Channels, Product: "Sallyport",
		PublicURL: func() *url.URL { return &url.URL{Scheme: "https", Host: "login.acme.test"} },
		Now:       w.Clock.Now, Log: slog.New(slog.DiscardHandler), Count: func(string, string, string) {},
	}
	before := len(w.Inbox.Messages())
	if _, err := n.Deliver(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	all := w.Inbox.Messages()
	return all[:len(all)-before]
}

// TestPlannedEnd: until its time nothing changes; then the mode of that moment holds, at the sweep or at the
// password, whichever comes first.
func TestPlannedEnd(t *testing.T) {
	for _, c := range []struct {
		mode, then string
		state      signin.State // of the next password
		kept       int
	}{
		{"disable", "disable", signin.SignedIn, 0},
		{"re_enrol", "re_enrol", signin.SetUp, 0},
		{"disable", "re_enrol", signin.SetUp, 0},
		{"disable", "off", signin.SecondFactor, 1},
	} {
		for _, sweep := range []bool{true, false} {
			t.Run(c.mode+" then "+c.then+map[bool]string{true: ", swept"}[sweep], func(t *testing.T) {
				dbtest.Each(t, func(t *testing.T, d *db.DB) {
					w := domaintest.New(t, d)
					w.Enrol(t, w.Ada)
					s := planned(t, w, w.Ada, c.mode)
					in := w.Browse(t, w.Ada)
					w.SetPolicy(t, "mailed_disable="+c.then)
					for _, early := range []time.Duration{0, 24*time.Hour - time.Microsecond} {
						w.Clock.Set(s.EndsAt.Add(early - 24*time.Hour))
						if n, err := w.SignIn.EndDue(t.Context(), 10); n != 0 || err != nil {
							t.Fatalf("%d are due after %s: %v", n, early, err)
						}
					}
					if p := w.Password(t, w.Ada); p.State != signin.SecondFactor || endsAt(t, w, w.Ada).IsZero() {
						t.Fatalf("before its time: %s", p.State)
					}
					w.Clock.Set(s.EndsAt)
					if sweep {
						if n, err := w.SignIn.EndDue(t.Context(), 10); n != 1 || err != nil {
							t.Fatalf("%d are due: %v", n, err)
						}
					}
					p := w.Password(t, w.Ada)
					if p.State != c.state || !endsAt(t, w, w.Ada).IsZero() {
						t.Fatalf("after its time: %s, planned for %s", p.State, endsAt(t, w, w.Ada))
					}
					if p.TwoFactorEnded != (!sweep && c.state == signin.SignedIn) {
						t.Errorf("says ended: %v", p.TwoFactorEnded)
					}
					if c.kept == 0 {
						w.Clock.Advance(time.Second)
						_, err := w.Sessions.Check(t.Context(), in.Cookie)
						wantError(t, "a session from before", err, session.ErrNone)
					}
					if queued(t, w, w.Ada, "disable_kept") != c.kept || queued(t, w, w.Ada, "two_factor_off") != 1-c.kept || recorded(t, w, w.Ada, audit.TwoFactorOffPlanned) != 1 ||
						recorded(t, w, w.Ada, audit.TwoFactorKept) != c.kept || recorded(t, w, w.Ada, audit.TwoFactorMailedOff) != 1-c.kept {
						t.Error("it was not told and recorded once")
					}
				})
			})
		}
	}
}

// TestPlanIsCalledOff: each of these keeps the second factor, is told once, and the time then passes without effect.
func TestPlanIsCalledOff(t *testing.T) {
	for what, act := range map[string]func(t *testing.T, w *domaintest.World, p domaintest.Phone, before domaintest.Browser, keep string) error{
		"the token": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, keep string) error {
			if err := w.SignIn.KeepOn(t.Context(), keep, domaintest.By); err != nil {
				return err
			}
			return w.SignIn.KeepOn(t.Context(), keep, domaintest.By) // from the second message
		},
		"the token, after other sessions were ended": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, b domaintest.Browser, keep string) error {
			if _, err := w.Sessions.EndOthers(t.Context(), b.Signed, b.As()); err != nil {
				return err
			}
			return w.SignIn.KeepOn(t.Context(), keep, domaintest.By)
		},
		"a complete sign-in": func(t *testing.T, w *domaintest.World, p domaintest.Phone, _ domaintest.Browser, _ string) error {
			_, err := verify(w, half(t, w, w.Ada), p.Code(w.Clock.Now()))
			return err
		},
		"a changed password": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			b := w.Browse(t, w.Ada)
			_, err := w.Profile.ChangePassword(t.Context(), b.Signed, domaintest.Password, "nine quiet harbour cranes", b.As())
			return err
		},
		"a password chosen by mail": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			if err := w.Recovery.Ask(t.Context(), "", w.Ada.Email, domaintest.By); err != nil {
				return err
			}
			_, err := w.Recovery.Choose(t.Context(), w.MailedToken(t, w.Ada.Email), "nine quiet harbour cranes", domaintest.By)
			return err
		},
		"a password set": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			return w.Admin.SetPassword(t.Context(), w.Acme, fresh(t, w), "nine quiet harbour cranes", audit.Operator())
		},
		"a changed address": func(t *testing.T, w *domaintest.World, p domaintest.Phone, _ domaintest.Browser, _ string) error { // the old mailbox asked for the plan
			b := w.Browse(t, w.Ada)
			proofs := profile.Proofs{Password: domaintest.Password, Code: p.Code(w.Clock.Now())}
			if err := w.Profile.AskEmail(t.Context(), b.Signed, "ada@new.test", proofs, b.As()); err != nil {
				return err
			}
			_, _, err := w.Profile.ConfirmEmail(t.Context(), b.Signed, w.MailedToken(t, "ada@new.test"), domaintest.Password, b.As())
			return err
		},
		"an address set": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			return w.Admin.SetEmail(t.Context(), fresh(t, w), "ada@new.test", audit.Operator())
		},
		"a reset": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			return w.Admin.ResetTwoFactor(t.Context(), fresh(t, w), "lost", audit.Operator())
		},
		"a lock": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			return w.Admin.Lock(t.Context(), fresh(t, w), audit.Operator())
		},
		"the settings": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			b := w.Browse(t, w.Ada)
			return w.Profile.KeepTwoFactor(t.Context(), b.Signed, b.As())
		},
		"another device": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			_, _, _ = w.AddPhone(t, w.Browse(t, w.Ada), "Other")
			return nil
		},
		"a device that the operator brings": func(t *testing.T, w *domaintest.World, _ domaintest.Phone, _ domaintest.Browser, _ string) error {
			return brought(t, w, fresh(t, w))
		},
	} {
		t.Run(what, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				phone, _ := w.Enrol(t, w.Ada)
				before := w.Browse(t, w.Ada) // whoever holds the row from before the plan must not overlook it
				s := planned(t, w, w.Ada, "disable")
				keep := mailedToken(t, w, w.Ada, "disable_cancel")
				w.Clock.Advance(time.Hour)
				if err := act(t, w, phone, before, keep); err != nil {
					t.Fatal(err)
				}
				if !endsAt(t, w, w.Ada).IsZero() || queued(t, w, w.Ada, "disable_kept") != 1 || recorded(t, w, w.Ada, audit.TwoFactorKept) != 1 {
					t.Errorf("planned for %s, told %d times, recorded %d times", endsAt(t, w, w.Ada), queued(t, w, w.Ada, "disable_kept"), recorded(t, w, w.Ada, audit.TwoFactorKept))
				}
				for _, m := range deliver(t, w) {
					if strings.Contains(m.Text, keep) {
						t.Errorf("%s still goes to %s", m.Subject, m.To)
					}
				}
				w.Clock.Set(s.EndsAt.Add(time.Hour))
				if n, err := w.SignIn.EndDue(t.Context(), 10); n != 0 || err != nil || queued(t, w, w.Ada, "two_factor_off") != 0 {
					t.Errorf("%d are due: %v", n, err)
				}
				wantError(t, "the token after its time", w.SignIn.KeepOn(t.Context(), keep, domaintest.By), mailtoken.ErrToken)
			})
		})
	}
}

// brought has the operator bring an app for u from elsewhere.
func brought(tb testing.TB, w *domaintest.World, u user.User) error {
	tb.Helper()
	_, err := totp.Import(tb.Context(), w.Factors, w.Acme, u, "Brought", "otpauth://totp/x?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", audit.Operator())
	return err
}

func fresh(tb testing.TB, w *domaintest.World) user.User {
	tb.Helper()
	u, err := user.Get(tb.Context(), w.DB, w.Ada.AccountID, w.Ada.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

// TestStaleEyesOverlookNoPlan: who changes something on the strength of a row read before the plan is refused.
func TestStaleEyesOverlookNoPlan(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		b, stale := w.Browse(t, w.Ada), fresh(t, w)
		cookie := half(t, w, w.Ada)
		s := planned(t, w, w.Ada, "disable")
		_, err := w.Profile.ChangePassword(t.Context(), b.Signed, domaintest.Password, "nine quiet harbour cranes", b.As())
		wantError(t, "a changed password", err, user.ErrChanged)
		wantError(t, "a lock", w.Admin.Lock(t.Context(), stale, audit.Operator()), user.ErrChanged)
		wantError(t, "a reset", w.Admin.ResetTwoFactor(t.Context(), stale, "lost", audit.Operator()), user.ErrChanged)
		wantError(t, "a device that the operator brings", brought(t, w, stale), user.ErrChanged)
		if !endsAt(t, w, w.Ada).Equal(s.EndsAt) {
			t.Error("the plan is gone, and nobody heard")
		}
		// A sign-in that began before the plan reads the row again.
		if _, err := verify(w, cookie, phone.Code(w.Clock.Now())); err != nil || !endsAt(t, w, w.Ada).IsZero() {
			t.Errorf("a complete sign-in: %v", err)
		}
	})
}

// TestPendingActsOnWhatIsStored: past the time but before anybody did what was planned, the second factor stands.
func TestPendingActsOnWhatIsStored(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		s := planned(t, w, w.Ada, "disable")
		w.Clock.Set(s.EndsAt.Add(-time.Minute))
		cookie := half(t, w, w.Ada)
		w.Clock.Set(s.EndsAt.Add(time.Minute))
		wantError(t, "asking", w.SignIn.AskDisable(t.Context(), cookie, domaintest.By), signin.ErrPlanned)
		if p, err := w.SignIn.Pending(t.Context(), cookie); err != nil || p.State(w.Clock.Now()) != signin.SecondFactor {
			t.Fatalf("the sign-in: %v", err)
		}
		if _, err := verify(w, cookie, phone.Code(w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		if n, err := w.SignIn.EndDue(t.Context(), 10); n != 0 || err != nil || devices(t, w, w.Ada) == 0 {
			t.Errorf("%d are due: %v", n, err)
		}
	})
}

// TestEndsOnce: of two replicas, and of the password and the right code beside them, one does it.
func TestEndsOnce(t *testing.T) {
	replicas(t, func(t *testing.T, a, b *domaintest.World) {
		type racer struct {
			u      user.User
			phone  domaintest.Phone
			cookie string
		}
		var racers []racer
		start := a.Clock.Now()
		for i := range soak(8, 40) {
			a.Clock.Set(start)
			u := a.AddUser(t, a.Acme, "r"+strings.Repeat("x", i)+"@acme.test", "", user.Member)
			phone, _ := a.Enrol(t, u)
			racers = append(racers, racer{u: u, phone: phone})
			planned(t, a, u, "disable")
		}
		ends := a.Clock.Now().Add(24 * time.Hour)
		a.Clock.Set(ends.Add(-time.Minute))
		for i := range racers {
			racers[i].cookie = half(t, a, racers[i].u)
		}
		a.Clock.Set(ends)
		codes := make([]error, len(racers))
		var wg sync.WaitGroup
		for _, w := range []*domaintest.World{a, b, a, b} {
			wg.Go(func() {
				if _, err := w.SignIn.EndDue(t.Context(), 100); err != nil {
					t.Error(err)
				}
			})
		}
		for i, r := range racers {
			if i%2 == 0 {
				wg.Go(func() { _, codes[i] = verify(b, r.cookie, r.phone.Code(b.Clock.Now())) })
			}
		}
		wg.Wait()
		for i, r := range racers {
			off, kept := queued(t, a, r.u, "two_factor_off"), queued(t, a, r.u, "disable_kept")
			left := devices(t, a, r.u)
			in := i%2 == 0 && codes[i] == nil
			if off+kept != 1 || in != (kept == 1) || in != (left > 0) || !endsAt(t, a, r.u).IsZero() {
				t.Errorf("racer %d: ended %d times, kept %d times, %d factors left, code: %v", i, off, kept, left, codes[i])
			}
		}
	})
}

// TestPlanIsAllOrNothing: where one of its statements fails, as when the server is killed between them, the
// token is good still and nothing was planned or told.
func TestPlanIsAllOrNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		with(t, w, w.Ada, factor.SMS, "Number", "+436641234567")
		w.SetPolicy(t, "mailed_disable=disable", "mailed_disable_delay=24h")
		cookie, token := asked(t, w, w.Ada)
		w.Codes.Limits.Day = 0
		_, err := confirm(w, cookie, token)
		wantError(t, "where no text may be sent", err, brake.ErrStopped)
		if !endsAt(t, w, w.Ada).IsZero() || queued(t, w, w.Ada, "disable_cancel") != 0 || recorded(t, w, w.Ada, audit.TwoFactorOffPlanned) != 0 {
			t.Error("something was planned")
		}
		w.Codes.Limits.Day = 1
		if s, err := confirm(w, cookie, token); err != nil || s.State != signin.Planned {
			t.Errorf("once it may: %+v, %v", s, err)
		}
	})
}

// TestPlanIsToldEverywhere reads the messages at their ends, in both languages.
func TestPlanIsToldEverywhere(t *testing.T) {
	token := regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{26}\b`)
	for language, want := range map[string]string{"en": "two-factor authentication ends 24 November 2026, 09:00 UTC", "de": "Zweiter Faktor endet 24. November 2026, 09:00 UTC"} {
		t.Run(language, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				w.Enrol(t, w.Ada)
				w.Clock.Set(domaintest.Start)
				with(t, w, w.Ada, factor.SMS, "Number", "+436641234567")
				with(t, w, w.Ada, factor.SMS, "Second", "+436641234568")
				with(t, w, w.Ada, factor.Email, "Home", "ada@home.test")
				with(t, w, w.Ada, factor.Email, "Own", "ada@acme.test")
				execute(t, w, `UPDATE users SET language = $2 WHERE user_id = $1`, w.Ada.ID, language)
				planned(t, w, w.Ada, "disable")
				var to []string
				secrets := map[string]bool{}
				for _, m := range deliver(t, w) {
					found := token.FindString(m.Text)
					if found == "" || !strings.Contains(m.Text, "https://login.acme.test/sign-in/keep") {
						continue // the notices about the factors, and the token that is used
					}
					to, secrets[found] = append(to, m.Channel+" "+m.To), true
					if m.Channel != "sms" {
						continue
					}
					if !strings.Contains(m.Text, want) || strings.Contains(m.Text, "keep#") {
						t.Errorf("the text is %q", m.Text)
					}
					if coding, parts := sms.Parts(m.Text); coding != sms.GSM || len(parts) != 1 {
						t.Errorf("%d parts in coding %d: %q", len(parts), coding, m.Text)
					}
				}
				slices.Sort(to)
				if got := strings.Join(to, ", "); got != "mail ada@acme.test, mail ada@home.test, sms +436641234567, sms +436641234568" {
					t.Errorf("told %s", got)
				}
				if len(secrets) != 1 {
					t.Errorf("%d tokens", len(secrets))
				}
				var clear int
				if err := d.Get(t.Context(), `SELECT count(*) FROM outbox WHERE recipient <> '' OR facts LIKE '%+43664%'`, nil, &clear); err != nil || clear != 0 {
					t.Errorf("%d messages show where they go: %v", clear, err)
				}
				for secret := range secrets {
					wantError(t, "keeping it on", w.SignIn.KeepOn(t.Context(), secret, domaintest.By), nil)
				}
			})
		})
	}
}

// TestPlanOverAndDone: who has no device left when the time comes loses nothing; a reset in between stands.
func TestPlanOverAndDone(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		s := planned(t, w, w.Ada, "re_enrol")
		b := w.Browse(t, w.Ada)
		if _, last, err := w.Profile.RemoveDevice(t.Context(), b.Signed, phone.FactorID, domaintest.Proofs, b.As()); err != nil || !last {
			t.Fatal(err)
		}
		w.Clock.Set(s.EndsAt)
		in := w.Browse(t, w.Ada)
		if n, err := w.SignIn.EndDue(t.Context(), 10); n != 1 || err != nil {
			t.Fatalf("%d are due: %v", n, err)
		}
		w.Clock.Advance(time.Second)
		if _, err := w.Sessions.Check(t.Context(), in.Cookie); err != nil || queued(t, w, w.Ada, "two_factor_off") != 0 || fresh(t, w).SetUpRequired {
			t.Errorf("somebody without a device is hit: %v", err)
		}
	})
}
