package api_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/config"
	"sallyport/internal/db"
	"sallyport/internal/domaintest"
	"sallyport/internal/throttle"
	"sallyport/internal/user"
)

// link gives somebody what a program calls them.
func link(t *testing.T, s *apptest.Server, u user.User, externalID string) {
	t.Helper()
	if err := s.DB.Run(t.Context(), user.Link(s.Clock.Now(), u, externalID, domaintest.By)...); err != nil {
		t.Fatal(err)
	}
}

// begin asks for a check of whom the program calls so, and returns its address.
func begin(t *testing.T, program *apptest.API, externalID string) string {
	t.Helper()
	made := program.Must(t, 201, "POST /v1/checks", object{"user": object{"id": externalID}})
	at := "/v1/checks/" + made.JSON["id"].(string)
	if made.Header.Get("Location") != at {
		t.Errorf("Location %q of %s", made.Header.Get("Location"), at)
	}
	return at
}

// TestCheckOfHigherRank: an administrator's key gets at no owner; what it is refused with is documented, and begins nothing.
func TestCheckOfHigherRank(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrol(t, s.Ada)
		link(t, s, s.Ada, "ada")
		alans := s.API(newKey(t, s, s.Alan, false, "Shop", "checks").value)
		alans.Call(t, "GET /v1/checks/x", nil) // what a first use notes is noted
		before := s.Rows(t)
		for _, body := range []object{{"user": object{"id": "ada"}}, {"user": object{"id": "ada", "email": "ada@acme.test"}}} {
			refused(t, alans.Call(t, "POST /v1/checks", body), 403, "check_role_too_high")
		}
		changed(t, before, s.Rows(t), "a check of an owner by an administrator’s key")
		adas := newKey(t, s, s.Ada, true, "Shop", "checks")
		at := begin(t, adas.call(s, adas.code(s)), "ada")
		s.Clock.Advance(30 * time.Second)
		a := adas.call(s, adas.code(s)).Must(t, 200, "POST "+at+"/verify", object{"code": phone.Code(s.Clock.Now())})
		if a.JSON["state"] != "passed" {
			t.Errorf("by her own key: %s", a.Raw)
		}
	})
}

// TestCheckUpToTheLock: wrong codes by REST bring the waits of the sign-in, then the lock, which holds at the sign-in too; another way lifts it (D3).
func TestCheckUpToTheLock(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrol(t, s.Grace)
		link(t, s, s.Grace, "grace")
		shop := s.API(newKey(t, s, s.Alan, false, "Shop", "checks").value)
		failures := func() (n int64) {
			if err := s.DB.Get(t.Context(), `SELECT failures FROM factors WHERE factor_id = $1`, []any{phone.FactorID}, &n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		wrong := func() apptest.Answer {
			return shop.Call(t, "POST "+begin(t, shop, "grace")+"/verify", object{"code": phone.Wrong(s.Clock.Now())})
		}
		right := func() apptest.Answer {
			return shop.Call(t, "POST "+begin(t, shop, "grace")+"/verify", object{"code": phone.Code(s.Clock.Now())})
		}
		atSignIn := func() apptest.Answer {
			return s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(withPassword(t, s, apptest.Grace), "pending"), "code": phone.Code(s.Clock.Now())})
		}
		for n := int64(1); n <= 10; n++ {
			a, wait := wrong(), throttle.Wait(n)
			refused(t, a, 422, "wrong_code")
			if got := failures(); got != n {
				t.Fatalf("after %d wrong codes, %d are counted", n, got)
			}
			after, _ := strconv.Atoi(a.Header.Get("Retry-After"))
			if time.Duration(after)*time.Second != wait {
				t.Errorf("wrong code %d: Retry-After %q, want %s", n, a.Header.Get("Retry-After"), wait)
			}
			if wait == 0 {
				continue
			}
			s.Clock.Advance(wait - time.Second)
			refused(t, right(), 429, "too_many_attempts")
			refused(t, atSignIn(), 429, "too_many_attempts")
			if got := failures(); got != n {
				t.Errorf("a code during the wait: %d are counted", got)
			}
			s.Clock.Advance(time.Second)
		}
		if err := s.DB.Run(t.Context(), db.Write(`UPDATE factors SET failures = $2 WHERE factor_id = $1`, phone.FactorID, throttle.Lock-2)); err != nil {
			t.Fatal(err)
		}
		refused(t, wrong(), 422, "wrong_code")
		s.Clock.Advance(throttle.Longest)
		refused(t, wrong(), 429, "factor_locked") // the hundredth
		s.Clock.Advance(24 * time.Hour)
		refused(t, right(), 429, "factor_locked")
		refused(t, atSignIn(), 429, "factor_locked")
		at := begin(t, shop, "grace")
		if a := shop.Must(t, 200, "POST "+at+"/verify", object{"code": codes[0], "method": "backup_code"}); a.JSON["state"] != "passed" {
			t.Errorf("another way: %s", a.Raw)
		}
		if a := right(); a.JSON["state"] != "passed" || failures() != 0 {
			t.Errorf("after it: %d %s", a.Status, a.Raw)
		}
	})
}

