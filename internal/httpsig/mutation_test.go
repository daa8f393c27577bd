package httpsig

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)

const (
	nonce  = "5f1c9f0a7d3e4b6a"
	bearer = "Bearer sak_key_1"
)

// signed is a request to Sallyport as its clients sign it, and its key.
func signed(t testing.TB) (Message, ed25519.PrivateKey) {
	t.Helper()
	key := private(t, rfcEd25519Private).(ed25519.PrivateKey)
	m := Message{
		Method: "POST", TargetURI: "https://login.example.com/v1/account/users?dry=1", Body: []byte(`{"email":"kurt@example.com","role":"member"}`),
		Header: map[string][]string{"Authorization": {bearer}, "Content-Type": {"application/json"}},
	}
	return attach(t, m, key, params(m)), key
}

func params(m Message) Params {
	w := Sallyport(m)
	return Params{Components: w.Components, Tag: w.Tag, KeyID: "key_1", Nonce: nonce, Created: now}
}

// attach signs m and puts what came of it into its header.
func attach(t testing.TB, m Message, key ed25519.PrivateKey, p Params) Message {
	t.Helper()
	fields, err := Sign(m, p, key)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range fields {
		m = m.with(k, v)
	}
	return m
}

// judge is what the server does: read, and check as Sallyport wants it.
func judge(m Message, key ed25519.PrivateKey, at time.Time) error {
	s, err := Parse(m)
	if err != nil {
		return err
	}
	return s.Check(m, key.Public(), Sallyport(m), at)
}

func TestSignedRequestPasses(t *testing.T) {
	m, key := signed(t)
	if err := judge(m, key, now); err != nil {
		t.Fatal(err)
	}
	s, _ := Parse(m)
	if s.KeyID != "key_1" || s.Nonce != nonce || !s.Created.Equal(now) {
		t.Errorf("%+v", s)
	}
	for _, at := range []time.Time{now.Add(MaxSkew), now.Add(-MaxSkew)} {
		if err := judge(m, key, at); err != nil {
			t.Errorf("at %v: %v", at, err)
		}
	}
	// Headers that are not covered are nobody's: a proxy adds them.
	if err := judge(m.with("Via", "1.1 proxy", "X-Forwarded-For", "192.0.2.1"), key, now); err != nil {
		t.Error(err)
	}
	// Without a body there is nothing to digest; with one all the same, it is right.
	get := Message{Method: "GET", TargetURI: "https://login.example.com/v1/me", Header: map[string][]string{"Authorization": {bearer}}}
	if err := judge(attach(t, get, key, params(get)), key, now); err != nil {
		t.Error(err)
	}
	p := params(get)
	p.Components = append(p.Components, "content-digest")
	if err := judge(attach(t, get, key, p), key, now); err != nil {
		t.Error(err)
	}
	p.Nonce = ""
	one, two := attach(t, get, key, p), attach(t, get, key, p)
	if err := judge(one, key, now); err != nil || one.Header["Signature-Input"][0] == two.Header["Signature-Input"][0] {
		t.Errorf("a nonce that Sign makes: %v", err)
	}
	m.Body = []byte("{}")
	if err := judge(attach(t, m, key, params(m)), key, now); err != nil { // replaces the first signature and digest
		t.Error(err)
	}
}

