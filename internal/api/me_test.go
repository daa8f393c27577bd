package api_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
)

func TestMe(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	step := s.Password(t, s.Ada)
	me := s.API(step.Cookie).Must(t, 200, "GET /v1/me", nil)
	if me.JSON["email"] != apptest.Ada || me.JSON["role"] != "owner" || me.JSON["level"] != "aal1" {
		t.Errorf("%s", me.Raw)
	}
	for route, want := range map[string]string{"GET /v1/me": "not_signed_in", "GET /v1/nothing": "not_found", "DELETE /v1/me": "method_not_allowed"} {
		if got := s.API("").Call(t, route, nil); got.Code() != want {
			t.Errorf("%s: %d %s", route, got.Status, got.Raw)
		}
	}
	for _, query := range []string{"x=1;y=2", ";", "limit=1;"} { // Go would drop the pair unread
		if got := s.API(step.Cookie).Call(t, "GET /v1/me?"+query, nil); got.Status != 400 || got.Code() != "malformed_request" {
			t.Errorf("?%s: %d %s", query, got.Status, got.Raw)
		}
	}
	if got := s.API(step.Cookie).Call(t, "GET /v1/me?x=1", nil); got.Status != 422 || got.JSON["field"] != "x" {
		t.Errorf("unknown parameter: %d %s", got.Status, got.Raw)
	}
}

// TestPolicyAsItApplies: what somebody owes and may do is told as it is for them.
func TestPolicyAsItApplies(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.SetPolicy(t, "enforcement_admins=required", "grace_days=7", "removal=password_and_code", "enrolment=recent_sign_in", "session_idle=30m", "trusted_browser_days=0", "methods=totp,email")
	told := func(who apptest.Answer) (two, policy object) {
		return who.JSON["two_factor"].(object), who.JSON["policy"].(object)
	}
	two, policy := told(s.API(s.Browse(t, s.Ada).Cookie).Must(t, 200, "GET /v1/me", nil))
	by := s.Clock.Now().Add(7 * 24 * time.Hour).Format(time.RFC3339)
	if two["on"] != false || two["demand"] != "grace" || two["cause"] != "required_of_admin" || two["by"] != by || policy["required"] != true {
		t.Errorf("%v %v", two, policy)
	}
	if fmt.Sprint(policy["enrolment"], policy["removal"]) != "map[code:false password:false] map[code:true password:true]" || policy["session_idle"] != "30m" || policy["session_lifetime"] != "24h" ||
		policy["trusted_browser_days"] != 0.0 || policy["max_devices_per_kind"] != 5.0 || policy["backup_codes"] != true {
		t.Errorf("%v", policy)
	}
	if m := fmt.Sprint(policy["methods"]); m != "[map[available:true kind:totp] map[available:false kind:email why:channel]]" {
		t.Errorf("%s", m)
	}
	two, policy = told(s.API(s.Browse(t, s.Grace).Cookie).Must(t, 200, "GET /v1/me", nil))
	if two["demand"] != "nothing" || two["cause"] != "own_choice" || policy["required"] != false {
		t.Errorf("%v %v", two, policy)
	}
	if in := withPassword(t, s, apptest.Ada); text(in, "set_up_by") != by {
		t.Errorf("%s", in.Raw)
	}
}

// TestChangePassword: the old one is asked for, all other sessions end, and the second factor stays.
func TestChangePassword(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Ada)
		elsewhere, pending := s.API(s.Browse(t, s.Ada).Cookie), s.Password(t, s.Ada).Cookie
		api := s.API(s.Browse(t, s.Ada).Cookie)
		change := func(password, to string) apptest.Answer {
			return api.Call(t, "POST /v1/me/password", object{"password": password, "new_password": to})
		}
		wrong := change("wrong", "nine patient harbour clocks")
		if refused(t, wrong, 422, "wrong_password"); wrong.JSON["field"] != "password" {
			t.Errorf("%s", wrong.Raw)
		}
		short := change(apptest.Password, "short")
		if refused(t, short, 422, "password_too_short"); short.JSON["field"] != "new_password" {
			t.Errorf("%s", short.Raw)
		}
		refused(t, change(apptest.Password, apptest.Password), 422, "password_unchanged")
		done := change(apptest.Password, "nine patient harbour clocks")
		if done.Status != 200 {
			t.Fatalf("%d %s", done.Status, done.Raw)
		}
		goesOn(t, s, api, done)
		refused(t, elsewhere.Call(t, "GET /v1/me", nil), 401, "not_signed_in")
		refused(t, s.API("").Call(t, "POST /v1/sign-in/cancel", object{"pending": ""}), 422, "invalid_request")
		refused(t, s.API("").Call(t, "POST /v1/sign-in/passkey/options", object{"pending": pending}), 410, "sign_in_expired")
		refused(t, s.API("").Call(t, "POST /v1/sign-in", object{"email": apptest.Ada, "password": apptest.Password}), 401, "wrong_credentials")
		in := s.API("").Must(t, 200, "POST /v1/sign-in", object{"email": apptest.Ada, "password": "nine patient harbour clocks"})
		if text(in, "state") != "second_factor" {
			t.Errorf("%s", in.Raw)
		}
	})
}

