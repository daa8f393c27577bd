package token

import (
	"encoding/base32"
	"strings"
)

// Bearer is the key of the row that a cookie stands for. It holds no secret.
type Bearer struct {
	AccountID, UserID string
	ID                string // prefix, underscore, hash of the secret
}

var idAlphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Issue makes a new secret for a user and returns the cookie's value and the key to
// store. The account stands first in the value, so that a deployment which shards
// by account can route by it.
func Issue(accountID, userID, prefix string) (cookie string, b Bearer) {
	secret := New()
	return accountID + "." + userID + "." + secret, Bearer{accountID, userID, idOf(prefix, secret)}
}

// Parse reads what a cookie says. It proves nothing until the row is found.
func Parse(cookie, prefix string) (Bearer, bool) {
	parts := strings.Split(cookie, ".")
	if len(cookie) > 200 || len(parts) != 3 || len(parts[2]) != 43 || !isID(parts[0]) || !isID(parts[1]) {
		return Bearer{}, false
	}
	return Bearer{parts[0], parts[1], idOf(prefix, parts[2])}, true
}

// isID reports whether s has only the characters of our ids, so that nothing else reaches the database.
func isID(s string) bool {
	return s != "" && strings.Trim(s, "0123456789abcdefghijklmnopqrstuvwxyz_") == ""
}

func idOf(prefix, secret string) string {
	return prefix + "_" + idAlphabet.EncodeToString(Hash(secret))
}
