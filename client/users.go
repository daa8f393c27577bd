package client

import (
	"context"
	"net/http"
	"time"
)

// User is a user as administrators see them.
type User struct {
	ID                     string    `json:"id"`                                  // the user’s id
	Email                  string    `json:"email"`                               // what they sign in with
	Name                   string    `json:"name"`                                // what they are called; may be empty
	Role                   string    `json:"role"`                                // what they may do in the account
	SecondFactor           string    `json:"second_factor"`                       // whether they have confirmed a second factor
	Kinds                  []string  `json:"kinds"`                               // the kinds of their confirmed second factors
	SecondFactorSince      time.Time `json:"second_factor_since,omitzero"`        // when the oldest of them was confirmed
	SecondFactorLastUsedAt time.Time `json:"second_factor_last_used_at,omitzero"` // when one of them was last used
	Locked                 bool      `json:"locked"`                              // whether their access is locked
	States                 []string  `json:"states"`                              // what is worth knowing besides: locked; invited and not yet come; set_up, a reset demands a new device; grace, they must have a second factor by grace_ends_at; overdue, they must set one up at their next sign-in
	GraceEndsAt            time.Time `json:"grace_ends_at,omitzero"`              // by when they must have a second factor, in the state grace
	ExternalID             string    `json:"external_id"`                         // what a program calls them that keeps their password
	CreatedAt              time.Time `json:"created_at"`                          // since when they belong to the account, or when they were invited
}

// UserDetails is all that they see of one.
type UserDetails struct {
	User

	Demand          string           `json:"demand"`                 // what their next sign-in asks of the second factor
	Cause           string           `json:"cause"`                  // why
	AddPasskey      bool             `json:"add_passkey"`            // whether their next sign-in also asks them to add a passkey
	Stuck           bool             `json:"stuck"`                  // whether they can’t do what is demanded, because no allowed method is part of the plan and working
	SignedInAt      time.Time        `json:"signed_in_at,omitzero"`  // when they last signed in
	Devices         []UserDevice     `json:"devices"`                // their confirmed second factors, the oldest first
	BackupCodes     *UserBackupCodes `json:"backup_codes,omitempty"` // their own backup codes; absent if they have none
	Sessions        []UserSession    `json:"sessions"`               // their sessions, the last used first
	TrustedBrowsers []UserBrowser    `json:"trusted_browsers"`       // the browsers they trust, the last used first
}

// UserDevice is a second factor of a user’s.
type UserDevice struct {
	ID          string    `json:"id"`                    // the device’s id
	Kind        string    `json:"kind"`                  // its method
	Name        string    `json:"name"`                  // what its owner calls it
	Hint        string    `json:"hint"`                  // of a number or mailbox, its beginning and end
	Locked      bool      `json:"locked"`                // whether too many wrong codes have locked it
	ConfirmedAt time.Time `json:"confirmed_at"`          // when it was confirmed
	LastUsedAt  time.Time `json:"last_used_at,omitzero"` // when it was last used
}

// UserSession is a session of a user’s.
type UserSession struct {
	ID         string    `json:"id"`           // the session’s id; no secret
	Level      string    `json:"level"`        // how strongly it was authenticated (NIST SP 800-63B)
	AMR        []string  `json:"amr"`          // by which methods (RFC 8176)
	Address    string    `json:"address"`      // from where it was opened
	UserAgent  string    `json:"user_agent"`   // what its browser says of itself: a claim
	SignedInAt time.Time `json:"signed_in_at"` // when it began
	LastSeenAt time.Time `json:"last_seen_at"` // when it was last used
	ExpiresAt  time.Time `json:"expires_at"`   // when it ends at the latest
}

// UserBrowser is a browser that a user trusts.
type UserBrowser struct {
	ID         string    `json:"id"`           // the browser’s id; no secret
	Name       string    `json:"name"`         // what its owner calls it
	Browser    string    `json:"browser"`      // its family
	System     string    `json:"system"`       // its operating system
	Country    string    `json:"country"`      // where it was trusted, if the server knows
	Address    string    `json:"address"`      // from where it was last used
	TrustedAt  time.Time `json:"trusted_at"`   // since when it is trusted
	LastUsedAt time.Time `json:"last_used_at"` // when it was last used
	ExpiresAt  time.Time `json:"expires_at"`   // until when it is trusted
}

