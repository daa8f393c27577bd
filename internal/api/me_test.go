package api_test

import (
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
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
	if got := s.API(step.Cookie).Call(t, "GET /v1/me?x=1", nil); got.Status != 422 || got.JSON["field"] != "x" {
		t.Errorf("unknown parameter: %d %s", got.Status, got.Raw)
	}
}
