package apptest

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/domaintest"
	"sallyport/internal/otp"
)

// SignIn passes the first door and returns the answer, not followed.
func (c *Client) SignIn(email, password string) *Page {
	c.tb.Helper()
	return c.Get("/sign-in").Sees(http.StatusOK).Press("Sign in", "email", email, "password", password)
}

// SignedIn is a new browser in which somebody without a second factor has signed in.
func (s *Server) SignedIn(tb testing.TB, email string) *Client {
	tb.Helper()
	c := s.Client(tb)
	if p := c.SignIn(email, Password).Follow(); !strings.HasPrefix(p.At(), "/settings") {
		tb.Fatalf("signing in as %s led to %s: %s", email, p.Path, p.Text())
	}
	return c
}

// SignedInWith is a new browser in which somebody has signed in with password and the
// code that the phone shows now. The code is used up, so the clock moves to the next one.
func (s *Server) SignedInWith(tb testing.TB, email string, phone domaintest.Phone) *Client {
	tb.Helper()
	c := s.Client(tb)
	code := c.SignIn(email, Password).Follow().Sees(http.StatusOK, "Enter your authentication code")
	if p := code.Press("Verify", "code", phone.Code(s.Clock.Now())).Follow(); !strings.HasPrefix(p.At(), "/settings") {
		tb.Fatalf("the code of %s led to %s: %s", email, p.Path, p.Text())
	}
	s.Clock.Advance(otp.DefaultPeriod)
	return c
}

// AddDevice enrols an authenticator app in the settings, by the link that the page
// shows, and returns the phone and, for a first device, the backup codes. The clock moves to the next step.
func (s *Server) AddDevice(tb testing.TB, c *Client, name string) (domaintest.Phone, []string) {
	tb.Helper()
	page := c.Get("/settings/two-factor/add").Sees(http.StatusOK).Press("Add", "name", name, "password", Password).Sees(http.StatusOK)
	phone := page.Phone()
	answer := page.Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK)
	s.Clock.Advance(otp.DefaultPeriod)
	return phone, answer.BackupCodes()
}

// Enrolled is Ada's or another's first phone and backup codes; nobody is signed in afterwards.
func (s *Server) Enrolled(tb testing.TB, email string) (domaintest.Phone, []string) {
	tb.Helper()
	c := s.SignedIn(tb, email)
	phone, codes := s.AddDevice(tb, c, "My Phone")
	if len(codes) != 10 {
		tb.Fatalf("%d backup codes, want 10", len(codes))
	}
	c.Post("/sign-out")
	return phone, codes
}

var backupCode = regexp.MustCompile(`<li><code>([A-Z0-9]{4}(?:-[A-Z0-9]{4}){3})</code></li>`)

// Phone reads the page that shows a new device's secret, as a phone does that opens its link.
func (p *Page) Phone() domaintest.Phone {
	p.client.tb.Helper()
	id := ""
	if m := regexp.MustCompile(`action="/settings/two-factor/([^/"]+)/confirm"`).FindStringSubmatch(p.Body); m != nil {
		id = m[1]
	} else {
		id = p.Find(`name="id" value="([^"]+)"`)
	}
	return domaintest.Scan(p.client.tb, id, p.Find(`href="(otpauth://[^"]+)"`))
}

// BackupCodes are those that the page shows, nil if it shows none.
func (p *Page) BackupCodes() (codes []string) {
	for _, m := range backupCode.FindAllStringSubmatch(p.Body, -1) {
		codes = append(codes, m[1])
	}
	return codes
}
