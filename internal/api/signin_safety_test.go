package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/domaintest"
	"sallyport/internal/otp"
)

// TestOneCodeOneSession: of 50 posts of one code at once, over two replicas and each in a sign-in of its own, one is let in (B03).
func TestOneCodeOneSession(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, _ := s.Enrol(t, s.Ada)
		replicas := []*apptest.Server{s, s.Another(t)}
		shared := s.Password(t, s.Ada).Cookie // half of them race in the same sign-in
		var bodies []object
		for i := range 50 {
			pending := shared
			if i%4 > 1 {
				pending = s.Password(t, s.Ada).Cookie
			}
			bodies = append(bodies, object{"pending": pending, "code": phone.Code(s.Clock.Now())})
		}
		answers := make([]apptest.Answer, len(bodies))
		var all sync.WaitGroup
		for i, body := range bodies {
			all.Go(func() {
				answers[i] = replicas[i%2].API("").Call(t, "POST /v1/sign-in/verify", body)
				for answers[i].Code() == "database_unavailable" { // no connection was free in time: nothing was looked at
					answers[i] = replicas[i%2].API("").Call(t, "POST /v1/sign-in/verify", body)
				}
			})
		}
		all.Wait()
		in := 0
		for _, a := range answers {
			switch a.Code() {
			case "":
				in++
				s.API(text(a, "token")).Must(t, 200, "GET /v1/me", nil)
			case "used_code", "sign_in_expired", "too_many_attempts":
			default:
				t.Errorf("%d %s", a.Status, a.Raw)
			}
		}
		if in != 1 {
			t.Errorf("%d of 50 were let in, want 1", in)
		}
		if sessions, err := s.Sessions.List(t.Context(), s.Browse(t, s.Ada).Signed); err != nil || len(sessions) != 2 {
			t.Errorf("%d sessions, %v; want the one and this", len(sessions), err)
		}
	})
}

// TestOneCodeEverywhere: a code that was used on one way in, or to prove it again, is used up on all others (B01, B03, B04).
func TestOneCodeEverywhere(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		phone, codes := s.Enrol(t, s.Ada)
		inSession := s.API(s.Browse(t, s.Ada).Cookie)
		page := func(code string) bool {
			c := s.Client(t)
			p := c.SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", code)
			return p.Status == http.StatusSeeOther
		}
		call := func(code string) bool {
			a := s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": s.Password(t, s.Ada).Cookie, "code": code})
			if a.Status != 200 {
				refused(t, a, 422, "used_code")
			}
			return a.Status == 200
		}
		confirm := func(code string) bool {
			a := inSession.Call(t, "POST /v1/session/confirm", object{"code": code})
			if a.Status != 204 {
				refused(t, a, 422, "used_code")
			}
			return a.Status == 204
		}
		ways := []func(string) bool{page, call, confirm}
		for i, first := range ways {
			for j := range ways {
				s.Clock.Advance(otp.DefaultPeriod)
				for _, code := range []string{phone.Code(s.Clock.Now()), codes[0]} {
					if !first(code) {
						t.Fatalf("way %d refuses a fresh code", i)
					}
					if ways[j](code) {
						t.Errorf("a code of way %d is taken once more by way %d", i, j)
					}
				}
				codes = codes[1:]
				s.Clock.Advance(time.Minute) // the wait that a used code costs
			}
		}
	})
}

