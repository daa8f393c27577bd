package api_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"mime/multipart"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"sallyport/internal/apptest"
	"sallyport/internal/db/dbtest"
	"sallyport/internal/httpx"
)

// bad is what no member takes, by what is wrong with it, as it stands in JSON.
func bad(s *openapi3.Schema) map[string]string {
	all := map[string]string{
		"null": "null", "an object": `{"a":1}`, "an array in an array": `[[1]]`, "a fraction": "1.5", "a huge number": "1e400", "a number out of every range": "123456789012345678901234567890",
	}
	for kind, value := range map[string]string{"string": `"x"`, "boolean": "true", "integer": "-999999999", "array": `[{"a":[]}]`} {
		if !s.Type.Is(kind) {
			all["another type: "+kind] = value
		}
	}
	if s.Type.Is("string") {
		long := strings.Repeat("x", 15_000)
		all["an overlong string"] = `"` + long + `"`
		all["NUL"] = `"a\u0000b"`
		all["half a character"] = `"\ud800"`
	}
	if s.Type.Is("integer") {
		all["a number in quotes"] = `"5"`
	}
	if s.Type.Is("object") {
		delete(all, "an object")
	}
	if s.Type.Is("number") {
		delete(all, "a fraction")
	}
	return all
}

// TestBadMembers sends every call with each of its members wrong in every way: refused, with the member named, and nothing is changed.
func TestBadMembers(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Enrol(t, s.Ada)
	owner := s.API(s.Browse(t, s.Ada).Cookie)
	owner.Must(t, 200, "GET /v1/me", nil)
	program := s.API(newKey(t, s, s.Alan, false, "Checks", "checks").value)
	program.Call(t, "GET /v1/checks/x", nil)
	before := s.Rows(t)
	sent := 0
	for _, rt := range table(t, s) {
		if rt.op.RequestBody == nil || rt.op.RequestBody.Value.Content["application/json"] == nil {
			continue
		}
		media := rt.op.RequestBody.Value.Content["application/json"]
		good, _ := media.Example.(map[string]any)
		call, _ := rt.call(t)
		for _, name := range slices.Sorted(maps.Keys(media.Schema.Value.Properties)) {
			for what, value := range bad(media.Schema.Value.Properties[name].Value) {
				members := []string{}
				for other, v := range good {
					if other != name {
						raw, _ := json.Marshal(v)
						members = append(members, fmt.Sprintf("%q:%s", other, raw))
					}
				}
				members = append(members, fmt.Sprintf("%q:%s", name, value))
				sent++
				a := owner.Call(t, call, "{"+strings.Join(members, ",")+"}")
				if a.Status < 400 || a.Status >= 500 || a.Code() == "" {
					t.Errorf("%s: %s is %s: %d %s", call, name, what, a.Status, a.Raw)
					continue
				}
				if a.Code() == "operator_only" { // refused before its body is read
					continue
				}
				field, _ := a.JSON["field"].(string)
				if inner, _, _ := strings.Cut(strings.ReplaceAll(field, "[", "."), "."); a.Code() == "invalid_request" && inner != name {
					t.Errorf("%s: %s is %s, but the problem is about %q: %s", call, name, what, field, a.Raw)
				}
			}
		}
	}
	after := s.Rows(t)
	changed(t, uncounted(before), uncounted(after), "bad members")
	t.Logf("%d calls with a bad member", sent)
}

// uncounted leaves out what is counted of failed attempts: a wrong code is a guess, and is charged as one (D2).
func uncounted(rows []string) []string {
	return slices.DeleteFunc(slices.Clone(rows), func(row string) bool {
		return strings.HasPrefix(row, "throttle ") || strings.HasPrefix(row, "factor ") || strings.HasPrefix(row, "audit ")
	})
}

