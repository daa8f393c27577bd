package signin_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/check"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/signin"
	"sallyport/internal/user"
)

// TestCheckBindsNothingToAPassword: whoever has a password here and loses their last device while a check waits binds no other in it.
func TestCheckBindsNothingToAPassword(t *testing.T) {
	for _, policy := range []string{"enforcement=optional", "enforcement=required"} {
		dbtest.Each(t, func(t *testing.T, d *db.DB) {
			w := domaintest.New(t, d)
			w.SetPolicy(t, policy)
			phone, _ := w.Enrol(t, w.Grace)
			if err := d.Run(t.Context(), user.Link(w.Clock.Now(), w.Grace, "grace", domaintest.By)...); err != nil {
				t.Fatal(err)
			}
			p := program(t, w, "key_one", w.Ada)
			c, _, err := w.Checks.Begin(t.Context(), p, signin.AskedFor{ExternalID: "grace"}, domaintest.By)
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Run(t.Context(), db.Write(`DELETE FROM factors WHERE user_id = $1`, w.Grace.ID)); err != nil {
				t.Fatal(err)
			}
			st := findCheck(t, w, p, c.ID)
			if st.State != check.SecondFactor {
				t.Errorf("%s: %s", policy, st.State)
			}
			if _, _, err := st.SignIn.BeginSetUp(t.Context(), "", "Thief"); !errors.Is(err, signin.ErrNoSetUp) {
				t.Errorf("%s: a device is begun: %v", policy, err)
			}
			if err := prove(t, st, phone.Code(w.Clock.Now())); err == nil {
				t.Errorf("%s: a code passes", policy)
			}
		})
	}
}

// TestSweepChecks: what became of a check can be asked for a day; then it is swept, and nothing else is.
func TestSweepChecks(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := program(t, w, "key_one", w.Ada)
		sweep := func(limit int) int64 {
			n, err := check.Sweep(t.Context(), d, w.Clock.Now(), limit)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		var old []string
		for range 3 {
			c, _ := beginCheck(t, w, p)
			old = append(old, c.ID)
		}
		w.Clock.Advance(check.For + 24*time.Hour)
		last, _ := beginCheck(t, w, p)
		if n := sweep(10); n != 0 {
			t.Errorf("%d were swept within their day", n)
		}
		if st := findCheck(t, w, p, old[0]); st.State != check.Expired {
			t.Errorf("a day later it is %s", st.State)
		}
		w.Clock.Advance(time.Second)
		if n := sweep(2) + sweep(2) + sweep(2); n != 3 {
			t.Errorf("%d were swept, want the three old ones", n)
		}
		for _, id := range old {
			if _, err := w.Checks.Find(t.Context(), p, id); !errors.Is(err, check.ErrNotFound) {
				t.Errorf("after its day: %v", err)
			}
		}
		if st := findCheck(t, w, p, last.ID); st.State != check.SetUp {
			t.Errorf("the last one is %s", st.State)
		}
	})
}
