package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
)

const privateBox = "private@ada.test"

// withMailbox signs Ada in and gives her a mailbox as her only factor, without script.
func withMailbox(t *testing.T, s *apptest.Server) *apptest.Client {
	t.Helper()
	c := s.SignedIn(t, apptest.Ada)
	confirm := c.Get("/settings/two-factor/add-email").Press("Next", "address", privateBox, "password", apptest.Password).Follow().Sees(http.StatusOK)
	confirm.Press("Verify", "code", s.Mail(t, privateBox).Subject[:6]).Sees(http.StatusOK)
	s.Clock.Advance(time.Minute)
	return c
}

// codeSent has a code sent from a page that asks for one again, and returns the page as it is then, and the code.
func codeSent(t *testing.T, s *apptest.Server, c *apptest.Client, path string) (page *apptest.Page, code string) {
	t.Helper()
	before := c.Get(path).Sees(http.StatusOK, "We can send you one")
	page = before.Press("Send a code to p•••@ada.test").Follow().Sees(http.StatusOK, "A code is on its way to p•••@ada.test")
	if page.At() != path {
		t.Errorf("the button of %s leads to %s", path, page.At())
	}
	before.Press("Send a code to p•••@ada.test").Sees(http.StatusTooManyRequests, "less than a minute ago", "on its way to")
	for _, method := range []string{"fac_none", ""} {
		if p := c.Post(path+"/send", "method", method).Follow(); p.At() != path {
			t.Errorf("a way that is none leads to %s", p.At())
		}
	}
	c.Get(path + "/send").Follow().Sees(http.StatusOK)
	return page, s.Mail(t, privateBox).Subject[:6]
}

// TestCodeForNewBackupCodes: who has only a mailbox as a factor, and must give a code again (K1), has it sent from the page.
func TestCodeForNewBackupCodes(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := withMailbox(t, s)
		const path = "/settings/two-factor/backup-codes"
		c.Get(path).Sees(http.StatusOK).Lacks("Send a code")
		s.SetPolicy(t, "removal=password_and_code")
		s.Clock.Advance(time.Second) // sessions remember the policy no longer
		page, code := codeSent(t, s, c, path)
		page.Press("Generate new backup codes", "password", apptest.Password, "code", other(code)).Sees(http.StatusUnprocessableEntity, "on its way to")
		made := page.Press("Generate new backup codes", "password", apptest.Password, "code", code).Sees(http.StatusOK)
		if n := strings.Count(made.Body, "<li><code>"); n != 10 {
			t.Errorf("%d backup codes are shown", n)
		}
		page.Press("Generate new backup codes", "password", apptest.Password, "code", code).Sees(http.StatusUnprocessableEntity)
	}, apptest.WithInbox)
}

// TestCodeForARemoval is the same at the page that removes a device.
func TestCodeForARemoval(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := withMailbox(t, s)
		path := c.Get("/settings/two-factor").Click("Remove").Sees(http.StatusOK).Lacks("Send a code").At()
		s.SetPolicy(t, "removal=password_and_code")
		s.Clock.Advance(time.Second) // sessions remember the policy no longer
		page, code := codeSent(t, s, c, path)
		page.Press("Remove", "password", apptest.Password, "code", other(code)).Sees(http.StatusUnprocessableEntity, "on its way to")
		if p := c.Post("/settings/two-factor/fac_none/remove/send", "method", "fac_none").Follow(); p.At() != "/settings/two-factor" {
			t.Errorf("a device that is none leads to %s", p.At())
		}
		page.Press("Remove", "password", apptest.Password, "code", code).Follow().Sees(http.StatusOK, "Two-factor authentication is off")
	}, apptest.WithInbox)
}

// other is a code that is not this one.
func other(code string) string {
	return string('0'+('9'-code[0])) + code[1:]
}
