package web_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/httpx"
)

const newPassword = "another twelve quiet geese"

// TestPasswordChange: the old one is asked for, other sessions end, the second factor stays.
func TestPasswordChange(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c, other := s.SignedInWith(t, apptest.Ada, phone), s.SignedInWith(t, apptest.Ada, phone)
		half := s.Client(t)
		halfway := half.SignIn(apptest.Ada, apptest.Password).Follow()
		page := c.Get("/settings")
		for _, f := range []struct{ current, new, says string }{
			{"not it", newPassword, "That password isn’t right"},
			{"", newPassword, "enter your password"},
			{apptest.Password, apptest.Password, "password you have now"},
			{apptest.Password, "short", "8 characters"},
			{apptest.Password, "password1", "attackers try"},
			{apptest.Password, strings.Repeat("a", 4097), "could not be read"},
		} {
			p := page.Press("Change password", "current_password", f.current, "new_password", f.new)
			if p.Status < 400 || p.Status > 499 || !strings.Contains(p.Text(), f.says) {
				t.Errorf("from %q to %.20q: status %d, want %q: %s", f.current, f.new, p.Status, f.says, p.Text())
			}
			p.Lacks(apptest.Password, newPassword)
		}
		before := c.Cookies[httpx.SessionCookie]
		page.Press("Change password", "current_password", apptest.Password, "new_password", newPassword).Follow().
			Sees(http.StatusOK, "Your password is changed")
		if c.Cookies[httpx.SessionCookie] == before {
			t.Error("the session kept its secret")
		}
		dead(t, other)
		halfway.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusGone, "Sign in again")
		thief := s.Client(t)
		thief.Cookies[httpx.SessionCookie] = before
		dead(t, thief)
		again := s.Client(t)
		again.SignIn(apptest.Ada, apptest.Password).Sees(http.StatusUnauthorized)
		again.SignIn(apptest.Ada, newPassword).Follow().Sees(http.StatusOK, "Enter your authentication code")
	})
}

// dead fails the test unless the browser is signed out.
func dead(t *testing.T, c *apptest.Client) {
	t.Helper()
	if p := c.Clone().Get("/settings"); p.At() != "/sign-in" {
		t.Errorf("a session that must have ended opened %s", p.Path)
	}
}

// TestDevices: rename, remove, and the last one with it the backup codes (C9, C10, A3–A6).
func TestDevices(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrolled(t, apptest.Ada)
		c := s.SignedInWith(t, apptest.Ada, phone)
		tablet, _ := s.AddDevice(t, c, "Tablet")
		base := "/settings/two-factor/" + tablet.FactorID
		rename := c.Get(base+"/rename").Sees(http.StatusOK, "Tablet")
		rename.Press("Rename", "name", "my phone").Sees(http.StatusConflict, "You have a device of this name already")
		rename.Press("Rename", "name", strings.Repeat("x", 41)).Sees(http.StatusUnprocessableEntity, "1 to 40 characters")
		rename.Press("Rename", "name", " <b>Slate</b> ").Follow().Sees(http.StatusOK, "The device has a new name", "<b>Slate</b>")

		other := s.SignedInWith(t, apptest.Ada, phone)
		remove := c.Get(base + "/remove").Sees(http.StatusOK).Lacks("last")
		remove.Press("Remove", "password", "not it").Sees(http.StatusUnprocessableEntity, "That password isn’t right")
		remove.Press("Remove", "password", "").Sees(http.StatusUnauthorized)
		remove.Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "The device is removed").Lacks("Slate")
		dead(t, other)
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().
			Press("Verify", "code", tablet.Code(s.Clock.Now())).Sees(http.StatusUnprocessableEntity)
		remove.Press("Remove", "password", apptest.Password).Sees(http.StatusNotFound)

		fresh := c.Get("/settings/two-factor/backup-codes").Sees(http.StatusOK)
		fresh.Press("Generate new backup codes", "password", "not it").Sees(http.StatusUnprocessableEntity)
		more := fresh.Press("Generate new backup codes", "password", apptest.Password).Sees(http.StatusOK).BackupCodes()
		if len(more) != 10 || more[0] == codes[0] {
			t.Fatalf("new codes: %d", len(more))
		}
		door := s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Click("Use a backup code")
		door.Press("Verify", "code", codes[5]).Sees(http.StatusUnprocessableEntity)
		door.Press("Verify", "code", more[5]).Follow().Sees(http.StatusOK, "You are signed in.")

		c.Get("/settings/two-factor/"+phone.FactorID+"/remove").Sees(http.StatusOK, "last").
			Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "Two-factor authentication is off")
		c.Get("/settings/two-factor/backup-codes").Sees(http.StatusOK, "when your first device is confirmed")
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "Make your account safer")
	})
}

