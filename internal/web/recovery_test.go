package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/httpx"
	"sallyport/internal/user"
)

// TestForgottenPassword walks from the sign-in page to a session: mail, token, new password, and then both doors (B56).
func TestForgottenPassword(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		open := s.SignedInWith(t, apptest.Ada, phone)
		c := s.Client(t)
		form := c.Get("/sign-in?account=acme").Click("Forgotten your password?").Sees(http.StatusOK)
		form.Press("Send the mail", "email", " ").Sees(http.StatusUnprocessableEntity, "Enter your e-mail address")
		form.Press("Send the mail", "email", "ada").Sees(http.StatusUnprocessableEntity, "name@example.com")
		sent := form.Press("Send the mail", "email", "ADA@acme.test").Follow().Sees(http.StatusOK, "If there is an account with this address")
		token := s.MailedToken(t, apptest.Ada)
		if inbox := c.Get("/demo/inbox").Body; !strings.Contains(inbox, `href="/forgot-password/new#`+token+`">Open the link</a>`) {
			t.Errorf("the inbox has no link: %s", inbox)
		}
		page := sent.Click("Enter the token from the mail").Sees(http.StatusOK, "Choose a new password")
		page.Find(`(data-fragment)`)
		page.Press("Change password", "token", token[1:], "new_password", newPassword).Sees(http.StatusUnprocessableEntity, "That token does not work")
		weak := page.Press("Change password", "token", token, "new_password", "password1").Sees(http.StatusUnprocessableEntity, "attackers try").Lacks(`value="password1"`)
		if got := weak.Find(`name="token"[^>]*value="([^"]*)"`); got != token {
			t.Errorf("the token to go on with is %q", got)
		}
		done := weak.Press("Change password", "new_password", newPassword).Follow().Sees(http.StatusOK, "Your new password is in force", "to Acme")
		if _, in := c.Cookies[httpx.SessionCookie]; in || c.Cookies[httpx.PendingCookie] != "" {
			t.Errorf("the token signed somebody in: %v", c.Cookies)
		}
		dead(t, open)
		page.Press("Change password", "token", token, "new_password", newPassword).Sees(http.StatusUnprocessableEntity, "That token does not work")
		done.Press("Sign in", "email", apptest.Ada, "password", apptest.Password).Sees(http.StatusUnauthorized)
		done.Press("Sign in", "email", apptest.Ada, "password", newPassword).Follow().Sees(http.StatusOK, "Enter your authentication code").
			Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
		if got := s.Mail(t, apptest.Ada).Subject; got != "Your password was changed" && got != "A sign-in from a browser we don’t know" {
			t.Errorf("the newest mail is %q", got)
		}
	}, apptest.WithInbox)
}

// TestForgottenPasswordTellsNothing is B91: byte for byte the same, headers too, for whomever it is asked.
func TestForgottenPasswordTellsNothing(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		other, err := account.Create(t.Context(), s.DB, s.Clock.Now(), "other", "Other", audit.Operator())
		if err != nil {
			t.Fatal(err)
		}
		s.AddUser(t, other, apptest.Alan, "Alan", user.Member)
		if err := s.Admin.Lock(t.Context(), s.Grace, audit.Operator()); err != nil {
			t.Fatal(err)
		}
		answer := func(slug, email string) string {
			c := s.Client(t)
			p := c.Post("/forgot-password", "account", slug, "email", email)
			all := []string{http.StatusText(p.Status), p.Body}
			for name, values := range p.Header {
				if name != "Date" {
					all = append(all, name+": "+strings.Join(values, ","))
				}
			}
			slices.Sort(all)
			if len(c.Cookies) > 0 {
				t.Errorf("%s got the cookies %v", email, c.Cookies)
			}
			return volatile.ReplaceAllString(strings.Join(all, "\n")+p.Follow().Body, "req_")
		}
		nobody := answer("", "eve@acme.test")
		if !strings.Contains(nobody, "Location: /forgot-password/sent") {
			t.Fatalf("nobody gets %s", nobody)
		}
		for range 7 { // beyond the limit of a mailbox, too
			for _, who := range []struct{ slug, email string }{
				{"", apptest.Ada}, {"acme", apptest.Ada}, {"", apptest.Alan}, {"acme", apptest.Grace}, {"nowhere", apptest.Ada}, {"--", apptest.Ada}, {"", "mallory@example.test"},
			} {
				if got := answer(who.slug, who.email); got != nobody {
					t.Errorf("%v: %s\n---\n%s", who, got, nobody)
				}
			}
		}
		to := map[string]int{}
		for _, m := range s.Messages(t) {
			to[m.To]++
		}
		if to[apptest.Ada] == 0 || to[apptest.Ada] > 3 || len(to) != 1 {
			t.Errorf("mails went to %v", to)
		}
	}, apptest.WithInbox)
}

