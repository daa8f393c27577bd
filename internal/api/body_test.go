package api

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// TestCheckJSON: what may and may not come as a body.
func TestCheckJSON(t *testing.T) {
	for body, code := range map[string]string{
		"":                              "",
		`{}`:                            "",
		" \n{\"a\":[1,{\"b\":true}]}\t": "",
		`{"credential":{"response":{"userHandle":null}}}`: "",
		`{"a":{"email":null}}`:                            "invalid_request",
		`{"a":[null]}`:                                    "invalid_request",
		`{"a":{"credential":null}}`:                       "invalid_request",
		`[null]`:                                          "malformed_request",
		`{"a":{"x":1},"b":{"x":1}}`:                       "",
		`{"a":"a","b":"a"}`:                               "",
		`["a","a"]`:                                       "",
		`{"a":"\ud83d\ude00\\ud800 😀 �"}`:                 "",
		`{"password":"\u0000"}`:                           "",
		`{"a":1e308,"b":-0}`:                              "",
		`{"a":1,"a":1}`:                                   "malformed_request",
		`{"a":1,"\u0061":1}`:                              "malformed_request",
		`{"a":[{"b":1,"b":1}]}`:                           "malformed_request",
		`{"a":"\ud800"}`:                                  "malformed_request",
		`{"a":"\udc00\ud800"}`:                            "malformed_request",
		`{"a":"\ud800\ud800\udc00"}`:                      "malformed_request",
		`{"a":"\ud800x\udc00"}`:                           "malformed_request",
		`{"\ud800":1}`:                                    "malformed_request",
		`{"a":1} {}`:                                      "malformed_request",
		`{"a":1}]`:                                        "malformed_request",
		`{"a":1`:                                          "malformed_request",
		`{"a"}`:                                           "malformed_request",
		`{'a':1}`:                                         "malformed_request",
		`NaN`:                                             "malformed_request",
		`01`:                                              "malformed_request",
		"{\"a\":\"\xff\"}":                                "malformed_request",
		"{\"a\":\"\n\"}":                                  "malformed_request",
		strings.Repeat("[", deepest+1) + strings.Repeat("]", deepest+1): "malformed_request",
		`{"a":1e309}`:          "invalid_request",
		`{"a":[{"b":-1e999}]}`: "invalid_request",
		`{"a":"x\u0000"}`:      "invalid_request",
	} {
		err := checkJSON([]byte(body))
		got := ""
		if err != nil {
			got = errs.From(err).Code
		}
		if got != code {
			t.Errorf("%.60q: %q, want %q", body, got, code)
		}
		if code == "invalid_request" && errs.From(err).Field != "a" {
			t.Errorf("%q: the problem is about %q", body, errs.From(err).Field)
		}
	}
}

// TestNull: a passkey's answer as a browser writes it may have null inside, and is not null itself.
func TestNull(t *testing.T) {
	err := checkJSON([]byte(`{"code":"123456","credential":null}`))
	if e := errs.From(err); e == nil || e.Code != "invalid_request" || e.Field != "credential" {
		t.Errorf("%v", err)
	}
}

// sample is a call's input with a member of each sort.
type sample struct {
	Body struct {
		Name   string   `json:"name" minLength:"1" maxLength:"40"`
		Count  int      `json:"count,omitempty" minimum:"1" maximum:"20"`
		On     bool     `json:"on,omitempty"`
		Kinds  []string `json:"kinds,omitempty" maxItems:"4" enum:"totp,sms"`
		Nested *struct {
			X string `json:"x,omitempty"`
		} `json:"nested,omitempty"`
		Change policyChange `json:"change,omitempty"`
	}
}

// sampled is the table of one call, whose input it notes.
func sampled(tb testing.TB) (http.HandlerFunc, *sample) {
	tb.Helper()
	public, err := url.Parse("http://localhost")
	if err != nil {
		tb.Fatal(err)
	}
	table, taken := newTable("Sallyport", "x", public), &sample{}
	add(table, call{id: "sample", route: "POST /v1/sample", level: httpx.Public, group: "Sample", summary: "Sample"}, func(_ context.Context, in *sample) (*struct{}, error) {
		*taken = *in
		return nil, nil
	})
	table.described()
	return func(w http.ResponseWriter, r *http.Request) {
		if err := table.routes[0].Handler(w, r); err != nil {
			render(w, r, httpx.Failure{Status: httpx.Status(err), Err: errs.From(err)})
		}
	}, taken
}

