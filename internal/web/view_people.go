package web

import "time"

// ConfirmIdentity is /settings/confirm: the second factor is proved again before sensitive work. Posts code and next.
type ConfirmIdentity struct {
	Next  string // where the person was going
	Back  string // where Cancel leads
	Send  CodeWays
	Error *FormError
}

func (ConfirmIdentity) page() string   { return "confirmidentity" }
func (ConfirmIdentity) onCard() bool   { return false }
func (v ConfirmIdentity) failed() bool { return v.Error != nil }

// Somebody is whom a page is about.
type Somebody struct {
	ID, Name, Email string
}

// Called is the name and the address, or the address alone.
func (p Somebody) Called() string {
	if p.Name == "" {
		return p.Email
	}
	return p.Name + " (" + p.Email + ")"
}

// ResetUser is /admin/users/{id}/reset. Posts reason.
type ResetUser struct {
	Somebody
	Reason string
	Off    bool // the rules forbid it; no form is shown
	Error  *FormError
}

func (ResetUser) page() string   { return "resetuser" }
func (ResetUser) onCard() bool   { return false }
func (v ResetUser) failed() bool { return v.Error != nil }

// GiveCode is /admin/users/{id}/backup-code. Posts reason; the answer is GivenCode.
type GiveCode struct {
	Somebody
	Reason string
	Off    bool // the rules forbid it; no form is shown
	Error  *FormError
}

func (GiveCode) page() string   { return "givecode" }
func (GiveCode) onCard() bool   { return false }
func (v GiveCode) failed() bool { return v.Error != nil }

// GivenCode is the answer to GiveCode: the only page that ever shows the code.
type GivenCode struct {
	Somebody
	Code string
	Ends time.Time
}

func (GivenCode) page() string { return "givencode" }
func (GivenCode) onCard() bool { return false }
func (GivenCode) failed() bool { return false }

// SetRole is /admin/users/{id}/role. Posts role.
type SetRole struct {
	Somebody
	Present string // the role now
	Role    string // as chosen before
	Error   *FormError
}

func (SetRole) page() string   { return "setrole" }
func (SetRole) onCard() bool   { return false }
func (v SetRole) failed() bool { return v.Error != nil }

// LinkUser is /admin/users/{id}/link. Posts external_id.
type LinkUser struct {
	Somebody
	ExternalID string // what a program calls them; empty for nothing
	Error      *FormError
}

func (LinkUser) page() string   { return "linkuser" }
func (LinkUser) onCard() bool   { return false }
func (v LinkUser) failed() bool { return v.Error != nil }

// LockUser is /admin/users/{id}/lock.
type LockUser struct {
	Somebody
	Error *FormError
}

func (LockUser) page() string   { return "lockuser" }
func (LockUser) onCard() bool   { return false }
func (v LockUser) failed() bool { return v.Error != nil }

// UnlockUser is /admin/users/{id}/unlock.
type UnlockUser struct {
	Somebody
	Error *FormError
}

func (UnlockUser) page() string   { return "unlockuser" }
func (UnlockUser) onCard() bool   { return false }
func (v UnlockUser) failed() bool { return v.Error != nil }

// RemoveUser is /admin/users/{id}/remove.
type RemoveUser struct {
	Somebody
	Account string
	Invited bool // they have not accepted the invitation yet
	Error   *FormError
}

func (RemoveUser) page() string   { return "removeuser" }
func (RemoveUser) onCard() bool   { return false }
func (v RemoveUser) failed() bool { return v.Error != nil }

// InviteUser is /admin/users/invite. Posts email, name and role.
type InviteUser struct {
	Email, Name, Role string // as typed before
	Owner             bool   // an owner invites, who chooses the role; administrators invite members
	NoMail            bool   // nothing can be mailed; no form is shown
	Error             *FormError
}

func (InviteUser) page() string   { return "inviteuser" }
func (InviteUser) onCard() bool   { return false }
func (v InviteUser) failed() bool { return v.Error != nil }

// Invitation is /invitation, where the mailed link leads. Posts token, your_name and new_password.
type Invitation struct {
	Token       string // as pasted before
	Name        string // as typed before
	MinPassword int    // characters
	Error       *FormError
}

func (Invitation) page() string   { return "invitation" }
func (Invitation) onCard() bool   { return true }
func (v Invitation) failed() bool { return v.Error != nil }
