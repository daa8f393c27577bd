package signin

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/reauth"
	"sallyport/internal/throttle"
)

// AfterPassword is Password from the point at which the password proved right, so that
// tests may begin thousands of sign-ins without hashing.
func (s *Service) AfterPassword(ctx context.Context, slug, email string, by audit.Actor) (Step, error) {
	p, err := lookUp(ctx, s.DB, slug, email, addressKey(email))
	if err != nil {
		return Step{}, err
	}
	key := reauth.PasswordKey(p.user.AccountID, p.user.ID)
	return s.advance(ctx, p, []db.Stmt{throttle.Pass(key, s.Now())}, "", true, by)
}
