package web

// ForgotPassword is /forgot-password: who has forgotten the password asks for a mail. Posts account and email.
type ForgotPassword struct {
	Account     string // short name from the address, kept in a hidden field
	Email       string // as typed before
	Unavailable bool   // nothing can be mailed to anybody; no form is shown
	Error       *FormError
}

func (ForgotPassword) page() string   { return "forgotpassword" }
func (ForgotPassword) onCard() bool   { return true }
func (v ForgotPassword) failed() bool { return v.Error != nil }

// ForgotSent is /forgot-password/sent. It is the same whether or not a mail is on its way.
type ForgotSent struct{}

func (ForgotSent) page() string { return "forgotsent" }
func (ForgotSent) onCard() bool { return true }
func (ForgotSent) failed() bool { return false }

// NewPassword is /forgot-password/new, where the mailed link leads. Posts token and new_password.
type NewPassword struct {
	Token       string // as pasted before
	MinPassword int    // characters
	Error       *FormError
}

func (NewPassword) page() string   { return "newpassword" }
func (NewPassword) onCard() bool   { return true }
func (v NewPassword) failed() bool { return v.Error != nil }

// ConfirmEmail is /confirm-email, where the link leads that is mailed to a new address. Posts token and password.
type ConfirmEmail struct {
	Token string // as pasted before
	Email string // of who is signed in here, for the password manager; empty for nobody
	Error *FormError
}

func (ConfirmEmail) page() string   { return "confirmemail" }
func (ConfirmEmail) onCard() bool   { return true }
func (v ConfirmEmail) failed() bool { return v.Error != nil }

// ChangeEmail is /settings/email. Posts new_email, password and code.
type ChangeEmail struct {
	Email       string // the present one
	NewEmail    string // as typed before
	AskCode     bool   // the person has a second factor
	Send        CodeWays
	Unavailable bool // nothing can be mailed; no form is shown
	Error       *FormError
}

func (ChangeEmail) page() string   { return "changeemail" }
func (ChangeEmail) onCard() bool   { return false }
func (v ChangeEmail) failed() bool { return v.Error != nil }