// UserBackupCodes tells of a user’s backup codes.
type UserBackupCodes struct {
	Left   int       `json:"left"`    // how many are unused
	MadeAt time.Time `json:"made_at"` // when they were made
}

// UserPage is a page of users.
type UserPage struct {
	Items []User `json:"items"` // the users of this page
	Next  string `json:"next"`  // the cursor of the next page; absent on the last
}

// InviteUserRequest invites somebody.
type InviteUserRequest struct {
	Email string `json:"email"`          // where the invitation goes, and what they will sign in with
	Name  string `json:"name,omitempty"` // what they are called; they can change it when they join
	Role  string `json:"role,omitempty"` // what they may do in the account
}

// UpdateUserRequest changes a user; what is nil stays.
type UpdateUserRequest struct {
	Role   *string `json:"role,omitempty"`   // their role from now on
	Locked *bool   `json:"locked,omitempty"` // whether their access is locked from now on

	ExternalID *string `json:"external_id,omitempty"` // what a program calls them that asks for checks; empty for nothing
}

// IssuedBackupCode is a backup code that an administrator gives out.
type IssuedBackupCode struct {
	Code      string    `json:"code"`       // the code. It is shown only now
	ExpiresAt time.Time `json:"expires_at"` // when it is worth nothing any more
}

// ListUsers reads the account’s users.
func (c *Client) ListUsers(ctx context.Context, q UserQuery) (out UserPage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/account/users", q.values(), nil, &out)
	return out, err
}

// InviteUser invites somebody.
func (c *Client) InviteUser(ctx context.Context, in InviteUserRequest) (out UserDetails, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/account/users", nil, in, &out)
	return out, err
}

// RemoveUser takes somebody off the account for good.
func (c *Client) RemoveUser(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/account/users/", id), nil, nil, nil)
}

// GetUser reads one user, with devices, sessions and trusted browsers.
func (c *Client) GetUser(ctx context.Context, id string) (out UserDetails, err error) {
	err = c.call(ctx, http.MethodGet, at("/v1/account/users/", id), nil, nil, &out)
	return out, err
}

// UpdateUser changes somebody’s role, locks or unlocks them.
func (c *Client) UpdateUser(ctx context.Context, id string, in UpdateUserRequest) (out UserDetails, err error) {
	err = c.call(ctx, http.MethodPatch, at("/v1/account/users/", id), nil, in, &out)
	return out, err
}

// IssueBackupCode gives out a backup code for somebody.
func (c *Client) IssueBackupCode(ctx context.Context, id string, reason string) (out IssuedBackupCode, err error) {
	err = c.call(ctx, http.MethodPost, at("/v1/account/users/", id, "/backup-code"), nil, map[string]string{"reason": reason}, &out)
	return out, err
}

// ResetUser resets somebody’s second factor.
func (c *Client) ResetUser(ctx context.Context, id string, reason string) error {
	return c.call(ctx, http.MethodPost, at("/v1/account/users/", id, "/reset"), nil, map[string]string{"reason": reason}, nil)
}

// EndUserSessions ends all of somebody’s sessions.
func (c *Client) EndUserSessions(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/account/users/", id, "/sessions"), nil, nil, nil)
}

// EndUserSession ends one of somebody’s sessions.
func (c *Client) EndUserSession(ctx context.Context, id string, sessionID string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/account/users/", id, "/sessions/", sessionID), nil, nil, nil)
}

// EndUserBrowsers ends the trust in all of somebody’s browsers.
func (c *Client) EndUserBrowsers(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/account/users/", id, "/trusted-browsers"), nil, nil, nil)
}

// EndUserBrowser ends the trust in one of somebody’s browsers.
func (c *Client) EndUserBrowser(ctx context.Context, id string, browserID string) error {
	return c.call(ctx, http.MethodDelete, at("/v1/account/users/", id, "/trusted-browsers/", browserID), nil, nil, nil)
}
