package signin_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/check"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// program is a program that calls with a key of u's.
func program(tb testing.TB, w *domaintest.World, keyID string, u user.User) signin.Program {
	tb.Helper()
	now := w.Clock.Now()
	p, err := signin.KeyProgram(session.OfKey(keyID, u, w.Acme, session.AAL2, nil, now, now, db.Write(`UPDATE users SET epoch = epoch WHERE user_id = $1`, u.ID)))
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// begin begins a check of the person whom the program calls "kay".
func beginCheck(tb testing.TB, w *domaintest.World, p signin.Program) (check.Check, string) {
	tb.Helper()
	c, link, err := w.Checks.Begin(tb.Context(), p, signin.AskedFor{ExternalID: "kay", Email: "kay@acme.test", Name: "Kay", Reference: "r1"}, domaintest.By)
	if err != nil {
		tb.Fatalf("begin a check: %v", err)
	}
	_, link, _ = strings.Cut(link, "token=")
	return c, link
}

func findCheck(tb testing.TB, w *domaintest.World, p signin.Program, id string) signin.Standing {
	tb.Helper()
	st, err := w.Checks.Find(tb.Context(), p, id)
	if err != nil {
		tb.Fatalf("find the check: %v", err)
	}
	return st
}

// enrol passes a first check by setting up a phone.
func enrolCheck(tb testing.TB, w *domaintest.World, p signin.Program) domaintest.Phone {
	tb.Helper()
	c, _ := beginCheck(tb, w, p)
	st := findCheck(tb, w, p, c.ID)
	_, e, err := st.SignIn.BeginSetUp(tb.Context(), "", "My Phone")
	if err != nil {
		tb.Fatalf("set up: %v", err)
	}
	phone := domaintest.Scan(tb, e.Factor.ID, e.URI)
	step, codes, err := st.SignIn.ConfirmSetUp(tb.Context(), "", phone.FactorID, phone.Code(w.Clock.Now()), domaintest.By)
	if err != nil || step.State != signin.Passed || step.Cookie != "" || len(codes) != 10 {
		tb.Fatalf("confirm: %+v, %d codes, %v", step.State, len(codes), err)
	}
	w.Clock.Advance(30 * time.Second)
	return phone
}

func sessions(tb testing.TB, w *domaintest.World) (n int) {
	tb.Helper()
	if err := w.DB.Get(tb.Context(), `SELECT count(*) FROM sessions`, nil, &n); err != nil {
		tb.Fatal(err)
	}
	return n
}

func prove(tb testing.TB, st signin.Standing, code string) error {
	tb.Helper()
	step, err := st.SignIn.Verify(tb.Context(), "", signin.Attempt{Code: code}, domaintest.By)
	if err == nil && (step.State != signin.Passed || step.Cookie != "") {
		tb.Errorf("verified into %q", step.State)
	}
	return err
}

// TestCheck: an unknown person is made known and sets up a device, shows a code the next time, and each result is given once. No session begins.
func TestCheck(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := program(t, w, "key_one", w.Ada)
		c, _ := beginCheck(t, w, p)
		if st := findCheck(t, w, p, c.ID); st.State != check.SetUp || st.User.HasPassword || st.User.Role != user.Member || st.User.ExternalID != "kay" {
			t.Fatalf("%+v", st)
		}
		if _, _, err := w.Checks.Result(t.Context(), p, c.ID, domaintest.By); !errors.Is(err, check.ErrNotPassed) {
			t.Errorf("before it was passed: %v", err)
		}
		phone := enrolCheck(t, w, p)
		if st := findCheck(t, w, p, c.ID); st.State != check.Expired {
			t.Errorf("the other check, whose epoch is over, is %s", st.State)
		}
		c, _ = beginCheck(t, w, p)
		st := findCheck(t, w, p, c.ID)
		if st.State != check.SecondFactor {
			t.Fatalf("with a phone: %s", st.State)
		}
		if _, _, err := st.SignIn.BeginSetUp(t.Context(), "", "Thief"); !errors.Is(err, signin.ErrNoSetUp) {
			t.Errorf("another device in a check: %v", err)
		}
		if err := prove(t, st, phone.Wrong(w.Clock.Now())); !errors.Is(err, factor.ErrWrongCode) {
			t.Errorf("a wrong code: %v", err)
		}
		if err := prove(t, st, phone.Code(w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		if err := prove(t, st, phone.Code(w.Clock.Now())); !errors.Is(err, signin.ErrExpired) {
			t.Errorf("twice: %v", err)
		}
		if st := findCheck(t, w, p, c.ID); st.State != check.Passed {
			t.Errorf("passed: %s", st.State)
		}
		proof, assertion, err := w.Checks.Result(t.Context(), p, c.ID, domaintest.By)
		if err != nil || assertion == "" || strings.Join(proof.AMR, " ") != "otp" || proof.User.ExternalID != "kay" || proof.Check.Reference != "r1" {
			t.Errorf("result: %+v, %q, %v", proof, assertion, err)
		}
		if _, _, err := w.Checks.Result(t.Context(), p, c.ID, domaintest.By); !errors.Is(err, check.ErrTaken) {
			t.Errorf("a second time: %v", err)
		}
		if n := sessions(t, w); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// TestCheckOfAnotherIsNothing: a check is its program's alone, and whoever is no administrator's program has none.
func TestCheckOfAnotherIsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := program(t, w, "key_one", w.Ada)
		phone := enrolCheck(t, w, p)
		c, _ := beginCheck(t, w, p)
		if err := prove(t, findCheck(t, w, p, c.ID), phone.Code(w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		stranger := w.AddUser(t, other, "owner@other.test", "Owner", user.Owner)
		for name, q := range map[string]signin.Program{
			"another key": program(t, w, "key_two", w.Ada), "another account": program(t, w, "key_one", stranger), "the operator": signin.OperatorProgram(),
		} {
			if _, err := w.Checks.Find(t.Context(), q, c.ID); !errors.Is(err, check.ErrNotFound) {
				t.Errorf("%s finds it: %v", name, err)
			}
			if _, _, err := w.Checks.Result(t.Context(), q, c.ID, domaintest.By); !errors.Is(err, check.ErrNotFound) {
				t.Errorf("%s has its result: %v", name, err)
			}
		}
		for _, id := range []string{"", "chk_", c.ID + "x", "chk_\x00", strings.ToUpper(c.ID)} {
			if _, err := w.Checks.Find(t.Context(), p, id); !errors.Is(err, check.ErrNotFound) {
				t.Errorf("id %q: %v", id, err)
			}
		}
		now := w.Clock.Now()
		if _, err := signin.KeyProgram(session.OfKey("key", w.Grace, w.Acme, session.AAL2, nil, now, now, db.Write(``))); !errors.Is(err, signin.ErrCheckProgram) {
			t.Errorf("a member’s key: %v", err)
		}
		if _, err := signin.KeyProgram(w.SignInPlain(t, w.Ada).Signed); !errors.Is(err, signin.ErrCheckProgram) {
			t.Errorf("a session: %v", err)
		}
		if _, _, err := w.Checks.Result(t.Context(), p, c.ID, domaintest.By); err != nil {
			t.Errorf("its own program: %v", err)
		}
	})
}

// TestCheckAndSignInDontMix: what stands between the doors of a sign-in is nothing in a check, and the other way round (D4, B29).
func TestCheckAndSignInDontMix(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Grace)
		p := program(t, w, "key_one", w.Ada)
		external := "grace"
		if err := w.DB.Run(t.Context(), user.Link(w.Clock.Now(), w.Grace, external, domaintest.By)...); err != nil {
			t.Fatal(err)
		}
		c, link, err := w.Checks.Begin(t.Context(), p, signin.AskedFor{ExternalID: external}, domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		_, link, _ = strings.Cut(link, "token=")
		_, cookie, err := w.Checks.Open(t.Context(), link, nil)
		if err != nil {
			t.Fatal(err)
		}
		step := w.Password(t, w.Grace)
		for _, value := range []string{cookie, link, c.AccountID + "." + c.UserID + "." + c.ID, c.ID} {
			if _, err := w.SignIn.Pending(t.Context(), value); !errors.Is(err, signin.ErrExpired) {
				t.Errorf("at the sign-in, %q: %v", value, err)
			}
			if s, err := w.SignIn.Verify(t.Context(), value, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By); !errors.Is(err, signin.ErrExpired) {
				t.Errorf("verify with %q: %v, %v", value, s.State, err)
			}
		}
		for _, value := range []string{step.Cookie, link} {
			if _, err := w.Checks.Opened(t.Context(), value, nil); !errors.Is(err, check.ErrOver) {
				t.Errorf("at the check, %q: %v", value, err)
			}
		}
		// A row of the one purpose under the id of the other is nothing either.
		if err := w.DB.Run(t.Context(), db.Write(`UPDATE pending_sign_ins SET purpose = 'check' WHERE purpose = ''`)); err != nil {
			t.Fatal(err)
		}
		if _, err := w.SignIn.Pending(t.Context(), step.Cookie); !errors.Is(err, signin.ErrExpired) {
			t.Errorf("a check’s row at the sign-in: %v", err)
		}
	})
}

// TestCheckLink: a link works once, for ten minutes, and not in a browser in which somebody else is signed in.
func TestCheckLink(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := program(t, w, "key_one", w.Ada)
		c, link := beginCheck(t, w, p)
		ada := w.SignInPlain(t, w.Ada).Signed
		if _, _, err := w.Checks.Open(t.Context(), link, ada); !errors.Is(err, signin.ErrCheckOther) {
			t.Errorf("in Ada’s browser: %v", err)
		}
		_, cookie, err := w.Checks.Open(t.Context(), link, nil)
		if err != nil {
			t.Fatalf("the refusal has used it up: %v", err)
		}
		if st, err := w.Checks.Opened(t.Context(), cookie, nil); err != nil || st.Check.ID != c.ID {
			t.Errorf("opened: %v", err)
		}
		if _, err := w.Checks.Opened(t.Context(), cookie, ada); !errors.Is(err, signin.ErrCheckOther) {
			t.Errorf("and then Ada signed in: %v", err)
		}
		if _, _, err := w.Checks.Open(t.Context(), link, nil); !errors.Is(err, check.ErrLink) {
			t.Errorf("twice: %v", err)
		}
		_, link = beginCheck(t, w, p)
		for _, forged := range []string{"", "x", link[:len(link)-1] + "_", cookie} {
			if _, _, err := w.Checks.Open(t.Context(), forged, nil); !errors.Is(err, check.ErrLink) && forged != link {
				t.Errorf("%q: %v", forged, err)
			}
		}
		w.Clock.Advance(check.For)
		if _, _, err := w.Checks.Open(t.Context(), link, nil); !errors.Is(err, check.ErrLink) {
			t.Errorf("late: %v", err)
		}
	})
}

