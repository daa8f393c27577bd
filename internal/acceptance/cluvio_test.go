package acceptance

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/phone"
	"sallyport/internal/sms"
	"sallyport/internal/sms/kanneltest"
)

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

const (
	twoFactor = "/settings/two-factor"
	appTitle  = "Authenticator app"
	smsTitle  = "Phone number (SMS)"
	configure = "Configure " + smsTitle
	codeField = "Authentication code"
)

// TestCluvio: each person's own choice of app and text message, a password to remove one, texts by plan, trial and country.
func TestCluvio(t *testing.T) {
	walk(t, "Cluvio", object{"methods": []string{"totp", "sms"}, "enrolment": "recent_sign_in", "removal": "password", "max_devices_per_kind": 1, "trusted_browser_days": 0}, func(w *suite) {
		last := 0
		number := func() string { last++; return fmt.Sprintf("+4366012345%02d", last) }

		w.row("C1_one_of_the_methods", func(t *testing.T) {
			v := w.visit(t).as(w.person(t)).open(twoFactor)
			v.sees("Two-factor authentication", appTitle, smsTitle).lacks("E-mail codes")
			if n := len(w.person(t, "rest").methods(t)); n != 2 {
				t.Errorf("%d methods are offered, want app and text", n)
			}
		})
		w.row("C2_app_code_at_each_sign_in", func(t *testing.T) {
			p := w.person(t)
			p.addApp(t)
			for range 2 {
				in := p.passes(t)
				is(t, in, "second_factor")
				is(t, p.verify(t, in, p.code(t)), "signed_in")
			}
			w.visit(t).passes(p).sees("Enter your authentication code").isOut()
		})
		w.row("C3_set_up_starts_in_the_settings", func(t *testing.T) {
			w.visit(t).as(w.person(t)).open(twoFactor).offers("Configure " + appTitle).press("Configure " + appTitle).at(twoFactor + "/add")
		})
		w.row("C4_qr_code_to_scan", func(t *testing.T) {
			v := w.visit(t).as(w.person(t)).open(twoFactor+"/add").press("Add").sees("Scan the QR code", "Tap Plus, then scan this QR code.")
			if v.scan().Secret == "" {
				t.Error("no secret in the QR code")
			}
		})
		w.row("C5_qr_code_of_ones_own", func(t *testing.T) {
			secrets := map[string]bool{}
			for _, name := range []string{"one", "two"} {
				v := w.visit(t).as(w.person(t, name)).open(twoFactor + "/add").press("Add").sees("Do not let anyone else scan this QR code.")
				secrets[v.scan().Secret] = true
			}
			if len(secrets) != 2 {
				t.Error("two people were shown the same secret")
			}
		})
		w.row("C6_entry_named_and_changing", func(t *testing.T) {
			p := w.person(t)
			app := w.visit(t).as(p).open(twoFactor + "/add").press("Add").scan()
			if app.Issuer != "Acme" || app.Account != p.email {
				t.Errorf("the entry is %q of %q", app.Account, app.Issuer)
			}
			p.app = app
			p.confirm(t)
			// What the entry shows now lets this person in, and what it showed before does not.
			first := p.code(t)
			second := p.code(t)
			if !sixDigits.MatchString(first) || !sixDigits.MatchString(second) {
				t.Errorf("the app shows %q, then %q", first, second)
			}
			if first == second {
				second = p.code(t) // one of a million
			}
			w.s.Clock.Advance(2 * time.Minute)
			if a := p.verify(t, p.passes(t), second); a.Status == 200 {
				t.Error("a code of two minutes ago was taken")
			}
			is(t, p.verify(t, p.passes(t), p.code(t)), "signed_in")
		})
		w.row("C7_verify_the_shown_code", func(t *testing.T) {
			p := w.person(t)
			v := w.visit(t).as(p).open(twoFactor + "/add").press("Add")
			p.app = v.scan()
			v.fill(codeField, p.code(t)).press("Verify").sees("Two-factor authentication is on.")
		})
		w.row("C8_right_code_ends_the_dialog", func(t *testing.T) {
			p := w.person(t)
			v := w.visit(t).as(p).open(twoFactor + "/add").press("Add")
			p.app = v.scan()
			v.fill(codeField, p.wrong(t)).press("Verify")
			is(t, p.passes(t), "signed_in") // what is not validated is not active
			v.fill(codeField, p.code(t)).press("Verify").press("I have saved them").at(twoFactor).sees("My Phone", "confirmed")
			is(t, p.passes(t), "second_factor")
		})
		w.row("C9_remove_and_renew", func(t *testing.T) {
			p := w.person(t)
			p.addApp(t)
			old := p.app.Secret
			v := w.visit(t).as(p).open(twoFactor).offers("Remove My Phone").press("Remove My Phone").fill("Password", apptest.Password).press("Remove")
			v.at(twoFactor).press("Configure " + appTitle).press("Add")
			p.app = v.scan()
			v.fill(codeField, p.code(t)).press("Verify")
			if p.app.Secret == old {
				t.Error("the new phone has the old secret")
			}
			is(t, p.verify(t, p.passes(t), p.code(t)), "signed_in")
		})
		w.row("C10_removing_needs_the_password", func(t *testing.T) {
			p := w.person(t)
			p.addApp(t)
			api := p.api(t)
			route := "POST /v1/me/factors/" + p.id + "/remove"
			refused(t, api.Call(t, route, object{}), 401, "proof_needed")
			refused(t, api.Call(t, route, object{"password": "not the password"}), 422, "wrong_password")
			w.visit(t).as(p).open(twoFactor).press("Remove My Phone").press("Remove").open(twoFactor).sees("My Phone", "confirmed")
			p.api(t).Must(t, 200, route, object{"password": apptest.Password})
			is(t, p.passes(t), "signed_in")
		})
		w.row("C11_text_code_at_each_sign_in", func(t *testing.T) {
			p, to := w.person(t), number()
			p.addAddress(t, "sms", to)
			for range 2 {
				before := w.sentTo(t, to)
				in := p.passes(t)
				if w.sentTo(t, to) != before+1 {
					t.Fatal("no text came")
				}
				is(t, p.verify(t, in, w.sent(t, to)), "signed_in")
				w.s.Clock.Advance(15 * time.Minute)
			}
			w.visit(t).passes(p).sees("We sent a text message with a code").isOut()
		})
		w.row("C12_no_texts_on_the_free_plan", func(t *testing.T) {
			w.terms(t, object{"plan": "free"})
			defer w.terms(t, object{"plan": "business"})
			p := w.person(t)
			p.greyed(t, "plan")
			v := w.visit(t).as(p).open(twoFactor).sees("Not part of your organisation’s plan.")
			if v.has(configure) {
				t.Error("texts can be configured")
			}
		})
		w.row("C13_no_texts_in_the_trial", func(t *testing.T) {
			w.terms(t, object{"trial_ends_at": w.in(14 * 24 * time.Hour)})
			defer w.terms(t, object{"trial_ends_at": ""})
			p := w.person(t)
			p.greyed(t, "trial")
			w.visit(t).as(p).open(twoFactor).sees("Not available during the trial, to protect against abuse.")
		})
		w.row("C14_support_excepts_one_account", func(t *testing.T) {
			w.terms(t, object{"trial_ends_at": w.in(14 * 24 * time.Hour)})
			defer w.terms(t, object{"trial_ends_at": "", "disallow": []string{"sms"}})
			p := w.person(t)
			v := w.visit(t).as(p).open(twoFactor).sees("If you need it, write to support@vendor.test")
			w.terms(t, object{"allow": []object{{"method": "sms", "reason": "Asked support, ticket 4711", "until": w.in(10 * 24 * time.Hour)}}})
			v.open(twoFactor).lacks("Not available during the trial").offers(configure)
			p.addAddress(t, "sms", number())
		})
		w.row("C15_configure_beside_sms", func(t *testing.T) {
			w.visit(t).as(w.person(t)).open(twoFactor).offers(configure).press(configure).at(twoFactor + "/add-sms").sees("Add a phone number")
		})
		// Both by a real gateway, with the message centre behind it.
		gateway := func(t *testing.T) (*suite, *kanneltest.Kannel) {
			t.Helper()
			k := kanneltest.Start(t, kanneltest.Options{})
			real := w.another(t, func(c *config.Config) {
				var err error
				if c.SMS, err = sms.Parse(k.Setting("Acme")); err != nil {
					t.Fatal(err)
				}
			})
			real.policy(t, object{"enrolment": "recent_sign_in"})
			return real, k
		}
		w.row("C16_number_next_text", func(t *testing.T) {
			real, k := gateway(t)
			to := number()
			real.visit(t).as(real.person(t)).open(twoFactor+"/add-sms").fill("Mobile number", to).press("Next").sees("We sent a text message with a code")
			if got := k.WaitText(t, to, `#[0-9]{6}$`); got.From != "Acme" || !strings.Contains(got.Text, "code") {
				t.Errorf("the text is %+v", got)
			}
			if all := k.Texts(); len(all) != 1 {
				t.Errorf("%d texts arrived: %v", len(all), all)
			}
		})
		w.row("C17_six_digits_verify", func(t *testing.T) {
			real, k := gateway(t)
			p, to := real.person(t), number()
			v := real.visit(t).as(p).open(twoFactor+"/add-sms").fill("Mobile number", to).press("Next")
			text := k.WaitText(t, to, `#[0-9]{6}$`).Text
			right := text[len(text)-6:]
			v.fill(codeField, right[1:]).press("Verify") // five digits are none
			is(t, p.passes(t), "signed_in")
			v.fill(codeField, right).press("Verify").sees("Two-factor authentication is on.")
			is(t, p.passes(t), "second_factor")
		})
		w.row("C18_on_for_that_number", func(t *testing.T) {
			p, to := w.person(t), number()
			v := w.visit(t).as(p).open(twoFactor+"/add-sms").fill("Mobile number", to).press("Next")
			v.fill(codeField, w.sent(t, to)).press("Verify").press("I have saved them").at(twoFactor).sees("My number", to[len(to)-2:], "confirmed")
			w.s.Clock.Advance(time.Minute)
			before := w.sentTo(t, to)
			is(t, p.passes(t), "second_factor")
			if w.sentTo(t, to) != before+1 {
				t.Error("the code did not go to that number")
			}
		})
		w.row("C19_removing_a_number_needs_the_password", func(t *testing.T) {
			p, to := w.person(t), number()
			p.addAddress(t, "sms", to)
			in := p.verify(t, p.passes(t), w.sent(t, to))
			api := w.s.API(in.JSON["token"].(string))
			f := p.factors(t, api)[0]
			route := "POST /v1/me/factors/" + f["id"].(string) + "/remove"
			refused(t, api.Call(t, route, object{}), 401, "proof_needed")
			refused(t, api.Call(t, route, object{"password": "not the password"}), 422, "wrong_password")
			api.Must(t, 200, route, object{"password": apptest.Password})
			v := w.visit(t).as(p).open(twoFactor).press(configure)
			v.fill("Mobile number", number()).press("Next").sees("We sent a text message") // to change the number
		})
		w.row("C20_only_the_listed_countries", func(t *testing.T) {
			p := w.person(t)
			api := p.api(t)
			for _, to := range []string{"+61412345678", "+5511912345678", "+8613812345678", "+79161234567", "+905321234567", "+380501234567"} {
				refused(t, api.Call(t, "POST /v1/me/factors", object{"kind": "sms", "name": "N", "address": to}), 422, "country_not_supported")
			}
			v := w.visit(t).as(p).open(twoFactor + "/add-sms")
			if v.b != nil {
				v.b.Do("unfolding the countries", clickSummary("Supported countries"))
			}
			v.sees("Supported countries", "Åland Islands", "Austria", "India", "Nigeria", "United States", "Venezuela").lacks("Australia", "Brazil", "China", "Ukraine")
			if n := len(phone.DefaultCountries().Names()); n != 104 {
				t.Errorf("%d countries, want the 104 listed", n)
			}
			for i, to := range []string{"+919812345678", "+2348031234567", "+12025550123"} {
				q := w.person(t, fmt.Sprint("ok", i))
				if a := q.api(t).Call(t, "POST /v1/me/factors", object{"kind": "sms", "name": "N", "address": to}); a.Status != 201 {
					t.Errorf("%s: %s", to, a.Raw)
				}
			}
		})
		w.row("C21_each_method_its_own_state", func(t *testing.T) {
			p := w.person(t)
			p.addApp(t)
			v := w.visit(t).as(p).open(twoFactor).offers("Remove My Phone", configure).press(configure)
			to := number()
			v.fill("Mobile number", to).press("Next").fill(codeField, w.sent(t, to)).press("Verify").at(twoFactor).offers("Remove My Phone", "Remove My number")
			methods := p.passes(t).JSON["methods"].([]any)
			if len(methods) != 2 {
				t.Errorf("sign-in offers %v", methods)
			}
			v.press("Remove My number").fill("Password", apptest.Password).press("Remove").at(twoFactor).offers("Remove My Phone", configure)
		})
	}, func(c *config.Config) { c.SupportAddress = "support@vendor.test" })
}

// methods are the kinds that the person may set up now.
func (p *person) methods(t *testing.T) (kinds []string) {
	t.Helper()
	for _, m := range p.api(t).Must(t, 200, "GET /v1/me", nil).JSON["policy"].(object)["methods"].([]any) {
		kinds = append(kinds, m.(object)["kind"].(string))
	}
	return kinds
}

// greyed demands that texts are refused for this reason.
func (p *person) greyed(t *testing.T, why string) {
	t.Helper()
	me := p.api(t).Must(t, 200, "GET /v1/me", nil)
	if !strings.Contains(string(me.Raw), `"why":"`+why+`"`) {
		t.Errorf("no method is unavailable by %s: %s", why, me.Raw)
	}
	if a := p.api(t).Call(t, "POST /v1/me/factors", object{"kind": "sms", "name": "N", "address": "+436601234567"}); a.Status < 400 {
		t.Errorf("a number was taken: %s", a.Raw)
	}
}