// TestTimingOfForgotten prints how long both take; it asserts nothing, for this machine is shared.
func TestTimingOfForgotten(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	times := map[bool][]time.Duration{}
	for i := range 200 {
		email := "nobody" + strings.Repeat("x", i%40) + "@acme.test"
		if i%2 == 0 {
			email = apptest.Ada
		}
		s.Clock.Advance(20 * time.Minute)
		c := s.Client(t)
		r := c.Request(http.MethodPost, "/forgot-password", url.Values{"email": {email}})
		start := time.Now()
		if p := c.Send(r); p.Status != http.StatusSeeOther {
			t.Fatalf("status %d", p.Status)
		}
		times[i%2 == 0] = append(times[i%2 == 0], time.Since(start))
	}
	for known, all := range times {
		slices.Sort(all)
		t.Logf("known %v: median %v, 90%% %v", known, all[len(all)/2], all[len(all)*9/10])
	}
}

// TestWithoutMailServer: everybody is told plainly, before and after the form, and whom to ask.
func TestWithoutMailServer(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.Client(t)
		c.Get("/forgot-password").Sees(http.StatusOK, "can’t send mail", "Ask your administrator").Lacks(`name="email"`)
		for _, email := range []string{apptest.Ada, "nobody@acme.test"} {
			c.Post("/forgot-password", "email", email).Sees(http.StatusConflict, "can’t send mail")
		}
		in := s.SignedIn(t, apptest.Ada)
		in.Get("/settings/email").Sees(http.StatusOK, "no mail server is set up").Lacks(`name="new_email"`)
		in.Post("/settings/email", "new_email", "lovelace@acme.test", "password", apptest.Password).Sees(http.StatusConflict, "no mail server is set up")
	})
}

const freshEmail = "lovelace@acme.test"

// TestChangeOfAddress walks from the settings to the new address, confirmed in the same browser.
func TestChangeOfAddress(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c, other := s.SignedInWith(t, apptest.Ada, phone), s.SignedInWith(t, apptest.Ada, phone)
		form := c.Get("/settings").Click("Change").Sees(http.StatusOK, apptest.Ada, "Authentication code")
		form.Press("Send the mail", "new_email", "lovelace", "password", apptest.Password).Sees(http.StatusUnprocessableEntity, "name@example.com")
		form.Press("Send the mail", "new_email", apptest.Ada, "password", apptest.Password).Sees(http.StatusUnprocessableEntity, "the address you have now")
		form.Press("Send the mail", "new_email", freshEmail, "password", "not it").Sees(http.StatusUnprocessableEntity, "password isn’t right").Lacks("not it")
		form.Press("Send the mail", "new_email", freshEmail, "password", apptest.Password).Sees(http.StatusUnprocessableEntity, "six digits")
		form.Press("Send the mail", "new_email", "a\r\nBcc: eve@acme.test", "password", apptest.Password).Sees(http.StatusBadRequest)
		form.Press("Send the mail", "new_email", freshEmail, "password", apptest.Password, "code", phone.Code(s.Clock.Now())).Follow().
			Sees(http.StatusOK, "A mail is on its way to the new address", apptest.Ada).Lacks(freshEmail)
		token := s.MailedToken(t, freshEmail)
		if mail := s.Mail(t, freshEmail); !strings.Contains(mail.Text, "/confirm-email#"+token) {
			t.Errorf("the mail has no link: %s", mail.Text)
		}
		if inbox := c.Get("/demo/inbox").Body; !strings.Contains(inbox, `href="/confirm-email#`+token+`">Open the link</a>`) {
			t.Errorf("the inbox has no link: %s", inbox)
		}
		page := c.Get("/confirm-email").Sees(http.StatusOK)
		page.Press("Confirm this address", "token", "not it", "password", "nor this").Sees(http.StatusUnprocessableEntity, "That token does not work").Lacks("password isn’t right")
		page.Press("Confirm this address", "token", token).Sees(http.StatusUnauthorized, "enter your password")
		page.Press("Confirm this address", "token", token, "password", "not it").Sees(http.StatusUnprocessableEntity, "password isn’t right").Lacks("not it")
		before := c.Cookies[httpx.SessionCookie]
		page.Press("Confirm this address", "token", token, "password", apptest.Password).Follow().Sees(http.StatusOK, "Your new e-mail address is in force", freshEmail).Lacks(apptest.Ada)
		if c.Cookies[httpx.SessionCookie] == before {
			t.Error("the session kept its secret")
		}
		dead(t, other)
		page.Press("Confirm this address", "token", token, "password", apptest.Password).Sees(http.StatusUnprocessableEntity, "That token does not work")
		if told := s.Mail(t, apptest.Ada); told.Subject != "Your e-mail address was changed" || !strings.Contains(told.Text, "sent this to "+apptest.Ada) {
			t.Errorf("the old address was told %q", told.Subject)
		}
		again := s.Client(t)
		again.SignIn(apptest.Ada, apptest.Password).Sees(http.StatusUnauthorized)
		again.SignIn(freshEmail, apptest.Password).Follow().Sees(http.StatusOK, "Enter your authentication code")
	}, apptest.WithInbox)
}