// TestCheckByOperator: the operator's key names the account, has checks of its own, and is held to nobody's rank.
func TestCheckByOperator(t *testing.T) {
	key, operator := withOperator(t)
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrol(t, s.Ada)
		link(t, s, s.Ada, "ada")
		api := s.API(key)
		for _, body := range []object{{"user": object{"id": "ada"}}, {"account": "", "user": object{"id": "ada"}}, {"account": "nobody", "user": object{"id": "ada"}}} {
			refused(t, api.Call(t, "POST /v1/checks", body), 404, "account_not_found")
		}
		made := api.Must(t, 201, "POST /v1/checks", object{"account": "acme", "user": object{"id": "ada"}, "reference": "r"})
		at := "/v1/checks/" + made.JSON["id"].(string)
		if u := made.JSON["user"].(object); made.JSON["state"] != "second_factor" || u["user_id"] != s.Ada.ID || u["account"] != "acme" {
			t.Errorf("%s", made.Raw)
		}
		refused(t, s.API(newKey(t, s, s.Alan, false, "Shop", "checks").value).Call(t, "GET "+at, nil), 404, "check_not_found")
		refused(t, s.API(key+"x").Call(t, "GET "+at, nil), 401, "not_signed_in")
		if a := api.Must(t, 200, "POST "+at+"/verify", object{"code": phone.Code(s.Clock.Now())}); a.JSON["state"] != "passed" {
			t.Errorf("%s", a.Raw)
		}
		if a := api.Must(t, 200, "POST "+at+"/result", nil); a.JSON["reference"] != "r" || a.JSON["user"].(object)["user_id"] != s.Ada.ID {
			t.Errorf("%s", a.Raw)
		}
		// Who has a password here binds no first device on anybody's word, the operator's included.
		link(t, s, s.Grace, "grace")
		refused(t, api.Call(t, "POST /v1/checks", object{"account": "acme", "user": object{"id": "grace"}}), 409, "check_no_second_factor")
	}, operator)
}

