package profile

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/session"
)

// EndOthers ends all of the person's sign-ins but the one given, which goes on under the cookie's value that it returns, and the trust
// in all their browsers but the one that it is done in, of which trusted is the cookie; empty if it has none.
func (s *Service) EndOthers(ctx context.Context, w *session.Signed, trusted string, by audit.Actor) (cookie string, err error) {
	v, err := s.Browsers.Check(ctx, w.Account, w.User, trusted, s.Browsers.Environment(by.UserAgent, by.Address))
	if err != nil {
		return "", err
	}
	var more []db.Stmt
	if v.Trusted {
		more = append(more, v.Keep())
	}
	return s.Sessions.EndOthers(ctx, w, by, more...)
}
