package admin_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/browser"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/outbox"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// trust makes a browser trusted by somebody without the way through the doors, and returns its id.
func trust(tb testing.TB, w *domaintest.World, a account.Account, u user.User) string {
	tb.Helper()
	_, b, stmts := browser.Trust(w.Clock.Now(), a, read(tb, w, u), browser.Environment{Browser: "Firefox", System: "Linux"}, domaintest.From(domaintest.Firefox))
	if err := w.DB.Run(tb.Context(), stmts...); err != nil {
		tb.Fatal(err)
	}
	return b.ID
}

func trusted(tb testing.TB, w *domaintest.World, u user.User) (ids string) {
	tb.Helper()
	list, err := browser.List(tb.Context(), w.DB, w.Acme, read(tb, w, u), w.Clock.Now())
	if err != nil {
		tb.Fatal(err)
	}
	for _, b := range list {
		ids += " " + b.ID
	}
	return ids
}

// TestEndingWhatSomebodyHas: one session, all of them, the trust in one browser, in all; what is not named goes on, the other servers hear of
// it within a second, the person is told each time and only of what was done, and each is recorded once.
func TestEndingWhatSomebodyHas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		elsewhere := w.Restart(t, d)
		boss := strong(t, w, w.Ada)
		w.Enrol(t, w.Grace)
		first, second, other := w.Browse(t, w.Grace), w.Browse(t, w.Grace), w.Browse(t, w.Alan)
		one, two, alans := trust(t, w, w.Acme, w.Grace), trust(t, w, w.Acme, w.Grace), trust(t, w, w.Acme, w.Alan)
		lives := func(what string, b domaintest.Browser, want error) {
			t.Helper()
			for _, at := range []*domaintest.World{w, elsewhere} {
				_, err := at.Sessions.Check(t.Context(), b.Cookie)
				wantError(t, what, err, want)
			}
		}
		told := func(what string, sessions, browsers int) {
			t.Helper()
			if a, b := letters(t, w, w.Grace, outbox.SessionsEnded), letters(t, w, w.Grace, outbox.BrowsersEnded); a != sessions || b != browsers {
				t.Errorf("%s: told of sessions %d times, of browsers %d; want %d, %d", what, a, b, sessions, browsers)
			}
		}
		endSession := func(id string) error {
			return w.Admin.EndSessions(t.Context(), proof(w, boss), boss.Signed, w.Grace.ID, id, boss.As())
		}
		endBrowser := func(id string) error {
			return w.Admin.EndBrowsers(t.Context(), proof(w, boss), boss.Signed, w.Grace.ID, id, boss.As())
		}
		lives("before", first, nil)
		lives("before", second, nil)

		for _, id := range []string{other.Signed.ID, boss.Signed.ID, "ses_none", "\x00\xff"} { // another's does not end under her name
			wantError(t, "end "+id, endSession(id), session.ErrNotFound)
		}
		for _, id := range []string{alans, "trb_none", "\x00\xff"} {
			wantError(t, "end "+id, endBrowser(id), browser.ErrNotFound)
		}
		told("what is not hers", 0, 0)

		wantError(t, "end one session", endSession(first.Signed.ID), nil)
		w.Clock.Advance(time.Second)
		lives("the ended one", first, session.ErrNone)
		lives("the other one", second, nil)
		wantError(t, "end it again", endSession(first.Signed.ID), session.ErrNotFound)
		told("one session", 1, 0)

		wantError(t, "end one browser", endBrowser(one), nil)
		wantError(t, "end it again", endBrowser(one), browser.ErrNotFound)
		if got := trusted(t, w, w.Grace); got != " "+two {
			t.Errorf("trusted are%s", got)
		}
		lives("a session, after the trust", second, nil)
		told("one browser", 1, 1)

		wantError(t, "end all browsers", endBrowser(""), nil)
		wantError(t, "end them again", endBrowser(""), admin.ErrSoAlready)
		lives("a session, after all trust", second, nil)
		told("all browsers", 1, 2)

		three := trust(t, w, w.Acme, w.Grace)
		half := w.Password(t, w.Grace)
		wantError(t, "end all", endSession(""), nil)
		w.Clock.Advance(time.Second)
		lives("one of all", second, session.ErrNone)
		if _, err := w.SignIn.Pending(t.Context(), half.Cookie); err == nil {
			t.Error("a half-finished sign-in goes on")
		}
		if got := trusted(t, w, w.Grace); got != "" {
			t.Errorf("trusted are still%s, %s", got, three)
		}
		told("all sessions", 2, 2)
		lives("another's", other, nil)
		if got := trusted(t, w, w.Alan); got != " "+alans {
			t.Errorf("Alan trusts%s", got)
		}

		events, err := audit.Find(t.Context(), d, w.Acme.ID, audit.Filter{Person: w.Grace.ID, Actions: []audit.Action{
			audit.SessionEnded, audit.AllSessionsEnd, audit.BrowserRevoked, audit.BrowsersRevoked,
		}}, "", 20)
		var did []string
		for _, e := range events {
			did = append(did, string(e.Action))
			if e.Actor.ID != w.Ada.ID {
				t.Errorf("%s was done by %q", e.Action, e.Actor.ID)
			}
		}
		slices.Sort(did)
		if got := strings.Join(did, " "); err != nil || got != "browser.all_revoked browser.revoked session.all_ended session.ended" {
			t.Errorf("recorded: %s, %v", got, err)
		}
	})
}