// TestUnfinishedDevice: a device that waits for its first code is shown as such, can be
// finished, and lapses (B54, I4).
func TestUnfinishedDevice(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		scan := c.Get("/settings/two-factor/add").Press("Add", "name", "Phone", "password", apptest.Password).Sees(http.StatusOK)
		phone := scan.Phone()
		c.Get("/settings/two-factor").Sees(http.StatusOK, "Phone").Lacks(">confirmed<")
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "Make your account safer")
		confirm := c.Get("/settings/two-factor/" + phone.FactorID + "/confirm").Sees(http.StatusOK).Lacks("otpauth:")
		if p := c.Get("/settings/two-factor/" + phone.FactorID + "/rename"); p.At() != "/settings/two-factor/"+phone.FactorID+"/confirm" {
			t.Errorf("renaming a device that is not confirmed led to %s, status %d", p.Path, p.Status)
		}
		s.Clock.Advance(15 * time.Minute)
		confirm.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusGone, "took too long")
		c.Get("/settings/two-factor").Sees(http.StatusOK, "No devices yet")
	})
}

// TestOthersDevices: the id of another person's device opens nothing (B52).
func TestOthersDevices(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c := s.SignedIn(t, apptest.Grace)
		own, _ := s.AddDevice(t, c, "Grace's")
		ada := s.SignedInWith(t, apptest.Ada, phone)
		s.SignedInWith(t, apptest.Ada, phone)
		session := ada.Get("/settings/sessions").Find(`action="/settings/sessions/([^/]+)/end"`)
		c.Get("/settings") // a minute has passed: that the session was used is noted now
		has := func(row string) bool {
			return slices.ContainsFunc(s.Rows(t), func(r string) bool { return strings.HasPrefix(r, row) })
		}
		for _, what := range []string{"confirm", "rename", "remove"} {
			path := "/settings/two-factor/" + phone.FactorID + "/" + what
			c.Get(path).Sees(http.StatusOK, "no longer in the list").Lacks("My Phone")
			c.Post(path, "name", "Mine", "password", apptest.Password, "code", own.Code(s.Clock.Now()), "id", phone.FactorID).Sees(http.StatusNotFound)
		}
		c.Post("/settings/sessions/" + session + "/end").Sees(http.StatusNotFound)
		if !has("factor "+phone.FactorID+" My Phone confirmed") || !has("session "+session) {
			t.Error("Grace changed a device or session of Ada's")
		}
	})
}

