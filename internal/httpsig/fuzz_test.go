package httpsig

import (
	"bytes"
	"testing"
)

// FuzzParse: whatever is read is written in one way, which reads as the same.
func FuzzParse(f *testing.F) {
	good, _ := signed(f)
	f.Add(good.Header["Signature-Input"][0], good.Header["Signature"][0])
	for _, seed := range []string{`a=();created=-1.5;x="\"";y=?0`, `a=("b";n="c" d 1);e`, "a=1, a=2", `s=("x`, "a=:AA==:", "*=*"} {
		f.Add(seed, "a=::")
	}
	f.Fuzz(func(t *testing.T, input, value string) {
		m := Message{Method: "GET", TargetURI: "http://a.test/", Header: map[string][]string{"Signature-Input": {input}, "Signature": {value}, "X": {value}}}
		s, err := Parse(m)
		all, fieldErr := parseDictionary([]string{input})
		if fieldErr == nil {
			once := written(all)
			again, err := parseDictionary([]string{once})
			if err != nil || written(again) != once {
				t.Fatalf("%q is written as %q, and that as %q (%v)", input, once, written(again), err)
			}
		}
		if err != nil {
			return
		}
		if fieldErr != nil {
			t.Fatalf("%q was read as a signature, and not as a field", input)
		}
		base, err := m.base(s.input)
		if err == nil && bytes.Count(base, []byte("\n")) != len(s.input.value.([]item)) {
			t.Fatalf("%q has a component of two lines: %q", input, base)
		}
	})
}

// FuzzCheck: only what was signed passes, under whatever spelling.
func FuzzCheck(f *testing.F) {
	good, key := signed(f)
	signature, err := Parse(good)
	if err != nil {
		f.Fatal(err)
	}
	base, err := good.base(signature.input)
	if err != nil {
		f.Fatal(err)
	}
	add := func(m Message) {
		h := func(name string) string { return m.Header[name][0] }
		f.Add(m.Method, m.TargetURI, h("Authorization"), h("Content-Digest"), h("Signature-Input"), h("Signature"), m.Body)
	}
	add(good)
	add(Message{Method: "GET", TargetURI: "HTTPS://LOGIN.example.com:443/v1/account/users?dry=1", Header: good.Header, Body: good.Body})
	add(good.with("Authorization", "  "+bearer+"\r\n "))
	f.Fuzz(func(t *testing.T, method, uri, authorization, digest, input, value string, body []byte) {
		m := Message{Method: method, TargetURI: uri, Body: body, Header: map[string][]string{
			"Authorization": {authorization}, "Content-Digest": {digest}, "Signature-Input": {input}, "Signature": {value},
		}}
		if judge(m, key, now) != nil {
			return
		}
		s, _ := Parse(m)
		if got, err := m.base(s.input); err != nil || !bytes.Equal(got, base) {
			t.Fatalf("%q passed: %v", got, err)
		}
		if method != good.Method || !bytes.Equal(body, good.Body) || unfold(authorization) != bearer {
			t.Fatalf("%s %s passed with the body %q", method, uri, body)
		}
	})
}
