package signin_test

import (
	"encoding/base64"
	"fmt"
	"testing"

	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/outbox"
	"sallyport/internal/signin"
)

// knows is a browser that has signed in everybody.
func knows(string, string) bool { return true }

// stranger is a browser that has signed in nobody.
func stranger(string, string) bool { return false }

// TestKnownBrowser: the cookie names up to eight people, those of now and no others; a changed or foreign one names nobody.
func TestKnownBrowser(t *testing.T) {
	w := domaintest.New(t, dbtest.Open(t, dbtest.SQLite(t)))
	cookie := ""
	remember := func(n int) {
		t.Helper()
		var err error
		if cookie, err = w.SignIn.Remember(cookie, "acc_1", fmt.Sprint("usr_", n)); err != nil {
			t.Fatal(err)
		}
	}
	known := func(cookie string, n int) bool { return w.SignIn.Known(cookie)("acc_1", fmt.Sprint("usr_", n)) }
	for n := range 9 {
		remember(n)
	}
	remember(4) // who comes again is not pushed out and pushes nobody out
	for n := range 10 {
		if want := n >= 1 && n <= 8; known(cookie, n) != want {
			t.Errorf("of nine people the %dth is known: %v", n+1, !want)
		}
	}
	if w.SignIn.Known(cookie)("acc_2", "usr_4") {
		t.Error("the person of that id in another account is known")
	}
	elsewhere := domaintest.New(t, dbtest.Open(t, dbtest.SQLite(t)))
	foreign, err := elsewhere.SignIn.Remember("", "acc_1", "usr_4")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(cookie)
	if err != nil {
		t.Fatal(err)
	}
	plain := base64.RawURLEncoding.EncodeToString([]byte("12345678"))
	bad := []string{"", "x", "\x00", foreign, plain, cookie + "A", cookie + cookie}
	for i := range raw {
		changed := append([]byte(nil), raw...)
		changed[i] ^= 1
		bad = append(bad, base64.RawURLEncoding.EncodeToString(changed), base64.RawURLEncoding.EncodeToString(raw[:i]))
	}
	for _, b := range bad {
		for n := range 9 {
			if known(b, n) {
				t.Errorf("%q knows somebody", b)
			}
		}
	}
	if fresh, err := w.SignIn.Remember(foreign, "acc_1", "usr_1"); err != nil || known(fresh, 4) || !known(fresh, 1) {
		t.Errorf("a foreign cookie goes on: %v", err)
	}
}

// FuzzKnown: whatever a cookie holds, it knows nobody and breaks nothing.
func FuzzKnown(f *testing.F) {
	for _, s := range []string{"", "AAAA", "\x00", "_-_-", "=="} {
		f.Add(s)
	}
	w := domaintest.New(f, dbtest.Open(f, dbtest.SQLite(f)))
	f.Fuzz(func(t *testing.T, cookie string) {
		if w.SignIn.Known(cookie)("acc_1", "usr_1") {
			t.Fatalf("%q knows somebody", cookie)
		}
		if fresh, err := w.SignIn.Remember(cookie, "acc_1", "usr_1"); err != nil || !w.SignIn.Known(fresh)("acc_1", "usr_1") {
			t.Fatalf("%q is not replaced: %v", cookie, err)
		}
	})
}

// TestUnfinishedSignIns is ASVS 6.3.5: who leaves a sign-in after the password is told of, once a day, whether it
// lapses, is cancelled by a stranger's browser, or ends in wrong codes; who signs in after all is not.
func TestUnfinishedSignIns(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		told := 0
		expect := func(what string, more int) {
			t.Helper()
			n := 0
			for _, l := range w.Letters(t) {
				if l.Kind == outbox.SignInUnfinished && l.UserID == w.Ada.ID {
					n++
				}
			}
			if n-told != more {
				t.Errorf("%s: told %d times, want %d", what, n-told, more)
			}
			told = n
		}
		sweep := func() {
			t.Helper()
			if _, err := signin.Sweep(t.Context(), d, w.Clock.Now(), 100); err != nil {
				t.Fatal(err)
			}
		}
		tomorrow := func() { w.Clock.Advance(24 * 60 * 60 * 1e9) }

		begin(t, w, w.Ada)
		w.Clock.Advance(signin.PendingFor)
		sweep()
		expect("not over yet", 0)
		w.Clock.Advance(1e9)
		sweep()
		expect("lapsed", 1)
		begin(t, w, w.Ada)
		begin(t, w, w.Ada)
		w.Clock.Advance(2 * signin.PendingFor)
		sweep()
		expect("two more on that day", 0)

		tomorrow()
		begin(t, w, w.Ada) // begun twice, finished once
		if err := try(t, w, w.Ada, phone.Code(w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(2 * signin.PendingFor)
		sweep()
		expect("finished after all", 0)

		cancel := func(known func(string, string) bool) {
			t.Helper()
			cookie := begin(t, w, w.Ada)
			for range 2 {
				if err := w.SignIn.Cancel(t.Context(), cookie, known, domaintest.By); err != nil {
					t.Fatal(err)
				}
			}
		}
		cancel(knows)
		expect("cancelled in a known browser", 0)
		if err := w.SignIn.Cancel(t.Context(), "pen_nobody", stranger, domaintest.By); err != nil {
			t.Fatal(err)
		}
		expect("without a sign-in", 0)
		cancel(stranger)
		expect("cancelled in an unknown one", 1)

		tomorrow()
		late := begin(t, w, w.Ada)
		w.Clock.Advance(signin.PendingFor)
		if err := w.SignIn.Cancel(t.Context(), late, stranger, domaintest.By); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(1e9)
		sweep()
		expect("cancelled when its time was over", 1)
		stats := d.Stats()
		if err := w.SignIn.Cancel(t.Context(), late, stranger, domaintest.By); err != nil {
			t.Fatal(err)
		}
		if n := d.Stats().Commits - stats.Commits; n != 0 {
			t.Errorf("cancelling what is not there writes %d times", n)
		}

		tomorrow()
		for range 5 {
			_ = try(t, w, w.Ada, phone.Wrong(w.Clock.Now())) // the fifth begins a wait
		}
		expect("five wrong codes", 1)
		w.Clock.Advance(2 * signin.PendingFor)
		sweep()
		expect("and left", 0)
	})
}
