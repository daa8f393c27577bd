package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

const (
	mobile  = "+436641234567"
	mailbox = "ada@elsewhere.test"
)

// demos runs a test with a demo's server on each engine.
func demos(t *testing.T, fn func(t *testing.T, s *apptest.Server)) {
	t.Helper()
	t.Run(db.SQLite, func(t *testing.T) { fn(t, apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)) })
	t.Run(db.Postgres, func(t *testing.T) { fn(t, apptest.Start(t, dbtest.Postgres(t), apptest.WithInbox)) })
}

// addAddress sets a number or mailbox up through the pages and returns the backup codes that came with it.
func addAddress(t *testing.T, s *apptest.Server, c *apptest.Client, kind, name, address string) []string {
	t.Helper()
	page := c.Get("/settings/two-factor/add-"+kind).Sees(http.StatusOK).
		Press("Next", "name", name, "address", address, "password", apptest.Password).Follow().Sees(http.StatusOK, "We sent a")
	code := s.SentCode(t, address, 1)
	answer := page.Press("Verify", "code", code).Follow().Sees(http.StatusOK)
	s.Clock.Advance(time.Hour - time.Minute) // no limit of sends is near, the session still lives
	return answer.BackupCodes()
}

// TestNumberThroughThePages: Configure, number, Next, code, Verify; then the sign-in sends by itself (C15–C19, X5),
// Resend after a minute, the old code after it, and in. No script anywhere.
func TestNumberThroughThePages(t *testing.T) {
	demos(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		codes := addAddress(t, s, c, "sms", "My number", mobile)
		if len(codes) != 10 {
			t.Errorf("%d backup codes came with the first factor", len(codes))
		}
		c.Get("/settings/two-factor").Sees(http.StatusOK, "My number", "+43 ••• ••• ••67", "confirmed").Lacks(mobile)

		c = s.Client(t)
		page := c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "We sent a text message", "+43 ••• ••• ••67", "60 seconds").Lacks(mobile)
		first := s.SentCode(t, mobile, 2)
		for range 3 { // to look sends nothing, nor does a link that is fetched ahead (ASVS 3.5.3)
			page = c.Get("/sign-in/verify").Sees(http.StatusOK)
			c.Get("/sign-in/methods").Sees(http.StatusOK)
			c.Get("/sign-in/send").Sees(http.StatusOK)
		}
		soon := page.Press("Resend code").Sees(http.StatusTooManyRequests)
		if soon.Header.Get("Retry-After") != "60" {
			t.Errorf("Retry-After %q", soon.Header.Get("Retry-After"))
		}
		s.Clock.Advance(59 * time.Second)
		page.Press("Resend code").Sees(http.StatusTooManyRequests)
		s.MessagesTo(t, mobile, 2)
		s.Clock.Advance(time.Second)
		page = page.Press("Resend code").Follow().Sees(http.StatusOK, "A code is on its way")
		second := s.SentCode(t, mobile, 3)
		if first != second {
			page.Press("Verify", "code", first).Sees(http.StatusUnprocessableEntity)
		}
		page.Press("Verify", "code", "12 34").Sees(http.StatusUnprocessableEntity, "six digits")
		page.Press("Verify", "code", domaintest.Other(second)).Sees(http.StatusUnprocessableEntity, "isn’t valid")
		page.Press("Verify", "code", second[:3]+" "+second[3:]).Follow().Sees(http.StatusOK, "You are signed in.")
		// Both browsers were unknown, the first one's sign-in with the password alone and this one's; the next time it is known.
		unknown := func() (n int) {
			for _, l := range s.Letters(t) {
				if l.Kind == "sign_in_unknown_browser" {
					n++
				}
			}
			return n
		}
		before := unknown()
		if before != 2 {
			t.Errorf("told of %d unknown browsers, want 2", before)
		}
		c.Post("/sign-out")
		s.Clock.Advance(time.Hour)
		c.SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", s.SentCode(t, mobile, 4)).Follow().Sees(http.StatusOK, "You are signed in.")
		if unknown() != before {
			t.Error("a known browser was told of")
		}
	})
}