// TestCheckEnds: what ends a person's sign-ins ends a check before its result, at every point of it.
func TestCheckEnds(t *testing.T) {
	ends := map[string]struct {
		do   func(t *testing.T, w *domaintest.World, u user.User)
		want error
	}{
		"locked": {func(t *testing.T, w *domaintest.World, u user.User) {
			_ = w.DB.Run(t.Context(), user.SetLocked(w.Clock.Now(), u, true, domaintest.By)...)
		}, user.ErrLocked},
		"suspended": {func(t *testing.T, w *domaintest.World, u user.User) {
			_ = w.DB.Run(t.Context(), db.Write(`UPDATE accounts SET suspended_at = 1`))
		}, account.ErrSuspended},
		"signed out everywhere": {func(t *testing.T, w *domaintest.World, u user.User) { _ = w.DB.Run(t.Context(), user.EndSessions(u)) }, check.ErrOver},
		"late":                  {func(_ *testing.T, w *domaintest.World, _ user.User) { w.Clock.Advance(check.For) }, check.ErrOver},
		"removed": {func(t *testing.T, w *domaintest.World, u user.User) {
			if err := w.Admin.OperatorRemove(t.Context(), u); err != nil {
				t.Error(err)
			}
		}, check.ErrNotFound},
	}
	for _, passed := range []bool{false, true} {
		for name, end := range ends {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				p := program(t, w, "key_one", w.Ada)
				phone := enrolCheck(t, w, p)
				c, link := beginCheck(t, w, p)
				st := findCheck(t, w, p, c.ID)
				if passed {
					if err := prove(t, st, phone.Code(w.Clock.Now())); err != nil {
						t.Fatal(err)
					}
				}
				end.do(t, w, st.User)
				if _, _, err := w.Checks.Result(t.Context(), p, c.ID, domaintest.By); !errors.Is(err, end.want) {
					t.Errorf("passed %v, %s: result: %v, want %v", passed, name, err, end.want)
				}
				if passed {
					return
				}
				if err := prove(t, st, phone.Code(w.Clock.Now())); err == nil {
					t.Errorf("%s: a right code passes", name)
				}
				if _, _, err := w.Checks.Open(t.Context(), link, nil); err == nil {
					t.Errorf("%s: the link opens", name)
				}
			})
		}
	}
}

