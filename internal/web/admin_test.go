package web_test

import (
	"crypto/x509"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
	"sallyport/internal/mail"
	"sallyport/internal/porttest"
	"sallyport/internal/user"
)

// boss is a browser in which Ada is signed in with her second factor.
func boss(t *testing.T, s *apptest.Server) *apptest.Client {
	t.Helper()
	phone, _ := s.Enrolled(t, apptest.Ada)
	return s.SignedInWith(t, apptest.Ada, phone)
}

// reach lets the server connect to this machine, as an operator can allow, and trust a certificate made for the test.
func reach(s *apptest.Server, roots *x509.CertPool) {
	s.App.Channels.Options = mail.Options{Roots: roots}
}

// save fills in the form as an administrator does who knows the server's password.
func save(p *apptest.Page, m mail.Server, more ...string) *apptest.Page {
	return p.Press("Save", append([]string{
		"host", m.Host, "port", fmt.Sprint(m.Port), "security", string(m.Security), "user", m.User, "server_password", m.Password, "from", m.From, "password", apptest.Password,
	}, more...)...)
}

// TestMailServer is X6 from the first look to the removal: saved, tested, its mail read, changed, removed.
func TestMailServer(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		m := domaintest.NewMailServer(t)
		reach(s, m.Roots)
		c := boss(t, s)
		page := c.Get("/settings").Click("Mail server").Sees(http.StatusOK, "nothing can be mailed", "Use your own server").Lacks("Send a test message")
		c.Post("/admin/mail/test").Sees(http.StatusConflict, "No mail server is set up")
		c.Get("/admin").Sees(http.StatusOK, "E-mail codes not available", "Set up a mail server")
		before := s.Rows(t)
		for _, f := range []struct{ field, value, says string }{
			{"host", "mail server", "Enter the server’s name"},
			{"port", "99999", "a number from 1 to 65535"},
			{"port", "five", "a number from 1 to 65535"},
			{"security", "none", "Choose how the connection is encrypted"},
			{"security", "", "Choose how the connection is encrypted"},
			{"user", "", "Enter the user name that the password belongs to"},
			{"server_password", "", "Enter the password that belongs to the user name"},
			{"from", "nobody", "Enter the sender as one address"},
			{"from", "a@acme.test, b@acme.test", "Enter the sender as one address"},
		} {
			save(page, m.Server, f.field, f.value).Sees(http.StatusUnprocessableEntity, f.says).Lacks(m.Server.Password)
		}
		same(t, before, s.Rows(t), "a slip") // and no try at the password was charged
		save(page, m.Server, "password", "not hers").Sees(http.StatusUnprocessableEntity, "That password isn’t right").Lacks(m.Server.Password)
		save(page, m.Server, "password", "").Sees(http.StatusUnauthorized, "enter your password").Lacks(m.Server.Password)
		if _, ok, err := s.App.Channels.Server(t.Context(), s.Acme.ID); ok || err != nil {
			t.Fatalf("it was saved without the password: %v", err)
		}

		page = save(page, m.Server).Follow().Sees(http.StatusOK, "The mail server is saved", "its own server, "+m.Server.String())
		const held = "owners and administrators who forget their password are mailed no new one"
		c.Get("/admin").Sees(http.StatusOK).Lacks(held)
		for _, byOwner := range []string{"FALSE", "TRUE"} {
			if err := s.DB.Run(t.Context(), db.Write(`UPDATE mail_servers SET by_owner = `+byOwner)); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(c.Get("/admin").Sees(http.StatusOK).Text(), held); got != (byOwner == "FALSE") {
				t.Errorf("chosen by an owner %s: the overview says so %t", byOwner, got)
			}
		}
		if text := page.Text(); !strings.Contains(text, "Nothing has been sent") && !strings.Contains(text, "working Last used today") {
			t.Errorf("it says neither that nothing was sent yet, nor that the notice about the server was: %s", text)
		}
		page = page.Press("Send a test message").Follow().Sees(http.StatusOK, "took the test message. Look whether it arrives at "+apptest.Ada, "working Last used today")
		if mails := m.Mails(); !slices.ContainsFunc(mails, func(s string) bool {
			return strings.Contains(s, "To: <"+apptest.Ada) && strings.Contains(s, "A test message")
		}) {
			t.Errorf("the server has %q", mails)
		}
		c.Get("/admin").Sees(http.StatusOK, "E-mail codes available")

		page = save(page, m.Server, "server_password", "", "from", "other@acme.test").Follow().Sees(http.StatusOK, "The mail server is saved")
		save(page, m.Server, "server_password", "", "host", "localhost").Sees(http.StatusUnprocessableEntity, "the stored one belongs to the server you had before")
		page.Press("Send a test message").Follow().Sees(http.StatusOK, "took the test message")

		page = save(page, m.Server, "server_password", "wrong").Follow()
		page.Press("Send a test message").Sees(http.StatusConflict, "The test message could not be sent", "does not accept the user name and password", "not working")
		closed := m.Server
		closed.Port = int(porttest.Free(t).Port())
		page = save(page, closed).Follow()
		page.Press("Send a test message").Sees(http.StatusConflict, "could not be reached")
		c.Speaks = "de"
		c.Get("/admin/mail").Sees(http.StatusOK, "arbeitet nicht", "Der Mailserver war nicht erreichbar", "Im Einzelnen, auf Englisch: "+closed.String())
		c.Speaks = ""
		page.Press("Send a test message").Sees(http.StatusTooManyRequests, "Too many test messages")
		s.Clock.Advance(10*time.Minute + time.Second)
		page.Press("Send a test message").Sees(http.StatusConflict)

		remove := c.Get("/admin/mail").Click("Remove this server").Sees(http.StatusOK, "There is no other mail server", closed.String())
		remove.Press("Remove", "password", "not hers").Sees(http.StatusUnprocessableEntity, "That password isn’t right")
		remove.Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "The mail server is removed", "nothing can be mailed")
		remove.Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "The mail server is removed")
		if p := c.Get("/admin/mail/remove"); p.At() != "/admin/mail" {
			t.Errorf("removing what is not there led to %s", p.At())
		}
	})
}

