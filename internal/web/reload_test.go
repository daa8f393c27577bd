package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db/dbtest"
)

// TestReloadedForms sends again the forms whose answers show secrets once: the codes that
// were saved stay, and the page says why it does not show them a second time.
func TestReloadedForms(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		scan := c.Get("/settings/two-factor/add").Press("Add", "password", apptest.Password).Sees(http.StatusOK)
		phone := scan.Phone()
		code := phone.Code(s.Clock.Now())
		first := scan.Press("Verify", "code", code).Sees(http.StatusOK).BackupCodes()
		scan.Press("Verify", "code", code).Follow().Sees(http.StatusOK, "“My Phone” is confirmed. The backup codes are shown only once", "10 of 10 codes left")

		form := c.Get("/settings/two-factor/backup-codes")
		page := form.Press("Generate new backup codes", "password", apptest.Password).Sees(http.StatusOK)
		second := page.BackupCodes()
		again := form.Press("Generate new backup codes", "password", apptest.Password).
			Sees(http.StatusConflict, "New backup codes were made already. They are shown only once.").Lacks(second[0])
		page.Press("I have saved them").Follow().Sees(http.StatusOK, "Your new backup codes are in force.")
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", second[0]).Follow().
			Sees(http.StatusOK, "You used a backup code; 9 are left.").Lacks("Generate new backup codes")
		again.Press("Generate new backup codes", "password", apptest.Password).Sees(http.StatusOK) // who did not save them gets others from there
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", first[0]).Sees(http.StatusUnprocessableEntity)

		if err := s.Admin.ResetTwoFactor(t.Context(), s.Grace, "lost", audit.Operator()); err != nil {
			t.Fatal(err)
		}
		c = s.Client(t)
		scan = c.SignIn(apptest.Grace, apptest.Password).Follow().Press("Add", "name", "New Phone").Sees(http.StatusOK)
		code = scan.Phone().Code(s.Clock.Now())
		scan.Press("Verify", "code", code).Sees(http.StatusOK)
		scan.Press("Verify", "code", code).Follow().Sees(http.StatusOK, "“New Phone” is confirmed. The backup codes are shown only once")
	})
}

// TestFewBackupCodes: from three left the line about a backup code leads to new ones.
func TestFewBackupCodes(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	_, codes := s.Enrolled(t, apptest.Ada)
	for i, code := range codes[:7] {
		p := s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", code).Follow()
		if got := strings.Contains(p.Text(), "left. Generate new backup codes"); got != (i == 6) {
			t.Errorf("after %d codes: %s", i+1, p.Text())
		}
	}
}

// TestNoticesAreShownOnce: not again by a reload, and not because a link or a stranger's page says so.
func TestNoticesAreShownOnce(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := s.Client(t)
	c.Get("/sign-in?done=signed_out").Sees(http.StatusOK).Lacks("You are signed out.")
	c.SignIn(apptest.Ada, apptest.Password).Follow().Press("Not now").Follow().Sees(http.StatusOK, "You are signed in.")
	c.Get("/settings?done=password_changed").Sees(http.StatusOK).Lacks("You are signed in.", "Your password is changed")
	c.Cookies[noticeCookie] = "signed_out" // as left behind
	c.Get("/settings").Sees(http.StatusOK).Lacks("You are signed out.")
	c.Cookies[noticeCookie] = "device_confirmed" // of nothing that there is
	c.Get("/settings").Sees(http.StatusOK).Lacks("is confirmed")
	for _, odd := range []string{"backup_code_used.one", "x", "<b>", "session_ended "} {
		c.Cookies[noticeCookie] = odd
		c.Get("/settings").Sees(http.StatusOK).Lacks(`role="status"`)
	}
	out := c.Get("/settings").Press("Sign out")
	out.Follow().Sees(http.StatusOK, "You are signed out.")
	if p := c.Get("/sign-in").Lacks("You are signed out."); c.Cookies[noticeCookie] != "" {
		t.Errorf("the notice stays: %s", p.Text())
	}
	for _, cookie := range out.Cookies {
		if cookie.Name == noticeCookie && cookie.MaxAge != 60 {
			t.Errorf("the notice lives %d seconds", cookie.MaxAge)
		}
	}
}

// TestNextIsCarried: who was on the way to a page gets there by way of the recommended set-up.
func TestNextIsCarried(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := s.Client(t)
	welcome := c.Get("/settings/sessions").Press("Sign in", "email", apptest.Ada, "password", apptest.Password).Follow().Sees(http.StatusOK, "Make your account safer")
	add := welcome.Click("Set up now")
	scan := add.Press("Add", "password", "not it").Press("Add", "password", apptest.Password).Sees(http.StatusOK)
	phone := scan.Phone()
	codes := scan.Press("Verify", "code", phone.Wrong(s.Clock.Now())).Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusOK)
	if p := codes.Press("I have saved them").Follow().Sees(http.StatusOK, "Keep your backup codes safe."); p.At() != "/settings/sessions" {
		t.Errorf("led to %s", p.Path)
	}
	s.Clock.Advance(30 * time.Second)
	for _, next := range []string{"//evil.example", "https://evil.example/", "/\\evil.example"} {
		c.Get("/settings/two-factor/add?next=" + url.QueryEscape(next)).Lacks("evil")
		if p := c.Post("/settings/two-factor/backup-codes/saved", "next", next); p.Header.Get("Location") != "/settings/two-factor" {
			t.Errorf("%s led to %s", next, p.Header.Get("Location"))
		}
	}
}

// TestFormAddresses: an address that only takes a form leads to the page with the form.
func TestFormAddresses(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	c := s.SignedIn(t, apptest.Ada)
	for from, want := range map[string]string{
		"/settings/password": "/settings", "/settings/two-factor/backup-codes/saved": "/settings/two-factor", "/sign-in/set-up/confirm": "/settings",
		"/settings/sessions/end-others": "/settings/sessions", "/settings/sessions/ses_x/end": "/settings/sessions", "/sign-in/cancel": "/settings", "/sign-out": "/sign-out",
	} {
		if p := c.Get(from).Sees(http.StatusOK); p.At() != want {
			t.Errorf("%s led to %s, want %s", from, p.Path, want)
		}
	}
	r := s.Client(t).Request(http.MethodGet, "/sign-in", nil)
	r.Host = "other.example"
	address := s.App.Config.PublicURL.String()
	if p := c.Send(r).Sees(http.StatusMisdirectedRequest, "It answers at "+address); !strings.Contains(p.Body, `href="`+address+`"`) {
		t.Errorf("no link to %s: %s", address, p.Body)
	}
}
