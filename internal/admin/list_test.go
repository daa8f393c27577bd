package admin_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// TestOver is every role before every role, and oneself (B64).
func TestOver(t *testing.T) {
	roles := []user.Role{user.Owner, user.Admin, user.Member}
	may := map[[2]user.Role]bool{
		{user.Owner, user.Owner}: true, {user.Owner, user.Admin}: true, {user.Owner, user.Member}: true, {user.Admin, user.Member}: true,
	}
	for _, by := range roles[:2] { // members get no further than ErrNotAdministrator
		for _, target := range roles {
			one, other := user.User{AccountID: "acc", ID: "usr_1", Role: by}, user.User{AccountID: "acc", ID: "usr_2", Role: target}
			var want error
			if !may[[2]user.Role{by, target}] {
				want = admin.ErrRank
			}
			wantError(t, string(by)+" over "+string(target), admin.Over(one, other), want)
			other.ID = one.ID
			wantError(t, string(by)+" over themselves", admin.Over(one, other), admin.ErrSelf)
		}
	}
}

// TestPeopleAreTheAdministrators: the methods themselves look at the role, the level and the account (B41, B52, B65).
func TestPeopleAreTheAdministrators(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		w.Enrol(t, w.Grace)
		ada, alan, grace := w.Browse(t, w.Ada), w.Browse(t, w.Alan), w.Browse(t, w.Grace)
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		eve := w.AddUser(t, other, "eve@other.test", "Eve", user.Owner)
		nothing := func([]user.Listed) error { t.Error("something was given out"); return nil }
		_, err = w.Admin.People(t.Context(), grace.Signed, user.Query{})
		wantError(t, "a member's list", err, admin.ErrNotAdministrator)
		_, err = w.Admin.Person(t.Context(), grace.Signed, nil, w.Grace.ID)
		wantError(t, "a member about themselves", err, admin.ErrNotAdministrator)
		wantError(t, "a member's export", w.Admin.ExportPeople(t.Context(), grace.Signed, user.Query{}, "csv", grace.As(), nothing), admin.ErrNotAdministrator)
		wantError(t, "an export without a second factor", w.Admin.ExportPeople(t.Context(), alan.Signed, user.Query{}, "csv", alan.As(), nothing), session.ErrLevel)
		wantError(t, "an export of nothing there is", w.Admin.ExportPeople(t.Context(), ada.Signed, user.Query{Role: "x"}, "csv", ada.As(), nothing), user.ErrFilter)
		if events, err := audit.Find(t.Context(), d, w.Acme.ID, audit.Filter{Person: w.Ada.ID}, "", 100); err != nil || slices.ContainsFunc(events, func(e audit.Event) bool { return e.Action == audit.UsersExported }) {
			t.Errorf("a refused export is recorded, or %v", err)
		}
		for _, id := range []string{eve.ID, "", "usr_0", "\x00", "\xff", w.Acme.ID} {
			_, err = w.Admin.Person(t.Context(), ada.Signed, nil, id)
			if !errors.Is(err, user.ErrNotFound) {
				t.Errorf("%q: %v", id, err)
			}
		}
		page, err := w.Admin.People(t.Context(), alan.Signed, user.Query{})
		if err != nil || len(page.People) != 3 {
			t.Errorf("%d people, %v", len(page.People), err)
		}
	})
}

// TestPerson gathers what is known of somebody, and only of them.
func TestPerson(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		w.Enrol(t, w.Ada)
		phone, _ := w.Enrol(t, w.Grace)
		came := w.Clock.Now()
		in := w.SignInWith(t, w.Grace, phone)
		w.Clock.Advance(time.Minute)
		w.BeginPhone(t, in, "Not confirmed")
		ada := w.Browse(t, w.Ada)
		p, err := w.Admin.Person(t.Context(), ada.Signed, []account.Offer{{Method: account.TOTP}}, w.Grace.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Devices) != 1 || p.Devices[0].Name != "My Phone" || p.Codes.Left != 10 || len(p.Sessions) != 1 || !p.SignedInAt.Equal(came) || p.Owed.Demand != account.Prove {
			t.Errorf("%d devices, %d codes, %d sessions, last at %v, owes %+v", len(p.Devices), p.Codes.Left, len(p.Sessions), p.SignedInAt, p.Owed)
		}
		for i, e := range p.Events {
			if e.Actor.ID != w.Grace.ID && e.Target != w.Grace.ID {
				t.Errorf("%+v does not concern Grace", e)
			}
			if i > 0 && e.ID >= p.Events[i-1].ID {
				t.Errorf("event %d is not older", i)
			}
		}
		if p.Events[0].Action != audit.SignedIn || p.Events[len(p.Events)-1].Action != audit.UserCreated {
			t.Errorf("from %s to %s", p.Events[0].Action, p.Events[len(p.Events)-1].Action)
		}

		w.SetPolicy(t, "enforcement=required", "grace_days=0")
		w.Clock.Advance(2 * time.Second)
		ada = w.Browse(t, w.Ada)
		for offers, stuck := range map[*[]account.Offer]bool{{{Method: account.TOTP}}: false, {{Method: account.TOTP, Why: account.NoPlan}}: true} {
			p, err := w.Admin.Person(t.Context(), ada.Signed, *offers, w.Alan.ID)
			if err != nil || p.Owed.Demand != account.SetUp || p.Owed.Stuck != stuck || !p.SignedInAt.IsZero() || len(p.Sessions) != 0 {
				t.Errorf("%v: %+v, %v", *offers, p, err)
			}
		}
	})
}
