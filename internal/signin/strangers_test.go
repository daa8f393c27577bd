package signin_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/errs"
	"sallyport/internal/password"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// answer is all that somebody outside learns from an error.
func answer(err error) string {
	if err == nil {
		return "signed in"
	}
	e := errs.From(err)
	return fmt.Sprintf("%d %s %q %s %s", e.Kind, e.Code, e.Message, e.Field, e.RetryAfter)
}

// refusal tries a password that is nobody's.
func refusal(w *domaintest.World, slug, email string) string {
	_, err := w.SignIn.Password(context.Background(), signin.Credentials{Account: slug, Email: email, Password: "wrong but long enough"}, domaintest.By)
	return answer(err)
}

// addAmbiguous puts one address into two accounts (P11).
func addAmbiguous(t *testing.T, w *domaintest.World, email string) (inAcme, inOther user.User) {
	t.Helper()
	other, err := account.Create(t.Context(), w.DB, w.Clock.Now(), "other", "Other", audit.Operator())
	if err != nil {
		t.Fatal(err)
	}
	return w.AddUser(t, w.Acme, email, "In Acme", user.Member), w.AddUser(t, other, email, "In Other", user.Member)
}

// TestStrangersAndMembersGetOneAnswer is ASVS 6.3.8 without the clock: whoever tries
// passwords sees the same, attempt by attempt, whether or not the address exists.
func TestStrangersAndMembersGetOneAnswer(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		addAmbiguous(t, w, "twice@acme.test")
		locked := w.AddUser(t, w.Acme, "locked@acme.test", "", user.Member)
		if err := w.Admin.Lock(t.Context(), locked, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		w.Enrol(t, w.Alan)
		who := []struct{ name, slug, email string }{
			{"member, by account", "acme", "grace@acme.test"},
			{"member with a factor", "", "alan@acme.test"},
			{"locked", "acme", "locked@acme.test"},
			{"unknown", "", "nobody@acme.test"},
			{"unknown, by account", "acme", "noone@acme.test"},
			{"ambiguous", "", "twice@acme.test"},
			{"in an account that does not exist", "nowhere", "ada@acme.test"},
			{"in an account that cannot exist", "a\x00\xff'", "somebody@acme.test"},
			{"no address", "", ""},
			{"not canonical", "acme", "Ada <x@acme.test>"},
			{"bytes that no database stores", "", "a\x00\xff@acme.test"},
			{"very long", "", strings.Repeat("x", 10_000)},
		}
		const attempts = 7
		seen := make([][]string, len(who))
		var wg sync.WaitGroup
		for i, p := range who {
			wg.Go(func() {
				for range attempts {
					seen[i] = append(seen[i], refusal(w, p.slug, p.email))
				}
			})
		}
		wg.Wait()
		for i, p := range who {
			for n, got := range seen[i] {
				if want := seen[0][n]; got != want {
					t.Errorf("%s, attempt %d: %s, a member gets %s", p.name, n+1, got, want)
				}
			}
		}
		if got := seen[0]; got[0] != answer(signin.ErrCredentials) || got[4] != answer(signin.ErrCredentials.After(30*time.Second)) ||
			got[5] != answer(throttle.Blocked(30*time.Second)) {
			t.Errorf("a member gets %q", got)
		}
	})
}

// TestSpellingsAndAddressesShareOneCounter: neither another spelling nor another sign-in
// address gives more guesses, and the sharing does not tell who exists.
func TestSpellingsAndAddressesShareOneCounter(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		addAmbiguous(t, w, "twice@acme.test")
		ways := func(email string) (got []string) {
			upper := strings.ToUpper(email)
			for _, c := range []struct{ slug, email string }{
				{"acme", email},
				{" ACME ", upper},
				{"", " " + email + "\t"},
				{"other", email},
				{"nowhere", upper},
				{"acme", email},
				{"", email},
				{"other", email},
				{"nowhere", email},
			} {
				got = append(got, refusal(w, c.slug, c.email))
			}
			return got
		}
		member, unknown, twice := ways("ada@acme.test"), ways("nobody@acme.test"), ways("twice@acme.test")
		for i := range member {
			if member[i] != unknown[i] || member[i] != twice[i] {
				t.Errorf("attempt %d: member %s, unknown %s, ambiguous %s", i+1, member[i], unknown[i], twice[i])
			}
			if blocked := strings.Contains(member[i], "too_many_attempts"); blocked != (i >= 5) {
				t.Errorf("attempt %d: %s", i+1, member[i])
			}
		}
	})
}

// TestOneAccountDoesNotForgiveForAnother: whoever runs an account of their own may add
// anybody's address there and sign in with it; that gives no guesses at the same address in another account.
func TestOneAccountDoesNotForgiveForAnother(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		_, theirs := addAmbiguous(t, w, "twice@acme.test")
		for range 5 {
			refusal(w, "acme", "twice@acme.test")
		}
		w.Clock.Advance(30 * time.Second)
		w.SignInPlain(t, theirs)
		got := refusal(w, "acme", "twice@acme.test")
		if want := answer(signin.ErrCredentials.After(time.Minute)); got != want {
			t.Errorf("the sixth wrong password: %s, want %s", got, want)
		}
	})
}

