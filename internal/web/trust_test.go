package web_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/browser"
	"sallyport/internal/domaintest"
	"sallyport/internal/httpx"
	"sallyport/internal/otp"
	"sallyport/internal/user"
)

const (
	box     = "Don’t ask again for 90 days"
	ticked  = `name="trust" value="yes" aria-describedby="trust-hint" checked`
	asksFor = "Enter your authentication code"
)

func trustCookie(u user.User) string { return httpx.TrustedCookie + browser.Name(u.AccountID, u.ID) }

// trusting is a browser in which Ada signed in with the box ticked, and out again.
func trusting(t *testing.T, s *apptest.Server, phone domaintest.Phone) *apptest.Client {
	t.Helper()
	c := s.Client(t)
	c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, box).
		Press("Verify", "code", phone.Code(s.Clock.Now()), "trust", "yes").Follow().Sees(http.StatusOK, "You are signed in.")
	s.Clock.Advance(otp.DefaultPeriod)
	c.Get("/settings").Press("Sign out").Follow()
	return c
}

// TestDontAskAgain is X15–X17: the box stands on the code page, unticked; ticked, it survives a wrong code; then the password is enough until the
// browser is on another system, and the page says so.
func TestDontAskAgain(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c := s.Client(t)
		page := c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, box, "might still be required if your system environment changes").Lacks("We ask you again")
		if strings.Contains(page.Body, ticked) {
			t.Error("the box is ticked by itself")
		}
		page.Press("Verify", "code", phone.Code(s.Clock.Now())).Follow().Sees(http.StatusOK, "You are signed in.")
		if _, has := c.Cookies[trustCookie(s.Ada)]; has {
			t.Error("the browser is trusted, and the box was not ticked")
		}
		s.Clock.Advance(otp.DefaultPeriod)

		c = s.Client(t)
		page = c.SignIn(apptest.Ada, apptest.Password).Follow()
		page = page.Press("Verify", "code", phone.Wrong(s.Clock.Now()), "trust", "yes").Sees(http.StatusUnprocessableEntity, box)
		if !strings.Contains(page.Body, ticked) {
			t.Error("the box was ticked, the code was wrong, and the box is not ticked any more")
		}
		in := page.Press("Verify", "code", phone.Code(s.Clock.Now()))
		checkTrustCookie(t, in, s.Ada, 90*24*time.Hour)
		in.Follow().Sees(http.StatusOK, "You are signed in.")
		c.Get("/settings").Press("Sign out").Follow()

		s.Clock.Advance(time.Hour)
		before := c.Cookies[trustCookie(s.Ada)]
		in = c.SignIn(apptest.Ada, apptest.Password)
		checkTrustCookie(t, in, s.Ada, 90*24*time.Hour-time.Hour)
		in.Follow().Sees(http.StatusOK, "You are signed in.").Lacks(asksFor)
		if scrape := s.Client(t).Get("/metrics"); !strings.Contains(scrape.Body, `sallyport_sign_ins_total{method="trusted_browser",outcome="success"} 1`) {
			t.Error("the metrics do not count the sign-in as one in a trusted browser")
		}
		if c.Cookies[trustCookie(s.Ada)] == before {
			t.Error("the cookie was not replaced at its use")
		}
		c.Get("/settings").Press("Sign out").Follow()

		c.Agent = domaintest.Firefox2
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
		c.Get("/settings").Press("Sign out").Follow()

		c.Agent = domaintest.OnWindows
		asked := c.SignIn(apptest.Ada, apptest.Password)
		if _, has := c.Cookies[trustCookie(s.Ada)]; has {
			t.Error("the browser keeps a cookie that is worth nothing")
		}
		page = asked.Follow().Sees(http.StatusOK, asksFor, "We ask you again here because your browser runs on another operating system than before.", box)
		page.Press("Verify", "code", phone.Wrong(s.Clock.Now())).Sees(http.StatusUnprocessableEntity, "another operating system") // it is still said
		c.Speaks = "de"
		c.Get("/sign-in/verify").Sees(http.StatusOK, "auf einem anderen Betriebssystem", "90 Tage lang nicht mehr fragen")
	})
}

// checkTrustCookie holds the cookie of a trusted browser to its form and its end.
func checkTrustCookie(t *testing.T, p *apptest.Page, u user.User, left time.Duration) {
	t.Helper()
	checkAnswer(t, p)
	for _, c := range p.Cookies {
		if c.Name == trustCookie(u) {
			if got := time.Duration(c.MaxAge) * time.Second; got != left {
				t.Errorf("%s: the cookie lasts %v, want %v", p.Path, got, left)
			}
			return
		}
	}
	t.Errorf("%s: no cookie of a trusted browser: %v", p.Path, p.Cookies)
}

