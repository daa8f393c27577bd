package audit_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/seal"
)

// clock is the time of a test. It is safe for concurrent use.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var start = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// chain is a chain with a key file of its own.
func chain(t testing.TB, d *db.DB) (*audit.Chain, *clock) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "keys")
	if err := seal.NewKeyFile(file); err != nil {
		t.Fatal(err)
	}
	ring, err := seal.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	c := &clock{now: start}
	return &audit.Chain{DB: d, Ring: ring, Now: c.Now}, c
}

func signedIn(accountID string, at time.Time) db.Stmt {
	return audit.Record(at, audit.Event{
		AccountID: accountID, Action: audit.SignedIn, Target: "usr_1", Actor: audit.Actor{Address: "192.0.2.7", UserAgent: "x"}.As("usr_1"),
		Detail: map[string]string{"method": "totp"},
	})
}

// happen records an event at a time.
func happen(t testing.TB, d *db.DB, accountID string, at time.Time) {
	t.Helper()
	if err := d.Run(context.Background(), signedIn(accountID, at)); err != nil {
		t.Fatal(err)
	}
}

// minutes records twenty events a minute for some minutes, sealed as they come.
func minutes(t *testing.T, ch *audit.Chain, c *clock, n int, accounts ...string) {
	t.Helper()
	for range n {
		var stmts []db.Stmt
		for i := range 20 {
			for _, a := range accounts {
				stmts = append(stmts, signedIn(a, c.Now().Add(time.Duration(i)*time.Second)))
			}
		}
		if err := ch.DB.Run(t.Context(), stmts...); err != nil {
			t.Fatal(err)
		}
		c.Advance(time.Minute)
		if _, err := ch.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func verify(t *testing.T, ch *audit.Chain, accountID string) audit.Report {
	t.Helper()
	r, err := ch.Verify(t.Context(), accountID, audit.Kept{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestChainHolds: what nobody touched verifies, with all its events, on accounts side by side and where there is no account.
func TestChainHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ch, c := chain(t, d)
		if r := verify(t, ch, "acc_1"); len(r.Faults) > 0 || r.Batches != 0 || r.Waiting != 0 {
			t.Errorf("an empty chain: %+v", r)
		}
		minutes(t, ch, c, 10, "acc_1", "acc_2", "")
		for _, a := range []string{"acc_1", "acc_2", ""} {
			r := verify(t, ch, a)
			if len(r.Faults) > 0 || len(r.Late) > 0 || r.Batches < 7 || r.Events+r.Waiting != 200 || r.Events < 120 || r.Behind || !r.Began.After(start) {
				t.Errorf("%q: %+v", a, r)
			}
		}
		all, err := ch.Chains(t.Context())
		if err != nil || !slices.Equal(all, []string{"", "acc_1", "acc_2"}) {
			t.Errorf("chains of %q, %v", all, err)
		}
		c.Advance(time.Hour + 10*time.Minute)
		if r := verify(t, ch, ""); !r.Behind || len(r.Faults) > 0 {
			t.Errorf("after a stop: %+v", r)
		}
		if n, err := ch.Seal(t.Context()); err != nil || n == 0 {
			t.Fatalf("%d sealed, %v", n, err)
		}
		if n, err := ch.Seal(t.Context()); err != nil || n != 0 {
			t.Errorf("%d sealed the second time, %v", n, err)
		}
		if r := verify(t, ch, ""); r.Waiting != 0 || r.Events != 200 {
			t.Errorf("after it ran again: %+v", r)
		}
	})
}

// TestPlantedChanges: whatever somebody changes in the database, by hand, is found in the batch where it is.
func TestPlantedChanges(t *testing.T) {
	ctx := context.Background()
	exec := func(t *testing.T, d *db.DB, sql string, args ...any) {
		t.Helper()
		if n, err := d.Exec(ctx, sql, args...); err != nil || n == 0 {
			t.Fatalf("%s: %d rows, %v", sql, n, err)
		}
	}
	nth := func(t *testing.T, d *db.DB, accountID string, n int) (eventID string) {
		t.Helper()
		err := d.Get(ctx, `SELECT event_id FROM audit_events WHERE account_id = $1 ORDER BY event_id LIMIT 1 OFFSET $2`, []any{accountID, n}, &eventID)
		if err != nil {
			t.Fatal(err)
		}
		return eventID
	}
	insert := func(at time.Time) func(*testing.T, *db.DB) {
		return func(t *testing.T, d *db.DB) { happen(t, d, "acc_1", at) }
	}
	set := func(assignment string) func(*testing.T, *db.DB) {
		return func(t *testing.T, d *db.DB) {
			exec(t, d, `UPDATE audit_events SET `+assignment+` WHERE account_id = 'acc_1' AND event_id = $1`, nth(t, d, "acc_1", 30))
		}
	}
	for name, c := range map[string]struct {
		plant func(t *testing.T, d *db.DB)
		seq   int64
		what  audit.Wrong
	}{
		"action":             {set(`action = 'session.signed_out'`), 2, audit.RowsChanged},
		"time":               {set(`at = at + 1`), 2, audit.RowsChanged},
		"actor":              {set(`actor_id = 'usr_2'`), 2, audit.RowsChanged},
		"kind":               {set(`actor_kind = 'operator'`), 2, audit.RowsChanged},
		"target":             {set(`target_id = ''`), 2, audit.RowsChanged},
		"address":            {set(`address = '192.0.2.8'`), 2, audit.RowsChanged},
		"client":             {set(`user_agent = ''`), 2, audit.RowsChanged},
		"detail":             {set(`detail = '{"method":"sms"}'`), 2, audit.RowsChanged},
		"person":             {set(`person_id = 'usr_2'`), 2, audit.RowsChanged},
		"two fields shifted": {set(`actor_id = 'usr_1u', target_id = 'sr_1'`), 2, audit.RowsChanged},
		"row deleted": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_events WHERE account_id = 'acc_1' AND event_id = $1`, nth(t, d, "acc_1", 45))
		}, 3, audit.RowsChanged},
		"first row deleted": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_events WHERE account_id = 'acc_1' AND event_id = $1`, nth(t, d, "acc_1", 0))
		}, 1, audit.RowsChanged},
		"last row of a batch deleted": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_events WHERE account_id = 'acc_1' AND event_id = $1`, nth(t, d, "acc_1", 39))
		}, 2, audit.RowsChanged},
		"all rows deleted": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_events WHERE account_id = 'acc_1'`)
		}, 1, audit.RowsChanged},
		"row inserted":                 {insert(start.Add(70 * time.Second)), 2, audit.RowsAdded},
		"row inserted before the rest": {insert(start.Add(-time.Hour)), 1, audit.RowsAdded},
		"row with an id of no kind": {func(t *testing.T, d *db.DB) {
			exec(t, d, `INSERT INTO audit_events SELECT account_id, 'x' || event_id, at, action, actor_kind, actor_id, target_id, address, user_agent, detail, person_id
				FROM audit_events WHERE account_id = 'acc_1' AND event_id = $1`, nth(t, d, "acc_1", 30))
		}, 0, audit.RowsAdded},
		"rows swapped": {func(t *testing.T, d *db.DB) {
			a, b := nth(t, d, "acc_1", 25), nth(t, d, "acc_1", 35)
			exec(t, d, `UPDATE audit_events SET event_id = 'evt_x' WHERE account_id = 'acc_1' AND event_id = $1`, a)
			exec(t, d, `UPDATE audit_events SET event_id = $1 WHERE account_id = 'acc_1' AND event_id = $2`, a, b)
			exec(t, d, `UPDATE audit_events SET event_id = $1 WHERE account_id = 'acc_1' AND event_id = 'evt_x'`, b)
		}, 2, audit.RowsChanged},
		"row of another account": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_events WHERE account_id = 'acc_1' AND event_id = $1`, nth(t, d, "acc_1", 30))
			exec(t, d, `UPDATE audit_events SET account_id = 'acc_1' WHERE account_id = 'acc_2' AND event_id = $1`, nth(t, d, "acc_2", 30))
		}, 2, audit.RowsChanged},
		"seal deleted": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_seals WHERE account_id = 'acc_1' AND seq = 4`)
		}, 4, audit.SealMissing},
		"first seal deleted": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_seals WHERE account_id = 'acc_1' AND seq = 1`)
		}, 1, audit.SealMissing},
		"last seal deleted": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_seals WHERE account_id = 'acc_1' AND seq = (SELECT max(seq) FROM audit_seals WHERE account_id = 'acc_1')`)
		}, 0, audit.SealMissing},
		"all seals deleted": {func(t *testing.T, d *db.DB) { exec(t, d, `DELETE FROM audit_seals WHERE account_id = 'acc_1'`) }, 1, audit.SealMissing},
		"head deleted":      {func(t *testing.T, d *db.DB) { exec(t, d, `DELETE FROM audit_heads WHERE account_id = 'acc_1'`) }, 0, audit.HeadMissing},
		"seal's time": {func(t *testing.T, d *db.DB) {
			exec(t, d, `UPDATE audit_seals SET sealed_at = 1 WHERE account_id = 'acc_1' AND seq = 3`)
		}, 3, audit.SealChanged},
		"seal's digests": {func(t *testing.T, d *db.DB) {
			exec(t, d, `UPDATE audit_seals SET digests = (SELECT digests FROM audit_seals WHERE account_id = 'acc_1' AND seq = 2) WHERE account_id = 'acc_1' AND seq = 3`)
		}, 3, audit.SealChanged},
		"seal's count": {func(t *testing.T, d *db.DB) {
			exec(t, d, `UPDATE audit_seals SET events = 19 WHERE account_id = 'acc_1' AND seq = 3`)
		}, 3, audit.SealChanged},
		"cut off with the head": {func(t *testing.T, d *db.DB) {
			exec(t, d, `DELETE FROM audit_seals WHERE account_id = 'acc_1' AND seq > 4`)
			exec(t, d, `UPDATE audit_heads SET seq = 4, hash = (SELECT hash FROM audit_seals WHERE account_id = 'acc_1' AND seq = 4),
				last_event = (SELECT last_event FROM audit_seals WHERE account_id = 'acc_1' AND seq = 4) WHERE account_id = 'acc_1'`)
		}, 4, audit.HeadForged},
		"the head of another account": {func(t *testing.T, d *db.DB) {
			exec(t, d, `UPDATE audit_heads SET proof = (SELECT proof FROM audit_heads WHERE account_id = 'acc_2') WHERE account_id = 'acc_1'`)
		}, 0, audit.HeadForged},
		"seal added": {func(t *testing.T, d *db.DB) {
			exec(t, d, `INSERT INTO audit_seals SELECT account_id, seq + 1, first_event, last_event, events, late, sealed_at, hash, digests FROM audit_seals
				WHERE account_id = 'acc_1' AND seq = (SELECT max(seq) FROM audit_seals WHERE account_id = 'acc_1')`)
		}, 0, audit.SealAdded},
	} {
		t.Run(name, func(t *testing.T) {
			dbtest.Each(t, func(t *testing.T, d *db.DB) {
				ch, clk := chain(t, d)
				minutes(t, ch, clk, 6, "acc_1", "acc_2", "")
				clk.Advance(2 * time.Hour)
				minutes(t, ch, clk, 5, "acc_1", "acc_2", "")
				if r := verify(t, ch, "acc_1"); len(r.Faults) > 0 {
					t.Fatalf("before: %+v", r.Faults)
				}
				c.plant(t, d)
				r := verify(t, ch, "acc_1")
				if len(r.Faults) == 0 || c.seq > 0 && r.Faults[0].Seq != c.seq || !slices.ContainsFunc(r.Faults, func(f audit.Fault) bool { return f.What == c.what }) {
					t.Fatalf("found %+v, want %s in %d", r.Faults, c.what, c.seq)
				}
				// And what a server seals afterwards covers nothing up.
				minutesOrBroken(t, ch, clk)
				if again := verify(t, ch, "acc_1"); len(again.Faults) == 0 || c.seq > 0 && again.Faults[0].Seq != c.seq {
					t.Errorf("after sealing on: %+v", again.Faults)
				}
				if other := verify(t, ch, ""); len(other.Faults) > 0 {
					t.Errorf("a neighbour: %+v", other.Faults)
				}
			})
		})
	}
}

