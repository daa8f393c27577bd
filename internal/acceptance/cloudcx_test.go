package acceptance

import (
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db"
	"sallyport/internal/db/dbtest"
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
		w.row("X5_mailed_by_itself_at_each_sign_in", func(t *testing.T) {
			p := mailed(t)
			for range 2 {
				before := w.sentTo(t, p.email)
				in := p.passes(t)
				if w.sentTo(t, p.email) != before+1 {
					t.Fatal("no code came")
				}
				code := w.sent(t, p.email)
				is(t, p.verify(t, in, code), "signed_in")
				w.s.Clock.Advance(30 * time.Minute)
			}
		})
		w.row("X6_mail_server_first", func(t *testing.T) {
			dsn := dbtest.SQLite
			if w.engine == db.Postgres {
				dsn = dbtest.Postgres
			}
			bare := &suite{t: t, s: apptest.Start(t, dsn(t)), engine: w.engine} // it has no way to send mail
			bare.boss = &person{w: bare, email: apptest.Ada}
			bare.boss.addApp(t)
			p := bare.person(t)
			v := bare.visit(t).as(p).open(twoFactor).sees("No mail server is set up yet.")
			if v.has("Configure E-mail codes") {
				t.Error("codes by mail can be configured without a mail server")
			}
			if a := p.api(t).Call(t, "POST /v1/me/factors", object{"kind": "email", "name": "N", "password": apptest.Password, "address": p.email}); a.Status < 400 {
				t.Errorf("a mailbox was taken: %s", a.Raw)
			}
			bare.boss.api(t).Must(t, 200, "PUT /v1/account/mail", object{"host": "mail.example.com", "port": 587, "security": "starttls", "from": "no-reply@example.com", "password": apptest.Password})
			bare.s.Clock.Advance(2 * time.Second)
			v.open(twoFactor).offers("Configure E-mail codes")
		})
		w.row("X7_verify_confirms_the_sign_in", func(t *testing.T) {
			p := mailed(t)
			v := w.visit(t).passes(p).isOut()
			v.open("/sign-in/verify").fill(codeField, w.sent(t, p.email)).press("Verify").sees("You are signed in.").isIn()
		})
		w.row("X8_mail_or_app", func(t *testing.T) {
			p := mailed(t)
			in := p.verify(t, p.passes(t), w.sent(t, p.email))
			api := w.s.API(in.JSON["token"].(string))
			begun := p.begin(t, api)
			api.Must(t, 200, "GET /v1/me/factors/"+begun.JSON["id"].(string), nil)
			if kinds := withApp(t, "app").methods(t); len(kinds) != 2 || kinds[0] != "email" || kinds[1] != "totp" {
				t.Errorf("offered are %v", kinds)
			}
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
				given := w.boss.api(t).Call(t, "POST /v1/account/users/"+p.uid+"/backup-code", object{"reason": "Lost the phone, called back"})
				code, _ := given.JSON["code"].(string)
				if code == "" {
					t.Fatalf("%s", given.Raw)
				}
				is(t, p.verify(t, p.passes(t), code), "signed_in")
			})
			v := w.visit(t).as(w.boss).open("/admin/users/" + w.person(t).uid)
			v.sees("@mail.test")
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
		})
	})
}
