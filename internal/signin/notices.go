package signin

import (
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
)

// notices are what a complete sign-in tells its person: a backup code used, and the browser if it is a
// new one. One message for one sign-in: the backup code's says the browser too.
func (s *Service) notices(now time.Time, p *Pending, m factor.Match, known bool, by audit.Actor) []db.Stmt {
	u := p.User
	switch {
	case m.Factor.Kind == factor.BackupCode:
		return factor.Told(now, u, m, by)
	case s.check != nil: // which browser it is, the program knows
		return nil
	case !known:
		return []db.Stmt{outbox.Notice(now, u.AccountID, u.ID, outbox.SignInUnknown, nil, by)}
	}
	return nil
}
