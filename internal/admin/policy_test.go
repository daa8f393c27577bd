package admin_test

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

func requiring(p account.Policy, days int) account.Policy {
	p.Enforcement, p.GraceDays = account.Required, days
	return p
}

// TestWhoThrowsTheSwitch: owners and administrators with a second factor of their own; others neither look nor do, and nothing
// of another account is ever meant.
func TestWhoThrowsTheSwitch(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		days := 0
		for _, c := range []struct {
			u      user.User
			device bool
			look   error
			act    error
		}{
			{w.Grace, false, admin.ErrNotAdministrator, admin.ErrNotAdministrator},
			{w.Alan, false, nil, session.ErrLevel},
			{w.Ada, false, nil, session.ErrLevel},
			{w.Grace, true, admin.ErrNotAdministrator, admin.ErrNotAdministrator},
			{w.Alan, true, nil, nil},
			{w.Ada, true, nil, nil},
		} {
			if c.device {
				w.Enrol(t, c.u)
			}
			b := w.Browse(t, c.u)
			was := b.Signed.Account.Policy
			days++
			p := was
			p.GraceDays = days
			_, err := w.Admin.Rollout(t.Context(), b.Signed)
			wantError(t, "looks", err, c.look)
			_, err = w.Admin.AdoptionOf(t.Context(), b.Signed)
			wantError(t, "looks at the overview", err, c.look)
			_, _, err = w.Admin.Preview(t.Context(), b.Signed, p)
			wantError(t, "asks what it would do", err, c.act)
			_, err = w.Admin.Remind(t.Context(), b.Signed.SecondFactor(w.Clock.Now()), b.Signed, b.As())
			if c.act == nil {
				wantError(t, "reminds of nothing", err, admin.ErrNothingAsked)
			} else {
				wantError(t, "reminds", err, c.act)
			}
			wantError(t, "changes it", w.Admin.SetPolicy(t.Context(), b.Signed.SecondFactor(w.Clock.Now()), b.Signed, was, p, b.As()), c.act)
			a, err := account.Get(t.Context(), d, w.Acme.ID)
			if changed := a.Policy.GraceDays == days; err != nil || changed != (c.act == nil) {
				t.Errorf("%s, device %v: changed %v, %v", c.u.Email, c.device, changed, err)
			}
		}
		if a, err := account.Get(t.Context(), d, other.ID); err != nil || a.Policy.Fingerprint() != account.Default().Fingerprint() {
			t.Errorf("the other account: %+v, %v", a.Policy, err)
		}
	})
}

// TestTwoAtOnce: of many administrators who change what they were shown at one moment, one does; the others are told, and nothing of
// theirs is there. What is no change is none, and a country that is none is refused at its setting.
func TestTwoAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		b := w.Browse(t, w.Ada)
		was := b.Signed.Account.Policy
		var won atomic.Int64
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				p := was
				p.GraceDays = 10 + i
				switch err := w.Admin.SetPolicy(context.Background(), b.Signed.SecondFactor(w.Clock.Now()), b.Signed, was, p, b.As()); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, account.ErrChanged):
					t.Error(err)
				}
			})
		}
		wg.Wait()
		changes := func() (n int) {
			t.Helper()
			events, err := audit.List(t.Context(), d, w.Acme.ID, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if e.Action == audit.AccountPolicyChanged {
					n++
				}
			}
			return n
		}
		if won.Load() != 1 || changes() != 1 {
			t.Errorf("%d succeeded, %d changes are recorded", won.Load(), changes())
		}
		a, err := account.Get(t.Context(), d, w.Acme.ID)
		if err != nil {
			t.Fatal(err)
		}
		wantError(t, "no change", w.Admin.SetPolicy(t.Context(), b.Signed.SecondFactor(w.Clock.Now()), b.Signed, a.Policy, a.Policy, b.As()), nil)
		p := a.Policy
		p.SMSCountries = []string{"XX"}
		wantError(t, "no country", w.Admin.SetPolicy(t.Context(), b.Signed.SecondFactor(w.Clock.Now()), b.Signed, a.Policy, p, b.As()), account.ErrPolicy)
		if changes() != 1 {
			t.Errorf("%d changes are recorded", changes())
		}
	})
}

