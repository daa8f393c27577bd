package domaintest

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"strings"

	"golang.org/x/crypto/argon2"

	"sallyport/internal/factor"
)

// QuickCodes makes ten backup codes of the product's form, hashed with Argon2id at its
// least cost: real ones cost a test a third of a second. Package backupcode tests the real ones.
func QuickCodes(context.Context) (shown []string, stored []factor.Code, err error) {
	for i := range 10 {
		one, kept := quick(alphabet[i])
		shown, stored = append(shown, one), append(stored, kept)
	}
	return shown, stored, nil
}

const alphabet = "ACDEFGHJKMNPQRTVWXY34679"

// quickCode makes one more.
func quickCode(_ context.Context, taken func(string) bool) (string, factor.Code, error) {
	for {
		if shown, stored := quick('A'); !taken(stored.Selector) {
			return shown, stored, nil
		}
	}
}

func quick(first byte) (string, factor.Code) {
	raw, salt := make([]byte, 15), make([]byte, 16)
	rand.Read(raw) // never fails
	rand.Read(salt)
	code := []byte{first}
	for _, b := range raw {
		code = append(code, alphabet[int(b)%len(alphabet)])
	}
	key := argon2.IDKey(code[2:], salt, 1, 8, 1, 32)
	b64 := base64.RawStdEncoding
	return strings.Join([]string{string(code[:4]), string(code[4:8]), string(code[8:12]), string(code[12:])}, "-"),
		factor.Code{Selector: string(code[:2]), Hash: "$argon2id$v=19$m=8,t=1,p=1$" + b64.EncodeToString(salt) + "$" + b64.EncodeToString(key)}
}
