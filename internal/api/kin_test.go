package api_test

import (
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
)

// TestDocument: another reader of OpenAPI finds the document in order.
func TestDocument(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	doc, err := openapi3.NewLoader().LoadFromData(s.API("").Must(t, 200, "GET /v1/openapi.json", nil).Raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
}
