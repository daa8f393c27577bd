package api_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/apikey"
	"sallyport/internal/apptest"
	"sallyport/internal/audit"
	"sallyport/internal/config"
	"sallyport/internal/domaintest"
	"sallyport/internal/otp"
	"sallyport/internal/user"
)

// withOperator is a change of settings, with the key that opens the operator's part then.
func withOperator(t *testing.T) (key string, change func(*config.Config)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "operator")
	if err := admin.NewOperatorKey(path); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(raw)), func(c *config.Config) { c.OperatorKeyFile = path }
}

func TestAccounts(t *testing.T) {
	key, operator := withOperator(t)
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api := s.API(key)
		const path = "/v1/accounts"
		s.Clock.Advance(time.Second) // or which of two comes first were chance
		made := api.Must(t, 201, "POST "+path, map[string]any{
			"slug": "zenith", "name": "Zenith", "plan": "free", "owner": map[string]any{"email": "Zoe@zenith.test", "name": "Zoe"},
		})
		id := made.JSON["id"].(string)
		if made.Header.Get("Location") != path+"/"+id || made.JSON["plan"] != "free" || made.JSON["people"] != 0.0 || made.JSON["suspended"] != false || made.JSON["default_plan"] != false {
			t.Errorf("%v %s", made.Header, made.Raw)
		}
		owner, err := user.ByEmail(t.Context(), s.DB, id, "zoe@zenith.test")
		if err != nil || owner.Role != user.Owner || owner.InvitedAt.IsZero() {
			t.Errorf("%+v, %v", owner, err)
		}
		if got := s.Mail(t, "zoe@zenith.test"); !strings.Contains(got.Text, "/invitation") {
			t.Errorf("%s", got.Text)
		}
		for _, tc := range []struct {
			body map[string]any
			code string
		}{
			{map[string]any{"slug": "zenith", "name": "Other"}, "account_exists"},
			{map[string]any{"slug": "Zenith", "name": "Other"}, "account_short_name"},
			{map[string]any{"slug": "other", "name": "A\r\nB"}, "account_name"},
			{map[string]any{"slug": "other", "name": "Other", "plan": "gold"}, "plan_unknown"},
			{map[string]any{"slug": "other", "name": "Other", "plan": ""}, "invalid_request"},
			{map[string]any{"slug": "other", "name": "Other", "trial_ends_at": "2001-01-01T00:00:00Z"}, "trial_over"},
			{map[string]any{"slug": "other", "name": "Other", "trial_ends_at": "tomorrow"}, "time_invalid"},
			{map[string]any{"slug": "other", "name": "Other", "trial_ends_at": "9999-01-01T00:00:00Z"}, "time_invalid"},
			{map[string]any{"slug": "other", "name": "Other", "owner": map[string]any{"email": "nobody"}}, "email_invalid"},
			{map[string]any{"slug": "other", "name": "Other", "owner": map[string]any{"email": "a@b.test", "name": "A\nB"}}, "name_invalid"},
			{map[string]any{"slug": "other", "name": "Other", "owner": map[string]any{"email": "a@b.test", "role": "member"}}, "invalid_request"},
			{map[string]any{"slug": "other"}, "invalid_request"},
		} {
			if got := api.Call(t, "POST "+path, tc.body); got.Code() != tc.code {
				t.Errorf("%v: %d %s, want %s", tc.body, got.Status, got.Raw, tc.code)
			}
		}
		if _, err := account.BySlug(t.Context(), s.DB, "other"); err == nil {
			t.Error("half of what was refused was done")
		}
		trial := s.Clock.Now().AddDate(0, 1, 0).UTC().Truncate(time.Second)
		one := path + "/" + id
		changed := api.Must(t, 200, "PATCH "+one, map[string]any{
			"trial_ends_at": trial.Format(time.RFC3339), "allow": []any{map[string]any{"method": "sms", "reason": "a pilot", "until": trial.Format(time.RFC3339)}},
		})
		exceptions := changed.JSON["exceptions"].([]any)
		if changed.JSON["trial_ends_at"] != trial.Format(time.RFC3339) || changed.JSON["plan"] != "free" || len(exceptions) != 1 || exceptions[0].(map[string]any)["by"] != "operator" {
			t.Errorf("%s", changed.Raw)
		}
		for _, tc := range []struct {
			body map[string]any
			code string
		}{
			{map[string]any{"plan": "gold", "suspended": true}, "plan_unknown"},
			{map[string]any{"suspended": true, "disallow": []string{"email"}}, "exception_not_found"},
			{map[string]any{"suspended": true, "allow": []any{map[string]any{"method": "sms", "reason": " ", "until": trial.Format(time.RFC3339)}}}, "reason_needed"},
			{map[string]any{"suspended": true, "allow": []any{map[string]any{"method": "sms", "reason": "a\nb", "until": trial.Format(time.RFC3339)}}}, "reason_needed"},
			{map[string]any{"suspended": true, "allow": []any{map[string]any{"method": "sms", "reason": "a", "until": "2199-01-01T00:00:00Z"}}}, "until_invalid"},
			{map[string]any{"suspended": true, "allow": []any{map[string]any{"method": "sms", "reason": "a", "until": ""}}}, "until_invalid"},
			{map[string]any{"suspended": true, "allow": []any{map[string]any{"method": "fax", "reason": "a", "until": ""}}}, "invalid_request"},
			{map[string]any{"suspended": "yes"}, "invalid_request"},
			{map[string]any{"plan": nil}, "invalid_request"},
			{map[string]any{"plan": ""}, "invalid_request"},
			{map[string]any{"slug": "new"}, "invalid_request"},
		} {
			if got := api.Call(t, "PATCH "+one, tc.body); got.Code() != tc.code {
				t.Errorf("%v: %d %s, want %s", tc.body, got.Status, got.Raw, tc.code)
			}
		}
		if got := api.Must(t, 200, "GET "+one, nil); string(got.Raw) != string(changed.Raw) {
			t.Errorf("half of what was refused was done: %s", got.Raw)
		}
		session := s.API(s.Password(t, s.Ada).Cookie)
		session.Must(t, 200, "GET /v1/me", nil)
		api.Must(t, 200, "PATCH "+path+"/"+s.Acme.ID, map[string]any{"suspended": true})
		s.Clock.Advance(time.Second)
		if got := session.Call(t, "GET /v1/me", nil); got.Status != 401 {
			t.Errorf("in a suspended account: %s", got.Raw)
		}
		api.Must(t, 200, "PATCH "+path+"/"+s.Acme.ID, map[string]any{"suspended": false, "plan": "default"})
		api.Must(t, 200, "PATCH "+path+"/"+s.Acme.ID, map[string]any{"suspended": false}) // so already
		api.Must(t, 200, "PATCH "+one, map[string]any{"trial_ends_at": "", "disallow": []string{"sms"}, "plan": "business"})
		if got := api.Must(t, 200, "GET "+one, nil); got.JSON["trial_ends_at"] != nil || len(got.JSON["exceptions"].([]any)) != 0 || got.JSON["plan"] != "business" {
			t.Errorf("%s", got.Raw)
		}
		events, err := audit.Find(t.Context(), s.DB, s.Acme.ID, audit.Filter{Actions: []audit.Action{audit.AccountSuspended, audit.AccountResumed, audit.AccountPlanChanged}}, "", 10)
		if err != nil || len(events) != 2 || events[0].Actor.Kind != audit.KindOperator || events[0].Actor.Address != "127.0.0.1" {
			t.Errorf("%+v, %v", events, err)
		}
		var slugs []string
		for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
			page := api.Must(t, 200, "GET "+path+"?limit=1&cursor="+cursor, nil)
			for _, a := range items(page) {
				slugs = append(slugs, a["slug"].(string))
			}
			cursor, _ = page.JSON["next"].(string)
		}
		if fmt.Sprint(slugs) != "[acme zenith]" {
			t.Errorf("page by page: %v", slugs)
		}
		for query, n := range map[string]int{"slug=acme": 1, "slug=nothing": 0, "slug=%25": 0, "slug=x%27--": 0} {
			if got := items(api.Must(t, 200, "GET "+path+"?"+query, nil)); len(got) != n {
				t.Errorf("%s: %v", query, got)
			}
		}
		for route, code := range map[string]string{
			"GET " + path + "?cursor=x": "invalid_cursor", "GET " + path + "?cursor=usr_" + strings.Repeat("0", 26): "invalid_cursor", "GET " + path + "?limit=0": "invalid_request",
			"GET " + path + "/acc_nobody": "account_not_found", "GET " + path + "/%00": "account_not_found", "GET " + path + "/%ff": "account_not_found",
		} {
			if got := api.Call(t, route, nil); got.Code() != code {
				t.Errorf("%s: %d %s, want %s", route, got.Status, got.Raw, code)
			}
		}
	}, apptest.WithInbox, operator)
}

