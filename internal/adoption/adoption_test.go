package adoption_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/adoption"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

// acme is the account as it is now.
func acme(tb testing.TB, w *domaintest.World) account.Account {
	tb.Helper()
	a, err := account.Get(tb.Context(), w.DB, w.Acme.ID)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

func current(tb testing.TB, w *domaintest.World) adoption.Day {
	tb.Helper()
	day, err := w.Adoption.Current(tb.Context(), acme(tb, w))
	if err != nil {
		tb.Fatal(err)
	}
	return day
}

// crowd adds people without a second factor, cheaply.
func crowd(tb testing.TB, w *domaintest.World, people int) {
	tb.Helper()
	const each = 500
	for from := 0; from < people; from += each {
		var stmts []db.Stmt
		for i := from; i < min(people, from+each); i++ {
			_, add, err := user.Creating(w.Clock.Now(), user.New{AccountID: w.Acme.ID, Email: fmt.Sprintf("p%d@acme.test", i), Role: user.Member}, audit.Operator())
			if err != nil {
				tb.Fatal(err)
			}
			stmts = append(stmts, add[0])
		}
		if err := w.DB.Run(tb.Context(), stmts...); err != nil {
			tb.Fatal(err)
		}
	}
}

// TestCounts: each person stands where the account's demand puts them, and who can't come is not waited for.
func TestCounts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		w.AddAddress(t, w.Ada, factor.Email, "ada@acme.test")
		w.AddAddress(t, w.Alan, factor.SMS, "+436641234567")
		locked := w.AddUser(t, w.Acme, "locked@acme.test", "", user.Member)
		if err := w.Admin.Lock(t.Context(), locked, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		invited := w.AddUser(t, w.Acme, "invited@acme.test", "", user.Member)
		if _, err := d.Exec(t.Context(), `UPDATE users SET invited_at = 1 WHERE user_id = $1`, invited.ID); err != nil {
			t.Fatal(err)
		}
		reset := w.AddUser(t, w.Acme, "reset@acme.test", "", user.Member)
		if err := w.Admin.ResetTwoFactor(t.Context(), reset, "lost phone", audit.Operator()); err != nil {
			t.Fatal(err)
		}
		check := func(what string, free, grace, overdue int) {
			t.Helper()
			c := current(t, w)
			if c.Ready != 2 || c.Free != free || c.Grace != grace || c.Overdue != overdue || c.People() != 4 {
				t.Errorf("%s: %+v", what, c.Counts)
			}
			want := map[user.Role]adoption.One{user.Owner: {People: 1}, user.Admin: {People: 1}, user.Member: {People: 2, Without: 2}}
			if !reflect.DeepEqual(c.Roles, want) {
				t.Errorf("%s: %+v", what, c.Roles)
			}
		}
		check("optional", 1, 0, 1)
		w.SetPolicy(t, "enforcement=required", "grace_days=7")
		check("required, with a grace", 0, 1, 1)
		if c := current(t, w); !c.GraceEnds.Equal(w.Clock.Now().AddDate(0, 0, 7)) {
			t.Errorf("the grace ends %s", c.GraceEnds)
		}
		w.Clock.Advance(7 * 24 * time.Hour)
		check("the grace is over", 0, 0, 2)
		c := current(t, w)
		if c.With(account.TOTP) != 1 || c.With(account.Email) != 1 || c.With(account.SMS) != 1 || c.With(account.Passkey) != 0 {
			t.Errorf("by method: %+v", c.Sets)
		}
		if c.Only([]account.Method{account.SMS}) != 1 || c.Only([]account.Method{account.TOTP}) != 0 || c.Only([]account.Method{account.Email, account.TOTP}) != 1 || c.Only(nil) != 0 {
			t.Errorf("only by what goes: %+v", c.Sets)
		}
	})
}

