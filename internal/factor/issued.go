package factor

import (
	"context"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/id"
	"sallyport/internal/user"
)

// IssuedFor is how long a backup code works that an administrator gave out (X13).
const IssuedFor = time.Hour

// ErrNothingToReplace says that somebody without a device needs no backup code.
var ErrNothingToReplace = errs.New(errs.Conflict, "nothing_to_replace", "This person has no second factor, so a backup code would replace nothing: the password alone is enough to sign in.")

// Drawn is a backup code on its way to be given out.
type Drawn struct {
	Shown string // to be shown once
	code  Code
	set   string // the set it goes into; "" to make one
}

// DrawCode draws one more backup code for a person, for [Service.GiveCode]. It hashes, so it comes before the transaction.
func (s *Service) DrawCode(ctx context.Context, accountID, userID string) (Drawn, error) {
	set, err := BackupCodes(ctx, s.DB, accountID, userID)
	if err != nil {
		return Drawn{}, err
	}
	own, err := codes(ctx, s.DB, Factor{AccountID: accountID, UserID: userID, ID: set.ID}, true, s.Now())
	if err != nil {
		return Drawn{}, err
	}
	taken := map[string]bool{}
	for _, c := range own {
		taken[c.Selector] = true
	}
	d := Drawn{set: set.ID}
	d.Shown, d.code, err = s.NewCode(ctx, func(selector string) bool { return taken[selector] })
	return d, err
}

// GiveCode puts a drawn code among the backup codes of u, who was just read in this transaction, and returns when it ends. It ends the
// one that was given out before, counts as none of the person's own, and forgives the wrong backup codes that would keep it from being
// used. Errors: ErrNothingToReplace, user.ErrChanged if the person made new codes meanwhile.
func (s *Service) GiveCode(ctx context.Context, tx *db.Tx, d Drawn, u user.User, issuedBy string) (ends time.Time, err error) {
	now := s.Now()
	if err := tx.Run(ctx, user.Hold(u)); err != nil {
		return ends, err
	}
	if u.Devices() == 0 {
		return ends, ErrNothingToReplace
	}
	set, err := BackupCodes(ctx, tx, u.AccountID, u.ID)
	if err != nil {
		return ends, err
	}
	if set.ID != d.set {
		return ends, user.ErrChanged
	}
	f := Factor{AccountID: u.AccountID, UserID: u.ID, ID: set.ID, Kind: BackupCode, AddedAt: now}
	var stmts []db.Stmt
	if f.ID == "" {
		f.ID = id.New("fac", now)
		stmts = insertCodes(f, nil)
	}
	ends = now.Add(IssuedFor)
	return ends, tx.Run(ctx, append(stmts, forgiveSet(f), endIssued(f), issue(f, d.code, ends, issuedBy))...)
}
