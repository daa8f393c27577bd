package account

import (
	"errors"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

func create(t *testing.T, d *db.DB) Account {
	t.Helper()
	a, err := Create(t.Context(), d, noon, "acme", "Acme", audit.Operator())
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func get(t *testing.T, d *db.DB, accountID string) Account {
	t.Helper()
	a, err := Get(t.Context(), d, accountID)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// clock ticks at every look, so that each event has a time of its own and their order is known.
func clock() func() time.Time {
	now := noon
	return func() time.Time {
		now = now.Add(time.Second)
		return now
	}
}

// events are the details of an account's events of one kind, the oldest first.
func events(t *testing.T, d *db.DB, accountID string, action audit.Action) (details []map[string]string) {
	t.Helper()
	all, err := audit.List(t.Context(), d, accountID, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range slices.Backward(all) {
		if e.Action == action {
			details = append(details, e.Detail)
		}
	}
	return details
}

// TestPolicyIsStoredTidy: a policy that came as JSON is stored in the form of one that was typed.
func TestPolicyIsStoredTidy(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := create(t, d)
		p, err := a.Policy.With("methods=sms,totp", "sms_countries=AT,DE", "mailed_disable=re_enrol", "mailed_disable_delay=24h")
		if err != nil {
			t.Fatal(err)
		}
		untidy := p
		untidy.SMSCountries = []string{"de", "at"}
		if err := SetPolicy(t.Context(), d, noon, a.ID, untidy, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		if got := get(t, d, a.ID).Policy; !reflect.DeepEqual(got, p) {
			t.Errorf("read back as %+v", got)
		}
	})
}

// TestTermsAreKept: what an account was made on, and what it was put on later, is what every read gives.
func TestTermsAreKept(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, now, trial := t.Context(), clock(), noon.Add(14*24*time.Hour)
		if _, err := CreateOn(ctx, d, noon, "acme", "Acme", shop(), Terms{Plan: "gold"}, audit.Operator()); !errors.Is(err, ErrPlan) {
			t.Errorf("an unknown plan: %v", err)
		}
		made, err := CreateOn(ctx, d, noon, "acme", "Acme", shop(), Terms{Plan: "business", TrialEndsAt: trial}, audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		if a := get(t, d, made.ID); !reflect.DeepEqual(a, made) || a.Plan != "business" || !a.TrialEndsAt.Equal(trial) || a.Allowances != nil {
			t.Errorf("made\n%+v, read\n%+v", made, a)
		}
		if err := SetPlan(ctx, d, noon, made.ID, shop(), Terms{Plan: "free", TrialEndsAt: noon}, audit.Operator()); !errors.Is(err, ErrTrial) {
			t.Errorf("a trial that is over: %v", err)
		}
		if err := SetPlan(ctx, d, noon, "acc_none", shop(), Terms{Plan: "free"}, audit.Operator()); !errors.Is(err, ErrNotFound) {
			t.Errorf("no such account: %v", err)
		}
		for _, step := range []struct{ plan, stored string }{{"free", "free"}, {DefaultPlan, ""}} {
			if err := SetPlan(ctx, d, now(), made.ID, shop(), Terms{Plan: step.plan}, audit.Operator()); err != nil {
				t.Fatal(err)
			}
			if a := get(t, d, made.ID); a.Plan != step.stored || !a.TrialEndsAt.IsZero() {
				t.Errorf("%s: plan %q, trial until %s", step.plan, a.Plan, a.TrialEndsAt)
			}
		}
		if got, want := events(t, d, made.ID, audit.AccountPlanChanged), []map[string]string{{"plan": "free"}, {"plan": "default"}}; !reflect.DeepEqual(got, want) {
			t.Errorf("the events say %v", got)
		}
		if got, want := events(t, d, made.ID, audit.AccountCreated), []map[string]string{{"plan": "business", "trial_ends_at": "2026-12-18T12:00:00Z"}}; !reflect.DeepEqual(got, want) {
			t.Errorf("the first event says %v", got)
		}
		if left := events(t, d, "acc_none", audit.AccountPlanChanged); left != nil {
			t.Errorf("an event of what did not happen: %v", left)
		}
	})
}

// TestPlansInUse counts accounts, those on the default plan under "".
func TestPlansInUse(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for slug, plan := range map[string]string{"aa": "free", "bb": "free", "cc": "", "dd": "business"} {
			if _, err := CreateOn(t.Context(), d, noon, slug, slug, shop(), Terms{Plan: plan}, audit.Operator()); err != nil {
				t.Fatal(err)
			}
		}
		got, err := PlansInUse(t.Context(), d)
		if want := map[string]int{"free": 2, "": 1, "business": 1}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// TestRowOfOlderVersion: a server that does not know the columns yet may still add accounts.
func TestRowOfOlderVersion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if _, err := d.Exec(t.Context(), `INSERT INTO accounts (account_id, slug, name, policy, created_at) VALUES ('acc_1', 'old', 'Old', '{}', 1)`); err != nil {
			t.Fatal(err)
		}
		a := get(t, d, "acc_1")
		if a.Plan != "" || !a.TrialEndsAt.IsZero() || a.Allowances != nil || !reflect.DeepEqual(a.Policy, Default()) {
			t.Errorf("read as %+v", a)
		}
		if _, err := Allow(t.Context(), d, noon, "acc_1", Allowance{Method: SMS, Reason: "asked", Until: noon.Add(time.Hour)}, audit.Operator()); err != nil {
			t.Error(err)
		}
	})
}

