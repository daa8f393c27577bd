package api_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/domaintest"
	"sallyport/internal/user"
)

const users = "/v1/account/users"

// items are those of a list.
func items(a apptest.Answer) (all []map[string]any) {
	for _, one := range a.JSON["items"].([]any) {
		all = append(all, one.(map[string]any))
	}
	return all
}

// emails are the addresses in a list of users.
func emails(a apptest.Answer) (all []string) {
	for _, one := range items(a) {
		all = append(all, one["email"].(string))
	}
	return all
}

// owner is a caller with Ada's session, who has a second factor.
func owner(t *testing.T, s *apptest.Server) *apptest.API {
	t.Helper()
	s.Enrol(t, s.Ada)
	return s.API(s.Browse(t, s.Ada).Cookie)
}

func TestUsers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api := owner(t, s)
		invited := api.Must(t, 201, "POST "+users, map[string]any{"email": "Mary@acme.test", "name": "Mary", "role": "admin"})
		id := invited.JSON["id"].(string)
		if invited.Header.Get("Location") != users+"/"+id || invited.JSON["email"] != "mary@acme.test" || invited.JSON["role"] != "admin" || fmt.Sprint(invited.JSON["states"]) != "[invited]" {
			t.Errorf("%v %s", invited.Header, invited.Raw)
		}
		if mail := s.Mail(t, "mary@acme.test"); !strings.Contains(mail.Text, "/invitation") {
			t.Errorf("mailed: %s", mail.Text)
		}
		for query, want := range map[string]string{
			"":                      "ada alan grace mary",
			"second_factor=on":      "ada",
			"second_factor=off":     "alan grace mary",
			"role=admin":            "alan mary",
			"state=invited":         "mary",
			"kind=totp":             "ada",
			"kind=sms":              "",
			"search=GRA":            "grace",
			"search=%25":            "",
			"search=_race":          "", // of "race" no word begins
			"search=acme+gr":        "grace",
			"sort=-email":           "mary grace alan ada",
			"sort=added&role=admin": "alan mary",
		} {
			var got []string
			for _, e := range emails(api.Must(t, 200, "GET "+users+"?"+query, nil)) {
				got = append(got, strings.TrimSuffix(e, "@acme.test"))
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s: %v, want %s", query, got, want)
			}
		}
		var all []string
		for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
			page := api.Must(t, 200, "GET "+users+"?limit=1&sort=-email&cursor="+url.QueryEscape(cursor), nil)
			all = append(all, emails(page)...)
			cursor, _ = page.JSON["next"].(string)
		}
		if want := []string{"mary@acme.test", apptest.Grace, apptest.Alan, apptest.Ada}; !slices.Equal(all, want) {
			t.Errorf("page by page: %v", all)
		}
		ada := api.Must(t, 200, "GET "+users+"/"+s.Ada.ID, nil)
		if ada.JSON["second_factor"] != "on" || len(ada.JSON["devices"].([]any)) != 1 || len(ada.JSON["sessions"].([]any)) == 0 || ada.JSON["demand"] != "prove" {
			t.Errorf("%s", ada.Raw)
		}
	}, apptest.WithInbox)
}