// TestAccountsTogether: of what is done to an account at the same moment, everything is.
func TestAccountsTogether(t *testing.T) {
	key, operator := withOperator(t)
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api, one := s.API(key), "/v1/accounts/"+s.Acme.ID
		until := s.Clock.Now().AddDate(0, 1, 0).Format(time.RFC3339)
		var wg sync.WaitGroup
		for _, body := range []map[string]any{
			{"plan": "free"},
			{"trial_ends_at": until},
			{"suspended": true},
			{"allow": []any{map[string]any{"method": "sms", "reason": "a", "until": until}}},
			{"allow": []any{map[string]any{"method": "email", "reason": "a", "until": until}}},
		} {
			wg.Go(func() { api.Must(t, 200, "PATCH "+one, body) })
		}
		wg.Wait()
		if got := api.Must(t, 200, "GET "+one, nil); got.JSON["plan"] != "free" || got.JSON["trial_ends_at"] == nil || got.JSON["suspended"] != true || len(got.JSON["exceptions"].([]any)) != 2 {
			t.Errorf("%s", got.Raw)
		}
	}, operator)
}

// TestOperatorKey: the key opens the operator's calls from its networks, and nothing else does; it opens nothing else.
// TestEndedKeyOfTheOperators: a key of the scope operator, or a token of it, that has just ended does nothing to any account, at whichever server: what is
// remembered of it for less than a second does not count for that.
func TestEndedKeyOfTheOperators(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		other := s.Another(t)
		for _, name := range []string{"ended", "locked"} {
			made, err := s.Machines.OperatorMake(t.Context(), s.Grace, apikey.New{Name: name, Scopes: []apikey.Scope{apikey.Operator}})
			if err != nil {
				t.Fatal(err)
			}
			p := program{id: made.Key.ID, value: made.Value}
			person := session(t, s, s.Grace)
			begun := person.Must(t, 201, "POST /v1/me/api-keys/"+p.id+"/device", map[string]any{"password": apptest.Password})
			p.phone = domaintest.Scan(t, p.id, begun.JSON["uri"].(string))
			person.Must(t, 204, "POST /v1/me/api-keys/"+p.id+"/device/confirm", map[string]any{"code": p.code(s)})
			s.Clock.Advance(otp.DefaultPeriod)
			token := other.API(p.token(t, s))
			token.Must(t, 200, "GET /v1/accounts", nil)
			if name == "ended" {
				err = s.Admin.OperatorEndKeys(t.Context(), s.Grace, p.id)
			} else {
				err = s.Admin.Lock(t.Context(), s.Grace, audit.Operator())
			}
			if err != nil {
				t.Fatal(err)
			}
			keyRefused(t, name, token.Call(t, "POST /v1/accounts", map[string]any{"slug": "x-" + name, "name": "X"}), 401, "invalid_token")
		}
	})
}

