package acceptance

import (
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/user"
)

// TestCleverTap: two levels, the account's and the user's, and administrators who list and reset.
func TestCleverTap(t *testing.T) {
	walk(t, "CleverTap", object{"methods": []string{"totp"}, "enforcement": "optional", "grace_days": 0, "enrolment": "recent_sign_in", "trusted_browser_days": 0}, func(w *suite) {
		optional := func(t *testing.T) { t.Helper(); w.policy(t, object{"enforcement": "optional"}) }
		// require switches the account's level on; what it returns switches it off.
		require := func(t *testing.T) func() {
			t.Helper()
			w.policy(t, object{"enforcement": "required"})
			return func() { optional(t) }
		}
		enabled := func(t *testing.T, names ...string) *person {
			t.Helper()
			p := w.person(t, names...)
			p.addApp(t)
			return p
		}
		reset := func(t *testing.T, p *person) {
			t.Helper()
			w.boss.api(t).Must(t, 204, "POST /v1/account/users/"+p.uid+"/reset", object{"reason": "Lost the phone"})
		}

		w.row("T1_two_levels", func(t *testing.T) {
			p, other := enabled(t, "one"), w.person(t, "two")
			is(t, p.passes(t), "second_factor") // the user's level
			is(t, other.passes(t), "signed_in")
			defer require(t)()
			is(t, other.passes(t), "set_up") // the account's
		})
		w.row("T2_in_the_profile", func(t *testing.T) {
			v := w.visit(t).as(w.person(t)).open("/settings/sessions")
			v.topRight()
			v.press("My profile").at("/settings").sees("Profile and password").press("Two-factor authentication").at(twoFactor)
		})
		w.row("T3_one_press_begins", func(t *testing.T) {
			w.visit(t).as(w.person(t)).open(twoFactor).press("Add new device").at(twoFactor + "/add")
		})
		w.row("T4_install_an_app_first", func(t *testing.T) {
			w.visit(t).as(w.person(t)).open(twoFactor + "/add").sees("First install an authenticator app on your phone: Google Authenticator")
		})
		w.row("T5_scan_and_enter_the_code", func(t *testing.T) {
			p := w.person(t)
			v := w.visit(t).as(p).open(twoFactor+"/add").press("Add").sees("scan this QR code", "Enter the code that the app shows")
			p.app = v.scan()
			v.fill(codeField, p.code(t)).press("Verify").sees("Two-factor authentication is on.")
		})
		w.row("T6_each_sign_in", func(t *testing.T) {
			p := enabled(t)
			for range 2 {
				w.visit(t).passes(p).isOut()
				w.visit(t).signsIn(p).isIn()
			}
		})
		w.row("T7_own_switch_only_if_not_required", func(t *testing.T) {
			p := enabled(t)
			route := "POST /v1/me/factors/" + p.id + "/remove"
			defer require(t)()
			refused(t, p.api(t).Call(t, route, object{"password": apptest.Password}), 409, "two_factor_required")
			w.visit(t).as(p).open(twoFactor).sees("required by your organisation").press("Remove My Phone").lacks("Password Show").sees("your organisation requires two-factor authentication")
			w.policy(t, object{"enforcement": "optional"})
			p.api(t).Must(t, 200, route, object{"password": apptest.Password})
			is(t, p.passes(t), "signed_in")
		})
		w.row("T8_only_administrators_switch", func(t *testing.T) {
			p := enabled(t, "member")
			if a := p.api(t).Call(t, "PATCH /v1/account/policy", object{"enforcement": "required"}); a.Status != 403 {
				t.Errorf("a member’s switch: %d %s", a.Status, a.Raw)
			}
			v := w.visit(t).as(p).open("/settings")
			if v.has("Overview") || v.has("Users") {
				t.Error("a member is led to the administrators’ pages")
			}
			v.open("/admin/two-factor").lacks("Who needs a second factor")
			a := w.somebody(t, user.Admin, "admin")
			a.addApp(t)
			a.api(t).Must(t, 200, "PATCH /v1/account/policy", object{"enforcement": "optional"})
		})
		w.row("T9_mandatory_for_everybody", func(t *testing.T) {
			people := []*person{w.person(t), w.somebody(t, user.Admin, "admin"), w.somebody(t, user.Owner, "owner")}
			defer require(t)()
			for _, p := range people {
				is(t, p.passes(t), "set_up")
			}
		})
		w.row("T10_switch_among_the_settings", func(t *testing.T) {
			a := w.somebody(t, user.Admin)
			a.addApp(t)
			defer optional(t)
			w.visit(t).as(a).open("/admin/two-factor").sees("For everybody").tick("Required: nobody gets in without one").press("Save").press("Confirm").sees("The settings are saved.")
			if got := a.api(t).Must(t, 200, "GET /v1/account/policy", nil); got.JSON["enforcement"] != "required" {
				t.Errorf("%s", got.Raw)
			}
		})
		w.row("T11_set_up_at_the_next_sign_in", func(t *testing.T) {
			p := w.person(t)
			before := p.api(t)
			defer require(t)()
			refused(t, before.Call(t, "GET /v1/me", nil), 401, "set_up_required")
			v := w.visit(t).passes(p).at("/sign-in/set-up").sees("Your organisation requires two-factor authentication.").isOut()
			v.passes(p).press("Add")
			p.app = v.scan()
			v.fill(codeField, p.code(t)).press("Verify").isIn()
		})
		w.row("T12_reset_of_one_person", func(t *testing.T) {
			p, other := enabled(t, "one"), enabled(t, "two")
			if a := other.api(t).Call(t, "POST /v1/account/users/"+p.uid+"/reset", object{"reason": "No reason"}); a.Status != 403 {
				t.Errorf("a member resets: %d %s", a.Status, a.Raw)
			}
			reset(t, p)
			is(t, p.passes(t), "set_up")
			is(t, other.passes(t), "second_factor")
		})
		w.row("T13_list_of_who_has_it", func(t *testing.T) {
			p, without := enabled(t), w.person(t, "without")
			v := w.visit(t).as(w.boss).open("/admin/two-factor").sees("Users with two-factor authentication").press("All users who have a second factor").at("/admin/users")
			v.sees(w.boss.email, p.email).lacks(without.email)
			listed := map[string]bool{}
			for _, u := range w.boss.api(t).Must(t, 200, "GET /v1/account/users?second_factor=on&limit=100", nil).JSON["items"].([]any) {
				listed[u.(object)["email"].(string)] = true
			}
			if !listed[p.email] || !listed[w.boss.email] || listed[without.email] {
				t.Errorf("listed are %v", listed)
			}
		})
		w.row("T14_reset_beside_the_person", func(t *testing.T) {
			p := enabled(t)
			v := w.visit(t).as(w.boss).open("/admin/two-factor").sees("Users with two-factor authentication")
			if !v.has("Reset " + p.email) { // the list on that page is cut short; its link leads to the whole list
				v.press("All users who have a second factor").at("/admin/users")
			}
			v.offers("Reset " + p.email).press("Reset " + p.email)
			v.fill("Reason", "Lost the phone").press("Reset").sees("The two-factor authentication was reset.")
			is(t, p.passes(t), "set_up")
		})
		w.row("T15_asked_to_set_up_after_a_reset", func(t *testing.T) {
			p := enabled(t)
			reset(t, p)
			v := w.visit(t).passes(p).at("/sign-in/set-up").sees("Your two-factor authentication was reset.").press("Add")
			p.app = v.scan()
			v.fill(codeField, p.code(t)).press("Verify").isIn()
			is(t, p.verify(t, p.passes(t), p.code(t)), "signed_in")
		})
	})
}
