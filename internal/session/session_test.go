package session_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

func check(t *testing.T, w *domaintest.World, cookie string) error {
	t.Helper()
	_, err := w.Sessions.Check(t.Context(), cookie)
	return err
}

func wantError(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}

// TestLimits is ASVS 7.3: idle and whole length, a second before and at the end.
func TestLimits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for _, c := range []struct{ lifetime, idle time.Duration }{
			{24 * time.Hour, time.Hour}, {5 * time.Minute, time.Minute}, {30 * 24 * time.Hour, 7 * 24 * time.Hour},
		} {
			w.SetPolicy(t, fmt.Sprintf("session_lifetime=%s", c.lifetime), fmt.Sprintf("session_idle=%s", c.idle))
			b := w.Browse(t, w.Ada)
			w.Clock.Advance(c.idle - time.Second)
			wantError(t, fmt.Sprintf("%s idle, a second before", c.idle), check(t, w, b.Cookie), nil)
			w.Clock.Advance(c.idle - time.Second)
			wantError(t, fmt.Sprintf("%s idle, a second before, again", c.idle), check(t, w, b.Cookie), nil)
			w.Clock.Advance(c.idle)
			wantError(t, fmt.Sprintf("%s idle", c.idle), check(t, w, b.Cookie), session.ErrNone)

			b = w.Browse(t, w.Ada)
			end := w.Clock.Now().Add(c.lifetime)
			for w.Clock.Now().Add(c.idle / 2).Before(end) {
				w.Clock.Advance(c.idle / 2)
				if err := check(t, w, b.Cookie); err != nil {
					t.Fatalf("in use, %s before the end: %v", end.Sub(w.Clock.Now()), err)
				}
			}
			w.Clock.Set(end.Add(-time.Second))
			wantError(t, fmt.Sprintf("%s long, a second before", c.lifetime), check(t, w, b.Cookie), nil)
			w.Clock.Set(end)
			wantError(t, fmt.Sprintf("%s long", c.lifetime), check(t, w, b.Cookie), session.ErrNone)
		}
	})
}

// TestUseCounts: somebody who clicks often enough is never idle, however the clicks fall.
func TestUseCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "session_idle=1m")
		for _, every := range []time.Duration{time.Second, 7 * time.Second, 29 * time.Second, 50 * time.Second} {
			b := w.Browse(t, w.Ada)
			for used := time.Duration(0); used < 3*time.Minute; used += every {
				w.Clock.Advance(every)
				if err := check(t, w, b.Cookie); err != nil {
					t.Errorf("used every %s: %v after %s", every, err, used+every)
					break
				}
			}
		}
	})
}

// TestAPolicyMadeStricterHolds for the sessions that exist.
func TestAPolicyMadeStricterHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		w.Clock.Advance(10 * time.Minute)
		wantError(t, "before", check(t, w, b.Cookie), nil)
		w.SetPolicy(t, "session_lifetime=10m", "session_idle=10m")
		w.Clock.Advance(time.Second)
		wantError(t, "after", check(t, w, b.Cookie), session.ErrNone)
	})
}

