package factor_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/apikey"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/machine"
)

// TestEnrolmentFromTheFuture: what a clock that was far ahead began to enrol, of a person and of an API key, counts for nobody once the clock is
// right (F15): else its QR code could be confirmed for years. Servers a little apart finish what another began.
func TestEnrolmentFromTheFuture(t *testing.T) {
	for _, c := range []struct {
		ahead  time.Duration
		counts bool
		swept  int64
	}{
		{5 * db.Skew, true, 0},
		{5*db.Skew + time.Millisecond, false, 0},
		{db.Apart + time.Millisecond, false, 4},
	} {
		t.Run(c.ahead.String(), func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				w := domaintest.New(t, d)
				start := w.Clock.Now()
				w.Clock.Set(start.Add(c.ahead))
				b := w.Browse(t, w.Ada)
				phone, mailbox := w.BeginPhone(t, b, "Phone"), w.BeginAddress(t, w.Ada, factor.Email, "ada@home.test")
				graces := w.BeginAddress(t, w.Grace, factor.Email, "grace@home.test")
				made, err := w.Machines.Make(t.Context(), b.Signed, machine.NewKey{New: apikey.New{Name: "Backup", Scopes: []apikey.Scope{apikey.Read}}, Device: true}, domaintest.Password, b.As())
				if err != nil {
					t.Fatal(err)
				}
				machines := domaintest.Scan(t, made.Device.Factor.ID, made.Device.URI)
				w.Clock.Set(start)

				var want, gone error = factor.ErrExpired, factor.ErrNotFound
				found := 0
				if c.counts {
					want, gone, found = nil, nil, 1
				}
				b = w.Browse(t, w.Ada)
				list, err := factor.List(t.Context(), d, w.Ada.AccountID, w.Ada.ID, start)
				if err != nil || len(list) != 2*found {
					t.Errorf("listed: %+v, %v", list, err)
				}
				if all, err := factor.Machines(t.Context(), d, w.Ada.AccountID, w.Ada.ID, start); err != nil || len(all) != found {
					t.Errorf("devices of keys: %+v, %v", all, err)
				}
				if err := w.Profile.SendProof(t.Context(), b.Signed, mailbox.ID, b.As()); !errors.Is(err, gone) {
					t.Errorf("send a code: %v, want %v", err, gone)
				}
				if _, _, err := w.Profile.ConfirmDevice(t.Context(), b.Signed, phone.FactorID, phone.Code(start), b.As()); !errors.Is(err, want) {
					t.Errorf("confirm the person's: %v, want %v", err, want)
				}
				b = w.Browse(t, w.Ada)
				if err := w.Machines.ConfirmDevice(t.Context(), b.Signed, made.Key.ID, machines.Code(start), b.As()); !errors.Is(err, want) {
					t.Errorf("confirm the key's: %v, want %v", err, want)
				}
				w.SetPolicy(t, "enforcement=required", "grace_days=0")
				step := w.Password(t, w.Grace)
				if p, err := w.SignIn.Pending(t.Context(), step.Cookie); err != nil {
					t.Error(err)
				} else if _, ok := p.Unconfirmed(factor.Email, start); ok != c.counts {
					t.Errorf("a sign-in goes on with it: %v", ok)
				}
				if err := w.SignIn.SendSetUp(t.Context(), step.Cookie, graces.ID, domaintest.By); !errors.Is(err, gone) {
					t.Errorf("send a code within a sign-in: %v, want %v", err, gone)
				}
				if n, err := factor.Sweep(t.Context(), d, start, 10); err != nil || n != c.swept {
					t.Errorf("%d swept, %v, want %d", n, err, c.swept)
				}
			})
		})
	}
}
