package api

import (
	"context"
	"net/http"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/admin"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
	"sallyport/internal/id"
)

// errTime refuses what is no time.
var errTime = errs.New(errs.Invalid, "time_invalid", "Write a time as RFC 3339 has it, like 2026-12-31T00:00:00Z.")

// accountException lets an account use a method beyond its plan or trial.
type accountException struct {
	Method string    `json:"method" enum:"totp,passkey,sms,email" doc:"The method."`
	Reason string    `json:"reason" example:"Pilot, ticket 4711" doc:"Why."`
	Until  time.Time `json:"until" doc:"When it ends."`
	Runs   bool      `json:"runs" doc:"Whether it has not ended."`
	By     string    `json:"by" example:"operator" doc:"Who made it."`
	At     time.Time `json:"at" doc:"When it was made."`
}

// entitledMethod says whether an account may use a method, by its plan, trial and exceptions.
type entitledMethod struct {
	Method  string    `json:"method" enum:"totp,passkey,sms,email" doc:"The method."`
	Allowed bool      `json:"allowed" doc:"Whether the account may use it now."`
	Why     string    `json:"why" enum:"by_plan,by_exception,not_in_plan,not_in_trial" doc:"Why, or why not."`
	Until   time.Time `json:"until,omitzero" doc:"When the exception ends that allows it."`
}

// ManagedAccount (exported for huma alone, which documents no embedded type that is not) is an account as the operator sees it.
type ManagedAccount struct {
	ID          string             `json:"id" example:"acc_01jd3k8zq0c4m" doc:"The account’s id."`
	Slug        string             `json:"slug" example:"acme" doc:"The short name of the sign-in address."`
	Name        string             `json:"name" example:"Acme" doc:"The organisation’s name."`
	SignInURL   string             `json:"sign_in_url" example:"https://login.example.com/sign-in?account=acme" doc:"Where its people sign in."`
	Plan        string             `json:"plan" example:"business" doc:"The plan that counts for it."`
	DefaultPlan bool               `json:"default_plan" doc:"Whether that is the default plan because none was named."`
	PlanKnown   bool               `json:"plan_known" doc:"Whether the settings have the plan; one that they lack counts as the smallest."`
	TrialEnds   time.Time          `json:"trial_ends_at,omitzero" doc:"When its trial ends, or has ended."`
	Suspended   bool               `json:"suspended" doc:"Whether all of its people are kept out."`
	SuspendedAt time.Time          `json:"suspended_at,omitzero" doc:"Since when."`
	Methods     []entitledMethod   `json:"methods" doc:"What it may use now."`
	Exceptions  []accountException `json:"exceptions" doc:"The exceptions made for it, those that have ended too."`
	CreatedAt   time.Time          `json:"created_at" doc:"When it was created."`
}

// managedAccountDetails is all that the operator sees of one account.
type managedAccountDetails struct {
	ManagedAccount
	People       int `json:"people" doc:"How many people it has, without those who are locked or have not come yet."`
	SecondFactor int `json:"people_with_second_factor" doc:"How many of them have a second factor."`
}

// managedAccountList is a page of the accounts.
type managedAccountList struct {
	Items []ManagedAccount `json:"items" doc:"The accounts of this page, in the order they were made."`
	Next  string           `json:"next,omitempty" doc:"The cursor of the next page; absent on the last."`
}

// manage tells the operator of an account.
func (s *Server) manage(a account.Account) ManagedAccount {
	now, plans := s.Now(), s.Admin.Plans
	plan, known := plans.Of(a)
	m := ManagedAccount{
		ID: a.ID, Slug: a.Slug, Name: a.Name, SignInURL: s.signInURL(a), Plan: plan.Name, DefaultPlan: a.Plan == "", PlanKnown: known,
		TrialEnds: stamp(a.TrialEndsAt), Suspended: !a.SuspendedAt.IsZero(), SuspendedAt: stamp(a.SuspendedAt), Exceptions: []accountException{}, CreatedAt: stamp(a.CreatedAt),
	}
	for _, method := range account.Methods() {
		e := plans.Entitled(a, method, now)
		m.Methods = append(m.Methods, entitledMethod{string(method), e.Allowed(), string(e.Why), stamp(e.Until)})
	}
	for _, g := range a.Allowances {
		m.Exceptions = append(m.Exceptions, accountException{string(g.Method), g.Reason, stamp(g.Until), g.Runs(now), g.By, stamp(g.At)})
	}
	return m
}

