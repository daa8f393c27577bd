package token

import (
	"bytes"
	"encoding/base64"
	"testing"
)

func TestNewHas256BitsAndNeverRepeats(t *testing.T) {
	seen := map[string]bool{}
	for range 10_000 {
		s := New()
		raw, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil || len(raw) != 32 {
			t.Fatalf("%q is not 32 bytes of base64url: %v", s, err)
		}
		if seen[s] {
			t.Fatal("a token was made twice")
		}
		seen[s] = true
	}
}

func TestHashIsNotTheSecret(t *testing.T) {
	a, b := Hash("a"), Hash("b")
	if len(a) != 32 || bytes.Equal(a, b) || !bytes.Equal(a, Hash("a")) {
		t.Fatal("Hash is no function of its input alone")
	}
}

func TestBearer(t *testing.T) {
	cookie, b := Issue("acc_1", "usr_1", "ses")
	got, ok := Parse(cookie, "ses")
	if !ok || got != b {
		t.Fatalf("Parse gave %+v, %v; issued was %+v", got, ok, b)
	}
	if other, _ := Parse(cookie, "pen"); other.ID == b.ID {
		t.Fatal("a session's key is a pending sign-in's too")
	}
	if bytes.Contains([]byte(cookie), []byte(b.ID)) {
		t.Fatal("the cookie holds its stored key")
	}
	for _, bad := range []string{"", "a", "a.b", cookie + "x", cookie + ".x", cookie[1:] + "..", string(make([]byte, 5000))} {
		if b, ok := Parse(bad, "ses"); ok {
			t.Errorf("%q was read as %+v", bad, b)
		}
	}
}
