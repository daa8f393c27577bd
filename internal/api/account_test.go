package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/apptest"
)

func TestAccount(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api := owner(t, s)
		got := api.Must(t, 200, "GET /v1/account", nil)
		if got.JSON["slug"] != "acme" || got.JSON["sign_in_url"] != s.App.Config.PublicURL.String()+"/sign-in?account=acme" || len(got.JSON["methods"].([]any)) != 4 {
			t.Errorf("%s", got.Raw)
		}
		api.Must(t, 200, "PATCH /v1/account", map[string]any{"accent": "#0b5a68", "support": "help@acme.test"})
		got = api.Must(t, 200, "PATCH /v1/account", map[string]any{"name": "Acme & Sons", "support": ""})
		if got.JSON["name"] != "Acme & Sons" || got.JSON["accent"] != "#0b5a68" || got.JSON["support"] != "" {
			t.Errorf("%s", got.Raw)
		}
		for body, code := range map[string]string{
			`{"name":""}`: "account_name", `{"name":"A:B"}`: "account_name", `{"name":"A\r\nB"}`: "account_name", `{"name":"A\u202eB"}`: "account_name",
			`{"accent":"red"}`: "brand_colour", `{"support":"javascript:alert(1)"}`: "support_address", `{"issuer":"a:b"}`: "issuer_name",
			`{"name":null}`: "invalid_request", `{"name":["A"]}`: "invalid_request", `{"slug":"other"}`: "invalid_request", `{"plan":"free"}`: "invalid_request",
			`{"name":"A","name":"B"}`: "malformed_request",
		} {
			if got := api.Call(t, "PATCH /v1/account", body); got.Code() != code {
				t.Errorf("%s: %d %s, want %s", body, got.Status, got.Raw, code)
			}
		}
		if got := s.API(s.Password(t, s.Grace).Cookie).Call(t, "GET /v1/account", nil); got.Code() != "not_administrator" {
			t.Errorf("a member: %s", got.Raw)
		}
		// Of administrators at once, each changes what they mean to and nothing else; or is told, which may take some rounds to happen.
		var told atomic.Bool
		var issuer, support string
		for round := 0; !told.Load() && round < 100; round++ {
			issuer, support = fmt.Sprint("Issuer ", round), fmt.Sprintf("other%d@acme.test", round) // what is so already is no change
			var wg sync.WaitGroup
			for i := range 8 {
				wg.Go(func() {
					body := map[string]any{"issuer": issuer}
					if i%2 == 0 {
						body = map[string]any{"support": support}
					}
					got := api.Call(t, "PATCH /v1/account", body)
					for ; got.Code() == "face_changed"; got = api.Call(t, "PATCH /v1/account", body) {
						told.Store(true)
					}
					if got.Status != 200 {
						t.Errorf("%s", got.Raw)
					}
				})
			}
			wg.Wait()
		}
		if !told.Load() {
			t.Error("nobody is told that somebody else was faster")
		}
		got = api.Must(t, 200, "GET /v1/account", nil)
		if got.JSON["issuer"] != issuer || got.JSON["support"] != support || got.JSON["accent"] != "#0b5a68" {
			t.Errorf("%s", got.Raw)
		}
	})
}

