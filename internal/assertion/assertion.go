// Package assertion signs what this server says of people to programs: short JSON Web Tokens (RFC 7519) under keys that
// programs fetch as a key set (RFC 7517).
//
// The algorithm is EdDSA with Ed25519 (RFC 8037) and no other, so that there is nothing to negotiate (RFC 8725 §3.1). The keys
// are rows, sealed: all servers on one database sign with the same one. A new one is made every KeyFor, and is published for
// PublishFor before it signs, so that whoever holds a key set that is younger than that can always check. Which is the newest is
// told by when it was made, and what a clock that was further ahead than db.Apart made counts as none (security.md F15): else
// there would be no next one until then.
package assertion

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"sallyport/internal/db"
	"sallyport/internal/id"
	"sallyport/internal/seal"
)

const (
	// For is how long an assertion counts: about one request, with clocks a little apart.
	For = time.Minute
	// KeyFor is how long a key signs.
	KeyFor = 90 * 24 * time.Hour
	// PublishFor is how long a key is published before it signs.
	PublishFor = time.Hour
)

// Claims is what is said of a person. Empty members are left out.
type Claims struct {
	Audience  string   `json:"aud"` // the program that it is for: its origin, or the id of its key
	Subject   string   `json:"sub"` // user id
	Email     string   `json:"email,omitempty"`
	Name      string   `json:"name,omitempty"`
	Account   string   `json:"account"` // short name
	AccountID string   `json:"account_id"`
	Roles     []string `json:"roles"`
	Level     string   `json:"acr"`                 // aal1 or aal2
	AMR       []string `json:"amr"`                 // RFC 8176
	AuthTime  int64    `json:"auth_time,omitempty"` // when the person last proved who they are, seconds since 1970
	Nonce     string   `json:"nonce,omitempty"`     // what the program gave, to know its own question by

	ExternalID string `json:"external_id,omitempty"` // what the program calls the person that asked for a check
	Check      string `json:"check,omitempty"`       // the check's id

	// Set by Sign.
	Issuer   string `json:"iss"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// Service signs. All fields are needed.
type Service struct {
	DB     *db.DB
	Ring   *seal.Ring
	Issuer string // the public URL
	Now    func() time.Time

	keys keys
}

// Sign returns the assertion in compact form (RFC 7515 §7.1).
func (s *Service) Sign(ctx context.Context, c Claims) (string, error) {
	now := s.Now()
	all, err := s.current(ctx, now)
	if err != nil {
		return "", err
	}
	c.Issuer, c.ID, c.IssuedAt, c.Expires = s.Issuer, id.New("ast", now), now.Unix(), now.Add(For).Unix()
	return jwt.Signed(signing(all, now).signer).Claims(c).Serialize()
}

// KeySet is the document with the keys that assertions are checked with, those that are about to sign included.
func (s *Service) KeySet(ctx context.Context) ([]byte, error) {
	all, err := s.current(ctx, s.Now())
	if err != nil {
		return nil, err
	}
	var set jose.JSONWebKeySet
	for _, k := range all {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: k.private.Public(), KeyID: k.id, Algorithm: string(jose.EdDSA), Use: "sig"})
	}
	return json.Marshal(set)
}

// key is one of the keys, unsealed.
type key struct {
	number    int64
	createdAt time.Time
	private   ed25519.PrivateKey
	id        string // RFC 7638 thumbprint
	signer    jose.Signer
}

// signing is the key that signs at now: the newest of those that were published long enough, or else the first there is.
func signing(all []key, now time.Time) key {
	if k, ok := newest(all, now.Add(-PublishFor)); ok {
		return k
	}
	return all[0]
}

// newest is the key that was made last, of those that were made by then.
func newest(all []key, then time.Time) (found key, ok bool) {
	for _, k := range all {
		if !k.createdAt.After(then) && !k.createdAt.Before(found.createdAt) {
			found, ok = k, true
		}
	}
	return found, ok
}
