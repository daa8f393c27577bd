package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
	"sallyport/internal/user"
)

// TestStepUp: sensitive work asks for a code when the last one is ten minutes old, a form that was opened in time takes five more,
// and the way leads back to where it began.
func TestStepUp(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrolled(t, apptest.Ada)
		s.Enrolled(t, apptest.Grace)
		c := s.SignedInWith(t, apptest.Ada, phone)
		proved := s.Clock.Now().Add(-30 * time.Second) // signing in used a code up, and the clock moved to the next
		reset := "/admin/users/" + s.Grace.ID + "/reset"

		s.Clock.Set(proved.Add(10 * time.Minute))
		form := c.Get(reset).Sees(http.StatusOK, "Grace ("+apptest.Grace+")", "This can’t be undone")
		s.Clock.Set(proved.Add(10*time.Minute + time.Second))
		ask := c.Get(reset)
		if ask.Path != "/settings/confirm?next="+url.QueryEscape(reset) {
			t.Fatalf("an old proof led to %s", ask.Path)
		}
		s.Clock.Set(proved.Add(15 * time.Minute))
		form.Press("Reset", "reason", "").Sees(http.StatusUnprocessableEntity, "Say why") // a form that was opened in time
		before := s.Rows(t)
		s.Clock.Set(proved.Add(15*time.Minute + time.Second))
		late := form.Press("Reset", "reason", "lost")
		if late.Status != http.StatusSeeOther || late.Header.Get("Location") != "/settings/confirm?next="+url.QueryEscape(reset) {
			t.Fatalf("a form that was opened too long ago: status %d, led to %s", late.Status, late.Header.Get("Location"))
		}
		same(t, before, s.Rows(t), "a form with an old proof")
		ask = late.Follow().Sees(http.StatusOK, "Confirm that it is you")
		ask.Press("Confirm", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "That code isn’t valid")
		if p := c.Get(reset); p.At() != "/settings/confirm" {
			t.Errorf("a wrong code opened %s", p.Path)
		}
		right := phone.Code(s.Clock.Now())
		for range 2 { // a press too many changes nothing
			ask.Press("Confirm", "code", right).Follow().Sees(http.StatusOK, "Reset two-factor authentication")
		}
		s.Clock.Advance(31 * time.Second)
		again := ask.Press("Confirm", "code", right).Sees(http.StatusUnprocessableEntity, "used already")
		again.Press("Confirm", "code", codes[0]).Follow().Sees(http.StatusOK, "Grace")

		for _, evil := range []string{"//evil.example", "https://evil.example", "/\\evil.example", "/settings/../x", ""} {
			s.Clock.Advance(time.Minute)
			p := c.Post("/settings/confirm", "next", evil, "code", phone.Code(s.Clock.Now()))
			if p.Header.Get("Location") != "/settings" {
				t.Errorf("next %q led to %q", evil, p.Header.Get("Location"))
			}
			c.Get("/settings/confirm?next=" + url.QueryEscape(evil)).Sees(http.StatusOK).Lacks("evil")
		}
		plain := s.SignedIn(t, apptest.Alan)
		plain.Get("/settings/confirm").Sees(http.StatusForbidden, "needs a sign-in with a second factor")
		plain.Get(reset).Sees(http.StatusForbidden, "needs a sign-in with a second factor")
	})
}

// TestFormsOnPeopleAreRecent: so are their pages, so that what is typed is not lost to the question for a code; and every form that is
// Recent has such a page to lead back to. An export is no deed on people; and the page of the switch, which one may look at without,
// shows its form only to who has the evidence.
func TestFormsOnPeopleAreRecent(t *testing.T) {
	routes := table(t, apptest.Start(t, dbtest.SQLite(t)))
	recent := map[string]bool{}
	for _, rt := range routes {
		if rt.Fresh == httpx.Recent && rt.Method() == http.MethodGet {
			recent[rt.Path()] = true
		}
	}
	for _, rt := range routes {
		if rt.Path() == "/admin/users/export" || strings.HasPrefix(rt.Path(), "/admin/two-factor") {
			continue
		}
		deed := strings.HasPrefix(rt.Path(), "/admin/users/") && rt.Method() == http.MethodPost
		if deed && rt.Fresh != httpx.Recent || rt.Fresh == httpx.Recent && (rt.Level != httpx.AAL2 || !recent[rt.Path()]) {
			t.Errorf("%s: freshness %d, level %d, its page recent %v", rt.Pattern, rt.Fresh, rt.Level, recent[rt.Path()])
		}
	}
}