// TestOtherWaysToSend: each way with its masked hint, those that send as forms, the preferred one first; a backup
// code in any field; Cancel.
func TestOtherWaysToSend(t *testing.T) {
	demos(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		codes := addAddress(t, s, c, "email", "My mailbox", mailbox)
		c = s.Client(t)
		c.SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", s.SentCode(t, mailbox, 2)).Follow().Sees(http.StatusOK)
		addAddress(t, s, c, "sms", "My number", mobile)
		c.Get("/settings/two-factor").Click("Remove").Sees(http.StatusOK, "No more codes go there").Lacks("QR code")

		c = s.Client(t)
		page := c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "We sent a text message") // the policy's order
		ways := page.Click("Try another way").Sees(http.StatusOK, "My number", "+43 ••• ••• ••67", "My mailbox", "a•••@elsewhere.test").Lacks(mailbox)
		if n := strings.Count(ways.Body, `action="/sign-in/send"`); n != 2 {
			t.Errorf("%d ways send by a form, want 2", n)
		}
		id := regexp.MustCompile(`name="method" value="(fac_[^"]+)"`).FindAllStringSubmatch(ways.Body, -1)[1][1]
		page = c.Post("/sign-in/send", "method", id).Follow().Sees(http.StatusOK, "We sent a mail")
		c.Post("/sign-in/send", "method", id).Follow().Sees(http.StatusOK, "We sent a mail") // chosen again at once: its page, and no second mail
		s.MessagesTo(t, mailbox, 3)
		page.Press("Verify", "code", codes[0]).Follow().Sees(http.StatusOK, "backup code")
		// Preferred, it is asked for first.
		c.Post("/settings/two-factor/"+id+"/prefer").Follow().Sees(http.StatusOK, "asked for first")
		s.Clock.Advance(time.Hour)
		c = s.Client(t)
		page = c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "We sent a mail")
		page.Press("Cancel").Follow().Sees(http.StatusOK)
		queued := len(s.Letters(t))
		c.Post("/sign-in/send", "method", id)
		if n := len(s.Letters(t)); n != queued {
			t.Error("a cancelled sign-in sends")
		}
	})
}

// TestSendIsGuarded: not for another's device, not from another site, not without a sign-in, not past the limits.
func TestSendIsGuarded(t *testing.T) {
	demos(t, func(t *testing.T, s *apptest.Server) {
		alans := s.AddAddress(t, s.Alan, "sms", "+436641234568")
		s.AddAddress(t, s.Ada, "sms", mobile)
		queued := len(s.Letters(t))
		c := s.Client(t)
		c.Post("/sign-in/send", "method", alans.ID)
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "We sent a text message")
		for _, method := range []string{alans.ID, "", "fac_none", "backup_code", "\x00", strings.Repeat("x", 3000)} {
			if p := c.Post("/sign-in/send", "method", method, "again", "yes"); p.Status >= 500 {
				t.Errorf("method %.20q: %d %s", method, p.Status, p.Text())
			}
		}
		cross := c.Request(http.MethodPost, "/sign-in/send", url.Values{"method": {"x"}})
		cross.Header.Set("Origin", "https://evil.test")
		cross.Header.Set("Sec-Fetch-Site", "cross-site")
		if p := c.Send(cross); p.Status != http.StatusForbidden {
			t.Errorf("from another site: %d", p.Status)
		}
		if n := len(s.Letters(t)); n != queued+1 {
			t.Errorf("%d messages, want the one of the sign-in", n-queued)
		}
		for range 2 { // each sign-in sends by itself; the fourth within ten minutes does not, and goes on all the same
			s.Client(t).SignIn(apptest.Ada, apptest.Password)
		}
		c = s.Client(t)
		page := c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "Send a code", "Use a backup code")
		page.Press("Send a code").Sees(http.StatusTooManyRequests, "Too many codes were sent")
		// Where a device has to be set up first there is nothing to send to.
		if err := s.Admin.ResetTwoFactor(t.Context(), s.Alan, "lost phone", audit.Operator()); err != nil {
			t.Fatal(err)
		}
		setUp := s.Client(t)
		setUp.SignIn(apptest.Alan, apptest.Password)
		if p := setUp.Post("/sign-in/send", "method", alans.ID).Follow(); p.Status >= 500 || p.At() == "/sign-in/verify" {
			t.Errorf("while a device has to be set up: %d at %s: %s", p.Status, p.At(), p.Text())
		}
		s.Clock.Advance(30 * time.Minute)
		if p := c.Post("/sign-in/send", "method", "x"); p.Status >= 500 {
			t.Errorf("after the sign-in lapsed: %d", p.Status)
		}
	})
}

