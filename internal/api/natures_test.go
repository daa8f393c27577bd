package api_test

import (
	"strings"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/httpx"
)

// TestNatures: what the document says that every call refuses, every call does.
func TestNatures(t *testing.T) {
	key, operator := withOperator(t)
	s := apptest.Start(t, dbtest.SQLite(t), operator)
	person, programs := owner(t, s), s.API(key)
	for _, rt := range table(t, s) {
		by := person
		if rt.Scope == httpx.Operator || rt.Scope == httpx.Program {
			by = programs
		}
		call, body := rt.call(t)
		if rt.Form { // which is another media type
			by = by.With("Content-Type", "application/x-www-form-urlencoded")
		}
		for name, c := range map[string]struct {
			from *apptest.API
			call string
			body any
			code string
		}{
			"another host":             {by.With("Host", "elsewhere.test"), call, body, "wrong_host"},
			"an unknown parameter":     {by, call + "?x=1", body, "invalid_request"},
			"a bad escape":             {by, call + "?x=%zz", body, "malformed_request"},
			"another media type":       {by.With("Content-Type", "text/plain"), call, "x", "unsupported_media_type"},
			"a body that is too large": {by, call, strings.Repeat("x", 300<<10), "request_too_large"},
		} {
			if got := c.from.Call(t, c.call, c.body); got.Code() != c.code {
				t.Errorf("%s: %s: %d %s, want %s", rt.Pattern, name, got.Status, got.Code(), c.code)
			}
		}
	}
}
