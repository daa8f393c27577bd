package audit_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
)

// TestRollback: a database put back as a whole looks right, and only the hash kept elsewhere tells.
func TestRollback(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	ch, c := chain(t, d)
	minutes(t, ch, c, 6, "acc_1")
	early := verify(t, ch, "acc_1").Head
	minutes(t, ch, c, 3, "acc_1")
	late := verify(t, ch, "acc_1").Head
	for _, k := range []audit.Kept{early, late} {
		read, err := audit.ParseKept(k.String())
		if err != nil || read.String() != k.String() {
			t.Fatalf("%s is read as %s, %v", k, read, err)
		}
		if r, err := ch.Verify(t.Context(), "acc_1", read); err != nil || len(r.Faults) > 0 {
			t.Errorf("kept %s: %+v, %v", k, r.Faults, err)
		}
	}
	for _, k := range []audit.Kept{{Seq: early.Seq, Hash: late.Hash}, {Seq: late.Seq + 1, Hash: late.Hash}} {
		if r, err := ch.Verify(t.Context(), "acc_1", k); err != nil || len(r.Faults) != 1 {
			t.Errorf("kept %s: %+v, %v", k, r.Faults, err)
		}
	}
	for _, s := range []string{"", "1", ":", "1:", "0:" + strings.Repeat("a", 64), "1:" + strings.Repeat("a", 63), "1:" + strings.Repeat("x", 64), "-1:" + strings.Repeat("a", 64)} {
		if _, err := audit.ParseKept(s); !errors.Is(err, audit.ErrKept) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestProofSurvivesRotation: the head is proved anew with each key, and a server with a strange key touches nothing.
func TestProofSurvivesRotation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ch, c := chain(t, d)
		minutes(t, ch, c, 6, "acc_1", "")
		stranger, _ := chain(t, d)
		stranger.Now = ch.Now
		happen(t, d, "acc_1", c.Now())
		c.Advance(time.Hour)
		if _, err := stranger.Seal(t.Context()); !errors.Is(err, audit.ErrChain) {
			t.Errorf("with a strange key: %v", err)
		}
		if err := errors.Join(ch.Ring.Prepare(), ch.Ring.Promote()); err != nil {
			t.Fatal(err)
		}
		if n, err := ch.Reseal(t.Context()); err != nil || n != 2 {
			t.Errorf("%d proved anew, %v", n, err)
		}
		if n, err := ch.Reseal(t.Context()); err != nil || n != 0 {
			t.Errorf("%d proved a second time, %v", n, err)
		}
		if err := ch.Ring.Retire(); err != nil {
			t.Fatal(err)
		}
		if _, err := ch.Seal(t.Context()); err != nil {
			t.Errorf("after the rotation: %v", err)
		}
		if r := verify(t, ch, "acc_1"); len(r.Faults) > 0 || r.Waiting != 0 {
			t.Errorf("after the rotation: %+v", r)
		}
	})
}

// TestSealUnderLoad: writers whose transactions end long after their events' time, two servers that seal, and somebody who
// verifies all the while: no false alarm, and in the end every event is sealed once.
func TestSealUnderLoad(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ch, c := chain(t, d)
		other := *ch
		const writers, each = 8, 150
		var writing, rest sync.WaitGroup
		done := make(chan struct{})
		accounts := []string{"acc_1", "acc_2", ""}
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					// Most commit in time; some take minutes from clock to commit.
					at := c.Now().Add(-time.Duration(rand.IntN(20)) * time.Second)
					if i%10 == 0 {
						at = at.Add(-time.Duration(rand.IntN(40)) * time.Minute)
					}
					happen(t, d, accounts[(w+i)%3], at)
					if i%2 == 0 {
						c.Advance(500 * time.Millisecond)
					}
				}
			})
		}
		loop := func(work func() error) {
			rest.Go(func() {
				for {
					if err := work(); err != nil {
						t.Error(err)
						return
					}
					select {
					case <-done:
						return
					default:
					}
				}
			})
		}
		for _, s := range []*audit.Chain{ch, &other} {
			loop(func() error { _, err := s.Seal(t.Context()); return err })
		}
		loop(func() error {
			for _, a := range accounts {
				if r, err := ch.Verify(t.Context(), a, audit.Kept{}); err != nil || len(r.Faults) > 0 {
					return fmt.Errorf("account %q: %+v, %w", a, r.Faults, err)
				}
			}
			return nil
		})
		writing.Wait()
		close(done)
		rest.Wait()
		c.Advance(10 * time.Minute)
		if _, err := ch.Seal(t.Context()); err != nil {
			t.Fatal(err)
		}
		var events, late int64
		for _, a := range accounts {
			r := verify(t, ch, a)
			if len(r.Faults) > 0 || r.Waiting > 0 {
				t.Errorf("%q: %+v", a, r)
			}
			events, late = events+r.Events, late+int64(len(r.Late))
		}
		if events != writers*each || late == 0 {
			t.Errorf("%d events sealed, %d of them late", events, late)
		}
		t.Logf("%d of %d events came late", late, events)
	})
}

// TestManyEvents: a chain that begins on a database which is full already, in batches.
func TestManyEvents(t *testing.T) {
	d := dbtest.Open(t, dbtest.SQLite(t))
	ch, c := chain(t, d)
	var stmts []db.Stmt
	for i := range 2500 {
		stmts = append(stmts, audit.Record(start.Add(time.Duration(i)*time.Millisecond), audit.Event{AccountID: "acc_1", Action: audit.SignedIn}))
	}
	if err := d.Run(t.Context(), stmts...); err != nil {
		t.Fatal(err)
	}
	c.Advance(24 * time.Hour)
	if n, err := ch.Seal(t.Context()); err != nil || n != 2500 {
		t.Errorf("%d sealed, %v", n, err)
	}
	if r := verify(t, ch, "acc_1"); r.Batches != 3 || r.Events != 2500 || len(r.Faults) > 0 {
		t.Errorf("%+v", r)
	}
}