// TestExceptions makes, renews and takes back; each leaves its event.
func TestExceptions(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, now, a := t.Context(), clock(), create(t, d)
		allow := func(m Method, reason string, days int) Allowance {
			t.Helper()
			g, err := Allow(ctx, d, now(), a.ID, Allowance{Method: m, Reason: reason, Until: noon.AddDate(0, 0, days)}, audit.Operator())
			if err != nil {
				t.Fatal(err)
			}
			return g
		}
		email := allow(Email, "a pilot", 10)
		allow(SMS, "first", 1)
		sms := allow(SMS, "longer", 2)
		if got := get(t, d, a.ID).Allowances; !reflect.DeepEqual(got, []Allowance{email, sms}) {
			t.Errorf("read back as %+v", got)
		}
		if err := Disallow(ctx, d, now(), a.ID, Email, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		if err := Disallow(ctx, d, now(), a.ID, Email, audit.Operator()); !errors.Is(err, ErrNoAllowance) {
			t.Errorf("taken back twice: %v", err)
		}
		if got := get(t, d, a.ID).Allowances; !reflect.DeepEqual(got, []Allowance{sms}) {
			t.Errorf("left: %+v", got)
		}
		if err := Disallow(ctx, d, now(), a.ID, SMS, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		if got := get(t, d, a.ID).Allowances; got != nil {
			t.Errorf("left: %+v", got)
		}
		if _, err := Allow(ctx, d, noon, "acc_none", email, audit.Operator()); !errors.Is(err, ErrNotFound) {
			t.Errorf("no such account: %v", err)
		}
		if _, err := Allow(ctx, d, noon, a.ID, Allowance{Method: SMS, Until: noon.Add(time.Hour)}, audit.Operator()); !errors.Is(err, ErrReason) {
			t.Errorf("without a reason: %v", err)
		}
		event := func(m Method, reason, until string) map[string]string {
			return map[string]string{"method": string(m), "reason": reason, "until": until + "T12:00:00Z"}
		}
		want := []map[string]string{event(Email, "a pilot", "2026-12-14"), event(SMS, "first", "2026-12-05"), event(SMS, "longer", "2026-12-06")}
		if got := events(t, d, a.ID, audit.AccountMethodAllowed); !reflect.DeepEqual(got, want) {
			t.Errorf("the events of making say %v", got)
		}
		want = []map[string]string{event(Email, "a pilot", "2026-12-14"), event(SMS, "longer", "2026-12-06")}
		if got := events(t, d, a.ID, audit.AccountMethodDisallowed); !reflect.DeepEqual(got, want) {
			t.Errorf("the events of taking back say %v", got)
		}
	})
}

// TestExceptionInBetween: an exception that somebody else makes between the reading and the
// writing of this one stands beside it; one who always comes second is told, and breaks nothing.
func TestExceptionInBetween(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, a := t.Context(), create(t, d)
		other := func(m Method, until time.Time) {
			t.Helper()
			if _, err := Allow(ctx, d, noon, a.ID, Allowance{Method: m, Reason: "other", Until: until}, audit.Operator()); err != nil {
				t.Fatal(err)
			}
		}
		mine := Allowance{Method: SMS, Reason: "mine", Until: noon.Add(time.Hour), By: "operator", At: noon}
		rounds := 0
		add := func(racing func()) func(Account) (Account, []db.Stmt, error) {
			return func(was Account) (Account, []db.Stmt, error) {
				rounds++
				racing()
				return was.altered(noon, Plans{}, Change{Allow: []Allowance{mine}}, audit.Operator())
			}
		}
		_, err := alter(ctx, d, noon, a.ID, add(func() {
			if rounds == 1 {
				other(Email, noon.Add(time.Hour))
			}
		}))
		got := get(t, d, a.ID).Allowances
		if err != nil || rounds != 2 || len(got) != 2 || got[0].Method != Email || got[1] != mine {
			t.Errorf("%v after %d rounds: %+v", err, rounds, got)
		}
		_, err = alter(ctx, d, noon, a.ID, add(func() { other(Email, noon.Add(time.Duration(rounds)*time.Minute)) }))
		if got := len(events(t, d, a.ID, audit.AccountMethodAllowed)); !errors.Is(err, errRaced) || got != rounds {
			t.Errorf("always second: %v, %d events after %d rounds", err, got, rounds)
		}
	})
}

// TestExceptionsAtOnce: of many made and taken back at the same moment, none is lost.
func TestExceptionsAtOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx, a := t.Context(), create(t, d)
		each := func(fn func(Method) error) {
			var wg sync.WaitGroup
			for _, m := range Methods() {
				wg.Go(func() {
					if err := fn(m); err != nil {
						t.Errorf("%s: %v", m, err)
					}
				})
			}
			wg.Wait()
		}
		for range 20 {
			each(func(m Method) error {
				_, err := Allow(ctx, d, noon, a.ID, Allowance{Method: m, Reason: "asked", Until: noon.Add(time.Hour)}, audit.Operator())
				return err
			})
			if got := get(t, d, a.ID).Allowances; len(got) != 4 {
				t.Fatalf("four were made, there are %+v", got)
			}
			each(func(m Method) error { return Disallow(ctx, d, noon, a.ID, m, audit.Operator()) })
			if got := get(t, d, a.ID).Allowances; got != nil {
				t.Fatalf("all were taken back, there are %+v", got)
			}
		}
	})
}