// TestUsualPort: whoever leaves the port empty gets the one that goes with the encryption.
func TestUsualPort(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := boss(t, s)
		m := mail.Server{Host: "mail.acme.test", Security: mail.TLS, From: "no-reply@acme.test"}
		for security, want := range map[mail.Security]string{mail.TLS: "mail.acme.test:465", mail.StartTLS: "mail.acme.test:587"} {
			m.Security = security
			save(c.Get("/admin/mail"), m, "port", " ").Follow().Sees(http.StatusOK, want)
		}
	})
}

// TestMailServerNeedsASecondFactor is ASVS 6.3.3: an administrator without one is told to set one up first.
func TestMailServerNeedsASecondFactor(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Alan)
		page := c.Get("/admin/mail").Sees(http.StatusOK, "you need a second factor of your own").Lacks("server_password", "Send a test message")
		page.Click("Set up two-factor authentication").Sees(http.StatusOK, "Add new device")
	})
}

// TestMailServerPasswordStaysInside is B62 and B100: no page, log, record or row shows what was saved; and B65: nor has
// another organisation's administrator anything of it.
func TestMailServerPasswordStaysInside(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		m := domaintest.NewMailServer(t)
		reach(s, m.Roots)
		w := newWalker(t, s)
		c := s.Client(t)
		c.Cookies[httpx.SessionCookie] = w.session
		canary := m.Server.Password
		m.Server.User = "user-canary"
		save(c.Get("/admin/mail"), m.Server, "server_password", canary+"1").Follow()
		c.Get("/admin/mail").Press("Send a test message").Sees(http.StatusConflict, "does not accept") // the server says the password back
		save(c.Get("/admin/mail"), m.Server).Follow()
		c.Get("/admin/mail").Press("Send a test message").Follow().Sees(http.StatusOK, "took the test message")
		save(c.Get("/admin/mail"), m.Server, "password", "not hers").Lacks(canary)
		pages := 0
		for _, rt := range w.routes {
			if rt.Method() != http.MethodGet {
				continue
			}
			if p := w.ask(rt, c.Cookies); p.Status == http.StatusOK {
				pages++
				p.Lacks(canary)
			}
		}
		if pages < 10 {
			t.Errorf("only %d pages were seen", pages)
		}
		for place, text := range map[string]string{"the log": s.Log.String(), "a row": strings.Join(s.Rows(t), "\n")} {
			if strings.Contains(text, canary) {
				t.Errorf("the password is in %s", place)
			}
		}
		if events := strings.Join(s.Rows(t), "\n"); strings.Contains(events, `"user-canary"`) || !strings.Contains(events, "mail_server.set") {
			t.Error("the record tells the user name, or nothing")
		}

		other, err := account.Create(t.Context(), s.DB, s.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		s.AddUser(t, other, "eve@other.test", "Eve", user.Owner)
		eve := s.SignedIn(t, "eve@other.test")
		phone, _ := s.AddDevice(t, eve, "Phone")
		eve = s.SignedInWith(t, "eve@other.test", phone)
		eve.Get("/admin/mail").Sees(http.StatusOK, "There is no mail server").Lacks(m.Server.String(), "user-canary")
		eve.Get("/admin").Sees(http.StatusOK, "Other").Lacks("Acme")
		mine := mail.Server{Host: "mail.other.test", Port: 25, Security: mail.StartTLS, From: "no-reply@other.test"}
		save(eve.Get("/admin/mail"), mine)
		c.Get("/admin/mail").Sees(http.StatusOK, m.Server.String()).Lacks("mail.other.test")
		eve.Get("/admin/mail/remove").Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "removed")
		c.Get("/admin/mail").Sees(http.StatusOK, m.Server.String())
	})
}