// TestChangeOfAddressElsewhere: confirmed where nobody is signed in, or with a forged or planted cookie, it signs nobody in.
func TestChangeOfAddressElsewhere(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		own := strings.SplitN(c.Cookies[httpx.SessionCookie], ".", 3)
		c.Post("/settings/email", "new_email", freshEmail, "password", apptest.Password).Follow().Sees(http.StatusOK, "on its way")
		token := s.MailedToken(t, freshEmail)
		forged := s.Client(t)
		forged.Cookies[httpx.SessionCookie] = own[0] + "." + own[1] + "." + strings.Repeat("A", 43)
		p := forged.Post("/confirm-email", "token", token, "password", apptest.Password)
		if got := forged.Cookies[httpx.SessionCookie]; p.Status != http.StatusSeeOther || !strings.HasPrefix(p.Header.Get("Location"), "/sign-in") || got != "" && strings.HasPrefix(got, own[0]) && !strings.HasSuffix(got, "AAAA") {
			t.Errorf("status %d to %s, cookie %s", p.Status, p.Header.Get("Location"), got)
		}
		p.Follow().Sees(http.StatusOK, "Your new e-mail address is in force", "to Acme")
		dead(t, c)
	}, apptest.WithInbox)
}

// TestTakenAddressIsNotTold: the answer for a colleague's address is the answer for a free one.
func TestTakenAddressIsNotTold(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		answer := func(email string) string {
			p := c.Post("/settings/email", "new_email", email, "password", apptest.Password)
			return http.StatusText(p.Status) + p.Header.Get("Location") + p.Body + volatile.ReplaceAllString(p.Follow().Body, "req_")
		}
		if free, taken := answer(freshEmail), answer(apptest.Grace); free != taken || !strings.Contains(free, "on its way") {
			t.Errorf("free: %s\n---\ntaken: %s", free, taken)
		}
		for _, m := range s.Messages(t) {
			if m.To == apptest.Grace {
				t.Errorf("Grace was sent %q", m.Subject)
			}
		}
		s.Clock.Advance(time.Hour)
		c = s.SignedIn(t, apptest.Ada)
		answer(freshEmail)
		token := s.MailedToken(t, freshEmail)
		s.AddUser(t, s.Acme, freshEmail, "Late", user.Member)
		c.Get("/confirm-email").Press("Confirm this address", "token", token, "password", apptest.Password).Sees(http.StatusConflict, "exists already")
		c.Get("/settings").Sees(http.StatusOK, apptest.Ada)
	}, apptest.WithInbox)
}

