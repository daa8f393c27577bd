package client

import (
	"context"
	"net/http"
	"time"
)

// APIKey is an API key, without its secret.
type APIKey struct {
	ID          string     `json:"id"` // names the key. No secret
	Name        string     `json:"name"`
	Scopes      []string   `json:"scopes"`                // what it may be used for: read, factors, admin, operator
	Networks    []string   `json:"networks"`              // from where it may be used, as CIDR prefixes; empty for anywhere
	PublicKey   string     `json:"public_key"`            // that its calls are signed with, as PKIX in base64; absent if there is none
	Device      *KeyDevice `json:"device,omitempty"`      // the device of the key's own; absent if there is none
	CreatedAt   time.Time  `json:"created_at"`            // when it was made
	ExpiresAt   time.Time  `json:"expires_at,omitzero"`   // when it ends; absent for never
	LastUsedAt  time.Time  `json:"last_used_at,omitzero"` // to within a minute; absent if never
	LastAddress string     `json:"last_address"`          // from where it was last used
}

// KeyDevice is the device of a key’s own.
type KeyDevice struct {
	State      string    `json:"state"`                 // a pending one counts for nothing
	Locked     bool      `json:"locked"`                // too many codes were wrong: give the key a new device
	LastUsedAt time.Time `json:"last_used_at,omitzero"` // absent if never
}

// NewAPIKey asks for a key.
type NewAPIKey struct {
	Name      string    `json:"name"`                 // 1 to 40 characters
	Scopes    []string  `json:"scopes"`               // of read, factors and, for administrators, admin
	ExpiresAt time.Time `json:"expires_at,omitzero"`  // within ten years; absent for never
	Networks  []string  `json:"networks,omitzero"`    // addresses or CIDR prefixes, at most 20; empty for anywhere
	PublicKey string    `json:"public_key,omitempty"` // that its calls will be signed with, Ed25519 or P-256, as PEM or as base64 of its PKIX form
	Device    bool      `json:"device,omitempty"`     // begin the enrolment of a device for it at once
	Password  string    `json:"password,omitempty"`   // of somebody without a second factor
}

// MadeAPIKey is a new key with its secret, told this once.
type MadeAPIKey struct {
	APIKey

	Key       string           `json:"key"`                 // the value to be sent as a bearer credential. It is shown this once
	Enrolment *DeviceEnrolment `json:"enrolment,omitempty"` // of the device, if one was asked for: confirm it by a code
}

// DeviceEnrolment is a new device of a key’s, told this once.
type DeviceEnrolment struct {
	Secret string `json:"secret"` // base32, in groups of four
	URI    string `json:"uri"`    // the same as an otpauth link
	QRSVG  string `json:"qr_svg"` // the link as a QR code: an SVG element
}

// PublicKeyRequest gives a key the public key that its calls are signed with.
type PublicKeyRequest struct {
	PublicKey string `json:"public_key"`         // ed25519 or P-256, as PEM or as base64 of its PKIX form
	Password  string `json:"password,omitempty"` // of somebody without a second factor
}

// ListAPIKeys lists the caller’s keys.
func (c *Client) ListAPIKeys(ctx context.Context) ([]APIKey, error) {
	var list struct{ Items []APIKey }
	err := c.call(ctx, http.MethodGet, "/v1/me/api-keys", nil, nil, &list)
	return list.Items, err
}

// CreateAPIKey makes a key.
func (c *Client) CreateAPIKey(ctx context.Context, in NewAPIKey) (out MadeAPIKey, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/me/api-keys", nil, in, &out)
	return out, err
}

// DeleteAPIKey ends a key.
func (c *Client) DeleteAPIKey(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/me/api-keys/", id), nil, nil, nil)
}

// GetAPIKey reads one of the caller’s keys.
func (c *Client) GetAPIKey(ctx context.Context, id string) (out APIKey, err error) {
	err = c.call(ctx, http.MethodGet, at("/v1/me/api-keys/", id), nil, nil, &out)
	return out, err
}

// RemoveAPIKeyDevice takes a key's device away.
func (c *Client) RemoveAPIKeyDevice(ctx context.Context, id string, password string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/me/api-keys/", id, "/device"), nil, optional("password", password), nil)
}

// AddAPIKeyDevice begins the enrolment of a device for a key.
func (c *Client) AddAPIKeyDevice(ctx context.Context, id string, password string) (out DeviceEnrolment, err error) {
	err = c.call(ctx, http.MethodPost, at("/v1/me/api-keys/", id, "/device"), nil, optional("password", password), &out)
	return out, err
}

// ConfirmAPIKeyDevice confirms the new device by a code of it.
func (c *Client) ConfirmAPIKeyDevice(ctx context.Context, id string, code string) error {
	return c.call(ctx, http.MethodPost, at("/v1/me/api-keys/", id, "/device/confirm"), nil, map[string]string{"code": code}, nil)
}

// RemoveAPIKeyPublicKey takes the public key away.
func (c *Client) RemoveAPIKeyPublicKey(ctx context.Context, id string, password string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/me/api-keys/", id, "/public-key"), nil, optional("password", password), nil)
}

// SetAPIKeyPublicKey registers the public key that calls are signed with.
func (c *Client) SetAPIKeyPublicKey(ctx context.Context, id string, in PublicKeyRequest) error {
	return c.call(ctx, http.MethodPut, at("/v1/me/api-keys/", id, "/public-key"), nil, in, nil)
}
