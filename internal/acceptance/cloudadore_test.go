package acceptance

import (
	"os"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/chrometest"
)

// TestCloudAdore: named devices, a password to add one, a second factor for programs, and the reseller's own name.
func TestCloudAdore(t *testing.T) {
	walk(t, "Cloud Adore", object{
		"methods": []string{"totp"}, "enforcement": "recommended", "enrolment": "password", "max_devices_per_kind": 20, "api_second_factor": "required", "trusted_browser_days": 0,
	}, func(w *suite) {
		// begins is on the page that shows the QR code.
		begins := func(t *testing.T, p *person, name string) *visitor {
			t.Helper()
			return w.visit(t).as(p).open(twoFactor).press("Add new device").fill("Device name", name).fill("Password", apptest.Password).press("Add")
		}
		// key makes an API key, with a device of its own if wanted.
		key := func(t *testing.T, p *person, device bool) apptest.Answer {
			t.Helper()
			return p.api(t).Must(t, 201, "POST /v1/me/api-keys", object{"name": "Backup", "scopes": []string{"read"}, "device": device})
		}

		w.row("A1_recommended_at_the_first_sign_in", func(t *testing.T) {
			w.visit(t).passes(w.person(t)).sees("Make your account safer", "Your organisation recommends it.").press("Not now").isIn()
		})
		w.row("A2_page_of_its_own", func(t *testing.T) {
			w.visit(t).as(w.person(t)).open("/settings").press("Two-factor authentication").at(twoFactor)
		})
		w.row("A3_empty_list_at_first", func(t *testing.T) {
			p := w.person(t)
			w.visit(t).as(p).open(twoFactor).sees("No devices yet.")
			if all := p.factors(t, p.api(t)); len(all) != 0 {
				t.Errorf("%v", all)
			}
		})
		w.row("A4_more_devices", func(t *testing.T) {
			p := w.person(t)
			p.addApp(t)
			v := begins(t, p, "Second phone")
			v.fill(codeField, (&person{w: w, app: v.scan()}).code(t)).press("Verify").open(twoFactor).sees("My Phone", "Second phone", "2 devices").offers("Add new device")
		})
		w.row("A5_add_new_device", func(t *testing.T) {
			w.visit(t).as(w.person(t)).open(twoFactor).offers("Add new device").press("Add new device").sees("Add new device")
		})
		w.row("A6_device_has_a_name", func(t *testing.T) {
			p := w.person(t)
			begins(t, p, "Ada’s tablet").open(twoFactor).sees("Ada’s tablet")
			refused(t, p.api(t).Call(t, "POST /v1/me/factors", object{"kind": "totp", "name": "", "password": apptest.Password}), 422, "device_name")
		})
		w.row("A7_password_to_add", func(t *testing.T) {
			p := w.person(t)
			api := p.api(t)
			refused(t, api.Call(t, "POST /v1/me/factors", object{"kind": "totp", "name": "My Phone"}), 401, "proof_needed")
			refused(t, api.Call(t, "POST /v1/me/factors", object{"kind": "totp", "name": "My Phone", "password": "not the password"}), 422, "wrong_password")
			v := w.visit(t).as(p).open(twoFactor+"/add").fill("Password", "not the password").press("Add").sees("Add new device")
			v.lacks("Scan the QR code")
		})
		w.row("A8_add", func(t *testing.T) {
			v := w.visit(t).as(w.person(t)).open(twoFactor + "/add").offers("Add")
			v.fill("Password", apptest.Password).press("Add").sees("Scan the QR code")
		})
		w.row("A9_guards_calls_of_programs", func(t *testing.T) {
			p := w.person(t)
			w.visit(t).as(p).open(twoFactor).sees("every sign-in asks for a code as well, here and over the API")
			api := p.api(t).Must(t, 201, "POST /v1/me/api-keys", object{"name": "Backup", "scopes": []string{"read"}, "password": apptest.Password})
			program := w.s.API(api.JSON["key"].(string))
			program.Must(t, 200, "GET /v1/me", nil)
			p.addApp(t)
			w.s.Clock.Advance(2 * time.Second)
			refused(t, program.Call(t, "GET /v1/me", nil), 401, "second_factor_required")
		})
		w.row("A10_second_factor_for_programs", func(t *testing.T) {
			p := w.person(t)
			p.addApp(t)
			made := key(t, p, true)
			app := &person{w: w, app: chrometest.Enter(t, made.JSON["enrolment"].(object)["uri"].(string))}
			p.api(t).Must(t, 204, "POST /v1/me/api-keys/"+made.JSON["id"].(string)+"/device/confirm", object{"code": app.code(t)})
			w.s.Clock.Advance(2 * time.Second)
			program := w.s.API(made.JSON["key"].(string))
			refused(t, program.Call(t, "GET /v1/me", nil), 401, "second_factor_required")
			if me := program.With("Sallyport-OTP", app.code(t)).Must(t, 200, "GET /v1/me", nil); me.JSON["level"] != "aal2" {
				t.Errorf("%s", me.Raw)
			}
			text, err := os.ReadFile("../../docs/api-keys.md")
			if err != nil || !strings.Contains(string(text), "Sallyport-OTP") {
				t.Error("docs/api-keys.md does not tell it")
			}
		})
		w.row("A11_qr_code_and_field", func(t *testing.T) {
			v := begins(t, w.person(t), "My Phone").sees("Scan the QR code", codeField).offers("Verify")
			v.scan()
			v.fill(codeField, "123456")
		})
		w.row("A12_install_before_scanning", func(t *testing.T) {
			v := w.visit(t).as(w.person(t)).open(twoFactor + "/add")
			v.sees("First install an authenticator app on your phone: Google Authenticator", "iOS, Android and other").lacks("Scan the QR code")
		})
		w.row("A13_plus_and_scan", func(t *testing.T) {
			v := begins(t, w.person(t), "My Phone").sees("Tap Plus, then scan this QR code.")
			if app := v.scan(); app.Issuer != "Acme" || app.Secret == "" {
				t.Errorf("the entry is of %q", app.Issuer)
			}
		})
		w.row("A14_code_and_verify", func(t *testing.T) {
			p := w.person(t)
			v := begins(t, p, "My Phone")
			p.app = v.scan()
			v.fill(codeField, p.code(t)).press("Verify").sees("Two-factor authentication is on.")
		})
		w.row("A15_confirmed_in_the_list", func(t *testing.T) {
			p := w.person(t)
			v := begins(t, p, "My Phone")
			app := v.scan()
			if all := p.factors(t, p.api(t)); len(all) != 1 || all[0]["state"] != "pending" {
				t.Errorf("before: %v", all)
			}
			p.app = app
			v.fill(codeField, p.code(t)).press("Verify").press("I have saved them").at(twoFactor).sees("My Phone", "confirmed").lacks("not confirmed")
			if all := p.factors(t, p.api(t)); len(all) != 1 || all[0]["state"] != "confirmed" {
				t.Errorf("after: %v", all)
			}
		})
		w.row("A16_password_and_changing_code", func(t *testing.T) {
			p := w.person(t)
			p.addApp(t)
			used := p.code(t)
			is(t, p.verify(t, p.passes(t), used), "signed_in")
			refused(t, p.verify(t, p.passes(t), used), 422, "used_code")
			w.visit(t).signsIn(p).isIn()
		})
		w.row("A17_white_label", func(t *testing.T) {
			w.boss.api(t).Must(t, 200, "PATCH /v1/account", object{"name": "Cloud Adore", "accent": "#7a1f5c", "support": "help@adore.test", "issuer": "Adore Cloud"})
			w.s.Clock.Advance(2 * time.Second)
			w.visit(t).open("/sign-in?account=acme").sees("Cloud Adore", "help@adore.test").lacks("Sallyport")
			if app := begins(t, w.person(t), "My Phone").scan(); app.Issuer != "Adore Cloud" {
				t.Errorf("the entry is of %q", app.Issuer)
			}
		})
	})
}
