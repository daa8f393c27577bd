package account_test

import (
	"errors"
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