// TestNoDays: with 0 days there is no box, and a form with one makes no browser trusted; one that was is asked.
func TestNoDays(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c := trusting(t, s, phone)
		s.SetPolicy(t, "trusted_browser_days=0")
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, asksFor, "We ask you again", "organisation’s rules").Lacks("ask again for")
		c.Post("/sign-in/verify", "method", "", "code", phone.Code(s.Clock.Now()), "trust", "yes").Follow().Sees(http.StatusOK, "You are signed in.")
		if _, has := c.Cookies[trustCookie(s.Ada)]; has {
			t.Error("a forged form made the browser trusted")
		}
		s.SetPolicy(t, "trusted_browser_days=1")
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "Don’t ask again for 1 day")
	})
}

// TestTrustBySentCodeAndBackupCode: the box stands wherever a code is asked for, whatever the way.
func TestTrustBySentCodeAndBackupCode(t *testing.T) {
	demos(t, func(t *testing.T, s *apptest.Server) {
		codes := addAddress(t, s, s.SignedIn(t, apptest.Ada), "sms", "My number", mobile)
		c := s.Client(t)
		page := c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "We sent a text message", box).Lacks("administrator gave you")
		page.Press("Verify", "code", s.SentCode(t, mobile, 2), "trust", "yes").Follow().Sees(http.StatusOK, "You are signed in.")
		c.Get("/settings").Press("Sign out").Follow()
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
		s.MessagesTo(t, mobile, 2) // and no code was sent for nothing

		c = s.Client(t)
		c.SignIn(apptest.Ada, apptest.Password).Follow().Click("Use a backup code").Sees(http.StatusOK, box, "A code that your administrator gave you counts for this one sign-in only.").
			Press("Verify", "code", codes[0], "trust", "yes").Follow().Sees(http.StatusOK, "You used a backup code")
		c.Get("/settings").Press("Sign out").Follow()
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
	})
}

// TestForgedTrustCookies: what is forged, cut, foreign, joined or doubled is no trusted browser, and harms nobody (B69).
func TestForgedTrustCookies(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		graces, _ := s.Enrolled(t, apptest.Grace)
		c := trusting(t, s, phone)
		good := c.Cookies[trustCookie(s.Ada)]
		other := s.Client(t)
		other.SignIn(apptest.Grace, apptest.Password).Follow().Press("Verify", "code", graces.Code(s.Clock.Now()), "trust", "yes").Follow()
		foreign := other.Cookies[trustCookie(s.Grace)]
		parts, theirs := strings.Split(good, "."), strings.Split(foreign, ".")
		for what, value := range map[string]string{
			"truncated": good[:len(good)-1], "without its turn": strings.Join(parts[:3], "."), "joined": good + "." + foreign, "twice in one": good + good,
			"Grace's": foreign, "Grace's secrets": strings.Join([]string{parts[0], parts[1], theirs[2], theirs[3]}, "."),
			"only names": parts[0] + "." + parts[1] + "..", "very long": strings.Repeat("a.", 1500), "one letter": "x",
		} {
			c.Cookies[trustCookie(s.Ada)] = value
			c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, asksFor).Lacks("We ask you again")
			c.Post("/sign-in/cancel")
			if _, has := c.Cookies[trustCookie(s.Ada)]; has {
				t.Errorf("%s: the cookie stays", what)
			}
		}
		form := url.Values{"account": {""}, "next": {""}, "email": {apptest.Ada}, "password": {apptest.Password}}
		r := c.Request(http.MethodPost, "/sign-in", form)
		for range 2 { // one of the two was planted, and there is no telling which
			r.AddCookie(&http.Cookie{Name: trustCookie(s.Ada), Value: good})
		}
		c.Send(r).Follow().Sees(http.StatusOK, asksFor).Lacks("We ask you again")
		c.Post("/sign-in/cancel")
		c.Cookies[trustCookie(s.Ada)] = good // none of this has touched the real one
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
	})
}

// TestSharedBrowser: two people trust one browser, each for themselves; and of very many only some, since all their cookies travel along.
func TestSharedBrowser(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		graces, _ := s.Enrolled(t, apptest.Grace)
		c := trusting(t, s, phone)
		c.SignIn(apptest.Grace, apptest.Password).Follow().Sees(http.StatusOK, asksFor).Press("Verify", "code", graces.Code(s.Clock.Now()), "trust", "yes").Follow().Sees(http.StatusOK, "You are signed in.")
		for _, email := range []string{apptest.Ada, apptest.Grace} {
			c.Get("/settings").Press("Sign out").Follow()
			c.SignIn(email, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
		}
		c.Get("/settings").Press("Sign out").Follow()
		for i := range 20 {
			c.Cookies[httpx.TrustedCookie+strconv.Itoa(i)] = "x"
		}
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
		kept := 0
		for name := range c.Cookies {
			if strings.HasPrefix(name, httpx.TrustedCookie) {
				kept++
			}
		}
		if _, own := c.Cookies[trustCookie(s.Ada)]; kept != 8 || !own {
			t.Errorf("the browser keeps %d cookies, Ada's %v; want 8 with hers", kept, own)
		}
	})
}

