package audit_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/id"
)

// story records events of two people and an operator, one a second, n rounds of them, in two accounts.
func story(t testing.TB, d *db.DB, n int) {
	t.Helper()
	by := audit.Actor{Kind: audit.KindNobody, Address: "192.0.2.7"}
	var stmts []db.Stmt
	at := start
	for range n {
		for _, e := range []audit.Event{
			{Action: audit.SignedIn, Actor: by.As("usr_1"), Target: "usr_1"},
			{Action: audit.SignedIn, Actor: by.As("usr_2"), Target: "usr_2"},
			{Action: audit.CodeRefused, Actor: by, Target: "fac_1", Detail: map[string]string{"user": "usr_1"}},
			{Action: audit.UserReset, Actor: by.As("usr_2"), Target: "usr_1", Detail: map[string]string{"reason": "lost"}},
			{Action: audit.UserLocked, Actor: audit.Operator(), Target: "usr_2"},
			{Action: audit.FactorAdded, Actor: by.As("usr_1"), Target: "fac_1"},
			{Action: "later.invented", Actor: audit.Operator(), Target: "acc_1"},
		} {
			for _, account := range []string{"acc_1", "acc_2"} {
				e.AccountID = account
				stmts = append(stmts, audit.Record(at, e))
			}
			at = at.Add(time.Second)
		}
	}
	if err := d.Run(context.Background(), stmts...); err != nil {
		t.Fatal(err)
	}
}

// pages reads the whole list as somebody does who turns page after page.
func pages(t *testing.T, d *db.DB, f audit.Filter, size int, between func()) (all []audit.Event) {
	t.Helper()
	for before := ""; ; before = all[len(all)-1].ID {
		events, err := audit.Find(t.Context(), d, "acc_1", f, before, size)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, events...)
		if len(events) < size {
			return all
		}
		if between != nil {
			between()
		}
	}
}

// TestFilters compares each filter with the list looked through by eye, page by page, while events are added.
func TestFilters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		const rounds = 30
		story(t, d, rounds)
		whole := pages(t, d, audit.Filter{}, 1000, nil)
		if len(whole) != 7*rounds {
			t.Fatalf("%d events", len(whole))
		}
		mid := start.Add(7 * rounds / 2 * time.Second)
		later := mid.Add(40 * time.Second)
		for name, f := range map[string]audit.Filter{
			"all":                 {},
			"action":              {Actions: []audit.Action{audit.UserReset}},
			"actions":             {Actions: []audit.Action{audit.UserReset, audit.SignedIn, "later.invented"}},
			"no such action":      {Actions: []audit.Action{"none.such"}},
			"person":              {Person: "usr_1"},
			"other person":        {Person: "usr_2"},
			"nobody's":            {Person: "usr_3"},
			"person and actions":  {Person: "usr_2", Actions: []audit.Action{audit.UserReset, audit.UserLocked}},
			"from":                {From: mid},
			"to":                  {To: mid},
			"period":              {From: mid, To: later},
			"empty period":        {From: later, To: mid},
			"everything together": {Person: "usr_1", Actions: []audit.Action{audit.CodeRefused, audit.UserReset}, From: mid, To: later},
		} {
			var want []string
			for _, e := range whole {
				ofPerson := f.Person == "" || e.Actor.ID == f.Person || e.Target == f.Person || e.Detail["user"] == f.Person
				if ofPerson && (len(f.Actions) == 0 || slices.Contains(f.Actions, e.Action)) && !e.At.Before(f.From) && (f.To.IsZero() || e.At.Before(f.To)) {
					want = append(want, e.ID)
				}
			}
			added := 0
			got := pages(t, d, f, 7, func() {
				added++
				if err := d.Run(t.Context(), audit.Record(start.Add(time.Hour), audit.Event{AccountID: "acc_1", Action: audit.UserReset, Target: "usr_1", Actor: audit.Operator().As("usr_2")})); err != nil {
					t.Fatal(err)
				}
			})
			var ids []string
			for _, e := range got {
				if e.AccountID != "acc_1" {
					t.Errorf("%s: an event of %s", name, e.AccountID)
				}
				ids = append(ids, e.ID)
			}
			if !slices.Equal(ids, want) {
				t.Errorf("%s: %d events, want %d", name, len(ids), len(want))
			}
			if added > 0 {
				if _, err := d.Exec(t.Context(), `DELETE FROM audit_events WHERE at >= $1`, db.At(start.Add(time.Hour))); err != nil {
					t.Fatal(err)
				}
			}
		}
		actions, err := audit.Actions(t.Context(), d, "acc_1")
		if want := []audit.Action{audit.CodeRefused, audit.FactorAdded, "later.invented", audit.SignedIn, audit.UserLocked, audit.UserReset}; err != nil || !slices.Equal(actions, want) {
			t.Errorf("actions are %q, %v", actions, err)
		}
		if actions, err := audit.Actions(t.Context(), d, "acc_3"); err != nil || len(actions) != 0 {
			t.Errorf("nothing happened, but %q, %v", actions, err)
		}
	})
}

