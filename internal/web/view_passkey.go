package web

import "time"

// AddPasskey is /settings/two-factor/add-passkey. Posts name and password; the answer leads to CreatePasskey.
type AddPasskey struct {
	Method      MethodState
	Name        string // empty for one that is suggested afterwards
	AskPassword bool
	Email       string // for the password manager
	Next        string // as in AddDevice
	Error       *FormError
}

func (AddPasskey) page() string   { return "addpasskey" }
func (AddPasskey) onCard() bool   { return false }
func (v AddPasskey) failed() bool { return v.Error != nil }

// CreatePasskey has the browser make the passkey. It posts credential to where ConfirmDevice posts its code.
type CreatePasskey struct {
	At        Door   // at the sign-in or at a check
	ID        string // hidden field "id" while signing in
	Options   string // JSON of what the browser is asked (PublicKeyCredentialCreationOptionsJSON)
	SigningIn bool
	Next      string // as in AddDevice
	Ends      time.Time
	Error     *FormError
}

func (CreatePasskey) page() string   { return "createpasskey" }
func (v CreatePasskey) onCard() bool { return v.SigningIn }
func (v CreatePasskey) failed() bool { return v.Error != nil }
