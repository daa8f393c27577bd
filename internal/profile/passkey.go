package profile

import (
	"context"
	"encoding/json"

	"sallyport/internal/audit"
	"sallyport/internal/errs"
	"sallyport/internal/factor"
	"sallyport/internal/session"
)

// AddPasskey begins the enrolment of a passkey; options is what the browser asks it, and ConfirmDevice takes its answer. Without a
// name it is named after its model. Errors: those of AddDevice.
func (s *Service) AddPasskey(ctx context.Context, w *session.Signed, name string, p Proofs, by audit.Actor) (f factor.Factor, options json.RawMessage, err error) {
	if err := s.offered(ctx, w, factor.Passkey); err != nil {
		return factor.Factor{}, nil, errs.From(err).In("name")
	}
	proof, err := s.prove(ctx, w, s.ToAdd(w), p, by)
	if err != nil {
		return factor.Factor{}, nil, err
	}
	return s.Factors.BeginPasskey(ctx, proof, w.User, w.Account, w.ID, name)
}

// AskPasskey asks one of the person's passkeys for a step that asks for the second factor again (K1); its answer is good in this
// session only. Errors: factor.ErrNotFound if they have none.
func (s *Service) AskPasskey(ctx context.Context, w *session.Signed) (options json.RawMessage, ceremony string, err error) {
	return s.Factors.AskFor(ctx, w.User, w.ID)
}