// TestRefusalsOfAnAddress: what the pages say, and that nothing left.
func TestRefusalsOfAnAddress(t *testing.T) {
	demos(t, func(t *testing.T, s *apptest.Server) {
		s.AddAddress(t, s.Alan, "sms", mobile)
		s.Clock.Advance(time.Minute)
		c := s.SignedIn(t, apptest.Ada)
		queued := len(s.Letters(t))
		form := c.Get("/settings/two-factor/add-sms").Sees(http.StatusOK, "Supported countries")
		for address, says := range map[string]string{
			"+43 1 58858": "not a mobile number", "+43 66": "too short", "+43 CALL": "only digits", "+61 412 345 678": "country",
			"": "Enter the number",
		} {
			form.Press("Next", "name", "New", "address", address, "password", apptest.Password).Sees(http.StatusUnprocessableEntity, says)
		}
		form.Press("Next", "name", "New", "address", "+43 664 1234567\r\nX: y", "password", apptest.Password).Sees(http.StatusBadRequest)
		form.Press("Next", "name", "New", "address", "+436641234569", "password", "not the password").Lacks("We sent")
		if n := len(s.Letters(t)); n != queued {
			t.Errorf("%d messages were queued", n-queued)
		}
		// Where the person was going survives, whatever is in it.
		next := "/settings/sessions?a=1&b=2"
		c.Get("/settings/two-factor/add-email?next="+url.QueryEscape(next)).Press("Next", "name", "New", "address", mailbox, "password", apptest.Password).Follow().
			Sees(http.StatusOK, "We sent a mail")
		if p := c.Trail[len(c.Trail)-3]; !strings.Contains(p, "next="+url.QueryEscape(next)) {
			t.Errorf("led to %s", p)
		}
		// That a colleague has the number is told at the end, to who has read the code.
		confirm := form.Press("Next", "name", "New", "address", mobile, "password", apptest.Password).Follow().Sees(http.StatusOK, "We sent a text")
		confirm.Press("Verify", "code", s.SentCode(t, mobile, 1)).Sees(http.StatusConflict, "This number or address is in use already")
	})
}

// TestMailboxAfterAReset: the pages say why the registered mailbox is no way on beside an app, and until when, and do not send there.
func TestMailboxAfterAReset(t *testing.T) {
	demos(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Ada)
		own := s.AddAddress(t, s.Ada, "email", apptest.Ada)
		s.Clock.Advance(time.Minute)
		if _, err := s.DB.Exec(t.Context(), `UPDATE users SET password_mailed_at = $2 WHERE user_id = $1`, s.Ada.ID, db.At(s.Clock.Now())); err != nil {
			t.Fatal(err)
		}
		for speaks, says := range map[string]string{
			"en": "is mailed to •••st until 24 November 2026, 10:01 UTC: your password was reset by mail",
			"de": "wird bis 24. November 2026, 10:01 UTC kein Code gesendet: Ihr Passwort wurde per E-Mail zurückgesetzt",
		} {
			c := s.Client(t)
			c.SignIn(apptest.Ada, apptest.Password)
			c.Speaks = speaks
			c.Get("/sign-in/verify").Sees(http.StatusOK, says)
			c.Get("/sign-in/methods").Sees(http.StatusOK, says).Lacks("My mailbox")
			c.Post("/sign-in/send", "method", own.ID).Sees(http.StatusConflict, says, map[string]string{"en": "mail alone must not open your account. Use another device", "de": "Verwenden Sie ein anderes Gerät"}[speaks])
		}
	})
}

