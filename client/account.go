package client

import (
	"context"
	"net/http"
	"time"
)

// Account is an account as its administrators see it.
type Account struct {
	ID          string          `json:"id"`                     // the account’s id
	Slug        string          `json:"slug"`                   // the short name of the sign-in address
	Name        string          `json:"name"`                   // the organisation’s name
	SignInURL   string          `json:"sign_in_url"`            // where its people sign in
	Accent      string          `json:"accent"`                 // the colour of its pages; empty for the product’s
	Support     string          `json:"support"`                // who helps its people: an e-mail address, or an address that begins with https://; may be empty
	Issuer      string          `json:"issuer"`                 // what authenticator apps show; empty for the name
	Plan        string          `json:"plan"`                   // the plan it is on
	TrialEndsAt time.Time       `json:"trial_ends_at,omitzero"` // when its trial ends, or has ended
	Methods     []AccountMethod `json:"methods"`                // which second factors its people can set up, in the order of the policy
	CreatedAt   time.Time       `json:"created_at"`             // when it was created
}

// AccountMethod says whether people of an account can set a method up.
type AccountMethod struct {
	Method    string    `json:"method"`         // the method
	Available bool      `json:"available"`      // whether people can set it up now
	WhyNot    string    `json:"why_not"`        // why not: the policy leaves it out; it is not part of the plan, or of the trial; nothing is set up that could send; certain models of passkeys are allowed and can’t be checked; the server’s public address has no name
	Until     time.Time `json:"until,omitzero"` // when the exception ends that makes it available
}

// UpdateAccountRequest changes an account’s name and look; what is nil stays.
type UpdateAccountRequest struct {
	Name    *string `json:"name,omitempty"`    // the organisation’s name, 1 to 80 characters
	Accent  *string `json:"accent,omitempty"`  // the colour of its pages; empty for the product’s
	Support *string `json:"support,omitempty"` // who helps its people: an e-mail address, or an address that begins with https://; may be empty
	Issuer  *string `json:"issuer,omitempty"`  // what authenticator apps show; empty for the name
}

// Policy is an account’s settings.
type Policy struct {
	Version            string   `json:"version"`              // names the policy: another one has another version
	Enforcement        string   `json:"enforcement"`          // whether everybody must have a second factor
	EnforcementAdmins  string   `json:"enforcement_admins"`   // whether owners and administrators must; the stricter of the two counts for them
	APISecondFactor    string   `json:"api_second_factor"`    // whether API keys of people with a second factor need one too: required or off
	GraceDays          int      `json:"grace_days"`           // days from the demand to its effect
	MailedSetUp        bool     `json:"mailed_set_up"`        // whether a mailed code comes before the first device that is set up at sign-in
	BackupCodes        bool     `json:"backup_codes"`         // whether people have ten backup codes
	AdminReset         bool     `json:"admin_reset"`          // whether administrators may reset people’s second factor
	AdminCodes         bool     `json:"admin_codes"`          // whether administrators may give out single backup codes
	Removal            string   `json:"removal"`              // what a person shows to remove a second factor
	Enrolment          string   `json:"enrolment"`            // what a person shows to add one
	MaxDevicesPerKind  int      `json:"max_devices_per_kind"` // the most devices of one kind
	ClockTolerance     string   `json:"clock_tolerance"`      // how far a device’s clock may be off, 0s to 180s
	Methods            []string `json:"methods"`              // the methods that people may set up; the first is offered first
	PasskeyRequired    string   `json:"passkey_required"`     // whose second factor must be a passkey
	PasskeyModels      []string `json:"passkey_models"`       // the models of passkeys that may be added, by their AAGUIDs; empty for all
	TrustedBrowserDays int      `json:"trusted_browser_days"` // how long a browser is trusted; 0 for never
	MailedDisable      string   `json:"mailed_disable"`       // what a token does that is mailed to somebody who can’t give the second factor at sign-in
	MailedDisableDelay string   `json:"mailed_disable_delay"` // from that token to its effect, 0s to 720h
	SMSCountries       []string `json:"sms_countries"`        // the countries of numbers that may be added, by their ISO 3166 codes; empty for all that the operator allows
	SMSDailyBudget     int      `json:"sms_daily_budget"`     // the most text messages a day; 0 for the server’s limit
	SessionLifetime    string   `json:"session_lifetime"`     // how long a session lasts, 5m to 720h
	SessionIdle        string   `json:"session_idle"`         // how long it lasts without use, 1m to session_lifetime
}

