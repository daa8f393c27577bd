package api

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"sallyport/internal/account"
	"sallyport/internal/httpx"
)

// policy is an account's settings as account.Policy has them, described; a test holds the two together.
type policy struct {
	Version            string   `json:"version" doc:"Names the policy: another one has another version. Sent with a change, the change is made only if it is still the one."`
	Enforcement        string   `json:"enforcement" enum:"optional,recommended,required" doc:"Whether everybody must have a second factor."`
	EnforcementAdmins  string   `json:"enforcement_admins" enum:"optional,recommended,required" doc:"Whether owners and administrators must; the stricter of the two counts for them."`
	GraceDays          int      `json:"grace_days" minimum:"0" maximum:"90" doc:"Days from the demand to its effect."`
	MailedSetUp        bool     `json:"mailed_set_up" doc:"Whether a mailed code comes before the first device that is set up at sign-in."`
	BackupCodes        bool     `json:"backup_codes" doc:"Whether people have ten backup codes."`
	AdminReset         bool     `json:"admin_reset" doc:"Whether administrators may reset people’s second factor."`
	AdminCodes         bool     `json:"admin_codes" doc:"Whether administrators may give out single backup codes."`
	Removal            string   `json:"removal" enum:"password,password_and_code,recent_sign_in" doc:"What a person shows to remove a second factor."`
	Enrolment          string   `json:"enrolment" enum:"password,recent_sign_in" doc:"What a person shows to add one."`
	MaxDevicesPerKind  int      `json:"max_devices_per_kind" minimum:"1" maximum:"20" doc:"The most devices of one kind."`
	ClockTolerance     string   `json:"clock_tolerance" maxLength:"20" example:"30s" doc:"How far a device’s clock may be off, 0s to 180s."`
	Methods            []string `json:"methods" minItems:"1" maxItems:"4" enum:"totp,passkey,sms,email" doc:"The methods that people may set up; the first is offered first."`
	PasskeyRequired    string   `json:"passkey_required" enum:"optional,admins,everyone" doc:"Whose second factor must be a passkey."`
	PasskeyModels      []string `json:"passkey_models" maxItems:"100" pattern:"^[0-9A-Fa-f-]{36}$" example:"[\"2fc0579f-8113-47ea-b116-bb5a8db9202a\"]" doc:"The models of passkeys that may be added, by their AAGUIDs; empty for all."`
	TrustedBrowserDays int      `json:"trusted_browser_days" minimum:"0" maximum:"365" doc:"How long a browser is trusted; 0 for never."`
	MailedDisable      string   `json:"mailed_disable" enum:"off,disable,re_enrol" doc:"What a token does that is mailed to somebody who can’t give the second factor at sign-in."`
	MailedDisableDelay string   `json:"mailed_disable_delay" maxLength:"20" example:"24h" doc:"From that token to its effect, 0s to 720h."`
	SMSCountries       []string `json:"sms_countries" maxItems:"300" pattern:"^[A-Za-z]{2}$" example:"[\"AT\",\"DE\"]" doc:"The countries of numbers that may be added, by their ISO 3166 codes; empty for all that the operator allows."`
	SMSDailyBudget     int      `json:"sms_daily_budget" minimum:"0" maximum:"1000000" doc:"The most text messages a day; 0 for the server’s limit."`
	SessionLifetime    string   `json:"session_lifetime" maxLength:"20" example:"24h" doc:"How long a session lasts, 5m to 720h."`
	SessionIdle        string   `json:"session_idle" maxLength:"20" example:"1h" doc:"How long it lasts without use, 1m to session_lifetime."`
	APISecondFactor    string   `json:"api_second_factor" enum:"required,off" doc:"Whether API keys of people with a second factor need one too."`
}

// policyOf describes a policy by its own JSON form, which has the names.
func policyOf(p account.Policy) (described policy, err error) {
	raw, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(raw, &described)
	}
	described.Version = p.Fingerprint()
	return described, err
}

// policyChange is some members of a policy.
type policyChange map[string]any

// Schema is that of a policy, of which nothing is needed.
func (policyChange) Schema(r huma.Registry) *huma.Schema {
	whole := *r.SchemaFromRef(r.Schema(reflect.TypeFor[policy](), true, "").Ref)
	whole.Required = nil
	return &whole
}

// settings are the members as the domain takes them: name=value.
func (c policyChange) settings() (settings []string) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if name == "version" {
			continue
		}
		text, listed := "", []string{}
		switch v := c[name].(type) {
		case []any:
			for _, item := range v {
				listed = append(listed, item.(string)) // the schema has looked at it
			}
			text = strings.Join(listed, ",")
		case string:
			text = v
		default:
			raw, _ := json.Marshal(v) // a number or true or false
			text = string(raw)
		}
		settings = append(settings, name+"="+text)
	}
	return settings
}

