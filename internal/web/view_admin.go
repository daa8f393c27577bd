package web

import "time"

// Admin is /admin: what the organisation has, to be read only.
type Admin struct {
	Account    string // the organisation's name
	Plan       string // its plan's name
	Unknown    bool   // the settings no longer know that plan
	HeldBack   bool   // owners and administrators are mailed nothing that opens their account
	TrialEnds  time.Time
	InTrial    bool
	Methods    []MethodState // without devices
	Exceptions []Exception
	Support    string // whom to write to about plans; may be empty
	Rollout    Rollout
}

func (Admin) page() string { return "admin" }
func (Admin) onCard() bool { return false }
func (Admin) failed() bool { return false }

// Exception is a method that the organisation may use beyond its plan (C14).
type Exception struct {
	Kind   string // as in Way
	Reason string
	Until  time.Time
	Ended  bool
}

// MailServer is /admin/mail. The form posts to it, "Send a test message" to /admin/mail/test.
type MailServer struct {
	Own        bool   // the organisation has a server of its own: it counts
	Deployment bool   // there is one for everybody, which counts otherwise
	Server     string // the own one, as "host:port"
	ByAdmin    bool   // an administrator chose it: what opens an owner's account does not go through it
	Result     *MailResult
	Mine       string // where a test message goes: one's own address
	Locked     bool   // signed in without a second factor: there is nothing to press

	Host, Port, Security, User, From string // of the form
	Keeps                            bool   // a password is stored
	Error                            *FormError
}

func (MailServer) page() string   { return "mailserver" }
func (MailServer) onCard() bool   { return false }
func (v MailServer) failed() bool { return v.Error != nil }

// MailResult is how the last send went.
type MailResult struct {
	OK     bool
	Words  string // what was wrong and what to do; empty if the error on top says it
	Detail string // what the server's own words were, if Words leave them out
	At     time.Time
}

// RemoveMailServer is /admin/mail/remove.
type RemoveMailServer struct {
	Server     string // "host:port"
	Deployment bool   // mail goes through the one for everybody then
	Mailboxes  int    // people who have e-mail codes
	Locked     bool   // as in MailServer
	Mine       string // one's own address, for password managers
	Error      *FormError
}

func (RemoveMailServer) page() string   { return "removemailserver" }
func (RemoveMailServer) onCard() bool   { return false }
func (v RemoveMailServer) failed() bool { return v.Error != nil }