func (s *Server) manageAll(ctx context.Context, a account.Account) (managedAccountDetails, error) {
	day, err := s.Admin.Standing(ctx, a)
	return managedAccountDetails{s.manage(a), day.People(), day.Ready}, err
}

func (s *Server) operatorCalls(t *table) {
	operator := func(c call) call {
		c.level, c.fresh, c.scope, c.key, c.group = httpx.AAL2, httpx.AnyAge, httpx.Operator, "operator", "Accounts"
		return c
	}
	add(t, operator(call{id: "listAccounts", route: "GET /v1/accounts", summary: "All accounts"}), s.listAccounts)
	add(t, operator(call{
		id: "createAccount", route: "POST /v1/accounts", summary: "Create an account", status: http.StatusCreated,
		tells: "With `owner`, its first owner is invited: both is done or neither.",
	}), s.createAccount)
	add(t, operator(call{id: "getManagedAccount", route: "GET /v1/accounts/{id}", summary: "One account"}), s.getManaged)
	add(t, operator(call{
		id: "updateManagedAccount", route: "PATCH /v1/accounts/{id}", summary: "Change plan, trial, suspension or exceptions",
		tells: "What is left out stays as it is; all of it is done or nothing. A suspended account’s sessions end within a second.",
	}), s.updateManaged)
}

type listAccountsCall struct {
	Page
	Slug string `query:"slug" maxLength:"40" example:"acme" doc:"Only the account with this short name."`
}

type managedAccountListAnswer struct{ Body managedAccountList }

func (s *Server) listAccounts(ctx context.Context, in *listAccountsCall) (*managedAccountListAnswer, error) {
	list := managedAccountList{Items: []ManagedAccount{}}
	if in.Slug != "" {
		a, err := s.Admin.AccountBySlug(ctx, in.Slug)
		switch {
		case err == nil:
			list.Items = append(list.Items, s.manage(a))
		case !errs.From(err).Is(account.ErrNotFound):
			return nil, err
		}
		return &managedAccountListAnswer{list}, nil
	}
	if _, ok := id.Time("acc", in.Cursor); !ok && in.Cursor != "" {
		return nil, errCursor
	}
	all, next, err := s.Admin.Accounts(ctx, in.Cursor, in.Limit)
	if err != nil {
		return nil, err
	}
	list.Next = next
	for _, a := range all {
		list.Items = append(list.Items, s.manage(a))
	}
	return &managedAccountListAnswer{list}, nil
}

// accountOwner is who is to be invited as an account's first owner.
type accountOwner struct {
	Email string `json:"email" maxLength:"320" example:"ada@example.com" doc:"Where the invitation goes, and what they will sign in with."`
	Name  string `json:"name,omitempty" maxLength:"200" example:"Ada Lovelace" doc:"What they are called."`
}

// createAccountRequest is what an account is made from.
type createAccountRequest struct {
	Slug        string        `json:"slug" maxLength:"40" example:"acme" doc:"Short name, for the sign-in address: 2 to 40 small letters, digits and hyphens."`
	Name        string        `json:"name" maxLength:"200" example:"Acme" doc:"The organisation’s name, 1 to 80 characters."`
	Plan        string        `json:"plan,omitempty" minLength:"1" maxLength:"40" example:"business" doc:"Its plan, one of the settings; without it, the default plan."`
	TrialEndsAt string        `json:"trial_ends_at,omitempty" maxLength:"40" example:"2026-12-31T00:00:00Z" doc:"When its trial ends; without it there is none."`
	Owner       *accountOwner `json:"owner,omitempty" doc:"Who is invited as its first owner."`
}

type managedAccountAnswer struct {
	Location string `header:"Location" doc:"Where the new account is found."`
	Body     managedAccountDetails
}

