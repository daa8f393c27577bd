// Package user holds the people of an account: their names, roles, password
// hashes, and the security epoch that every session must match.
//
// Raising the epoch is how all of a person's sessions and half-finished sign-ins
// end at once, whichever package keeps them. A password is known here as a hash only.
package user

import (
	"net/mail"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/errs"
	"sallyport/internal/texts"
)

// Role is what a person may do within the account.
type Role string

// The roles, the mightiest first.
const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Member Role = "member"
)

// User is one person, a member of exactly one account.
type User struct {
	AccountID        string
	ID               string
	Email            string // canonical
	Name             string // may be empty
	Role             Role
	Epoch            int64
	Language         string    // of pages and messages; empty follows the browser
	PreferredFactor  string    // the device asked for first at sign-in; empty for the policy's order (K9)
	PasswordMailedAt time.Time // last reset of the password by mail; zero if never (K3)
	TwoFactorEndsAt  time.Time // when the second factor is switched off by mail (K2); zero for never
	SetUpRequired    bool      // the next sign-in demands the set-up of a second factor (T15)
	WelcomedAt       time.Time // when two-factor sign-in was last recommended and put off; zero if never (A1)
	LockedAt         time.Time // zero unless locked
	InvitedAt        time.Time // zero once the invitation was accepted: nobody signs in before
	TwoFactorSince   time.Time // when the oldest confirmed device was confirmed; zero without one
	TwoFactorKinds   string    // of the confirmed devices: "totp sms "
	ExternalID       string    // what a program that keeps their password calls them; empty for none
	HasPassword      bool      // here; without one they sign in nowhere here: they are invited, or known by a program's checks only
	CreatedAt        time.Time
}

// Administers reports whether the role is an owner's or administrator's.
func (r Role) Administers() bool { return r == Owner || r == Admin }

// Over reports whether somebody of this role acts on the access of one of the other: owners on everybody's, administrators on members'.
func (r Role) Over(other Role) bool { return r == Owner || r == Admin && other == Member }

// Devices is how many kinds of second factor the user has confirmed: 0 if none at all.
func (u User) Devices() int { return len(strings.Fields(u.TwoFactorKinds)) }

// Standing is what the account's demand for a second factor depends on, for a user with so many confirmed devices.
func (u User) Standing(devices int) account.Standing {
	return account.Standing{Administrator: u.Role.Administers(), Devices: devices, Passkey: strings.Contains(u.TwoFactorKinds, "passkey "), Reset: u.SetUpRequired, Since: u.CreatedAt}
}

// Errors about users.
var (
	ErrNotFound      = errs.New(errs.NotFound, "user_not_found", "There is no such user in this account.")
	ErrEmailTaken    = errs.New(errs.Conflict, "user_exists", "A user with this e-mail address exists already in this organisation.").In("email")
	ErrChanged       = errs.New(errs.Conflict, "changed_meanwhile", "Something about your sign-in was changed elsewhere at the same moment. Look at the page again and repeat what you did.")
	ErrLocked        = errs.New(errs.Forbidden, "user_locked", "Your access is locked. Ask your administrator to unlock it.")
	ErrEmail         = errs.New(errs.Invalid, "email_invalid", "Enter an e-mail address like name@example.com.").In("email")
	ErrRole          = errs.New(errs.Invalid, "role_invalid", "The role must be owner, admin or member.").In("role")
	ErrLanguage      = errs.New(errs.Invalid, "language_invalid", "Choose one of the languages in the list.").In("language")
	ErrExternal      = errs.New(errs.Invalid, "external_id_invalid", "A program’s id of a person has 1 to 200 visible characters and no blanks.").In("external_id")
	ErrExternalTaken = errs.New(errs.Conflict, "external_id_taken", "Another user of this organisation has this id already.").In("external_id")
	errName          = errs.New(errs.Invalid, "name_invalid", "A name has at most 80 characters and no control characters.").In("name")
)

// ParseRole reads a role.
func ParseRole(s string) (Role, error) {
	switch r := Role(s); r {
	case Owner, Admin, Member:
		return r, nil
	}
	return "", ErrRole
}

// CanonicalEmail gives the one form of an address under which it is stored,
// counted and compared (security.md D6): without surrounding blanks, in lower
// case. What has no such form is refused: display names, quotes, comments,
// anything but ASCII (a domain beyond ASCII is written in its xn-- form), more than 254 bytes.
func CanonicalEmail(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len(s) < 3 || len(s) > 254 {
		return "", ErrEmail
	}
	for _, r := range s {
		if r <= ' ' || r > '~' || strings.ContainsRune(`"(),:;<>[\]`, r) {
			return "", ErrEmail
		}
	}
	local, domain, _ := strings.Cut(s, "@")
	if _, err := mail.ParseAddress(s); err != nil || len(local) > 64 || strings.Contains(domain, "@") ||
		strings.HasPrefix(domain, "-") || strings.HasSuffix(domain, ".") || strings.HasSuffix(domain, "-") {
		return "", ErrEmail
	}
	return strings.ToLower(s), nil
}

// CheckName returns a person's name without surrounding blanks, or refuses it.
func CheckName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if !texts.Printable(name, 80) {
		return "", errName
	}
	return name, nil
}
