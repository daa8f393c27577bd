package profile_test

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
	"sallyport/internal/factor"
	"sallyport/internal/profile"
	"sallyport/internal/reauth"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/totp"
	"sallyport/internal/user"
)

const step = 30 * time.Second

func wantError(tb testing.TB, what string, err, want error) {
	tb.Helper()
	if !errors.Is(err, want) {
		tb.Errorf("%s: %v, want %v", what, err, want)
	}
}

func confirm(w *domaintest.World, b domaintest.Browser, p domaintest.Phone) (string, []string, error) {
	return w.Profile.ConfirmDevice(context.Background(), b.Signed, p.FactorID, p.Code(w.Clock.Now()), b.As())
}

// TestUnconfirmedCountsAsNothing is B54: after the QR page nothing is enrolled, and the key ends after 15 minutes.
func TestUnconfirmedCountsAsNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		p := w.BeginPhone(t, b, "Phone")
		if s := w.SignInPlain(t, w.Ada); s.Signed.Level != session.AAL1 {
			t.Errorf("level %s with an unconfirmed device", s.Signed.Level)
		}
		_, err := w.Factors.Get(t.Context(), w.Ada, p.FactorID)
		wantError(t, "as a confirmed device", err, factor.ErrNotFound)
		_, err = w.Factors.Prove(t.Context(), w.Ada, p.Code(w.Clock.Now()), "", step, b.As())
		wantError(t, "its code as a proof", err, factor.ErrNotFound)
		_, _, err = w.Profile.NewBackupCodes(t.Context(), b.Signed, domaintest.Proofs, w.CodeSet(t, b.Signed.User), b.As())
		wantError(t, "backup codes", err, factor.ErrNoFactor)
		if set, err := factor.BackupCodes(t.Context(), d, w.Ada.AccountID, w.Ada.ID); err != nil || set.ID != "" {
			t.Errorf("a set of backup codes %+v, %v", set, err)
		}

		w.Clock.Advance(factor.PendingFor - time.Microsecond)
		if list, err := factor.List(t.Context(), d, w.Ada.AccountID, w.Ada.ID, w.Clock.Now()); err != nil || len(list) != 1 || list[0].State != factor.Pending {
			t.Errorf("before its end: %+v, %v", list, err)
		}
		w.Clock.Advance(time.Microsecond)
		if list, err := factor.List(t.Context(), d, w.Ada.AccountID, w.Ada.ID, w.Clock.Now()); err != nil || len(list) != 0 {
			t.Errorf("at its end: %+v, %v", list, err)
		}
		b = w.Browse(t, w.Ada)
		_, _, err = confirm(w, b, p)
		wantError(t, "confirm at its end", err, factor.ErrExpired)
		w.Clock.Advance(time.Microsecond)
		if n, err := factor.Sweep(t.Context(), d, w.Clock.Now(), 10); err != nil || n != 1 {
			t.Errorf("%d swept, %v, want 1", n, err)
		}
	})
}

// TestSecondBeginReplacesTheFirst: at most one key waits; the earlier QR code is dead.
func TestSecondBeginReplacesTheFirst(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		first, second := w.BeginPhone(t, b, "Phone"), w.BeginPhone(t, b, "Phone")
		_, _, err := confirm(w, b, first)
		wantError(t, "the first", err, factor.ErrNotFound)
		crossed := first
		crossed.FactorID = second.FactorID
		_, _, err = confirm(w, b, crossed)
		wantError(t, "the first key as the second", err, factor.ErrWrongCode)
		cookie, codes, err := confirm(w, b, second)
		if err != nil || len(codes) != 10 {
			t.Fatalf("the second: %d codes, %v", len(codes), err)
		}
		// The level never rises on the same secret, and the other sessions are dead.
		w.Clock.Advance(time.Second)
		_, err = w.Sessions.Check(t.Context(), b.Cookie)
		wantError(t, "the old cookie", err, session.ErrNone)
		if s := w.Open(t, cookie).Signed; s.Level != session.AAL2 || !s.SignedInAt.Equal(b.Signed.SignedInAt) || !s.ExpiresAt.Equal(b.Signed.ExpiresAt) {
			t.Errorf("goes on as %s, signed in at %s until %s", s.Level, s.SignedInAt, s.ExpiresAt)
		}
	})
}

