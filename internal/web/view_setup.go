package web

import "time"

// SetUp is /sign-in/set-up: the set-up of a first device inside the sign-in (T11, T15), by one method; the others are links
// to ?method=KIND. It posts method, name and address. The answer is ShowKey with SigningIn set, or leads to ConfirmDevice.
type SetUp struct {
	At          Door          // at the sign-in or at a check
	Cause       string        // as account.Cause
	Ways        []string      // what can be set up, as in Way; empty if nothing can
	Unavailable []MethodState // what can't, and why
	Support     string        // whom to write to about plans; may be empty
	Kind        string        // of Ways: the one that is set up; empty if nothing can be
	Name        string        // offered: "My Phone"
	Address     string
	Countries   []string // whose numbers may be added
	Ends        time.Time
	Error       *FormError
}

func (SetUp) page() string   { return "setup" }
func (SetUp) onCard() bool   { return true }
func (v SetUp) failed() bool { return v.Error != nil }

// Others are the ways that are not shown.
func (v SetUp) Others() (others []string) {
	for _, kind := range v.Ways {
		if kind != v.Kind {
			others = append(others, kind)
		}
	}
	return others
}

// SetUpMail is /sign-in/set-up while a token from the mailbox must come first. Posts to /sign-in/set-up/mail to have it
// mailed, and token to /sign-in/set-up/mail/confirm.
type SetUpMail struct {
	At     Door // at the sign-in or at a check
	Email  string
	Cause  string
	Mailed bool          // one was mailed that works
	Wait   time.Duration // until a new one may be mailed
	Ends   time.Time
	Error  *FormError
}

func (SetUpMail) page() string   { return "setupmail" }
func (SetUpMail) onCard() bool   { return true }
func (v SetUpMail) failed() bool { return v.Error != nil }

// Seconds is Wait for the script that counts down.
func (v SetUpMail) Seconds() int { return int((v.Wait + time.Second - 1) / time.Second) }
