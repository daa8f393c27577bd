package sms

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"sallyport/internal/errs"
)

func TestTemplateEscapesForItsPlace(t *testing.T) {
	v := values{message: message("a&b=\"c\"\n{to} ä+%\\"), from: "Ac me", user: "u/..", password: `p"\`}
	for _, c := range []struct {
		at         place
		text, want string
	}{
		{inForm, "to={to}&text={text}", "to=%2B436601234567&text=a%26b%3D%22c%22%0A%7Bto%7D%20%C3%A4%2B%25%5C"},
		{inJSON, `{"to":"{digits}","l":[{ "t":"{text}"}],"e":{}}`, `{"to":"436601234567","l":[{ "t":"a\u0026b=\"c\"\n{to} ä+%\\"}],"e":{}}`},
		{inJSON, `{"t":"\"{{x} {from}"}`, `{"t":"\"{x} Ac me"}`},
		{inPath, "https://h/{user}/x?from={from}&u={user}", "https://h/u%2F%2E%2E/x?from=Ac%20me&u=u%2F.."},
		{inHeader, "Basic {basic}", "Basic dS8uLjpwIlw="},
		{inForm, "{{{id}}", "{sms_0123456789}"},
		{inForm, "c={coding}&a={alphabet}", "c=0&a=text"},
	} {
		tm, err := parseTemplate("body", c.text, c.at)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if got := tm.fill(v); got != c.want {
			t.Errorf("%s gives\n%s, want\n%s", c.text, got, c.want)
		}
	}
}

func TestTemplateIsRefusedAtStart(t *testing.T) {
	for _, c := range []struct {
		at         place
		text, says string
	}{
		{inForm, "to={to}&\ntext={txt}", `body, line 2, column 6: unknown placeholder "{txt}"`},
		{inForm, "text={text", "body, line 1, column 6: the placeholder that begins here has no end"},
		{inForm, "text={", "column 6"},
		{inForm, "text={TEXT}", "unknown placeholder"},
		{inForm, "text={}", "unknown placeholder"},
		{inForm, "text={" + strings.Repeat("x", 30) + "}", "has no end"},
		{inJSON, `{"to":{to}}`, "stands in quotation marks"},
		{inJSON, `{"to":"{to}"`, "body is not valid JSON"},
		{inJSON, `{"to":"{ to}"}`, "unknown placeholder"},
		{inJSON, `{"to":"{to"}`, "unknown placeholder"},
		{inHeader, "x {text}", "can't stand in a header"},
		{inForm, strings.Repeat("x", maxTemplate+1), "longer than 64 KiB"},
	} {
		_, err := parseTemplate("body", c.text, c.at)
		if !errors.Is(err, ErrSetting) || !strings.Contains(errs.From(err).Message, c.says) {
			t.Errorf("%.60q: %v, want %q", c.text, errs.From(err), c.says)
		}
	}
}

// TestValuesStayInTheirField: whatever a value is, a reader of the form, the JSON or the URL
// finds it whole in its field, and the other fields as they were.
func TestValuesStayInTheirField(t *testing.T) {
	form, err := parseTemplate("body", "a=1&text={text}&b=2", inForm)
	if err != nil {
		t.Fatal(err)
	}
	object, err := parseTemplate("body", `{"a":"1","text":"{text}","b":"2"}`, inJSON)
	if err != nil {
		t.Fatal(err)
	}
	address, err := parseTemplate("url", "https://host/v1/{user}/x?text={text}&b=2", inPath)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		v := values{message: message(text), user: text}
		q, err := url.ParseQuery(form.fill(v))
		if err != nil || len(q) != 3 || q.Get("text") != text || q.Get("b") != "2" {
			rt.Fatalf("form %v %v", q, err)
		}
		var o map[string]string
		if err := json.Unmarshal([]byte(object.fill(v)), &o); err != nil || len(o) != 3 || o["text"] != text || o["b"] != "2" {
			rt.Fatalf("JSON %v %v", o, err)
		}
		u, err := url.Parse(address.fill(v))
		if err != nil || u.Host != "host" || u.Path != "/v1/"+text+"/x" || u.Query().Get("text") != text || u.Query().Get("b") != "2" {
			rt.Fatalf("URL %v %v", u, err)
		}
		if strings.Count(u.EscapedPath(), "/") != 3 || strings.Contains(u.EscapedPath(), "/..") {
			rt.Fatalf("the path %s has another form", u.EscapedPath())
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"to={to}&t={text}", `{"a":"{to}","b":{"c":"\"{{"}}`, "{", "{{", "https://h/{user}?{id}", "{basic}\n{x"} {
		f.Add(s, "a\"b\\&\n")
	}
	f.Fuzz(func(t *testing.T, s, text string) {
		for _, at := range []place{inPath, inForm, inJSON, inHeader} {
			tm, err := parseTemplate("body", s, at)
			if err != nil {
				if !errors.Is(err, ErrSetting) {
					t.Fatal(err)
				}
				continue
			}
			out := tm.fill(values{message: message(text), user: text})
			if at == inJSON && utf8.ValidString(s) && !json.Valid([]byte(out)) {
				t.Fatalf("%q became invalid JSON: %q", s, out)
			}
		}
	})
}
