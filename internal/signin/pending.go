package signin

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/internal/account"
	"sallyport/internal/browser"
	"sallyport/internal/factor"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// Pending is a sign-in whose password was right and whose second factor is still owed.
type Pending struct {
	User      user.User
	Account   account.Account
	ReturnTo  string
	StartedAt time.Time
	ExpiresAt time.Time
	// AskedAgain is why the second factor is asked for in a browser that was trusted; empty if it was not.
	AskedAgain browser.Why

	bearer   token.Bearer
	purpose  purpose
	epoch    int64
	forgives bool        // there are failed passwords to forgive
	mailbox  bool        // a token proved the registered address (see MailFirst)
	proved   factor.Kind // the second factor that was proved already, where a passkey must be set up besides; else empty
	factors  []factor.Stored
	sessions int     // of the person, living or ended
	rests    resting // of the factors, one that does not count for now
}

// parse reads what a cookie says. What cannot be a key stands for nothing; PostgreSQL would fail on it. In a check, no cookie has a say:
// there is the one pending sign-in of the check.
func (s *Service) parse(cookie string) (token.Bearer, bool) {
	if s.check != nil {
		return token.Bearer{AccountID: s.check.AccountID, UserID: s.check.UserID, ID: s.check.ID}, true
	}
	b, ok := token.Parse(cookie, prefix)
	return b, ok && utf8.ValidString(cookie) && !strings.ContainsRune(cookie, 0)
}

// Request names this sign-in to what is sent for it. It opens nothing.
func (p *Pending) Request() string { return p.bearer.ID }

// State is what the sign-in waits for at now, decided from what is stored.
func (p *Pending) State(now time.Time) State {
	// On a program's word, nobody who has a password here binds a first device: mayAsk has refused them, and who has lost the last one since stands
	// where no code is right.
	if p.purpose == ofCheck && p.User.HasPassword && len(p.Devices()) == 0 {
		return SecondFactor
	}
	if o := p.Owed(now); o.Demand == account.SetUp || o.AddPasskey && p.proved != "" {
		return SetUp
	}
	if p.purpose == ofCheck && len(p.Devices()) == 0 { // whatever the account demands: the program does
		return SetUp
	}
	return SecondFactor // if its device is gone, only a new sign-in may decide without one
}

// Owed is what the account demands of the person at now.
func (p *Pending) Owed(now time.Time) account.Owed {
	return p.Account.Owes(p.User.Standing(len(p.Devices())), now)
}

// Devices lists the confirmed devices: the one the person prefers, then in the policy's order of methods, then the oldest first (K9).
func (p *Pending) Devices() []factor.Factor {
	var devices []factor.Factor
	for _, f := range p.factors {
		if f.State == factor.Confirmed && f.Kind != factor.BackupCode {
			devices = append(devices, f.Factor)
		}
	}
	slices.SortStableFunc(devices, func(a, b factor.Factor) int {
		if a.ID == p.User.PreferredFactor || b.ID == p.User.PreferredFactor {
			if a.ID == p.User.PreferredFactor {
				return -1
			}
			return 1
		}
		return rank(p.Account.Policy, a.Kind) - rank(p.Account.Policy, b.Kind)
	})
	return devices
}

// Ways are the devices that open the second door at now, in the order of Devices: where only a passkey will do, the passkeys; never the
// one that Rests.
func (p *Pending) Ways(now time.Time) []factor.Factor {
	passkeys := p.Owed(now).PasskeyOnly()
	return slices.DeleteFunc(p.Devices(), func(f factor.Factor) bool { return passkeys && f.Kind != factor.Passkey || f.ID == p.rests.id })
}

// First is the device that is offered first: of those that take a code now, the one that comes first.
func (p *Pending) First(now time.Time) (factor.Factor, bool) {
	devices := p.Ways(now)
	for _, d := range devices {
		if d.Takes(now) == nil {
			return d, true
		}
	}
	if len(devices) > 0 {
		return devices[0], true
	}
	return factor.Factor{}, false
}

// Named is one of the user's devices, confirmed or not; the zero Factor if there is none of this id.
func (p *Pending) Named(factorID string) factor.Factor {
	f, _ := p.stored(factorID)
	return f.Factor
}

// stored finds one of the user's factors, confirmed or not.
func (p *Pending) stored(factorID string) (factor.Stored, bool) {
	for _, f := range p.factors {
		if f.ID == factorID {
			return f, true
		}
	}
	return factor.Stored{}, false
}

// Unconfirmed is the device of a kind that is being set up at now.
func (p *Pending) Unconfirmed(k factor.Kind, now time.Time) (factor.Factor, bool) {
	for _, f := range p.factors {
		if f.Kind == k && f.Waits(now) {
			return f.Factor, true
		}
	}
	return factor.Factor{}, false
}

// HasBackupCodes reports whether there is a set of backup codes that count (K13); how many are left is nobody's business yet.
func (p *Pending) HasBackupCodes() bool {
	if !p.Account.Policy.BackupCodes {
		return false
	}
	for _, f := range p.factors {
		if f.Kind == factor.BackupCode {
			return true
		}
	}
	return false
}

func (p *Pending) step(state State) Step {
	return Step{State: state, User: p.User, Account: p.Account, ReturnTo: p.ReturnTo, Devices: len(p.Devices())}
}
