package api_test

import (
	"bytes"
	"net/url"
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/channel"
	"sallyport/internal/db"
	"sallyport/internal/domaintest"
	"sallyport/internal/mail"
)

// TestMail: the account's own mail server, whose password goes in and never out (B100).
func TestMail(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		m := domaintest.NewMailServer(t)
		s.App.Channels.Options = mail.Options{Roots: m.Roots}
		api := owner(t, s)
		const path = "/v1/account/mail"
		body := func(pairs ...any) map[string]any {
			b := map[string]any{
				"host": m.Server.Host, "port": m.Server.Port, "security": "starttls", "user": m.Server.User, "server_password": m.Server.Password,
				"from": m.Server.From, "password": apptest.Password,
			}
			for i := 0; i+1 < len(pairs); i += 2 {
				if pairs[i+1] == nil {
					delete(b, pairs[i].(string))
				} else {
					b[pairs[i].(string)] = pairs[i+1]
				}
			}
			return b
		}
		if got := api.Must(t, 200, "GET "+path, nil); got.JSON["server"] != nil || got.JSON["shared"] != false {
			t.Errorf("%s", got.Raw)
		}
		if got := api.Call(t, "POST "+path+"/test", nil); got.Status != 409 || got.Code() != "no_mail_server" {
			t.Errorf("without a server: %d %s", got.Status, got.Raw)
		}
		for _, tc := range []struct {
			body  map[string]any
			code  string
			field any
		}{
			{body("host", "mail server"), "mail_server_invalid", "host"},
			{body("port", 0), "invalid_request", "port"},
			{body("port", "587"), "invalid_request", "port"},
			{body("security", "none"), "invalid_request", "security"},
			{body("user", nil), "mail_server_invalid", "user"},
			{body("server_password", nil), "mail_server_invalid", "server_password"},
			{body("server_password", "a\r\nb"), "mail_server_invalid", "server_password"},
			{body("from", "a@acme.test\r\nBcc: b@acme.test"), "mail_server_invalid", "from"},
			{body("password", "not hers"), "wrong_password", "password"},
			{body("password", ""), "proof_needed", "password"},
			{body("password", nil), "invalid_request", "password"},
		} {
			got := api.Call(t, "PUT "+path, tc.body)
			if got.Code() != tc.code || got.JSON["field"] != tc.field {
				t.Errorf("%v: %d %s, want %s in %v", tc.body, got.Status, got.Raw, tc.code, tc.field)
			}
			if bytes.Contains(got.Raw, []byte(m.Server.Password)) {
				t.Errorf("%s tells the password", got.Raw)
			}
		}
		if _, ok, err := s.App.Channels.Server(t.Context(), s.Acme.ID); ok || err != nil {
			t.Fatalf("something was saved: %v", err)
		}
		api.Must(t, 200, "PUT "+path, body("server_password", m.Server.Password+"1"))
		if got := api.Call(t, "POST "+path+"/test", nil); got.Status != 409 || got.Code() != "mail_login_refused" || bytes.Contains(got.Raw, []byte(m.Server.Password)) {
			t.Errorf("with a wrong password: %d %s", got.Status, got.Raw)
		}
		api.Must(t, 200, "PUT "+path, body())
		api.Must(t, 204, "POST "+path+"/test", nil)
		if got := strings.Join(m.Mails(), "\n"); !strings.Contains(got, "Subject: A test message") || !strings.Contains(got, "To: <"+apptest.Ada+">") {
			t.Errorf("%q", got)
		}
		if got := api.Must(t, 200, "GET "+path, nil); got.JSON["holds_back"] != false {
			t.Errorf("an owner chose it: %s", got.Raw)
		}
		if err := s.DB.Run(t.Context(), db.Write(`UPDATE mail_servers SET by_owner = FALSE`)); err != nil {
			t.Fatal(err)
		}
		if got := api.Must(t, 200, "GET "+path, nil); got.JSON["holds_back"] != true {
			t.Errorf("an administrator chose it: %s", got.Raw)
		}
		kept := api.Must(t, 200, "PUT "+path, body("server_password", nil, "from", "Other <other@acme.test>"))
		server := kept.JSON["server"].(map[string]any)
		if server["has_password"] != true || server["from"] != "Other <other@acme.test>" {
			t.Errorf("%s", kept.Raw)
		}
		if last, _ := api.Must(t, 200, "GET "+path, nil).JSON["server"].(map[string]any)["last_result"].(map[string]any); last != nil && last["ok"] != true {
			t.Errorf("%v", last)
		}
		if got := api.Call(t, "PUT "+path, body("server_password", nil, "host", "localhost")); got.Code() != "mail_password_needed" || got.JSON["field"] != "server_password" {
			t.Errorf("the stored password for another server: %s", got.Raw)
		}
		for place, text := range map[string]string{"the log": s.Log.String(), "a row": strings.Join(s.Rows(t), "\n")} {
			if strings.Contains(text, m.Server.Password) {
				t.Errorf("%s holds the password", place)
			}
		}
		if got := api.Call(t, "POST "+path+"/remove", map[string]any{"password": "not hers"}); got.Code() != "wrong_password" {
			t.Errorf("%s", got.Raw)
		}
		api.Must(t, 204, "POST "+path+"/remove", map[string]any{"password": apptest.Password})
		if got := api.Call(t, "POST "+path+"/remove", map[string]any{"password": apptest.Password}); got.Status != 404 || got.Code() != channel.ErrNoOwn.Code {
			t.Errorf("twice: %s", got.Raw)
		}
	})
}

