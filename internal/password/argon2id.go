package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// The parameters of new hashes. A change here renews every hash at its owner's next
// sign-in.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltBytes = 16
	keyBytes  = 32
)

// cost is what new hashes cost.
type cost struct {
	memoryKiB uint32
	prefix    string // begins every hash of this cost, in the PHC string format
}

func costing(memoryKiB uint32) cost {
	return cost{memoryKiB, fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, memoryKiB, passes, lanes)}
}

var (
	present = costing(memoryKiB)
	quick   = costing(64) // of tests
)

// strictBase64 refuses the second spellings that padding bits would allow.
var strictBase64 = base64.RawStdEncoding.Strict()

// encode hashes pw under a new salt.
func (c cost) encode(pw string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: the runtime stops the program instead
	return c.phc(salt, c.derive(pw, salt))
}

// decoy is a well-formed hash that no password is known for.
func (c cost) decoy() string {
	random := make([]byte, saltBytes+keyBytes)
	rand.Read(random)
	return c.phc(random[:saltBytes], random[saltBytes:])
}

func (c cost) phc(salt, key []byte) string {
	return c.prefix + strictBase64.EncodeToString(salt) + "$" + strictBase64.EncodeToString(key)
}

func (c cost) derive(pw string, salt []byte) (key []byte) {
	if c == quick {
		return argon2.IDKey([]byte(pw), salt, passes, c.memoryKiB, lanes, keyBytes)
	}
	collector.hungry(func() {
		key = argon2.IDKey([]byte(pw), salt, passes, c.memoryKiB, lanes, keyBytes)
	})
	return key
}

// decode reads an encoded hash and returns what verifies passwords against it, and
// whether it is of this cost. The error is ErrMalformedHash.
func (c cost) decode(encoded string) (check func(pw string) (bool, error), current bool, err error) {
	if strings.ContainsAny(encoded, "\r\n") { // which the Base64 decoder would pass over
		return nil, false, ErrMalformedHash.Because(errors.New("more than one line"))
	}
	rest, ours := strings.CutPrefix(encoded, c.prefix)
	if !ours {
		check, err = decodeForeign(encoded)
		return check, false, err
	}
	first, second, _ := strings.Cut(rest, "$")
	salt, err1 := strictBase64.DecodeString(first)
	key, err2 := strictBase64.DecodeString(second)
	if err1 != nil || err2 != nil || len(key) != keyBytes || len(salt) < minSaltBytes || len(salt) > maxSaltBytes {
		return nil, false, ErrMalformedHash
	}
	return func(pw string) (bool, error) {
		return subtle.ConstantTimeCompare(c.derive(pw, salt), key) == 1, nil
	}, len(salt) == saltBytes, nil
}
