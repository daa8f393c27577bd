package web

import "time"

// Recommend is /settings/welcome: after a sign-in without any second factor (A1, K5).
// "Not now" posts next to /settings/welcome.
type Recommend struct {
	Next         string
	Organisation bool      // the organisation recommends it
	Days         int       // left until it must be set up; 0 if it need not
	By           time.Time // when that is
	App          bool      // an authenticator app can be added; otherwise the list of ways is shown
}

func (Recommend) page() string { return "recommend" }
func (Recommend) onCard() bool { return true }
func (Recommend) failed() bool { return false }

// Profile is /settings. The password form posts current_password and new_password to /settings/password,
// the one of the language posts language to /settings/language.
type Profile struct {
	Name        string
	Email       string
	Role        string // "owner", "admin" or "member"
	Account     string // the account's name
	MinPassword int    // characters
	TwoFactorOn bool   // any confirmed device
	Sessions    int    // live ones, this one included
	Language    string // "en", or empty to follow the browser
	Error       *FormError
}

func (Profile) page() string   { return "profile" }
func (Profile) onCard() bool   { return false }
func (v Profile) failed() bool { return v.Error != nil }

// Session is one row of the list of sessions.
type Session struct {
	ID       string
	Browser  string // in words: "Firefox on Linux, Vienna"
	Address  string
	SignedIn time.Time
	LastUsed time.Time
	How      string // "password", "code", "sms", "email", "trusted", "key" or "passkey"
	Current  bool   // the one that asks
}

// Sessions is /settings/sessions. End posts to /settings/sessions/{id}/end,
// "End all other sessions" to /settings/sessions/end-others.
type Sessions struct {
	Sessions []Session // the current one first
}

func (Sessions) page() string { return "sessions" }
func (Sessions) onCard() bool { return false }
func (Sessions) failed() bool { return false }

// Others reports whether there is any session besides the current one.
func (v Sessions) Others() bool {
	for _, s := range v.Sessions {
		if !s.Current {
			return true
		}
	}
	return false
}

// Problem is the page for a request that failed as a whole.
type Problem struct {
	Status     int
	Message    string        // what an errs.Error says about a thing the person named; empty for the text of the status
	Code       string        // stable code; may be empty
	Home       string        // where the server does answer, if it was asked under another name
	Nowhere    bool          // nothing here is for whoever came: no link to the first page
	Reference  string        // the request's id, to tell an administrator
	RetryAfter time.Duration // 0 for none
}

func (Problem) page() string { return "problem" }
func (Problem) onCard() bool { return false }
func (Problem) failed() bool { return true }

// Known gives the status whose texts are shown.
func (v Problem) Known() int {
	switch v.Status {
	case 400, 403, 404, 405, 409, 410, 413, 421, 429, 500, 503:
		return v.Status
	case 401, 422:
		return 409
	}
	if v.Status >= 400 && v.Status < 500 {
		return 400
	}
	return 500
}

// Inbox is /demo/inbox: what a demo would have mailed and texted.
type Inbox struct {
	Messages []InboxMessage // the newest first
}

// InboxMessage is one message. Kinds as in Way.
type InboxMessage struct {
	Kind    string
	To      string
	Subject string
	Text    string
	Link    string // the page that a mail leads to; may be empty
	At      time.Time
}

func (Inbox) page() string { return "inbox" }
func (Inbox) onCard() bool { return true }
func (Inbox) failed() bool { return false }