// TestBadBodies sends every call bodies that are no JSON object of ours, in other forms and with other types: refused, and nothing is changed.
func TestBadBodies(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Enrol(t, s.Ada)
	owner := s.API(s.Browse(t, s.Ada).Cookie)
	owner.Must(t, 200, "GET /v1/me", nil)
	program := s.API(newKey(t, s, s.Alan, false, "Checks", "checks").value)
	program.Call(t, "GET /v1/checks/x", nil)
	before := s.Rows(t)
	var zipped, parts bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(`{}`))
	_ = z.Close()
	form := multipart.NewWriter(&parts)
	_ = form.WriteField("email", "x")
	_ = form.Close()
	type body struct {
		raw     string
		status  []int
		headers []string // name, value …
	}
	bodies := map[string]body{
		"no JSON":                     {"hello", []int{400}, nil},
		"cut off":                     {`{"a":`, []int{400}, nil},
		"two values":                  {`{} {}`, []int{400}, nil},
		"a comma too many":            {`{"a":1,}`, []int{400}, nil},
		"a member twice":              {`{"email":"a","email":"b"}`, []int{400}, nil},
		"a member twice, escaped":     {`{"email":"a","\u0065mail":"b"}`, []int{400}, nil},
		"a member twice, deep":        {`{"a":[{"b":1,"b":2}]}`, []int{400}, nil},
		"nested deeply":               {strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000), []int{400}, nil},
		"arrays nested deeply":        {strings.Repeat("[", 7000) + strings.Repeat("]", 7000), []int{400}, nil},
		"not UTF-8":                   {"{\"email\":\"\xff\"}", []int{400}, nil},
		"a mark of order":             {"\ufeff{}", []int{400}, nil},
		"UTF-16":                      {"{\x00}\x00", []int{400}, nil},
		"NUL":                         {"\x00", []int{400}, nil},
		"an array":                    {`[]`, []int{422}, nil},
		"a string":                    {`"x"`, []int{422}, nil},
		"a number":                    {`1`, []int{422}, nil},
		"null":                        {`null`, []int{400}, nil},
		"an unknown member":           {`{"no_such_member":1}`, []int{422}, nil},
		"a member of the prototype":   {`{"__proto__":{"role":"owner"}}`, []int{422}, nil},
		"10 MiB":                      {`{"email":"` + strings.Repeat("x", 10<<20) + `"}`, []int{413}, nil},
		"many members":                {"{" + strings.Repeat(" ", 1<<20) + "}", []int{413}, nil},
		"text/plain":                  {`{}`, []int{415}, []string{"Content-Type", "text/plain"}},
		"a form":                      {`email=x`, []int{415}, []string{"Content-Type", "application/x-www-form-urlencoded"}},
		"multipart":                   {parts.String(), []int{415}, []string{"Content-Type", form.FormDataContentType()}},
		"another charset":             {`{}`, []int{415}, []string{"Content-Type", "application/json; charset=utf-16"}},
		"gzip":                        {zipped.String(), []int{415}, []string{"Content-Encoding", "gzip"}},
		"XML":                         {`<a/>`, []int{415}, []string{"Content-Type", "application/xml"}},
		"a type that is none":         {`{}`, []int{415}, []string{"Content-Type", "json"}},
		"a merge patch":               {`{}`, []int{415}, []string{"Content-Type", "application/merge-patch+json"}},
		"JSON with a suffix":          {`{}`, []int{415}, []string{"Content-Type", "application/problem+json"}},
		"a longer type":               {`{}`, []int{415}, []string{"Content-Type", "application/jsonx"}},
		"a type with a blank in it":   {`{}`, []int{415}, []string{"Content-Type", "application/ json"}},
		"what is said to be no cache": {`x`, []int{400}, []string{"X-HTTP-Method-Override", "DELETE"}},
	}
	sent := 0
	for _, rt := range table(t, s) {
		if rt.op.RequestBody == nil || rt.op.RequestBody.Value.Content["application/json"] == nil {
			continue
		}
		call, _ := rt.call(t)
		for what, b := range bodies {
			caller := owner
			if rt.Scope == httpx.Program {
				caller = program
			}
			for i := 0; i < len(b.headers); i += 2 {
				caller = caller.With(b.headers[i], b.headers[i+1])
			}
			sent++
			a := caller.Call(t, call, b.raw)
			if a.Code() == "operator_only" {
				continue
			}
			if !slices.Contains(b.status, a.Status) || a.Code() == "" || a.JSON["detail"] == "" {
				t.Errorf("%s with %s: %d %s, want %d", call, what, a.Status, a.Raw, b.status)
			}
			if a.Code() == "invalid_request" && what == "an unknown member" && a.JSON["field"] == nil {
				t.Errorf("%s with %s: %s", call, what, a.Raw)
			}
		}
	}
	changed(t, before, s.Rows(t), "bad bodies")
	t.Logf("%d calls with a bad body", sent)
}

