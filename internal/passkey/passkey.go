// Package passkey is the second factor, and the sign-in by itself, with WebAuthn credentials: passkeys and security keys.
package passkey

import (
	"fmt"

	"github.com/go-webauthn/webauthn/webauthn"
)

// Party is the relying party whose passkeys these are (WebAuthn Level 3, section 4).
type Party struct {
	ID      string   // the host of the public address, without port
	Name    string   // what the authenticator shows
	Origins []string // where its passkeys may be used: the public address, and related origins
}

// Method judges what authenticators answer. Make it with New.
type Method struct{ web *webauthn.WebAuthn }

// New makes a Method, or says what is wrong with the party.
func New(p Party) (*Method, error) {
	web, err := webauthn.New(&webauthn.Config{RPID: p.ID, RPDisplayName: p.Name, RPOrigins: p.Origins})
	if err != nil {
		return nil, fmt.Errorf("passkeys for %s: %w", p.ID, err)
	}
	return &Method{web}, nil
}
