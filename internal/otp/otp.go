// Package otp computes and finds the codes of authenticator apps: HOTP (RFC 4226) and
// TOTP (RFC 6238), and reads and writes the texts they travel in (codes, Base32 keys,
// otpauth links).
//
// Everything here is a pure function of its arguments: no clock, no storage, no
// network; only [NewSecret] draws randomness. The package therefore cannot know
// whether a code was used before. The caller must burn the step that [Key.Find]
// returns, with one conditional write, before it believes the person (D1).
//
// Trust: codes, keys and links are input from strangers; parsers refuse what they do
// not fully understand. Secrets are not logged and not kept.
package otp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"hash"
	"time"
)

// SecretBytes is the length of a new secret: 160 bits, as RFC 4226 section 4 R6
// recommends, and what every app can hold (B67).
const SecretBytes = 20

// What a Key means when it leaves a field empty; every app knows these values.
const (
	DefaultDigits = 6
	DefaultPeriod = 30 * time.Second
)

// maxWindow bounds the steps one search may cover, so that no caller's mistake turns
// into an unbounded look-ahead (RFC 4226 section 7.4).
const maxWindow = 1024

// Algorithm is the hash below the HMAC (RFC 6238 section 1.2).
type Algorithm uint8

// The algorithms. SHA-1 is the zero value because it is the only one all apps support;
// HMAC does not need the collision resistance that SHA-1 has lost.
const (
	SHA1 Algorithm = iota
	SHA256
	SHA512
)

// String gives the name used in otpauth links: "SHA1", "SHA256", "SHA512".
func (a Algorithm) String() string {
	switch a {
	case SHA256:
		return "SHA256"
	case SHA512:
		return "SHA512"
	default:
		return "SHA1"
	}
}

func (a Algorithm) hash() func() hash.Hash {
	switch a {
	case SHA256:
		return sha256.New
	case SHA512:
		return sha512.New
	default:
		return sha1.New
	}
}

// Key is what the phone and the server share.
type Key struct {
	Secret    []byte
	Algorithm Algorithm
	Digits    int           // 6 or 8; anything else counts as 6
	Period    time.Duration // whole seconds; less than one counts as 30 s
}

// NewSecret returns SecretBytes random bytes.
func NewSecret() []byte {
	secret := make([]byte, SecretBytes)
	rand.Read(secret) // never fails: the runtime stops the program instead
	return secret
}

// Step returns the number of the period that holds t, counted from 1970
// (T of RFC 6238 section 4.2). It is 64 bits wide and so outlives 2038 and 2106.
func (k Key) Step(t time.Time) int64 {
	period := int64(k.period() / time.Second)
	step := t.Unix() / period
	if t.Unix()%period < 0 {
		step-- // round down before 1970 too
	}
	return step
}

// Code returns the code of a step, with leading zeros (RFC 4226 section 5.3).
func (k Key) Code(step int64) string {
	return string(k.generator().code(step))
}

// Find looks for code among the steps from..to, both included, and returns the
// highest step it belongs to. The highest, because the caller remembers the accepted
// step and refuses all up to it: were a lower one returned, the same code would be
// good a second time.
//
// It computes and compares every step in the window, each in constant time, so its
// duration does not tell how close a guess came. Steps before 1970 never match, nor
// does anything in an empty window or one of more than 1024 steps.
func (k Key) Find(code string, from, to int64) (step int64, ok bool) {
	from = max(from, 0)
	if to < from || to-from >= maxWindow || len(code) != k.digits() {
		return 0, false
	}
	g, given := k.generator(), []byte(code)
	found, offset := 0, 0
	for i := range int(to-from) + 1 {
		same := subtle.ConstantTimeCompare(g.code(from+int64(i)), given)
		offset = subtle.ConstantTimeSelect(same, i, offset)
		found |= same
	}
	if found == 0 {
		return 0, false
	}
	return from + int64(offset), true
}

func (k Key) digits() int {
	if k.Digits == 8 {
		return 8
	}
	return DefaultDigits
}

func (k Key) period() time.Duration {
	if k.Period < time.Second {
		return DefaultPeriod
	}
	return k.Period.Truncate(time.Second)
}

// generator holds one HMAC, so that a search pays for the key schedule once.
type generator struct {
	mac hash.Hash
	sum [sha512.Size]byte
	out [8]byte
	n   int
}

func (k Key) generator() *generator {
	return &generator{mac: hmac.New(k.Algorithm.hash(), k.Secret), n: k.digits()}
}

// code is HOTP of RFC 4226 section 5.3. The result is overwritten by the next call.
func (g *generator) code(step int64) []byte {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	g.mac.Reset()
	g.mac.Write(counter[:])
	sum := g.mac.Sum(g.sum[:0])

	offset := sum[len(sum)-1] & 0x0f
	value := binary.BigEndian.Uint32(sum[offset:]) & 0x7fffffff
	digits := g.out[:g.n]
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = '0' + byte(value%10)
		value /= 10
	}
	return digits
}