// TestEndsWithinASecondElsewhere is ASVS 7.4: each way to end a session, as another process sees it.
func TestEndsWithinASecondElsewhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other := w.Restart(t, d)
		cases := []struct {
			name string
			end  func(u user.User, b, second domaintest.Browser) error
		}{
			{"signed out", func(_ user.User, b, _ domaintest.Browser) error {
				return w.Sessions.SignOut(t.Context(), b.Signed, b.As())
			}},
			{"ended from the list", func(_ user.User, b, second domaintest.Browser) error {
				return w.Sessions.End(t.Context(), second.Signed, b.Signed.ID, b.As())
			}},
			{"ended as one of the others", func(_ user.User, _, second domaintest.Browser) error {
				_, err := w.Sessions.EndOthers(t.Context(), second.Signed, second.As())
				return err
			}},
			{"ended by an administrator", func(u user.User, b, _ domaintest.Browser) error {
				return w.Admin.OperatorEndSessions(t.Context(), u, b.Signed.ID)
			}},
			{"ended with all by an administrator", func(u user.User, _, _ domaintest.Browser) error {
				return w.Admin.OperatorEndSessions(t.Context(), u, "")
			}},
			{"ended by the restore of a backup", func(user.User, domaintest.Browser, domaintest.Browser) error {
				return admin.Restored(t.Context(), d, w.Clock.Now())
			}},
			{"epoch raised", func(u user.User, _, _ domaintest.Browser) error { return d.Run(t.Context(), user.RaiseEpoch(u)) }},
			{"locked", func(u user.User, _, _ domaintest.Browser) error {
				return w.Admin.Lock(t.Context(), u, audit.Operator())
			}},
			{"reset", func(u user.User, _, _ domaintest.Browser) error {
				return w.Admin.ResetTwoFactor(t.Context(), u, "lost phone", audit.Operator())
			}},
			{"password set", func(u user.User, _, _ domaintest.Browser) error {
				return w.Admin.SetPassword(t.Context(), w.Acme, u, "nine quiet harbour cranes", audit.Operator())
			}},
			{"password changed", func(_ user.User, _, second domaintest.Browser) error {
				_, err := w.Profile.ChangePassword(t.Context(), second.Signed, domaintest.Password, "nine quiet harbour cranes", second.As())
				return err
			}},
			{"device added", func(_ user.User, _, second domaintest.Browser) error {
				w.AddPhone(t, second, "Phone")
				return nil
			}},
		}
		for i, c := range cases {
			u := w.AddUser(t, w.Acme, fmt.Sprintf("u%d@acme.test", i), "", user.Member)
			b, second := w.Browse(t, u), w.Browse(t, u)
			wantError(t, c.name+": elsewhere, before", check(t, other, b.Cookie), nil)
			if err := c.end(u, b, second); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			w.Clock.Advance(time.Second)
			for _, at := range []*domaintest.World{w, other} {
				wantError(t, c.name, check(t, at, b.Cookie), session.ErrNone)
			}
		}
	})
}

// TestEndsHereAtOnce: the process that ended it does not wait for its own memory.
func TestEndsHereAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b, second := w.Browse(t, w.Ada), w.Browse(t, w.Ada)
		cookie, err := w.Sessions.EndOthers(t.Context(), second.Signed, second.As())
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, "its own old secret", check(t, w, second.Cookie), session.ErrNone)
		second = w.Open(t, cookie)
		wantError(t, "the other", check(t, w, b.Cookie), session.ErrNone)
		wantError(t, "this one", check(t, w, second.Cookie), nil)
		if err := w.Sessions.SignOut(t.Context(), second.Signed, second.As()); err != nil {
			t.Fatal(err)
		}
		wantError(t, "signed out", check(t, w, second.Cookie), session.ErrNone)
		wantError(t, "signed out twice", w.Sessions.SignOut(t.Context(), second.Signed, second.As()), session.ErrNone)
		// A clock set back does not revive what ended (F15).
		w.Clock.Set(domaintest.Start.Add(-time.Hour))
		wantError(t, "after the clock was set back", check(t, w, b.Cookie), session.ErrNone)
	})
}

// TestListAndOwnership: one sees and ends one's own sessions only.
func TestListAndOwnership(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		stale := w.Browse(t, w.Ada)
		w.Clock.Advance(59 * time.Minute)
		first := w.Browse(t, w.Ada)
		w.Clock.Advance(time.Minute)
		second, alan := w.Browse(t, w.Ada), w.Browse(t, w.Alan)
		list, err := w.Sessions.List(t.Context(), second.Signed)
		if err != nil || len(list) != 2 || list[0].ID != second.Signed.ID || list[1].ID != first.Signed.ID {
			t.Errorf("listed %d, %v; want the newest two, without %s", len(list), err, stale.Signed.ID)
		}
		for _, id := range []string{first.Signed.ID, "", "ses_nothing", "\x00\xff"} {
			wantError(t, "Alan ends "+id, w.Sessions.End(t.Context(), alan.Signed, id, alan.As()), session.ErrNotFound)
		}
		if _, err := w.Sessions.EndOthers(t.Context(), alan.Signed, alan.As()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Second)
		wantError(t, "Ada's first", check(t, w, first.Cookie), nil)
	})
}

// TestAnEndedSessionEndsNobody: another process remembers it for less than a second, and that is not enough.
func TestAnEndedSessionEndsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other := w.Restart(t, d)
		thief, owner := w.Browse(t, w.Ada), w.Browse(t, w.Ada)
		wantError(t, "remembered elsewhere", check(t, other, thief.Cookie), nil)
		wantError(t, "ended", w.Sessions.End(t.Context(), owner.Signed, thief.Signed.ID, owner.As()), nil)
		wantError(t, "the ended one ends the owner's", other.Sessions.End(t.Context(), thief.Signed, owner.Signed.ID, thief.As()), session.ErrNone)
		if _, err := other.Sessions.EndOthers(t.Context(), thief.Signed, thief.As()); err == nil {
			t.Error("the ended one ended all others")
		}
		wantError(t, "the owner's", check(t, w, owner.Cookie), nil)
	})
}