// TestConfirmTwiceInParallel: one device, one set of backup codes, one session that goes on.
func TestConfirmTwiceInParallel(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for i := range 15 {
			u := w.AddUser(t, w.Acme, fmt.Sprintf("u%d@acme.test", i), "", user.Member)
			b, other := w.Browse(t, u), w.Browse(t, u)
			p := w.BeginPhone(t, b, "Phone")
			sets, cookies := make([][]string, 4), make([]string, 4)
			var wg sync.WaitGroup
			for n := range sets {
				from := []domaintest.Browser{b, other}[n%2]
				wg.Go(func() {
					var err error
					cookies[n], sets[n], err = confirm(w, from, p)
					if (err == nil) != (cookies[n] != "") || err == nil && len(sets[n]) != 10 {
						t.Errorf("cookie %q and %d codes with %v", cookies[n], len(sets[n]), err)
					}
				})
			}
			wg.Wait()
			won := strings.Count(fmt.Sprint(len(sets[0]), len(sets[1]), len(sets[2]), len(sets[3])), "10")
			set, err := factor.BackupCodes(t.Context(), d, u.AccountID, u.ID)
			counts, err2 := factor.CountConfirmed(t.Context(), d, u.AccountID)
			if won != 1 || err != nil || set.Left != 10 || err2 != nil || counts[u.ID] != 1 {
				t.Errorf("%d winners, %d codes left, %d devices, %v %v; want 1, 10, 1", won, set.Left, counts[u.ID], err, err2)
			}
			for n := range sets {
				for _, code := range sets[n][:min(1, len(sets[n]))] {
					if _, err := w.Factors.Prove(t.Context(), u, code, "", step, b.As()); err != nil {
						t.Errorf("the winner's code: %v", err)
					}
				}
			}
		}
	})
}

// TestProofs: the zero proof, another's and an old one add, remove and renew nothing.
func TestProofs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p, _ := w.Enrol(t, w.Ada)
		ada, now := w.Browse(t, w.Ada).Signed.User, w.Clock.Now()
		good, ok := reauth.Recent(ada, now.Add(-reauth.Fresh), now)
		if !ok {
			t.Error("a sign-in 15 minutes ago is not recent")
		}
		others, _ := reauth.Recent(w.Alan, now, now)
		old, ok := reauth.Recent(ada, now.Add(-reauth.Fresh-time.Microsecond), now)
		if ok {
			t.Error("a sign-in more than 15 minutes ago is recent")
		}
		if _, ok := reauth.Recent(ada, now.Add(db.Skew), now); !ok {
			t.Error("a sign-in at a server whose clock is a minute ahead is not recent")
		}
		future, ok := reauth.Recent(ada, now.Add(db.Skew+time.Microsecond), now)
		if ok {
			t.Error("a sign-in to come is recent")
		}
		for _, c := range []struct {
			name  string
			proof reauth.Proof
			want  error
		}{{"zero", reauth.Proof{}, reauth.ErrProofNeeded}, {"another's", others, reauth.ErrProofNeeded}, {"old", old, reauth.ErrProofNeeded}, {"future", future, reauth.ErrProofNeeded}, {"good", good, nil}} {
			_, err := totp.Begin(t.Context(), w.Factors, c.proof, w.Acme, ada, "Other")
			wantError(t, c.name+" proof, begin", err, c.want)
			_, err = w.Factors.NewBackupCodes(t.Context(), c.proof, ada, w.CodeSet(t, ada), domaintest.By)
			wantError(t, c.name+" proof, backup codes", err, c.want)
			_, err = w.Factors.Remove(t.Context(), c.proof, ada, p.FactorID, factor.Keep{}, domaintest.By)
			wantError(t, c.name+" proof, remove", err, c.want)
		}
	})
}

