package web

import (
	"html/template"
	"time"
)

// UsersTable is a page of a list of users, for any page that shows one: the template "users-table".
type UsersTable struct {
	Rows   []UserRow
	Before string // address of the page before this one; empty on the first
	After  string // of the one after it; empty on the last
}

// UserRow is one user of a list.
type UserRow struct {
	ID       string
	Email    string
	Name     string
	Role     string   // "owner", "admin" or "member"
	You      bool     // who looks
	Kinds    []string // of the confirmed devices, as in Way; none if two-factor authentication is off
	Since    time.Time
	LastUsed time.Time // zero for never
	States   []string  // as of package user
	By       time.Time // the end of the grace of who is in it
	Reset    bool      // who looks may reset the second factor
}

// Users is /admin/users. The search and the filters come by GET; the exports are posted to /admin/users/export.
type Users struct {
	Table   UsersTable
	Asked   UsersQuery
	Narrow  bool // something is searched or filtered for
	Locked  bool // signed in without a second factor: nothing can be exported
	Methods []string
	States  []string
	Error   *FormError
}

// UsersQuery is the form of the list as it was filled in. Sort begins with a hyphen for the other direction.
type UsersQuery struct{ Search, SecondFactor, Kind, Role, State, Sort string }

func (Users) page() string   { return "users" }
func (Users) onCard() bool   { return false }
func (v Users) failed() bool { return v.Error != nil }

// Filtered reports whether a filter is set, or another order than the usual one.
func (q UsersQuery) Filtered() bool { return q.SecondFactor+q.Kind+q.Role+q.State+q.Sort != "" }

// UserPage is /admin/users/{id}. What can be done there is done on pages of their own below it.
type UserPage struct {
	UserRow
	Devices     []Device // confirmed ones
	Backup      *BackupState
	Sessions    []Session        // that count, as many as are shown
	AllSessions int              // how many there are
	Browsers    []TrustedBrowser // trusted ones
	Keys        []APIKey
	SignedIn    time.Time // the last time; zero if never
	Added       time.Time
	ExternalID  string        // what a program calls them; empty for nothing
	Demand      string        // as of package account
	Cause       string        // as there
	Ends        time.Time     // of the grace
	Passkey     bool          // only a passkey will do
	AddPasskey  bool          // they have a second factor that is none, and add one after it
	Stuck       []MethodState // nothing can be set up, for these reasons, and something is to be
	Support     string        // whom to write to about plans; may be empty
	Actions     []string      // "reset", "backup-code", "end-sessions", "end-browsers", "end-keys", "role", "link", "lock", "unlock", "remove", "invite"
	Why         string        // why there are none: "self", "rank", "level"; empty if there are
	Events      []UserEvent
}

// Unnamed is how many sessions there are beside those that are shown.
func (v UserPage) Unnamed() int { return v.AllSessions - len(v.Sessions) }

func (UserPage) page() string { return "user" }
func (UserPage) onCard() bool { return false }
func (UserPage) failed() bool { return false }

// Called gives the name, or the e-mail address where there is none.
func (v UserRow) Called() string { return Person{Name: v.Name, Email: v.Email}.Called() }

// Is reports whether the user is in a state.
func (v UserRow) Is(state string) bool {
	for _, s := range v.States {
		if s == state {
			return true
		}
	}
	return false
}

// UserEvent is one line of what happened.
type UserEvent struct {
	At     time.Time
	Says   template.HTML
	Reason string // may be empty
}
