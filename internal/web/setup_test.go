package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/httpx"
)

// setPolicy changes the policy of the account Acme.
func setPolicy(t *testing.T, s *apptest.Server, settings ...string) {
	t.Helper()
	a, err := account.BySlug(t.Context(), s.DB, "acme")
	if err != nil {
		t.Fatal(err)
	}
	p, err := a.Policy.With(settings...)
	if err != nil {
		t.Fatal(err)
	}
	if err := account.SetPolicy(t.Context(), s.DB, s.Clock.Now(), a.ID, p, audit.Operator()); err != nil {
		t.Fatal(err)
	}
}

// TestRequiredSignIn walks the way of somebody who must set up: whoever is signed in is led to the door, the sign-in
// offers a choice, and ends where they wanted to go (T11).
func TestRequiredSignIn(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Grace)
		setPolicy(t, s, "enforcement=required", "methods=totp,email")
		s.Clock.Advance(time.Second)
		door := c.Get("/settings/sessions").Follow().Sees(http.StatusOK, "Your organisation now requires two-factor authentication. Sign in again to set it up.")
		door.Press("Sign in", "email", apptest.Grace, "password", apptest.Password).Follow().
			Sees(http.StatusOK, "Your organisation requires two-factor authentication", "authenticator app", "Or another way", "E-mail codes").Lacks("Phone number")
		if _, in := c.Cookies[httpx.SessionCookie]; in {
			t.Error("there is a session before the set-up")
		}
		c.Get("/settings").Follow().Sees(http.StatusOK, "Sign in")
		mailbox := c.Get("/sign-in/set-up?method=email").Sees(http.StatusOK, "At each sign-in you get a mail")
		mailbox.Find(`name="address"[^>]*(value="grace@acme.test")`)
		mailbox.Press("Next", "address", "no mailbox").Sees(http.StatusUnprocessableEntity, "Enter an e-mail address").Find(`(value="no mailbox")`)
		confirm := mailbox.Press("Next").Follow().Sees(http.StatusOK, "g•••@acme.test", "Resend code")
		code := s.SentCode(t, apptest.Grace, 2)
		confirm.Press("Resend code").Sees(http.StatusTooManyRequests, "less than a minute ago")
		confirm.Press("Verify", "code", "000 000").Sees(http.StatusUnprocessableEntity, "g•••@acme.test")
		codes := confirm.Press("Verify", "code", code).Sees(http.StatusOK, "Backup codes")
		if n := len(codes.BackupCodes()); n != 10 {
			t.Errorf("%d backup codes", n)
		}
		codes.Press("I have saved them").Follow().Sees(http.StatusOK, "The browsers in which you are signed in")
		c.Get("/settings/two-factor").Sees(http.StatusOK, "My mailbox")
	}, apptest.WithInbox)
}