// TestSessions lists one's own and ends them, and nobody else's.
func TestSessions(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		graces := s.API(s.Browse(t, s.Grace).Cookie)
		other, one := s.Browse(t, s.Ada), s.Browse(t, s.Ada)
		api := s.API(one.Cookie)
		items := func(a *apptest.API) []object { return list(a.Must(t, 200, "GET /v1/me/sessions", nil), "items") }
		current := 0
		for _, item := range items(api) {
			if item["current"] == true {
				current++
			}
			if item["level"] != "aal1" || fmt.Sprint(item["amr"]) != "[pwd]" || item["address"] != domaintest.By.Address || item["user_agent"] != domaintest.By.UserAgent {
				t.Errorf("%v", item)
			}
		}
		if n := len(items(api)); n != 2 || current != 1 {
			t.Fatalf("%d sessions, %d of them this", n, current)
		}
		refused(t, api.Call(t, "DELETE /v1/me/sessions/"+items(graces)[0]["id"].(string), nil), 404, "session_not_found")
		path := "/v1/me/sessions/" + other.Signed.ID
		if one := api.Must(t, 200, "GET "+path, nil); text(one, "id") != other.Signed.ID || one.JSON["current"] != false {
			t.Errorf("%s", one.Raw)
		}
		refused(t, graces.Call(t, "GET "+path, nil), 404, "session_not_found")
		api.Must(t, 204, "DELETE "+path, nil)
		refused(t, s.API(other.Cookie).Call(t, "GET /v1/me", nil), 401, "not_signed_in")
		refused(t, api.Call(t, "DELETE /v1/me/sessions/"+other.Signed.ID, nil), 404, "session_not_found")

		more := s.Browse(t, s.Ada)
		done := api.Must(t, 200, "DELETE /v1/me/sessions", nil)
		api = goesOn(t, s, api, done)
		refused(t, s.API(more.Cookie).Call(t, "GET /v1/me", nil), 401, "not_signed_in")
		mine := items(api)
		if len(mine) != 1 {
			t.Errorf("%v", mine)
		}
		api.Must(t, 204, "DELETE /v1/me/sessions/"+mine[0]["id"].(string), nil)
		refused(t, api.Call(t, "GET /v1/me", nil), 401, "not_signed_in")
		graces.Must(t, 200, "GET /v1/me", nil)
	})
}

// TestTrustedBrowsers lists one's own and ends them, and nobody else's.
func TestTrustedBrowsers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrol(t, s.Ada)
		_, trusted := s.Trust(t, s.Ada, phone, domaintest.From(domaintest.Firefox))
		s.Clock.Advance(time.Minute)
		b, _ := s.Trust(t, s.Ada, phone, domaintest.From(domaintest.Chrome))
		api, graces := s.API(b.Cookie), s.API(s.Browse(t, s.Grace).Cookie)
		items := func(a *apptest.API) []object {
			return list(a.Must(t, 200, "GET /v1/me/trusted-browsers", nil), "items")
		}
		all := items(api)
		if len(all) != 2 || all[0]["browser"] != "Chrome" || all[1]["browser"] != "Firefox" || all[1]["system"] != "Linux" || len(items(graces)) != 0 {
			t.Fatalf("%v", all)
		}
		firefox := "/v1/me/trusted-browsers/" + all[1]["id"].(string)
		for _, method := range []string{"GET ", "DELETE "} {
			refused(t, graces.Call(t, method+firefox, nil), 404, "browser_not_found")
		}
		refused(t, graces.Call(t, "PATCH "+firefox, object{"name": "Mine"}), 404, "browser_not_found")
		refused(t, api.Call(t, "PATCH "+firefox, object{"name": strings.Repeat("x", 41)}), 422, "browser_name")
		api.Must(t, 200, "PATCH "+firefox, object{"name": "Office"})
		if one := api.Must(t, 200, "GET "+firefox, nil); one.JSON["name"] != "Office" || one.JSON["expires_at"] != all[1]["expires_at"] {
			t.Errorf("%s", one.Raw)
		}
		api.Must(t, 204, "DELETE "+firefox, nil)
		refused(t, api.Call(t, "DELETE "+firefox, nil), 404, "browser_not_found")
		step := s.API("").With("User-Agent", domaintest.Firefox).Must(t, 200, "POST /v1/sign-in", object{"email": apptest.Ada, "password": apptest.Password, "trusted_browser": trusted})
		if text(step, "state") != "second_factor" {
			t.Errorf("%s", step.Raw)
		}
		if all := items(api); len(all) != 1 {
			t.Errorf("%v", all)
		}
		api.Must(t, 204, "DELETE /v1/me/trusted-browsers", nil)
		if none := api.Must(t, 200, "GET /v1/me/trusted-browsers", nil); string(part(t, none, "items")) != "[]" {
			t.Errorf("%s", none.Raw)
		}
	})
}
