package account

import (
	"slices"
	"time"

	"sallyport/internal/errs"
)

// WhyNot says why a method can't be set up.
type WhyNot string

// The reasons, the strongest first: what the organisation does not want needs no plan.
const (
	NotByPolicy WhyNot = "policy"  // K8
	NoPlan      WhyNot = "plan"    // C12
	NoTrial     WhyNot = "trial"   // C13
	NoChannel   WhyNot = "channel" // K18: nothing is set up that could send
	NoRoots     WhyNot = "roots"   // passkeys: certain models are allowed, and can't be checked
	NoDomain    WhyNot = "domain"  // passkeys: the server's public address has no name
)

// Offer says whether a method may be set up now.
type Offer struct {
	Method Method
	Why    WhyNot    // empty if it may be
	Until  time.Time // the exception that allows it ends then; zero if none is needed
}

// errNotOffered is refused by whoever makes a request the page does not offer.
var errNotOffered = map[WhyNot]*errs.Error{
	NotByPolicy: errs.New(errs.Forbidden, "factor_not_allowed", "Your organisation does not allow this way of signing in.").In("address"),
	NoPlan:      errs.New(errs.Forbidden, "method_not_in_plan", "This way of signing in is not part of your organisation’s plan.").In("address"),
	NoTrial:     errs.New(errs.Forbidden, "method_not_in_trial", "This way of signing in is not available during the trial, to protect against abuse.").In("address"),
	NoChannel:   errs.New(errs.Conflict, "method_not_configured", "This way of signing in needs a server for messages, and none is set up. Tell your administrator.").In("address"),
	NoDomain:    ErrNoPasskeys,
	NoRoots:     ErrNoRoots,
}

// ErrNoPasskeys says that the deployment can have none.
var ErrNoPasskeys = errs.New(errs.Conflict, "passkeys_no_domain", "Passkeys need a server with a name, and this one is reached by its number. Choose another way, and tell your administrator.").In("name")

// Offers tells for each method whether it may be set up now, in the policy's order and those it does not have
// last. mail and texts say which channels can send.
func (p Plans) Offers(a Account, mail, texts bool, now time.Time) []Offer {
	methods := slices.Clone(a.Policy.Methods)
	for _, m := range Methods() {
		if !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	var offers []Offer
	for _, m := range methods {
		o := Offer{Method: m}
		entitled := p.Entitled(a, m, now)
		switch {
		case !slices.Contains(a.Policy.Methods, m):
			o.Why = NotByPolicy
		case !entitled.Allowed() && entitled.Why == NotInTrial:
			o.Why = NoTrial
		case !entitled.Allowed():
			o.Why = NoPlan
		case m == SMS && !texts, m == Email && !mail:
			o.Why = NoChannel
		case m == Passkey && p.NoPasskeys:
			o.Why = NoDomain
		case m == Passkey && len(a.Policy.PasskeyModels) > 0 && !p.PasskeyRoots:
			o.Why = NoRoots
		default:
			o.Until = entitled.Until
		}
		offers = append(offers, o)
	}
	return offers
}

// Offered refuses a method that is not among the offers or can't be set up.
func Offered(offers []Offer, m Method) error {
	for _, o := range offers {
		if o.Method == m {
			if o.Why != "" {
				return errNotOffered[o.Why]
			}
			return nil
		}
	}
	return errNotOffered[NotByPolicy]
}

// PasskeyOnly returns the offers to somebody for whom only a passkey will do: the policy has no other method for them.
func PasskeyOnly(offers []Offer) []Offer {
	own := slices.Clone(offers)
	for i := range own {
		if own[i].Method != Passkey && own[i].Why == "" {
			own[i] = Offer{Method: own[i].Method, Why: NotByPolicy}
		}
	}
	return own
}

// NoWay reports whether none of the methods can be set up.
func NoWay(offers []Offer) bool {
	return !slices.ContainsFunc(offers, func(o Offer) bool { return o.Why == "" })
}