// TestCheckPeople: whom a program may ask, and whom not.
func TestCheckPeople(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := program(t, w, "key_one", w.Ada)
		ask := func(a signin.AskedFor) error {
			_, _, err := w.Checks.Begin(t.Context(), p, a, domaintest.By)
			return err
		}
		for name, tc := range map[string]struct {
			a    signin.AskedFor
			want error
		}{
			"unknown, no address": {signin.AskedFor{ExternalID: "kay"}, signin.ErrCheckNoEmail},
			"somebody's address":  {signin.AskedFor{ExternalID: "kay", Email: " GRACE@acme.test"}, signin.ErrCheckEmail},
			"no address at all":   {signin.AskedFor{ExternalID: "kay", Email: "kay"}, user.ErrEmail},
			"no id":               {signin.AskedFor{Email: "kay@acme.test"}, user.ErrExternal},
			"a blank":             {signin.AskedFor{ExternalID: "k ay", Email: "kay@acme.test"}, user.ErrExternal},
			"a bell":              {signin.AskedFor{ExternalID: "k\aay", Email: "kay@acme.test"}, user.ErrExternal},
			"a long one":          {signin.AskedFor{ExternalID: strings.Repeat("k", 201), Email: "kay@acme.test"}, user.ErrExternal},
			"a language":          {signin.AskedFor{ExternalID: "kay", Email: "kay@acme.test", Language: "xx"}, user.ErrLanguage},
			"a reference":         {signin.AskedFor{ExternalID: "kay", Email: "kay@acme.test", Reference: "a\nb"}, check.ErrReference},
			"another account":     {signin.AskedFor{Account: "other", ExternalID: "kay", Email: "kay@acme.test"}, account.ErrNotFound},
			"back to elsewhere":   {signin.AskedFor{ExternalID: "kay", Email: "kay@acme.test", ReturnTo: "https://evil.test/"}, check.ErrReturnTo},
		} {
			if err := ask(tc.a); !errors.Is(err, tc.want) {
				t.Errorf("%s: %v, want %v", name, err, tc.want)
			}
		}
		if _, err := user.ByExternal(t.Context(), d, w.Acme.ID, "kay"); !errors.Is(err, user.ErrNotFound) {
			t.Fatalf("a refused one has made somebody: %v", err)
		}
		// Who signs in here and has no device binds none on a program's word.
		if err := d.Run(t.Context(), user.Link(w.Clock.Now(), w.Grace, "grace", domaintest.By)...); err != nil {
			t.Fatal(err)
		}
		if err := ask(signin.AskedFor{ExternalID: "grace"}); !errors.Is(err, signin.ErrCheckNoOwn) {
			t.Errorf("Grace, without a device: %v", err)
		}
		w.Enrol(t, w.Grace)
		if err := ask(signin.AskedFor{ExternalID: "grace"}); err != nil {
			t.Errorf("Grace, with one: %v", err)
		}
		if err := ask(signin.AskedFor{ExternalID: "GRACE", Email: "g2@acme.test"}); err != nil {
			t.Errorf("ids are compared letter by letter: %v", err)
		}
		if err := d.Run(t.Context(), user.Link(w.Clock.Now(), w.Alan, "grace", domaintest.By)...); !db.IsUnique(err) {
			t.Errorf("one id for two: %v", err)
		}
	})
}

