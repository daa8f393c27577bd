package signin_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/passkey/keytest"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// TestMostSessions: however people sign in, each has so many sessions and no more. Those used last stay, the new one always.
func TestMostSessions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "session_idle=24h")
		var key keytest.Key
		holder := w.AddUser(t, w.Acme, "pat@acme.test", "Pat", user.Member)
		w.AddPasskey(t, w.SignInPlain(t, holder), &key, "My Key")
		phone, _ := w.Enrol(t, w.Ada)
		trusting := w.AddUser(t, w.Acme, "tove@acme.test", "Tove", user.Member)
		hers, _ := w.Enrol(t, trusting)
		_, trusted := w.Trust(t, trusting, hers, firefox)
		for name, c := range map[string]struct {
			u     user.User
			enter func() (string, error)
		}{
			"password alone": {w.Grace, func() (string, error) { return w.SignInPlain(t, w.Grace).Cookie, nil }},
			"a code":         {w.Ada, func() (string, error) { return w.SignInWith(t, w.Ada, phone).Cookie, nil }},
			"trusted browser": {trusting, func() (string, error) {
				done, err := w.SignInTrusted(trusting, trusted, domaintest.Password, firefox)
				return done.Cookie, err
			}},
			"passkey alone": {holder, func() (string, error) {
				done, err := alone(t, w, &key, nil)
				return done.Cookie, err
			}},
		} {
			u, err := user.Get(t.Context(), d, c.u.AccountID, c.u.ID)
			if err != nil {
				t.Fatal(err)
			}
			used := w.Browse(t, u) // begun before all others, and used last
			var begun []string
			for range session.Most + 4 {
				w.Clock.Advance(time.Second)
				begun = append(begun, w.Browse(t, u).Signed.ID)
			}
			w.Clock.Advance(2 * time.Minute)
			w.Open(t, used.Cookie)
			w.Clock.Advance(2 * time.Second)
			cookie, err := c.enter()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			entered := w.Open(t, cookie).Signed.ID
			left := sessionsOf(t, w, u)
			slices.Reverse(begun)
			if want := append([]string{entered, used.Signed.ID}, begun[:session.Most-2]...); !slices.Equal(left, want) {
				t.Errorf("%s: %d sessions are left, not the %d used last: new one kept %v, last used kept %v",
					name, len(left), session.Most, slices.Contains(left, entered), slices.Contains(left, used.Signed.ID))
			}
		}
		if n := len(sessionsOf(t, w, w.Alan)); n != 0 {
			t.Errorf("somebody else has %d", n)
		}
	})
}

// sessionsOf are the ids of somebody's sessions, the last used first.
func sessionsOf(t *testing.T, w *domaintest.World, u user.User) (ids []string) {
	t.Helper()
	acme, err := account.Get(t.Context(), w.DB, u.AccountID)
	if err != nil {
		t.Fatal(err)
	}
	all, err := session.Alive(t.Context(), w.DB, acme, u, w.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range all {
		ids = append(ids, one.ID)
	}
	return ids
}

// TestEndedMakeRoom: what has ended already goes before what counts, however lately it was used.
func TestEndedMakeRoom(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		first := w.Browse(t, w.Grace)
		for range session.Most {
			w.Clock.Advance(time.Millisecond) // so that nothing is noted to be used again
			w.Browse(t, w.Grace)
		}
		on, err := w.Sessions.EndOthers(t.Context(), first.Signed, domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		kept := w.Open(t, on)
		w.Clock.Advance(time.Second)
		entered := w.SignInPlain(t, w.Grace)
		grace, err := user.Get(t.Context(), d, w.Grace.AccountID, w.Grace.ID)
		if err != nil {
			t.Fatal(err)
		}
		if left := sessionsOf(t, w, grace); !slices.Equal(left, []string{entered.Signed.ID, kept.Signed.ID}) {
			t.Errorf("%d are left, the one that went on among them: %v", len(left), slices.Contains(left, kept.Signed.ID))
		}
		if n, err := session.Sweep(t.Context(), d, w.Clock.Now(), 1000); err != nil || n != session.Most-2 {
			t.Errorf("%d ended ones were there besides (%v), want %d", n, err, session.Most-2)
		}
	})
}