// TestOnlyTheRightValue: what names a sign-in opens nothing, and what opens a session names no sign-in (D4, ASVS 9.2).
func TestOnlyTheRightValue(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Ada)
	pending := s.Password(t, s.Ada).Cookie
	b, trusted := s.Trust(t, s.Ada, phone, domaintest.From(domaintest.Firefox))
	s.Clock.Advance(otp.DefaultPeriod)
	code := phone.Code(s.Clock.Now())
	for name, value := range map[string]string{"a pending sign-in": pending, "a trusted browser": trusted, "nonsense": "x.y.z", "a cut session": b.Cookie[:len(b.Cookie)-1]} {
		refused(t, s.API(value).Call(t, "GET /v1/me", nil), 401, "not_signed_in")
		if name == "a pending sign-in" {
			continue
		}
		for route, body := range map[string]object{
			"POST /v1/sign-in/verify":          {"code": code},
			"POST /v1/sign-in/send":            {"method": phone.FactorID},
			"POST /v1/sign-in/set-up":          {"kind": "totp", "name": "Mine"},
			"POST /v1/sign-in/set-up/send":     {},
			"POST /v1/sign-in/set-up/confirm":  {"id": phone.FactorID, "code": code},
			"POST /v1/sign-in/disable":         {},
			"POST /v1/sign-in/disable/confirm": {"token": "0123456789abcdefghjkmnpqrs"},
			"POST /v1/sign-in/passkey/options": {},
		} {
			for _, v := range []string{value, b.Cookie} {
				body["pending"] = v
				refused(t, s.API("").Call(t, route, body), 410, "sign_in_expired")
			}
		}
	}
	s.API("").Must(t, 204, "POST /v1/sign-in/cancel", object{"pending": b.Cookie})
	s.API(b.Cookie).Must(t, 200, "GET /v1/me", nil)

	// Cookies mean nothing here, and bearer values mean nothing to the pages (B87).
	c := s.Client(t)
	c.Cookies["__Host-sallyport-session"] = b.Cookie
	r := c.Request(http.MethodGet, "/v1/me", nil)
	if p := c.Send(r); p.Status != http.StatusUnauthorized {
		t.Errorf("a cookie opens the interface: %d", p.Status)
	}
	other := s.Client(t)
	r = other.Request(http.MethodGet, "/settings", nil)
	r.Header.Set("Authorization", "Bearer "+b.Cookie)
	if p := other.Send(r); p.Status != http.StatusSeeOther {
		t.Errorf("a bearer value opens the pages: %d", p.Status)
	}
}

// body is an answer without what differs with every call.
func body(tb testing.TB, a apptest.Answer) string {
	tb.Helper()
	if a.JSON == nil {
		tb.Fatalf("%d %s", a.Status, a.Raw)
	}
	delete(a.JSON, "request_id")
	raw, err := json.Marshal(a.JSON)
	if err != nil {
		tb.Fatal(err)
	}
	return a.Header.Get("Retry-After") + " " + string(raw)
}

// TestUnknownLooksLikeKnown: through eight wrong passwords, an address that exists and one that does not are answered with the same bytes.
func TestUnknownLooksLikeKnown(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, _ := s.Enrol(t, s.Ada)
	_, trusted := s.Trust(t, s.Ada, phone, domaintest.From(domaintest.Firefox))
	for _, account := range []string{"", "acme", "no-such"} {
		for i := range 8 {
			var said []string
			for _, email := range []string{apptest.Alan, "nobody@acme.test", "not an address"} {
				said = append(said, body(t, s.API("").Call(t, "POST /v1/sign-in", object{"account": account, "email": email, "password": "wrong " + account, "trusted_browser": trusted})))
			}
			if said[0] != said[1] || said[0] != said[2] {
				t.Errorf("%q, try %d:\n%s", account, i, strings.Join(said, "\n"))
			}
		}
		if account != "" {
			break // the counters are the same ones
		}
		s.Clock.Advance(time.Hour)
	}
}

// TestWaitsAreShared: wrong passwords and codes by REST count with those of the pages (D3).
func TestWaitsAreShared(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		other := s.Another(t)
		for range 5 {
			refused(t, s.API("").Call(t, "POST /v1/sign-in", object{"email": apptest.Grace, "password": "wrong"}), 401, "wrong_credentials")
		}
		blocked := other.API("").Call(t, "POST /v1/sign-in", object{"email": apptest.Grace, "password": apptest.Password})
		refused(t, blocked, 429, "too_many_attempts")
		if blocked.Header.Get("Retry-After") != "30" {
			t.Errorf("Retry-After: %q", blocked.Header.Get("Retry-After"))
		}
		s.Client(t).SignIn(apptest.Grace, apptest.Password).Sees(http.StatusTooManyRequests, "30 seconds")

		phone, _ := s.Enrol(t, s.Ada)
		pending := s.Password(t, s.Ada).Cookie
		wrong := domaintest.Other(phone.Code(s.Clock.Now()))
		for range 5 {
			refused(t, s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": pending, "code": wrong}), 422, "wrong_code")
		}
		refused(t, other.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": s.Password(t, s.Ada).Cookie, "code": phone.Code(s.Clock.Now())}), 429, "too_many_attempts")
		s.Client(t).SignIn(apptest.Ada, apptest.Password).Follow().Press("Verify", "code", phone.Code(s.Clock.Now())).Sees(http.StatusTooManyRequests)
	})
}

