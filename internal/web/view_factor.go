package web

import (
	"html/template"
	"strings"
	"time"
)

// Device is one row of the list of devices. Kinds as in Way.
type Device struct {
	ID        string
	Kind      string
	Name      string
	Hint      string // the masked number or address; empty for an app
	Synced    bool   // of a passkey: it is on all of the person's devices, and not on one alone
	Confirmed bool
	Preferred bool // asked for first at sign-in (K9)
	Locked    bool // too many wrong codes in a row
	Added     time.Time
	LastUsed  time.Time // zero for never
}

// BackupState says what is left of the ten.
type BackupState struct {
	Left int
	Made time.Time // zero if there never were any
}

// Low reports whether it is time to make new ones (three or fewer left).
func (b BackupState) Low() bool { return b.Left <= 3 }

// MethodState is one method with the devices a person has of it.
type MethodState struct {
	Kind    string    // as in Way
	Devices []Device  // unconfirmed ones too
	Max     int       // how many there may be (K6)
	Why     string    // why it can't be set up: "policy", "plan", "trial", "channel"; empty if it can
	Until   time.Time // it may be used by an exception that ends then (C14); zero for none
	Support string    // whom to write to about it; may be empty
}

// AddPath is the page on which one more is set up.
func (m MethodState) AddPath() string {
	if m.Kind == "totp" {
		return "/settings/two-factor/add"
	}
	return "/settings/two-factor/add-" + m.Kind
}

// Confirmed counts the devices that count.
func (m MethodState) Confirmed() (n int) {
	for _, d := range m.Devices {
		if d.Confirmed {
			n++
		}
	}
	return n
}

// Unconfirmed counts the others, which are only offers and lapse.
func (m MethodState) Unconfirmed() int { return len(m.Devices) - m.Confirmed() }

// Full reports whether the limit is reached.
func (m MethodState) Full() bool { return m.Max > 0 && m.Confirmed() >= m.Max }

// TwoFactor is /settings/two-factor: the state, the methods with their devices, the backup codes.
type TwoFactor struct {
	Methods []MethodState
	Backup  *BackupState // nil while two-factor sign-in is off
	NoCodes bool         // the organisation uses no backup codes (K13)
	Demand  Demand       // of the organisation (K4)
	EndsAt  time.Time    // when it is switched off by a mailed token (K2); zero for never
	ReEnrol bool         // a new device is set up then
}

// Demand is what the organisation says to people's own switch.
type Demand struct {
	Required    bool      // the last device stays
	Recommended bool      // they may leave it
	Until       time.Time // who has none must set one up by then; zero without a grace
}

func (TwoFactor) page() string { return "twofactor" }
func (TwoFactor) onCard() bool { return false }
func (TwoFactor) failed() bool { return false }

// On reports whether any device is confirmed, so that sign-in asks for it.
func (v TwoFactor) On() bool { return v.Confirmed() > 0 }

// Confirmed counts the devices that count.
func (v TwoFactor) Confirmed() (n int) {
	for _, m := range v.Methods {
		n += m.Confirmed()
	}
	return n
}

// Several reports whether there is a choice of what sign-in asks for first.
func (v TwoFactor) Several() bool { return v.Confirmed() > 1 }

// AddAddress is /settings/two-factor/add/{kind}: a phone number, or a mailbox. Posts name, address and
// password; the answer leads to ConfirmDevice.
type AddAddress struct {
	Kind        string // "sms" or "email"
	Method      MethodState
	Name        string
	Address     string
	AskPassword bool
	Email       string   // for the password manager
	Next        string   // as in AddDevice
	Countries   []string // whose numbers may be added
	Error       *FormError
}

func (AddAddress) page() string   { return "addaddress" }
func (AddAddress) onCard() bool   { return false }
func (v AddAddress) failed() bool { return v.Error != nil }

// AddDevice is /settings/two-factor/add. Posts name and password; the answer is ShowKey.
type AddDevice struct {
	Name        string // offered: "My Phone"
	AskPassword bool   // false when policy is content with a recent sign-in (K7)
	Email       string // for the password manager
	Next        string // where the person was going; may be empty
	Full        bool   // the limit is reached; no form is shown
	MaxDevices  int
	Error       *FormError
}

func (AddDevice) page() string   { return "adddevice" }
func (AddDevice) onCard() bool   { return false }
func (v AddDevice) failed() bool { return v.Error != nil }