// TestResetPage is T12, T14, T15 as an administrator and the person see it.
func TestResetPage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		phone, _ := s.Enrolled(t, apptest.Grace)
		grace := s.SignedInWith(t, apptest.Grace, phone)
		reset := "/admin/users/" + s.Grace.ID + "/reset"
		page := c.Get(reset).Sees(http.StatusOK, "All devices and backup codes of Grace", "Make sure that it is really them")
		page.Press("Reset", "reason", strings.Repeat("x", 201)).Sees(http.StatusUnprocessableEntity, "in up to 200 characters").Press("Reset", "reason", "Lost phone").Follow().Sees(http.StatusOK, "was reset")
		page.Press("Reset", "reason", "Lost phone").Sees(http.StatusConflict, "nothing to reset")
		if p := grace.Get("/settings"); p.At() != "/sign-in" {
			t.Errorf("her session goes on at %s", p.Path)
		}
		if p := s.Client(t).SignIn(apptest.Grace, apptest.Password).Follow(); p.At() != "/sign-in/set-up" {
			t.Errorf("her next sign-in leads to %s", p.Path)
		}
		c.Get("/admin/users/"+s.Ada.ID+"/reset").Sees(http.StatusForbidden, "You can’t do this to yourself")
		c.Get("/admin/users/usr_0/reset").Sees(http.StatusNotFound)
		s.SetPolicy(t, "admin_reset=off", "admin_codes=off")
		s.Sessions.Forget(s.Acme.ID, s.Ada.ID)
		c.Get(reset).Sees(http.StatusOK, "rules do not let administrators do this").Lacks(`<form class="panel"`)
		c.Get("/admin/users/"+s.Grace.ID+"/backup-code").Sees(http.StatusOK, "rules do not let administrators do this").Lacks(`<form class="panel"`)
		c.Post(reset, "reason", "lost").Sees(http.StatusConflict, "rules do not let administrators reset")
		c.Speaks = "de"
		c.Post(reset, "reason", "lost").Sees(http.StatusConflict, "Die Regeln Ihrer Organisation")
	})
}

// TestGivenCodePage shows the code once, and it opens the person's sign-in.
func TestGivenCodePage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		s.Enrolled(t, apptest.Grace)
		page := c.Get("/admin/users/"+s.Grace.ID+"/backup-code").Sees(http.StatusOK, "works once, within 60 minutes")
		page.Press("Make a code", "reason", "").Sees(http.StatusUnprocessableEntity, "Say why")
		given := page.Press("Make a code", "reason", "Lost phone").Sees(http.StatusOK, "It is for Grace", "It works once, until")
		codes := given.BackupCodes()
		if len(codes) != 1 || given.Header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%d codes, %q", len(codes), given.Header.Get("Cache-Control"))
		}
		if strings.Contains(s.Log.String(), codes[0]) || strings.Contains(strings.Join(s.Rows(t), "\n"), codes[0]) {
			t.Error("the code is stored or logged in clear")
		}
		verify := s.Client(t)
		verify.SignIn(apptest.Grace, apptest.Password).Follow().Press("Verify", "code", codes[0]).Follow().Sees(http.StatusOK, "10 are left")
	})
}

// TestPeoplePages: role, lock, unlock, removal and an invitation, each from its page to what it changes for the person.
func TestPeoplePages(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		base := "/admin/users/" + s.Grace.ID
		c.Get(base+"/role").Sees(http.StatusOK, "has this role now: Member").Press("Change the role").Sees(http.StatusConflict, "That is so already")
		c.Get(base+"/link").Sees(http.StatusOK, "ID in your program").Press("Save", "external_id", "a b").Sees(http.StatusUnprocessableEntity, "1 to 200 visible characters").
			Press("Save", "external_id", " customer-4711 ").Follow().Sees(http.StatusOK, "The ID is saved.", "ID in your program customer-4711")
		c.Get(base+"/link").Press("Save", "external_id", "").Follow().Sees(http.StatusOK, "The ID is saved.").Lacks("customer-4711 Added")
		c.Get(base+"/role").Press("Change the role", "role", "root").Sees(http.StatusUnprocessableEntity, "The role must be")
		c.Get(base+"/role").Press("Change the role", "role", "admin").Follow().Sees(http.StatusOK, "The role was changed")
		lock := c.Get(base+"/lock").Sees(http.StatusOK, "is signed out everywhere")
		lock.Press("Lock").Follow().Sees(http.StatusOK, "The person is locked")
		lock.Press("Lock").Sees(http.StatusConflict, "That is so already")
		s.Client(t).SignIn(apptest.Grace, apptest.Password).Sees(http.StatusForbidden, "Your access is locked")
		c.Get(base+"/unlock").Press("Unlock").Follow().Sees(http.StatusOK, "The person is unlocked")
		remove := c.Get(base+"/remove").Sees(http.StatusOK, "no longer belongs to Acme", "This can’t be undone")
		remove.Press("Remove").Follow().Sees(http.StatusOK, "The person is removed")
		remove.Press("Remove").Sees(http.StatusNotFound, "no such user")
		s.Client(t).SignIn(apptest.Grace, apptest.Password).Sees(http.StatusUnauthorized)

		c.Get("/admin/users/invite").Sees(http.StatusOK, "There is no mail server").Lacks(`name="email"`)
		c.Post("/admin/users/invite", "email", "new@acme.test", "role", "member").Sees(http.StatusConflict, "No mail server")
	})
}

