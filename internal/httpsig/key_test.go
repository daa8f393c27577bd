package httpsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strconv"
	"strings"
	"testing"

	"sallyport/internal/errs"
)

func TestParsePublicKey(t *testing.T) {
	for _, c := range []string{rfcP256, rfcEd25519} {
		_, canonical, err := ParsePublicKey(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, again := range []string{canonical, "\n" + c + "\n", strings.ReplaceAll(c, "\n", "\r\n"), " " + canonical + "\n"} {
			if _, got, err := ParsePublicKey(again); err != nil || got != canonical {
				t.Errorf("%q: %q, %v", again, got, err)
			}
		}
	}
	encode := func(key any) string {
		der, err := x509.MarshalPKIXPublicKey(key)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(der)
	}
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, good, _ := ParsePublicKey(rfcEd25519)
	der, _ := base64.StdEncoding.DecodeString(good)
	for name, text := range map[string]string{
		"nothing": "", "no key": "hello", "no Base64": "MCow*", "words before it": "My key:\n" + rfcEd25519, "RSA": encode(large.Public()), "P-384": encode(p384.Public()),
		"a private key": rfcEd25519Private, "a private key of SEC 1": rfcP256Private, "two keys": rfcP256 + "\n" + rfcEd25519,
		"a certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), "more behind it": base64.StdEncoding.EncodeToString(append(der, 0)),
		"too long": good[:8] + strings.Repeat("\n", 5000) + good[8:], "without its frame": "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=", "a weak point": encode(ed25519.PublicKey(make([]byte, 32))),
	} {
		_, _, err := ParsePublicKey(text)
		if !errors.Is(err, ErrPublicKey) || strings.Contains(errs.From(err).Message, "private") != strings.Contains(name, "private") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParsePrivateKey(t *testing.T) {
	for private, public := range map[string]string{rfcEd25519Private: rfcEd25519, rfcP256Private: rfcP256} {
		signer, err := ParsePrivateKey([]byte("# mine\n" + private + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		key, _, err := ParsePublicKey(public)
		if err != nil || !signer.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
			t.Errorf("another key was read: %v", err)
		}
	}
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(large)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"nothing": "", "no key": "hello", "a public key": rfcP256, "RSA": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		"another type": strings.ReplaceAll(rfcP256Private, "EC PRIVATE", "DSA PRIVATE"), "broken": strings.Replace(rfcEd25519Private, "MC4C", "MC4D", 1),
	} {
		if _, err := ParsePrivateKey([]byte(text)); !errors.Is(err, ErrPrivateKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestWeakPoints: anybody can sign for each of the keys that we refuse, with a signature of S = 0 and an R among them.
func TestWeakPoints(t *testing.T) {
	var points [][]byte
	for _, w := range weakPoints {
		p, err := hex.DecodeString(w)
		if err != nil {
			t.Fatal(err)
		}
		negative := append([]byte{}, p...)
		negative[31] |= 0x80
		points = append(points, p, negative)
	}
	for _, p := range points {
		if !weak(p) {
			t.Errorf("%x passes", p)
		}
		forged := false
		for n := range 200 {
			for _, r := range points {
				forged = forged || ed25519.Verify(p, []byte(strconv.Itoa(n)), append(append([]byte{}, r...), make([]byte, 32)...))
			}
		}
		if !forged && p[31]&0x80 == 0 { // some have no point with the other sign
			t.Errorf("%x is a key like others", p)
		}
	}
	if weak(public(t, rfcEd25519).(ed25519.PublicKey)) {
		t.Error("a good key is refused")
	}
}
