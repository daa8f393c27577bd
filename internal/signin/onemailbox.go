package signin

import (
	"slices"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/factor"
)

// Whoever reads the registered mailbox can reset the password, and would be in with a code mailed there, whatever other second factor
// there is. So for a day after such a reset (afterReset) no code is mailed to that address, and none is taken, provided the person has
// another device that was there before: that is the one which mail must not go round (K3). For whom the mailbox is the only
// device it stays what it is, the weak method; backup codes make no difference, since they come with every device.
//
// A locked device is one all the same: else whoever reset the password would lock it by wrong codes, and have the mailbox back for that.
// A device that was added since the reset is none: with that the person, or a thief, has come in by something else.

// ErrMailRests says that no code is mailed to the registered address for now.
var ErrMailRests = errs.New(errs.Conflict, "mailed_code_after_reset",
	"Your password was reset by mail less than 24 hours ago, and mail alone must not open your account. Use another device or a backup code, wait until 24 hours have passed, or ask your administrator.")

// resting is the device whose codes go to the registered address, while they may not.
type resting struct {
	id    string // empty if there is none
	until time.Time
}

// restMailbox notes which of a sign-in's devices rests. In a check it is none: its first door was the program's, which no reset here opens.
func (s *Service) restMailbox(p *Pending) error {
	reset := p.User.PasswordMailedAt
	until := reset.Add(afterReset)
	if s.check != nil || reset.IsZero() || !s.Now().Before(until) { // a clock that was put back only lengthens it
		return nil
	}
	own, others, err := s.ownMailbox(p)
	if slices.ContainsFunc(others, func(f factor.Factor) bool { return !f.ConfirmedAt.After(reset) }) {
		p.rests = resting{own, until}
	}
	return err
}

// rested refuses the device that rests at now.
func (p *Pending) rested(factorID string, now time.Time) error {
	if p.rests.id == "" || factorID != p.rests.id {
		return nil
	}
	return ErrMailRests.After(max(time.Second, p.rests.until.Sub(now)))
}

// Rests is the device at the registered address that would be among the Ways, and is not because the password was reset by
// mail, with the end of that; the zero Factor if there is none.
func (p *Pending) Rests(now time.Time) (factor.Factor, time.Time) {
	if p.rests.id == "" || p.Owed(now).PasskeyOnly() {
		return factor.Factor{}, time.Time{}
	}
	return p.Named(p.rests.id), p.rests.until
}
