package profile

import (
	"context"

	"sallyport/internal/account"
	"sallyport/internal/factor"
	"sallyport/internal/session"
)

// Offers tells for each method whether the person may set it up now.
func (s *Service) Offers(ctx context.Context, w *session.Signed) ([]account.Offer, error) {
	open, err := s.Channels.Of(ctx, w.Account.ID)
	if err != nil {
		return nil, err
	}
	return s.Plans.Offers(w.Account, open.Mail, open.SMS, s.Now()), nil
}

// OwnOffers tells which methods the person themselves may set up: where only a passkey will do for them (K8), no other.
func (s *Service) OwnOffers(ctx context.Context, w *session.Signed) ([]account.Offer, error) {
	offers, err := s.Offers(ctx, w)
	if w.Owed(s.Now()).Passkey {
		offers = account.PasskeyOnly(offers)
	}
	return offers, err
}

// offered refuses a kind of factor that may not be set up now.
func (s *Service) offered(ctx context.Context, w *session.Signed, k factor.Kind) error {
	offers, err := s.OwnOffers(ctx, w)
	if err != nil {
		return err
	}
	return account.Offered(offers, account.Method(k))
}
