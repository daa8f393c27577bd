package client

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// SignInRequest signs in.
type SignInRequest struct {
	Account        string `json:"account,omitempty"` // the organisation’s short name. Without it an e-mail that is unique decides
	Email          string `json:"email"`
	Password       string `json:"password"`
	KnownBrowser   string `json:"known_browser,omitempty"`   // what an earlier sign-in gave in this browser: the people it knows get no mail that somebody signed in from an unknown one
	TrustedBrowser string `json:"trusted_browser,omitempty"` // what an earlier sign-in gave for this person in this browser
}

// SignIn is where a sign-in stands.
type SignIn struct {
	State                string         `json:"state"`                            // signed_in: the token is good. second_factor: verify a code. set_up: set up a second factor first. planned: the second factor ends later, and this sign-in is over
	Token                string         `json:"token"`                            // signed_in: the session's token. Send it as “Authorization: Bearer …”
	AMR                  []string       `json:"amr"`                              // signed_in: by which methods (RFC 8176; a trusted browser and an e-mail have values of our own)
	SetUpBy              time.Time      `json:"set_up_by,omitzero"`               // signed_in: until when the account wants a second factor set up, where it does
	ExpiresAt            time.Time      `json:"expires_at,omitzero"`              // when the session, or the pending sign-in, ends
	KnownBrowser         string         `json:"known_browser"`                    // signed_in: keep it for this browser, whoever signs in there, and send it with the next sign-in. It opens nothing
	TrustedBrowser       string         `json:"trusted_browser"`                  // signed_in: keep it and send it with the next sign-in, instead of the one sent before
	TrustedBrowserEndsAt time.Time      `json:"trusted_browser_ends_at,omitzero"` // when the trust in this browser ends
	TrustedBrowserOver   bool           `json:"trusted_browser_over"`             // the trusted_browser that was sent is worth nothing: forget it
	Pending              string         `json:"pending"`                          // second_factor, set_up: names this sign-in in the calls that go on with it
	Methods              []SignInMethod `json:"methods"`                          // second_factor: the person’s devices, the one to offer first at the beginning. set_up: the methods that may be set up
	BackupCodes          bool           `json:"backup_codes"`                     // second_factor: whether a backup code will do
	Sent                 *SentCode      `json:"sent,omitempty"`                   // second_factor: a code was sent already
	AskedAgain           string         `json:"asked_again"`                      // second_factor: why a browser that was trusted is asked again
	MayTrustDays         int            `json:"may_trust_days"`                   // second_factor: for how many days trust_browser makes this a trusted browser; absent if it can’t
	MailedDisable        string         `json:"mailed_disable"`                   // second_factor: what a mailed token does for who has lost the device; absent if none is mailed
	MailedCodesAt        time.Time      `json:"mailed_codes_at,omitzero"`         // second_factor: the password was reset by mail, so the registered mailbox is no way on until then
	Cause                string         `json:"cause"`                            // set_up: why a second factor must be set up. passkey: there is one, which must be a passkey
	TokenFirst           *TokenFirst    `json:"token_first,omitempty"`            // set_up: set-up begins with a token that is mailed to the person’s address
	EndsAt               time.Time      `json:"ends_at,omitzero"`                 // planned: when the second factor ends. The person was told by mail, and may call it off
}

// SignInMethod is one way on.
type SignInMethod struct {
	ID     string `json:"id"` // second_factor: names the device
	Kind   string `json:"kind"`
	Name   string `json:"name"`   // second_factor: what its owner calls it
	Hint   string `json:"hint"`   // of a number or mailbox: where codes go
	Locked bool   `json:"locked"` // so many codes were wrong that it takes none: use another way
}

// SentCode tells about a code on its way.
type SentCode struct {
	Method    string    `json:"method"`     // the device that it went to
	ResendAt  time.Time `json:"resend_at"`  // from when on another one can be sent
	ExpiresAt time.Time `json:"expires_at"` // until when it counts
}

