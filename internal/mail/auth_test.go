package mail

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"strconv"
	"strings"
	"testing"

	"github.com/wneessen/go-mail/smtp"
)

var b64 = base64.StdEncoding

func unb64(s string) string {
	raw, err := b64.DecodeString(s)
	if err != nil {
		return "not base64"
	}
	return string(raw)
}

// scram is the server's half of RFC 5802 and RFC 7677, which keeps no password in clear text.
func scram(h func() hash.Hash, rounds int) func(way, first string, ask func(string) string) string {
	sum := func(b []byte) []byte { s := h(); s.Write(b); return s.Sum(nil) }
	mac := func(key []byte, text string) []byte { m := hmac.New(h, key); m.Write([]byte(text)); return m.Sum(nil) }
	return func(_, first string, ask func(string) string) string {
		if first == "" {
			first = ask("")
		}
		bare := strings.TrimPrefix(unb64(first), "n,,")
		_, nonce, _ := strings.Cut(bare, ",r=")
		if !strings.HasPrefix(bare, "n="+testUser+",") {
			return "535 who"
		}
		challenge := "r=" + nonce + "server,s=" + b64.EncodeToString([]byte("salt")) + ",i=" + strconv.Itoa(rounds)
		final := unb64(ask(b64.EncodeToString([]byte(challenge))))
		without, proof, _ := strings.Cut(final, ",p=")
		auth := bare + "," + challenge + "," + without
		salted, err := pbkdf2.Key(h, testPassword, []byte("salt"), min(rounds, 10000), h().Size())
		if err != nil {
			return "454 broken"
		}
		signature := mac(sum(mac(salted, "Client Key")), auth)
		key := []byte(unb64(proof))
		if len(key) != len(signature) {
			return "535 no proof"
		}
		for i := range key {
			key[i] ^= signature[i]
		}
		if !hmac.Equal(key, mac(salted, "Client Key")) {
			return "535 wrong proof"
		}
		ask(b64.EncodeToString([]byte("v=" + b64.EncodeToString(mac(mac(salted, "Server Key"), auth)))))
		return "235 in"
	}
}

func TestWaysToSignIn(t *testing.T) {
	t.Parallel()
	plainly := func(_, first string, _ func(string) string) string {
		if unb64(first) != "\x00"+testUser+"\x00"+testPassword {
			return "535 no"
		}
		return "235 in"
	}
	login := func(_, _ string, ask func(string) string) string {
		if unb64(ask(b64.EncodeToString([]byte("Username:")))) != testUser || unb64(ask(b64.EncodeToString([]byte("Password:")))) != testPassword {
			return "535 no"
		}
		return "235 in"
	}
	cases := []struct {
		offer, way string
		login      func(way, first string, ask func(string) string) string
	}{
		{"PLAIN", "PLAIN", plainly},
		{"LOGIN PLAIN", "PLAIN", plainly},
		{"login", "LOGIN", login},
		{"NTLM CRAM-MD5 LOGIN", "LOGIN", login},
		{"PLAIN SCRAM-SHA-1", "SCRAM-SHA-1", scram(sha1.New, 4096)},
		{"PLAIN SCRAM-SHA-1 SCRAM-SHA-256-PLUS SCRAM-SHA-256", "SCRAM-SHA-256", scram(sha256.New, 10000)},
	}
	for _, c := range cases {
		f := serve(t, &fake{offers: []string{"AUTH " + c.offer}, login: c.login})
		if err := New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), code()); err != nil {
			t.Errorf("%s: %v", c.offer, err)
		}
		if !f.did("AUTH " + c.way) {
			t.Errorf("%s: it did not choose %s: %q", c.offer, c.way, f.heard)
		}
		wrong := f.server
		wrong.Password += "!"
		err := New([]Server{wrong}, Options{Roots: f.roots}).Send(t.Context(), code())
		judge(t, err, ErrLogin, false)
	}
}

// TestSCRAMRounds: a server may neither make the proof cheap to guess from nor our processor busy.
func TestSCRAMRounds(t *testing.T) {
	t.Parallel()
	for _, rounds := range []int{-1, 0, 1, fewestRounds - 1, mostRounds + 1, 2147483647} {
		f := serve(t, &fake{offers: []string{"AUTH SCRAM-SHA-256"}, login: scram(sha256.New, rounds)})
		judge(t, New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), code()), ErrLogin, false)
	}
}

// TestSCRAMOneProof: a server that asks for the proof again and again, or from the beginning, gets one.
func TestSCRAMOneProof(t *testing.T) {
	t.Parallel()
	for _, anew := range []bool{false, true} {
		proofs := 0
		f := serve(t, &fake{offers: []string{"AUTH SCRAM-SHA-256"}, login: func(_, first string, ask func(string) string) string {
			for ; proofs < 3; proofs++ {
				if first == "" {
					first = ask("")
				}
				_, nonce, _ := strings.Cut(unb64(first), ",r=")
				salt := b64.EncodeToString([]byte{byte(proofs)})
				proof := unb64(ask(b64.EncodeToString([]byte("r=" + nonce + "server,s=" + salt + ",i=" + strconv.Itoa(fewestRounds)))))
				if !strings.Contains(proof, ",p=") {
					break
				}
				if anew {
					first = ""
				}
			}
			return "535 no"
		}})
		judge(t, New([]Server{f.server}, Options{Roots: f.roots}).Send(t.Context(), code()), ErrLogin, false)
		if proofs != 1 {
			t.Errorf("anew %v: %d proofs", anew, proofs)
		}
	}
}

// TestNoLoginInClearText: not even where the library would, for localhost and for SCRAM.
func TestNoLoginInClearText(t *testing.T) {
	for _, offer := range []string{"PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256"} {
		a, err := login(Server{Host: "localhost", User: testUser, Password: testPassword}, offer)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.Start(&smtp.ServerInfo{Name: "localhost", Auth: []string{offer}}); err == nil {
			t.Errorf("%s begins without TLS", offer)
		}
		if _, _, err := a.Start(&smtp.ServerInfo{Name: "localhost", TLS: true, Auth: []string{offer}}); err != nil {
			t.Errorf("%s does not begin with TLS: %v", offer, err)
		}
	}
}
