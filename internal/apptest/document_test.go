package apptest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	"sallyport/internal/db/dbtest"
)

// TestDocumentHolds: an answer that is not as the document says does not pass.
func TestDocumentHolds(t *testing.T) {
	s := Start(t, dbtest.SQLite(t))
	d := s.Document(t)
	caller := s.API(s.Password(t, s.Ada).Cookie)
	good := caller.Must(t, 200, "GET /v1/me", nil)
	refused := s.API("").Call(t, "GET /v1/me", nil)
	for name, plant := range map[string]struct {
		path string
		of   Answer
		edit func(a *Answer)
		sent bool // a body
	}{
		"a member more":             {"/v1/me", good, func(a *Answer) { a.JSON["hash"] = "x" }, false},
		"a member less":             {"/v1/me", good, func(a *Answer) { delete(a.JSON, "email") }, false},
		"another type":              {"/v1/me", good, func(a *Answer) { a.JSON["email"] = 1 }, false},
		"another value":             {"/v1/me", good, func(a *Answer) { a.JSON["role"] = "god" }, false},
		"null for a list":           {"/v1/me", good, func(a *Answer) { a.JSON["amr"] = nil }, false},
		"another status":            {"/v1/me", good, func(a *Answer) { a.Status = 201 }, false},
		"another content type":      {"/v1/me", good, func(a *Answer) { a.Header.Set("Content-Type", "text/html") }, false},
		"an undocumented code":      {"/v1/me", refused, func(a *Answer) { a.JSON["code"] = "something_else" }, false},
		"a code of another status":  {"/v1/me", refused, func(a *Answer) { a.JSON["code"] = "rate_limited" }, false},
		"an undocumented refusal":   {"/v1/me", refused, func(a *Answer) { a.Status = 418 }, false},
		"an undocumented call":      {"/v1/nothing", good, func(*Answer) {}, false},
		"an undocumented parameter": {"/v1/me?x=1", good, func(*Answer) {}, false},
		"a body where none is":      {"/v1/me", good, func(*Answer) {}, true},
		"no problem":                {"/v1/nothing", good, func(a *Answer) { a.Status = 404 }, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := http.NewRequest(http.MethodGet, s.URL+plant.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			var body []byte
			if plant.sent {
				body = []byte(`{"x":1}`)
				r.Body, r.ContentLength = http.NoBody, int64(len(body))
				r.Header.Set("Content-Type", "application/json")
			}
			r.Header.Set("Authorization", "Bearer x")
			a := Answer{Status: plant.of.Status, Header: plant.of.Header.Clone()}
			if err := json.Unmarshal(bytes.Clone(plant.of.Raw), &a.JSON); err != nil {
				t.Fatal(err)
			}
			plant.edit(&a)
			if a.Raw, err = json.Marshal(a.JSON); err != nil {
				t.Fatal(err)
			}
			if err := d.check(r, body, a); err == nil {
				t.Error("it passes")
			}
		})
	}
}
