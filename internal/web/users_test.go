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
	"sallyport/internal/user"
)

// TestUsersList walks the list as an owner does: search, filter, order, pages, and what is no page of it.
func TestUsersList(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		s.AddUser(t, s.Acme, "tm@acme.test", "Thomas <b>Müller</b>", user.Member)
		page := c.Get("/settings").Click("Users").Sees(http.StatusOK, "ada@acme.test", "Ada, Owner, you", "Authenticator app since 23 November 2026", "Alan, Administrator", "Thomas <b>Müller</b>", "Everybody, as a file")
		page.Lacks("Next page", "/reset")
		if strings.Contains(page.Body, "<b>") {
			t.Error("a name is markup")
		}
		c.Get("/admin/users?search=mull").Sees(http.StatusOK, "tm@acme.test", "Everybody found above").Lacks("alan@acme.test")
		c.Get("/admin/users?search=%25").Sees(http.StatusOK, "Nobody is found")
		c.Get("/admin/users?second_factor=on&sort=-added").Sees(http.StatusOK, "ada@acme.test").Lacks("alan@acme.test", "tm@acme.test")
		c.Get("/admin/users?role=admin&second_factor=off").Sees(http.StatusOK, "alan@acme.test").Lacks("tm@acme.test")
		for query, says := range map[string]string{
			"at=broken": "That page of the list can’t be found", "state=dead": "Choose one of the values", "sort=password_hash": "Choose one of the values",
			"search=" + strings.Repeat("a+", 11): "Search for at most ten words",
		} {
			c.Get("/admin/users?"+query).Sees(http.StatusUnprocessableEntity, says, "alan@acme.test")
		}
		c.Get("/admin/users?search=a&search=b").Sees(http.StatusBadRequest)
		c.Get("/admin/users?search=%00").Sees(http.StatusBadRequest)

		for i := range 2*user.PageSize + 3 {
			s.AddUser(t, s.Acme, fmt.Sprintf("x%03d@acme.test", i), "", user.Member)
		}
		all := c.Get("/admin/users?search=x&sort=-email").Sees(http.StatusOK, "x052@", "x028@").Lacks("x027@", "Previous page")
		second := all.Click("Next page").Sees(http.StatusOK, "x027@", "x003@").Lacks("x028@", "x002@", "alan@")
		second.Click("Next page").Sees(http.StatusOK, "x002@", "x000@").Lacks("x003@", "Next page")
		second.Click("Previous page").Sees(http.StatusOK, "x052@", "x028@").Lacks("x027@", "Previous page")

		// Somebody who can be reset, and by whom.
		phone, _ := s.Enrolled(t, apptest.Alan)
		alan := s.SignedInWith(t, apptest.Alan, phone)
		s.Enrolled(t, apptest.Grace)
		resets := func(p *apptest.Page) int { return strings.Count(p.Body, "/reset\"") }
		if n := resets(c.Get("/admin/users?second_factor=on")); n != 2 {
			t.Errorf("the owner may reset %d, want 2", n)
		}
		if n := resets(alan.Get("/admin/users?second_factor=on")); n != 1 {
			t.Errorf("the administrator may reset %d, want 1", n)
		}
	})
}

// TestUserPage tells about one person, and nobody about those of another organisation (B52).
func TestUserPage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		phone, _ := s.Enrolled(t, apptest.Grace)
		s.SignedInWith(t, apptest.Grace, phone)
		page := c.Get("/admin/users").Click(apptest.Grace).Sees(http.StatusOK, "What is asked of Grace at sign-in, and why", "a code of one of their devices", "leaves it to its people",
			"My Phone", "10 of 10 codes left", "1 browser is signed in", "Reset the second factor", "Give out a backup code", "Lock the access", "Grace signed in", "Whoever runs the server added Grace")
		page.Lacks("otpauth", "secret")
		s.SetPolicy(t, "enforcement=required", "grace_days=7", "admin_reset=off", "admin_codes=off")
		s.Clock.Advance(2 * time.Second)
		c.Get("/admin/users/"+s.Grace.ID).Sees(http.StatusOK, "requires a second factor of everybody").Lacks("Reset the second factor", "Give out a backup code")
		c.Get("/admin/users/"+s.Alan.ID).Sees(http.StatusOK, "The password alone, until", "in grace until", "Signed in nowhere", "They have no device")
		c.Get("/admin/users/"+s.Ada.ID).Sees(http.StatusOK, "This is you").Lacks("Lock the access")
		if err := s.Admin.Lock(t.Context(), s.Alan, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		c.Get("/admin/users/"+s.Alan.ID).Sees(http.StatusOK, "they can’t sign in at all", "Unlock the access", "Whoever runs the server locked Alan")
		c.Speaks = "de"
		c.Get("/admin/users/"+s.Alan.ID).Sees(http.StatusOK, "Zugang entsperren", "Nur das Passwort, bis")
		c.Speaks = ""

		other, err := account.Create(t.Context(), s.DB, s.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		eve := s.AddUser(t, other, "eve@other.test", "Eve", user.Owner)
		nobody := c.Get("/admin/users/usr_" + strings.Repeat("0", 26)).Sees(http.StatusNotFound)
		for _, id := range []string{eve.ID, "%00", "%ff", "'", strings.Repeat("x", 5000)} {
			got := c.Get("/admin/users/" + id)
			if got.Status != nobody.Status || withoutReference(got) != withoutReference(nobody) {
				t.Errorf("%.20s: %d %s\nwant %s", id, got.Status, got.Text(), nobody.Text())
			}
		}
		c.Get("/admin/users?search=eve").Sees(http.StatusOK, "Nobody is found")
	})
}