// TestBadParameters does that with the address.
func TestBadParameters(t *testing.T) {
	s := apptest.Start(t, dbtest.SQLite(t))
	s.Enrol(t, s.Ada)
	owner := s.API(s.Browse(t, s.Ada).Cookie)
	owner.Must(t, 200, "GET /v1/me", nil)
	program := s.API(newKey(t, s, s.Alan, false, "Checks", "checks").value)
	program.Call(t, "GET /v1/checks/x", nil)
	before := s.Rows(t)
	sent := 0
	caller := owner
	ask := func(call string, want ...int) {
		sent++
		a := caller.Call(t, call, nil)
		if a.Code() == "operator_only" {
			return
		}
		if !slices.Contains(want, a.Status) || a.Code() == "" {
			t.Errorf("%s: %d %s, want %d", call, a.Status, a.Raw, want)
		}
	}
	for _, rt := range table(t, s) {
		if rt.Method() != "GET" || strings.HasSuffix(rt.Path(), ".json") {
			continue
		}
		if caller = owner; rt.Scope == httpx.Program {
			caller = program
		}
		call, _ := rt.call(t)
		ask(call+"?no_such=1", 422)
		ask(call+"?a=%zz", 400)
		ask(call+"?a=%ff", 400)
		ask(call+"?a=%00", 400)
		for _, p := range rt.op.Parameters {
			if p.Value.In != "query" {
				continue
			}
			ask(call+"?"+p.Value.Name+"=1&"+p.Value.Name+"=1", 400)
			ask(call+"?"+p.Value.Name+"="+strings.Repeat("x", 5000), 422, 404)
		}
		if strings.Contains(rt.Path(), "{") {
			for _, id := range []string{"%00", "%ff", "..%2f..%2fetc", strings.Repeat("x", 4000), "%27%20OR%201=1--", "%F0%9F%A6%86"} {
				ask("GET "+wildcard.ReplaceAllString(rt.Path(), id), 400, 404, 422)
			}
		}
	}
	changed(t, before, s.Rows(t), "bad parameters")
	t.Logf("%d calls with a bad parameter", sent)
}

// TestMembersInCapitals: a member in other capitals is another one, which no call has. Go's decoder takes it for ours, so it would set what
// nobody has looked at, or take the place of the one that was looked at.
func TestMembersInCapitals(t *testing.T) {
	apptest.Each(t, func(t *testing.T, s *apptest.Server) {
		s.Enrol(t, s.Ada)
		ada, nobody := s.API(s.Browse(t, s.Ada).Cookie), s.API("")
		for _, one := range []struct {
			by          *apptest.API
			route, body string
		}{
			{ada, "POST /v1/account/users", `{"email":"x@acme.test","role":"member","Role":"owner"}`},
			{ada, "POST /v1/account/users", `{"email":"x@acme.test","ROLE":"owner"}`},
			{ada, "PATCH /v1/account/policy", `{"methods":["totp"],"METHODS":[1]}`},
			{ada, "PATCH /v1/me/factors/none", `{"name":"Phone","Name":"` + strings.Repeat("x", 101) + `"}`},
			{nobody, "POST /v1/sign-in", `{"email":"ada@acme.test","password":"x","Password":"` + apptest.Password + `"}`},
			{nobody, "POST /v1/sign-in", `{"email":"ada@acme.test","pa\u017f\u017fword":"` + apptest.Password + `"}`}, // ſ, which Go folds to s
		} {
			if got := one.by.Call(t, one.route, one.body); got.Status != 422 || got.Code() != "invalid_request" {
				t.Errorf("%s %s: %d %s", one.route, one.body, got.Status, got.Raw)
			}
		}
	}, apptest.WithInbox)
}
