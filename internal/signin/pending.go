package signin

import (
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/internal/account"
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

	bearer   token.Bearer
	epoch    int64
	forgives bool // there are failed passwords to forgive
	factors  []factor.Stored
}

// parse reads what a cookie says. What cannot be a key stands for nothing; PostgreSQL would fail on it.
func parse(cookie string) (token.Bearer, bool) {
	b, ok := token.Parse(cookie, prefix)
	return b, ok && utf8.ValidString(cookie) && !strings.ContainsRune(cookie, 0)
}

// State is what the sign-in waits for, decided from what is stored.
func (p *Pending) State() State {
	switch {
	case len(p.Devices()) > 0:
		return SecondFactor
	case p.User.SetUpRequired:
		return SetUp
	default:
		return SecondFactor // its device is gone, and only a new sign-in may decide without one
	}
}

// Devices lists the confirmed devices, oldest first.
func (p *Pending) Devices() []factor.Factor {
	var devices []factor.Factor
	for _, f := range p.factors {
		if f.State == factor.Confirmed && f.Kind != factor.BackupCode {
			devices = append(devices, f.Factor)
		}
	}
	return devices
}

// DeviceName is the name of one of the user's devices, confirmed or not; empty if there is none of this id.
func (p *Pending) DeviceName(factorID string) string {
	for _, f := range p.factors {
		if f.ID == factorID {
			return f.Name
		}
	}
	return ""
}

// HasBackupCodes reports whether there is a set of backup codes; how many are left is nobody's business yet.
func (p *Pending) HasBackupCodes() bool {
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