// TestWrongPasswordsAreCountedEverywhere: the sign-in page and the pages that ask again share
// one counter; a complete sign-in alone clears it.
func TestWrongPasswordsAreCountedEverywhere(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		phone, _ := w.Enrol(t, w.Ada)
		b := w.SignInWith(t, w.Ada, phone)
		w.Clock.Advance(step)
		again := func(pw string) error {
			_, err := w.Reauth.Password(t.Context(), w.Ada, pw, b.As())
			return err
		}
		for range 2 {
			wantError(t, "wrong again", again("wrong"), reauth.ErrWrongPassword)
			if got := refusal(w, "acme", w.Ada.Email); got != answer(signin.ErrCredentials) {
				t.Errorf("at the door: %s", got)
			}
		}
		if err := again(domaintest.Password); err != nil {
			t.Fatalf("a right password: %v", err)
		}
		w.Password(t, w.Ada) // right too, but the second door is still shut
		err := again("wrong")
		if !errors.Is(err, reauth.ErrWrongPassword) || errs.From(err).RetryAfter != 30*time.Second {
			t.Errorf("the fifth wrong password: %v with a wait of %s, want 30s", err, errs.From(err).RetryAfter)
		}
		wantError(t, "right, in the wait", again(domaintest.Password), throttle.ErrBlocked)
		if got := refusal(w, "acme", w.Ada.Email); got != answer(throttle.Blocked(30*time.Second)) {
			t.Errorf("at the door, in the wait: %s", got)
		}
		// Sessions that exist are not touched by wrong guesses.
		if _, err := w.Sessions.Check(t.Context(), b.Cookie); err != nil {
			t.Errorf("the session, in the wait: %v", err)
		}
		w.Clock.Advance(30 * time.Second)
		w.SignInWith(t, w.Ada, phone)
		if err := again("wrong"); !errors.Is(err, reauth.ErrWrongPassword) || errs.From(err).RetryAfter != 0 {
			t.Errorf("the first wrong password after a sign-in: %v with a wait of %s", err, errs.From(err).RetryAfter)
		}
	})
}

// TestVerdictIsDecidedWithTheCounterHeld: when the wait begins between the look at the
// counter and the verdict, a right password gets the very answer of a wrong one, from a
// locked person's record too. Otherwise parallel guesses would pass the limit.
func TestVerdictIsDecidedWithTheCounterHeld(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		if err := w.Admin.Lock(t.Context(), w.Grace, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		for _, u := range []user.User{w.Ada, w.Grace} {
			var answers []string
			for _, pw := range []string{domaintest.Password, "wrong but long enough"} {
				late := *w.SignIn
				once := sync.OnceFunc(func() { // others fail while this one is on its way
					w.Clock.Advance(time.Hour)
					for range 5 {
						_ = refusal(w, "acme", u.Email)
					}
				})
				late.Now = func() time.Time { once(); return w.Clock.Now() }
				_, err := late.Password(t.Context(), signin.Credentials{Account: "acme", Email: u.Email, Password: pw}, domaintest.By)
				wantError(t, u.Name, err, throttle.ErrBlocked)
				answers = append(answers, errs.From(err).Code, fmt.Sprint(errs.From(err).RetryAfter > 0))
				w.Clock.Advance(time.Hour)
			}
			if answers[0] != answers[2] || answers[1] != answers[3] {
				t.Errorf("%s: right and wrong differ: %v", u.Name, answers)
			}
		}
	})
}

// TestForeignHashIsRenewed: a hash from another system verifies, and the next sign-in replaces it.
func TestForeignHashIsRenewed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SignIn.Hasher = password.New(password.Config{}) // the product's, not the tests' quick one
		// bcrypt of "U*U*U", a vector of crypt_blowfish.
		const foreign = "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"
		u, err := user.Create(t.Context(), d, w.Clock.Now(), user.New{AccountID: w.Acme.ID, Email: "old@acme.test", Role: user.Member, PasswordHash: foreign}, audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		stored := func() string {
			hash, err := user.PasswordHash(t.Context(), d, u.AccountID, u.ID)
			if err != nil {
				t.Fatal(err)
			}
			return hash
		}
		if got := refusal(w, "acme", u.Email); got != answer(signin.ErrCredentials) || stored() != foreign {
			t.Errorf("wrong password: %s, hash %s", got, stored())
		}
		for range 2 {
			done, err := w.SignIn.Password(t.Context(), signin.Credentials{Email: u.Email, Password: "U*U*U"}, domaintest.By)
			if err != nil || w.Open(t, done.Cookie).Signed.Level != session.AAL1 {
				t.Fatalf("right password: %v", err)
			}
			if hash := stored(); !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
				t.Errorf("not renewed: %s", hash)
			}
		}
	})
}
