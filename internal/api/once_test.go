package api_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/apptest"
	"sallyport/internal/httpx"
	"sallyport/internal/idempotency"
)

// TestAnswersAreTheCallers: what one session was answered, another of the same person's is not given, nor a key: the answer has a session's token and
// backup codes in it, and the other may stand lower.
func TestAnswersAreTheCallers(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.SetPolicy(t, "removal=recent_sign_in")
		s.Enrol(t, s.Grace)
		key := newKey(t, s, s.Grace, true, "Key", "factors")
		old := session(t, s, s.Grace)
		s.Clock.Advance(20 * time.Minute)
		const route = "POST /v1/me/api-keys"
		body := map[string]any{"name": "New", "scopes": []string{"read"}}
		made := session(t, s, s.Grace).With("Idempotency-Key", "1").Must(t, 201, route, body)
		keyRefused(t, "a session without a recent proof", old.With("Idempotency-Key", "1").Call(t, route, body), 401, "factor_needed")
		const factors = "POST /v1/me/factors"
		add := map[string]any{"kind": "totp", "name": "Tablet", "password": apptest.Password}
		one := session(t, s, s.Grace).With("Idempotency-Key", "2").Must(t, 201, factors, add)
		two := key.call(s, key.code(s)).With("Idempotency-Key", "2").Call(t, factors, add)
		if two.JSON["secret"] == one.JSON["secret"] || made.JSON["key"] == nil {
			t.Errorf("a key was given the secret of a session's device: %s", two.Raw)
		}
	})
}

// TestAnswersNeedTheirProof: a session that was left open is not given the key that was made in it once it may make none itself; nor is another made.
func TestAnswersNeedTheirProof(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Grace)
		const route = "POST /v1/me/api-keys"
		body := map[string]any{"name": "New", "scopes": []string{"read"}}
		api := session(t, s, s.Grace)
		made := api.With("Idempotency-Key", "1").Must(t, 201, route, body)
		s.Clock.Advance(14 * time.Minute)
		if again := api.With("Idempotency-Key", "1").Must(t, 201, route, body); !bytes.Equal(again.Raw, made.Raw) {
			t.Errorf("a lost answer: %s", again.Raw)
		}
		s.Clock.Advance(2 * time.Minute)
		keyRefused(t, "without a proof", api.Call(t, route, body), 401, "factor_needed")
		late := api.With("Idempotency-Key", "1").Call(t, route, body)
		keyRefused(t, "without a proof, repeated", late, 409, "idempotency_unknown")
		if strings.Contains(string(late.Raw), made.JSON["key"].(string)) {
			t.Errorf("it holds the key: %s", late.Raw)
		}
		if keys := items(api.Must(t, 200, "GET /v1/me/api-keys", nil)); len(keys) != 1 {
			t.Errorf("%d keys", len(keys))
		}
	})
}

// TestIdempotencyKey: what is sent twice under one key is done once, at whichever server, and answered alike.
func TestIdempotencyKey(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Ada)
		ada := s.Browse(t, s.Ada).Cookie
		other := s.Another(t, apptest.WithInbox)
		here, there := s.API(ada).With("Idempotency-Key", "invite-mary"), other.API(ada).With("Idempotency-Key", "invite-mary")
		const invite = "POST /v1/account/users"
		mary := `{"email":"mary@acme.test","role":"member"}`

		// Refused calls leave the key free.
		here.Must(t, 422, invite, `{"email":"mary","role":"member"}`)
		here.Must(t, 400, invite, `{"email":"mary@acme.test","email":"x@acme.test","role":"member"}`)

		var all sync.WaitGroup
		answers := make([]apptest.Answer, 12)
		for i := range answers {
			all.Go(func() {
				caller := here
				if i%2 == 1 {
					caller = there
				}
				for range 200 {
					if answers[i] = caller.Call(t, invite, mary); answers[i].Code() != "idempotency_running" {
						break
					}
				}
			})
		}
		all.Wait()
		replayed := 0
		for i, a := range answers {
			if a.Status != 201 || !bytes.Equal(a.Raw, answers[0].Raw) {
				t.Errorf("answer %d: %d %s", i, a.Status, a.Raw)
			}
			if a.Header.Get("Idempotency-Replayed") == "true" {
				replayed++
			}
			if a.Header.Get("Content-Type") != "application/json" || a.Header.Get("Cache-Control") != "no-store" || a.Header.Get("X-Request-Id") == "" {
				t.Errorf("answer %d: headers %v", i, a.Header)
			}
		}
		if replayed != len(answers)-1 {
			t.Errorf("%d of %d answers are repetitions", replayed, len(answers))
		}
		if people := s.API(ada).Must(t, 200, "GET /v1/account/users", nil).JSON["items"].([]any); len(people) != 4 {
			t.Errorf("%d people", len(people))
		}
		if again := here.Call(t, "GET /v1/account/users", nil); again.Status != 200 || again.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("a call that makes nothing: %d", again.Status)
		}
		if a := there.Must(t, 422, invite, `{"email":"jane@acme.test","role":"member"}`); a.Code() != "idempotency_mismatch" || a.JSON["field"] != "Idempotency-Key" {
			t.Errorf("another request: %s", a.Raw)
		}
		for _, bad := range []string{" ", "a b", strings.Repeat("k", 256), "ü"} {
			if a := s.API(ada).With("Idempotency-Key", bad).Must(t, 422, invite, mary); a.Code() != "idempotency_key_invalid" {
				t.Errorf("key %q: %s", bad, a.Raw)
			}
		}

		// A server dies between its work and its answer.
		current := items(s.API(ada).Must(t, 200, "GET /v1/me/sessions", nil))[0]["id"].(string)
		begun, err := idempotency.New(s.Acme.ID, current, "broken", "POST", "/v1/account/users", mary)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.App.Once.Begin(t.Context(), begun, time.Minute, time.Hour); err != nil {
			t.Fatal(err)
		}
		broken := other.API(ada).With("Idempotency-Key", "broken")
		if a := broken.Must(t, 409, invite, mary); a.Code() != "idempotency_running" || a.Header.Get("Retry-After") != "1" {
			t.Errorf("while it may run: %s", a.Raw)
		}
		s.Clock.Advance(httpx.DefaultTimeout + 10*time.Second)
		if a := broken.Must(t, 409, invite, mary); a.Code() != "idempotency_unknown" || !strings.Contains(a.JSON["detail"].(string), "new key") {
			t.Errorf("after it broke off: %s", a.Raw)
		}

		// Who may no longer make the call is not given its answer either.
		if a := s.API("").With("Idempotency-Key", "invite-mary").Call(t, invite, mary); a.Status != 401 {
			t.Errorf("a stranger: %d", a.Status)
		}
		s.Clock.Advance(time.Hour)
		if a := here.Call(t, invite, mary); a.Status != 401 {
			t.Errorf("an ended session: %d", a.Status)
		}
	}, apptest.WithInbox)
}