func (s *Server) createAccount(ctx context.Context, in *struct{ Body createAccountRequest }) (*managedAccountAnswer, error) {
	n := admin.NewAccount{Slug: in.Body.Slug, Name: in.Body.Name, Terms: account.Terms{Plan: in.Body.Plan}}
	var err error
	if n.Terms.TrialEndsAt, err = timeIn("trial_ends_at", in.Body.TrialEndsAt); err != nil {
		return nil, err
	}
	if owner := in.Body.Owner; owner != nil {
		n.Owner = &admin.Invitee{Email: owner.Email, Name: owner.Name}
	}
	a, _, err := s.Admin.CreateAccount(ctx, n, by(ctx))
	if err != nil {
		return nil, err
	}
	carriedOut(ctx)
	d, err := s.manageAll(ctx, a)
	return &managedAccountAnswer{Location: Prefix + "accounts/" + a.ID, Body: d}, err
}

// timeIn reads a time; an empty text is the zero time.
func timeIn(field, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil || at.Year() < 2000 || at.Year() > 2200 {
		return at, errTime.In(field)
	}
	return at.UTC(), nil
}

// AccountID names an account in the address; exported as Page is.
type AccountID struct {
	ID string `path:"id" maxLength:"100" example:"acc_01jd3k8zq0c4m" doc:"The account’s id."`
}

type managedAccountGot struct{ Body managedAccountDetails }

func (s *Server) getManaged(ctx context.Context, in *AccountID) (*managedAccountGot, error) {
	a, err := s.Admin.AccountByID(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	d, err := s.manageAll(ctx, a)
	return &managedAccountGot{d}, err
}

// newException is an exception that is to be made.
type newException struct {
	Method string `json:"method" enum:"totp,passkey,sms,email" doc:"The method."`
	Reason string `json:"reason" maxLength:"400" example:"Pilot, ticket 4711" doc:"Why, in up to 200 characters; it stands in the audit log."`
	Until  string `json:"until" maxLength:"40" example:"2026-12-31T00:00:00Z" doc:"When it ends; two years from now at most."`
}

// updateManagedRequest says what is to become of an account.
type updateManagedRequest struct {
	Plan        *string        `json:"plan,omitempty" minLength:"1" maxLength:"40" example:"business" doc:"Its plan, one of the settings; “default” for the default plan."`
	TrialEndsAt *string        `json:"trial_ends_at,omitempty" maxLength:"40" example:"2026-12-31T00:00:00Z" doc:"When its trial ends; an empty text ends it."`
	Suspended   *bool          `json:"suspended,omitempty" doc:"Whether all of its people are kept out."`
	Allow       []newException `json:"allow,omitempty" maxItems:"4" doc:"Exceptions to make; each takes the place of one for the same method."`
	Disallow    []string       `json:"disallow,omitempty" maxItems:"4" enum:"totp,passkey,sms,email" doc:"Exceptions to take back, by their methods."`
}

func (s *Server) updateManaged(ctx context.Context, in *struct {
	AccountID
	Body updateManagedRequest
},
) (*managedAccountGot, error) {
	c := account.Change{Plan: in.Body.Plan, Suspended: in.Body.Suspended}
	if text := in.Body.TrialEndsAt; text != nil {
		at, err := timeIn("trial_ends_at", *text)
		if err != nil {
			return nil, err
		}
		c.TrialEndsAt = &at
	}
	for _, e := range in.Body.Allow {
		at, err := timeIn("allow.until", e.Until)
		if err != nil {
			return nil, err
		}
		c.Allow = append(c.Allow, account.Allowance{Method: account.Method(e.Method), Reason: e.Reason, Until: at})
	}
	for _, m := range in.Body.Disallow {
		c.Disallow = append(c.Disallow, account.Method(m))
	}
	a, err := s.Admin.AlterAccount(ctx, in.ID, c, by(ctx))
	if err != nil {
		return nil, err
	}
	d, err := s.manageAll(ctx, a)
	return &managedAccountGot{d}, err
}