// TestExternalID: an administrator links somebody to a program's id, and unlinks them; what is no id, or is another's, is refused and changes nothing.
func TestExternalID(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api := owner(t, s)
		grace, alan := "PATCH "+users+"/"+s.Grace.ID, "PATCH "+users+"/"+s.Alan.ID
		is := func(want string) {
			t.Helper()
			if got, _ := api.Must(t, 200, "GET "+users+"/"+s.Grace.ID, nil).JSON["external_id"].(string); got != want {
				t.Errorf("she is %q, want %q", got, want)
			}
		}
		long := strings.Repeat("k", 200)
		for _, id := range []string{"customer-4711", "customer-4712", "ü/%?#&=+", strings.Repeat("ü", 200), long, "", "customer-4711"} {
			if a := api.Must(t, 200, grace, object{"external_id": id}); id != "" && a.JSON["external_id"] != id || id == "" && a.JSON["external_id"] != nil {
				t.Errorf("set to %q: %s", id, a.Raw)
			}
			is(id)
		}
		before := s.Rows(t)
		for _, id := range []string{"a b", " a", "a ", "a\tb", "a\nb", "a\x7fb", "a\u00a0b", "a\u200bb", "a\u202eb", "a\u2028b", "\ufeffa", long + "k", strings.Repeat("ü", 201)} {
			if a := api.Call(t, grace, object{"external_id": id}); a.Status != 422 || a.Code() != "external_id_invalid" || a.JSON["field"] != "external_id" {
				t.Errorf("%q: %d %s", id, a.Status, a.Raw)
			}
		}
		for _, body := range []string{`{"external_id":7}`, `{"external_id":["a"]}`, `{"external_id":"a\u0000b"}`, `{"external_id":"` + strings.Repeat("k", 401) + `"}`} {
			refused(t, api.Call(t, grace, body), 422, "invalid_request")
		}
		if a := api.Call(t, alan, object{"external_id": "customer-4711"}); a.Status != 409 || a.Code() != "external_id_taken" || a.JSON["field"] != "external_id" {
			t.Errorf("one id for two: %d %s", a.Status, a.Raw)
		}
		// All of it is done or nothing.
		refused(t, api.Call(t, alan, object{"external_id": "customer-4711", "locked": true}), 409, "external_id_taken")
		changed(t, before, s.Rows(t), "an id that is refused")
		api.Must(t, 200, alan, object{"external_id": "CUSTOMER-4711"}) // compared letter by letter
		api.Must(t, 200, grace, object{})
		is("customer-4711")

		invited := api.Must(t, 201, "POST "+users, object{"email": "mary@acme.test"}).JSON["id"].(string)
		refused(t, api.Call(t, "PATCH "+users+"/"+invited, object{"external_id": "mary"}), 409, "still_invited")

		// Whoever is linked has their half-finished checks ended; nobody below does it to anybody above.
		s.Enrol(t, s.Grace)
		shop := s.API(newKey(t, s, s.Alan, false, "Shop", "checks").value)
		at := begin(t, shop, "customer-4711")
		api.Must(t, 200, grace, object{"external_id": "customer-4713"})
		refused(t, shop.Call(t, "POST "+at+"/verify", object{"code": "123456"}), 410, "check_over")
		s.Enrol(t, s.Alan)
		refused(t, session(t, s, s.Alan).Call(t, "PATCH "+users+"/"+s.Ada.ID, object{"external_id": "ada"}), 403, "role_too_high")
		refused(t, session(t, s, s.Grace).Call(t, alan, object{"external_id": "alan"}), 403, "not_administrator")
	}, apptest.WithInbox)
}

