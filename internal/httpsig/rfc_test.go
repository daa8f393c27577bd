package httpsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"
)

// The keys of RFC 9421 Appendix B.1, as far as we have their algorithms.
const (
	rfcP256 = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----`
	rfcP256Private = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIFKbhfNZfpDsW43+0+JjUr9K+bTeuxopu653+hBaXGA7oAoGCCqGSM49
AwEHoUQDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lfw0EkjqF7xB4FivAxzic30tMM
4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END EC PRIVATE KEY-----`
	rfcEd25519 = `-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----`
	rfcEd25519Private = `-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----`
)

func private(t testing.TB, text string) crypto.Signer {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block.Type == "EC PRIVATE KEY" {
		key, err := x509.ParseECPrivateKey(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(crypto.Signer)
}

func public(t testing.TB, text string) crypto.PublicKey {
	t.Helper()
	key, _, err := ParsePublicKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// unwrap undoes the line wrapping of RFC 8792 §7.1.
func unwrap(s string) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.Trim(s, "\n"), "\\\n") {
		if i > 0 {
			line = strings.TrimLeft(line, " ")
		}
		b.WriteString(line)
	}
	return b.String()
}

// message reads a message as the RFC prints it.
func message(t testing.TB, scheme, text string) Message {
	t.Helper()
	head, body, _ := strings.Cut(unwrap(text), "\n\n")
	first, fields, _ := strings.Cut(head, "\n")
	m := Message{Header: map[string][]string{}, Body: []byte(body)}
	last := ""
	for line := range strings.SplitSeq(fields, "\n") {
		if line[0] == ' ' { // obs-fold
			all := m.Header[last]
			all[len(all)-1] += "\r\n" + line
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("no field: %q", line)
		}
		m.Header[name], last = append(m.Header[name], value), name
	}
	word := strings.Fields(first)
	if strings.HasPrefix(first, "HTTP/") {
		for _, c := range word[1] {
			m.Status = m.Status*10 + int(c-'0')
		}
		return m
	}
	m.Method, m.TargetURI = word[0], scheme+"://"+strings.TrimSpace(m.Header["Host"][0])+word[1]
	return m
}

// with is the message with more fields.
func (m Message) with(fields ...string) Message {
	header := map[string][]string{}
	for k, v := range m.Header {
		header[k] = v
	}
	for i := 0; i < len(fields); i += 2 {
		header[fields[i]] = []string{fields[i+1]}
	}
	m.Header = header
	return m
}

const testRequest = `
POST /foo?param=Value&Pet=dog HTTP/1.1
Host: example.com
Date: Tue, 20 Apr 2021 02:07:55 GMT
Content-Type: application/json
Content-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+T\
  aPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
Content-Length: 18

{"hello": "world"}
`

const testResponse = `
HTTP/1.1 200 OK
Date: Tue, 20 Apr 2021 02:07:56 GMT
Content-Type: application/json
Content-Digest: sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41Q\
  JgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
Content-Length: 23

{"message": "good dog"}
`

const proxied = `
POST /foo?param=Value&Pet=dog HTTP/1.1
Host: service.internal.example
Date: Tue, 20 Apr 2021 02:07:55 GMT
Content-Type: application/json
Content-Length: 18
Client-Cert: :MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKD\
  BJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQT\
  AeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFk\
  wEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmck\
  C8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDV\
  R0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf\
  8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV\
  4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6\
  bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:

{"hello": "world"}
`

const transformed = `
GET /demo?name1=Value1&Name2=value2 HTTP/1.1
Host: example.org
Date: Fri, 15 Jul 2022 14:24:55 GMT
Accept: application/json
Accept: */*
`

const (
	transformInput     = `transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"`
	transformSignature = `transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:`
)

// TestSignaturesOfTheRFC checks the RFC's own signatures where we have the algorithm, and its signature bases everywhere.
func TestSignaturesOfTheRFC(t *testing.T) {
	for _, c := range []struct {
		clause, message, input, signature, base, key string
	}{
		{
			clause: "2.5", message: testRequest,
			input: `sig1=("@method" "@authority" "@path" "content-digest" "content-length" "content-type");created=1618884473;keyid="test-key-rsa-pss"`,
			base: `
"@method": POST
"@authority": example.com
"@path": /foo
"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX\
  +TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"content-length": 18
"content-type": application/json
"@signature-params": ("@method" "@authority" "@path" \
  "content-digest" "content-length" "content-type")\
  ;created=1618884473;keyid="test-key-rsa-pss"`,
		},
		{
			clause: "4.3", message: testRequest, key: rfcP256,
			input: `sig1=("@method" "@authority" "@path" "content-digest" "content-type" "content-length");created=1618884475;keyid="test-key-ecc-p256"`,
			signature: `sig1=:X5spyd6CFnAG5QnDyHfqoSNICd+BUP4LYMz2Q0JXlb//4Ijpzp\
  +kve2w4NIyqeAuM7jTDX+sNalzA8ESSaHD3A==:`,
		},
		{
			clause: "B.2.1", message: testRequest,
			input: `sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"`,
			base:  `"@signature-params": ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"`,
		},
		{
			clause: "B.2.2", message: testRequest,
			input: `sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"`,
			base: `
"@authority": example.com
"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX\
  +TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"@query-param";name="Pet": dog
"@signature-params": ("@authority" "content-digest" \
  "@query-param";name="Pet")\
  ;created=1618884473;keyid="test-key-rsa-pss"\
  ;tag="header-example"`,
		},
		{
			clause: "B.2.3", message: testRequest,
			input: `sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss"`,
			base: `
"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@query": ?param=Value&Pet=dog
"@authority": example.com
"content-type": application/json
"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX\
  +TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@query" \
  "@authority" "content-type" "content-digest" "content-length")\
  ;created=1618884473;keyid="test-key-rsa-pss"`,
		},
		{
			clause: "B.2.4", message: testResponse, key: rfcP256,
			input: `sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"`,
			signature: `sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NK\
  ocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:`,
			base: `
"@status": 200
"content-type": application/json
"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ4\
  1QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
"content-length": 23
"@signature-params": ("@status" "content-type" "content-digest" \
  "content-length");created=1618884473;keyid="test-key-ecc-p256"`,
		},
		{
			clause: "B.2.5", message: testRequest,
			input: `sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"`,
			base: `
"date": Tue, 20 Apr 2021 02:07:55 GMT
"@authority": example.com
"content-type": application/json
"@signature-params": ("date" "@authority" "content-type")\
  ;created=1618884473;keyid="test-shared-secret"`,
		},
		{
			clause: "B.2.6", message: testRequest, key: rfcEd25519,
			input: `sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"`,
			signature: `sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1\
  u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:`,
			base: `
"date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" \
  "content-type" "content-length");created=1618884473\
  ;keyid="test-key-ed25519"`,
		},
		{
			clause: "B.3", message: proxied, key: rfcP256,
			input: `ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"`,
			signature: `ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6\
  Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==:`,
			base: `
"@path": /foo
"@query": ?param=Value&Pet=dog
"@method": POST
"@authority": service.internal.example
"client-cert": :MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQ\
  KDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBD\
  QTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDM\
  FkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXm\
  ckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQY\
  DVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8B\
  Af8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQ\
  GV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0\
  Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:
"@signature-params": ("@path" "@query" "@method" "@authority" \
  "client-cert");created=1618884473;keyid="test-key-ecc-p256"`,
		},
		{
			clause: "B.4", message: transformed, key: rfcEd25519, input: transformInput, signature: transformSignature,
			base: `
"@method": GET
"@path": /demo
"@authority": example.org
"accept": application/json, */*
"@signature-params": ("@method" "@path" "@authority" "accept")\
  ;created=1618884473;keyid="test-key-ed25519"`,
		},
	} {
		t.Run(c.clause, func(t *testing.T) {
			plain := message(t, "https", c.message)
			signature := unwrap(c.signature)
			if signature == "" {
				label, _, _ := strings.Cut(c.input, "=")
				signature = label + "=:AAAA:"
			}
			m := plain.with("Signature-Input", c.input, "Signature", signature)
			s, err := Parse(m)
			if err != nil {
				t.Fatal(err)
			}
			base, err := m.base(s.input)
			if err != nil {
				t.Fatal(err)
			}
			if want := unwrap(c.base); want != "" && string(base) != want {
				t.Errorf("base:\n%s\nwant:\n%s", base, want)
			}
			if c.key == "" {
				return
			}
			if err := s.Check(m, public(t, c.key), Want{}, s.Created); err != nil {
				t.Errorf("%v", err)
			}
			// Ed25519 is deterministic: our signature is the RFC's (§3.3.6).
			if key, is := private(t, rfcEd25519Private).(ed25519.PrivateKey); is && c.key == rfcEd25519 {
				if ours, err := sign(base, key); err != nil || string(ours) != string(s.signature) {
					t.Errorf("our own signature is another: %x, %v", ours, err)
				}
			}
		})
	}
}

// TestTransformations are the changes of RFC 9421 B.4: those that leave the signature valid, and those that don't.
func TestTransformations(t *testing.T) {
	for _, c := range []struct {
		name, message string
		want          error
	}{
		{"a header and a parameter were added", `
GET /demo?name1=Value1&Name2=value2&param=added HTTP/1.1
Host: example.org
Date: Fri, 15 Jul 2022 14:24:55 GMT
Accept: application/json
Accept: */*
Accept-Language: en-US,en;q=0.5`, nil},
		{"one header in one line, others removed and added", `
GET /demo?name1=Value1&Name2=value2 HTTP/1.1
Host: example.org
Referer: https://developer.example.org/demo
Accept: application/json, */*`, nil},
		{"headers in another order", `
GET /demo?name1=Value1&Name2=value2 HTTP/1.1
Accept: application/json
Accept: */*
Date: Fri, 15 Jul 2022 14:24:55 GMT
Host: example.org`, nil},
		{"another method and host", `
POST /demo?name1=Value1&Name2=value2 HTTP/1.1
Host: example.com
Date: Fri, 15 Jul 2022 14:24:55 GMT
Accept: application/json
Accept: */*`, ErrWrong},
		{"the lines of one header in another order", `
GET /demo?name1=Value1&Name2=value2 HTTP/1.1
Host: example.org
Date: Fri, 15 Jul 2022 14:24:55 GMT
Accept: */*
Accept: application/json`, ErrWrong},
	} {
		m := message(t, "https", c.message).with("Signature-Input", transformInput, "Signature", transformSignature)
		s, err := Parse(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Check(m, public(t, rfcEd25519), Want{}, s.Created); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestDigestOfTheRFC is that of RFC 9530 Appendix A and of the request of RFC 9421 B.2.
func TestDigestOfTheRFC(t *testing.T) {
	m := message(t, "https", testRequest)
	if err := m.checkDigest(); err != nil {
		t.Errorf("sha-512: %v", err)
	}
	const sha256OfHello = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:" // RFC 9421 §7.2.8 and RFC 9530 Appendix D
	if got := ContentDigest([]byte(`{"hello": "world"}`)); got != sha256OfHello {
		t.Errorf("%s", got)
	}
}

func TestP256OverTheWire(t *testing.T) {
	key := private(t, rfcP256Private).(*ecdsa.PrivateKey)
	m := message(t, "https", testRequest)
	fields, err := Sign(m, Params{Components: []string{"@method"}, KeyID: "k", Created: time.Unix(1, 0)}, key)
	if err != nil {
		t.Fatal(err)
	}
	m = m.with("Signature", fields["Signature"], "Signature-Input", fields["Signature-Input"])
	s, err := Parse(m)
	if err != nil || len(s.signature) != 64 {
		t.Fatalf("%d bytes, %v", len(s.signature), err)
	}
	if err := s.Check(m, key.Public(), Want{}, time.Unix(1, 0)); err != nil {
		t.Error(err)
	}
	for _, n := range []int{0, 31, 63} {
		short := s
		short.signature = s.signature[:n]
		if err := short.Check(m, key.Public(), Want{}, time.Unix(1, 0)); !errors.Is(err, ErrWrong) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}
