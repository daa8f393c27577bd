package signin_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/brake"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// TestStrangersUseUpNoCodes: people of other organisations who enter Grace's number or mailbox as their own, again and again, keep no code
// from her that she signs in with: a code at each of three sign-ins in every hour.
func TestStrangersUseUpNoCodes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		var strangers []user.User
		for _, slug := range []string{"other", "third"} {
			a, err := account.Create(t.Context(), d, w.Clock.Now(), slug, "Other", audit.Operator())
			if err != nil {
				t.Fatal(err)
			}
			strangers = append(strangers, w.AddUser(t, a, "eve@"+slug+".test", "Eve", user.Owner))
		}
		for kind, address := range map[factor.Kind]string{factor.Email: "grace@private.test", factor.SMS: "+436641234567"} {
			own, sent := w.AddAddress(t, w.Grace, kind, address), 0
			w.Clock.Advance(time.Hour)
			for minute := range 120 {
				for _, eve := range strangers {
					e := w.BeginAddress(t, eve, kind, address)
					switch err := w.Codes.Send(t.Context(), e, e.ID, 0, domaintest.By.As(eve.ID)); {
					case err == nil:
						sent++
					case !errors.Is(err, brake.ErrStopped):
						t.Fatal(err)
					}
				}
				if minute%20 == 19 {
					step := w.Password(t, w.Grace)
					p, err := w.SignIn.Pending(t.Context(), step.Cookie)
					if err != nil {
						t.Fatal(err)
					}
					if c, err := w.SignIn.Sent(t.Context(), p); err != nil || c.FactorID != own.ID {
						t.Errorf("%s, minute %d: Grace got no code: %v", kind, minute+1, err)
					}
				}
				w.Clock.Advance(time.Minute)
			}
			if sent != 4 {
				t.Errorf("%s: strangers had %d codes sent to her in two hours, want 4", kind, sent)
			}
			w.Clock.Advance(time.Hour)
			if err := d.Run(t.Context(), factor.Clear(w.Grace.AccountID, w.Grace.ID)...); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// TestSetUpTellsOfNobody: whoever has only a password and must set up a second factor is not told who else in the organisation gets codes where:
// somebody's mailbox is taken like any other, and a code goes there. Whoever reads it is told at the end.
func TestSetUpTellsOfNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		const adas = "ada@private.test"
		w.AddAddress(t, w.Ada, factor.Email, adas)
		w.SetPolicy(t, "enforcement=required", "grace_days=0")
		w.Clock.Advance(time.Hour)
		cookie := w.Password(t, w.Grace).Cookie
		begin := func(address string) factor.Factor {
			_, f, err := w.SignIn.BeginSetUpAddress(t.Context(), cookie, factor.Email, "Mailbox", address, domaintest.By)
			if err != nil {
				t.Fatalf("%s: %v", address, err)
			}
			return f
		}
		confirm := func(f factor.Factor, code string) error {
			_, _, err := w.SignIn.ConfirmSetUp(t.Context(), cookie, f.ID, code, domaintest.By)
			return err
		}
		for _, address := range []string{"nobody@private.test", adas} {
			f := begin(address)
			wantError(t, address, confirm(f, domaintest.Other(w.SentCode(t, w.Grace, f.ID))), factor.ErrWrongCode)
		}
		f, ok := begin(adas), false
		wantError(t, "the right code", confirm(f, w.SentCode(t, w.Grace, f.ID)), factor.ErrAddress)
		if p, err := w.SignIn.Pending(t.Context(), cookie); err == nil {
			_, ok = p.Unconfirmed(factor.Email, w.Clock.Now())
		}
		if !ok || state(t, w, w.Grace) != signin.SetUp {
			t.Error("her set-up did not stay as it was")
		}
	})
}
