package api_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"testing"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
)

// TestMain: after a whole run, every documented call has been made with success, in each way that the document promises, and has been refused for
// each reason that it lists. That each answer is as the document says, and no undocumented call there is, apptest.API looks at with every call.
func TestMain(m *testing.M) {
	status := m.Run()
	whole := true
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench", "test.fuzz"} {
		whole = whole && flag.Lookup(name).Value.String() == ""
	}
	if status == 0 && whole && !promisesKept() {
		status = 1
	}
	os.Exit(status)
}

// promisesKept reports what no test was answered, and excuses that are none.
func promisesKept() bool {
	kept, left := true, maps.Clone(excused)
	for _, p := range apptest.Unkept() {
		what := p.Call + " " + p.Code
		if left[what] == "" {
			kept = false
			fmt.Printf("no test was answered %s %s by %s, which the document lists: provoke it, take it out of api/fails.go or codes.go, or excuse it in refusals_test.go\n", p.Status, p.Code, p.Call)
		}
		delete(left, what)
	}
	for what := range left {
		kept = false
		fmt.Printf("refusals_test.go excuses %q, which the document does not list or some test provokes\n", what)
	}
	return kept
}

// TestDocument: another reader of OpenAPI finds the document in order, with examples that its own types allow.
func TestDocument(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	doc := s.Document(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	s.API("").Must(t, 200, "GET /v1/openapi.json", nil)
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.Summary == "" || op.OperationID == "" || len(op.Tags) != 1 || op.Security == nil {
				t.Errorf("%s %s: lacks a summary, an id, its one group or what it asks of the caller", method, path)
			}
			if op.RequestBody != nil {
				for kind, m := range op.RequestBody.Value.Content {
					if m.Example == nil {
						t.Errorf("%s %s: no example of its %s", method, path, kind)
					}
				}
			}
			for status, r := range op.Responses.Map() {
				for kind, m := range r.Value.Content {
					if m.Example == nil {
						t.Errorf("%s %s: no example of its %s %s", method, path, status, kind)
					}
				}
			}
		}
	}
	for name, schema := range doc.Components.Schemas {
		for member, s := range schema.Value.Properties {
			if s.Ref == "" && s.Value.Description == "" && len(s.Value.Examples) == 0 && len(s.Value.Enum) == 0 {
				t.Errorf("%s.%s: neither described nor shown by an example", name, member)
			}
		}
	}
}
