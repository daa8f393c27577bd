package acceptance

import (
	"net/url"
	"regexp"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
	"sallyport/internal/chrometest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

const disable = "Disable two-factor authentication"

// TestClusterpoint: one app each, clocks three minutes off, and two ways out: by mail at the sign-in, and by one press in the settings.
func TestClusterpoint(t *testing.T) {
	walk(t, "Clusterpoint", object{
		"methods": []string{"totp"}, "enrolment": "recent_sign_in", "removal": "recent_sign_in", "clock_tolerance": "180s", "mailed_disable": "disable", "max_devices_per_kind": 1, "trusted_browser_days": 0,
	}, func(w *suite) {
		// enabled is somebody with an app.
		enabled := func(t *testing.T, names ...string) *person {
			t.Helper()
			p := w.person(t, names...)
			p.addApp(t)
			return p
		}
		// token begins the way out and gives the mailed token.
		token := func(t *testing.T, v *visitor, p *person) string {
			t.Helper()
			v.passes(p).press(disable).sees("we mail a token to " + p.email).press("Mail the token").sees("A token is on its way")
			return w.s.MailedToken(t, p.email)
		}

		w.row("P1_password_and_code", func(t *testing.T) {
			p := enabled(t)
			w.visit(t).passes(p).isOut()
			w.visit(t).signsIn(p).isIn()
		})
		w.row("P2_plain_codes", func(t *testing.T) {
			uri, err := url.Parse(w.person(t).begun(t))
			if err != nil {
				t.Fatal(err)
			}
			for name, usual := range map[string]string{"algorithm": "SHA1", "digits": "6", "period": "30"} {
				if got := uri.Query().Get(name); got != "" && got != usual {
					t.Errorf("%s is %s: not every app knows that", name, got)
				}
			}
		})
		w.row("P3_entry_by_the_profile", func(t *testing.T) {
			v := w.visit(t).as(w.person(t)).open(twoFactor)
			v.topRight()
			v.press("My profile").at("/settings").sees("Off. Set it up to make your account safer.")
		})
		w.row("P4_button_that_enables", func(t *testing.T) {
			w.visit(t).as(w.person(t)).open(twoFactor).offers("Add new device").press("Add new device").at(twoFactor + "/add")
		})
		w.row("P5_qr_code_ties_the_app", func(t *testing.T) {
			app := w.visit(t).as(w.person(t)).open(twoFactor + "/add").press("Add").scan()
			if code := app.At(t, w.s.Clock.Now()); len(code) != 6 {
				t.Errorf("the app shows %q", code)
			}
		})
		w.row("P6_six_digits_below_the_qr_code", func(t *testing.T) {
			p := w.person(t)
			v := w.visit(t).as(p).open(twoFactor + "/add").press("Add")
			p.app = v.scan()
			v.fill(codeField, p.code(t)).press("Verify").sees("Two-factor authentication is on.")
		})
		w.row("P7_wrong_code_is_not_valid", func(t *testing.T) {
			p := enabled(t)
			refused(t, p.verify(t, p.passes(t), p.wrong(t)), 422, "wrong_code")
			w.visit(t).passes(p).fill(codeField, p.wrong(t)).press("Verify").sees("That code isn’t valid.").isOut()
		})
		w.row("P8_error_names_the_clock", func(t *testing.T) {
			p := enabled(t)
			w.visit(t).passes(p).fill(codeField, p.wrong(t)).press("Verify").sees("Check the date and time on your phone")
		})
		w.row("P9_three_minutes", func(t *testing.T) {
			for name, off := range map[string]time.Duration{"behind": -3 * time.Minute, "ahead": 3 * time.Minute} {
				p := enabled(t, name)
				w.s.Clock.Advance(10 * time.Minute)
				is(t, p.verify(t, p.passes(t), p.app.At(t, w.s.Clock.Now().Add(off))), "signed_in")
			}
			for name, off := range map[string]time.Duration{"far-behind": -4 * time.Minute, "far-ahead": 4 * time.Minute} {
				p := enabled(t, name)
				w.s.Clock.Advance(10 * time.Minute)
				refused(t, p.verify(t, p.passes(t), p.app.At(t, w.s.Clock.Now().Add(off))), 422, "wrong_code")
			}
		})
		w.row("P10_every_sign_in_until_disabled", func(t *testing.T) {
			p := enabled(t)
			for range 3 {
				in := p.passes(t)
				is(t, in, "second_factor")
				is(t, p.verify(t, in, p.code(t)), "signed_in")
				w.s.Clock.Advance(24 * time.Hour)
			}
			p.api(t).Must(t, 200, "POST /v1/me/factors/"+p.id+"/remove", object{})
			is(t, p.passes(t), "signed_in")
		})
		w.row("P11_entry_for_each_account", func(t *testing.T) {
			p := enabled(t)
			made := w.s.API(w.operator).Must(t, 201, "POST /v1/accounts", object{"slug": "second", "name": "Second Cloud"})
			other, err := account.Get(t.Context(), w.s.DB, made.JSON["id"].(string))
			if err != nil {
				t.Fatal(err)
			}
			w.s.AddUser(t, other, p.email, "Somebody", user.Member)
			in := w.s.API("").Must(t, 200, "POST /v1/sign-in", object{"account": other.Slug, "email": p.email, "password": apptest.Password})
			is(t, in, "signed_in") // this account knows nothing of the other's app
			api := w.s.API(in.JSON["token"].(string))
			begun := p.begin(t, api)
			second := chrometest.Enter(t, begun.JSON["uri"].(string))
			if second.Issuer == p.app.Issuer || second.Secret == p.app.Secret {
				t.Errorf("both entries are %q", second.Issuer)
			}
			w.s.Clock.Advance(chrometest.Period)
			api.Must(t, 200, "POST /v1/me/factors/"+begun.JSON["id"].(string)+"/confirm", object{"code": second.At(t, w.s.Clock.Now())})
			refused(t, p.verify(t, p.passes(t), second.At(t, w.s.Clock.Now())), 422, "wrong_code")
		})
		w.row("P12_code_on_the_next_page", func(t *testing.T) {
			p := enabled(t)
			v := w.visit(t).open("/sign-in?account=acme").sees("E-mail", "Password").lacks(codeField)
			v.passes(p).at("/sign-in/verify").sees(codeField).fill(codeField, p.code(t)).press("Verify").isIn()
		})
		w.row("P13_link_at_the_code_page", func(t *testing.T) {
			w.visit(t).passes(enabled(t)).offers(disable).press(disable).at("/sign-in/disable")
		})
		w.row("P14_token_to_the_registered_address", func(t *testing.T) {
			p := enabled(t)
			if got := token(t, w.visit(t), p); !regexp.MustCompile(`^[0-9a-z]{26}$`).MatchString(got) {
				t.Errorf("the token is %q", got)
			}
		})
		w.row("P15_pasted_token_switches_it_off", func(t *testing.T) {
			p := enabled(t)
			v := w.visit(t)
			mailed := token(t, v, p)
			v.fill("Token from the mail", domaintest.Other(mailed)).press(disable).sees("That token does not work")
			is(t, p.passes(t), "second_factor")
			v.fill("Token from the mail", mailed).press(disable).sees("Two-factor authentication is off.")
			is(t, p.passes(t), "signed_in")
		})
		w.row("P16_just_press", func(t *testing.T) {
			p := enabled(t)
			v := w.visit(t).as(p).open(twoFactor).press("Remove My Phone").sees("Two-factor authentication is then off").lacks("Password Show")
			v.press("Remove").sees("Two-factor authentication is off.")
			is(t, p.passes(t), "signed_in")
		})
	})
}

// begun is the otpauth address of an app that the person begins to add.
func (p *person) begun(t *testing.T) string {
	t.Helper()
	return p.begin(t, p.api(t)).JSON["uri"].(string)
}

// topRight opens the person's menu, which must stand at the top right of the window.
func (v *visitor) topRight() {
	v.t.Helper()
	if v.b == nil {
		v.p.Find(`(<details class="person">)`)
		return
	}
	if !chrometest.Eval[bool](v.b, `(r => r.top < 100 && r.right > innerWidth - 100)(document.querySelector("details.person").getBoundingClientRect())`) {
		v.t.Error("the person’s menu is not at the top right")
	}
	v.b.Do("opening the menu", chromedpClick(`//details[contains(@class, "person")]/summary`))
}