// TestPolicyNamesTheProofs walks K1 and K7.
func TestPolicyNamesTheProofs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p, codes := w.Enrol(t, w.Ada)
		add := func(proofs profile.Proofs) error {
			b := w.Browse(t, w.Ada)
			_, err := w.Profile.AddDevice(t.Context(), b.Signed, "Another", proofs, b.As())
			return err
		}
		renew := func(b domaintest.Browser, proofs profile.Proofs) error {
			_, _, err := w.Profile.NewBackupCodes(t.Context(), b.Signed, proofs, w.CodeSet(t, b.Signed.User), b.As())
			return err
		}
		wantError(t, "add with nothing", add(profile.Proofs{}), reauth.ErrProofNeeded)
		wantError(t, "add with a wrong password", add(profile.Proofs{Password: "wrong"}), reauth.ErrWrongPassword)
		wantError(t, "add with a code only", add(profile.Proofs{Code: p.Code(w.Clock.Now())}), reauth.ErrProofNeeded)
		w.SetPolicy(t, "enrolment=recent_sign_in")
		wantError(t, "add soon after the sign-in", add(profile.Proofs{}), nil)

		w.SetPolicy(t, "removal=password_and_code")
		b := w.Browse(t, w.Ada)
		if n := w.Profile.ToRemove(b.Signed); !n.Password || !n.Code {
			t.Errorf("asks for %+v, want both", n)
		}
		wantError(t, "password without code", renew(b, domaintest.Proofs), factor.ErrMalformed)
		wantError(t, "code without password", renew(b, profile.Proofs{Code: p.Code(w.Clock.Now())}), reauth.ErrProofNeeded)
		wantError(t, "wrong code", renew(b, profile.Proofs{Password: domaintest.Password, Code: p.Wrong(w.Clock.Now())}), factor.ErrWrongCode)
		wantError(t, "a used code", renew(b, profile.Proofs{Password: domaintest.Password, Code: p.Code(w.Clock.Now().Add(-step))}), factor.ErrUsedCode)
		wantError(t, "both", renew(b, profile.Proofs{Password: domaintest.Password, Code: p.Code(w.Clock.Now())}), nil)
		_, err := w.Factors.Prove(t.Context(), w.Ada, codes[0], "", step, b.As())
		wantError(t, "an old backup code", err, factor.ErrWrongCode)

		w.SetPolicy(t, "removal=recent_sign_in")
		b = w.Browse(t, w.Ada)
		w.Clock.Advance(reauth.Fresh + time.Second)
		b = w.Open(t, b.Cookie)
		if n := w.Profile.ToRemove(b.Signed); !n.Password {
			t.Error("a sign-in that is not recent needs no password")
		}
		wantError(t, "not recent, no password", renew(b, profile.Proofs{}), reauth.ErrProofNeeded)
		wantError(t, "not recent, password", renew(b, domaintest.Proofs), nil)
	})
}

// TestOthersDevices is B52: ids of other people's devices, on every method that takes one.
func TestOthersDevices(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p, _ := w.Enrol(t, w.Ada)
		pending := w.BeginPhone(t, w.Browse(t, w.Ada), "Waiting")
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		mallory := w.AddUser(t, other, "ada@acme.test", "Mallory", user.Owner)
		w.Enrol(t, w.Grace)
		w.Enrol(t, mallory)
		for _, u := range []user.User{w.Alan, w.Grace, mallory} {
			for _, id := range []string{p.FactorID, pending.FactorID, "", "fac_\x00\xff"} {
				b := w.Browse(t, u)
				_, err := w.Factors.Get(t.Context(), u, id)
				wantError(t, "get", err, factor.ErrNotFound)
				wantError(t, "rename", w.Factors.Rename(t.Context(), u, id, "Mine", b.As()), factor.ErrNotFound)
				_, _, err = w.Profile.RemoveDevice(t.Context(), b.Signed, id, domaintest.Proofs, b.As())
				wantError(t, "remove", err, factor.ErrNotFound)
				_, _, err = w.Profile.ConfirmDevice(t.Context(), b.Signed, id, pending.Code(w.Clock.Now()), b.As())
				wantError(t, "confirm", err, factor.ErrNotFound)
				if _, err := w.Sessions.Check(t.Context(), b.Cookie); err != nil {
					t.Errorf("the session ended by a refusal: %v", err)
				}
			}
		}
		if f, err := w.Factors.Get(t.Context(), w.Ada, p.FactorID); err != nil || f.Name != "My Phone" || f.Failures != 0 {
			t.Errorf("Ada's device is %+v, %v", f, err)
		}
	})
}