// TestLargeAccountIsCountedOffTheRequest: what is shown says when it was counted; looking asks for a new count after some
// minutes, a change of the policy asks at once, and of many servers one counts.
func TestLargeAccountIsCountedOffTheRequest(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		work := func() {
			t.Helper()
			if err := w.Adoption.Work(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if day := current(t, w); !day.Live || day.People() != 3 {
			t.Fatalf("a small account: %+v", day)
		}
		crowd(t, w, adoption.Most)
		if day := current(t, w); day.Live || !day.CountedAt.IsZero() {
			t.Fatalf("before the first count: %+v", day)
		}
		work()
		counted := w.Clock.Now()
		if day := current(t, w); day.Live || day.People() != adoption.Most+3 || !day.CountedAt.Equal(counted) || day.Free != adoption.Most+3 {
			t.Fatalf("counted: %+v", day)
		}
		w.Clock.Advance(4 * time.Minute)
		_ = current(t, w)
		work()
		if day := current(t, w); !day.CountedAt.Equal(counted) {
			t.Errorf("counted again after four minutes")
		}
		w.Clock.Advance(2 * time.Minute)
		_ = current(t, w)
		work()
		if day := current(t, w); !day.CountedAt.Equal(w.Clock.Now()) {
			t.Errorf("after six minutes it is of %s", day.CountedAt)
		}
		w.Clock.Advance(time.Second)
		w.Enrol(t, w.Ada)
		b := w.Browse(t, w.Ada)
		p := b.Signed.Account.Policy
		p.Enforcement = account.Required
		if err := w.Admin.SetPolicy(t.Context(), b.Signed.SecondFactor(w.Clock.Now()), b.Signed, b.Signed.Account.Policy, p, b.As()); err != nil {
			t.Fatal(err)
		}
		work()
		if day := current(t, w); day.Overdue != adoption.Most+2 || day.Ready != 1 {
			t.Errorf("after the change: %+v", day.Counts)
		}
	})
}