// TestEndingSparesInvitations: whoever has not come yet has no session, and their invitation goes on.
func TestEndingSparesInvitations(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		boss := strong(t, w, w.Ada)
		u, err := w.Admin.Invite(t.Context(), proof(w, boss), boss.Signed, admin.Invitee{Email: "new@acme.test", Role: user.Member}, boss.As())
		wantError(t, "invite", err, nil)
		wantError(t, "end", w.Admin.EndSessions(t.Context(), proof(w, boss), boss.Signed, u.ID, "", boss.As()), admin.ErrInvited)
		wantError(t, "by the operator", w.Admin.OperatorEndSessions(t.Context(), u, ""), admin.ErrInvited)
		if read(t, w, u).Epoch != u.Epoch {
			t.Error("the invitation has ended")
		}
	})
}

// TestWhoSeesWhatSomebodyHas: the page that asks is for the same people as the deed.
func TestWhoSeesWhatSomebodyHas(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		ada, alan, grace := w.Browse(t, w.Ada), w.Browse(t, w.Alan), w.Browse(t, w.Grace)
		adas, graces := trust(t, w, w.Acme, w.Ada), trust(t, w, w.Acme, w.Grace)
		for _, c := range []struct {
			by       domaintest.Browser
			of       domaintest.Browser
			browser  string
			session  error
			browsers error
		}{
			{ada, grace, graces, nil, nil},
			{alan, grace, graces, nil, nil},
			{alan, ada, adas, admin.ErrRank, admin.ErrRank},
			{grace, ada, adas, admin.ErrNotAdministrator, admin.ErrNotAdministrator},
			{ada, ada, adas, admin.ErrSelf, admin.ErrSelf},
			{ada, alan, adas, nil, browser.ErrNotFound},
		} {
			_, err := w.Admin.Session(t.Context(), c.by.Signed, c.of.Signed.User.ID, c.of.Signed.ID)
			wantError(t, "session", err, c.session)
			_, err = w.Admin.Browser(t.Context(), c.by.Signed, c.of.Signed.User.ID, c.browser)
			wantError(t, "browser", err, c.browsers)
		}
		if _, err := w.Admin.Session(t.Context(), ada.Signed, w.Grace.ID, ada.Signed.ID); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("her own under another's name: %v", err)
		}
	})
}

// TestAnEndedSessionDoesNothing: for up to a second a session is remembered after its end, its person's demotion or their lock.
func TestAnEndedSessionDoesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Grace)
		for name, end := range map[string]func(b domaintest.Browser) error{
			"signed out": func(b domaintest.Browser) error { return w.Sessions.SignOut(t.Context(), b.Signed, b.As()) },
			"demoted": func(b domaintest.Browser) error {
				return w.Admin.OperatorSetRole(t.Context(), b.Signed.User, user.Member)
			},
			"locked": func(b domaintest.Browser) error {
				return w.Admin.Lock(t.Context(), read(t, w, b.Signed.User), audit.Operator())
			},
			"removed": func(b domaintest.Browser) error { return w.Admin.OperatorRemove(t.Context(), b.Signed.User) },
			"suspended": func(b domaintest.Browser) error {
				return account.SetSuspended(t.Context(), d, w.Clock.Now(), w.Acme.ID, true, audit.Operator())
			},
		} {
			furnish(t, w)
			b := strong(t, w, w.AddUser(t, w.Acme, name[:3]+name[len(name)-3:]+"@acme.test", "", user.Admin))
			wantError(t, name, end(b), nil)
			before := done(t, w, b.Signed.User)
			for _, deed := range deeds {
				if err := deed.do(t.Context(), w, proof(w, b), b, w.Grace.ID); !errors.Is(err, session.ErrNone) {
					t.Errorf("%s: %s: %v", name, deed.name, err)
				}
			}
			for method, do := range everybodys {
				wantError(t, name+": "+method, do(t.Context(), t, w, b), session.ErrNone)
			}
			if n := done(t, w, b.Signed.User); n != before {
				t.Errorf("%s: %d things are recorded after that", name, n-before)
			}
			wantError(t, "resume", account.SetSuspended(t.Context(), d, w.Clock.Now(), w.Acme.ID, false, audit.Operator()), nil)
		}
	})
}
