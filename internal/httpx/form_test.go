package httpx

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestForm(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       Values // nil: refused
	}{
		{"plain", "email=ada%40acme.test&code=123+456", Values{"email": "ada@acme.test", "code": "123 456"}},
		{"empty", "", Values{}},
		{"no value", "email&code=", Values{"email": "", "code": ""}},
		{"empty pairs", "&&email=a&&", Values{"email": "a"}},
		{"unknown fields", "role=owner&email=a&role=admin&code[]=1&x=%00", Values{"email": "a"}},
		{"equals in the value", "email=a=b", Values{"email": "a=b"}},
		{"semicolon is text", "email=a;code=1", Values{"email": "a;code=1"}},
		{"unicode", "email=%C3%A4%F0%9F%98%80", Values{"email": "ä😀"}},
		{"tab", "email=a%09b", Values{"email": "a\tb"}},
		{"password as it is", "password=+%09%1b%0A+", Values{"password": " \t\x1b\n "}},
		{"escaped name", "%65mail=a", Values{"email": "a"}},
		{"long", "email=" + strings.Repeat("a", maxField), Values{"email": strings.Repeat("a", maxField)}},
		{"twice", "email=a&email=b", nil},
		{"twice the same", "email=a&email=a", nil},
		{"twice by escape", "email=a&%65mail=b", nil},
		{"too long", "email=" + strings.Repeat("a", maxField+1), nil},
		{"a passkey's answer", "credential=" + strings.Repeat("a", maxAnswer), Values{"credential": strings.Repeat("a", maxAnswer)}},
		{"too long an answer", "credential=" + strings.Repeat("a", maxAnswer+1), nil},
		{"too many", strings.Repeat("x=1&", maxFields), nil},
		{"bad escape", "email=%zz", nil},
		{"cut escape", "email=a%4", nil},
		{"bad escape in a name", "%zz=1", nil},
		{"bad UTF-8", "email=%ff", nil},
		{"bad UTF-8 in a password", "password=%ff", nil},
		{"NUL", "email=a%00", nil},
		{"line feed", "email=a%0Ab", nil},
		{"carriage return", "email=a%0D", nil},
		{"escape", "email=%1b[2J", nil},
		{"DEL", "email=%7f", nil},
		{"C1", "email=%C2%9b", nil},
	} {
		r := httptest.NewRequest("POST", "/x?email=url&next=url", strings.NewReader(tt.body))
		got, err := Form(r, "email", "code", "password", "credential")
		if tt.want == nil {
			if !errors.Is(err, ErrMalformed) || got != nil {
				t.Errorf("%s: accepted as %q, %v", tt.name, got, err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: got %q, %v", tt.name, got, err)
		}
	}
}

func TestFormErrorsNameTheFieldAndNotItsValue(t *testing.T) {
	_, err := parseForm("password=hunter2&password=hunter2", []string{"password"})
	if Status(err) != 400 || classify(err).Field != "password" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("%v", err)
	}
	if v := (Values{"on": ""}); !v.Has("on") || v.Has("off") || v.Get("off") != "" {
		t.Errorf("%v", v)
	}
}

func TestMediaTypes(t *testing.T) {
	h := func(_ http.ResponseWriter, r *http.Request) error { _, err := Form(r, "a"); return err }
	routes := []Route{{Pattern: "POST /x", Level: Public, Handler: h}}
	form := open(t, routes, nil, func(o *Options) { o.Browser = true })
	json := open(t, routes, nil, func(o *Options) { o.BodyType = "application/json" })
	for _, tt := range []struct {
		on     *surface
		body   string
		header []string
		status int
	}{
		{form, "a=1", []string{"Content-Type: application/x-www-form-urlencoded"}, 200},
		{form, "a=1", []string{"Content-Type: application/x-www-form-urlencoded; charset=UTF-8"}, 200},
		{form, "", nil, 200},
		{form, "a=1", nil, 415},
		{form, "a=1", []string{"Content-Type: text/plain"}, 415},
		{form, "a=1", []string{"Content-Type: multipart/form-data; boundary=x"}, 415},
		{form, "a=1", []string{"Content-Type: application/json"}, 415},
		{form, "a=1", []string{"Content-Type: application/x-www-form-urlencoded; charset=utf-7"}, 415},
		{form, "a=1", []string{"Content-Type: application/x-www-form-urlencoded", "Content-Type: text/plain"}, 415},
		{form, "a=1", []string{"Content-Type: application/x-www-form-urlencoded, text/plain"}, 415},
		{form, "a=1", []string{"Content-Type: application/x-www-form-urlencoded", "Content-Encoding: gzip"}, 415},
		{json, "{}", []string{"Content-Type: application/json"}, 200},
		{json, "{}", []string{"Content-Type: text/plain"}, 415},
		{json, "{}", []string{"Content-Type: application/x-www-form-urlencoded"}, 415},
	} {
		if res := tt.on.ask("POST", "/x", tt.body, tt.header...); res.StatusCode != tt.status {
			t.Errorf("%q: %d, want %d", tt.header, res.StatusCode, tt.status)
		}
	}
}

// Whatever is accepted is clean, was asked for, and is what the standard parser reads too.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{"email=a&code=1", "email=a&email=b", "%65mail=%C3%A4", "password=%00", "a;b=c&&=&=x", "email=%"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got, err := parseForm(body, []string{"email", "code", "password"})
		if err != nil {
			if got != nil || Status(err) != 400 {
				t.Errorf("refused with %v, %v", got, err)
			}
			return
		}
		for name, value := range got {
			if !strings.Contains("email code password", name) || !utf8.ValidString(value) || len(value) > maxField {
				t.Errorf("%q=%q", name, value)
			}
			if name != "password" && strings.ContainsAny(value, "\x00\r\n\x1b\x7f") {
				t.Errorf("%q=%q holds a control character", name, value)
			}
		}
		std, err := url.ParseQuery(body)
		if err != nil {
			return // stricter than we are about what we ignore: semicolons, unknown fields
		}
		for name, value := range got {
			if len(std[name]) != 1 || std[name][0] != value {
				t.Errorf("%q: %q, the standard parser reads %q", name, value, std[name])
			}
		}
	})
}