// TestMailServerIsTold: whoever did it is mailed, through the deployment's server if there is one: the new one's owner
// would keep it back.
func TestMailServerIsTold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		own, deployment := domaintest.NewMailServer(t), domaintest.NewMailServer(t)
		reach(s, own.Roots)
		s.App.Channels.Mail = mail.New([]mail.Server{deployment.Server}, mail.Options{Roots: deployment.Roots})
		c := boss(t, s)
		page := c.Get("/admin/mail").Sees(http.StatusOK, "through the mail server of whoever runs this service")
		page.Press("Send a test message").Follow().Sees(http.StatusOK, "took the test message")
		told := func(subject string) {
			t.Helper()
			waitFor(t, subject, func() bool {
				return slices.ContainsFunc(deployment.Mails(), func(m string) bool {
					return strings.Contains(decoded(m), subject) && strings.Contains(decoded(m), "Mail server: "+own.Server.String())
				})
			})
		}
		save(page, own.Server).Follow().Sees(http.StatusOK, own.Server.String())
		told("mail server was changed")
		c.Get("/admin/mail/remove").Sees(http.StatusOK, "of whoever runs this service then").Press("Remove", "password", apptest.Password).Follow().Sees(http.StatusOK, "removed")
		told("mail server was removed")
		if i := slices.IndexFunc(own.Mails(), func(m string) bool { return strings.Contains(decoded(m), "mail server was") }); i >= 0 {
			t.Errorf("the own server was told of itself")
		}
	})
}

// waitFor waits for what the dispatcher does by itself.
func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 1200 {
		if done() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("never came: %s", what)
}

// decoded undoes the soft line ends of a mail, and the one character of ours that is encoded.
func decoded(m string) string {
	return strings.NewReplacer("=\r\n", "", "\r\n ", " ", "=E2=80=99", "’").Replace(m)
}

// TestOverview shows an owner what the organisation has: plan, trial, exceptions and why a method is not there (C12–C14, K17).
func TestOverview(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		ctx, plans, now := t.Context(), s.App.Config.Plans, s.Clock.Now()
		see := func() *apptest.Page {
			t.Helper()
			s.Clock.Advance(2 * time.Second)
			return s.SignedIn(t, apptest.Alan).Get("/admin").Sees(http.StatusOK, "Acme")
		}
		see().Sees(http.StatusOK, "Plan business", "Authenticator app available", "not available This server has no gateway").Lacks("Trial")
		end := time.Date(2026, time.December, 25, 0, 0, 0, 0, time.UTC)
		if err := account.SetPlan(ctx, s.DB, now, s.Acme.ID, plans, account.Terms{Plan: "business", TrialEndsAt: end}, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		see().Sees(http.StatusOK, "Trial Until 24 December 2026", "Not available during the trial", "None. Whoever runs the server")
		g := account.Allowance{Method: account.SMS, Reason: "Warehouse <without> phones", Until: end.AddDate(0, 1, 0)}
		if _, err := account.Allow(ctx, s.DB, now, s.Acme.ID, g, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		see().Sees(http.StatusOK, "Until 24 January 2027", "Reason: Warehouse <without> phones").Lacks("during the trial")
		s.Clock.Set(end.AddDate(0, 2, 0))
		see().Sees(http.StatusOK, "Ended on 24 December 2026", "Phone number (SMS) ended It lasted until 24 January 2027.")
	})
}