// TestNamesAndLimit is A6 and K6.
func TestNamesAndLimit(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.SetPolicy(t, "max_devices_per_kind=2")
		add := func(name string) error {
			b := w.Browse(t, w.Ada)
			_, err := w.Profile.AddDevice(t.Context(), b.Signed, name, domaintest.Proofs, b.As())
			return err
		}
		for _, bad := range []string{"", "  \t", strings.Repeat("x", 41), "a\x00b", "a\u202eb", "\xff", "a\u200bb"} {
			wantError(t, fmt.Sprintf("%q", bad), add(bad), factor.ErrName)
		}
		one, b, _ := w.AddPhone(t, w.Browse(t, w.Ada), "  My \t Phone ")
		if f, err := w.Factors.Get(t.Context(), w.Ada, one.FactorID); err != nil || f.Name != "My Phone" {
			t.Errorf("named %q, %v", f.Name, err)
		}
		wantError(t, "a name in other capitals", add("my phone"), factor.ErrNameTaken)
		two := w.BeginPhone(t, b, strings.Repeat("ü", 40))
		wantError(t, "renaming into the name of one that waits", w.Factors.Rename(t.Context(), w.Ada, one.FactorID, strings.Repeat("Ü", 40), b.As()), factor.ErrNameTaken)
		wantError(t, "renaming to its own name", w.Factors.Rename(t.Context(), w.Ada, one.FactorID, "MY PHONE", b.As()), nil)
		cookie, codes, err := confirm(w, b, two)
		if err != nil || len(codes) != 0 {
			t.Fatalf("the second device: %d codes, %v; want none", len(codes), err)
		}
		wantError(t, "the third", add("Third"), factor.ErrLimit)
		w.SetPolicy(t, "max_devices_per_kind=3")
		w.Clock.Advance(time.Second)
		three := w.BeginPhone(t, w.Open(t, cookie), "Third")
		w.SetPolicy(t, "max_devices_per_kind=2")
		w.Clock.Advance(time.Second)
		_, _, err = confirm(w, w.Open(t, cookie), three)
		wantError(t, "confirm beyond a limit that fell", err, factor.ErrLimit)
	})
}

// TestWrongCodesAtEnrolment: counted, and a wrong clock is called so where the key is one's own.
func TestWrongCodesAtEnrolment(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		b := w.Browse(t, w.Ada)
		p := w.BeginPhone(t, b, "Phone")
		p.Off = -150 * time.Second
		_, _, err := confirm(w, b, p)
		wantError(t, "clock behind", err, factor.ErrClockOff)
		if err != nil && !strings.Contains(err.(interface{ Error() string }).Error(), "clock_off") {
			t.Errorf("%v", err)
		}
		w.Clock.Advance(step)
		if _, codes, err := confirm(w, b, p); err != nil || len(codes) != 10 {
			t.Errorf("two consecutive codes: %d codes, %v", len(codes), err)
		}
		if f, err := w.Factors.Get(t.Context(), w.Ada, p.FactorID); err != nil || f.Drift != -5 {
			t.Errorf("drift %d, %v, want -5", f.Drift, err)
		}

		b = w.Browse(t, w.Alan)
		p = w.BeginPhone(t, b, "Phone")
		wrong := p
		wrong.Off = time.Hour
		for i := range 6 {
			_, _, err := confirm(w, b, wrong)
			if want := map[bool]string{true: "too_many_attempts", false: "wrong_code"}[i == 5]; err == nil || !strings.HasPrefix(err.Error(), want) {
				t.Errorf("wrong code %d: %v, want %s", i+1, err, want)
			}
		}
	})
}

// TestRemovalRacesWithSignIn: whichever comes first, nobody who has a device is in without
// it, and nobody who has none is kept out for long.
func TestRemovalRacesWithSignIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for i := range 8 {
			u := w.AddUser(t, w.Acme, fmt.Sprintf("u%d@acme.test", i), "", user.Member)
			p, codes := w.Enrol(t, u)
			b, pending := w.Browse(t, u), w.Password(t, u)
			var cookie, entered string
			var wg sync.WaitGroup
			wg.Go(func() {
				c, last, err := w.Profile.RemoveDevice(t.Context(), b.Signed, p.FactorID, domaintest.Proofs, b.As())
				if err != nil || !last {
					t.Errorf("remove: last %v, %v", last, err)
				}
				cookie = c
			})
			wg.Go(func() {
				done, err := w.SignIn.Verify(t.Context(), pending.Cookie, signin.Attempt{Code: p.Code(w.Clock.Now())}, domaintest.By)
				if err == nil {
					entered = done.Cookie
				}
			})
			wg.Wait()
			w.Clock.Advance(time.Second)
			if entered != "" {
				_, err := w.Sessions.Check(t.Context(), entered)
				wantError(t, "a session begun before the removal", err, session.ErrNone)
			}
			if _, err := w.Sessions.Check(t.Context(), cookie); err != nil {
				t.Errorf("the browser that removed it: %v", err)
			}
			if set, err := factor.BackupCodes(t.Context(), d, u.AccountID, u.ID); err != nil || set.ID != "" {
				t.Errorf("backup codes stay: %+v, %v", set, err)
			}
			_, err := w.Factors.Prove(t.Context(), u, codes[0], "", step, b.As())
			wantError(t, "a backup code after the last device", err, factor.ErrNotFound)
			if next := w.Password(t, u); next.State != signin.SignedIn {
				t.Errorf("the next sign-in is in state %s", next.State)
			}
		}
	})
}