// TestNumbersWithExponents: 1e3 is a whole number to JSON Schema and none to Go's decoder, whose words are not told.
func TestNumbersWithExponents(t *testing.T) {
	handle, _ := sampled(t)
	for _, body := range []string{`{"name":"x","count":1e1}`, `{"name":"x","count":10.0}`} {
		w := httptest.NewRecorder()
		handle(w, httptest.NewRequest(http.MethodPost, "/v1/sample", strings.NewReader(body)))
		var p problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 422 || p.Field != "count" || !strings.Contains(p.Detail, "in digits alone") {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// FuzzBody: whatever is sent is either refused with a problem, without a word of it that is no text, or decoded to what it says.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"name":"x"}`, `{"name":"x","count":20,"on":true,"kinds":["totp"],"nested":{"x":"y"},"change":{"grace_days":3,"methods":["sms"]}}`,
		`{"name":"x","count":1e400}`, `{"name":"\ud800"}`, `{"name":null}`, `{"name":["x"]}`, `[]`, `null`, `{"name":"x","name":"y"}`, `{"name":"x","x":1}`,
		`{"name":"` + strings.Repeat("x", 50) + `"}`, strings.Repeat(`{"nested":`, 20), `{"change":{"methods":[[]],"grace_days":"x","version":1}}`, "\ufeff{}", `{"count":-9223372036854775809,"name":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	handle, taken := sampled(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		*taken = sample{}
		w := httptest.NewRecorder()
		handle(w, httptest.NewRequest(http.MethodPost, "/v1/sample", bytes.NewReader(body)))
		switch {
		case w.Code == http.StatusNoContent:
			var again sample
			d := json.NewDecoder(bytes.NewReader(body))
			d.DisallowUnknownFields()
			if err := d.Decode(&again.Body); err != nil || !reflect.DeepEqual(again, *taken) {
				t.Fatalf("%q was taken as %+v; another reader: %+v, %v", body, taken.Body, again.Body, err)
			}
			if n := utf8.RuneCountInString(taken.Body.Name); n < 1 || n > 40 || taken.Body.Count < 0 || taken.Body.Count > 20 || len(taken.Body.Kinds) > 4 {
				t.Fatalf("%q was taken", body)
			}
		case w.Code == http.StatusBadRequest || w.Code == http.StatusUnprocessableEntity:
			var p problem
			if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Code == "" || p.Detail == "" || strings.Contains(p.Detail, "json:") || !utf8.Valid(w.Body.Bytes()) || w.Body.Len() > 2000 {
				t.Fatalf("%q: %s", body, w.Body)
			}
		default:
			t.Fatalf("%q: %d %s", body, w.Code, w.Body)
		}
	})
}

// FuzzCheckJSON: what is taken is JSON, says the same when it is read and written again, and nothing that is taken then is refused.
func FuzzCheckJSON(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":null}],"c":"\ud83d\ude00"}`, `{"a":1,"a":1}`, `{"a":"\ud800"}`, `[1e400]`, `{"a":"\u0000","password":"\u0000"}`, `{} {}`, `"\`, "\xff", `{"":{"":""}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := checkJSON(body); err != nil || len(body) == 0 {
			return
		}
		var value, again any
		if err := json.Unmarshal(body, &value); err != nil {
			t.Fatalf("%q was taken: %v", body, err)
		}
		written, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkJSON(written); err != nil {
			t.Fatalf("%q was taken, %q not: %v", body, written, err)
		}
		if err := json.Unmarshal(written, &again); err != nil || !reflect.DeepEqual(value, again) {
			t.Fatalf("%q says %v, then %v", body, value, again)
		}
	})
}
