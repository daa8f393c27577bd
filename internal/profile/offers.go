package profile

import (
	"context"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/session"
)

// Why says why a method can't be set up.
type Why string

// The reasons, the strongest first: what the organisation does not want needs no plan.
const (
	NotByPolicy Why = "policy"  // K8
	NotInPlan   Why = "plan"    // C12
	NotInTrial  Why = "trial"   // C13
	NoChannel   Why = "channel" // K18: nothing is set up that could send
)

// Offer says whether a person may set a method up now.
type Offer struct {
	Method account.Method
	Why    Why       // empty if it may be
	Until  time.Time // the exception that allows it ends then; zero if none is needed
}

// errNotOffered is refused by whoever makes a request the page does not offer.
var errNotOffered = map[Why]*errs.Error{
	NotByPolicy: errs.New(errs.Forbidden, "factor_not_allowed", "Your organisation does not allow this way of signing in.").In("address"),
	NotInPlan:   errs.New(errs.Forbidden, "method_not_in_plan", "This way of signing in is not part of your organisation’s plan.").In("address"),
	NotInTrial:  errs.New(errs.Forbidden, "method_not_in_trial", "This way of signing in is not available during the trial, to protect against abuse.").In("address"),
	NoChannel:   errs.New(errs.Conflict, "method_not_configured", "This way of signing in needs a server for messages, and none is set up. Tell your administrator.").In("address"),
}

// Offers tells for each method whether it may be set up now, in the policy's order and those it does not have last.
func (s *Service) Offers(ctx context.Context, w *session.Signed) ([]Offer, error) {
	open, err := s.Channels.Of(ctx, w.Account.ID)
	if err != nil {
		return nil, err
	}
	methods := slices.Clone(w.Account.Policy.Methods)
	for _, m := range account.Methods() {
		if !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	var offers []Offer
	for _, m := range methods {
		o := Offer{Method: m}
		entitled := s.Plans.Entitled(w.Account, m, s.Now())
		switch {
		case !slices.Contains(w.Account.Policy.Methods, m):
			o.Why = NotByPolicy
		case !entitled.Allowed() && entitled.Why == account.NotInTrial:
			o.Why = NotInTrial
		case !entitled.Allowed():
			o.Why = NotInPlan
		case m == account.SMS && !open.SMS, m == account.Email && !open.Mail:
			o.Why = NoChannel
		default:
			o.Until = entitled.Until
		}
		offers = append(offers, o)
	}
	return offers, nil
}

// offered refuses a kind of factor that may not be set up now.
func (s *Service) offered(ctx context.Context, w *session.Signed, k factor.Kind) error {
	offers, err := s.Offers(ctx, w)
	if err != nil {
		return err
	}
	for _, o := range offers {
		if factor.Kind(o.Method) == k {
			if o.Why != "" {
				return errNotOffered[o.Why]
			}
			return nil
		}
	}
	return errNotOffered[NotByPolicy]
}
