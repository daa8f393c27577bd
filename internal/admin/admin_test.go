package admin_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/password"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

func wantError(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}

// TestResetDemandsASetUp is T12, T15 and B49: a reset ends everything; the next sign-in
// sets up a device, inside which enrolment works then and at no other time.
func TestResetDemandsASetUp(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		old, codes := w.Enrol(t, w.Grace)
		b, pending := w.Browse(t, w.Grace), w.Password(t, w.Grace)
		_, _, err := w.SignIn.BeginSetUp(t.Context(), pending.Cookie, "Thief's")
		wantError(t, "enrolment in a sign-in that owes a code", err, signin.ErrNoSetUp)
		_, _, err = w.SignIn.ConfirmSetUp(t.Context(), pending.Cookie, old.FactorID, "000000", domaintest.By)
		wantError(t, "confirming in a sign-in that owes a code", err, signin.ErrNoSetUp)

		for _, reason := range []string{"", "  ", strings.Repeat("x", 201), "a\x00b"} {
			wantError(t, fmt.Sprintf("reason %.10q", reason), w.Admin.ResetTwoFactor(t.Context(), w.Grace, reason, audit.Operator()), admin.ErrReason)
		}
		if err := w.Admin.ResetTwoFactor(t.Context(), w.Grace, "lost phone", audit.Operator()); err != nil {
			t.Fatal(err)
		}
		w.Clock.Advance(time.Second)
		_, err = w.Sessions.Check(t.Context(), b.Cookie)
		wantError(t, "the session", err, session.ErrNone)
		_, err = w.SignIn.Pending(t.Context(), pending.Cookie)
		wantError(t, "the pending sign-in", err, signin.ErrExpired)
		for _, code := range []string{old.Code(w.Clock.Now()), codes[0]} {
			_, err = w.Factors.Prove(t.Context(), w.Grace, code, "", 30*time.Second, domaintest.By)
			wantError(t, "an old code", err, factor.ErrNotFound)
		}

		first, second := w.Password(t, w.Grace), w.Password(t, w.Grace)
		if first.State != signin.SetUp {
			t.Fatalf("the next sign-in is in state %s, want set_up", first.State)
		}
		_, err = w.Sessions.Check(t.Context(), first.Cookie)
		wantError(t, "the pending cookie as a session", err, session.ErrNone)
		_, err = w.SignIn.Verify(t.Context(), first.Cookie, signin.Attempt{Code: codes[0]}, domaintest.By)
		wantError(t, "a code where none is owed", err, signin.ErrExpired)
		_, e, err := w.SignIn.BeginSetUp(t.Context(), first.Cookie, "New Phone")
		if err != nil {
			t.Fatal(err)
		}
		phone := domaintest.Scan(t, e.Factor.ID, e.URI)
		step, shown, err := w.SignIn.ConfirmSetUp(t.Context(), first.Cookie, phone.FactorID, phone.Wrong(w.Clock.Now()), domaintest.By)
		wantError(t, "a wrong code", err, factor.ErrWrongCode)
		if step.State != "" || step.Cookie != "" || shown != nil {
			t.Errorf("a wrong code gives %+v and %v", step, shown)
		}
		step, shown, err = w.SignIn.ConfirmSetUp(t.Context(), first.Cookie, phone.FactorID, phone.Code(w.Clock.Now()), domaintest.By)
		if err != nil || len(shown) != 10 {
			t.Fatalf("a right code: %d backup codes, %v", len(shown), err)
		}
		if s := w.Open(t, step.Cookie).Signed; s.Level != session.AAL2 || s.User.SetUpRequired {
			t.Errorf("signed in at %s, set-up still required: %v", s.Level, s.User.SetUpRequired)
		}
		for _, c := range []string{first.Cookie, second.Cookie} {
			_, _, err = w.SignIn.BeginSetUp(t.Context(), c, "Another")
			wantError(t, "enrolment after the set-up", err, signin.ErrExpired)
		}
		if next := w.Password(t, w.Grace); next.State != signin.SecondFactor {
			t.Errorf("the sign-in after that is in state %s", next.State)
		}
	})
}

// TestSetUpInParallelGivesOneSession: two sign-ins that owe the set-up, one device, one session.
func TestSetUpInParallelGivesOneSession(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		if err := w.Admin.ResetTwoFactor(t.Context(), w.Grace, "lost phone", audit.Operator()); err != nil {
			t.Fatal(err)
		}
		a, b := w.Password(t, w.Grace), w.Password(t, w.Grace)
		_, e, err := w.SignIn.BeginSetUp(t.Context(), a.Cookie, "Phone")
		if err != nil {
			t.Fatal(err)
		}
		phone := domaintest.Scan(t, e.Factor.ID, e.URI)
		var mu sync.Mutex
		var wg sync.WaitGroup
		entered := 0
		for _, cookie := range []string{a.Cookie, b.Cookie, a.Cookie, b.Cookie} {
			wg.Go(func() {
				if _, _, err := w.SignIn.ConfirmSetUp(t.Context(), cookie, phone.FactorID, phone.Code(w.Clock.Now()), domaintest.By); err == nil {
					mu.Lock()
					defer mu.Unlock()
					entered++
				}
			})
		}
		wg.Wait()
		if entered != 1 {
			t.Errorf("%d sessions, want 1", entered)
		}
	})
}