// TestSessions: they are listed, and one, all others, and one's own can be ended.
func TestSessions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		first, second, third := s.SignedIn(t, apptest.Ada), s.SignedIn(t, apptest.Ada), s.SignedIn(t, apptest.Ada)
		list := first.Get("/settings/sessions").Sees(http.StatusOK, "Firefox on Linux", "127.0.0.1")
		if n := strings.Count(list.Body, "/end\""); n != 2 {
			t.Errorf("%d sessions can be ended, want 2", n)
		}
		list.Press("End").Follow().Sees(http.StatusOK, "The session has ended.")
		ended := 0
		for _, c := range []*apptest.Client{second, third} {
			if c.Clone().Get("/settings").At() == "/sign-in" {
				ended++
			}
		}
		if ended != 1 {
			t.Errorf("%d of the two sessions have ended, want 1", ended)
		}
		first.Get("/settings/sessions").Press("End all other sessions").Follow().Sees(http.StatusOK, "All other sessions have ended.").Lacks("/end\"")
		dead(t, second)
		dead(t, third)
		copied := first.Clone()
		first.Get("/settings").Press("Sign out").Follow().Sees(http.StatusOK, "You are signed out.")
		dead(t, copied)
		second.Get("/settings").Sees(http.StatusOK, "Sign in").Lacks("ada@acme.test")
	})
}

// TestReset: after a reset the next sign-in demands a new device, and enrolling inside a
// pending sign-in works exactly then (T15, B49).
func TestReset(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrolled(t, apptest.Grace)
		in := s.SignedInWith(t, apptest.Grace, phone)
		half := s.Client(t)
		half.SignIn(apptest.Grace, apptest.Password)
		for _, path := range []string{"/sign-in/set-up", "/sign-in/set-up/confirm"} { // one is enrolled: not here
			if p := half.Post(path, "name", "Thief", "id", phone.FactorID, "code", "123456"); p.Status < 400 {
				t.Errorf("%s with a device enrolled: status %d", path, p.Status)
			}
		}
		if err := s.Admin.ResetTwoFactor(t.Context(), s.Grace, "lost", audit.Operator()); err != nil {
			t.Fatal(err)
		}
		s.Clock.Advance(time.Second)
		dead(t, in)
		half.Get("/sign-in/verify").Sees(http.StatusGone)

		c := s.Client(t)
		page := c.SignIn(apptest.Grace, apptest.Password).Follow().Sees(http.StatusOK, "Your two-factor authentication was reset")
		dead(t, c)
		c.Post("/sign-in/verify", "code", codes[0]).Lacks("You are signed in.")
		scan := page.Press("Add", "name", "New Phone").Sees(http.StatusOK, "New Phone")
		again := scan.Phone()
		scan.Press("Verify", "code", again.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "isn’t valid").Lacks("otpauth:")
		before := c.Cookies[httpx.PendingCookie]
		done := scan.Press("Verify", "code", again.Code(s.Clock.Now())).Sees(http.StatusOK)
		if len(done.BackupCodes()) != 10 {
			t.Errorf("%d backup codes", len(done.BackupCodes()))
		}
		done.Press("I have saved them").Follow().Sees(http.StatusOK, "New Phone", "confirmed")
		late := s.Client(t)
		late.Cookies[httpx.PendingCookie] = before
		late.Get("/sign-in/set-up").Sees(http.StatusGone)
		s.Clock.Advance(30 * time.Second)
		s.SignedInWith(t, apptest.Grace, again)
	})
}

