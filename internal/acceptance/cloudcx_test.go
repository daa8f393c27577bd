package acceptance

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/chrometest"
	"sallyport/internal/config"
	"sallyport/internal/gate"
	"sallyport/internal/httpx"
	"sallyport/internal/mail"
	"sallyport/internal/mail/eximtest"
)

var (
	lineOfSix  = regexp.MustCompile(`(?m)^[0-9]{6}$`)
	issuedCode = regexp.MustCompile(`\b[A-Z0-9]{4}(?:-[A-Z0-9]{4}){3}\b`)
)

const (
	dontAsk = "Don’t ask again for 90 days"
	linux   = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
	windows = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

// TestCloudCX: codes by mail or app, backup codes, a code from the administrator, and ninety days in a trusted browser.
func TestCloudCX(t *testing.T) {
	walk(t, "CloudCX", object{"methods": []string{"email", "totp"}, "enforcement": "recommended", "trusted_browser_days": 90, "api_second_factor": "off", "admin_codes": true}, func(w *suite) {
		mailed := func(t *testing.T, names ...string) *person {
			t.Helper()
			p := w.person(t, names...)
			p.addAddress(t, "email", p.email)
			w.s.Clock.Advance(time.Hour) // no limit on codes has a say
			return p
		}
		withApp := func(t *testing.T, names ...string) *person {
			t.Helper()
			p := w.person(t, names...)
			p.addApp(t)
			return p
		}
		both := func(t *testing.T, fn func(t *testing.T, p *person)) {
			t.Helper()
			fn(t, mailed(t, "mail"))
			fn(t, withApp(t, "app"))
		}

		w.row("X1_recommended_not_mandatory", func(t *testing.T) {
			w.visit(t).passes(w.person(t)).sees("Your organisation recommends it.").press("Not now").isIn()
		})
		w.row("X2_enabled_in_the_settings", func(t *testing.T) {
			v := w.visit(t).as(w.person(t)).open("/settings").press("Two-factor authentication").at(twoFactor)
			v.offers("Configure E-mail codes", "Configure "+appTitle)
		})
		w.row("X3_credentials_sign_in", func(t *testing.T) {
			w.visit(t).open("/sign-in?account=acme").sees("Sign in", "E-mail", "Password").offers("Sign in")
		})
		w.row("X4_page_for_the_code", func(t *testing.T) {
			w.visit(t).passes(withApp(t)).at("/sign-in/verify").sees("Enter your authentication code", codeField)
		})
		// Both by a real mail server. It is the account's own, which only X6 sets up.
		bare := func(t *testing.T) (*suite, *eximtest.Exim) { // it has no way to send mail yet
			t.Helper()
			x := eximtest.Start(t, eximtest.Options{})
			bare := w.another(t)
			bare.s.App.Channels.Options = mail.Options{Roots: x.Roots} // on this machine, and by a certificate of its own
			return bare, x
		}
		// inbox waits for the n-th mail with a code in the person's mailbox. On a busy machine an older one was seen behind a newer one, so it is the
		// one not asked for before.
		asked := map[string]bool{}
		inbox := func(t *testing.T, x *eximtest.Exim, p *person, n int) string {
			t.Helper()
			local, _, _ := strings.Cut(p.email, "@")
			for all := n; ; all++ {
				var codes []string
				for _, m := range x.Wait(t, local, all) {
					// A clock put forward while a mail is on its way has it sent once more (ADR 10).
					if c := lineOfSix.FindString(m.Text); c != "" && !slices.Contains(codes, c) {
						codes = append(codes, c)
					}
				}
				if len(codes) > n {
					t.Fatalf("%d codes were mailed, want %d", len(codes), n)
				}
				if len(codes) == n {
					fresh := slices.DeleteFunc(codes, func(c string) bool { return asked[c] })
					if len(fresh) != 1 {
						t.Fatalf("%d codes were not there before, want 1", len(fresh))
					}
					asked[fresh[0]] = true
					return fresh[0]
				}
			}
		}
		w.row("X5_mailed_by_itself_at_each_sign_in", func(t *testing.T) {
			real, x := bare(t)
			real.boss.api(t).Must(t, 200, "PUT /v1/account/mail", object{
				"host": x.Host, "port": x.Port, "security": "starttls", "user": x.User, "server_password": x.Password, "from": "Acme <no-reply@mail.test>", "password": apptest.Password,
			})
			real.s.Clock.Advance(2 * time.Second)
			p := real.person(t)
			api := p.api(t)
			begun := api.Must(t, 201, "POST /v1/me/factors", object{"kind": "email", "name": "My mail", "password": apptest.Password, "address": p.email})
			p.keep(api.Must(t, 200, "POST /v1/me/factors/"+begun.JSON["id"].(string)+"/confirm", object{"code": inbox(t, x, p, 1)}))
			for i := range 2 {
				real.s.Clock.Advance(30 * time.Minute)
				v := real.visit(t).passes(p).at("/sign-in/verify").isOut()
				v.open("/sign-in/verify").fill(codeField, inbox(t, x, p, i+2)).press("Verify").isIn()
			}
		})
		w.row("X6_mail_server_first", func(t *testing.T) {
			bare, x := bare(t)
			p := bare.person(t)
			v := bare.visit(t).as(p).open(twoFactor).sees("No mail server is set up yet.")
			if v.has("Configure E-mail codes") {
				t.Error("codes by mail can be configured without a mail server")
			}
			if a := p.api(t).Call(t, "POST /v1/me/factors", object{"kind": "email", "name": "N", "password": apptest.Password, "address": p.email}); a.Status < 400 {
				t.Errorf("a mailbox was taken: %s", a.Raw)
			}
			bare.visit(t).as(bare.boss).open("/admin/mail").fill("Server", x.Host).fill("Port", fmt.Sprint(x.Port)).fill("User name at the server", x.User).
				fill("Password at the server", x.Password).fill("Sender", "Acme <no-reply@mail.test>").fill("Password", apptest.Password).press("Save").sees("The mail server is saved")
			bare.s.Clock.Advance(2 * time.Second)
			v = bare.visit(t).as(p).open(twoFactor).offers("Configure E-mail codes").press("Configure E-mail codes").fill("Password", apptest.Password).press("Next")
			v.fill(codeField, inbox(t, x, p, 1)).press("Verify").sees("Two-factor authentication is on.")
		})
		w.row("X7_verify_confirms_the_sign_in", func(t *testing.T) {
			p := mailed(t)
			v := w.visit(t).passes(p).isOut()
			v.open("/sign-in/verify").fill(codeField, w.sent(t, p.email)).press("Verify").sees("You are signed in.").isIn()
		})
		w.row("X8_mail_or_app", func(t *testing.T) {
			// Each may choose either, and is asked for what they chose.
			mailer, app := w.person(t, "mail"), w.person(t, "app")
			v := w.visit(t).as(mailer).open(twoFactor).offers("Configure E-mail codes", "Configure "+appTitle)
			v.press("Configure E-mail codes").fill("Password", apptest.Password).press("Next").fill(codeField, w.sent(t, mailer.email)).press("Verify").sees("Two-factor authentication is on.")
			v = w.visit(t).as(app).open(twoFactor).offers("Configure E-mail codes", "Configure "+appTitle).press("Configure "+appTitle).fill("Password", apptest.Password).press("Add")
			app.app = v.scan()
			v.fill(codeField, app.code(t)).press("Verify").sees("Two-factor authentication is on.")
			w.s.Clock.Advance(time.Hour)
			w.visit(t).passes(mailer).sees("We sent", codeField).fill(codeField, w.sent(t, mailer.email)).press("Verify").isIn()
			before := w.sentTo(t, app.email)
			w.visit(t).passes(app).sees("Open the authenticator app").fill(codeField, app.code(t)).press("Verify").isIn()
			if w.sentTo(t, app.email) != before {
				t.Error("a code was mailed to somebody who chose the app")
			}
			// Who has chosen both is offered both at the sign-in.
			w.s.Clock.Advance(time.Hour)
			in := mailer.verify(t, mailer.passes(t), w.sent(t, mailer.email))
			api := w.s.API(in.JSON["token"].(string))
			begun := mailer.begin(t, api)
			mailer.app = chrometest.Enter(t, begun.JSON["uri"].(string))
			api.Must(t, 200, "POST /v1/me/factors/"+begun.JSON["id"].(string)+"/confirm", object{"code": mailer.code(t)})
			w.s.Clock.Advance(time.Hour)
			v = w.visit(t).passes(mailer).press("Try another way").sees("My Phone", "E-mail")
			v.open("/sign-in/verify").fill(codeField, w.sent(t, mailer.email)).press("Verify").isIn()
			w.s.Clock.Advance(time.Hour)
			in = mailer.passes(t)
			is(t, w.s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": in.JSON["pending"], "method": begun.JSON["id"], "code": mailer.code(t)}), "signed_in")
		})
		w.row("X9_six_digits_of_the_app", func(t *testing.T) {
			p := withApp(t)
			if code := p.code(t); len(code) != 6 {
				t.Errorf("the app shows %q", code)
			}
			w.visit(t).signsIn(p).isIn()
		})
		ten := func(t *testing.T, p *person) {
			t.Helper()
			different := map[string]bool{}
			for _, c := range p.codes {
				different[c] = true
			}
			if len(different) != 10 {
				t.Errorf("%d backup codes", len(different))
			}
		}
		w.row("X10_ten_backup_codes_with_mail", func(t *testing.T) {
			ten(t, mailed(t))
			p := w.person(t, "page")
			v := w.visit(t).as(p).open(twoFactor).press("Configure E-mail codes").fill("Password", apptest.Password).press("Next")
			v.fill(codeField, w.sent(t, p.email)).press("Verify").sees("Save your backup codes").press("I have saved them").sees("10 of 10 codes left")
		})
		w.row("X11_ten_backup_codes_with_the_app", func(t *testing.T) {
			ten(t, withApp(t))
			p := w.person(t, "page")
			v := w.visit(t).as(p).open(twoFactor+"/add").fill("Password", apptest.Password).press("Add")
			p.app = v.scan()
			v.fill(codeField, p.code(t)).press("Verify").sees("Save your backup codes").press("I have saved them").sees("10 of 10 codes left")
		})
		w.row("X12_backup_code_signs_in", func(t *testing.T) {
			both(t, func(t *testing.T, p *person) {
				t.Helper()
				w.visit(t).passes(p).press("Use a backup code").fill("Backup code", p.codes[0]).press("Verify").sees("9 are left").isIn()
				if a := p.verify(t, p.passes(t), p.codes[0]); a.Status == 200 {
					t.Error("a backup code was taken twice")
				}
				is(t, p.verify(t, p.passes(t), p.codes[1]), "signed_in")
			})
		})
		w.row("X13_code_from_the_administrator", func(t *testing.T) {
			both(t, func(t *testing.T, p *person) {
				t.Helper()
				// None of their own codes is at hand, so they ask the administrator, who reads one out.
				v := w.visit(t).as(w.boss).open("/admin/users/" + p.uid).sees(p.email).press("Give out a backup code")
				v.fill("Reason", "Lost the phone, called back").press("Make a code").sees("Pass this backup code on", p.email, "It works once")
				code := issuedCode.FindString(v.text())
				v = w.visit(t).passes(p).isOut()
				v.open("/sign-in/verify").press("Use a backup code").fill("Backup code", code).press("Verify").isIn()
				if a := p.verify(t, p.passes(t), code); a.Status == 200 {
					t.Error("the code was taken twice")
				}
				given := w.boss.api(t).Call(t, "POST /v1/account/users/"+p.uid+"/backup-code", object{"reason": "Lost the phone, called back"})
				late, _ := given.JSON["code"].(string)
				if late == "" {
					t.Fatalf("%s", given.Raw)
				}
				w.s.Clock.Advance(61 * time.Minute)
				if a := p.verify(t, p.passes(t), late); a.Status == 200 {
					t.Error("the code was taken after an hour")
				}
				for _, c := range p.codes {
					if c == code || c == late {
						t.Error("the administrator reads one of the person’s own codes")
					}
				}
			})
			p, member := withApp(t, "of"), w.person(t, "member")
			if a := member.api(t).Call(t, "POST /v1/account/users/"+p.uid+"/backup-code", object{"reason": "Curious"}); a.Status != 403 {
				t.Errorf("a member gives out a code: %d %s", a.Status, a.Raw)
			}
		})
		w.row("X14_resend_after_sixty_seconds", func(t *testing.T) {
			p := mailed(t)
			in := p.passes(t)
			first := w.sent(t, p.email)
			method := in.JSON["methods"].([]any)[0].(object)["id"]
			send := func() apptest.Answer {
				return w.s.API("").Call(t, "POST /v1/sign-in/send", object{"pending": in.JSON["pending"], "method": method})
			}
			w.s.Clock.Advance(59 * time.Second)
			early := send()
			if refused(t, early, 429, "resend_too_soon"); early.Header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After %s", early.Header.Get("Retry-After"))
			}
			w.s.Clock.Advance(time.Second)
			if a := send(); a.Status != 202 {
				t.Fatalf("%s", a.Raw)
			}
			if second := w.sent(t, p.email); second != first {
				if a := p.verify(t, in, first); a.Status == 200 {
					t.Error("the code before was taken")
				}
				is(t, p.verify(t, in, second), "signed_in")
			}
			w.s.Clock.Advance(time.Hour)
			v := w.visit(t).passes(p).offers("Resend code").sees("You can send a new code in")
			w.s.Clock.Advance(time.Minute)
			v.open("/sign-in/verify").press("Resend code").sees("A code is on its way.")
		})
		w.row("X15_ninety_days", func(t *testing.T) {
			p := withApp(t)
			v := w.visit(t).passes(p).sees(dontAsk).fill(codeField, p.code(t)).tick(dontAsk).press("Verify").isIn()
			for _, days := range []int{44, 45} {
				w.s.Clock.Advance(time.Duration(days) * 24 * time.Hour)
				v.open("/sign-in").passes(p).isIn()
			}
			w.s.Clock.Advance(2 * 24 * time.Hour)
			v.passes(p).at("/sign-in/verify")
		})
		w.row("X16_asked_again_in_another_environment", func(t *testing.T) {
			p := withApp(t)
			w.visit(t).passes(p).sees("A code might still be required if your system environment changes")
			in := p.passes(t)
			trusted := w.s.API("").With("User-Agent", linux).Must(t, 200, "POST /v1/sign-in/verify", object{"pending": in.JSON["pending"], "code": p.code(t), "trust_browser": true}).JSON["trusted_browser"]
			again := func(agent string) apptest.Answer {
				return w.s.API("").With("User-Agent", agent).Must(t, 200, "POST /v1/sign-in", object{"account": "acme", "email": p.email, "password": apptest.Password, "trusted_browser": trusted})
			}
			same := again(linux)
			is(t, same, "signed_in")
			trusted = same.JSON["trusted_browser"]
			other := again(windows)
			is(t, other, "second_factor")
			if other.JSON["asked_again"] != "system" {
				t.Errorf("%s", other.Raw)
			}

			// The same before the pages: here not asked, there asked, and told why.
			v := w.visit(t).passes(p).fill(codeField, p.code(t)).tick(dontAsk).press("Verify").isIn()
			w.s.Clock.Advance(25 * time.Hour)
			v.passes(p).isIn()
			w.s.Clock.Advance(25 * time.Hour)
			v.onWindows().passes(p).at("/sign-in/verify").sees("your browser runs on another operating system than before", dontAsk).isOut()
			v.open("/sign-in/verify").fill(codeField, p.code(t)).press("Verify").isIn()
		})
		w.row("X17_verify_checks_then_signs_in", func(t *testing.T) {
			p := withApp(t)
			v := w.visit(t).passes(p).fill(codeField, p.wrong(t)).press("Verify").sees("That code isn’t valid.").isOut()
			v.open("/sign-in/verify").fill(codeField, p.code(t)).press("Verify").isIn()
		})
		w.row("X18_cancel_leads_back", func(t *testing.T) {
			v := w.visit(t).passes(withApp(t)).offers("Cancel").press("Cancel").at("/sign-in").sees("The sign-in was cancelled.")
			v.open("/sign-in/verify").at("/sign-in")
		})
		w.row("X19_on_for_one_surface", func(t *testing.T) {
			p := withApp(t)
			made := p.api(t).Must(t, 201, "POST /v1/me/api-keys", object{"name": "Backup", "scopes": []string{"read"}})
			program := w.s.API(made.JSON["key"].(string))
			program.Must(t, 200, "GET /v1/me", nil) // off for programs
			w.visit(t).passes(p).isOut()            // on for the pages
			w.policy(t, object{"api_second_factor": "required"})
			refused(t, program.Call(t, "GET /v1/me", nil), 401, "second_factor_required")
			w.policy(t, object{"api_second_factor": "off"})

			// Two programs behind the door: the panel wants a second factor, the reports do not.
			const panel, reports = "panel.acme.test", "reports.acme.test"
			plain := w.person(t, "plain")
			c := w.s.Client(t)
			(&visitor{t: t, c: c}).passes(plain).press("Not now")
			enters(t, c, reports, "level=aal1")
			if amr := asks(t, c, reports, "level=aal1"); amr != "pwd" {
				t.Errorf("the reports are told %q", amr)
			}
			if amr := asks(t, c, reports, "level=aal2"); amr != "" {
				t.Errorf("a second factor is wanted, and the door says %q", amr)
			}
			begin(t, c, panel, "level=aal2").Sees(200, "The page that you want needs a second factor")
			c = w.s.Client(t)
			(&visitor{t: t, c: c}).signsIn(p)
			enters(t, c, panel, "level=aal2")
			if amr := asks(t, c, panel, "level=aal2"); amr != "pwd,otp,mfa" {
				t.Errorf("the panel is told %q", amr)
			}
		})
	}, func(c *config.Config) {
		c.DoorOrigins = httpx.Origins{"https://panel.acme.test", "https://reports.acme.test"}
	})
}

// at is a request that comes to a program's site, as its proxy hands it on or asks about it.
func at(c *apptest.Client, site, path string) *http.Request {
	r := c.Request(http.MethodGet, path, nil)
	r.Host = site
	for name, value := range map[string]string{"X-Forwarded-Proto": "https", "X-Forwarded-Host": site, "X-Forwarded-Uri": "/", "Sec-Fetch-Mode": "navigate"} {
		r.Header.Set(name, value)
	}
	return r
}

// begin goes from a program's site to where Sallyport leads, one page or the way back in.
func begin(t *testing.T, c *apptest.Client, site, query string) *apptest.Page {
	t.Helper()
	to, err := url.Parse(c.Send(at(c, site, gate.Prefix+"start?to=/&"+query)).Header.Get("Location"))
	if err != nil || to.Path != "/door" {
		t.Fatalf("the way begins at %v, %v", to, err)
	}
	p := c.Send(c.Request(http.MethodGet, to.RequestURI(), nil))
	if strings.HasPrefix(p.Header.Get("Location"), "/") {
		return p.Follow()
	}
	return p
}

// enters goes through, as somebody who has what the site wants.
func enters(t *testing.T, c *apptest.Client, site, query string) {
	t.Helper()
	p := begin(t, c, site, query)
	in, found := strings.CutPrefix(p.Header.Get("Location"), "https://"+site)
	if !found {
		t.Fatalf("%s: %d, led to %q: %s", site, p.Status, p.Header.Get("Location"), p.Text())
	}
	if p = c.Send(at(c, site, in)); p.Status != http.StatusSeeOther {
		t.Fatalf("%s: %d %s", site, p.Status, p.Text())
	}
}

// asks is the proxy's question: how the browser's person signed in, "" if the door does not let them in.
func asks(t *testing.T, c *apptest.Client, site, query string) string {
	t.Helper()
	p := c.Send(at(c, site, gate.Path+"?"+query))
	if (p.Status == http.StatusOK) != (p.Header.Get("Remote-Amr") != "") {
		t.Errorf("%s: %d as %q", site, p.Status, p.Header.Get("Remote-Amr"))
	}
	return p.Header.Get("Remote-Amr")
}