// TestSignInIsCounted: calls are counted as pages are.
func TestSignInIsCounted(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	phone, codes := s.Enrol(t, s.Ada)
	count := func(outcome, method string) string {
		r, err := http.Get(s.URL + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Body.Close() }()
		page, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(page), `sallyport_sign_ins_total{method="`+method+`",outcome="`+outcome+`"} `)
		line, _, _ := strings.Cut(rest, "\n")
		return line
	}
	verify := func(method, code string) {
		body := object{"pending": s.Password(t, s.Ada).Cookie, "code": code}
		if method != "" {
			body["method"] = method
		}
		s.API("").Call(t, "POST /v1/sign-in/verify", body)
	}
	s.API("").Call(t, "POST /v1/sign-in", object{"email": apptest.Grace, "password": "wrong"})
	withPassword(t, s, apptest.Grace)
	withPassword(t, s, apptest.Ada)
	verify("", domaintest.Other(phone.Code(s.Clock.Now())))
	verify("", "ACDE-FGHJ-KMNP-QRTV")
	verify(phone.FactorID, phone.Code(s.Clock.Now()))
	verify("backup_code", codes[0])
	s.API("").Must(t, 204, "POST /v1/sign-in/cancel", object{"pending": s.Password(t, s.Ada).Cookie})
	for _, c := range [][2]string{
		{"wrong_password", "password"},
		{"success", "password"},
		{"second_factor", "password"},
		{"wrong_code", "totp"},
		{"wrong_code", "backup_code"},
		{"success", "totp"},
		{"success", "backup_code"},
		{"cancelled", "password"},
	} {
		if n := count(c[0], c[1]); n != "1" {
			t.Errorf("%s by %s: counted %q, want 1", c[0], c[1], n)
		}
	}
}

// TestNothingSecretIsLogged: no password, code, token or pending value of a sign-in stands in the log, nor in an address.
func TestNothingSecretIsLogged(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t), apptest.WithInbox)
	phone, codes := s.Enrol(t, s.Ada)
	step := withPassword(t, s, apptest.Ada)
	code := phone.Code(s.Clock.Now())
	wrong := domaintest.Other(code)
	s.API("").Call(t, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": wrong})
	in := s.API("").With("User-Agent", domaintest.Firefox).Must(t, 200, "POST /v1/sign-in/verify", object{"pending": text(step, "pending"), "code": code, "trust_browser": true})
	s.API("").Call(t, "POST /v1/sign-in", object{"email": apptest.Ada, "password": "canary wrong password", "surplus": "canary member"})
	api := s.API(text(in, "token"))
	app := api.Must(t, 201, "POST /v1/me/factors", object{"kind": "totp", "name": "Second", "password": apptest.Password})
	api.Call(t, "POST /v1/me/factors/"+text(app, "id")+"/confirm", object{"code": wrong})
	made := api.Must(t, 201, "POST /v1/me/backup-codes", object{"password": apptest.Password})
	secrets := []string{
		apptest.Password, text(step, "pending"), code, wrong, text(in, "token"), text(in, "trusted_browser"), "canary", text(app, "secret"), text(app, "uri"), codes[0],
		made.JSON["backup_codes"].([]any)[0].(string), made.JSON["session"].(object)["token"].(string),
	}
	for _, secret := range secrets {
		if len(secret) < 6 || strings.Contains(s.Log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	if lines := strings.Count(s.Log.String(), "\n"); lines < 7 {
		t.Errorf("only %d lines are logged", lines)
	}
}
