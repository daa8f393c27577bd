package client

import (
	"context"
	"net/http"
	"time"
)

// Me is who calls.
type Me struct {
	ID        string     `json:"id"`                 // the user's id
	Email     string     `json:"email"`              // the address that they sign in with
	Name      string     `json:"name"`               // what they are called
	Role      string     `json:"role"`               // what they may do in the account
	Account   OwnAccount `json:"account"`            // the organisation that they belong to
	Level     string     `json:"level"`              // how strongly this caller is authenticated (NIST SP 800-63B)
	AMR       []string   `json:"amr"`                // by which methods (RFC 8176)
	ProvedAt  time.Time  `json:"proved_at,omitzero"` // when the second factor was last proved in this session
	ExpiresAt time.Time  `json:"expires_at"`         // when the session ends, used or not
	TwoFactor TwoFactor  `json:"two_factor"`         // how they stand with their second factor
	Policy    OwnPolicy  `json:"policy"`             // the account's policy, as it applies to them
}

// OwnAccount is the account of who calls.
type OwnAccount struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Slug string `json:"slug"` // the short name of the sign-in address
}

// OwnPolicy is what the account’s policy asks of the caller.
type OwnPolicy struct {
	Required           bool            `json:"required"`             // whether a second factor is required of them, at once or after the grace
	Methods            []OfferedMethod `json:"methods"`              // what they may set up, the one to offer first at the beginning
	MaxDevicesPerKind  int             `json:"max_devices_per_kind"` // how many factors of one kind they may have
	BackupCodes        bool            `json:"backup_codes"`         // whether they have backup codes
	TrustedBrowserDays int             `json:"trusted_browser_days"` // for how many days a browser may be trusted; 0 for none
	SessionLifetime    string          `json:"session_lifetime"`     // the whole length of a session
	SessionIdle        string          `json:"session_idle"`         // the length without use after which it ends
	Enrolment          NeededProofs    `json:"enrolment"`            // what adding a factor asks for now
	Removal            NeededProofs    `json:"removal"`              // what removing a factor, and making new backup codes, asks for now
}

// NeededProofs says what must be shown.
type NeededProofs struct {
	Password bool `json:"password"` // the password
	Code     bool `json:"code"`     // a code besides
}

// OfferedMethod is a method that may or may not be set up.
type OfferedMethod struct {
	Kind      string `json:"kind"`      // which
	Available bool   `json:"available"` // whether it can be set up now
	Why       string `json:"why"`       // why not
}

// TwoFactor says how it stands with the caller’s second factor.
type TwoFactor struct {
	On          bool      `json:"on"`               // whether they have one
	Demand      string    `json:"demand"`           // what the account asks at the next sign-in. prove: to use the one they have. grace: to set one up by the time in “by”
	Cause       string    `json:"cause"`            // why
	By          time.Time `json:"by,omitzero"`      // grace: until when
	PasskeyOnly bool      `json:"passkey_only"`     // only a passkey will do, or a backup code
	EndsAt      time.Time `json:"ends_at,omitzero"` // when it ends, if that was asked for by a mailed token and not called off
}

// ChangePasswordRequest changes the caller’s password.
type ChangePasswordRequest struct {
	Password    string `json:"password"`     // the one they have now
	NewPassword string `json:"new_password"` // the one to have from now on
}

// Renewal tells under which token the session goes on.
type Renewal struct {
	Session *RenewedSession `json:"session,omitempty"` // the session goes on under a new token. Absent for a program that calls with an API key
}

// RenewedSession is the session under its new token.
type RenewedSession struct {
	Token     string    `json:"token"`      // from now on the session’s token; the one that made this call has ended
	ExpiresAt time.Time `json:"expires_at"` // when the session ends, as before
	AMR       []string  `json:"amr"`        // by which methods (RFC 8176)
}

