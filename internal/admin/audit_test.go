package admin_test

import (
	"errors"
	"slices"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// TestAuditBelongsToAdministrators: the domain refuses everybody else, whatever a page asks for, and shows nobody another account's
// people or events.
func TestAuditBelongsToAdministrators(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := domaintest.New(t, d)
		other, err := account.Create(t.Context(), d, w.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		eve := w.AddUser(t, other, "eve@other.test", "Eve", user.Owner)
		none := func([]audit.Event, map[string]audit.Named) error { t.Error("something was handed out"); return nil }
		member := &session.Signed{User: w.Grace, Account: w.Acme}
		member.Level = session.AAL2
		if _, err := w.Admin.Audit(t.Context(), member, audit.Filter{}, "", 16); !errors.Is(err, admin.ErrNotAdministrator) {
			t.Errorf("a member reads: %v", err)
		}
		if _, err := w.Admin.AuditActions(t.Context(), member); !errors.Is(err, admin.ErrNotAdministrator) {
			t.Errorf("a member asks what there is: %v", err)
		}
		if _, err := w.Admin.AuditPerson(t.Context(), member, "ada@acme.test"); !errors.Is(err, admin.ErrNotAdministrator) {
			t.Errorf("a member looks for somebody: %v", err)
		}
		if err := w.Admin.ExportAudit(t.Context(), member, audit.Filter{}, audit.CSV, domaintest.By, none); !errors.Is(err, admin.ErrNotAdministrator) {
			t.Errorf("a member exports: %v", err)
		}
		boss := &session.Signed{User: w.Alan, Account: w.Acme}
		boss.Level = session.AAL1
		if err := w.Admin.ExportAudit(t.Context(), boss, audit.Filter{}, audit.CSV, domaintest.By, none); !errors.Is(err, session.ErrLevel) {
			t.Errorf("without a second factor: %v", err)
		}
		if _, err := w.Admin.AuditPerson(t.Context(), boss, "eve@other.test"); !errors.Is(err, audit.ErrPerson) {
			t.Errorf("another account's person: %v", err)
		}
		if _, err := w.Admin.Audit(t.Context(), boss, audit.Filter{}, "evt_x", 16); !errors.Is(err, audit.ErrPlace) {
			t.Errorf("a forged place: %v", err)
		}
		// An id of another account is looked for in one's own only: an event of ours that names it shows no name of theirs.
		if err := d.Run(t.Context(), audit.Record(w.Clock.Now(), audit.Event{AccountID: w.Acme.ID, Action: audit.UserLocked, Target: eve.ID})); err != nil {
			t.Fatal(err)
		}
		p, err := w.Admin.Audit(t.Context(), boss, audit.Filter{Person: eve.ID}, "", 16)
		if err != nil || len(p.Events) != 1 || p.Events[0].AccountID != w.Acme.ID || len(p.People) != 0 {
			t.Errorf("another account's id: %+v, %v", p, err)
		}
		boss = strong(t, w, w.Alan).Signed
		var exported []audit.Event
		if err := w.Admin.ExportAudit(t.Context(), boss, audit.Filter{}, audit.JSON, domaintest.By.As(w.Alan.ID), func(events []audit.Event, people map[string]audit.Named) error {
			exported = append(exported, events...)
			if people[w.Alan.ID].Name != "Alan" || len(people) != 3 {
				t.Errorf("people are %v", people)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(exported, func(e audit.Event) bool { return e.Action == audit.Exported && e.Actor.ID == w.Alan.ID }) || slices.ContainsFunc(exported, func(e audit.Event) bool { return e.AccountID != w.Acme.ID }) {
			t.Errorf("exported %+v", exported)
		}
	})
}
