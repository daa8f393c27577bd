package account_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

// TestWhatSomebodyOwes compares the rule with the truth table, row by row.
func TestWhatSomebodyOwes(t *testing.T) {
	now := domaintest.Start
	for _, r := range domaintest.Truth(t) {
		required, joined, days, until := r.Times(now)
		p := account.Default()
		p.Enforcement, p.EnforcementAdmins, p.GraceDays = r.Enforcement, r.Admins, days
		a := account.Account{Policy: p}
		if r.Enforcement == account.Required {
			a.RequiredAt = required
		}
		if r.Admins == account.Required {
			a.AdminsRequiredAt = required
		}
		s := account.Standing{Administrator: r.Role != user.Member, Reset: r.Reset, Since: joined, NoWay: r.NoWay}
		if r.Device {
			s.Devices = 1
		}
		want := account.Owed{Demand: r.Demand, Cause: r.Cause, Stuck: r.Stuck}
		if r.Demand == account.InGrace {
			want.By = until
		}
		if got := a.Owes(s, now); got != want {
			t.Errorf("%s: %+v, want %+v", r, got, want)
		}
		requires := r.Enforcement == account.Required || r.Admins == account.Required && r.Role != user.Member
		if got := a.Requires(s.Administrator); got != requires {
			t.Errorf("%s: requires %v", r, got)
		}
	}
}

// TestWhoMustUseAPasskey is the rest of the table (K8): whose second factor must be a passkey, and who adds one to what they have.
func TestWhoMustUseAPasskey(t *testing.T) {
	for _, c := range []struct {
		rule              account.PasskeyRule
		administrator     bool
		devices           int
		passkey, noWay    bool
		only, adds, stuck bool
		demand            account.Demand
	}{
		{account.PasskeyOptional, true, 1, false, true, false, false, false, account.Prove},
		{account.PasskeyOptional, false, 0, false, false, false, false, false, account.SetUp},
		{account.PasskeyAdmins, false, 1, false, true, false, false, false, account.Prove},
		{account.PasskeyAdmins, true, 0, false, false, true, false, false, account.SetUp},
		{account.PasskeyAdmins, true, 0, false, true, true, false, true, account.SetUp},
		{account.PasskeyAdmins, true, 1, false, false, true, true, false, account.Prove},
		{account.PasskeyAdmins, true, 1, false, true, true, true, true, account.Prove},
		{account.PasskeyAdmins, true, 1, true, false, true, false, false, account.Prove},
		{account.PasskeyEveryone, false, 0, false, false, true, false, false, account.SetUp},
		{account.PasskeyEveryone, false, 2, false, false, true, true, false, account.Prove},
		{account.PasskeyEveryone, false, 2, true, true, true, false, false, account.Prove},
		{account.PasskeyEveryone, true, 1, false, false, true, true, false, account.Prove},
	} {
		p := account.Default()
		p.Enforcement, p.PasskeyRequired = account.Required, c.rule
		s := account.Standing{Administrator: c.administrator, Devices: c.devices, Passkey: c.passkey, NoWay: c.noWay}
		got := account.Account{Policy: p}.Owes(s, domaintest.Start)
		if got.Demand != c.demand || got.Passkey != c.only || got.AddPasskey != c.adds || got.Stuck != c.stuck {
			t.Errorf("%+v: %+v", c, got)
		}
	}
}

// TestOnlyAPasskeyIsOffered to those who need one, for the policy's reason; what can't be set up anyway keeps its own.
func TestOnlyAPasskeyIsOffered(t *testing.T) {
	offers := []account.Offer{{Method: account.TOTP}, {Method: account.Passkey}, {Method: account.SMS, Why: account.NoPlan}}
	want := []account.Offer{{Method: account.TOTP, Why: account.NotByPolicy}, {Method: account.Passkey}, {Method: account.SMS, Why: account.NoPlan}}
	if got := account.PasskeyOnly(offers); !slices.Equal(got, want) || offers[0].Why != "" {
		t.Errorf("got %+v, and the offers were made %+v", got, offers)
	}
}

