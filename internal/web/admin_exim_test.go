package web_test

import (
	"net/http"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/mail"
	"sallyport/internal/mail/eximtest"
	"sallyport/internal/user"
)

// TestMailServerIsReal saves a real mail server in the page, by STARTTLS and by TLS, and reads the test messages in its
// Maildir; then the password is wrong, the certificate unknown, the recipient refused, and the server gone.
func TestMailServerIsReal(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		x := eximtest.Start(t, eximtest.Options{})
		asShipped := s.App.Channels.Options
		reach(s, x.Roots)
		signedIn := func(email string) *apptest.Client {
			t.Helper()
			s.AddUser(t, s.Acme, email, "Root", user.Admin)
			phone, _ := s.Enrolled(t, email)
			return s.SignedInWith(t, email, phone)
		}
		c := signedIn("root@" + x.Domain)
		m := mail.Server{Host: x.Host, Port: x.Port, Security: mail.StartTLS, User: x.User, Password: x.Password, From: "Acme <no-reply@" + x.Domain + ">"}
		test := func(m mail.Server) *apptest.Page {
			t.Helper()
			return save(c.Get("/admin/mail"), m).Follow().Sees(http.StatusOK, "The mail server is saved").Press("Send a test message")
		}
		tests := func() (n int) {
			for _, got := range x.Mails(t, "root") {
				if got.Subject == "A test message" && got.From != "" && got.Text != "" && got.HTML != "" {
					n++
				}
			}
			return n
		}
		test(m).Follow().Sees(http.StatusOK, "took the test message", "working Last used")
		m.Port, m.Security = x.TLSPort, mail.TLS
		test(m).Follow().Sees(http.StatusOK, "took the test message")
		waitFor(t, "both in the Maildir", func() bool { return tests() == 2 })

		wrong := m
		wrong.Password += "x"
		test(wrong).Sees(http.StatusConflict, "does not accept the user name and password", "not working").Lacks(wrong.Password, m.Password)
		mixed := m
		mixed.Security = mail.StartTLS // at the port that begins with TLS
		s.App.Channels.Options.Timeout = 2 * time.Second
		test(mixed).Sees(http.StatusConflict, "could not be reached or did not answer in time")
		reach(s, nil)
		test(m).Sees(http.StatusConflict, "certificate is not trusted")
		reach(s, x.Roots)

		save(c.Get("/admin/mail"), m).Follow().Sees(http.StatusOK)
		s.Clock.Advance(11 * time.Minute) // the brake on tests
		c = signedIn("unknown@" + x.Domain)
		c.Get("/admin/mail").Press("Send a test message").Sees(http.StatusConflict, "refuses this recipient for good")
		s.App.Channels.Options = asShipped
		c.Get("/admin/mail").Press("Send a test message").Sees(http.StatusConflict, "may not be used here")
		reach(s, x.Roots)
		x.Stop(t)
		c.Get("/admin/mail").Press("Send a test message").Sees(http.StatusConflict, "could not be reached")
	})
}