// PolicyChange changes some settings of a policy; what is nil stays.
type PolicyChange struct {
	Version            string   `json:"version,omitempty"`              // names the policy: another one has another version
	Enforcement        *string  `json:"enforcement,omitempty"`          // whether everybody must have a second factor
	EnforcementAdmins  *string  `json:"enforcement_admins,omitempty"`   // whether owners and administrators must; the stricter of the two counts for them
	APISecondFactor    *string  `json:"api_second_factor,omitempty"`    // whether API keys of people with a second factor need one too: required or off
	GraceDays          *int     `json:"grace_days,omitempty"`           // days from the demand to its effect
	MailedSetUp        *bool    `json:"mailed_set_up,omitempty"`        // whether a mailed code comes before the first device that is set up at sign-in
	BackupCodes        *bool    `json:"backup_codes,omitempty"`         // whether people have ten backup codes
	AdminReset         *bool    `json:"admin_reset,omitempty"`          // whether administrators may reset people’s second factor
	AdminCodes         *bool    `json:"admin_codes,omitempty"`          // whether administrators may give out single backup codes
	Removal            *string  `json:"removal,omitempty"`              // what a person shows to remove a second factor
	Enrolment          *string  `json:"enrolment,omitempty"`            // what a person shows to add one
	MaxDevicesPerKind  *int     `json:"max_devices_per_kind,omitempty"` // the most devices of one kind
	ClockTolerance     *string  `json:"clock_tolerance,omitempty"`      // how far a device’s clock may be off, 0s to 180s
	Methods            []string `json:"methods,omitzero"`               // the methods that people may set up; the first is offered first
	PasskeyRequired    *string  `json:"passkey_required,omitempty"`     // whose second factor must be a passkey
	PasskeyModels      []string `json:"passkey_models,omitzero"`        // the models of passkeys that may be added, by their AAGUIDs; empty for all
	TrustedBrowserDays *int     `json:"trusted_browser_days,omitempty"` // how long a browser is trusted; 0 for never
	MailedDisable      *string  `json:"mailed_disable,omitempty"`       // what a token does that is mailed to somebody who can’t give the second factor at sign-in
	MailedDisableDelay *string  `json:"mailed_disable_delay,omitempty"` // from that token to its effect, 0s to 720h
	SMSCountries       []string `json:"sms_countries,omitzero"`         // the countries of numbers that may be added, by their ISO 3166 codes; empty for all that the operator allows
	SMSDailyBudget     *int     `json:"sms_daily_budget,omitempty"`     // the most text messages a day; 0 for the server’s limit
	SessionLifetime    *string  `json:"session_lifetime,omitempty"`     // how long a session lasts, 5m to 720h
	SessionIdle        *string  `json:"session_idle,omitempty"`         // how long it lasts without use, 1m to session_lifetime
}

// PolicyPreview tells what a change would do.
type PolicyPreview struct {
	Policy          Policy         `json:"policy"`              // the policy as it would be
	Stricter        bool           `json:"stricter"`            // whether something is asked that was not, or sooner, or a method goes
	Demands         []PolicyDemand `json:"demands"`             // what is another demand than now, owners first
	Names           []string       `json:"names"`               // who the first of them are who have no second factor; three at most
	SessionsEnded   int            `json:"sessions_ended"`      // how many people are signed in without one, whose sessions end
	MethodsGone     []string       `json:"methods_gone"`        // methods that can’t be set up any more
	OnlyGoneMethods int            `json:"only_gone_methods"`   // how many people have second factors of these methods only; those go on to work
	PasskeysNeeded  int            `json:"passkeys_needed"`     // how many people with a second factor must add a passkey before they are in again
	TrustEnds       bool           `json:"trust_ends"`          // whether every browser that is trusted now is asked again
	LocksOut        bool           `json:"locks_out"`           // whether nothing can be set up, so that who is asked can’t get in
	CountedAt       time.Time      `json:"counted_at,omitzero"` // when the numbers were counted; absent for just now
}

// PolicyDemand counts people by what a policy would ask of them.
type PolicyDemand struct {
	Role   string    `json:"role"`        // of whom
	Demand string    `json:"demand"`      // what
	By     time.Time `json:"by,omitzero"` // in the grace, by when for those who have been there longest
	People int       `json:"people"`      // how many people it is asked of
}

// MailSettings is how an account’s mail leaves.
type MailSettings struct {
	Server    *MailServer `json:"server,omitempty"` // the account’s own mail server; absent if it has none
	Shared    bool        `json:"shared"`           // whether there is a server for everybody where an account has none of its own
	HoldsBack bool        `json:"holds_back"`       // whether owners and administrators are mailed nothing that opens their account, until an owner saves the server
	Mailboxes int         `json:"mailboxes"`        // how many people have codes by e-mail as a second factor
}

// MailServer is an account’s own mail server, without its password.
type MailServer struct {
	Host        string      `json:"host"`                  // its name or address
	Port        int         `json:"port"`                  // its port
	Security    string      `json:"security"`              // how the connection is encrypted
	User        string      `json:"user"`                  // the name to sign in with; may be empty
	HasPassword bool        `json:"has_password"`          // whether a password is stored. It is never told
	ByOwner     bool        `json:"by_owner"`              // whether an owner or the operator chose it: else owners and administrators get nothing through it that opens their account
	From        string      `json:"from"`                  // who sends
	LastResult  *MailResult `json:"last_result,omitempty"` // how the last mail went
}