// TestForgedPlaces: whatever stands for a place, it is refused or no more than a moment in one's own list.
func TestForgedPlaces(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		story(t, d, 2)
		theirs, err := audit.List(t.Context(), d, "acc_2", 1)
		if err != nil {
			t.Fatal(err)
		}
		for _, place := range []string{"x", "evt_", "' OR 1=1 --", "evt_' OR account_id='acc_2", strings.Repeat("z", 30), "evt_" + strings.Repeat("u", 26), theirs[0].ID + "0", theirs[0].ID[:29], "usr" + theirs[0].ID[3:], "evt_~", "\x00", "%"} {
			if err := audit.CheckPlace(place); !errors.Is(err, audit.ErrPlace) {
				t.Errorf("%q: %v", place, err)
			}
		}
		for _, place := range []string{"", theirs[0].ID, id.New("evt", start.Add(time.Hour)), "evt_" + strings.Repeat("z", 25) + "w"} {
			if err := audit.CheckPlace(place); err != nil {
				t.Errorf("%q: %v", place, err)
			}
			events, err := audit.Find(t.Context(), d, "acc_1", audit.Filter{}, place, 100)
			if err != nil || len(events) < 13 || slices.ContainsFunc(events, func(e audit.Event) bool { return e.AccountID != "acc_1" }) {
				t.Errorf("%q: %d events, %v", place, len(events), err)
			}
		}
	})
}

// TestPagesUseTheirIndex: without it a page of a filter costs more the more events there are.
func TestPagesUseTheirIndex(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	for index, sql := range map[string]string{
		"PRIMARY KEY (account_id=? AND event_id>? AND event_id<?)": audit.PageOfAll, "COVERING INDEX audit_events_action": audit.PageOfAction,
		"COVERING INDEX audit_events_person": audit.PageOfPerson, "COVERING INDEX audit_events_actor": audit.PageOfActor,
	} {
		var plan []string
		args := []any{"acc_1", "", "evt_z", 50, "usr_1"}
		err := d.Each(t.Context(), "EXPLAIN QUERY PLAN "+sql, args[:strings.Count(sql, "$5")+4], func(scan func(...any) error) error {
			var a, b, c int
			var step string
			err := scan(&a, &b, &c, &step)
			plan = append(plan, step)
			return err
		})
		if err != nil || !strings.Contains(strings.Join(plan, "\n"), index) {
			t.Errorf("%s is not used: %s, %v", index, strings.Join(plan, "; "), err)
		}
	}
}

// BenchmarkPage compares a page among a thousand events with one among a million, in one run: each filter's factor.
func BenchmarkPage(b *testing.B) {
	small, large := dbtest.Open(b, dbtest.SQLite(b)), dbtest.Open(b, dbtest.SQLite(b))
	fill(b, small, 1_000)
	fill(b, large, 1_000_000)
	for _, c := range []struct {
		name   string
		f      audit.Filter
		before time.Time
	}{
		{"newest", audit.Filter{}, time.Time{}},
		{"middle", audit.Filter{}, start.Add(500 * time.Second)},
		{"action", audit.Filter{Actions: []audit.Action{audit.SignedIn}}, time.Time{}},
		{"actions", audit.Filter{Actions: []audit.Action{audit.SignedIn, audit.CodeRefused, audit.UserLocked}}, time.Time{}},
		{"rare action", audit.Filter{Actions: []audit.Action{audit.UserReset}}, time.Time{}},
		{"person", audit.Filter{Person: "usr_7"}, time.Time{}},
		{"period", audit.Filter{From: start.Add(100 * time.Second), To: start.Add(200 * time.Second)}, time.Time{}},
		{"actions there are", audit.Filter{}, start},
	} {
		b.Run(c.name, func(b *testing.B) {
			once := func(d *db.DB) {
				if c.before.Equal(start) {
					if all, err := audit.Actions(b.Context(), d, "acc_1"); err != nil || len(all) != 5 {
						b.Fatal(all, err)
					}
					return
				}
				before := ""
				if !c.before.IsZero() {
					before = id.Least("evt", c.before)
				}
				if events, err := audit.Find(b.Context(), d, "acc_1", c.f, before, 51); err != nil || len(events) == 0 {
					b.Fatal(len(events), err)
				}
			}
			var took [2]time.Duration
			for b.Loop() {
				for i, d := range []*db.DB{small, large} {
					begin := time.Now()
					once(d)
					took[i] += time.Since(begin)
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "×")
			b.ReportMetric(float64(took[0].Microseconds())/float64(b.N), "µs-of-1000")
			b.ReportMetric(float64(took[1].Microseconds())/float64(b.N), "µs-of-1000000")
		})
	}
}

// fill spreads n events over a thousand seconds. Each of ten people has a tenth of them, and of one action
// there are sixty, however many there are of the others: so each page is full on both sides.
func fill(b *testing.B, d *db.DB, n int) {
	b.Helper()
	usual := []audit.Action{audit.SignedIn, audit.SignedOut, audit.CodeRefused}
	stmts := make([]db.Stmt, 0, 1000)
	for i := range n {
		person := fmt.Sprintf("usr_%d", i/7%10)
		e := audit.Event{AccountID: "acc_1", Action: usual[i%3], Actor: audit.Actor{Address: "192.0.2.7", UserAgent: "Mozilla/5.0"}.As(person), Target: person, Detail: map[string]string{"method": "totp"}}
		switch {
		case i%(n/60) == 0:
			e.Action, e.Actor = audit.UserReset, e.Actor.As("usr_boss")
		case i%10 == 5:
			e.Action, e.Actor = audit.UserLocked, e.Actor.As("usr_boss")
		}
		stmts = append(stmts, audit.Record(start.Add(time.Duration(i)*1000*time.Second/time.Duration(n)), e))
		if len(stmts) == cap(stmts) || i == n-1 {
			if err := d.Run(b.Context(), stmts...); err != nil {
				b.Fatal(err)
			}
			stmts = stmts[:0]
		}
	}
}