// TestPasswordChange: every other session ends, the second factor stays.
func TestPasswordChange(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p, _ := w.Enrol(t, w.Ada)
		b, other := w.Browse(t, w.Ada), w.Browse(t, w.Ada)
		change := func(current, changed string) error {
			cookie, err := w.Profile.ChangePassword(t.Context(), b.Signed, current, changed, b.As())
			if (err == nil) != (cookie != "") {
				t.Errorf("cookie %q with %v", cookie, err)
			}
			return err
		}
		const good = "nine quiet harbour cranes"
		wantError(t, "wrong current one", change("wrong", good), reauth.ErrWrongPassword)
		wantError(t, "the same again", change(domaintest.Password, domaintest.Password), profile.ErrSamePassword)
		for _, weak := range []string{"short", "password1", "ada@acme.test", "Acme2026!"} {
			if err := change(domaintest.Password, weak); err == nil {
				t.Errorf("%q accepted", weak)
			}
		}
		wantError(t, "a good one", change(domaintest.Password, good), nil)
		wantError(t, "once more in the old session", change(good, "ten quiet harbour cranes"), user.ErrChanged)
		w.Clock.Advance(time.Second)
		_, err := w.Sessions.Check(t.Context(), other.Cookie)
		wantError(t, "the other session", err, session.ErrNone)
		for _, c := range []struct {
			pw   string
			want error
		}{{domaintest.Password, signin.ErrCredentials}, {good, nil}} {
			s, err := w.SignIn.Password(t.Context(), signin.Credentials{Account: "acme", Email: "ada@acme.test", Password: c.pw}, domaintest.By)
			wantError(t, c.pw, err, c.want)
			if err == nil {
				if s.State != signin.SecondFactor {
					t.Errorf("state %s after a password change", s.State)
				}
				_, err = w.SignIn.Verify(t.Context(), s.Cookie, signin.Attempt{Code: p.Code(w.Clock.Now())}, domaintest.By)
				wantError(t, "the code after a password change", err, nil)
			}
		}
	})
}

// TestNewBackupCodesOnceASet: a form sent twice, at once or later, ends no codes but those it was shown for.
func TestNewBackupCodesOnceASet(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		old := w.CodeSet(t, w.Ada)
		browsers := []domaintest.Browser{w.Browse(t, w.Ada), w.Browse(t, w.Ada)}
		made := make([][]string, len(browsers))
		var wg sync.WaitGroup
		for n, b := range browsers {
			wg.Go(func() {
				_, made[n], _ = w.Profile.NewBackupCodes(context.Background(), b.Signed, domaintest.Proofs, old, b.As())
			})
		}
		wg.Wait()
		if len(made[0])+len(made[1]) != 10 {
			t.Errorf("%d and %d codes, want ten once", len(made[0]), len(made[1]))
		}
		kept := w.CodeSet(t, w.Ada)
		for _, stale := range []string{old, "", "fac_nothing"} {
			b := w.Browse(t, w.Ada)
			_, _, err := w.Profile.NewBackupCodes(t.Context(), b.Signed, domaintest.Proofs, stale, b.As())
			wantError(t, "in place of "+stale, err, factor.ErrCodesMade)
			if _, err := w.Sessions.Check(t.Context(), b.Cookie); err != nil {
				t.Errorf("the session ended by a refusal: %v", err)
			}
		}
		if got := w.CodeSet(t, w.Ada); got != kept || kept == old {
			t.Errorf("the set is %s, was %s, first %s", got, kept, old)
		}
	})
}