// TokenFirst tells about the token that comes before the set-up.
type TokenFirst struct {
	Mailed   bool      `json:"mailed"`             // whether one is on its way. Otherwise ask for it with /v1/sign-in/set-up/send
	ResendAt time.Time `json:"resend_at,omitzero"` // from when on another one can be mailed
}

// CancelRequest cancels a sign-in.
type CancelRequest struct {
	Pending      string `json:"pending"`                 // from the answer that this goes on from
	KnownBrowser string `json:"known_browser,omitempty"` // as with SignInRequest
}

// SendRequest asks for a code.
type SendRequest struct {
	Pending string `json:"pending"` // from the answer that this goes on from
	Method  string `json:"method"`  // the id of a number or mailbox
}

// Resend says when another code may be sent.
type Resend struct {
	ResendAt time.Time `json:"resend_at"` // from when on another one can be sent. Earlier, the call answers 429 with Retry-After
}

// VerifyRequest proves the second factor of a sign-in.
type VerifyRequest struct {
	Pending      string          `json:"pending"`                 // from the answer that this goes on from
	Method       string          `json:"method,omitempty"`        // the id of a device, or “backup_code”. Without it any of the person’s devices and backup codes will do
	Code         string          `json:"code,omitempty"`          // an authentication code or a backup code; blanks and hyphens don’t matter
	Credential   json.RawMessage `json:"credential,omitempty"`    // instead of a code, a passkey’s answer: the PublicKeyCredential in JSON
	Ceremony     string          `json:"ceremony,omitempty"`      // with a credential: what came with the options
	KnownBrowser string          `json:"known_browser,omitempty"` // as with SignInRequest
	TrustBrowser bool            `json:"trust_browser,omitempty"` // don’t ask again in this browser: the answer has a trusted_browser
}

// DisableConfirmRequest ends the second factor by a mailed token.
type DisableConfirmRequest struct {
	Pending      string `json:"pending"`                 // from the answer that this goes on from
	Token        string `json:"token"`                   // the token from the mail
	KnownBrowser string `json:"known_browser,omitempty"` // as with SignInRequest
}

// PasskeyQuestion is what the browser asks a passkey.
type PasskeyQuestion struct {
	Options  json.RawMessage `json:"options"`  // for navigator.credentials.get, by PublicKeyCredential.parseRequestOptionsFromJSON
	Ceremony string          `json:"ceremony"` // comes back with the answer
}

// PasskeySignInRequest signs in with a passkey alone.
type PasskeySignInRequest struct {
	Credential   json.RawMessage `json:"credential"`              // the passkey’s answer: the PublicKeyCredential in JSON
	Ceremony     string          `json:"ceremony"`                // what came with the options
	KnownBrowser string          `json:"known_browser,omitempty"` // as with SignInRequest
}

// SetUpRequest begins to set up a second factor at sign-in.
type SetUpRequest struct {
	Pending string `json:"pending"` // from the answer that this goes on from
	Kind    string `json:"kind"`
	Name    string `json:"name,omitempty"`    // what to call the device. A passkey without a name is named after its model
	Address string `json:"address,omitempty"` // sms, email: the number or mailbox
	Token   string `json:"token,omitempty"`   // the mailed token, where token_first says that one is needed
}

// SetUpConfirmRequest confirms the second factor that is set up at sign-in.
type SetUpConfirmRequest struct {
	Pending      string          `json:"pending"`                 // from the answer that this goes on from
	ID           string          `json:"id"`                      // the device that is being set up
	Code         string          `json:"code,omitempty"`          // what the app shows, or what was sent
	Credential   json.RawMessage `json:"credential,omitempty"`    // of a passkey, instead: the PublicKeyCredential in JSON
	KnownBrowser string          `json:"known_browser,omitempty"` // as with SignInRequest
}

