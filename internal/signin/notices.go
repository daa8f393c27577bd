package signin

import (
	"strconv"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/db"
	"sallyport/internal/factor"
	"sallyport/internal/outbox"
)

// lowCodes is how few backup codes are left when new ones should be made (product.md section 3).
const lowCodes = 3

// notices are what a complete sign-in tells its person: a backup code used, and the browser if it is a
// new one. One message for one sign-in: the backup code's says the browser too.
func (s *Service) notices(now time.Time, p *Pending, m factor.Match, known bool, by audit.Actor) []db.Stmt {
	u := p.User
	switch {
	case m.Factor.Kind == factor.BackupCode:
		kind := outbox.BackupCodeUsed
		switch {
		case m.Issued: // by an administrator, who may have kept it: the person hears whose code it was
			kind = outbox.AdminCodeUsed
		case m.Left <= lowCodes:
			kind = outbox.BackupCodesLow
		}
		return []db.Stmt{outbox.Notice(now, u.AccountID, u.ID, kind, map[string]string{"left": strconv.Itoa(m.Left)}, by)}
	case s.check != nil: // which browser it is, the program knows
		return nil
	case !known:
		return []db.Stmt{outbox.Notice(now, u.AccountID, u.ID, outbox.SignInUnknown, nil, by)}
	}
	return nil
}