// TestCodeForAnAddress: who has only a mailbox as a factor has the code sent, from the page.
func TestCodeForAnAddress(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		const box = "private@ada.test"
		confirm := c.Get("/settings/two-factor/add-email").Press("Next", "address", box, "password", apptest.Password).Follow().Sees(http.StatusOK)
		confirm.Press("Verify", "code", s.Mail(t, box).Subject[:6]).Follow().Sees(http.StatusOK)
		page := c.Get("/settings/email").Sees(http.StatusOK, "We can send you one")
		sent := page.Press("Send a code to p•••@ada.test").Follow().Sees(http.StatusOK, "A code is on its way to p•••@ada.test")
		page.Press("Send a code to p•••@ada.test").Sees(http.StatusTooManyRequests, "less than a minute ago")
		c.Post("/settings/email/send", "method", "fac_none").Follow().Sees(http.StatusOK)
		sent.Press("Send the mail", "new_email", freshEmail, "password", apptest.Password, "code", s.Mail(t, box).Subject[:6]).Follow().
			Sees(http.StatusOK, "A mail is on its way")
	}, apptest.WithInbox)
}

// TestLanguageIsThePersons: chosen in the settings, it holds for pages, the second door and mail, in every browser.
func TestLanguageIsThePersons(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c := s.SignedInWith(t, apptest.Ada, phone)
		c.Speaks = "en"
		settings := c.Get("/settings").Sees(http.StatusOK, "As my browser")
		if p := c.Post("/settings/language", "language", "fr"); p.Status != http.StatusUnprocessableEntity {
			t.Errorf("French: status %d", p.Status)
		}
		german := settings.Press("Save", "language", "de").Follow().Sees(http.StatusOK, "Die Sprache ist geändert.", "Profil")
		if got := german.Find(`<html lang="([a-z]+)"`); got != "de" {
			t.Errorf("the page is in %s", got)
		}
		german.Press("Speichern").Follow().Sees(http.StatusOK, "Die Sprache ist geändert.") // the choice stands in the list
		c.Get("/settings/two-factor").Sees(http.StatusOK, "Zwei-Faktor")

		other := s.Client(t)
		other.Speaks = "en"
		other.SignIn(apptest.Ada, "not it").Sees(http.StatusUnauthorized, "isn’t right") // the door knows nobody's language
		code := other.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "Bestätigungscode eingeben")
		code.Press("Bestätigen", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "Dieser Code gilt nicht.")
		code.Press("Bestätigen", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "Sie sind angemeldet.")
		if got := s.Mail(t, apptest.Ada).Subject; got != "Anmeldung mit einem unbekannten Browser" {
			t.Errorf("the mail is %q", got)
		}
		c.Get("/settings").Press("Speichern", "language", "").Follow().Sees(http.StatusOK, "The language is changed.")
	}, apptest.WithInbox)
}

// TestMailedTokensStayOutOfAddressesAndLog is B92 for what is mailed: not in an address, a redirect, a referrer, the log or the record.
func TestMailedTokensStayOutOfAddressesAndLog(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		c.Post("/settings/email", "new_email", freshEmail, "password", apptest.Password).Follow()
		email := s.MailedToken(t, freshEmail)
		c.Post("/confirm-email", "token", email+"x").Sees(http.StatusUnprocessableEntity)
		c.Post("/confirm-email", "token", email, "password", apptest.Password).Follow()
		c.Post("/forgot-password", "email", freshEmail).Follow()
		reset := s.MailedToken(t, freshEmail)
		c.Post("/forgot-password/new", "token", reset, "new_password", "short").Sees(http.StatusUnprocessableEntity)
		c.Post("/forgot-password/new", "token", reset, "new_password", newPassword).Follow()
		c.Post("/forgot-password/new", "token", reset, "new_password", newPassword)
		rows := strings.Join(s.Rows(t), "\n")
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		trail, log := strings.Join(c.Trail, "\n"), s.Log.String()
		if len(c.Trail) < 30 || !strings.Contains(log, "mail_token_invalid") || !strings.Contains(rows, "mail token") && !strings.Contains(rows, "password.mail_asked") {
			t.Fatalf("%d addresses, log:\n%s", len(c.Trail), log)
		}
		for _, secret := range []string{email, reset, newPassword} {
			for where, text := range map[string]string{"an address": trail, "the log": log, "the database": rows} {
				if strings.Contains(text, secret) {
					t.Errorf("%s holds %s", where, secret)
				}
			}
		}
	}, apptest.WithInbox)
}