// TestNoSentCodeLeaks is B92: neither the log at its most talkative nor any row holds a code that was sent.
func TestNoSentCodeLeaks(t *testing.T) {
	demos(t, func(t *testing.T, s *apptest.Server) {
		c := s.SignedIn(t, apptest.Ada)
		addAddress(t, s, c, "sms", "My number", mobile)
		c = s.Client(t)
		page := c.SignIn(apptest.Ada, apptest.Password).Follow()
		code := s.SentCode(t, mobile, 2)
		page.Press("Verify", "code", domaintest.Other(code))
		page.Press("Verify", "code", code).Follow().Sees(http.StatusOK)
		for _, sent := range s.MessagesTo(t, mobile, 2) {
			secret := regexp.MustCompile(`\b[0-9]{6}\b`).FindString(sent.Text)
			found := regexp.MustCompile(`\b` + secret + `\b`)
			if found.MatchString(s.Log.String()) || strings.Contains(s.Log.String(), mobile[1:]) {
				t.Error("the log holds the code or the number")
			}
			for _, row := range append(s.Rows(t), everyMessageRow(t, s)...) {
				if found.MatchString(row) || strings.Contains(row, mobile[1:]) {
					t.Errorf("a row holds the code or the number: %s", row)
				}
			}
		}
	})
}

// everyMessageRow dumps the tables of messages.
func everyMessageRow(t *testing.T, s *apptest.Server) (all []string) {
	t.Helper()
	for _, table := range []string{
		`SELECT account_id || ' ' || user_id || ' ' || request || ' ' || factor_id || ' ' || message_id FROM sent_codes`,
		`SELECT message_id || ' ' || kind || ' ' || recipient || ' ' || facts || ' ' || once || ' ' || detail || ' ' || reference FROM outbox`,
		`SELECT account_id || ' ' || subject FROM send_slots`, `SELECT account_id || ' ' || subject FROM send_days`,
		`SELECT factor_id || ' ' || hint || ' ' || address_hash FROM factors`,
	} {
		err := s.DB.Each(t.Context(), table, nil, func(scan func(...any) error) error {
			var row string
			err := scan(&row)
			all = append(all, row)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, blob := range []string{`SELECT code FROM sent_codes`, `SELECT secret FROM factors`} {
		err := s.DB.Each(t.Context(), blob, nil, func(scan func(...any) error) error {
			var raw []byte
			err := scan(&raw)
			all = append(all, string(raw))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestGreyedMethods: what can't be set up says why and whom to write to, offers no form, and a number of before stays (C12–C14, K17, K18).
func TestGreyedMethods(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*config.Config)
		trial  bool
		says   []string
	}{
		"plan":    {func(c *config.Config) { c.Demo, c.Plans.Default, c.SupportAddress = true, "free", "help@vendor.test" }, false, []string{"Not part of your organisation’s plan.", "help@vendor.test"}},
		"trial":   {apptest.WithInbox, true, []string{"Not available during the trial"}},
		"channel": {func(*config.Config) {}, false, []string{"This server has no gateway for text messages", "No mail server is set up yet"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := apptest.Start(t, dbtest.SQLite(t), c.change)
			if c.trial {
				if err := s.DB.Run(t.Context(), db.Write(`UPDATE accounts SET trial_ends_at = $1`, db.At(s.Clock.Now().AddDate(0, 1, 0)))); err != nil {
					t.Fatal(err)
				}
			}
			browser := s.SignedIn(t, apptest.Ada)
			browser.Get("/settings/two-factor").Sees(http.StatusOK, c.says...).Lacks(`href="/settings/two-factor/add-sms"`)
			browser.Get("/settings/two-factor/add-sms").Sees(http.StatusOK, c.says[0]).Lacks(`name="address"`)
			before := len(s.Letters(t)) // the sign-in from a browser that nobody knew
			p := browser.Post("/settings/two-factor/add-sms", "name", "New", "address", mobile, "password", apptest.Password)
			if p.Status != http.StatusForbidden && p.Status != http.StatusConflict || len(s.Letters(t)) != before {
				t.Errorf("a form that no page shows: %d, %d messages: %s", p.Status, len(s.Letters(t)), p.Text())
			}
		})
	}
}