// TestConfirmedTwice: the form that confirms a first device is sent twice, with the browser's new cookies or the page's besides. The second
// answer leads where the first did, by way of what is to be said of the codes that it can't show; without a session it leads to a sign-in that
// does. No page of it needs a script.
func TestConfirmedTwice(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		begin := func() (*apptest.Client, *apptest.Page) {
			t.Helper()
			s.Clock.Advance(time.Minute)
			if err := s.Admin.ResetTwoFactor(t.Context(), s.Grace, "lost", audit.Operator()); err != nil {
				t.Fatal(err)
			}
			c := s.Client(t)
			scan := c.Get("/sign-in?next=/settings/sessions").Press("Sign in", "email", apptest.Grace, "password", apptest.Password).Follow().Press("Add", "name", "Phone")
			return c, scan.Sees(http.StatusOK)
		}
		for _, keep := range []bool{true, false} {
			c, scan := begin()
			code, pending := scan.Phone().Code(s.Clock.Now()), c.Clone().Cookies[httpx.PendingCookie]
			scan.Press("Verify", "code", code).Sees(http.StatusOK, "Save your backup codes")
			if keep {
				c.Cookies[httpx.PendingCookie] = pending
			}
			way := scan.Press("Verify", "code", code).Sees(http.StatusOK, "Backup codes are shown only once").Find(`<a class="button primary" href="([^"]+)"`)
			if way != "/settings/sessions" {
				t.Errorf("with the page's cookie %t: on to %s", keep, way)
			}
		}

		c, scan := begin()
		code, before := scan.Phone().Code(s.Clock.Now()), c.Clone()
		scan.Press("Verify", "code", code).Sees(http.StatusOK)
		again := scan.In(before).Press("Verify", "code", code).Sees(http.StatusGone).Find(`<a class="button primary" href="([^"]+)"`)
		if !strings.HasSuffix(again, "next=%2Fsettings%2Fsessions") {
			t.Errorf("without the first answer's cookies: on to %s", again)
		}

		setPolicy(t, s, "backup_codes=off")
		_, scan = begin()
		code = scan.Phone().Code(s.Clock.Now())
		for range 2 {
			if to := scan.Press("Verify", "code", code).Header.Get("Location"); to != "/settings/sessions" {
				t.Errorf("without backup codes: on to %s", to)
			}
		}
		c = s.SignedIn(t, apptest.Alan)
		scan = c.Get("/settings/two-factor/add?next=/settings/sessions").Press("Add", "password", apptest.Password).Sees(http.StatusOK)
		code = scan.Phone().Code(s.Clock.Now())
		for range 2 {
			if to := scan.Press("Verify", "code", code).Header.Get("Location"); to != "/settings/sessions" {
				t.Errorf("in the settings, without backup codes: on to %s", to)
			}
		}
		setPolicy(t, s, "backup_codes=on")

		// Somebody else's sign-in in the same browser has waited too long: whose session is there has confirmed nothing.
		c = s.SignedIn(t, apptest.Ada)
		other, late := begin()
		other.Cookies[httpx.SessionCookie] = c.Cookies[httpx.SessionCookie]
		delete(other.Cookies, httpx.PendingCookie)
		if to := late.Press("Verify", "code", "123456").Header.Get("Location"); to != "/settings/sessions" {
			t.Errorf("with another's session: on to %s", to)
		}

		c = s.SignedIn(t, apptest.Ada)
		scan = c.Get("/settings/two-factor/add?next=/settings/sessions").Press("Add", "password", apptest.Password).Sees(http.StatusOK)
		code = scan.Phone().Code(s.Clock.Now())
		scan.Press("Verify", "code", code).Sees(http.StatusOK, "Save your backup codes")
		scan.Press("Verify", "code", code).Sees(http.StatusOK, "Backup codes are shown only once").Find(`<a class="button primary" href="(/settings/sessions)"`)
	})
}

// TestGraceIsSaid is K5: each sign-in says how many days are left, and goes on.
func TestGraceIsSaid(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		setPolicy(t, s, "enforcement=required", "grace_days=10", "methods=sms,totp")
		for day, left := range map[int]string{0: "You have 10 days left.", 9: "You have 1 day left."} {
			c := s.Client(t)
			s.Clock.Set(s.Clock.Now().AddDate(0, 0, day))
			page := c.SignIn(apptest.Grace, apptest.Password).Follow().Sees(http.StatusOK, left, "Set up now")
			page.Press("Not now").Follow().Sees(http.StatusOK, "You are signed in.")
			s.Clock.Set(s.Clock.Now().AddDate(0, 0, -day))
		}
	}, apptest.WithInbox)
}

// TestRecommendedAgain: an organisation's recommendation comes again after a week; the product's own comes once (A1).
func TestRecommendedAgain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		setPolicy(t, s, "enforcement=recommended")
		s.Client(t).SignIn(apptest.Grace, apptest.Password).Follow().Sees(http.StatusOK, "Your organisation recommends it.").Press("Not now")
		for days, again := range map[int]bool{6: false, 8: true} {
			s.Clock.Set(s.Clock.Now().AddDate(0, 0, days))
			page := s.Client(t).SignIn(apptest.Grace, apptest.Password).Follow()
			if got := strings.Contains(page.Body, "Your organisation recommends it."); got != again {
				t.Errorf("after %d days it is recommended: %v", days, got)
			}
			s.Clock.Set(s.Clock.Now().AddDate(0, 0, -days))
		}
	})
}

// TestMailedSetUpPage: with the policy's mailed token the page asks for it first.
func TestMailedSetUpPage(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		setPolicy(t, s, "enforcement=required", "mailed_set_up=on", "methods=totp")
		c := s.Client(t)
		page := c.SignIn(apptest.Grace, apptest.Password).Follow().Sees(http.StatusOK, "We mailed a token to grace@acme.test")
		c.Post("/sign-in/set-up", "method", "totp", "name", "Thief's").Follow().Sees(http.StatusOK, "We mailed a token")
		page.Press("Mail a new token").Sees(http.StatusTooManyRequests, "less than a minute ago")
		page.Press("Next", "token", "nonsense").Sees(http.StatusUnprocessableEntity, "That token does not work")
		page.Press("Next", "token", s.MailedToken(t, apptest.Grace)).Follow().Sees(http.StatusOK, "Device name")
	}, apptest.WithInbox)
}