// TestCheckedPersonHasNoOtherDoor: whom a program made known enters here by no password, passkey or mail, and makes nobody's address mean two people.
func TestCheckedPersonHasNoOtherDoor(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := program(t, w, "key_one", w.Ada)
		enrolCheck(t, w, p)
		for _, password := range []string{"", " ", domaintest.Password} {
			if _, err := w.SignIn.Password(t.Context(), signin.Credentials{Account: "acme", Email: "kay@acme.test", Password: password}, domaintest.By); !errors.Is(err, signin.ErrCredentials) {
				t.Errorf("password %q: %v", password, err)
			}
		}
		if err := w.Recovery.Ask(t.Context(), "acme", "kay@acme.test", domaintest.By); err != nil && errs.From(err).Kind != errs.Conflict {
			t.Error(err)
		}
		w.Deliver(t)
		for _, m := range w.Mailed(t, "kay@acme.test") {
			if domaintest.TokenIn(m) != "" {
				t.Errorf("a token was mailed: %s", m.Text)
			}
		}
		// The same address in another account still signs in without naming it.
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		w.AddUser(t, other, "kay@acme.test", "Kay", user.Member)
		if _, err := w.SignIn.Password(t.Context(), signin.Credentials{Email: "kay@acme.test", Password: domaintest.Password}, domaintest.By); err != nil {
			t.Errorf("her namesake elsewhere: %v", err)
		}
	})
}

