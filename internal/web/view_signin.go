package web

import (
	"net/url"
	"time"

	"sallyport/internal/factor"
)

// SignIn is /sign-in: e-mail and password. Posts account, next, email, password; or to /sign-in/passkey account, next, credential,
// ceremony.
type SignIn struct {
	Account     string // the account's short name from the address, kept in a hidden field
	AccountName string // its name for people; empty when the address names none
	Email       string // as typed before, or remembered
	Next        string // where to go afterwards
	Nobody      bool   // the server has no account yet; no form is shown
	NoPasskeys  bool   // the server can have none
	Error       *FormError
}

func (SignIn) page() string   { return "signin" }
func (SignIn) onCard() bool   { return true }
func (v SignIn) failed() bool { return v.Error != nil }

// MethodBackupCode is the Method of a Verify page that asks for a backup code.
const MethodBackupCode = "backup_code"

// Verify is /sign-in/verify: the second step. Posts method and code, or credential and ceremony, to /sign-in/verify;
// Cancel posts to /sign-in/cancel.
type Verify struct {
	At          Door      // at the sign-in or at a check
	Next        string    // where to go after signing in, in the address of the form; may be empty
	Method      string    // a factor's id, empty for any authenticator app, or MethodBackupCode; hidden field "method"
	Kind        string    // as in Way
	Device      string    // the name of the device that is asked; empty when several would do
	Hint        string    // the masked number or address that the code goes to
	Sent        *SentCode // of the kinds whose codes are sent; nil for the others
	BackupCodes bool      // some are left: "Use a backup code" is offered
	OtherWays   bool      // there is more than one way: "Try another way" is offered
	Disable     bool      // a mailed token may switch the second factor off (P13)
	Ends        time.Time // when this sign-in ends
	KeyFirst    bool      // a backup code is asked for, and a passkey would be without it
	TrustDays   int       // for how many days this browser may be trusted; 0 for not at all: there is no box (X15)
	Trust       bool      // the box, field "trust": as it was when the page was left for another way, or a code refused
	Why         string    // why a code is asked for in a browser that was trusted (X16); empty if it was not
	Rests       *Resting  // a mailbox that gets no codes for now
	Locked      bool      // no more codes are taken from this device; no field is shown
	Error       *FormError
}

func (Verify) page() string   { return "verify" }
func (Verify) onCard() bool   { return true }
func (v Verify) failed() bool { return v.Error != nil }

// Boxed reports whether there is the box, whose tick goes along to every other way: as a field of the form that it stands in.
func (v Verify) Boxed() bool { return v.TrustDays > 0 && !v.Locked }

// Backup reports whether a backup code is asked for.
func (v Verify) Backup() bool { return v.Method == MethodBackupCode }

// Passkey reports whether a passkey is asked for.
func (v Verify) Passkey() bool { return v.Kind == string(factor.Passkey) }

// SentCode is what became of the code that was sent for what the page asks.
type SentCode struct {
	Alive   bool          // one was sent and may be entered
	Failed  bool          // it did not get through: another way is offered
	Arrived bool          // the gateway says that it did
	Wait    time.Duration // until a new one may be sent; 0 for now
	Boxed   bool          // the button sends the code page's form, for the tick in its box
}

// Seconds is Wait for the script that counts down.
func (c SentCode) Seconds() int { return int((c.Wait + time.Second - 1) / time.Second) }

// Way is one way to pass the second step. Kinds: "totp", "passkey", "sms", "email", "backup_code".
type Way struct {
	ID   string // a factor's id, or MethodBackupCode
	Kind string
	Name string // the device's name; not used for backup codes
	Hint string // masked: "a•••@acme.test"; may be empty
}

// Sends reports whether choosing the way sends a code, so that it takes a form and no link.
func (w Way) Sends() bool { return factor.Kind(w.Kind).Sent() }

// Resting is the mailbox of the registered address after the password was reset by mail: no code is sent there until then.
type Resting struct {
	Hint  string
	Until time.Time
}

// OtherWays is /sign-in/methods. Each way leads to /sign-in/verify?method=ID.
type OtherWays struct {
	At    Door // at the sign-in or at a check
	Ways  []Way
	Rests *Resting
	Trust bool // the box of the code page was ticked
	Ends  time.Time
}

func (OtherWays) page() string { return "otherways" }
func (OtherWays) onCard() bool { return true }
func (OtherWays) failed() bool { return false }

// SignInExpired says that the pending sign-in is over and offers a new one.
type SignInExpired struct {
	Account string // short name, kept for the next try; may be empty
	Next    string // where to go after signing in; may be empty
}

// Again is where a new sign-in begins.
func (v SignInExpired) Again() string {
	query := url.Values{}
	if v.Account != "" {
		query.Set("account", v.Account)
	}
	if v.Next != "" {
		query.Set("next", v.Next)
	}
	return withQuery("/sign-in", query)
}

func (SignInExpired) page() string { return "expired" }
func (SignInExpired) onCard() bool { return true }
func (SignInExpired) failed() bool { return false }

// FirstRun is /set-up: the first account and its owner, once, from the link that the
// server prints. Posts token, organisation, your_name, email, password.
type FirstRun struct {
	Token        string // the link's secret, carried in a hidden field so that it leaves the address
	Organisation string
	Name         string
	Email        string
	MinPassword  int // characters
	Error        *FormError
}

func (FirstRun) page() string   { return "firstrun" }
func (FirstRun) onCard() bool   { return true }
func (v FirstRun) failed() bool { return v.Error != nil }

// FirstRunOver says that the set-up link was used already, or is not valid.
type FirstRunOver struct{}

func (FirstRunOver) page() string { return "firstrunover" }
func (FirstRunOver) onCard() bool { return true }
func (FirstRunOver) failed() bool { return false }
