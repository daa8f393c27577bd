package client

import (
	"context"
	"net/http"
	"time"
)

// ManagedAccount is an account as the operator sees it.
type ManagedAccount struct {
	ID          string             `json:"id"`                     // the account’s id
	Slug        string             `json:"slug"`                   // the short name of the sign-in address
	Name        string             `json:"name"`                   // the organisation’s name
	SignInURL   string             `json:"sign_in_url"`            // where its people sign in
	Plan        string             `json:"plan"`                   // the plan that counts for it
	DefaultPlan bool               `json:"default_plan"`           // whether that is the default plan because none was named
	PlanKnown   bool               `json:"plan_known"`             // whether the settings have the plan; one that they lack counts as the smallest
	TrialEndsAt time.Time          `json:"trial_ends_at,omitzero"` // when its trial ends, or has ended
	Suspended   bool               `json:"suspended"`              // whether all of its people are kept out
	SuspendedAt time.Time          `json:"suspended_at,omitzero"`  // since when
	Methods     []EntitledMethod   `json:"methods"`                // what it may use now
	Exceptions  []AccountException `json:"exceptions"`             // the exceptions made for it, those that have ended too
	CreatedAt   time.Time          `json:"created_at"`             // when it was created
}

// ManagedAccountDetails has its people counted.
type ManagedAccountDetails struct {
	ManagedAccount

	People                 int `json:"people"`                    // how many people it has, without those who are locked or have not come yet
	PeopleWithSecondFactor int `json:"people_with_second_factor"` // how many of them have a second factor
}

// EntitledMethod says whether an account’s plan has a method.
type EntitledMethod struct {
	Method  string    `json:"method"`         // the method
	Allowed bool      `json:"allowed"`        // whether the account may use it now
	Why     string    `json:"why"`            // why, or why not
	Until   time.Time `json:"until,omitzero"` // when the exception ends that allows it
}

// AccountException is a method that an account may use beyond its plan.
type AccountException struct {
	Method string    `json:"method"` // the method
	Reason string    `json:"reason"` // why
	Until  time.Time `json:"until"`  // when it ends
	Runs   bool      `json:"runs"`   // whether it has not ended
	By     string    `json:"by"`     // who made it
	At     time.Time `json:"at"`     // when it was made
}

// ManagedAccountPage is a page of accounts.
type ManagedAccountPage struct {
	Items []ManagedAccount `json:"items"` // the accounts of this page, in the order they were made
	Next  string           `json:"next"`  // the cursor of the next page; absent on the last
}

// CreateAccountRequest creates an account.
type CreateAccountRequest struct {
	Slug        string        `json:"slug"`                    // short name, for the sign-in address: 2 to 40 small letters, digits and hyphens
	Name        string        `json:"name"`                    // the organisation’s name, 1 to 80 characters
	Plan        string        `json:"plan,omitempty"`          // its plan, one of the settings; without it, the default plan
	TrialEndsAt string        `json:"trial_ends_at,omitempty"` // when its trial ends; without it there is none
	Owner       *AccountOwner `json:"owner,omitempty"`         // who is invited as its first owner
}

// AccountOwner is who is invited as the owner of a new account.
type AccountOwner struct {
	Email string `json:"email"`          // where the invitation goes, and what they will sign in with
	Name  string `json:"name,omitempty"` // what they are called
}

// UpdateManagedAccountRequest changes an account; what is nil stays.
type UpdateManagedAccountRequest struct {
	Plan        *string        `json:"plan,omitempty"`          // its plan, one of the settings; “default” for the default plan
	TrialEndsAt *string        `json:"trial_ends_at,omitempty"` // when its trial ends; an empty text ends it
	Suspended   *bool          `json:"suspended,omitempty"`     // whether all of its people are kept out
	Allow       []NewException `json:"allow,omitzero"`          // exceptions to make; each takes the place of one for the same method
	Disallow    []string       `json:"disallow,omitzero"`       // exceptions to take back, by their methods
}

// NewException allows a method for a time.
type NewException struct {
	Method string `json:"method"` // the method
	Reason string `json:"reason"` // why, in up to 200 characters; it stands in the audit log
	Until  string `json:"until"`  // when it ends; two years from now at most
}

// ListAccounts reads all accounts.
func (c *Client) ListAccounts(ctx context.Context, q AccountQuery) (out ManagedAccountPage, err error) {
	err = c.call(ctx, http.MethodGet, "/v1/accounts", q.values(), nil, &out)
	return out, err
}

// CreateAccount creates an account.
func (c *Client) CreateAccount(ctx context.Context, in CreateAccountRequest) (out ManagedAccountDetails, err error) {
	err = c.call(ctx, http.MethodPost, "/v1/accounts", nil, in, &out)
	return out, err
}

// GetManagedAccount reads one account.
func (c *Client) GetManagedAccount(ctx context.Context, id string) (out ManagedAccountDetails, err error) {
	err = c.call(ctx, http.MethodGet, at("/v1/accounts/", id), nil, nil, &out)
	return out, err
}

// UpdateManagedAccount changes plan, trial, suspension or exceptions.
func (c *Client) UpdateManagedAccount(ctx context.Context, id string, in UpdateManagedAccountRequest) (out ManagedAccountDetails, err error) {
	err = c.call(ctx, http.MethodPatch, at("/v1/accounts/", id), nil, in, &out)
	return out, err
}
