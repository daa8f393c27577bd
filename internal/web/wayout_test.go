package web_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/httpx"
	"sallyport/internal/notify"
)

var tokenLine = regexp.MustCompile(`\b[0-9a-hjkmnp-tv-z]{26}\b`)

// withInbox runs fn on both engines with a server whose messages go to its inbox.
func withInbox(t *testing.T, fn func(t *testing.T, s *apptest.Server)) {
	t.Helper()
	demo := func(c *config.Config) { c.Demo = true }
	t.Run("sqlite", func(t *testing.T) { fn(t, apptest.Start(t, dbtest.SQLite(t), demo)) })
	t.Run("postgres", func(t *testing.T) { fn(t, apptest.Start(t, dbtest.Postgres(t), demo)) })
}

// arrived waits for the newest message with the subject.
func arrived(t *testing.T, s *apptest.Server, subject string) notify.Received {
	t.Helper()
	var newest notify.Received
	until(t, func() bool {
		for _, m := range s.App.Inbox.Messages() {
			if strings.Contains(m.Subject, subject) {
				newest = m
				return true
			}
		}
		return false
	})
	return newest
}

// until waits for what the server does in the background.
func until(t *testing.T, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !so(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain")
		}
	}
}

// tokens counts the mails with a token to disable, sent or not.
func tokens(t *testing.T, s *apptest.Server) (n int) {
	t.Helper()
	if err := s.DB.Get(t.Context(), `SELECT count(*) FROM outbox WHERE kind = 'disable_token'`, nil, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func count(s *apptest.Server, subject string) (n int) {
	for _, m := range s.App.Inbox.Messages() {
		if strings.Contains(m.Subject, subject) {
			n++
		}
	}
	return n
}

// TestDisableByMail is P13–P15 as a person without script sees it, to the end.
func TestDisableByMail(t *testing.T) {
	withInbox(t, func(t *testing.T, s *apptest.Server) {
		s.Enrolled(t, apptest.Ada)
		c := s.Client(t)
		c.SignIn(apptest.Ada, apptest.Password).Follow().Lacks("Disable two-factor authentication")
		c.Get("/sign-in/disable").Sees(http.StatusOK, "Your organisation does not allow", "backup code", "administrator").Lacks("Mail the token")
		c.Post("/sign-in/disable").Sees(http.StatusConflict, "Your organisation does not allow")
		s.SetPolicy(t, "mailed_disable=disable")
		page := c.Get("/sign-in/verify").Click("Disable two-factor authentication").Sees(http.StatusOK, "we mail a token to ada@acme.test", "your password alone opens your account", "can’t be undone")
		c.Get("/sign-in/disable")
		c.Get("/sign-in/disable/confirm")
		if tokens(t, s) > 0 {
			t.Fatal("looking at the page has mailed something")
		}
		paste := page.Press("Mail the token").Follow().Sees(http.StatusOK, "A token is on its way", "Token", "You can ask for a new token in 60 seconds.")
		paste.Press("Mail a new token").Sees(http.StatusTooManyRequests, "less than a minute ago", "60 seconds")
		token := tokenLine.FindString(arrived(t, s, "Disable two-factor authentication").Text)
		wrong := paste.Press("Disable two-factor authentication", "token", "0"+token[1:25]+"0").Sees(http.StatusUnprocessableEntity, "That token does not work", "Token")
		c.Get("/settings").Sees(http.StatusOK, "Sign in")
		// Choosing another way in between takes no step of this one (B58).
		c.Get("/sign-in/methods").Sees(http.StatusOK)
		c.Get("/sign-in/verify?method=backup_code").Press("Verify", "code", "ACDE-FGHJ-KMNP-QRTV").Sees(http.StatusUnprocessableEntity)
		c.Get("/settings").Sees(http.StatusOK, "Sign in")
		welcome := wrong.Press("Disable two-factor authentication", "token", token).Follow().Sees(http.StatusOK, "Two-factor authentication is off.", "Make your account safer")
		if welcome.At() != "/settings/welcome" {
			t.Errorf("led to %s", welcome.Path)
		}
		arrived(t, s, "Your two-factor authentication was switched off")
		c.Get("/settings/two-factor").Sees(http.StatusOK, "Off")
		if p := c.Post("/sign-in/disable/confirm", "token", token); p.Status != http.StatusSeeOther {
			t.Errorf("sent again: %d", p.Status)
		}
		for _, line := range strings.Split(s.Log.String(), "\n") {
			if strings.Contains(line, token) || strings.Contains(line, apptest.Ada) {
				t.Errorf("logged: %s", line)
			}
		}
		for _, address := range c.Trail {
			if strings.Contains(address, token) {
				t.Errorf("the token is in the address %s", address)
			}
		}
	})
}

// TestReEnrolByMail leads from the token straight into the set-up, and only through it inside.
func TestReEnrolByMail(t *testing.T) {
	withInbox(t, func(t *testing.T, s *apptest.Server) {
		s.Enrolled(t, apptest.Ada)
		s.SetPolicy(t, "mailed_disable=re_enrol")
		c := s.Client(t)
		paste := c.SignIn(apptest.Ada, apptest.Password).Follow().Click("Disable two-factor authentication").Sees(http.StatusOK, "you set up a new device").Press("Mail the token").Follow()
		token := tokenLine.FindString(arrived(t, s, "Disable two-factor authentication").Text)
		setUp := paste.Press("Set up a new device", "token", token).Follow().Sees(http.StatusOK, "Set up two-factor authentication", "was reset")
		if c.Cookies[httpx.SessionCookie] != "" {
			t.Error("there is a session before a device is confirmed")
		}
		c.Get("/settings").Sees(http.StatusOK, "E-mail", "Password")
		c.Get("/sign-in/disable").Sees(http.StatusOK, "Set up two-factor authentication")
		scan := setUp.Press("Add").Sees(http.StatusOK)
		scan.Press("Verify", "code", scan.Phone().Code(s.Clock.Now())).Sees(http.StatusOK)
		c.Get("/settings/two-factor").Sees(http.StatusOK, "confirmed")
	})
}

// TestPlannedEndByMail: the page says when; the link in the mail, the settings and a sign-in call it off.
func TestPlannedEndByMail(t *testing.T) {
	withInbox(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		s.SetPolicy(t, "mailed_disable=disable", "mailed_disable_delay=48h")
		plan := func() {
			t.Helper()
			s.Clock.Advance(2 * time.Hour) // no limit on mails has a say
			c := s.Client(t)
			asked, told := count(s, "Disable two-factor authentication"), count(s, "will be switched off")
			paste := c.SignIn(apptest.Ada, apptest.Password).Follow().Click("Disable two-factor authentication").Sees(http.StatusOK, "48 hours after you enter the token").Press("Mail the token").Follow()
			until(t, func() bool { return count(s, "Disable two-factor authentication") > asked })
			token := tokenLine.FindString(arrived(t, s, "Disable two-factor authentication").Text)
			paste.Press("Plan it", "token", token).Sees(http.StatusOK, "The end of your two-factor authentication is planned", "2026")
			if p := c.Get("/sign-in/verify"); p.At() != "/sign-in" {
				t.Errorf("the sign-in goes on at %s", p.Path)
			}
			until(t, func() bool { return count(s, "will be switched off") > told })
		}
		plan()
		link := regexp.MustCompile(`http\S*/sign-in/keep#([0-9a-z]{26})`).FindStringSubmatch(arrived(t, s, "will be switched off").Text)
		if link == nil {
			t.Fatal("the mail has no link")
		}
		stranger := s.Client(t)
		page := stranger.Get("/sign-in/keep").Sees(http.StatusOK, "Keep two-factor authentication on")
		page.Press("Keep it on", "token", strings.Repeat("0", 26)).Sees(http.StatusUnprocessableEntity, "That token does not work")
		if count(s, "stays on") != 0 {
			t.Error("a wrong token, or a look, has called it off")
		}
		for range 2 {
			page.Press("Keep it on", "token", link[1]).Sees(http.StatusOK, "Your two-factor authentication stays on")
		}
		if stranger.Cookies[httpx.SessionCookie] != "" {
			t.Error("the token has signed somebody in")
		}
		arrived(t, s, "stays on")

		plan()
		in := s.Client(t) // in which she has been signed in since before
		in.Cookies[httpx.SessionCookie] = s.Browse(t, s.Ada).Cookie
		in.Get("/settings/two-factor").Sees(http.StatusOK, "It is going to be switched off").Press("Keep it on").Follow().Sees(http.StatusOK, "Two-factor authentication stays on.").Lacks("going to be switched off")

		plan()
		after := s.SignedInWith(t, apptest.Ada, phone)
		after.Get("/settings/two-factor").Sees(http.StatusOK, "On").Lacks("going to be switched off")

		plan()
		s.Clock.Advance(49 * time.Hour)
		if err := s.App.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.SignedIn(t, apptest.Ada).Get("/settings/two-factor").Sees(http.StatusOK, "Off")
	})
}

// TestKeepNeedsTheSecondFactor: the button of the settings is for a session with the second factor only.
func TestKeepNeedsTheSecondFactor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.SignedIn(t, apptest.Grace).Post("/settings/two-factor/keep").Sees(http.StatusForbidden)
	})
}