// TestCheckCountsWrongCodes: wrong codes in checks and in sign-ins count together, and lock together (D3).
func TestCheckCountsWrongCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Grace)
		if err := d.Run(t.Context(), user.Link(w.Clock.Now(), w.Grace, "grace", domaintest.By)...); err != nil {
			t.Fatal(err)
		}
		p := program(t, w, "key_one", w.Ada)
		for i := range 10 { // more than are free of a wait
			c, _, err := w.Checks.Begin(t.Context(), p, signin.AskedFor{ExternalID: "grace"}, domaintest.By)
			if err != nil {
				t.Fatal(err)
			}
			st := findCheck(t, w, p, c.ID)
			if i%2 == 0 {
				_ = prove(t, st, phone.Wrong(w.Clock.Now()))
				continue
			}
			_, _ = w.SignIn.Verify(t.Context(), w.Password(t, w.Grace).Cookie, signin.Attempt{Code: phone.Wrong(w.Clock.Now())}, domaintest.By)
		}
		c, _, err := w.Checks.Begin(t.Context(), p, signin.AskedFor{ExternalID: "grace"}, domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		if err := prove(t, findCheck(t, w, p, c.ID), phone.Code(w.Clock.Now())); errs.From(err).Kind != errs.TooMany {
			t.Errorf("in a check, a right code during the wait: %v", err)
		}
		_, err = w.SignIn.Verify(t.Context(), w.Password(t, w.Grace).Cookie, signin.Attempt{Code: phone.Code(w.Clock.Now())}, domaintest.By)
		if errs.From(err).Kind != errs.TooMany {
			t.Errorf("at the sign-in likewise: %v", err)
		}
	})
}