func TestOperatorKey(t *testing.T) {
	key, operator := withOperator(t)
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		operators := []string{"GET /v1/accounts", "POST /v1/accounts", "GET /v1/accounts/" + s.Acme.ID, "PATCH /v1/accounts/" + s.Acme.ID}
		strong := owner(t, s)
		closed := s.Another(t, func(c *config.Config) {})
		elsewhere := s.Another(t, operator, func(c *config.Config) { c.OperatorNets = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} })
		behind := s.Another(t, operator, func(c *config.Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
		for _, route := range operators {
			for what, tc := range map[string]struct {
				by     *apptest.API
				status int
				code   string
			}{
				"nobody":                 {s.API(""), 401, "not_signed_in"},
				"an owner":               {strong, 403, "operator_only"},
				"a key that is none":     {s.API(key + "x"), 401, "not_signed_in"},
				"the key cut":            {s.API(key[:len(key)-1]), 401, "not_signed_in"},
				"the key in capitals":    {s.API(strings.ToUpper(key)), 401, "not_signed_in"},
				"where there is none":    {closed.API(key), 401, "not_signed_in"},
				"from elsewhere":         {elsewhere.API(key), 403, "operator_network"},
				"elsewhere, wrong key":   {elsewhere.API("x" + key), 401, "not_signed_in"},
				"a proxy says otherwise": {behind.API(key).With("X-Forwarded-For", "203.0.113.9"), 403, "operator_network"},
			} {
				if got := tc.by.Call(t, route, map[string]any{"slug": "new", "name": "New"}); got.Status != tc.status || got.Code() != tc.code {
					t.Errorf("%s by %s: %d %s", route, what, got.Status, got.Raw)
				}
			}
		}
		if got := s.API(key).With("X-Forwarded-For", "203.0.113.9").Call(t, "GET /v1/accounts", nil); got.Status != 200 {
			t.Errorf("a header of nobody’s: %s", got.Raw) // which is not believed
		}
		for _, route := range []string{"GET /v1/me", "GET /v1/account", "GET /v1/account/users", "PATCH /v1/account/policy", "GET /v1/account/audit"} {
			if got := s.API(key).Call(t, route, nil); got.Status != 401 || got.Code() != "not_signed_in" {
				t.Errorf("%s with the operator key: %d %s", route, got.Status, got.Raw)
			}
		}
		if strings.Contains(s.Log.String(), key) {
			t.Error("the log holds the key")
		}
	}, operator)
}