func TestAudit(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api := owner(t, s)
		const path = "/v1/account/audit"
		s.Enrol(t, s.Grace)
		api.Must(t, 200, "PATCH "+users+"/"+s.Grace.ID, map[string]any{"locked": true})
		api.Must(t, 204, "POST "+users+"/"+s.Grace.ID+"/reset", map[string]any{"reason": "lost phone"})
		api.Must(t, 204, "DELETE "+users+"/"+s.Grace.ID, nil)
		got := items(api.Must(t, 200, "GET "+path+"?action=user.locked", nil))
		if len(got) != 1 || got[0]["actor"].(map[string]any)["email"] != apptest.Ada || got[0]["person"].(map[string]any)["id"] != s.Grace.ID || got[0]["by"] != "user" || got[0]["group"] != "people" {
			t.Fatalf("%v", got)
		}
		if gone := got[0]["person"].(map[string]any); gone["email"] != nil {
			t.Errorf("%v", gone)
		}
		if got := items(api.Must(t, 200, "GET "+path+"?action=user.two_factor_reset", nil)); len(got) != 1 || got[0]["detail"].(map[string]any)["reason"] != "lost phone" {
			t.Errorf("%v", got)
		}
		day := s.Clock.Now().UTC().Format("2006-01-02")
		for query, some := range map[string]bool{
			"": true, "group=people": true, "group=second_factors": true, "person=" + s.Grace.ID: true, "person=ADA%40acme.test": true, "from=" + day: true, "to=" + day: true,
			"from=2030-01-01": false, "to=2001-01-01": false, "action=mail_server.set": false, "person=usr_" + strings.Repeat("0", 26): false,
		} {
			if got := items(api.Must(t, 200, "GET "+path+"?"+query, nil)); (len(got) > 0) != some {
				t.Errorf("%s: %d entries", query, len(got))
			}
		}
		var all, once []string
		for _, e := range items(api.Must(t, 200, "GET "+path+"?limit=100", nil)) {
			once = append(once, e["id"].(string))
		}
		for cursor, n := "", 0; n == 0 || cursor != ""; n++ {
			page := api.Must(t, 200, "GET "+path+"?limit=2&cursor="+url.QueryEscape(cursor), nil)
			for _, e := range items(page) {
				all = append(all, e["id"].(string))
			}
			cursor, _ = page.JSON["next"].(string)
		}
		if len(once) < 5 || strings.Join(all, " ") != strings.Join(once, " ") {
			t.Errorf("page by page:\n%v\n%v", all, once)
		}
		for query, code := range map[string]string{
			"cursor=evt_x": "invalid_cursor", "cursor=usr_" + strings.Repeat("0", 26): "invalid_cursor", "action=%25": "audit_action_invalid", "action=user.locked%27--": "audit_action_invalid",
			"group=all": "invalid_request", "person=nobody%40acme.test": "audit_person_unknown", "person=%25": "audit_person_unknown", "from=2026-13-01": "audit_day_invalid",
			"from=2026-02-01&to=2026-01-01": "audit_period_invalid", "limit=-1": "invalid_request", "limit=x": "invalid_request", "from=2026-01-01T00:00": "invalid_request",
		} {
			if got := api.Call(t, "GET "+path+"?"+query, nil); got.Code() != code {
				t.Errorf("%s: %d %s, want %s", query, got.Status, got.Raw, code)
			}
		}
	}, apptest.WithInbox)
}
