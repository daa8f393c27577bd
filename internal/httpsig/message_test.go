package httpsig

import (
	"errors"
	"testing"
)

// TestComponents are the examples of RFC 9421 §2.1 and §2.2, and where they end.
func TestComponents(t *testing.T) {
	fields := message(t, "http", `
GET / HTTP/1.1
Host: www.example.com
Date: Tue, 20 Apr 2021 02:07:56 GMT
X-OWS-Header:   Leading and trailing whitespace.   
X-Obs-Fold-Header: Obsolete
    line folding.
Cache-Control: max-age=60
Cache-Control:    must-revalidate
Example-Dict:  a=1,    b=2;x=1;y=2,   c=(a   b   c)
X-Empty-Header: `)
	at := func(method, uri string) Message { return Message{Method: method, TargetURI: uri} }
	query := at("GET", "https://www.example.com/path?param=value&foo=bar&baz=batman&qux=&twice=1&twice=1&&lone")
	lines := at("GET", "https://www.example.com/parameters?var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something")
	for _, c := range []struct {
		clause    string
		m         Message
		component string
		want      string // "!" if there is none
	}{
		{"2.1", fields, `"host"`, "www.example.com"},
		{"2.1", fields, `"date"`, "Tue, 20 Apr 2021 02:07:56 GMT"},
		{"2.1", fields, `"x-ows-header"`, "Leading and trailing whitespace."},
		{"2.1", fields, `"x-obs-fold-header"`, "Obsolete line folding."},
		{"2.1", fields, `"cache-control"`, "max-age=60, must-revalidate"},
		{"2.1", fields, `"example-dict"`, "a=1,    b=2;x=1;y=2,   c=(a   b   c)"},
		{"2.1", fields, `"x-empty-header"`, ""},
		{"2.1", fields, `"Date"`, "!"},
		{"2.1", fields, `"x-none"`, "!"},
		{"2.1.1", fields, `"example-dict";sf`, "!"}, // not supported, so refused
		{"2.1.2", fields, `"example-dict";key="a"`, "!"},
		{"2.1.3", fields, `"cache-control";bs`, "!"},
		{"2.1.4", fields, `"date";tr`, "!"},
		{"2.4", fields, `"date";req`, "!"},
		{"2.2.1", at("POST", "https://www.example.com/path?param=value"), `"@method"`, "POST"},
		{"2.2.1", at("pOsT", "https://www.example.com/"), `"@method"`, "pOsT"},
		{"2.2.2", at("POST", "https://www.example.com/path?param=value"), `"@target-uri"`, "https://www.example.com/path?param=value"},
		{"2.2.2", at("POST", "HTTPS://WWW.example.com:443/Path?"), `"@target-uri"`, "https://www.example.com/Path?"},
		{"2.2.3", at("POST", "https://www.example.com/path?param=value"), `"@authority"`, "www.example.com"},
		{"2.2.3", at("POST", "http://WWW.Example.com:80/"), `"@authority"`, "www.example.com"},
		{"2.2.3", at("POST", "http://www.example.com:8080/"), `"@authority"`, "www.example.com:8080"},
		{"2.2.3", at("POST", "https://[2001:db8::80]/"), `"@authority"`, "[2001:db8::80]"},
		{"2.2.4", at("POST", "HTTP://www.example.com/path?param=value"), `"@scheme"`, "http"},
		{"2.2.5", at("POST", "http://www.example.com/path?param=value"), `"@request-target"`, "/path?param=value"},
		{"2.2.5", at("POST", "http://www.example.com/path"), `"@request-target"`, "/path"},
		{"2.2.6", at("GET", "http://www.example.com/path?param=value"), `"@path"`, "/path"},
		{"2.2.6", at("GET", "http://www.example.com"), `"@path"`, "/"},
		{"2.2.6", at("GET", "http://www.example.com?x"), `"@path"`, "/"},
		{"2.2.6", at("GET", "http://www.example.com/a%2Fb"), `"@path"`, "/a%2Fb"},
		{"2.2.7", at("GET", "http://www.example.com/path?param=value&foo=bar&baz=bat%2Dman"), `"@query"`, "?param=value&foo=bar&baz=bat%2Dman"},
		{"2.2.7", at("GET", "http://www.example.com/path?queryString"), `"@query"`, "?queryString"},
		{"2.2.7", at("GET", "http://www.example.com/path"), `"@query"`, "?"},
		{"2.2.8", query, `"@query-param";name="baz"`, "batman"},
		{"2.2.8", query, `"@query-param";name="qux"`, ""},
		{"2.2.8", query, `"@query-param";name="param"`, "value"},
		{"2.2.8", query, `"@query-param";name="lone"`, ""},
		{"2.2.8", query, `"@query-param";name="twice"`, "!"},
		{"2.2.8", query, `"@query-param";name="none"`, "!"},
		{"2.2.8", query, `"@query-param";name=""`, "!"},
		{"2.2.8", query, `"@query-param"`, "!"},
		{"2.2.8", query, `"@query-param";name=baz`, "!"},
		{"2.2.8", query, `"@query-param";name="baz";req`, "!"},
		{"2.2.8", query, `"@query";name="baz"`, "!"},
		{"2.2.8", lines, `"@query-param";name="var"`, "this%20is%20a%20big%0Amultiline%20value"},
		{"2.2.8", lines, `"@query-param";name="bar"`, "with%20plus%20whitespace"},
		{"2.2.8", lines, `"@query-param";name="fa%C3%A7ade%22%3A%20"`, "something"},
		{"2.2.8", at("GET", "http://a.test/?x=*-._~%zz%2a%7e%ff"), `"@query-param";name="x"`, "*-._%7E%25zz*%7E%EF%BF%BD"},
		{"2.2.9", Message{Status: 200}, `"@status"`, "200"},
		{"2.2.9", at("GET", "http://a.test/"), `"@status"`, "!"},
		{"2.2.9", Message{Status: 200, Method: "GET", TargetURI: "http://a.test/"}, `"@method"`, "!"},
		{"2.3", at("GET", "http://a.test/"), `"@signature-params"`, "!"},
		{"2.5", at("GET", "http://a.test/"), `"@unknown"`, "!"},
		{"2.5", at("GET", "ftp://a.test/"), `"@method"`, "!"},
		{"2.5", at("GET", "/path"), `"@path"`, "!"},
		{"2.5", at("GET", "http:///path"), `"@path"`, "!"},
		{"2.5", at("GET", "http://a.test/#x"), `"@path"`, "!"},
		{"2.5", at("GET", "http://b@a.test/"), `"@authority"`, "!"},
		{"2.5", at("GET", "http://a.test/ä"), `"@path"`, "!"},
		{"2.5", at("GET\n", "http://a.test/"), `"@method"`, "!"},
		{"2.5", Message{Header: map[string][]string{"X": {"a\nb"}}}, `"x"`, "!"}, // no folding, so a line of its own
		{"2.5", Message{Header: map[string][]string{"X": {"a\rb"}}}, `"x"`, "!"},
		{"2.5", Message{Header: map[string][]string{"X": {"a \r\n\t \r\n b"}}}, `"x"`, "a  b"},
		{"2.5", Message{Header: map[string][]string{"X": {"a\n \nb"}}}, `"x"`, "!"},
		{"2.5", Message{Header: map[string][]string{"X": {"a\x00b"}}}, `"x"`, "!"},
		{"2.5", Message{Header: map[string][]string{"X": {"ä"}}}, `"x"`, "!"},
		{"2.5", Message{Header: map[string][]string{"X": {"a"}, "x": {"b"}}}, `"x"`, "!"},
		{"7.5.1", Message{Method: "GET", TargetURI: "http://a.test/", Header: map[string][]string{"@method": {"POST"}}}, `"@method"`, "GET"},
		{"7.5.1", Message{Header: map[string][]string{"@x": {"y"}}}, `"@x"`, "!"},
	} {
		all, err := parseDictionary([]string{`s=(` + c.component + `);created=1`})
		if err != nil {
			t.Fatalf("%s: %v", c.component, err)
		}
		base, err := c.m.base(all[0].item)
		want := c.component + ": " + c.want + "\n" + `"@signature-params": (` + c.component + `);created=1`
		if c.want == "!" {
			if !errors.Is(err, ErrComponent) {
				t.Errorf("§%s: %s: %q, %v, want %v", c.clause, c.component, base, err, ErrComponent)
			}
		} else if err != nil || string(base) != want {
			t.Errorf("§%s: %s: %q, %v, want %q", c.clause, c.component, base, err, want)
		}
	}
}
