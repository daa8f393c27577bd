package browser

import (
	"encoding/hex"
	"strings"

	"sallyport/internal/token"
)

// prefix begins a trusted browser's id.
const prefix = "brw"

// Name tells one person's cookie from those of others in the same browser. It tells nobody who that is.
func Name(accountID, userID string) string {
	return hex.EncodeToString(token.Hash(accountID + "." + userID))[:8]
}

// ID is which trusted browser a cookie stands for, if it does for any; empty if it can't.
func ID(cookie string) string {
	b, _, _, ok := parse(cookie)
	if !ok {
		return ""
	}
	return b.ID
}

// parse takes a cookie apart: account.user.secret.turn. It proves nothing until the row is found.
func parse(cookie string) (b token.Bearer, secret string, turn []byte, ok bool) {
	i := strings.LastIndexByte(cookie, '.')
	if len(cookie) > 250 || i < 0 || len(cookie[i+1:]) != 43 {
		return b, "", nil, false
	}
	b, ok = token.Parse(cookie[:i], prefix)
	return b, cookie[:i], token.Hash(cookie[i+1:]), ok
}

// turned puts a new turn behind the lasting part of a cookie.
func turned(secret string) (cookie string, hash []byte) {
	turn := token.New()
	return secret + "." + turn, token.Hash(turn)
}
