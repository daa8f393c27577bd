// Package id makes the names of rows: prefixed, sortable by the time they were
// made, and impossible to guess. An id is no secret and proves nothing; it is safe
// in URLs and logs.
package id

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// New returns prefix, an underscore and 26 characters of Crockford's base32:
// 48 bits of now in milliseconds and 80 random bits.
func New(prefix string, now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	rand.Read(raw[6:])
	return prefix + "_" + alphabet.EncodeToString(raw[:])
}
