package api_test

import (
	"testing"

	"sallyport/internal/apptest"
)

// TestRarerRefusals provokes what no other test does; that the document lists each for its call is seen by the client of the tests.
func TestRarerRefusals(t *testing.T) {
	key, operator := withOperator(t)
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		api, acme := s.API(key), "PATCH /v1/accounts/"+s.Acme.ID
		refused(t, api.Call(t, "PATCH /v1/accounts/acc_nobody", map[string]any{"suspended": true}), 404, "account_not_found")
		refused(t, api.Call(t, acme, map[string]any{"trial_ends_at": "tomorrow"}), 422, "time_invalid")
		refused(t, api.Call(t, acme, map[string]any{"trial_ends_at": "2001-01-01T00:00:00Z"}), 422, "trial_over")
		api.Must(t, 200, acme, map[string]any{"plan": "free"})
		person := session(t, s, s.Grace)
		sms := map[string]any{"kind": "sms", "address": "+43 660 1234567", "password": apptest.Password}
		refused(t, person.Call(t, "POST /v1/me/factors", sms), 403, "method_not_in_plan")
	}, operator)
}