// TestASessionOfAPassedEpochEndsNobody: no row of its is removed when all others end at once, or a person is locked.
func TestASessionOfAPassedEpochEndsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other := w.Restart(t, d)
		thief, owner := w.Browse(t, w.Ada), w.Browse(t, w.Ada)
		wantError(t, "remembered elsewhere", check(t, other, thief.Cookie), nil)
		cookie, err := w.Sessions.EndOthers(t.Context(), owner.Signed, owner.As())
		if err != nil {
			t.Fatal(err)
		}
		owner = w.Open(t, cookie)
		wantError(t, "the ended one ends the owner's", other.Sessions.End(t.Context(), thief.Signed, owner.Signed.ID, thief.As()), session.ErrNone)
		wantError(t, "the owner's", check(t, w, owner.Cookie), nil)
	})
}

// TestClockPutBack is F15: what was refused as over stays so, and what a wrong clock began does not count.
func TestClockPutBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		w.Clock.Advance(61 * time.Minute)
		wantError(t, "idle", check(t, w, b.Cookie), session.ErrNone)
		w.Clock.Advance(-61 * time.Minute)
		wantError(t, "idle, and the clock put back", check(t, w, b.Cookie), session.ErrNone)
		w.Clock.Advance(10 * 365 * 24 * time.Hour)
		b = w.Browse(t, w.Ada)
		w.Clock.Advance(-5 * 365 * 24 * time.Hour)
		wantError(t, "begun in the future", check(t, w, b.Cookie), session.ErrNone)
	})
}

// TestForgedCookies stand for nothing.
func TestForgedCookies(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		part := strings.Split(b.Cookie, ".")
		forged := []string{
			"", ".", "..", "...", b.Signed.ID, part[2], b.Cookie + "x", b.Cookie + ".x",
			part[0] + "." + w.Alan.ID + "." + part[2], "acc_other." + part[1] + "." + part[2],
			part[0] + "." + part[1] + "." + strings.Repeat("A", 43), part[0] + "." + part[1] + "." + b.Signed.ID,
			"\x00." + part[1] + "." + part[2], "\xff\xfe." + part[1] + "." + part[2], strings.Repeat("a", 100_000),
			"' OR ''='." + part[1] + "." + part[2],
		}
		for _, cookie := range forged {
			if err := check(t, w, cookie); !errors.Is(err, session.ErrNone) {
				t.Errorf("%.60q: %v, want ErrNone", cookie, err)
			}
		}
		if err := check(t, w, b.Cookie); err != nil {
			t.Errorf("the true one: %v", err)
		}
	})
}

// TestClaimsOfTheClientFit: whatever a client calls itself, its sign-in is stored, on both engines.
func TestClaimsOfTheClientFit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for _, agent := range []string{"", "\x00", "a\xffb", strings.Repeat("ü", 300), "line\r\nbreak\x1b[31m", strings.Repeat("x", 255) + "€"} {
			by := domaintest.By
			by.UserAgent = agent
			cookie, _, insert := session.Issue(w.Clock.Now(), w.Acme, w.Ada, w.Ada.Epoch, session.AAL1, []string{"pwd"}, by)
			if err := d.Run(t.Context(), insert, audit.Record(w.Clock.Now(), audit.Event{AccountID: w.Acme.ID, Action: audit.SignedIn, Actor: by})); err != nil {
				t.Errorf("%.20q: %v", agent, err)
				continue
			}
			if got := w.Open(t, cookie).Signed.UserAgent; len([]rune(got)) > 256 || strings.ContainsAny(got, "\x00\x1b\r\n") {
				t.Errorf("%.20q is stored as %q", agent, got)
			}
		}
	})
}

// TestSweep removes what is dead and nothing else, in batches.
func TestSweep(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for range 3 {
			w.Browse(t, w.Ada)
		}
		if err := d.Run(t.Context(), user.EndSessions(w.Ada)); err != nil {
			t.Fatal(err)
		}
		alive := w.Browse(t, w.Alan)
		for _, want := range []int64{2, 1, 0} {
			if n, err := session.Sweep(t.Context(), d, w.Clock.Now(), 2); err != nil || n != want {
				t.Errorf("swept %d, %v; want %d", n, err, want)
			}
		}
		w.Clock.Advance(time.Second)
		wantError(t, "the one alive", check(t, w, alive.Cookie), nil)
	})
}