// SetUpConfirmed is a sign-in that ended with the set-up.
type SetUpConfirmed struct {
	State        string    `json:"state"`
	Token        string    `json:"token"`         // the session’s token
	ExpiresAt    time.Time `json:"expires_at"`    // when the session ends
	AMR          []string  `json:"amr"`           // by which methods (RFC 8176)
	KnownBrowser string    `json:"known_browser"` // keep it for this browser, as that of SignIn
	BackupCodes  []string  `json:"backup_codes"`  // ten codes, each good once, told this one time
}

// SetUpSendRequest asks for the code of a set-up, or for the token before it.
type SetUpSendRequest struct {
	Pending string `json:"pending"`      // from the answer that this goes on from
	ID      string `json:"id,omitempty"` // the number or mailbox that is being set up
}

// ProveRequest proves the second factor once more.
type ProveRequest struct {
	Code       string          `json:"code,omitempty"`       // an authentication code or a backup code
	Credential json.RawMessage `json:"credential,omitempty"` // instead of a code, a passkey’s answer: the PublicKeyCredential in JSON
	Ceremony   string          `json:"ceremony,omitempty"`   // with a credential: what came with the options
}

// SignOut signs out.
func (c *Client) SignOut(ctx context.Context) error {
	return c.call(ctx, http.MethodDelete, "/v1/session", nil, nil, nil)
}

// ConfirmSession proves the second factor again.
func (c *Client) ConfirmSession(ctx context.Context, in ProveRequest) error {
	return c.call(ctx, http.MethodPost, "/v1/session/confirm", nil, in, nil)
}

// AskSessionPasskey asks for a passkey to prove the second factor again.
func (c *Client) AskSessionPasskey(ctx context.Context) (out PasskeyQuestion, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/session/passkey/options", nil, nil, &out)
	return out, err
}

// SignIn signs in with e-mail and password.
func (c *Client) SignIn(ctx context.Context, in SignInRequest) (out SignIn, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in", nil, in, &out)
	return out, err
}

// CancelSignIn cancels a sign-in.
func (c *Client) CancelSignIn(ctx context.Context, in CancelRequest) error {
	return c.call(ctx, http.MethodPost, "/v1/sign-in/cancel", nil, in, nil)
}

// AskDisable mails a token that switches two-factor authentication off.
func (c *Client) AskDisable(ctx context.Context, pending string) (out Resend, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/disable", nil, map[string]string{"pending": pending}, &out)
	return out, err
}

// ConfirmDisable uses the mailed token.
func (c *Client) ConfirmDisable(ctx context.Context, in DisableConfirmRequest) (out SignIn, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/disable/confirm", nil, in, &out)
	return out, err
}

// SignInWithPasskey signs in with a passkey alone.
func (c *Client) SignInWithPasskey(ctx context.Context, in PasskeySignInRequest) (out SignIn, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/passkey", nil, in, &out)
	return out, err
}

// AskPasskey asks for a passkey.
func (c *Client) AskPasskey(ctx context.Context, pending string) (out PasskeyQuestion, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/passkey/options", nil, optional("pending", pending), &out)
	return out, err
}

// SendSignInCode sends a code.
func (c *Client) SendSignInCode(ctx context.Context, in SendRequest) (out Resend, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/send", nil, in, &out)
	return out, err
}

// BeginSetUp begins to set up a second factor while signing in.
func (c *Client) BeginSetUp(ctx context.Context, in SetUpRequest) (out Enrolment, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/set-up", nil, in, &out)
	return out, err
}

// ConfirmSetUp confirms the device and signs in.
func (c *Client) ConfirmSetUp(ctx context.Context, in SetUpConfirmRequest) (out SetUpConfirmed, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/set-up/confirm", nil, in, &out)
	return out, err
}

// SendSetUpCode sends another code or token for the set-up.
func (c *Client) SendSetUpCode(ctx context.Context, in SetUpSendRequest) (out Resend, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/set-up/send", nil, in, &out)
	return out, err
}

// VerifySignIn verifies the second factor.
func (c *Client) VerifySignIn(ctx context.Context, in VerifyRequest) (out SignIn, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/sign-in/verify", nil, in, &out)
	return out, err
}