func (c policyChange) version() string {
	version, _ := c["version"].(string)
	return version
}

type policyAnswer struct{ Body policy }

type policyCall struct{ Body policyChange }

func (s *Server) policyCalls(t *table) {
	add(t, call{
		id: "getPolicy", route: "GET /v1/account/policy", level: httpx.AAL1, fresh: httpx.AnyAge, scope: httpx.Account, key: "admin",
		group: "Account", summary: "The account’s policy",
	}, s.policy)
	add(t, call{
		id: "updatePolicy", route: "PATCH /v1/account/policy", level: httpx.AAL2, fresh: httpx.Recent, scope: httpx.Account, key: "admin",
		group: "Account", summary: "Change settings of the policy",
		tells: "What is left out stays as it is. With `version`, the change is made only if the policy is still the one of that version; otherwise the answer is 409. Every server follows within a second. What a change does at once is told by the preview.",
	}, s.updatePolicy)
	add(t, call{
		id: "previewPolicy", route: "POST /v1/account/policy/preview", level: httpx.AAL2, fresh: httpx.AnyAge, scope: httpx.Account, key: "admin",
		group: "Account", summary: "What a change of the policy would do at once", tells: "Takes the same body as the change, and changes nothing.",
	}, s.previewPolicy)
}

func (s *Server) policy(ctx context.Context, _ *struct{}) (*policyAnswer, error) {
	a, err := s.Admin.Account(ctx, signedIn(ctx))
	if err != nil {
		return nil, err
	}
	p, err := policyOf(a.Policy)
	return &policyAnswer{p}, err
}

func (s *Server) updatePolicy(ctx context.Context, in *policyCall) (*policyAnswer, error) {
	w := signedIn(ctx)
	changed, err := s.Admin.ChangePolicy(ctx, w.SecondFactor(s.Now()), w, in.Body.version(), in.Body.settings(), by(ctx))
	if err != nil {
		return nil, err
	}
	p, err := policyOf(changed)
	return &policyAnswer{p}, err
}

// policyDemand is what a policy asks of the people of a role who have no second factor.
type policyDemand struct {
	Role   string    `json:"role" enum:"owner,admin,member" doc:"Of whom."`
	Demand string    `json:"demand" enum:"advised,grace,set_up" doc:"What."`
	By     time.Time `json:"by,omitzero" doc:"In the grace, by when for those who have been there longest."`
	People int       `json:"people" doc:"How many people it is asked of."`
}

// policyPreview is what a change of the policy would do at once.
type policyPreview struct {
	Policy    policy         `json:"policy" doc:"The policy as it would be."`
	Stricter  bool           `json:"stricter" doc:"Whether something is asked that was not, or sooner, or a method goes."`
	Demands   []policyDemand `json:"demands" doc:"What is another demand than now, owners first."`
	Names     []string       `json:"names" doc:"Who the first of them are who have no second factor; three at most."`
	Ended     int            `json:"sessions_ended" doc:"How many people are signed in without one, whose sessions end."`
	Gone      []string       `json:"methods_gone" enum:"totp,passkey,sms,email" doc:"Methods that can’t be set up any more."`
	Only      int            `json:"only_gone_methods" doc:"How many people have second factors of these methods only; those go on to work."`
	Passkeys  int            `json:"passkeys_needed" doc:"How many people with a second factor must add a passkey before they are in again."`
	TrustEnds bool           `json:"trust_ends" doc:"Whether every browser that is trusted now is asked again."`
	LockedOut bool           `json:"locks_out" doc:"Whether nothing can be set up, so that who is asked can’t get in."`
	Counted   time.Time      `json:"counted_at,omitzero" doc:"When the numbers were counted; absent for just now."`
}

type policyPreviewAnswer struct{ Body policyPreview }

func (s *Server) previewPolicy(ctx context.Context, in *policyCall) (*policyPreviewAnswer, error) {
	w := signedIn(ctx)
	v, p, stricter, err := s.Admin.PreviewChange(ctx, w, in.Body.version(), in.Body.settings())
	if err != nil {
		return nil, err
	}
	told := policyPreview{
		Stricter: stricter, Demands: []policyDemand{}, Names: append([]string{}, v.Names...), Ended: v.Ended, Gone: []string{}, Only: v.Only,
		Passkeys: v.Passkeys, TrustEnds: v.TrustEnds, LockedOut: v.NoWay, Counted: stamp(v.Counted),
	}
	for _, d := range v.Demands {
		told.Demands = append(told.Demands, policyDemand{string(d.Role), string(d.Owed.Demand), stamp(d.Owed.By), d.People})
	}
	for _, m := range v.Gone {
		told.Gone = append(told.Gone, string(m))
	}
	told.Policy, err = policyOf(p)
	return &policyPreviewAnswer{told}, err
}
