// Package token makes bearer secrets: the values of session and pending sign-in
// cookies and of one-time links. Whoever holds one is let in, so only its hash is
// ever stored; 256 random bits need no salt and no slow hash (ASVS 11.5.1, 6.5.2).
package token

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// New returns 256 random bits as 43 characters of base64url.
func New() string {
	var raw [32]byte
	rand.Read(raw[:])
	return base64.RawURLEncoding.EncodeToString(raw[:])
}

// Hash returns what is stored of a secret: its SHA-256, 32 bytes.
func Hash(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}