// TestMutations changes one thing of a signed request. Each change is refused, and for its own reason.
func TestMutations(t *testing.T) {
	good, key := signed(t)
	edit := func(name, old, new string) func(*Message) {
		return func(m *Message) {
			if !strings.Contains(m.Header[name][0], old) {
				t.Fatalf("%s has no %q", name, old)
			}
			m.Header[name] = []string{strings.Replace(m.Header[name][0], old, new, 1)}
		}
	}
	add := func(name, value string) func(*Message) {
		return func(m *Message) { m.Header[name] = append(m.Header[name], value) }
	}
	drop := func(name string) func(*Message) { return func(m *Message) { delete(m.Header, name) } }
	// resign is what somebody can do who has the key: sign another promise.
	resign := func(change func(*Message, *Params)) func(*Message) {
		return func(m *Message) {
			p := params(*m)
			change(m, &p)
			*m = attach(t, *m, key, p)
		}
	}
	without := func(name string) func(*Message) {
		return resign(func(_ *Message, p *Params) {
			p.Components = slices.DeleteFunc(slices.Clone(p.Components), func(c string) bool { return c == name })
		})
	}
	// extra signs again with more parameters than Sign writes.
	extra := func(params string) func(*Message) {
		return func(m *Message) {
			edit("Signature-Input", `;tag="sallyport"`, `;tag="sallyport"`+params)(m)
			s, err := Parse(*m)
			if err != nil {
				return
			}
			base, err := m.base(s.input)
			if err != nil {
				return
			}
			m.Header["Signature"] = []string{"sig=:" + base64.StdEncoding.EncodeToString(ed25519.Sign(key, base)) + ":"}
		}
	}
	signature := good.Header["Signature"][0]
	input := good.Header["Signature-Input"][0]
	cases := []struct {
		name   string
		change func(*Message)
		want   error
	}{
		{"the method", func(m *Message) { m.Method = "PUT" }, ErrWrong},
		{"the method's capitals", func(m *Message) { m.Method = "post" }, ErrWrong},
		{"the path", func(m *Message) { m.TargetURI = strings.Replace(m.TargetURI, "users", "audit", 1) }, ErrWrong},
		{"the path's spelling", func(m *Message) { m.TargetURI = strings.Replace(m.TargetURI, "users", "%75sers", 1) }, ErrWrong},
		{"the path's capitals", func(m *Message) { m.TargetURI = strings.Replace(m.TargetURI, "users", "Users", 1) }, ErrWrong},
		{"the query", func(m *Message) { m.TargetURI = strings.Replace(m.TargetURI, "dry=1", "dry=0", 1) }, ErrWrong},
		{"no query", func(m *Message) { m.TargetURI = strings.TrimSuffix(m.TargetURI, "?dry=1") }, ErrWrong},
		{"a longer query", func(m *Message) { m.TargetURI += "&dry=0" }, ErrWrong},
		{"the host", func(m *Message) { m.TargetURI = strings.Replace(m.TargetURI, "login.", "test.", 1) }, ErrWrong},
		{"the port", func(m *Message) { m.TargetURI = strings.Replace(m.TargetURI, ".com", ".com:8443", 1) }, ErrWrong},
		{"the scheme", func(m *Message) { m.TargetURI = strings.Replace(m.TargetURI, "https", "http", 1) }, ErrWrong},
		{"a target that is none", func(m *Message) { m.TargetURI = "/v1/account/users" }, ErrComponent},
		{"the API key", edit("Authorization", "key_1", "key_2"), ErrWrong},
		{"no API key", drop("Authorization"), ErrComponent},
		{"two API keys", add("Authorization", bearer), ErrRepeated},
		{"the API key under another spelling too", add("authorization", bearer), ErrComponent},
		{"the body", func(m *Message) { m.Body = []byte(strings.Replace(string(m.Body), "member", "owner", 1)) }, ErrDigest},
		{"a longer body", func(m *Message) { m.Body = append(slices.Clone(m.Body), '\n') }, ErrDigest},
		{"no body", func(m *Message) { m.Body = nil }, ErrDigest},
		{"the body and its digest", func(m *Message) {
			m.Body = []byte("{}")
			m.Header["Content-Digest"] = []string{ContentDigest(m.Body)}
		}, ErrWrong},
		{"the digest", edit("Content-Digest", "=:", "=:AA"), ErrDigest},
		{"no digest", drop("Content-Digest"), ErrDigest},
		{"an empty digest", edit("Content-Digest", good.Header["Content-Digest"][0], ""), ErrDigest},
		{"a digest of an algorithm that nobody should use", edit("Content-Digest", "sha-256", "md5"), ErrDigest},
		{"a digest that is a string", edit("Content-Digest", good.Header["Content-Digest"][0], `sha-256="x"`), ErrDigest},
		{"a second digest, wrong", edit("Content-Digest", "sha-256", "sha-512=:AAAA:, sha-256"), ErrDigest},
		{"two lines of digests", add("Content-Digest", "sha-512=:AAAA:"), ErrRepeated},
		{"a body where there was none", func(m *Message) {
			get := Message{Method: "DELETE", TargetURI: m.TargetURI, Header: map[string][]string{"Authorization": {bearer}}}
			*m = attach(t, get, key, params(get))
			m.Body = []byte(`{"reason":"mine"}`)
		}, ErrCoverage},

		{"no Signature-Input", drop("Signature-Input"), ErrCount},
		{"no Signature", drop("Signature"), ErrCount},
		{"neither", func(m *Message) { drop("Signature")(m); drop("Signature-Input")(m) }, ErrCount},
		{"a second signature without an input", add("Signature", "two=:AAAA:"), ErrCount},
		{"another label", edit("Signature", "sig=", "gis="), ErrCount},
		{"a second label", func(m *Message) {
			add("Signature-Input", strings.Replace(input, "sig=", "two=", 1))(m)
			add("Signature", strings.Replace(signature, "sig=", "two=", 1))(m)
		}, ErrCount},
		{"the label twice, in two lines", func(m *Message) { add("Signature-Input", input)(m) }, ErrMalformed},
		{"the label twice, in one line", edit("Signature", signature, signature+", "+signature), ErrMalformed},
		{"the label twice in both", func(m *Message) { add("Signature-Input", input)(m); add("Signature", signature)(m) }, ErrMalformed},
		{"Signature-Input in two spellings", add("signature-input", input), ErrMalformed},
		{"a signature that is a string", edit("Signature", signature, `sig="AAAA"`), ErrMalformed},
		{"a signature that is nothing", edit("Signature", signature, `sig`), ErrMalformed},
		{"a signature that is no Base64", edit("Signature", "sig=:", "sig=:!"), ErrMalformed},
		{"a signature that is a list", edit("Signature", signature, `sig=()`), ErrMalformed},
		{"an input that is a byte sequence", edit("Signature-Input", input, "sig=:AAAA:"), ErrMalformed},
		{"an input that is not closed", edit("Signature-Input", `")`, `"`), ErrMalformed},
		{"a quote that is not closed", edit("Signature-Input", `"authorization"`, `"authorization`), ErrMalformed},
		{"a component that is a token", edit("Signature-Input", `"authorization"`, `authorization`), ErrMalformed},
		{"a component that is a number", edit("Signature-Input", `"authorization"`, `1`), ErrMalformed},
		{"more behind it", edit("Signature-Input", input, input+" x"), ErrMalformed},
		{"a comma at the end", edit("Signature-Input", input, input+","), ErrMalformed},
		{"too many components", edit("Signature-Input", `("@method"`, `("@method"`+strings.Repeat(` "x"`, 40)), ErrMalformed},

		{"an empty signature", edit("Signature", signature, "sig=::"), ErrWrong},
		{"half a signature", edit("Signature", signature, signature[:len("sig=:")+40]+":"), ErrWrong},
		{"a bit of the signature", func(m *Message) {
			s, _ := Parse(*m)
			s.signature[10] ^= 4
			m.Header["Signature"] = []string{"sig=:" + base64.StdEncoding.EncodeToString(s.signature) + ":"}
		}, ErrWrong},
		{"a signature of zeros", edit("Signature", signature, "sig=:"+base64.StdEncoding.EncodeToString(make([]byte, 64))+":"), ErrWrong},
		{"the order of components", edit("Signature-Input", `"@method" "@target-uri"`, `"@target-uri" "@method"`), ErrWrong},
		{"the order of parameters", edit("Signature-Input", `;keyid="key_1";tag="sallyport"`, `;tag="sallyport";keyid="key_1"`), ErrWrong},
		{"one component more", edit("Signature-Input", `"@method"`, `"@method" "content-type"`), ErrWrong},
		{"one parameter more", edit("Signature-Input", `;keyid=`, `;x;keyid=`), ErrWrong},
		{"the nonce", edit("Signature-Input", nonce, "0"+nonce[1:]), ErrWrong},
		{"created, a second later", edit("Signature-Input", "created=1795770000", "created=1795770001"), ErrWrong},
		{"the key id", edit("Signature-Input", `keyid="key_1"`, `keyid="key_2"`), ErrWrong},

		{"a component twice", edit("Signature-Input", `("@method"`, `("@method" "@method"`), ErrComponent},
		{"a component with a parameter", edit("Signature-Input", `"@method"`, `"@method";req`), ErrCoverage},
		{"a component that is only nearly it", edit("Signature-Input", `"authorization"`, `"Authorization"`), ErrCoverage},
		{"one more that is unknown", edit("Signature-Input", `("@method"`, `("@method" "@cookie"`), ErrComponent},
		{"one more that isn't there", edit("Signature-Input", `("@method"`, `("@method" "date"`), ErrComponent},
		{"one more of responses", edit("Signature-Input", `("@method"`, `("@method" "@status"`), ErrComponent},
		{"nothing covered", edit("Signature-Input", input[:strings.Index(input, ")")], "sig=("), ErrCoverage},
		{"a folded line inside a value", func(m *Message) {
			m.Header["Authorization"] = []string{bearer + "\n\"@method\": GET"}
		}, ErrComponent},

		{"no created", edit("Signature-Input", ";created=1795770000", ""), ErrCreated},
		{"created twice", edit("Signature-Input", ";created=", ";created=1;created="), ErrMalformed},
		{"created as a string", edit("Signature-Input", "created=1795770000", `created="1795770000"`), ErrMalformed},
		{"created as a decimal", edit("Signature-Input", "created=1795770000", `created=1795770000.0`), ErrMalformed},
		{"created too early", edit("Signature-Input", "created=1795770000", "created=1795769939"), ErrCreated},
		{"created too late", edit("Signature-Input", "created=1795770000", "created=1795770061"), ErrCreated},
		{"created before all time", edit("Signature-Input", "created=1795770000", "created=-999999999999999"), ErrCreated},
		{"no key id as a string", edit("Signature-Input", `keyid="key_1"`, `keyid=key_1`), ErrMalformed},
		{"no nonce", edit("Signature-Input", `;nonce="`+nonce+`"`, ""), ErrNonce},
		{"a short nonce", edit("Signature-Input", nonce, nonce[1:]), ErrNonce},
		{"a long nonce", edit("Signature-Input", nonce, strings.Repeat("n", 65)), ErrNonce},
		{"a nonce that is a token", edit("Signature-Input", `nonce="`+nonce+`"`, "nonce=abc"), ErrMalformed},
		{"no tag", edit("Signature-Input", `;tag="sallyport"`, ""), ErrTag},
		{"another's tag", edit("Signature-Input", `tag="sallyport"`, `tag="other"`), ErrTag},

		// By the owner of the key, who signs less or other than we want:
		{"the method is not covered", without("@method"), ErrCoverage},
		{"the target is not covered", without("@target-uri"), ErrCoverage},
		{"the API key is not covered", without("authorization"), ErrCoverage},
		{"the body is not covered", without("content-digest"), ErrCoverage},
		{"the path in place of the target", resign(func(_ *Message, p *Params) { p.Components[1] = "@path" }), ErrCoverage},
		{"signed yesterday", resign(func(_ *Message, p *Params) { p.Created = now.Add(-24 * time.Hour) }), ErrCreated},
		{"signed tomorrow", resign(func(_ *Message, p *Params) { p.Created = now.Add(24 * time.Hour) }), ErrCreated},
		{"signed for something else", resign(func(_ *Message, p *Params) { p.Tag = "webhook" }), ErrTag},
		{"signed for nothing", resign(func(_ *Message, p *Params) { p.Tag = "" }), ErrTag},
		{"signed with a short nonce", resign(func(_ *Message, p *Params) { p.Nonce = "1" }), ErrNonce},
		{"expired, says the signature", extra(`;expires=1795770000`), ErrExpired},
		{"expires at a time that is none", extra(`;expires="tomorrow"`), ErrMalformed},
		{"the algorithm none", extra(`;alg="none"`), ErrAlgorithm},
		{"an algorithm with a shared secret", extra(`;alg="hmac-sha256"`), ErrAlgorithm},
		{"the algorithm of the other kind of key", extra(`;alg="ecdsa-p256-sha256"`), ErrAlgorithm},
		{"an algorithm that is a token", extra(`;alg=ed25519`), ErrMalformed},
		{"two lines of a covered header", resign(func(m *Message, p *Params) {
			m.Header["Accept"] = []string{"a", "b"}
			p.Components = append(p.Components, "accept")
		}), ErrRepeated},
	}
	for _, c := range cases {
		m := good
		m.Header = map[string][]string{}
		for k, v := range good.Header {
			m.Header[k] = slices.Clone(v)
		}
		c.change(&m)
		if err := judge(m, key, now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
	if len(cases) < 40 {
		t.Errorf("%d mutations", len(cases))
	}
	ok := good
	ok.Header = maps.Clone(good.Header)
	extra(`;alg="ed25519";expires=1795770001;x=?0;y=1.5;z=a/b;w=:AAAA:`)(&ok)
	if err := judge(ok, key, now); err != nil {
		t.Errorf("parameters that are as they should be: %v", err)
	}
}

// TestAnotherKey: the signature of one client is none of another's, of either kind.
func TestAnotherKey(t *testing.T) {
	m, _ := signed(t)
	s, err := Parse(m)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(m, other, Sallyport(m), now); !errors.Is(err, ErrWrong) {
		t.Errorf("another's key: %v", err)
	}
	if err := s.Check(m, public(t, rfcP256), Sallyport(m), now); !errors.Is(err, ErrWrong) {
		t.Errorf("a key of another kind: %v", err)
	}
	if err := s.Check(m, nil, Sallyport(m), now); !errors.Is(err, ErrPublicKey) {
		t.Errorf("no key: %v", err)
	}
}
