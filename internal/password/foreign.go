package password

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-crypt/crypt/algorithm"
	"github.com/go-crypt/crypt/algorithm/argon2"
	"github.com/go-crypt/crypt/algorithm/bcrypt"
	"github.com/go-crypt/crypt/algorithm/pbkdf2"
	"github.com/go-crypt/crypt/algorithm/scrypt"
)

// Bounds on hashes made elsewhere. Whoever can write a hash, by an import say, could
// otherwise stop the server with one sign-in. Each bound lies above what any system
// uses by default; the dearest permitted hash takes a slot for a few seconds.
const (
	maxEncodedBytes = 1024
	minSaltBytes    = 8
	maxSaltBytes    = 128
	minKeyBytes     = 16 // a shorter one could be met by chance
	maxKeyBytes     = 64

	maxMemoryKiB  = 256 << 10 // argon2, scrypt
	maxMemoryWork = 1 << 20   // KiB times passes
	maxLanes      = 16
	maxBcryptCost = 15
	maxPBKDF2Work = 4 << 20 // iterations times output blocks
	maxScryptLogN = 20
	maxScryptR    = 32
)

// bcryptBytes is all that bcrypt looks at; it ignores the rest of a longer password.
const bcryptBytes = 72

// decodeForeign reads the hashes of other systems: bcrypt ($2a$, $2b$, $2y$), scrypt
// ($scrypt$ln=…), PBKDF2 ($pbkdf2-sha256$…) and Argon2 with other parameters.
//
// Only bounds are checked here; reading and computing are the library's. Its decoders
// take missing parameters to mean some default of their own, so every parameter has to
// be there.
func decodeForeign(encoded string) (func(pw string) (bool, error), error) {
	if len(encoded) > maxEncodedBytes {
		return nil, ErrMalformedHash.Because(errors.New("too long"))
	}
	parts := strings.Split(encoded, "$")
	if len(parts) < 4 || parts[0] != "" {
		return nil, ErrMalformedHash.Because(errors.New("not in the form $kind$parameters$…"))
	}
	var digest algorithm.Digest
	err := errors.New("unknown kind of hash, or its cost is out of bounds")
	usable := func(string) bool { return true }
	switch kind := parts[1]; kind {
	case "2a", "2b", "2y":
		if affordableBcrypt(parts) {
			digest, err = bcrypt.Decode(encoded)
		}
		// bcrypt sees neither what follows 72 bytes nor, in C, what follows a NUL; and
		// it repeats a short password with a NUL in between. So such passwords would
		// verify against hashes of others.
		usable = func(pw string) bool { return len(pw) <= bcryptBytes && strings.IndexByte(pw, 0) < 0 }
	case "argon2id", "argon2i", "argon2d":
		if affordableArgon2(parts) {
			digest, err = argon2.Decode(encoded)
		}
	case "scrypt":
		if affordableScrypt(parts) {
			digest, err = scrypt.Decode(encoded)
		}
	case "pbkdf2", "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512":
		if affordablePBKDF2(parts) {
			digest, err = pbkdf2.Decode(encoded)
		}
	}
	if err != nil {
		return nil, ErrMalformedHash.Because(err)
	}
	return func(pw string) (ok bool, err error) {
		collector.hungry(func() { ok, err = digest.MatchAdvanced(pw) })
		if err != nil {
			return false, ErrMalformedHash.Because(err)
		}
		return ok && usable(pw), nil
	}, nil
}

// $2b$10$<22 salt + 31 key characters>
func affordableBcrypt(parts []string) bool {
	cost, ok := number(parts[2])
	return len(parts) == 4 && ok && len(parts[2]) == 2 && cost >= 4 && cost <= maxBcryptCost && len(parts[3]) == 22+31
}

// $argon2id$v=19$m=65536,t=3,p=4$<salt>$<key>
func affordableArgon2(parts []string) bool {
	if len(parts) != 6 || parts[2] != "v=19" || !sane(parts[4], parts[5]) {
		return false
	}
	p, ok := numbers(parts[3], "m", "t", "p")
	if !ok {
		return false
	}
	memory, passes, lanes := p[0], p[1], p[2]
	return lanes >= 1 && lanes <= maxLanes && memory >= 8*lanes && memory <= maxMemoryKiB &&
		passes >= 1 && passes <= maxMemoryWork/memory
}

// $scrypt$ln=14,r=8,p=1$<salt>$<key>
func affordableScrypt(parts []string) bool {
	if len(parts) != 5 || !sane(parts[3], parts[4]) {
		return false
	}
	p, ok := numbers(parts[2], "ln", "r", "p")
	if !ok {
		return false
	}
	logN, r, lanes := p[0], p[1], p[2]
	if logN < 1 || logN > maxScryptLogN || r < 1 || r > maxScryptR || lanes < 1 || lanes > maxLanes {
		return false
	}
	memory := (128 * r << logN) / 1024 // KiB
	return memory <= maxMemoryKiB && memory*lanes <= maxMemoryWork
}

// $pbkdf2-sha256$310000$<salt>$<key>
func affordablePBKDF2(parts []string) bool {
	if len(parts) != 5 || !sane(parts[3], parts[4]) {
		return false
	}
	iterations, ok := number(parts[2])
	digest := 20
	switch parts[1] {
	case "pbkdf2-sha256":
		digest = 32
	case "pbkdf2-sha512":
		digest = 64
	}
	blocks := (decodedBytes(parts[4]) + digest - 1) / digest
	return ok && iterations >= 1 && iterations <= maxPBKDF2Work/max(1, blocks)
}

// sane bounds the sizes of a Base64 salt and key.
func sane(salt, key string) bool {
	s, k := decodedBytes(salt), decodedBytes(key)
	return s >= minSaltBytes && s <= maxSaltBytes && k >= minKeyBytes && k <= maxKeyBytes
}

func decodedBytes(b64 string) int { return len(b64) * 6 / 8 }

// numbers reads "a=1,b=2" with exactly the given keys in the given order.
func numbers(s string, keys ...string) ([]int, bool) {
	fields := strings.Split(s, ",")
	if len(fields) != len(keys) {
		return nil, false
	}
	values := make([]int, len(keys))
	for i, f := range fields {
		text, ok := strings.CutPrefix(f, keys[i]+"=")
		if !ok {
			return nil, false
		}
		if values[i], ok = number(text); !ok {
			return nil, false
		}
	}
	return values, true
}

// number reads a decimal below 2^31 that is written in digits only.
func number(s string) (int, bool) {
	n, err := strconv.ParseUint(s, 10, 31)
	return int(n), err == nil
}