func TestUserChanges(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api, grace := owner(t, s), users+"/"+s.Grace.ID
		phone, _ := s.Enrol(t, s.Grace)
		hers := s.API(s.Browse(t, s.Grace).Cookie)
		hers.Must(t, 200, "GET /v1/me", nil)
		changed := api.Must(t, 200, "PATCH "+grace, map[string]any{"role": "admin", "locked": true})
		if changed.JSON["role"] != "admin" || changed.JSON["locked"] != true {
			t.Errorf("%s", changed.Raw)
		}
		if got := hers.Call(t, "GET /v1/me", nil); got.Code() != "not_signed_in" {
			t.Errorf("after the lock: %d %s", got.Status, got.Raw)
		}
		s.Messages(t) // they are on their way no more
		before := s.Owned(t, s.Acme.ID, s.Acme.ID)
		for _, same := range []map[string]any{{}, {"role": "admin"}, {"locked": true}, {"role": "admin", "locked": true}} {
			api.Must(t, 200, "PATCH "+grace, same)
		}
		if after := s.Owned(t, s.Acme.ID, s.Acme.ID); !slices.Equal(before, after) {
			t.Errorf("what is so already changed something:\n%v\n%v", before, after)
		}
		api.Must(t, 200, "PATCH "+grace, map[string]any{"role": "member", "locked": false})

		given := api.Must(t, 201, "POST "+grace+"/backup-code", map[string]any{"reason": "lost phone"})
		if ends, err := time.Parse(time.RFC3339, given.JSON["expires_at"].(string)); err != nil || !ends.Equal(s.Clock.Now().Add(time.Hour).Truncate(time.Second)) {
			t.Errorf("%s: %v", given.Raw, err)
		}
		if page := s.Client(t).SignIn(apptest.Grace, apptest.Password).Follow().Press("Verify", "code", given.JSON["code"].(string)).Follow(); page.At() != "/settings" {
			t.Errorf("with the code: %s", page.Path)
		}
		b := s.Browse(t, s.Grace)
		hers = s.API(b.Cookie)
		api.Must(t, 204, "DELETE "+grace+"/sessions/"+b.Signed.ID, nil)
		if got := hers.Call(t, "GET /v1/me", nil); got.Status != 401 {
			t.Errorf("the ended session: %d", got.Status)
		}
		if got := api.Call(t, "DELETE "+grace+"/sessions/"+b.Signed.ID, nil); got.Code() != "session_not_found" {
			t.Errorf("once more: %s", got.Raw)
		}
		trusted, _ := s.Trust(t, s.Grace, phone, domaintest.By)
		list := api.Must(t, 200, "GET "+grace, nil).JSON["trusted_browsers"].([]any)
		if len(list) != 1 {
			t.Fatalf("%v", list)
		}
		api.Must(t, 204, "DELETE "+grace+"/trusted-browsers/"+list[0].(map[string]any)["id"].(string), nil)
		if got := api.Call(t, "DELETE "+grace+"/trusted-browsers", nil); got.Code() != "so_already" {
			t.Errorf("none is left: %s", got.Raw)
		}
		s.API(trusted.Cookie).Must(t, 200, "GET /v1/me", nil) // the session goes on
		api.Must(t, 204, "DELETE "+grace+"/sessions", nil)
		if got := s.API(trusted.Cookie).Call(t, "GET /v1/me", nil); got.Status != 401 {
			t.Errorf("after all ended: %d", got.Status)
		}
		api.Must(t, 204, "POST "+grace+"/reset", map[string]any{"reason": "lost phone"})
		if got := api.Must(t, 200, "GET "+grace, nil); got.JSON["second_factor"] != "off" || got.JSON["demand"] != "set_up" || got.JSON["cause"] != "reset" {
			t.Errorf("after the reset: %s", got.Raw)
		}
		api.Must(t, 204, "DELETE "+grace, nil)
		if got := api.Call(t, "GET "+grace, nil); got.Code() != "user_not_found" {
			t.Errorf("after the removal: %s", got.Raw)
		}
	}, apptest.WithInbox)
}

