package signin_test

import (
	"errors"
	"testing"
	"time"

	"sallyport/internal/check"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/factor"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// linkEverybody gives everybody a phone and what the program calls them: their address.
func linkEverybody(tb testing.TB, w *domaintest.World) (people []user.User, phones map[string]domaintest.Phone) {
	tb.Helper()
	people, phones = []user.User{w.Ada, w.Alan, w.Grace, w.AddUser(tb, w.Acme, "joan@acme.test", "Joan", user.Owner), w.AddUser(tb, w.Acme, "kurt@acme.test", "Kurt", user.Admin)}, map[string]domaintest.Phone{}
	for i, u := range people {
		phone, _ := w.Enrol(tb, u)
		if err := w.DB.Run(tb.Context(), user.Link(w.Clock.Now(), u, u.Email, domaintest.By)...); err != nil {
			tb.Fatal(err)
		}
		var err error
		if people[i], err = user.Get(tb.Context(), w.DB, u.AccountID, u.ID); err != nil {
			tb.Fatal(err)
		}
		phones[u.ID] = phone
	}
	return people, phones
}

// TestCheckRank: whom a key may ask about. A wrong code counts against who is asked about, so nobody's key gets at those above them, or beside them.
func TestCheckRank(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		people, _ := linkEverybody(t, w)
		for _, by := range people[:2] { // Ada, an owner, and Alan, an administrator
			p := program(t, w, "key_of_"+by.ID, by)
			for _, about := range people {
				_, _, err := w.Checks.Begin(t.Context(), p, signin.AskedFor{ExternalID: about.Email}, domaintest.By)
				var want error
				if by.Role == user.Admin && about.Role != user.Member && about.ID != by.ID {
					want = signin.ErrCheckRank
				}
				if !errors.Is(err, want) {
					t.Errorf("%s’s key asks about %s: %v, want %v", by.Name, about.Name, err, want)
				}
			}
		}
		for _, about := range people {
			if _, _, err := w.Checks.Begin(t.Context(), signin.OperatorProgram(), signin.AskedFor{Account: w.Acme.Slug, ExternalID: about.Email}, domaintest.By); err != nil {
				t.Errorf("the operator asks about %s: %v", about.Name, err)
			}
		}
	})
}

// TestCheckAfterDemotion: whose role is taken away gets no further with a check of somebody who is above them now, and begins none
// in the second in which the key is still remembered as it was.
func TestCheckAfterDemotion(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		people, _ := linkEverybody(t, w)
		ada, joan := people[0], people[3]
		remembered := program(t, w, "key_one", ada)
		c, _, err := w.Checks.Begin(t.Context(), remembered, signin.AskedFor{ExternalID: joan.Email}, domaintest.By)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Run(t.Context(), user.SetRole(w.Clock.Now(), ada, user.Admin, domaintest.By)...); err != nil {
			t.Fatal(err)
		}
		if _, _, err := w.Checks.Begin(t.Context(), remembered, signin.AskedFor{ExternalID: joan.Email}, domaintest.By); !errors.Is(err, session.ErrNone) {
			t.Errorf("remembered as an owner’s: %v", err)
		}
		if ada, err = user.Get(t.Context(), d, ada.AccountID, ada.ID); err != nil {
			t.Fatal(err)
		}
		now := program(t, w, "key_one", ada)
		if _, err := w.Checks.Find(t.Context(), now, c.ID); !errors.Is(err, signin.ErrCheckRank) {
			t.Errorf("the check that was begun before: %v", err)
		}
		if _, _, err := w.Checks.Result(t.Context(), now, c.ID, domaintest.By); !errors.Is(err, signin.ErrCheckRank) {
			t.Errorf("its result: %v", err)
		}
	})
}

// TestChecksSideBySide: many checks of one person at once are many doors with one lock: the wrong codes in all of them count together,
// a code is used up for all, and a code that was sent for one is nothing in another.
func TestChecksSideBySide(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		p := program(t, w, "key_one", w.Ada)
		phone := enrolCheck(t, w, p)
		var all []signin.Standing
		for range 6 {
			c, _ := beginCheck(t, w, p)
			all = append(all, findCheck(t, w, p, c.ID))
		}
		for i, st := range all[:4] {
			if err := prove(t, st, phone.Wrong(w.Clock.Now())); !errors.Is(err, factor.ErrWrongCode) {
				t.Errorf("guess %d: %v", i, err)
			}
		}
		_ = prove(t, all[4], phone.Wrong(w.Clock.Now())) // with the fifth, the wait begins
		if err := prove(t, all[5], phone.Code(w.Clock.Now())); !errors.Is(err, throttle.ErrBlocked) {
			t.Errorf("a sixth check, a right code during the wait: %v", err)
		}
		w.Clock.Advance(time.Minute)
		if err := prove(t, all[0], phone.Code(w.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		if err := prove(t, all[1], phone.Code(w.Clock.Now())); !errors.Is(err, factor.ErrUsedCode) {
			t.Errorf("the same code in another check: %v", err)
		}
		u := all[0].User
		mailbox := w.AddAddress(t, u, factor.Email, "codes@acme.test")
		c, _ := beginCheck(t, w, p)
		other, _ := beginCheck(t, w, p)
		if err := findCheck(t, w, p, c.ID).SignIn.Send(t.Context(), "", mailbox.ID, domaintest.By); err != nil {
			t.Fatal(err)
		}
		attempt := signin.Attempt{FactorID: mailbox.ID, Code: w.SentCode(t, u, c.ID)}
		if _, err := findCheck(t, w, p, other.ID).SignIn.Verify(t.Context(), "", attempt, domaintest.By); !errors.Is(err, factor.ErrCodeOver) {
			t.Errorf("the code of one check in another: %v", err)
		}
		if _, err := findCheck(t, w, p, c.ID).SignIn.Verify(t.Context(), "", attempt, domaintest.By); err != nil {
			t.Errorf("in its own: %v", err)
		}
		if st := findCheck(t, w, p, other.ID); st.State != check.SecondFactor {
			t.Errorf("the other one is %s", st.State)
		}
	})
}