// TestCopiedTrustCookie: the second to use a copy is asked and told; the one who is in by the other is out (B73).
func TestCopiedTrustCookie(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c := trusting(t, s, phone)
		thief := c.Clone()
		thief.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, asksFor, "used twice, as if somebody had copied it")
		s.Clock.Advance(time.Second)
		thief.Get("/settings").Sees(http.StatusOK, "Sign in").Lacks("Ada")
		thief.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, asksFor)
	})
}

// TestOthersEndedKeepsTrust: ending all other sign-ins ends the trust of the other browsers, and not of the one it is done in.
func TestOthersEndedKeepsTrust(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c, elsewhere := trusting(t, s, phone), trusting(t, s, phone)
		for _, one := range []*apptest.Client{elsewhere, c} {
			one.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
		}
		c.Get("/settings/sessions").Press("End all other sessions").Follow().Sees(http.StatusOK)
		c.Get("/settings").Press("Sign out").Follow()
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.")
		elsewhere.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, asksFor, "We ask you again")
	})
}

// TestTrustLeadsToTheQuestion: in a session that a trusted browser opened, a page that binds or ends a device, or on which an administrator changes
// something, asks for a code first and then shows itself; so does a form that is sent without its page.
func TestTrustLeadsToTheQuestion(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrolled(t, apptest.Ada)
		c := trusting(t, s, phone)
		c.SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "You are signed in.").Lacks(asksFor)
		for _, path := range []string{
			"/settings/two-factor/add", "/settings/two-factor/add-sms", "/settings/two-factor/add-email", "/settings/two-factor/add-passkey",
			"/settings/two-factor/" + phone.FactorID + "/remove", "/settings/two-factor/backup-codes", "/admin/mail", "/admin/brand",
		} {
			if got := c.Get(path).Path; got != "/settings/confirm?next="+url.QueryEscape(path) {
				t.Errorf("%s leads to %q", path, got)
			}
		}
		c.Get("/settings/two-factor").Sees(http.StatusOK, "Two-factor")
		in := c.Get("/settings/two-factor/backup-codes").Press("Confirm", "code", phone.Code(s.Clock.Now())).Follow()
		if back, mail := in.Path, c.Get("/admin/mail").Path; back != "/settings/two-factor/backup-codes" || mail != "/admin/mail" {
			t.Errorf("after a code, the pages lead to %s and %s", back, mail)
		}
	})
}

// TestTheTickGoesAlong: whoever ticked the box and has the code sent once more, or passes the second door another way, finds it ticked there,
// without a script; and whoever did not, does not. What was typed into the code's field stands in no address.
func TestTheTickGoesAlong(t *testing.T) {
	demos(t, func(t *testing.T, s *apptest.Server) {
		addAddress(t, s, s.SignedIn(t, apptest.Ada), "sms", "My number", mobile)
		for _, tick := range []bool{true, false} {
			fields := []string{"code", "123 456"}
			if tick {
				fields = append(fields, "trust", "yes")
			}
			expect := func(what string, p *apptest.Page) *apptest.Page {
				t.Helper()
				if p.Sees(http.StatusOK, box); strings.Contains(p.Body, ticked) != tick {
					t.Errorf("%s: ticked %t, want %t", what, !tick, tick)
				}
				if strings.Contains(p.Path, "123") {
					t.Errorf("%s: the code stands in the address: %s", what, p.Path)
				}
				return p
			}
			s.Clock.Advance(time.Hour)
			page := s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Sees(http.StatusOK, "We sent a text message")
			if soon := page.Press("Resend code", fields...).Sees(http.StatusTooManyRequests); strings.Contains(soon.Body, ticked) != tick {
				t.Error("refused to send again, the page forgot the box")
			}
			backup := expect("a backup code", page.Press("Use a backup code", fields...).Follow())
			expect("back", backup.Press("Use an authentication code", fields...).Follow())
			ways := page.Press("Try another way", fields...).Follow().Sees(http.StatusOK, "Choose another way")
			expect("the backup code among the ways", ways.Click("Use a backup code One of the ten you saved"))
			s.Clock.Advance(time.Minute)
			expect("the number among the ways", ways.Press("Text message My number +43 ••• ••• ••67").Follow())
			s.Clock.Advance(time.Minute)
			expect("sent again", page.Press("Resend code", fields...).Follow())
		}
	})
}