// SessionEntry is a session of the caller’s.
type SessionEntry struct {
	ID         string    `json:"id"`           // names the session. It opens nothing
	Current    bool      `json:"current"`      // whether it makes this call
	Level      string    `json:"level"`        // how strongly it is authenticated (NIST SP 800-63B)
	AMR        []string  `json:"amr"`          // by which methods (RFC 8176)
	Address    string    `json:"address"`      // where the sign-in came from
	UserAgent  string    `json:"user_agent"`   // what the browser or program said of itself
	SignedInAt time.Time `json:"signed_in_at"` // when it began
	LastSeenAt time.Time `json:"last_seen_at"` // when it was last used, to within a minute
	ExpiresAt  time.Time `json:"expires_at"`   // when it ends, used or not
}

// TrustedBrowser is a browser in which the second factor is not asked for.
type TrustedBrowser struct {
	ID         string    `json:"id"`           // names the browser. It opens nothing
	Name       string    `json:"name"`         // what its owner calls it
	Browser    string    `json:"browser"`      // what it is. In another one it is not trusted
	System     string    `json:"system"`       // what it runs on. On another one it is not trusted
	Country    string    `json:"country"`      // where it is (ISO 3166), where that is known. In another one it is not trusted
	Address    string    `json:"address"`      // where it was last used
	TrustedAt  time.Time `json:"trusted_at"`   // when it became trusted
	LastUsedAt time.Time `json:"last_used_at"` // when somebody last signed in with it
	ExpiresAt  time.Time `json:"expires_at"`   // when the trust ends
}

// GetMe says who calls.
func (c *Client) GetMe(ctx context.Context) (out Me, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/me", nil, nil, &out)
	return out, err
}

// ChangePassword changes the caller’s password.
func (c *Client) ChangePassword(ctx context.Context, in ChangePasswordRequest) (out Renewal, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/me/password", nil, in, &out)
	return out, err
}

// EndOtherSessions ends all other sessions.
func (c *Client) EndOtherSessions(ctx context.Context) (out Renewal, err error) {
	err = c.call(ctx, http.MethodDelete, "/v1/me/sessions", nil, nil, &out)
	return out, err
}

// ListSessions lists the caller’s sessions.
func (c *Client) ListSessions(ctx context.Context) ([]SessionEntry, error) {
	var list struct{ Items []SessionEntry }
	err := c.call(ctx, http.MethodGet, "/v1/me/sessions", nil, nil, &list)
	return list.Items, err
}

// EndSession ends a session.
func (c *Client) EndSession(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/me/sessions/", id), nil, nil, nil)
}

// EndTrustedBrowsers ends the trust in all the caller’s browsers.
func (c *Client) EndTrustedBrowsers(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/v1/me/trusted-browsers", nil, nil, nil)
}

// ListTrustedBrowsers lists the caller’s trusted browsers.
func (c *Client) ListTrustedBrowsers(ctx context.Context) ([]TrustedBrowser, error) {
	var list struct{ Items []TrustedBrowser }
	err := c.call(ctx, http.MethodGet, "/v1/me/trusted-browsers", nil, nil, &list)
	return list.Items, err
}

// EndTrustedBrowser ends the trust in a browser.
func (c *Client) EndTrustedBrowser(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/me/trusted-browsers/", id), nil, nil, nil)
}

// GetSession looks at a session.
func (c *Client) GetSession(ctx context.Context, id string) (out SessionEntry, err error) {
	err = c.call(ctx, http.MethodGet, at("/v1/me/sessions/", id), nil, nil, &out)
	return out, err
}

// GetTrustedBrowser looks at a trusted browser.
func (c *Client) GetTrustedBrowser(ctx context.Context, id string) (out TrustedBrowser, err error) {
	err = c.call(ctx, http.MethodGet, at("/v1/me/trusted-browsers/", id), nil, nil, &out)
	return out, err
}

// UpdateTrustedBrowser names a trusted browser.
func (c *Client) UpdateTrustedBrowser(ctx context.Context, id, name string) (out TrustedBrowser, err error) {
	err = c.call(ctx, http.MethodPatch, at("/v1/me/trusted-browsers/", id), nil, map[string]string{"name": name}, &out)
	return out, err
}
