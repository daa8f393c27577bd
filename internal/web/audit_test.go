package web_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/id"
	"sallyport/internal/user"
)

// happened records an event of the account.
func happened(t *testing.T, s *apptest.Server, accountID string, e audit.Event) {
	t.Helper()
	e.AccountID = accountID
	if err := s.DB.Run(t.Context(), audit.Record(s.Clock.Now(), e)); err != nil {
		t.Fatal(err)
	}
}

// TestAuditLog is the log as an administrator reads it: in words, filtered, in two languages.
func TestAuditLog(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		if err := s.App.Admin.ResetTwoFactor(t.Context(), s.Grace, "Lost her phone", audit.Actor{Address: "192.0.2.9", UserAgent: c.Agent}.As(s.Alan.ID)); err != nil {
			t.Fatal(err)
		}
		happened(t, s, s.Acme.ID, audit.Event{Action: "later.invented", Actor: audit.Operator(), Target: s.Acme.ID})
		reset := "Alan reset the second factor of Grace Reason: Lost her phone today"
		c.Get("/settings").Click("Audit log").Sees(http.StatusOK, reset, "192.0.2.9 · Firefox on Linux", "Ada signed in: authenticator app",
			"Whoever runs the server added Grace: Member", "later.invented", "on the server’s command line")
		c.Speaks = "de"
		c.Get("/admin/audit").Sees(http.StatusOK, "Alan hat den zweiten Faktor von Grace zurückgesetzt Grund: Lost her phone heute", "Der Betrieb des Servers hat Grace hinzugefügt: Mitglied")
		c.Speaks = ""
		filter := func(fields ...string) *apptest.Page {
			q := url.Values{}
			for i := 0; i < len(fields); i += 2 {
				q.Set(fields[i], fields[i+1])
			}
			return c.Get("/admin/audit?" + q.Encode())
		}
		filter("action", "user.two_factor_reset").Sees(http.StatusOK, reset).Lacks("signed in")
		filter("action", "group:second_factors").Sees(http.StatusOK, reset, "Ada added the device My Phone").Lacks("signed in:")
		filter("action", "group:others").Sees(http.StatusOK, "later.invented")
		filter("action", "mail_server.set").Sees(http.StatusOK, "no entry like that")
		filter("person", " Alan@Acme.test ").Sees(http.StatusOK, reset, "added Alan").Lacks("Ada signed in")
		if p := filter("person", s.Grace.ID, "action", "group:people").Sees(http.StatusOK, "added Grace").Lacks("added Alan"); !strings.Contains(p.Body, `name="person" type="text" inputmode="email" autocomplete="off" autocapitalize="none" spellcheck="false" value="grace@acme.test"`) {
			t.Error("the person is named by an id")
		}
		filter("from", "2026-11-23", "to", "2026-11-23").Sees(http.StatusOK, reset)
		filter("to", "2026-11-22").Sees(http.StatusOK, "no entry like that")
		for _, slip := range []struct{ name, value, says string }{
			{"person", "nobody@acme.test", "Nobody in your organisation"},
			{"person", "grace", "Nobody in your organisation"},
			{"person", "a\x00b", "Nobody in your organisation"},
			{"person", strings.Repeat("x", 1000), "Nobody in your organisation"},
			{"person", "%\xff", "Nobody in your organisation"},
			{"action", "' OR 1=1 --", "no kind of entry"},
			{"action", "group:none", "no kind of entry"},
			{"action", strings.Repeat("x", 100), "no kind of entry"},
			{"from", "yesterday", "Enter a day"},
			{"to", "2026-02-30", "Enter a day"},
			{"before", "evt_x", "names no place"},
			{"before", "' OR 1=1 --", "names no place"},
			{"before", s.Grace.ID, "names no place"},
			{"before", "evt_\x00", "names no place"},
		} {
			filter(slip.name, slip.value).Sees(http.StatusUnprocessableEntity, slip.says).Lacks("Details")
		}
		filter("from", "2026-11-24", "to", "2026-11-23").Sees(http.StatusUnprocessableEntity, "lies before the first one").Lacks("Details")
	})
}

// TestAuditPages: page after page, each entry once, while others are added on top; and a place of another account shows nothing of it.
func TestAuditPages(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		other, err := account.Create(t.Context(), s.DB, s.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		add := func(from, to int) {
			for i := from; i < to; i++ {
				s.Clock.Advance(time.Second)
				happened(t, s, s.Acme.ID, audit.Event{Action: "test.ours", Actor: audit.Actor{Address: fmt.Sprintf("ours-%03d", i)}})
				happened(t, s, other.ID, audit.Event{Action: "test.theirs", Actor: audit.Actor{Address: fmt.Sprintf("theirs-%03d", i)}})
			}
		}
		add(0, 120)
		seen := map[string]int{}
		page := c.Get("/admin/audit?action=test.ours").Sees(http.StatusOK)
		for n := 0; ; n++ {
			for i := range 140 {
				if name := fmt.Sprintf("ours-%03d", i); strings.Contains(page.Body, name) {
					seen[name]++
				}
			}
			if strings.Contains(page.Body, "theirs-") {
				t.Fatal("another account's entry")
			}
			add(120+n*3, 123+n*3)
			if !strings.Contains(page.Text(), "Older entries") {
				break
			}
			page = page.Click("Older entries").Sees(http.StatusOK, "Newest entries")
		}
		if len(seen) != 120 {
			t.Errorf("%d of 120 entries seen", len(seen))
		}
		for name, times := range seen {
			if times != 1 {
				t.Errorf("%s was seen %d times", name, times)
			}
		}
		theirs, err := audit.List(t.Context(), s.DB, other.ID, 1)
		if err != nil {
			t.Fatal(err)
		}
		c.Get("/admin/audit?before="+theirs[0].ID).Sees(http.StatusOK, "ours-1").Lacks("theirs-")
		c.Get("/admin/audit?before="+id.New("evt", s.Clock.Now().Add(-1000*time.Hour))).Sees(http.StatusOK, "no older entries")
	})
}