// TestPreview: what is foretold is whom it asks, when, who is out at once, and who keeps what is allowed no more.
func TestPreview(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.AddAddress(t, w.Alan, factor.SMS, "+436641234567")
		w.AddUser(t, w.Acme, "kurt@acme.test", "", user.Member)
		w.Enrol(t, w.Ada)
		w.Browse(t, w.Grace)
		b := w.Browse(t, w.Ada)
		now, optional := w.Clock.Now(), account.Default()
		look := func(p account.Policy) (admin.Preview, bool) {
			t.Helper()
			b = w.Browse(t, w.Ada)
			v, stricter, err := w.Admin.Preview(t.Context(), b.Signed, p)
			if err != nil {
				t.Fatal(err)
			}
			return v, stricter
		}
		effect := func(r user.Role, people int, demand account.Demand, cause account.Cause, by time.Time) admin.Effect {
			return admin.Effect{Role: r, People: people, Owed: account.Owed{Demand: demand, Cause: cause, By: by}}
		}
		all := func(demand account.Demand, cause account.Cause, by time.Time) []admin.Effect {
			return []admin.Effect{effect(user.Owner, 0, demand, cause, by), effect(user.Admin, 0, demand, cause, by), effect(user.Member, 2, demand, cause, by)}
		}
		names := []string{"Grace", "kurt@acme.test"}
		recommended, admins, noSMS := optional, optional, optional
		recommended.Enforcement, admins.EnforcementAdmins, noSMS.Methods = account.Recommended, account.Required, []account.Method{account.TOTP, account.Passkey}
		for what, c := range map[string]struct {
			p        account.Policy
			stricter bool
			want     admin.Preview
		}{
			"nothing":       {optional, false, admin.Preview{}},
			"only a grace":  {func() account.Policy { p := optional; p.GraceDays = 9; return p }(), false, admin.Preview{}},
			"recommended":   {recommended, true, admin.Preview{Demands: all(account.Advised, account.ByRecommendation, time.Time{}), Names: names}},
			"required":      {requiring(optional, 0), true, admin.Preview{Demands: all(account.SetUp, account.ByRequirement, time.Time{}), Names: names, Ended: 1, TrustEnds: true}},
			"with a grace":  {requiring(optional, 7), true, admin.Preview{Demands: all(account.InGrace, account.ByRequirement, now.AddDate(0, 0, 7)), Names: names, TrustEnds: true}},
			"of the mighty": {admins, true, admin.Preview{Demands: all(account.SetUp, account.ByRole, time.Time{})[:2], TrustEnds: true}},
			"passkeys":      {func() account.Policy { p := optional; p.PasskeyRequired = account.PasskeyEveryone; return p }(), true, admin.Preview{Passkeys: 2, Ended: 1, TrustEnds: true}},
			"their passkey": {func() account.Policy { p := optional; p.PasskeyRequired = account.PasskeyAdmins; return p }(), true, admin.Preview{Passkeys: 2, Ended: 1, TrustEnds: true}},
			"fewer days":    {func() account.Policy { p := optional; p.TrustedBrowserDays = 1; return p }(), false, admin.Preview{TrustEnds: true}},
			"without texts": {noSMS, true, admin.Preview{Gone: []account.Method{account.SMS, account.Email}, Only: 1}},
		} {
			got, stricter := look(c.p)
			if stricter != c.stricter || !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s: stricter %v, %+v, want %+v", what, stricter, got, c.want)
			}
		}
		w.SetPolicy(t, "enforcement=required", "grace_days=30")
		w.Clock.Advance(10 * 24 * time.Hour)
		if got, stricter := look(requiring(optional, 40)); stricter || len(got.Demands) > 0 {
			t.Errorf("a longer grace: %+v", got)
		}
		if got, stricter := look(requiring(optional, 20)); !stricter || !got.Demands[0].Owed.By.Equal(now.AddDate(0, 0, 20)) {
			t.Errorf("a shorter grace: %+v", got)
		}
		if got, stricter := look(requiring(optional, 10)); !stricter || got.Demands[2].Owed.Demand != account.SetUp {
			t.Errorf("a grace that would be over: %+v", got)
		}
		if got, stricter := look(optional); stricter || len(got.Demands) > 0 {
			t.Errorf("off again: %+v", got)
		}
		// A plan that has nothing for them: whoever is asked is locked out, and reminding them helps nobody.
		w.Admin.Plans = account.Plans{Default: "none", All: map[string]account.Plan{"none": {Name: "none", Methods: []account.Method{}}}}
		if got, _ := look(requiring(optional, 5)); !got.NoWay {
			t.Errorf("nothing can be set up: %+v", got)
		}
		_, err := w.Admin.Remind(t.Context(), b.Signed.SecondFactor(w.Clock.Now()), b.Signed, b.As())
		wantError(t, "reminds of what can't be done", err, admin.ErrNoWay)
		if r, err := w.Admin.Rollout(t.Context(), b.Signed); err != nil || !r.NoWay || r.Today.Grace != 2 {
			t.Errorf("the rollout: %+v, %v", r.Today, err)
		}
	})
}

// TestModelsOfPasskeys: an administrator can allow certain models where they can be checked, and nowhere else.
func TestModelsOfPasskeys(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		b := w.Browse(t, w.Ada)
		was := b.Signed.Account.Policy
		p := was
		p.PasskeyModels = []string{"2fc0579f-8113-47ea-b116-bb5a8db9202a"}
		_, _, err := w.Admin.Preview(t.Context(), b.Signed, p)
		wantError(t, "looked at without roots", err, account.ErrPolicy)
		wantError(t, "set without roots", w.Admin.SetPolicy(t.Context(), proof(w, b), b.Signed, was, p, b.As()), account.ErrPolicy)
		w.Admin.Plans.PasskeyRoots = true
		_, _, err = w.Admin.Preview(t.Context(), b.Signed, p)
		wantError(t, "looked at", err, nil)
		wantError(t, "set", w.Admin.SetPolicy(t.Context(), proof(w, b), b.Signed, was, p, b.As()), nil)
	})
}

// TestNobodyIsLockedOut: an administrator can't demand passkeys where nobody can add one. Their own session would be the first to end.
func TestNobodyIsLockedOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		w.Admin.Plans.NoPasskeys = true
		b := w.Browse(t, w.Ada)
		was := b.Signed.Account.Policy
		p := was
		p.PasskeyRequired = account.PasskeyAdmins
		_, _, err := w.Admin.Preview(t.Context(), b.Signed, p)
		wantError(t, "looked at", err, account.ErrPolicy)
		wantError(t, "set", w.Admin.SetPolicy(t.Context(), proof(w, b), b.Signed, was, p, b.As()), account.ErrPolicy)
		w.Clock.Advance(time.Second)
		w.Open(t, b.Cookie)
	})
}
