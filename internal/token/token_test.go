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