// TestAuditExport: the whole filter in both formats, safe against what names can hold, recorded, and for those alone who may.
func TestAuditExport(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		plain := s.SignedIn(t, apptest.Alan)
		plain.Get("/admin/audit").Sees(http.StatusOK, "To export the log you need a second factor").Lacks("Export as CSV")
		plain.Post("/admin/audit/export", "format", "csv").Sees(http.StatusForbidden, "second factor")
		s.SignedIn(t, apptest.Grace).Get("/admin/audit").Sees(http.StatusForbidden, "Only the owners and administrators")
		c := boss(t, s)
		eve := s.AddUser(t, s.Acme, "eve@acme.test", `=HYPERLINK("http://evil.example")`, user.Member)
		if _, err := s.DB.Exec(t.Context(), `UPDATE users SET name = $1 WHERE user_id = $2`, "=1+1\r\n@SUM(<b>\u202e\",;", eve.ID); err != nil {
			t.Fatal(err)
		}
		for _, reason := range []string{"=cmd|'/C calc'!A0", "+1", "-1", "@x", "\tx", "\rx", "plain", ""} {
			happened(t, s, s.Acme.ID, audit.Event{Action: "test.row", Actor: audit.Actor{Kind: audit.KindUser, UserAgent: "=A1"}.As(eve.ID), Target: eve.ID, Detail: map[string]string{"reason": reason}})
		}
		var stmts []db.Stmt
		for i := range 1200 {
			stmts = append(stmts, audit.Record(s.Clock.Now(), audit.Event{AccountID: s.Acme.ID, Action: "test.many", Actor: audit.Actor{Address: fmt.Sprint(i)}}))
		}
		if err := s.DB.Run(t.Context(), stmts...); err != nil {
			t.Fatal(err)
		}
		if hidden := c.Get("/admin/audit?action=test.row").Sees(http.StatusOK, "Export as CSV").Body; !strings.Contains(hidden, `<input type="hidden" name="action" value="test.row">`) {
			t.Error("the export would forget the filter")
		}
		p := c.Post("/admin/audit/export", "format", "csv", "action", "test.row")
		if p.Status != http.StatusOK || p.Header.Get("Content-Disposition") != `attachment; filename="audit-acme-2026-11-23.csv"` || !strings.HasPrefix(p.Header.Get("Content-Type"), "text/csv") {
			t.Errorf("%d, %s, %s", p.Status, p.Header.Get("Content-Disposition"), p.Header.Get("Content-Type"))
		}
		checkAnswer(t, p)
		if lines := strings.Count(p.Body, "\n"); lines != 9 || strings.Count(p.Body, "\r\n") != lines {
			t.Errorf("%d lines:\n%s", lines, p.Body)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(p.Body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 9 {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") || strings.ContainsAny(cell, "\u202e\r\n\t") {
					t.Errorf("the cell %q runs or breaks", cell)
				}
			}
		}
		if name := rows[1][slices.Index(rows[0], "actor_name")]; name != `'=1+1\u000d\u000a@SUM(<b>\u202e",;` {
			t.Errorf("the name is %q", name)
		}

		s.Clock.Advance(time.Second)
		p = c.Post("/admin/audit/export", "format", "json")
		var all []struct {
			ID, Action string
			Actor      struct{ Name string }
			Detail     map[string]string
		}
		if err := json.Unmarshal([]byte(p.Body), &all); err != nil || len(all) < 1208 || all[0].Action != "audit.exported" || p.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%d events, %v, %s", len(all), err, p.Body[:min(300, len(p.Body))])
		}
		ids := map[string]bool{}
		for _, e := range all {
			ids[e.ID] = true
		}
		if len(ids) != len(all) || strings.ContainsAny(p.Body, "<>") {
			t.Errorf("%d of %d ids are distinct, or HTML is left", len(ids), len(all))
		}
		c.Get("/admin/audit?action=audit.exported").Sees(http.StatusOK, "Ada exported the audit log as json", "Ada exported the audit log as csv", "actions test.row")
		c.Post("/admin/audit/export", "format", "xml").Sees(http.StatusUnprocessableEntity, "csv or json")
		c.Post("/admin/audit/export", "format", "csv", "person", "nobody@acme.test").Sees(http.StatusUnprocessableEntity, "Nobody in your organisation")
		p = c.Post("/admin/audit/export", "format", "json", "action", "never.happened")
		if strings.TrimSpace(p.Body) != "[\n\n]" {
			t.Errorf("an empty export is %q", p.Body)
		}
	})
}

// TestAuditExportIsRecordedFirst: where it can't be recorded, nothing is exported.
func TestAuditExportIsRecordedFirst(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := boss(t, s)
	if _, err := s.DB.Exec(t.Context(), `CREATE UNIQUE INDEX no_exports ON audit_events (action) WHERE action = 'audit.exported'`); err != nil {
		t.Fatal(err)
	}
	if p := c.Post("/admin/audit/export", "format", "csv"); p.Status != http.StatusOK {
		t.Fatalf("the first: %d", p.Status)
	}
	if p := c.Post("/admin/audit/export", "format", "csv"); p.Status != http.StatusInternalServerError || strings.Contains(p.Body, "session.signed_in") || p.Header.Get("Content-Disposition") != "" {
		t.Errorf("the second: %d, %s", p.Status, p.Header.Get("Content-Disposition"))
	}
}
