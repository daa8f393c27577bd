package signin

import (
	"context"

	"sallyport/internal/audit"
)

// AfterPassword is Password from the point at which the password proved right, so that
// tests may begin thousands of sign-ins without hashing.
func (s *Service) AfterPassword(ctx context.Context, slug, email string, by audit.Actor) (Step, error) {
	p, err := lookUp(ctx, s.DB, slug, email, addressKey(email))
	if err != nil {
		return Step{}, err
	}
	return s.advance(ctx, p, p.step("", s.Now()), addressKey(email), "", nil, true, by)
}

// EndIfDue is what Password does when the planned end of the second factor has come, with something that happens meanwhile.
func (s *Service) EndIfDue(ctx context.Context, slug, email string, meanwhile func()) error {
	look := func() (person, error) { return lookUp(ctx, s.DB, slug, email, addressKey(email)) }
	p, err := look()
	if err != nil {
		return err
	}
	_, _, err = s.endIfDue(ctx, p, func() (person, error) { meanwhile(); return look() })
	return err
}