// minutesOrBroken goes on as a server would, which may refuse.
func minutesOrBroken(t *testing.T, ch *audit.Chain, c *clock) {
	t.Helper()
	for range 5 {
		happen(t, ch.DB, "acc_1", c.Now())
		c.Advance(time.Minute)
		if _, err := ch.Seal(t.Context()); err != nil && !errors.Is(err, audit.ErrChain) {
			t.Fatal(err)
		}
	}
}

// TestPeriodIsNamed: whoever reads the report knows where to look.
func TestPeriodIsNamed(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	ch, c := chain(t, d)
	minutes(t, ch, c, 8, "acc_1")
	if _, err := d.Exec(t.Context(), `UPDATE audit_events SET address = '' WHERE at >= $1 AND at < $2`, db.At(start.Add(2*time.Minute)), db.At(start.Add(3*time.Minute))); err != nil {
		t.Fatal(err)
	}
	r := verify(t, ch, "acc_1")
	if len(r.Faults) != 1 || !r.Faults[0].From.Equal(start.Add(2*time.Minute)) || !r.Faults[0].To.Equal(start.Add(2*time.Minute+19*time.Second)) {
		t.Errorf("%+v", r.Faults)
	}
}

// TestLateEvents: what its server commits long after its time is sealed all the same, and named; what turns up
// later than any server can be is nobody's.
func TestLateEvents(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ch, c := chain(t, d)
		minutes(t, ch, c, 30, "acc_1")
		was := verify(t, ch, "acc_1")
		happen(t, d, "acc_1", start.Add(10*time.Minute))
		happen(t, d, "acc_1", start.Add(-time.Minute)) // before all others
		if r := verify(t, ch, "acc_1"); len(r.Faults) > 0 || r.Waiting != was.Waiting+2 {
			t.Errorf("before it is sealed: %+v", r)
		}
		for range 2 { // the second run must not take them once more
			c.Advance(time.Second)
			if _, err := ch.Seal(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		r := verify(t, ch, "acc_1")
		if len(r.Faults) > 0 || len(r.Late) != 2 || r.Events+r.Waiting != 602 || !slices.ContainsFunc(r.Late, func(l audit.Late) bool { return l.At.Equal(start.Add(10 * time.Minute)) }) {
			t.Errorf("after it is sealed: %+v", r)
		}
		happen(t, d, "acc_1", start.Add(11*time.Minute)) // one more, beside those that were late before
		minutes(t, ch, c, 5, "acc_1")
		if r := verify(t, ch, "acc_1"); len(r.Faults) > 0 || len(r.Late) != 3 {
			t.Errorf("one more: %+v", r)
		}
		if _, err := d.Exec(t.Context(), `DELETE FROM audit_events WHERE event_id = $1`, r.Late[0].ID); err != nil {
			t.Fatal(err)
		}
		if r := verify(t, ch, "acc_1"); len(r.Faults) != 1 || r.Faults[0].What != audit.RowsChanged {
			t.Errorf("a late one taken away: %+v", r.Faults)
		}
	})
}