// TestARowADay: each account has one for each day, by whichever server; the newest count of a day stands in it.
func TestARowADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		for i := range 120 {
			if _, err := account.Create(t.Context(), d, w.Clock.Now(), fmt.Sprintf("other-%d", i), "Other", audit.Operator()); err != nil {
				t.Fatal(err)
			}
		}
		others := []*domaintest.World{w, w.Restart(t, d), w.Restart(t, d)}
		for day := range 3 {
			if day == 1 {
				w.Enrol(t, w.Ada)
			}
			var wg sync.WaitGroup
			for _, o := range others {
				wg.Go(func() {
					if err := o.Adoption.Work(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			var rows, counted int
			if err := d.Get(t.Context(), `SELECT count(*), COALESCE(sum(CASE WHEN counted_at > 0 THEN 1 ELSE 0 END), 0) FROM adoption_days`, nil, &rows, &counted); err != nil || rows != 121*(day+1) || counted != rows {
				t.Errorf("day %d: %d rows, %d counted, %v", day, rows, counted, err)
			}
			w.Clock.Advance(24 * time.Hour)
		}
		w.AddAddress(t, w.Alan, factor.SMS, "+436641234567")
		days, err := w.Adoption.History(t.Context(), acme(t, w), current(t, w), 90)
		if err != nil || len(days) != 4 {
			t.Fatalf("%d days, %v", len(days), err)
		}
		var ready []int
		for i, day := range days {
			ready = append(ready, day.Ready)
			if want := domaintest.Start.Truncate(24*time.Hour).AddDate(0, 0, i); !day.Day.Equal(want) {
				t.Errorf("day %d is %s", i, day.Day)
			}
		}
		if !reflect.DeepEqual(ready, []int{0, 1, 1, 2}) {
			t.Errorf("ready: %v", ready)
		}
		if short, err := w.Adoption.History(t.Context(), acme(t, w), current(t, w), 2); err != nil || len(short) != 2 {
			t.Errorf("the last two: %d, %v", len(short), err)
		}
	})
}

// TestAServerThatDiesCounting leaves the day to another, and the last count to be read.
func TestAServerThatDiesCounting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		day := w.Clock.Now().Unix() / 86400
		if _, err := d.Exec(t.Context(), `INSERT INTO adoption_days (account_id, day, counts, counted_at, taken_at) VALUES ($1, $2, '{}', 0, $3)`,
			w.Acme.ID, day, db.At(w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		counted := func() (n int) {
			t.Helper()
			if err := w.Adoption.Work(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := d.Get(t.Context(), `SELECT count(*) FROM adoption_days WHERE counted_at > 0`, nil, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		if n := counted(); n != 0 {
			t.Error("counted while another server does")
		}
		w.Clock.Advance(2 * time.Minute)
		if n := counted(); n != 1 {
			t.Error("not counted after the other server died")
		}
	})
}

// TestRemindersAreExact: everybody who is asked for a second factor and has none hears once, however many servers work and
// however many administrators press, and not again within a day.
func TestRemindersAreExact(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		crowd(t, w, 450)
		locked := w.AddUser(t, w.Acme, "locked@acme.test", "", user.Member)
		if err := w.Admin.Lock(t.Context(), locked, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		w.SetPolicy(t, "enforcement=required", "grace_days=7")
		others := []*domaintest.World{w, w.Restart(t, d), w.Restart(t, d)}
		press := func() (begun int64) {
			t.Helper()
			b := w.Browse(t, w.Ada)
			var n atomic.Int64
			var wg sync.WaitGroup
			for _, o := range others {
				for range 3 {
					wg.Go(func() {
						switch _, err := o.Admin.Remind(context.Background(), b.Signed.SecondFactor(w.Clock.Now()), b.Signed, b.As()); {
						case err == nil:
							n.Add(1)
						case !errors.Is(err, adoption.ErrReminded):
							t.Error(err)
						}
					})
				}
				wg.Go(func() {
					if err := o.Adoption.Work(context.Background()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for _, o := range others {
				if err := o.Adoption.Work(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			return n.Load()
		}
		told := func() (people, messages int) {
			t.Helper()
			if err := d.Get(t.Context(), `SELECT count(DISTINCT user_id), count(*) FROM outbox WHERE kind = $1`, []any{string(outbox.TwoFactorAsked)}, &people, &messages); err != nil {
				t.Fatal(err)
			}
			return people, messages
		}
		const due = 450 + 2 // Alan and Grace
		if begun := press(); begun != 1 {
			t.Errorf("%d began", begun)
		}
		if people, messages := told(); people != due || messages != due {
			t.Errorf("%d people got %d messages, want %d", people, messages, due)
		}
		r, err := w.Adoption.Reminder(t.Context(), w.Acme.ID)
		if err != nil || !r.Done || r.Told != due || r.Left(w.Clock.Now()) == 0 {
			t.Errorf("the reminder: %+v, %v", r, err)
		}
		w.Clock.Advance(24*time.Hour - time.Minute)
		if begun := press(); begun != 0 {
			t.Errorf("%d began on the same day", begun)
		}
		w.Clock.Advance(2 * time.Minute)
		if begun := press(); begun != 1 {
			t.Errorf("%d began on the next day", begun)
		}
		if people, messages := told(); people != due || messages != 2*due {
			t.Errorf("the next day: %d people, %d messages", people, messages)
		}
		events, err := audit.List(t.Context(), d, w.Acme.ID, 1000)
		n := 0
		for _, e := range events {
			if e.Action == audit.AccountReminded {
				n++
			}
		}
		if err != nil || n != 2 {
			t.Errorf("%d events, %v", n, err)
		}
		m := w.Mailed(t, w.Grace.Email)
		if len(m) == 0 || !strings.Contains(m[0].Text, "30 November 2026") || !strings.Contains(m[0].Text, "/settings/two-factor") || strings.Contains(m[0].Text, domaintest.By.Address) {
			t.Errorf("Grace reads %+v", m)
		}
	})
}
