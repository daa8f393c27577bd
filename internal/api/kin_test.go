package api_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"testing"

	"sallyport/internal/api"
	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
)

// TestMain: after a whole run, every documented call has been made with success, in each way that the document promises, and has been refused for
// each reason that it lists: each that comes of the call's work, and each that calls of its kind have in common at one of them at least.
// That each answer is as the document says, and no undocumented call there is, apptest.API looks at with every call.
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
	kept := true
	fail := func(format string, args ...any) {
		kept = false
		fmt.Printf(format+"\n", args...)
	}
	left := maps.Clone(excused)
	unkept, everywhere := apptest.Unkept(), map[string]bool{}
	for _, p := range unkept {
		what := p.Call + " " + p.Code
		switch {
		case p.Code == "":
			fail("no test was answered %s by %s, which the document promises", p.Status, p.Call)
		case !api.OfWork(p.Call, p.Status, p.Code):
			everywhere[p.Status+" "+p.Code] = true
		case left[what] == "":
			fail("no test was refused %s with %s %s, which api/fails.go lists: provoke it, take it out, or excuse it in refusals_test.go", p.Call, p.Status, p.Code)
		}
		delete(left, what)
	}
	for what := range left {
		fail("refusals_test.go excuses %q, which the document does not list or some test provokes", what)
	}
	for _, p := range apptest.Kept() {
		delete(everywhere, p.Status+" "+p.Code)
	}
	for what := range everywhere {
		fail("no test was refused any call with %s, which api/codes.go lists", what)
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
