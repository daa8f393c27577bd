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

// currentPrefix begins every hash with the present parameters, in the PHC string format.
var currentPrefix = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$", argon2.Version, memoryKiB, passes, lanes)

// strictBase64 refuses the second spellings that padding bits would allow.
var strictBase64 = base64.RawStdEncoding.Strict()

// encode hashes pw under a new salt.
func encode(pw string) string {
	salt := make([]byte, saltBytes)
	rand.Read(salt) // never fails: the runtime stops the program instead
	return phc(salt, derive(pw, salt))
}

// decoy is a well-formed hash that no password is known for.
func decoy() string {
	random := make([]byte, saltBytes+keyBytes)
	rand.Read(random)
	return phc(random[:saltBytes], random[saltBytes:])
}

func phc(salt, key []byte) string {
	return currentPrefix + strictBase64.EncodeToString(salt) + "$" + strictBase64.EncodeToString(key)
}

func derive(pw string, salt []byte) (key []byte) {
	collector.hungry(func() {
		key = argon2.IDKey([]byte(pw), salt, passes, memoryKiB, lanes, keyBytes)
	})
	return key
}

// decode reads an encoded hash and returns what verifies passwords against it, and
// whether it is of the present kind. The error is ErrMalformedHash.
func decode(encoded string) (check func(pw string) (bool, error), current bool, err error) {
	if strings.ContainsAny(encoded, "\r\n") { // which the Base64 decoder would pass over
		return nil, false, ErrMalformedHash.Because(errors.New("more than one line"))
	}
	rest, ours := strings.CutPrefix(encoded, currentPrefix)
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
		return subtle.ConstantTimeCompare(derive(pw, salt), key) == 1, nil
	}, len(salt) == saltBytes, nil
}