// TestFirstRunWorksOnce is ASVS 6.3.2.
func TestFirstRunWorksOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := domaintest.Start
		s := &admin.Service{DB: d, Hasher: password.New(password.Config{Queue: 100, Wait: time.Minute}), Now: func() time.Time { return now }}
		ada := admin.NewUser{Email: "Ada@Acme.test", Name: "Ada", Password: domaintest.Password}
		run := func(secret string, n admin.NewUser) error {
			_, _, err := s.FirstRun(t.Context(), secret, "Acme & Sons", n, domaintest.By)
			return err
		}
		wantError(t, "before any link", run("", ada), admin.ErrFirstRunLink)
		first, err := s.FirstRunLink(t.Context())
		if err != nil || len(first) != 43 {
			t.Fatalf("link %q, %v", first, err)
		}
		second, err := s.FirstRunLink(t.Context())
		if err != nil || second == first {
			t.Fatalf("second link %q, %v", second, err)
		}
		wantError(t, "the link before the newest", run(first, ada), admin.ErrFirstRunLink)
		for what, bad := range map[string]admin.NewUser{
			"no address": {Name: "Ada", Password: domaintest.Password}, "weak password": {Email: "ada@acme.test", Password: "password1"},
		} {
			if err := run(second, bad); err == nil || errors.Is(err, admin.ErrFirstRunLink) {
				t.Errorf("%s: %v", what, err)
			}
		}
		now = now.Add(admin.FirstRunFor)
		wantError(t, "after a day", run(second, ada), admin.ErrFirstRunLink)
		now = now.Add(-time.Second)
		wantError(t, "a second before", s.CheckFirstRun(t.Context(), second), nil)

		var mu sync.Mutex
		var wg sync.WaitGroup
		made := 0
		for range 5 {
			wg.Go(func() {
				err := run(second, ada)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					made++
				} else if !errors.Is(err, admin.ErrFirstRunLink) {
					t.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		all, err := account.List(t.Context(), d)
		if made != 1 || err != nil || len(all) != 1 || all[0].Slug != "acme-sons" {
			t.Fatalf("made %d times: %+v, %v", made, all, err)
		}
		people, err := user.List(t.Context(), d, all[0].ID)
		if err != nil || len(people) != 1 || people[0].Role != user.Owner || people[0].Email != "ada@acme.test" {
			t.Errorf("%+v, %v", people, err)
		}
		if link, err := s.FirstRunLink(t.Context()); link != "" || err != nil {
			t.Errorf("a link with an account in place: %q, %v", link, err)
		}
		wantError(t, "used twice", run(second, ada), admin.ErrFirstRunLink)
	})
}

// TestKeyFileOfAnotherInstallation is F20.
func TestKeyFileOfAnotherInstallation(t *testing.T) {
	open := func(t *testing.T) *seal.Ring {
		file := filepath.Join(t.TempDir(), "key")
		if err := seal.NewKeyFile(file); err != nil {
			t.Fatal(err)
		}
		ring, err := seal.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		return ring
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ours, theirs := open(t), open(t)
		for range 2 {
			wantError(t, "ours", admin.CheckKey(t.Context(), d, ours), nil)
			wantError(t, "theirs", admin.CheckKey(t.Context(), d, theirs), admin.ErrWrongKey)
		}
		wantError(t, "renewing with theirs", admin.RenewKeyCheck(t.Context(), d, theirs), admin.ErrWrongKey)
		if err := errors.Join(ours.Prepare(), ours.Promote()); err != nil {
			t.Fatal(err)
		}
		wantError(t, "renewing", admin.RenewKeyCheck(t.Context(), d, ours), nil)
		if err := ours.Retire(); err != nil {
			t.Fatal(err)
		}
		wantError(t, "after the rotation", admin.CheckKey(t.Context(), d, ours), nil)
	})
}

// TestRotationKeepsEveryDevice: sealed anew under the new key, and the codes still work.
func TestRotationKeepsEveryDevice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phones := map[user.User]domaintest.Phone{}
		for _, u := range []user.User{w.Ada, w.Alan, w.Grace} {
			phones[u], _ = w.Enrol(t, u)
		}
		if err := errors.Join(w.Ring.Prepare(), w.Ring.Promote()); err != nil {
			t.Fatal(err)
		}
		last := 0
		for range 2 { // again after it was done: no harm
			if _, err := w.Factors.Reseal(t.Context(), func(done, total int) { last = done; _ = total }); err != nil || last != 3 {
				t.Fatalf("%d resealed, %v", last, err)
			}
		}
		if err := w.Ring.Retire(); err != nil {
			t.Fatal(err)
		}
		for u, p := range phones {
			if _, err := w.Factors.Prove(t.Context(), u, p.Code(w.Clock.Now()), "", 30*time.Second, domaintest.By); err != nil {
				t.Errorf("%s: %v", u.Name, err)
			}
		}
	})
}

// TestPeople: adding, and what is refused.
func TestPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		add := func(email, pw string, role user.Role) error {
			_, err := w.Admin.CreateUser(t.Context(), w.Acme, admin.NewUser{Email: email, Name: "New", Password: pw, Role: role}, audit.Operator())
			return err
		}
		wantError(t, "a new one", add("new@acme.test", domaintest.Password, user.Member), nil)
		wantError(t, "the same in capitals", add(" NEW@ACME.TEST ", domaintest.Password, user.Member), user.ErrEmailTaken)
		wantError(t, "no role", add("norole@acme.test", domaintest.Password, ""), user.ErrRole)
		wantError(t, "no address", add("no address", domaintest.Password, user.Member), user.ErrEmail)
		wantError(t, "a common password", add("weak@acme.test", "password1", user.Member), password.ErrTooCommon)
		_, err := account.Create(t.Context(), d, w.Clock.Now(), "acme", "Acme again", audit.Operator())
		wantError(t, "a short name twice", err, account.ErrSlugTaken)
	})
}