func TestPolicy(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api := owner(t, s)
		const path = "/v1/account/policy"
		got := api.Must(t, 200, "GET "+path, nil)
		was := got.JSON["version"]
		var fields map[string]any
		raw, _ := json.Marshal(account.Default())
		_ = json.Unmarshal(raw, &fields)
		fields["version"] = was
		if want, is := slices.Sorted(maps.Keys(fields)), slices.Sorted(maps.Keys(got.JSON)); !slices.Equal(want, is) {
			t.Errorf("the policy has %v, the interface tells %v", want, is)
		}
		again, _ := json.Marshal(got.JSON)
		if want, _ := json.Marshal(fields); string(want) != string(again) {
			t.Errorf("%s\n%s", want, again)
		}
		same := api.Must(t, 200, "PATCH "+path, got.JSON) // all of it, as it is
		if same.JSON["version"] != was {
			t.Errorf("%s", same.Raw)
		}
		changed := api.Must(t, 200, "PATCH "+path, map[string]any{
			"grace_days": 7, "admin_codes": false, "methods": []string{"passkey", "totp"}, "session_idle": "30m", "sms_countries": []string{"de", "AT"}, "version": was,
		})
		if changed.JSON["session_idle"] != "30m" || changed.JSON["version"] == was {
			t.Errorf("%s", changed.Raw)
		}
		a, err := account.Get(t.Context(), s.DB, s.Acme.ID)
		if p := a.Policy; err != nil || p.GraceDays != 7 || p.AdminCodes || account.JoinMethods(p.Methods) != "passkey, totp" || p.SessionIdle.Std() != 30*time.Minute ||
			!slices.Equal(p.SMSCountries, []string{"AT", "DE"}) || !p.AdminReset || p.MaxDevicesPerKind != 5 {
			t.Errorf("%+v, %v", p, err)
		}
		if got := api.Call(t, "PATCH "+path, map[string]any{"grace_days": 8, "version": was}); got.Status != 409 || got.Code() != "policy_changed_meanwhile" {
			t.Errorf("an old version: %d %s", got.Status, got.Raw)
		}
		for body, code := range map[string]string{
			`{"grace_days":91}`: "invalid_request", `{"grace_days":"7"}`: "invalid_request", `{"grace_days":1.5}`: "invalid_request", `{"backup_codes":"on"}`: "invalid_request",
			`{"backup_codes":null}`: "invalid_request", `{"enforcement":"never"}`: "invalid_request", `{"methods":[]}`: "invalid_request", `{"methods":["totp","totp"]}`: "policy_invalid",
			`{"methods":["totp,sms"]}`: "invalid_request", `{"methods":[null]}`: "invalid_request", `{"methods":"totp"}`: "invalid_request", `{"sms_countries":[""]}`: "invalid_request",
			`{"sms_countries":["AT,DE"]}`: "invalid_request", `{"sms_countries":["ZZ"]}`: "policy_invalid", `{"session_idle":"soon"}`: "policy_invalid", `{"session_idle":"25h"}`: "policy_invalid",
			`{"passkey_models":["x"]}`: "invalid_request", `{"clock_tolerance":"30s\n"}`: "policy_invalid", `{"methods":["totp"],"passkey_required":"everyone"}`: "policy_invalid",
			`{"nothing":1}`: "invalid_request", `[]`: "invalid_request", `"x"`: "invalid_request", `null`: "malformed_request", ``: "invalid_request",
		} {
			if got := api.Call(t, "PATCH "+path, body); got.Code() != code {
				t.Errorf("%s: %d %s, want %s", body, got.Status, got.Raw, code)
			}
		}
		preview := api.Must(t, 200, "POST "+path+"/preview", map[string]any{"enforcement": "required", "grace_days": 0})
		demands := preview.JSON["demands"].([]any)
		if preview.JSON["stricter"] != true || len(demands) == 0 || preview.JSON["policy"].(map[string]any)["enforcement"] != "required" || preview.JSON["locks_out"] != false {
			t.Errorf("%s", preview.Raw)
		}
		if now := api.Must(t, 200, "GET "+path, nil); now.JSON["version"] != changed.JSON["version"] {
			t.Errorf("the preview changed something: %s", now.Raw)
		}
		s.Clock.Advance(16 * time.Minute)
		api.Must(t, 200, "POST "+path+"/preview", map[string]any{})
		if got := api.Call(t, "PATCH "+path, map[string]any{"grace_days": 8}); got.Code() != "factor_needed" {
			t.Errorf("with an old proof: %s", got.Raw)
		}
	})
}

// TestPolicyTogether: of administrators at the same moment, each changes their own setting; with the version that all have seen, one does.
func TestPolicyTogether(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api := owner(t, s)
		const path = "/v1/account/policy"
		settings := map[string]any{"grace_days": 9, "admin_codes": false, "admin_reset": false, "session_idle": "30m", "trusted_browser_days": 3, "removal": "recent_sign_in"}
		together := func(version string) (done int) {
			var wg sync.WaitGroup
			answers := make(chan apptest.Answer, len(settings))
			for name, value := range settings {
				wg.Go(func() {
					body := map[string]any{name: value}
					if version != "" {
						body["version"] = version
					}
					answers <- api.Call(t, "PATCH "+path, body)
				})
			}
			wg.Wait()
			close(answers)
			for got := range answers {
				if got.Status == 200 {
					done++
				} else if got.Status != 409 {
					t.Errorf("%d %s", got.Status, got.Raw)
				}
			}
			return done
		}
		version := api.Must(t, 200, "GET "+path, nil).JSON["version"].(string)
		if n := together(version); n != 1 {
			t.Errorf("%d changes of one version", n)
		}
		if n := together(""); n != len(settings) {
			t.Errorf("%d of %d are done", n, len(settings))
		}
		got := api.Must(t, 200, "GET "+path, nil)
		for name, value := range settings {
			want, _ := json.Marshal(value)
			if is, _ := json.Marshal(got.JSON[name]); string(is) != string(want) {
				t.Errorf("%s is %s, want %s", name, is, want)
			}
		}
	})
}