// TestUserRefusals: who may not, and what can't be.
func TestUserRefusals(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		plain := s.API(s.Password(t, s.Ada).Cookie)
		plain.Must(t, 200, "GET "+users, nil)
		if got := plain.Call(t, "POST "+users, map[string]any{"email": "x@acme.test"}); got.Code() != "second_factor_required" {
			t.Errorf("without a second factor: %s", got.Raw)
		}
		api := owner(t, s)
		s.Enrol(t, s.Alan)
		alan := s.API(s.Browse(t, s.Alan).Cookie)
		member := s.API(s.Password(t, s.Grace).Cookie)
		grace := users + "/" + s.Grace.ID
		for _, tc := range []struct {
			by    *apptest.API
			route string
			body  any
			code  string
		}{
			{member, "GET " + users, nil, "not_administrator"},
			{member, "GET " + grace, nil, "not_administrator"},
			{alan, "PATCH " + grace, map[string]any{"role": "admin"}, "owners_only"},
			{alan, "PATCH " + grace, map[string]any{"role": "member"}, "owners_only"},
			{alan, "PATCH " + grace, map[string]any{"role": "admin", "locked": true}, "owners_only"},
			{alan, "PATCH " + users + "/" + s.Ada.ID, map[string]any{"locked": true}, "role_too_high"},
			{alan, "DELETE " + users + "/" + s.Alan.ID, nil, "not_on_yourself"},
			{alan, "POST " + users, map[string]any{"email": "x@acme.test", "role": "admin"}, "owners_only"},
			{api, "POST " + users, map[string]any{"email": apptest.Grace}, "user_exists"},
			{api, "POST " + users, map[string]any{"email": "x@acme.test\r\nBcc: y@z.test"}, "email_invalid"},
			{api, "POST " + users, map[string]any{"email": "x@acme.test", "name": "A\r\nB"}, "name_invalid"},
			{api, "POST " + users, map[string]any{"name": "A"}, "invalid_request"},
			{api, "PATCH " + grace, map[string]any{"role": "king"}, "invalid_request"},
			{api, "PATCH " + grace, map[string]any{"role": nil}, "invalid_request"},
			{api, "PATCH " + grace, map[string]any{"email": "x@acme.test"}, "invalid_request"},
			{api, "POST " + grace + "/reset", map[string]any{"reason": "lost phone"}, "nothing_to_reset"},
			{api, "POST " + users + "/" + s.Alan.ID + "/reset", map[string]any{"reason": "lost\r\nphone"}, "reason_needed"},
			{api, "POST " + users + "/" + s.Alan.ID + "/reset", map[string]any{"reason": " "}, "reason_needed"},
			{api, "POST " + users + "/" + s.Alan.ID + "/backup-code", map[string]any{"reason": "\u202e"}, "reason_needed"},
			{api, "GET " + users + "?cursor=forged", nil, "invalid_cursor"},
			{api, "GET " + users + "?limit=0", nil, "invalid_request"},
			{api, "GET " + users + "?limit=101", nil, "invalid_request"},
			{api, "GET " + users + "?role=king", nil, "invalid_request"},
			{api, "GET " + users + "?role=admin&role=owner", nil, "malformed_request"},
			{api, "GET " + users + "?search=%00", nil, "malformed_request"},
			{api, "GET " + users + "?search=%ff", nil, "malformed_request"},
			{api, "GET " + users + "?search=%0d%0a", nil, "malformed_request"},
			{api, "GET " + users + "?search=a+b+c+d+e+f+g+h+i+j+k", nil, "search_too_long"},
			{api, "GET " + users + "/%00", nil, "user_not_found"},
			{api, "GET " + users + "/%ff", nil, "user_not_found"},
			{api, "DELETE " + grace + "/sessions/", nil, "not_found"},
			{api, "DELETE " + grace + "/sessions/%00", nil, "session_not_found"},
			{api, "DELETE " + grace + "/trusted-browsers/%ff", nil, "browser_not_found"},
		} {
			if got := tc.by.Call(t, tc.route, tc.body); got.Code() != tc.code {
				t.Errorf("%s %v: %d %s, want %s", tc.route, tc.body, got.Status, got.Raw, tc.code)
			}
		}
		next := api.Must(t, 200, "GET "+users+"?limit=1", nil).JSON["next"].(string)
		if got := api.Call(t, "GET "+users+"?sort=added&cursor="+next, nil); got.Code() != "invalid_cursor" {
			t.Errorf("a cursor of another order: %s", got.Raw)
		}
		if u, err := user.Get(t.Context(), s.DB, s.Acme.ID, s.Grace.ID); err != nil || u.Role != user.Member || !u.LockedAt.IsZero() {
			t.Errorf("%+v, %v", u, err)
		}
		s.Clock.Advance(16 * time.Minute)
		if got := api.Call(t, "PATCH "+grace, map[string]any{"locked": true}); got.Status != 401 || got.Code() != "factor_needed" {
			t.Errorf("with an old proof: %d %s", got.Status, got.Raw)
		}
		api.Must(t, 200, "GET "+grace, nil)
	}, apptest.WithInbox)
}
