package api

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/httpx"
)

// accountMethod says whether people of an account can set a method up.
type accountMethod struct {
	Method string    `json:"method" enum:"totp,passkey,sms,email" doc:"The method."`
	Open   bool      `json:"available" doc:"Whether people can set it up now."`
	Why    string    `json:"why_not,omitempty" enum:"policy,plan,trial,channel,roots,domain" doc:"Why not: the policy leaves it out; it is not part of the plan, or of the trial; nothing is set up that could send; certain models of passkeys are allowed and can’t be checked; the server’s public address has no name."`
	Until  time.Time `json:"until,omitzero" doc:"When the exception ends that makes it available."`
}

// organisation is an account as its administrators see it.
type organisation struct {
	ID        string          `json:"id" example:"acc_01jd3k8zq0c4m" doc:"The account’s id."`
	Slug      string          `json:"slug" example:"acme" doc:"The short name of the sign-in address."`
	Name      string          `json:"name" example:"Acme" doc:"The organisation’s name."`
	SignInURL string          `json:"sign_in_url" example:"https://login.example.com/sign-in?account=acme" doc:"Where its people sign in."`
	Accent    string          `json:"accent" example:"#0b5a68" doc:"The colour of its pages; empty for the product’s."`
	Support   string          `json:"support" example:"help@example.com" doc:"Who helps its people: an e-mail address, or an address that begins with https://; may be empty."`
	Issuer    string          `json:"issuer" example:"Acme Cloud" doc:"What authenticator apps show; empty for the name."`
	Plan      string          `json:"plan" example:"business" doc:"The plan it is on."`
	TrialEnds time.Time       `json:"trial_ends_at,omitzero" doc:"When its trial ends, or has ended."`
	Methods   []accountMethod `json:"methods" doc:"Which second factors its people can set up, in the order of the policy."`
	CreatedAt time.Time       `json:"created_at" doc:"When it was created."`
}

type organisationAnswer struct{ Body organisation }

func (s *Server) accountCalls(t *table) {
	add(t, call{
		id: "getAccount", route: "GET /v1/account", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Account, key: "admin",
		group: "Account", summary: "The account of who calls",
	}, s.account)
	add(t, call{
		id: "updateAccount", route: "PATCH /v1/account", level: httpx.AAL2, fresh: httpx.AnyAge, scope: httpx.Account, key: "admin",
		group: "Account", summary: "Change its name and look", tells: "What is left out stays as it is. An empty text stands for the product’s own.",
	}, s.updateAccount)
}

func (s *Server) account(ctx context.Context, _ *struct{}) (*organisationAnswer, error) {
	w := signedIn(ctx)
	a, err := s.Admin.Account(ctx, w)
	if err != nil {
		return nil, err
	}
	offers, err := s.Profile.Offers(ctx, w)
	if err != nil {
		return nil, err
	}
	plan, _ := s.Admin.Plans.Of(a)
	l := a.Look()
	o := organisation{
		ID: a.ID, Slug: a.Slug, Name: a.Name, SignInURL: s.signInURL(a), Accent: l.Accent, Support: l.Support, Issuer: l.Issuer,
		Plan: plan.Name, TrialEnds: stamp(a.TrialEndsAt), CreatedAt: stamp(a.CreatedAt),
	}
	for _, offer := range offers {
		o.Methods = append(o.Methods, accountMethod{string(offer.Method), offer.Why == "", string(offer.Why), stamp(offer.Until)})
	}
	return &organisationAnswer{o}, nil
}

// signInURL is where an account's people sign in.
func (s *Server) signInURL(a account.Account) string {
	u := s.PublicURL.JoinPath("/sign-in")
	u.RawQuery = "account=" + a.Slug
	return u.String()
}

// updateAccountRequest says what is to become of an account's look.
type updateAccountRequest struct {
	Name    *string `json:"name,omitempty" maxLength:"200" example:"Acme" doc:"The organisation’s name, 1 to 80 characters."`
	Accent  *string `json:"accent,omitempty" maxLength:"40" example:"#0b5a68" doc:"The colour of its pages; empty for the product’s."`
	Support *string `json:"support,omitempty" maxLength:"400" example:"help@example.com" doc:"Who helps its people: an e-mail address, or an address that begins with https://; may be empty."`
	Issuer  *string `json:"issuer,omitempty" maxLength:"200" example:"Acme Cloud" doc:"What authenticator apps show; empty for the name."`
}

func (s *Server) updateAccount(ctx context.Context, in *struct{ Body updateAccountRequest }) (*organisationAnswer, error) {
	if err := s.Admin.ChangeLook(ctx, signedIn(ctx), account.LookChange(in.Body), by(ctx)); err != nil {
		return nil, err
	}
	return s.account(ctx, nil)
}
