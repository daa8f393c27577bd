package signin_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
)

// counted is how many events of an action the record has.
func counted(t *testing.T, d *db.DB, action audit.Action) (n int) {
	t.Helper()
	if err := d.Get(t.Context(), `SELECT count(*) FROM audit_events WHERE action = $1`, []any{string(action)}, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestUsedTwice: a cookie that was copied ends for both, with what either has opened, whoever comes second; its owner hears of it (B73).
func TestUsedTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, _, full, cookie := trusts(t, d)
		first := enters(t, w, cookie, firefox)
		kept := w.Open(t, first.Cookie)
		asks(t, w, cookie, firefox, browser.UsedTwice)        // the second, whoever it is
		asks(t, w, first.Trusted, firefox, browser.UsedTwice) // and the first is no better off
		w.Clock.Advance(time.Second)                          // what a process remembers of sessions
		if _, err := w.Sessions.Check(t.Context(), kept.Cookie); !errors.Is(err, session.ErrNone) {
			t.Errorf("the session of the first lives on: %v", err)
		}
		if _, err := w.Sessions.Check(t.Context(), full.Cookie); err != nil {
			t.Errorf("a session with a code ended too: %v", err)
		}
		if n := counted(t, d, audit.BrowserUsedTwice); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
		if mails := w.Mailed(t, w.Ada.Email); len(mails) == 0 || !strings.Contains(mails[0].Subject, "may have been copied") {
			t.Errorf("no notice: %+v", mails)
		}
	})
}

// TestAtOnce: of many uses of one cookie at once at most one enters, and afterwards none does.
func TestAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, _, _, cookie := trusts(t, d)
		var mu sync.Mutex
		var in []signin.Step
		var all sync.WaitGroup
		start := make(chan struct{})
		servers := []*domaintest.World{w, w.Restart(t, d)}
		for i := range 6 {
			all.Go(func() {
				<-start
				done, err := servers[i%2].SignInTrusted(w.Ada, cookie, domaintest.Password, firefox)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if done.State == signin.SignedIn {
					in = append(in, done)
				}
			})
		}
		close(start)
		all.Wait()
		if len(in) != 1 {
			t.Fatalf("%d of 6 entered", len(in))
		}
		asks(t, w, in[0].Trusted, firefox, browser.UsedTwice)
		w.Clock.Advance(time.Second)
		if _, err := w.Sessions.Check(t.Context(), in[0].Cookie); !errors.Is(err, session.ErrNone) {
			t.Errorf("the session lives on: %v", err)
		}
		if n := counted(t, d, audit.BrowserUsedTwice); n != 1 {
			t.Errorf("%d events, want 1", n)
		}
	})
}

// TestEnvironment is X16 and B74: a newer version of the browser enters; another browser, system or country is asked and told why, and the
// trust is over, so that nobody tries environments.
func TestEnvironment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		abroad := firefox
		abroad.Address = "81.2.69.160" // in Britain
		w, phone, _, cookie := trusts(t, d)
		for _, c := range []struct {
			what string
			by   audit.Actor
			why  browser.Why
		}{
			{"a newer version", domaintest.From(domaintest.Firefox2), ""},
			{"another address", abroad, ""}, // without a location database, nobody knows the country
			{"another browser", domaintest.From(domaintest.Chrome), browser.OtherBrowser},
			{"another system", domaintest.From(domaintest.OnWindows), browser.OtherSystem},
			{"no browser at all", domaintest.From(""), browser.OtherBrowser},
		} {
			if c.why == "" {
				cookie = enters(t, w, cookie, c.by).Trusted
				continue
			}
			before := counted(t, d, audit.BrowserEnded)
			if _, err := w.SignInTrusted(w.Ada, cookie, "wrong", c.by); !errors.Is(err, signin.ErrCredentials) {
				t.Errorf("%s: %v", c.what, err)
			}
			asks(t, w, cookie, firefox, c.why) // the try ended it, though the password was wrong
			if n := counted(t, d, audit.BrowserEnded) - before; n != 1 {
				t.Errorf("%s: %d events, want 1", c.what, n)
			}
			_, cookie = w.Trust(t, w.Ada, phone, firefox)
			w.Clock.Advance(step)
		}
	})
}

// TestStrangersKeepNobodyOut is B28: whoever knows only the name tries passwords and codes until both are blocked, and the owner still
// enters in the trusted browser; what is wrong in there is counted in there.
func TestStrangersKeepNobodyOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, phone, _, cookie := trusts(t, d)
		stranger := domaintest.From(domaintest.Chrome)
		stranger.Address = "203.0.113.66"
		half := w.Password(t, w.Ada)
		for range 5 {
			_, err := w.SignIn.Verify(t.Context(), half.Cookie, signin.Attempt{Code: phone.Wrong(w.Clock.Now())}, stranger)
			if err == nil {
				t.Fatal("a wrong code entered")
			}
		}
		if err := d.Run(t.Context(), db.Write(`UPDATE factors SET failures = $1`, throttle.Lock)); err != nil { // as if they had gone on for a day
			t.Fatal(err)
		}
		for range 12 {
			if _, err := w.SignInTrusted(w.Ada, "", "wrong", stranger); err == nil {
				t.Fatal("a wrong password entered")
			}
		}
		if _, err := w.SignInTrusted(w.Ada, "", domaintest.Password, firefox); !errors.Is(err, throttle.ErrBlocked) {
			t.Fatalf("without trust: %v, want to wait", err)
		}
		done := enters(t, w, cookie, firefox)
		if _, err := w.SignInTrusted(w.Ada, "", domaintest.Password, firefox); !errors.Is(err, throttle.ErrBlocked) {
			t.Errorf("the owner's sign-in gave the stranger new tries: %v", err)
		}
		for i := range 5 {
			if _, err := w.SignInTrusted(w.Ada, done.Trusted, "wrong", firefox); !errors.Is(err, signin.ErrCredentials) {
				t.Fatalf("wrong password %d in the trusted browser: %v", i+1, err)
			}
		}
		if _, err := w.SignInTrusted(w.Ada, done.Trusted, domaintest.Password, firefox); !errors.Is(err, throttle.ErrBlocked) {
			t.Errorf("after five wrong passwords in the trusted browser: %v, want to wait", err)
		}
		w.Clock.Advance(30 * time.Second)
		done = enters(t, w, done.Trusted, firefox)
		for range 4 { // the right one has cleared the browser's own
			if _, err := w.SignInTrusted(w.Ada, done.Trusted, "wrong", firefox); !errors.Is(err, signin.ErrCredentials) {
				t.Fatal(err)
			}
		}
		enters(t, w, done.Trusted, firefox)
	})
}

// TestEndOthersKeepsThisBrowser: ending all other sign-ins leaves the browser trusted in which it is done, and no other.
func TestEndOthersKeepsThisBrowser(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w, phone, b, cookie := trusts(t, d)
		_, other := w.Trust(t, w.Ada, phone, domaintest.From(domaintest.Chrome))
		if _, err := w.Profile.EndOthers(t.Context(), b.Signed, cookie, firefox.As(w.Ada.ID)); err != nil {
			t.Fatal(err)
		}
		enters(t, w, cookie, firefox)
		asks(t, w, other, domaintest.From(domaintest.Chrome), browser.Over)
	})
}
