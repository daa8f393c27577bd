package web

import "time"

// Disable is /sign-in/disable: the mailed way out for who can't give the second factor (P13–P15). At first it explains, and
// its button posts to /sign-in/disable, which mails the token; then it takes token, posted to /sign-in/disable/confirm.
type Disable struct {
	Email       string
	ReEnrol     bool          // a new device is set up then (K2)
	Delay       time.Duration // until it takes effect; 0 for at once
	Closed      bool          // it can't be had now, Error says why; no form is shown
	Mailed      bool          // a token was mailed for this sign-in, and works
	Wait        time.Duration // until a new one may be mailed; 0 for now
	BackupCodes bool
	Ends        time.Time // when this sign-in ends
	Error       *FormError
}

func (Disable) page() string   { return "disable" }
func (Disable) onCard() bool   { return true }
func (v Disable) failed() bool { return v.Error != nil }

// Seconds is Wait for the script that counts down.
func (v Disable) Seconds() int { return SentCode{Wait: v.Wait}.Seconds() }

// DisablePlanned says when the second factor ends, and that this sign-in is over.
type DisablePlanned struct {
	EndsAt  time.Time
	ReEnrol bool
	Account string // short name, kept for the next sign-in; may be empty
}

func (DisablePlanned) page() string { return "disableplanned" }
func (DisablePlanned) onCard() bool { return true }
func (DisablePlanned) failed() bool { return false }

// Keep is /sign-in/keep, for anybody who has the token from a message about a planned end. Posts token.
type Keep struct {
	Kept  bool // it stays on
	Error *FormError
}

func (Keep) page() string   { return "keep" }
func (Keep) onCard() bool   { return true }
func (v Keep) failed() bool { return v.Error != nil }
