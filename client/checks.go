package client

import (
	"context"
	"net/http"
	"time"
)

// CheckedPerson is whom a check is about.
type CheckedPerson struct {
	ID        string `json:"id"`      // what the program calls them
	UserID    string `json:"user_id"` // what they are called here
	Email     string `json:"email"`
	Name      string `json:"name"`
	AccountID string `json:"account_id"`
	Account   string `json:"account"` // short name
}

// Check is where a check stands.
type Check struct {
	ID          string         `json:"id"`
	State       string         `json:"state"` // second_factor, set_up, passed, taken, cancelled or expired
	User        CheckedPerson  `json:"user"`
	Methods     []SignInMethod `json:"methods"` // the person’s devices, the one to offer first at the beginning
	BackupCodes bool           `json:"backup_codes"`
	Sent        *SentCode      `json:"sent,omitempty"` // a code was sent
	URL         string         `json:"url"`            // told when the check is made: send the person’s browser there, once
	Opened      bool           `json:"opened"`         // a browser has opened the url
	Reference   string         `json:"reference"`
	ExpiresAt   time.Time      `json:"expires_at"`
}

// CheckUser is who has passed the password with the program.
type CheckUser struct {
	ID       string `json:"id"`              // what the program calls them
	Email    string `json:"email,omitempty"` // needed of somebody unknown
	Name     string `json:"name,omitempty"`
	Language string `json:"language,omitempty"`
}

// NewCheck asks for somebody's second factor.
type NewCheck struct {
	Account   string    `json:"account,omitempty"` // short name; of the operator’s key only
	User      CheckUser `json:"user"`
	ReturnTo  string    `json:"return_to,omitempty"`
	Reference string    `json:"reference,omitempty"`
}

// CheckResult is the result of a check that was passed, given once.
type CheckResult struct {
	ID        string        `json:"id"`
	State     string        `json:"state"`
	User      CheckedPerson `json:"user"`
	Method    string        `json:"method"`
	ACR       string        `json:"acr"`
	AMR       []string      `json:"amr"`
	PassedAt  time.Time     `json:"passed_at"`
	Reference string        `json:"reference"`
	Assertion string        `json:"assertion"` // the same as a JWT
}

// CreateCheck asks for somebody’s second factor.
func (c *Client) CreateCheck(ctx context.Context, in NewCheck) (out Check, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/checks", nil, in, &out)
	return out, err
}

// GetCheck tells where a check stands.
func (c *Client) GetCheck(ctx context.Context, id string) (out Check, err error) {
	err = c.call(ctx, http.MethodGet, at("/v1/checks/", id), nil, nil, &out)
	return out, err
}

// SendCheckCode sends a code to a number or mailbox of the person’s, and tells from when on another one can be sent.
func (c *Client) SendCheckCode(ctx context.Context, id, method string) (resendAt time.Time, err error) {
	var out struct {
		ResendAt time.Time `json:"resend_at"`
	}
	err = c.call(ctx, http.MethodPost, at("/v1/checks/", id, "/send"), nil, map[string]string{"method": method}, &out)
	return out.ResendAt, err
}

// VerifyCheck verifies a code of the method, or of whichever it can be where method is empty.
func (c *Client) VerifyCheck(ctx context.Context, id, method, code string) (out Check, err error) {
	in := struct {
		Method string `json:"method,omitempty"`
		Code   string `json:"code"`
	}{method, code}
	err = c.call(ctx, http.MethodPost, at("/v1/checks/", id, "/verify"), nil, in, &out)
	return out, err
}

// GetCheckResult takes the result of a check that was passed, once.
func (c *Client) GetCheckResult(ctx context.Context, id string) (out CheckResult, err error) {
	err = c.call(ctx, http.MethodPost, at("/v1/checks/", id, "/result"), nil, nil, &out)
	return out, err
}

// CancelCheck calls a check off.
func (c *Client) CancelCheck(ctx context.Context, id string) error {
	return c.call(ctx, http.MethodPost, at("/v1/checks/", id, "/cancel"), nil, nil, nil)
}