// TestPagesNameOneAccount: an id of another account's is nobody, in the address and in the form, whatever the role (B52, B64).
func TestPagesNameOneAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		other, err := account.Create(t.Context(), s.DB, s.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		stranger := s.AddUser(t, other, "stranger@other.test", "Strange", user.Member)
		phone, _ := s.Enrolled(t, apptest.Alan)
		c := s.SignedInWith(t, apptest.Alan, phone)
		before := s.Rows(t)
		for _, deed := range []string{"reset", "backup-code", "role", "link", "lock", "unlock", "remove"} {
			for id, status := range map[string]int{stranger.ID: http.StatusNotFound, "usr_0": http.StatusNotFound, "%00": http.StatusNotFound, s.Ada.ID: http.StatusForbidden, s.Alan.ID: http.StatusForbidden} {
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					var form url.Values
					if method == http.MethodPost {
						form = url.Values{"reason": {"lost"}, "role": {"member"}, "external_id": {"customer-1"}, "id": {s.Grace.ID}, "user_id": {s.Grace.ID}}
					}
					p := c.Send(c.Request(method, "/admin/users/"+id+"/"+deed, form))
					if p.Status != status || strings.Contains(p.Body, "Strange") || strings.Contains(p.Body, stranger.Email) {
						t.Errorf("%s %s of %s: status %d, want %d", method, deed, id, p.Status, status)
					}
				}
			}
		}
		same(t, before, s.Rows(t), "acting beyond one's reach")
		c.Post("/admin/users/"+s.Grace.ID+"/lock", "id", stranger.ID, "user_id", stranger.ID)
		for email, u := range map[string]user.User{apptest.Grace: s.Grace, stranger.Email: stranger} {
			now, err := user.Get(t.Context(), s.DB, u.AccountID, u.ID)
			if err != nil || now.LockedAt.IsZero() != (email == stranger.Email) {
				t.Errorf("with another id in the form, %s: locked at %s, %v", email, now.LockedAt, err)
			}
		}
	})
}

// TestInvitationPage: pasted by hand, without a session at its end.
func TestInvitationPage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		m := c.Get("/admin/users/invite").Sees(http.StatusOK, "They get a link by mail", "Role")
		m.Press("Invite", "email", "nobody").Sees(http.StatusUnprocessableEntity, "Enter an e-mail address")
		m.Press("Invite", "email", apptest.Grace, "name", "Grace").Sees(http.StatusConflict, "exists already")
		m.Press("Invite", "email", "new@acme.test", "name", "New", "role", "admin").Follow().Sees(http.StatusOK, "on its way")
		mails := s.MessagesTo(t, "new@acme.test", 1)
		if !strings.Contains(mails[0].Text, "/invitation#") {
			t.Fatalf("mailed %v", mails)
		}
		fresh := s.Client(t)
		page := fresh.Get("/invitation").Sees(http.StatusOK, "Join your organisation")
		page.Press("Join", "token", "wrong", "new_password", "nine quiet harbour cranes").Sees(http.StatusUnprocessableEntity, "That token does not work")
		page.Press("Join", "token", domaintest.TokenIn(mails[0]), "new_password", "short").Sees(http.StatusUnprocessableEntity, "too short")
		in := page.Press("Join", "token", domaintest.TokenIn(mails[0]), "new_password", "nine quiet harbour cranes").Follow().Sees(http.StatusOK, "Your password is set")
		if fresh.Cookies[httpx.SessionCookie] != "" {
			t.Error("accepting opened a session")
		}
		in.Press("Sign in", "email", "new@acme.test", "password", "nine quiet harbour cranes").Follow().Sees(http.StatusOK)
		fresh.Get("/settings").Sees(http.StatusOK, "Administrator")
	}, apptest.WithInbox)
}