// TestFirstRun: the link of a first start works once, for a day, and until an account exists.
func TestFirstRun(t *testing.T) {
	eachEmpty(t, func(t *testing.T, s *apptest.Server) {
		ctx, c := t.Context(), s.Client(t)
		link, err := s.App.FirstRunURL(ctx)
		if err != nil {
			t.Fatal(err)
		}
		path := link[strings.Index(link, "/set-up"):]
		c.Get("/sign-in").Sees(http.StatusOK, "Nobody can sign in yet").Lacks(`name="password"`)
		c.Get("/set-up").Sees(http.StatusGone)
		c.Get("/set-up?token=guess").Sees(http.StatusGone)
		form := c.Get(path).Sees(http.StatusOK, "Set up the first organisation")
		fill := func(password, email string) []string {
			return []string{"organisation", "Example Works", "your_name", "Mary", "email", email, "password", password}
		}
		form.Press("Set up", fill("password", "mary@example.test")...).Sees(http.StatusUnprocessableEntity, "attackers try")
		form.Press("Set up", fill(newPassword, "mary")...).Sees(http.StatusUnprocessableEntity, "e-mail address like")
		form.Press("Set up", "organisation", "", "your_name", "", "email", "mary@example.test", "password", newPassword).Sees(http.StatusUnprocessableEntity)
		s.Clock.Advance(24 * time.Hour)
		form.Press("Set up", fill(newPassword, "mary@example.test")...).Sees(http.StatusGone)
		if link, err = s.App.FirstRunURL(ctx); err != nil {
			t.Fatal(err)
		}
		c.Get(path).Sees(http.StatusGone) // a new start ends the old link
		form = c.Get(link[strings.Index(link, "/set-up"):]).Sees(http.StatusOK)
		form.Press("Set up", fill(newPassword, "mary@example.test")...).Follow().
			Sees(http.StatusOK, "The organisation is set up. Its people sign in at http://localhost:", "/sign-in?account=example-works.", "to Example Works")
		form.Press("Set up", fill(newPassword, "eve@example.test")...).Sees(http.StatusGone)
		if link, err = s.App.FirstRunURL(ctx); err != nil || link != "" {
			t.Errorf("with an account there is a link still: %q, %v", link, err)
		}
		c.SignIn("mary@example.test", newPassword).Follow().Sees(http.StatusOK, "Make your account safer")
	})
}

// TestProofsByPolicy: what adding and removing ask for follows the account's policy (K1, K7).
func TestProofsByPolicy(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		s.SetPolicy(t, "removal=password_and_code", "enrolment=recent_sign_in")
		c := s.SignedInWith(t, apptest.Ada, phone)
		scan := c.Get("/settings/two-factor/add").Sees(http.StatusOK).Lacks(`name="password"`).Press("Add", "name", "Tablet").Sees(http.StatusOK)
		tablet := scan.Phone()
		scan.Press("Verify", "code", tablet.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "Tablet")
		s.Clock.Advance(30 * time.Second)
		remove := c.Get("/settings/two-factor/" + tablet.FactorID + "/remove").Sees(http.StatusOK)
		remove.Press("Remove", "password", apptest.Password, "code", "").Sees(http.StatusUnprocessableEntity, "six digits")
		remove.Press("Remove", "password", apptest.Password, "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "isn’t valid")
		remove.Press("Remove", "password", "not it", "code", phone.Code(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "password isn’t right")
		remove.Press("Remove", "password", apptest.Password, "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "The device is removed")
		s.Clock.Advance(16 * time.Minute) // the sign-in is recent no longer
		c.Get("/settings/two-factor/add").Sees(http.StatusOK, "Password")
		c.Post("/settings/two-factor/add", "name", "Third").Sees(http.StatusUnauthorized, "enter your password")

		s.SetPolicy(t, "removal=recent_sign_in")
		s.Clock.Advance(time.Second)
		c.Get("/settings/two-factor/"+phone.FactorID+"/remove").Sees(http.StatusOK, "Password").
			Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "Two-factor authentication is off")
	})
}

// TestClockHelp: a phone whose clock is two minutes off is helped with its next code, while
// adding it and at the door (K10, P7–P9).
func TestClockHelp(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		scan := c.Get("/settings/two-factor/add").Press("Add", "password", apptest.Password).Sees(http.StatusOK)
		phone := scan.Phone()
		phone.Off = -2 * time.Minute
		off := scan.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "clock is about 2 minutes behind")
		s.Clock.Advance(30 * time.Second)
		if codes := off.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusOK).BackupCodes(); len(codes) != 10 {
			t.Fatalf("%d backup codes", len(codes))
		}
		s.Clock.Advance(30 * time.Second)
		s.SignedInWith(t, apptest.Ada, phone) // the difference is remembered

		phone.Off = 2 * time.Minute // the clock was set, wrongly again
		door := s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow()
		again := door.Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "date and time on your phone")
		s.Clock.Advance(30 * time.Second)
		again.Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
	})
}