// ShowKey is the answer to adding a device: the only page that ever shows the secret.
// The code is posted to /settings/two-factor/{id}/confirm, or while signing in to /sign-in/set-up/confirm.
type ShowKey struct {
	At        Door          // at the sign-in or at a check
	ID        string        // the factor's id; hidden field "id" while signing in
	Name      string        // the device's name
	QR        template.HTML // inline SVG from package qr, with its quiet zone
	Key       string        // Base32 without blanks
	URI       string        // otpauth://totp/…
	Issuer    string        // as the app will show it
	Account   string        // as the app will show it
	SigningIn bool          // part of a sign-in that demands set-up
	Next      string        // as in AddDevice
	Ends      time.Time     // when this offer lapses
}

func (ShowKey) page() string   { return "showkey" }
func (v ShowKey) onCard() bool { return v.SigningIn }
func (ShowKey) failed() bool   { return false }

// Link gives the URI for a link, and nothing for a URI of another scheme.
func (v ShowKey) Link() template.URL {
	if !strings.HasPrefix(v.URI, "otpauth://") {
		return ""
	}
	return template.URL(v.URI)
}

// ConfirmDevice asks again for the code of a device that is not confirmed. It never
// holds the secret: who lost it starts again. Posts as ShowKey does.
type ConfirmDevice struct {
	At        Door // at the sign-in or at a check
	ID        string
	Kind      string // as in Way; empty for an app
	Name      string
	Hint      string    // the masked number or address that the code went to
	Sent      *SentCode // nil for an app
	SigningIn bool
	Next      string // as in AddDevice
	Ends      time.Time
	Error     *FormError
}

func (ConfirmDevice) page() string   { return "confirmdevice" }
func (v ConfirmDevice) onCard() bool { return v.SigningIn }
func (v ConfirmDevice) failed() bool { return v.Error != nil }

// BackupCodes shows the ten codes, once. "I have saved them" posts first and next to
// /settings/two-factor/backup-codes/saved.
type BackupCodes struct {
	At        Door     // at the sign-in or at a check
	Return    string   // of a check: the way back to the program; empty for none
	Codes     []string // as they are shown, grouped
	First     bool     // made with the first device, not in exchange for older ones
	SigningIn bool     // part of a sign-in that demanded set-up
	Host      string   // the host name they are for
	Account   string   // the account's name
	Email     string
	Made      time.Time
	Next      string // where the person was going; may be empty
}

func (BackupCodes) page() string   { return "backupcodes" }
func (v BackupCodes) onCard() bool { return v.SigningIn }
func (BackupCodes) failed() bool   { return false }

// ConfirmedBefore is for who has sent the form of a device twice and was on the way to another page. Next is that page.
type ConfirmedBefore struct{ Next string }

func (ConfirmedBefore) page() string { return "confirmedbefore" }
func (ConfirmedBefore) onCard() bool { return true }
func (ConfirmedBefore) failed() bool { return false }

// CodeWays is, on a page that asks for a code again, where one can be sent. Each of Ways posts method to Action.
type CodeWays struct {
	Action  string
	Ways    []Way  // confirmed numbers and mailboxes
	SentTo  string // masked, where a code was sent that may be entered; empty for none
	Passkey bool   // there is one, which may be used instead of a code: posts credential and ceremony
}

// RemoveDevice is /settings/two-factor/{id}/remove. Posts password and code.
type RemoveDevice struct {
	ID          string
	Name        string
	Last        bool // the last confirmed one: two-factor sign-in ends with it
	Kept        bool // it can't be removed: the organisation requires one
	Confirmed   bool
	Sent        bool // its codes are sent: a number or a mailbox
	Passkey     bool // it is one, and has no codes
	AskPassword bool // by policy (K1)
	AskCode     bool // likewise: an authentication code as well
	Send        CodeWays
	Email       string
	Error       *FormError
}

func (RemoveDevice) page() string   { return "removedevice" }
func (RemoveDevice) onCard() bool   { return false }
func (v RemoveDevice) failed() bool { return v.Error != nil }

// RenameDevice is /settings/two-factor/{id}/rename. Posts name.
type RenameDevice struct {
	ID      string
	Name    string // as typed; at first the present one
	Present string // the name it has now
	Error   *FormError
}

func (RenameDevice) page() string   { return "renamedevice" }
func (RenameDevice) onCard() bool   { return false }
func (v RenameDevice) failed() bool { return v.Error != nil }

// NewBackupCodes is /settings/two-factor/backup-codes. Posts set, password and code; the answer is BackupCodes.
type NewBackupCodes struct {
	Set         string // id of the present ones: sent again, the form ends no newer ones
	Left        int    // of the present ones, which end at once
	AskPassword bool   // by policy
	AskCode     bool   // likewise: an authentication code as well
	Send        CodeWays
	Email       string
	Error       *FormError
}

func (NewBackupCodes) page() string   { return "newbackupcodes" }
func (NewBackupCodes) onCard() bool   { return false }
func (v NewBackupCodes) failed() bool { return v.Error != nil }