// MailResult is how the last mail went.
type MailResult struct {
	OK     bool      `json:"ok"`     // whether the server took it
	Code   string    `json:"code"`   // what came of it, for programs
	Detail string    `json:"detail"` // what came of it, for people. What the server said is in it: not to be trusted
	At     time.Time `json:"at"`     // when
}

// SetMailServerRequest gives the account a mail server of its own.
type SetMailServerRequest struct {
	Host           string `json:"host"`                      // its name or address
	Port           int    `json:"port"`                      // its port; usually 587 with starttls, 465 with tls
	Security       string `json:"security"`                  // how the connection is encrypted
	User           string `json:"user,omitempty"`            // the name to sign in with
	ServerPassword string `json:"server_password,omitempty"` // the password that goes with it; it is stored sealed, and never told
	From           string `json:"from"`                      // who sends
	Password       string `json:"password"`                  // your own password
}

// AuditEvent is an entry of the audit log.
type AuditEvent struct {
	ID        string            `json:"id"`               // the entry’s id
	At        time.Time         `json:"at"`               // when it happened
	Action    string            `json:"action"`           // what happened: an object, a full stop, a verb in the past
	Group     string            `json:"group"`            // what sort of thing it is
	By        string            `json:"by"`               // who did it: a user; whoever runs the server; somebody who had proved nothing
	Actor     *AuditPerson      `json:"actor,omitempty"`  // the user who did it
	Person    *AuditPerson      `json:"person,omitempty"` // the user whom it concerns
	Target    string            `json:"target"`           // the id of what it happened to
	Address   string            `json:"address"`          // from where
	UserAgent string            `json:"user_agent"`       // what the program that did it says of itself: a claim
	Detail    map[string]string `json:"detail"`           // small facts, by their names
}

// AuditPerson is somebody whom the audit log names.
type AuditPerson struct {
	ID    string `json:"id"`    // the user’s id
	Email string `json:"email"` // their address; absent if they are gone
	Name  string `json:"name"`  // what they are called
}

// AuditPage is a page of the audit log.
type AuditPage struct {
	Items []AuditEvent `json:"items"` // the entries of this page, newest first
	Next  string       `json:"next"`  // the cursor of the next page; absent on the last
}

// GetAccount reads the account of who calls.
func (c *Client) GetAccount(ctx context.Context) (out Account, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/account", nil, nil, &out)
	return out, err
}

// UpdateAccount changes the account’s name and look.
func (c *Client) UpdateAccount(ctx context.Context, in UpdateAccountRequest) (out Account, err error) {
	err = c.call(ctx, http.MethodPatch, "/v1/account", nil, in, &out)
	return out, err
}

// ListAuditEvents reads the audit log, newest first.
func (c *Client) ListAuditEvents(ctx context.Context, q AuditQuery) (out AuditPage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/account/audit", q.values(), nil, &out)
	return out, err
}

// GetMailServer reads the account’s mail server.
func (c *Client) GetMailServer(ctx context.Context) (out MailSettings, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/account/mail", nil, nil, &out)
	return out, err
}

// SetMailServer gives the account a mail server of its own.
func (c *Client) SetMailServer(ctx context.Context, in SetMailServerRequest) (out MailSettings, err error) {
	err = c.call(ctx, http.MethodPut, "/v1/account/mail", nil, in, &out)
	return out, err
}

// RemoveMailServer takes the account’s own mail server away.
func (c *Client) RemoveMailServer(ctx context.Context, password string) error {
	return c.call(ctx, http.MethodPost, "/v1/account/mail/remove", nil, map[string]string{"password": password}, nil)
}

// TestMailServer sends a test message to the caller’s own address.
func (c *Client) TestMailServer(ctx context.Context) error {
	return c.call(ctx, http.MethodPost, "/v1/account/mail/test", nil, nil, nil)
}

// GetPolicy reads the account’s policy.
func (c *Client) GetPolicy(ctx context.Context) (out Policy, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/account/policy", nil, nil, &out)
	return out, err
}

// UpdatePolicy changes settings of the policy.
func (c *Client) UpdatePolicy(ctx context.Context, in PolicyChange) (out Policy, err error) {
	err = c.call(ctx, http.MethodPatch, "/v1/account/policy", nil, in, &out)
	return out, err
}

// PreviewPolicy reads what a change of the policy would do at once.
func (c *Client) PreviewPolicy(ctx context.Context, in PolicyChange) (out PolicyPreview, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/account/policy/preview", nil, in, &out)
	return out, err
}
