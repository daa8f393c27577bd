// Package id makes the names of rows: prefixed, sortable by the time they were
// made, and impossible to guess. An id is no secret and proves nothing; it is safe
// in URLs and logs.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns prefix, an underscore and 26 characters of Crockford's base32:
// 48 bits of now in milliseconds and 80 random bits.
func New(prefix string, now time.Time) string {
	raw := stamped(now)
	rand.Read(raw[6:])
	return prefix + "_" + alphabet.EncodeToString(raw[:])
}

// Least returns what sorts before every id of the prefix made at t or later, and after every earlier one.
// It is no id of a row. What is before 1970 counts as 1970.
func Least(prefix string, t time.Time) string {
	raw := stamped(t)
	return prefix + "_" + alphabet.EncodeToString(raw[:])
}

// stamped is the time in the first 48 bits.
func stamped(t time.Time) (raw [16]byte) {
	binary.BigEndian.PutUint64(raw[:8], uint64(max(0, t.UnixMilli()))<<16)
	return raw
}

// Time tells when an id was made, to the millisecond; false if s is no id of the prefix.
func Time(prefix, s string) (time.Time, bool) {
	code, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(code) != 26 {
		return time.Time{}, false
	}
	raw, err := alphabet.DecodeString(code)
	if err != nil || alphabet.EncodeToString(raw) != code { // the last character has bits to spare
		return time.Time{}, false
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(raw[:8]) >> 16)).UTC(), true
}