// withoutReference is a page without what tells one request from another.
func withoutReference(p *apptest.Page) string {
	text, _, _ := strings.Cut(p.Text(), "Reference:")
	return text
}

// TestUsersExport: as a file, whole, with the filters, recorded; with a second factor only, and no formula in it.
func TestUsersExport(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		s.AddUser(t, s.Acme, "formula@acme.test", `=HYPERLINK("http://evil.example","Gehalt")`, user.Member)
		s.AddUser(t, s.Acme, "+43@acme.test", "<script>alert(1)</script>, \"x\"; y", user.Member)
		for i := range 60 {
			s.AddUser(t, s.Acme, fmt.Sprintf("x%03d@acme.test", i), "", user.Member)
		}
		s.Clock.Advance(time.Second) // events of one instant have no order
		file := c.Post("/admin/users/export", "format", "csv")
		if file.Status != http.StatusOK || !strings.HasPrefix(file.Header.Get("Content-Disposition"), `attachment; filename="users-2026-11-`) || file.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
			t.Errorf("%d %v", file.Status, file.Header)
		}
		checkAnswer(t, file)
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.Body, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 1+65 || rows[0][1] != "email" {
			t.Fatalf("%d rows, %v: %.100s", len(rows), err, file.Body)
		}
		byEmail := map[string][]string{}
		for _, r := range rows {
			byEmail[r[1]] = r
			for _, cell := range r {
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@") {
					t.Errorf("a formula: %q", cell)
				}
			}
		}
		if r := byEmail["'+43@acme.test"]; r == nil || r[2] != "<script>alert(1)</script>, \"x\"; y" {
			t.Errorf("%q", r)
		}
		if r := byEmail["formula@acme.test"]; r[2] != `'=HYPERLINK("http://evil.example","Gehalt")` {
			t.Errorf("%q", r)
		}
		if r := byEmail[apptest.Ada]; !slices.Equal(r[3:6], []string{"owner", "on", "totp"}) || !strings.HasPrefix(r[6], "2026-11-23T") {
			t.Errorf("%q", r)
		}

		s.Clock.Advance(time.Second)
		file = c.Post("/admin/users/export", "format", "json", "search", "x0", "sort", "-email").Sees(http.StatusOK)
		var list []map[string]string
		if err := json.Unmarshal([]byte(file.Body), &list); err != nil || len(list) != 60 || list[0]["email"] != "x059@acme.test" {
			t.Errorf("%d, %v: %.200s", len(list), err, file.Body)
		}
		s.Clock.Advance(time.Second)
		file = c.Post("/admin/users/export", "format", "json", "search", "nobody").Sees(http.StatusOK)
		if err := json.Unmarshal([]byte(file.Body), &list); err != nil || len(list) != 0 {
			t.Errorf("%d, %v: %s", len(list), err, file.Body)
		}
		events, err := audit.List(t.Context(), s.DB, s.Acme.ID, 3)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"nobody", "x0", ""} {
			if e := events[i]; e.Action != audit.UsersExported || e.Actor.ID != s.Ada.ID || e.Detail["search"] != want {
				t.Errorf("recorded %+v, want a search for %q", e, want)
			}
		}
		before := s.Rows(t)
		c.Post("/admin/users/export", "format", "json", "state", "dead").Sees(http.StatusUnprocessableEntity, "Choose one of the values")
		c.Post("/admin/users/export", "format", "xlsx").Sees(http.StatusBadRequest)
		c.Get("/admin/users/export?format=csv").Sees(http.StatusOK, "Search")
		plain := s.SignedIn(t, apptest.Alan)
		signedIn := s.Rows(t)
		plain.Get("/admin/users").Sees(http.StatusOK, "you need a second factor of your own").Lacks("Export as CSV")
		if p := plain.Send(plain.Request(http.MethodPost, "/admin/users/export", url.Values{"format": {"csv"}})); p.Status != http.StatusForbidden {
			t.Errorf("without a second factor: %d", p.Status)
		}
		same(t, signedIn, s.Rows(t), "refused exports")
		if len(signedIn) < len(before) {
			t.Error("rows are missing")
		}
	})
}
