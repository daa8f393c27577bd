package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// Factor is a second factor of the caller’s.
type Factor struct {
	ID          string    `json:"id"`                    // names the factor
	Kind        string    `json:"kind"`                  // what it is
	Name        string    `json:"name"`                  // what its owner calls it
	State       string    `json:"state"`                 // only a confirmed one counts
	Hint        string    `json:"hint"`                  // of a number or mailbox: where codes go
	Synced      bool      `json:"synced"`                // of a passkey: whether it is kept by more than one device
	Preferred   bool      `json:"preferred"`             // whether sign-in offers it first
	Locked      bool      `json:"locked"`                // so many codes were wrong that it takes none, until another factor or an administrator opens it
	AddedAt     time.Time `json:"added_at"`              // when it was added
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"` // when it was confirmed
	LastUsedAt  time.Time `json:"last_used_at,omitzero"` // when it last proved its owner
	ExpiresAt   time.Time `json:"expires_at,omitzero"`   // pending: until when it can be confirmed
}

// AddFactorRequest adds a second factor.
type AddFactorRequest struct {
	Kind     string `json:"kind"`               // what to add
	Name     string `json:"name,omitempty"`     // what to call it. A passkey without a name is named after its model
	Password string `json:"password,omitempty"` // one’s password, where “enrolment” of /v1/me asks for it
	Address  string `json:"address,omitempty"`  // sms, email: the number or mailbox
}

// Enrolment is a second factor that waits to be confirmed.
type Enrolment struct {
	ID        string          `json:"id"`                // names the factor
	Kind      string          `json:"kind"`              // what it is
	Name      string          `json:"name"`              // what its owner calls it
	State     string          `json:"state"`             // it counts once it is confirmed
	ExpiresAt time.Time       `json:"expires_at"`        // until when it can be confirmed
	Secret    string          `json:"secret"`            // totp: the key in Base32 (RFC 6238), told this one time
	URI       string          `json:"uri"`               // totp: the same as a link for apps on this device
	QRSVG     string          `json:"qr_svg"`            // totp: the link as a QR code, an SVG image
	Hint      string          `json:"hint"`              // sms, email: where the code went
	Sent      *SentCode       `json:"sent,omitempty"`    // sms, email: the code on its way. Absent if none can be sent now: ask for one later
	Options   json.RawMessage `json:"options,omitempty"` // passkey: for navigator.credentials.create, by PublicKeyCredential.parseCreationOptionsFromJSON
}

// ConfirmFactorRequest confirms a second factor.
type ConfirmFactorRequest struct {
	Code       string          `json:"code,omitempty"`       // what the app shows, or what was sent
	Credential json.RawMessage `json:"credential,omitempty"` // passkey: the PublicKeyCredential in JSON
}

// ConfirmedFactor tells that one counts from now on.
type ConfirmedFactor struct {
	State       string          `json:"state"`             // it counts
	BackupCodes []string        `json:"backup_codes"`      // with the first factor: ten codes, each good once, told this one time
	Session     *RenewedSession `json:"session,omitempty"` // the session goes on under a new token, now with the second factor
}

// RemoveFactorRequest removes a second factor.
type RemoveFactorRequest struct {
	Password   string          `json:"password,omitempty"`   // one’s password, where “removal” of /v1/me asks for it
	Code       string          `json:"code,omitempty"`       // a code, where it asks for one
	Credential json.RawMessage `json:"credential,omitempty"` // instead of a code, a passkey’s answer: the PublicKeyCredential in JSON
	Ceremony   string          `json:"ceremony,omitempty"`   // with a credential: what came with the options
}

// RemovedFactor tells what is left.
type RemovedFactor struct {
	TwoFactor bool            `json:"two_factor"`        // whether a second factor is left. Without one, the backup codes have ended too
	Session   *RenewedSession `json:"session,omitempty"` // the session goes on under a new token. Absent for a program that calls with an API key
}

// UpdateFactorRequest renames or prefers a second factor.
type UpdateFactorRequest struct {
	Name      string `json:"name,omitempty"`      // another name
	Preferred bool   `json:"preferred,omitempty"` // let sign-in offer it first, in place of the one before
}

// BackupCodes tells about the caller’s backup codes.
type BackupCodes struct {
	Left   int       `json:"left"`             // how many are unused
	MadeAt time.Time `json:"made_at,omitzero"` // when they were made; absent if there are none
}

// NewBackupCodesRequest makes new backup codes.
type NewBackupCodesRequest struct {
	Password   string          `json:"password,omitempty"`   // one’s password, where “removal” of /v1/me asks for it
	Code       string          `json:"code,omitempty"`       // a code, where it asks for one
	Credential json.RawMessage `json:"credential,omitempty"` // instead of a code, a passkey’s answer: the PublicKeyCredential in JSON
	Ceremony   string          `json:"ceremony,omitempty"`   // with a credential: what came with the options
}

// NewBackupCodes are ten new ones, told this once.
type NewBackupCodes struct {
	BackupCodes []string        `json:"backup_codes"`      // ten codes, each good once, in place of those before
	Session     *RenewedSession `json:"session,omitempty"` // the session goes on under a new token. Absent for a program that calls with an API key
}

// GetBackupCodes reads how many backup codes are left.
func (c *Client) GetBackupCodes(ctx context.Context) (out BackupCodes, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/me/backup-codes", nil, nil, &out)
	return out, err
}

// NewBackupCodes makes ten new backup codes.
func (c *Client) NewBackupCodes(ctx context.Context, in NewBackupCodesRequest) (out NewBackupCodes, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/me/backup-codes", nil, in, &out)
	return out, err
}

// ListFactors lists the caller’s second factors.
func (c *Client) ListFactors(ctx context.Context) ([]Factor, error) {
	var list struct{ Items []Factor }
	err := c.call(ctx, http.MethodGet, "/v1/me/factors", nil, nil, &list)
	return list.Items, err
}

// AddFactor adds a second factor.
func (c *Client) AddFactor(ctx context.Context, in AddFactorRequest) (out Enrolment, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/me/factors", nil, in, &out)
	return out, err
}

// GetFactor looks at a second factor.
func (c *Client) GetFactor(ctx context.Context, id string) (out Factor, err error) {
	err = c.call(ctx, http.MethodGet, at("/v1/me/factors/", id), nil, nil, &out)
	return out, err
}

// UpdateFactor renames a second factor, or prefers it.
func (c *Client) UpdateFactor(ctx context.Context, id string, in UpdateFactorRequest) (out Factor, err error) {
	err = c.call(ctx, http.MethodPatch, at("/v1/me/factors/", id), nil, in, &out)
	return out, err
}

// ConfirmFactor confirms a second factor.
func (c *Client) ConfirmFactor(ctx context.Context, id string, in ConfirmFactorRequest) (out ConfirmedFactor, err error) {
	err = c.call(ctx, http.MethodPost, at("/v1/me/factors/", id, "/confirm"), nil, in, &out)
	return out, err
}

// RemoveFactor removes a second factor.
func (c *Client) RemoveFactor(ctx context.Context, id string, in RemoveFactorRequest) (out RemovedFactor, err error) {
	err = c.call(ctx, http.MethodPost, at("/v1/me/factors/", id, "/remove"), nil, in, &out)
	return out, err
}

// SendFactorCode sends a code to a number or mailbox.
func (c *Client) SendFactorCode(ctx context.Context, id string) (out Resend, err error) {
	err = c.call(ctx, http.MethodPost, at("/v1/me/factors/", id, "/send"), nil, nil, &out)
	return out, err
}
