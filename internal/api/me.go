package api

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/httpx"
)

// me is the person who calls, and what their account wants of them.
type me struct {
	ID        string     `json:"id" example:"usr_01jd3k8zq0c4m" doc:"The user's id."`
	Email     string     `json:"email" example:"ada@example.com" doc:"The address that they sign in with."`
	Name      string     `json:"name" example:"Ada Lovelace" doc:"What they are called."`
	Role      string     `json:"role" enum:"owner,admin,member" doc:"What they may do in the account."`
	Account   ownAccount `json:"account" doc:"The organisation that they belong to."`
	Level     string     `json:"level" enum:"aal1,aal2" doc:"How strongly this caller is authenticated (NIST SP 800-63B)."`
	AMR       []string   `json:"amr" example:"[\"pwd\",\"otp\",\"mfa\"]" doc:"By which methods (RFC 8176)."`
	ProvedAt  *time.Time `json:"proved_at,omitempty" doc:"When the second factor was last proved in this session. Administrators’ work wants it within the last 15 minutes."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When the session ends, used or not. Absent for a program that calls with an API key."`
	TwoFactor twoFactor  `json:"two_factor" doc:"How they stand with their second factor."`
	Policy    ownPolicy  `json:"policy" doc:"The account's policy, as it applies to them."`
}

// ownAccount is the organisation of the person who calls.
type ownAccount struct {
	ID   string `json:"id" example:"acc_01jd3k8zq0c4k" doc:"The account's id."`
	Slug string `json:"slug" example:"acme" doc:"The short name of the sign-in address."`
	Name string `json:"name" example:"Acme" doc:"What it is called."`
}

// twoFactor is how a person stands with their second factor.
type twoFactor struct {
	On          bool       `json:"on" doc:"Whether they have one."`
	Demand      string     `json:"demand" enum:"nothing,advised,grace,set_up,prove" doc:"What the account asks at the next sign-in. prove: to use the one they have. grace: to set one up by the time in “by”."`
	Cause       string     `json:"cause" enum:"own_choice,recommended,required,required_of_admin,reset" doc:"Why."`
	By          *time.Time `json:"by,omitempty" doc:"grace: until when."`
	PasskeyOnly bool       `json:"passkey_only,omitempty" doc:"Only a passkey will do, or a backup code."`
	EndsAt      *time.Time `json:"ends_at,omitempty" doc:"When it ends, if that was asked for by a mailed token and not called off."`
}

// ownPolicy is an account's policy as it applies to one of its people.
type ownPolicy struct {
	Required           bool            `json:"required" doc:"Whether a second factor is required of them, at once or after the grace."`
	Methods            []offeredMethod `json:"methods" doc:"What they may set up, the one to offer first at the beginning."`
	MaxDevicesPerKind  int             `json:"max_devices_per_kind" example:"5" doc:"How many factors of one kind they may have."`
	BackupCodes        bool            `json:"backup_codes" doc:"Whether they have backup codes."`
	TrustedBrowserDays int             `json:"trusted_browser_days" example:"90" doc:"For how many days a browser may be trusted; 0 for none."`
	SessionLifetime    string          `json:"session_lifetime" example:"24h" doc:"The whole length of a session."`
	SessionIdle        string          `json:"session_idle" example:"1h" doc:"The length without use after which it ends."`
	Enrolment          neededProofs    `json:"enrolment" doc:"What adding a factor asks for now."`
	Removal            neededProofs    `json:"removal" doc:"What removing a factor, and making new backup codes, asks for now."`
}

// offeredMethod is one sort of second factor.
type offeredMethod struct {
	Kind      string `json:"kind" enum:"totp,passkey,sms,email" doc:"Which."`
	Available bool   `json:"available" doc:"Whether it can be set up now."`
	Why       string `json:"why,omitempty" enum:"plan,trial,channel,roots,domain" doc:"Why not."`
}

// neededProofs are what a change asks for.
type neededProofs struct {
	Password bool `json:"password" doc:"The password."`
	Code     bool `json:"code" doc:"A code besides."`
}

type meAnswer struct{ Body me }

type changePasswordRequest struct {
	Password    string `json:"password" minLength:"1" maxLength:"4096" example:"seven unrelated ferry bells" doc:"The one they have now."`
	NewPassword string `json:"new_password" minLength:"1" maxLength:"4096" example:"nine patient harbour clocks" doc:"The one to have from now on."`
}

func (s *Server) meCalls(t *table) {
	add(t, call{
		id: "getMe", route: "GET /v1/me", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Self, key: "read",
		group: "Me", summary: "Who calls",
	}, s.me)
	add(t, call{
		id: "changePassword", route: "POST /v1/me/password", level: httpx.AAL1, fresh: httpx.Proved, scope: httpx.Self,
		group: "Me", summary: "Change one's password", tells: "All other sessions of the person end, and this one goes on under a new token. The second factor stays as it is.",
	}, s.changePassword)
}

func (s *Server) me(ctx context.Context, _ *struct{}) (*meAnswer, error) {
	w, now := signedIn(ctx), s.Now()
	offers, err := s.Profile.OwnOffers(ctx, w)
	if err != nil {
		return nil, err
	}
	owed, p := w.Owed(now), w.Account.Policy
	m := me{
		ID: w.User.ID, Email: w.User.Email, Name: w.User.Name, Role: string(w.User.Role), Level: string(w.Level), AMR: w.AMR,
		Account: ownAccount{w.Account.ID, w.Account.Slug, w.Account.Name}, ProvedAt: when(w.ProvedAt),
		TwoFactor: twoFactor{
			On: w.User.Devices() > 0, Demand: string(owed.Demand), Cause: string(owed.Cause), By: when(owed.By),
			PasskeyOnly: owed.PasskeyOnly(), EndsAt: when(w.User.TwoFactorEndsAt),
		},
		Policy: ownPolicy{
			Required: w.Account.Requires(w.User.Role.Administers()), MaxDevicesPerKind: p.MaxDevicesPerKind, BackupCodes: p.BackupCodes,
			TrustedBrowserDays: p.TrustedBrowserDays, SessionLifetime: p.SessionLifetime.String(), SessionIdle: p.SessionIdle.String(),
			Enrolment: neededProofs(s.Profile.ToAdd(w)), Removal: neededProofs(s.Profile.ToRemove(w)), Methods: []offeredMethod{},
		},
	}
	if !w.ByKey() {
		m.ExpiresAt = when(w.ExpiresAt)
	}
	for _, o := range offers {
		if o.Why != account.NotByPolicy { // what the organisation does not want is not dangled before its people
			m.Policy.Methods = append(m.Policy.Methods, offeredMethod{Kind: string(o.Method), Available: o.Why == "", Why: string(o.Why)})
		}
	}
	return &meAnswer{m}, nil
}

func (s *Server) changePassword(ctx context.Context, in *struct{ Body changePasswordRequest }) (*renewalAnswer, error) {
	token, err := s.Profile.ChangePassword(ctx, signedIn(ctx), in.Body.Password, in.Body.NewPassword, by(ctx))
	if e := errs.From(err); e != nil {
		if e.Field == "new" {
			e = e.In("new_password")
		}
		return nil, e
	}
	on, err := s.goesOn(ctx, token)
	return &renewalAnswer{renewal{on}}, err
}