// TestWhatEndsTrust in browsers: a policy that asks for more, or for less trust, does, and any other goes by.
func TestWhatEndsTrust(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := domaintest.Start
		a, err := account.Create(t.Context(), d, now, "acme", "Acme", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			setting string
			ends    bool
		}{
			{"trusted_browser_days=90", false},
			{"trusted_browser_days=91", false},
			{"trusted_browser_days=90", true},
			{"enforcement=recommended", false},
			{"enforcement_admins=required", true},
			{"enforcement=required", true},
			{"grace_days=3", false},
			{"enforcement=optional", false},
			{"enforcement=required", true},
			{"passkey_required=admins", true},
			{"passkey_required=everyone", true},
			{"passkey_required=admins", false},
			{"passkey_required=optional", false},
			{"trusted_browser_days=0", true},
			{"trusted_browser_days=365", false},
			{"max_devices_per_kind=2", false},
		} {
			now = now.Add(time.Hour)
			p, err := a.Policy.With(c.setting)
			if err != nil {
				t.Fatal(err)
			}
			foretold := a.Under(p, now)
			if err := account.SetPolicy(t.Context(), d, now, a.ID, p, audit.Operator()); err != nil {
				t.Fatal(err)
			}
			was := a.TrustFrom
			if a, err = account.Get(t.Context(), d, a.ID); err != nil {
				t.Fatal(err)
			}
			want := was
			if c.ends {
				want = now
			}
			if !a.TrustFrom.Equal(want) || !foretold.TrustFrom.Equal(want) {
				t.Errorf("%s: trusted from %s, foretold %s, want %s", c.setting, a.TrustFrom, foretold.TrustFrom, want)
			}
		}
	})
}

// TestTheSoonerGraceCounts: of two demands on an administrator that began at different times, the one that ends first counts, and says why.
func TestTheSoonerGraceCounts(t *testing.T) {
	now, p := domaintest.Start, account.Default()
	p.Enforcement, p.EnforcementAdmins, p.GraceDays = account.Required, account.Required, 14
	day := func(n int) time.Time { return now.AddDate(0, 0, n) }
	for _, c := range []struct {
		all, admins int // days ago
		want        account.Owed
	}{
		{5, 2, account.Owed{Demand: account.InGrace, Cause: account.ByRequirement, By: day(9)}},
		{2, 5, account.Owed{Demand: account.InGrace, Cause: account.ByRole, By: day(9)}},
		{5, 5, account.Owed{Demand: account.InGrace, Cause: account.ByRequirement, By: day(9)}},
		{2, 14, account.Owed{Demand: account.SetUp, Cause: account.ByRole}},
		{14, 2, account.Owed{Demand: account.SetUp, Cause: account.ByRequirement}},
	} {
		a := account.Account{Policy: p, RequiredAt: day(-c.all), AdminsRequiredAt: day(-c.admins)}
		if got := a.Owes(account.Standing{Administrator: true, Since: day(-100)}, now); got != c.want {
			t.Errorf("since %d and %d days: %+v, want %+v", c.all, c.admins, got, c.want)
		}
	}
}

// TestUnderIsWhatReplacePolicyDoes: what the page foretells is what happens, whatever the policy was and is.
func TestUnderIsWhatReplacePolicyDoes(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		now := domaintest.Start
		a, err := account.Create(t.Context(), d, now, "acme", "Acme", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		for _, all := range account.Enforcements() {
			for _, admins := range account.Enforcements() {
				for _, again := range account.Enforcements() {
					now = now.Add(time.Hour)
					p := a.Policy
					p.Enforcement, p.EnforcementAdmins, p.GraceDays = all, admins, len(again)
					if again != account.Recommended {
						p.Enforcement = again
					}
					foretold := a.Under(p, now)
					if err := account.ReplacePolicy(t.Context(), d, now, a, p, audit.Operator()); err != nil {
						t.Fatal(err)
					}
					if a, err = account.Get(t.Context(), d, a.ID); err != nil {
						t.Fatal(err)
					}
					if !a.RequiredAt.Equal(foretold.RequiredAt) || !a.AdminsRequiredAt.Equal(foretold.AdminsRequiredAt) || a.Policy.Fingerprint() != foretold.Policy.Fingerprint() {
						t.Errorf("%s, %s: %s, %s; foretold %s, %s", p.Enforcement, admins, a.RequiredAt, a.AdminsRequiredAt, foretold.RequiredAt, foretold.AdminsRequiredAt)
					}
				}
			}
		}
		was := a
		was.Policy.GraceDays++
		if err := account.ReplacePolicy(t.Context(), d, now, was, a.Policy, audit.Operator()); !errors.Is(err, account.ErrChanged) {
			t.Errorf("in place of another policy than the one that is there: %v", err)
		}
	})
}