// TestReturnToStays: of all that can be said for an address to return to, nothing leads off the listed sites. What is taken is followed to where it ends.
func TestReturnToStays(t *testing.T) {
	const site, port = "https://app.example.com", "https://app.example.com:8443"
	refusedAll := []string{
		// another host, in every place where one can stand
		"https://evil.test/", "https://app.example.com.evil.test/", "https://evil.test/https://app.example.com/", "https://evilapp.example.com/", "https://app.example.comevil.test",
		"https://app.example.com@evil.test/", "https://app.example.com:x@evil.test/", "https://app.example.com%40evil.test/", "https://user@app.example.com/", "https://user:pw@app.example.com/", "https://@app.example.com/",
		"https://app.example.com:@evil.test/", "https://app.example.com;@evil.test/", "https://app.example.com&@evil.test/", "https://app.example.com,evil.test/", "https://app.example.com-evil.test/", "https://app.example.com_/",
		// what browsers take for a slash, a dot or nothing
		`https:\\app.example.com/`, `https://app.example.com\@evil.test/`, `https://app.example.com\.evil.test/`, `https://evil.test\@app.example.com/`, `https:/\evil.test/`, `\\evil.test/`, `/\evil.test`, `https://app.example.com/\evil.test`,
		"//evil.test/", "//app.example.com/", "///evil.test/", "/signed-in", "signed-in", "?a=b", "https:app.example.com/", "https:/app.example.com/", "https:///app.example.com/", "https:////app.example.com/",
		"https://app\u3002example.com/", "https://app\uff0eexample.com/", "https://app.example.com\u3002evil.test/", "https://app.example.com\u2044@evil.test/", "https://\u24d0pp.example.com/", "https://app.example.com/\u00e9", "https://xn--pp-eka.example.com/",
		"https://app.example.com./", "https://app.example.com../", "https://.app.example.com/", "https://app..example.com/",
		// ports
		"https://app.example.com:443/", "https://app.example.com:444/", "https://app.example.com:/", "https://app.example.com:8443@evil.test/", "https://app.example.com:84430/", "https://app.example.com:08443/", "https://app.example.com:8443.evil.test/", "https://app.example.com:8443:1/",
		// schemes
		"http://app.example.com/", "HTTPS://app.example.com/", "hTTps://app.example.com/", "https://APP.example.com/", "javascript:alert(1)//https://app.example.com/", "data:text/html,https://app.example.com/", "blob:https://app.example.com/x", "view-source:https://app.example.com/", "https://app.example.com:javascript:alert(1)", "://app.example.com/", "app.example.com/",
		// control characters and blanks, which browsers drop or trim
		" https://app.example.com/", "https://app.example.com/ ", "https://app.example.com /", "\thttps://app.example.com/", "https://app.example.com/\t", "ht\ntps://evil.test/", "https://app.example.com\n.evil.test/", "https://app.example.com/\r\nLocation: https://evil.test/", "https://app.example.com\x7f/", "\u00a0https://app.example.com/", "\ufeffhttps://app.example.com/", "https://app.example.com/\u202e", "https://app.example.com\u00ad.evil.test/", "https://app.example.com\u200b/",
		// escapes, in the host and where the reader fails on them
		"https://app%2eexample.com/", "https://app.example.com%2f@evil.test/", "https://app.example.com%2eevil.test/", "https://app.example.com%00/", "https://%61pp.example.com/", "https://app.example.com/%", "https://app.example.com/%zz", "https://app.example.com/?a=%", "https://app.example.com/?a;b",
		// fragments, in which the id would be lost
		"https://app.example.com/#", "https://app.example.com/#a", "https://app.example.com#@evil.test/", "https://app.example.com/?#x",
		"https://[::1]/", "https://127.0.0.1/", "https://[app.example.com]/", "https://", "https://?@app.example.com/", "*", "null", "https://*.example.com/", "https://app.example.com/" + strings.Repeat("a", 2000),
	}
	taken := map[string]string{ // to where it leads, before the id of the check
		site:                             site + "?check=",
		site + "/":                       site + "/?check=",
		site + "?":                       site + "?check=",
		site + "/in?a=b":                 site + "/in?a=b&check=",
		site + "/in?check=mine&check=2":  site + "/in?check=",
		site + "/in?next=https://evil.t": site + "/in?check=ID&next=https%3A%2F%2Fevil.t",
		site + "//evil.test/":            site + "//evil.test/?check=",
		site + "/../..//evil.test":       site + "/../..//evil.test?check=",
		site + "/%2e%2e//evil.test":      site + "/%2e%2e//evil.test?check=",
		site + "/%5cevil.test":           site + "/%5cevil.test?check=",
		site + "/%0d%0aLocation:x":       site + "/%0d%0aLocation:x?check=",
		site + "/@evil.test":             site + "/@evil.test?check=",
		site + "/:8443/":                 site + "/:8443/?check=",
		site + "?@evil.test/":            site + "?%40evil.test%2F=&check=",
		port + "/in":                     port + "/in?check=",
	}
	if n := len(refusedAll) + len(taken); n < 60 {
		t.Fatalf("only %d addresses", n)
	}
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Grace)
		link(t, s, s.Grace, "grace")
		shop := s.API(newKey(t, s, s.Alan, false, "Shop", "checks").value)
		shop.Call(t, "GET /v1/checks/x", nil) // what a first use notes is noted
		before := s.Rows(t)
		for _, to := range refusedAll {
			a := shop.Call(t, "POST /v1/checks", object{"user": object{"id": "grace"}, "return_to": to})
			if a.Status != 422 || a.Code() != "check_return_to" || a.JSON["field"] != "return_to" {
				t.Errorf("%q: %d %s", to, a.Status, a.Raw)
			}
		}
		refused(t, shop.Call(t, "POST /v1/checks", object{"user": object{"id": "grace"}, "return_to": site + "\x00.evil.test/"}), 422, "invalid_request")
		changed(t, before, s.Rows(t), "an address that is refused")
		for to, want := range taken {
			made := shop.Must(t, 201, "POST /v1/checks", object{"user": object{"id": "grace"}, "return_to": to})
			id := made.JSON["id"].(string)
			_, opens, _ := strings.Cut(made.JSON["url"].(string), "/check?")
			p := s.Client(t).Get("/check?" + opens).Follow().Follow().Press("Cancel")
			if !strings.Contains(want, "ID") {
				want = strings.TrimSuffix(want, "check=") + "check=ID"
			}
			if got := p.Header.Get("Location"); p.Status != http.StatusSeeOther || got != strings.ReplaceAll(want, "ID", id) {
				t.Errorf("%q leads to %q, want %q", to, got, want)
			}
			if policy := fmt.Sprint(p.Header["Content-Security-Policy"]); strings.Contains(policy, "evil") {
				t.Errorf("%q: policy %s", to, policy)
			}
		}
	}, func(c *config.Config) { c.DoorOrigins = []string{site, port} })
}
