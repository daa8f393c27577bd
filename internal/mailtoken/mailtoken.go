// Package mailtoken is what is mailed to be pasted back: the token that switches
// two-factor sign-in off (P14), the one that comes before the set-up of a first device, the one that lets a new password
// be chosen, the one that proves a new e-mail address, the one that accepts an invitation.
//
// A token is 130 random bits, good once, for one purpose, until its end or the person's
// security epoch rises; a newer one of the same purpose ends it (security.md B11, B12).
// Only its hash is stored here. It proves that somebody reads the mailbox, and nothing
// else: each purpose demands what must be proved beside it (D7).
package mailtoken

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/token"
	"sallyport/internal/user"
)

// Purpose is what a token is good for.
type Purpose string

// The purposes.
const (
	Disable Purpose = "disable" // to switch two-factor sign-in off, inside one pending sign-in
	Keep    Purpose = "keep"    // to keep it on, while its end is planned
	Reset   Purpose = "reset"   // to choose a new password
	Email   Purpose = "email"   // to prove a new e-mail address
	SetUp   Purpose = "set_up"  // to set up a first device inside one pending sign-in
	Invite  Purpose = "invite"  // to join an account, with a password of one's own
)

// Lives is how long a token of this purpose works.
func (p Purpose) Lives() time.Duration {
	switch p {
	case Disable, SetUp:
		return 10 * time.Minute // the pending sign-in it belongs to does not live longer
	case Email:
		return 24 * time.Hour
	case Invite:
		return 7 * 24 * time.Hour
	default:
		return time.Hour
	}
}

// ErrToken says that a token is not good, or not any more. It says not which.
var ErrToken = errs.New(errs.Invalid, "mail_token_invalid",
	"That token does not work: it is mistyped, was used, or is older than it may be; only the newest one we mailed counts. Copy it from the mail again, or ask for a new one.").In("token")

// ResendAfter is how long to wait before the next token for the same request.
const ResendAfter = time.Minute

// ErrTooSoon says that the last token for the same request was mailed a moment ago.
var ErrTooSoon = errs.New(errs.TooMany, "token_resend_too_soon", "A token was mailed less than a minute ago. Wait a little, then send a new one.")

// Token is one that is good, as it is stored.
type Token struct {
	AccountID, UserID string
	Purpose           Purpose
	Request           string // the pending sign-in it is good for, where it is for one
	Detail            string // the new address, where it is about one
	CreatedAt         time.Time
	ExpiresAt         time.Time
	epoch             int64
	id                string
}

// ResendAt is when the next one may be mailed for the same request.
func (t Token) ResendAt() time.Time { return t.CreatedAt.Add(ResendAfter) }

// For reports whether the token belongs to this person as they are now.
func (t Token) For(u user.User) bool {
	return t.AccountID == u.AccountID && t.UserID == u.ID && t.epoch == u.Epoch
}

var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// draw makes a token as it is mailed: 26 characters that a double click selects.
func draw() string {
	var raw [17]byte
	rand.Read(raw[:]) // never fails
	return alphabet.EncodeToString(raw[:])[:26]
}

// clean brings what was pasted into the one form that is looked up, "" if it can't be a token.
func clean(pasted string) string {
	if len(pasted) > 200 {
		return ""
	}
	s := strings.ToLower(strings.Join(strings.Fields(pasted), ""))
	if len(s) != 26 || strings.Trim(s, "0123456789abcdefghjkmnpqrstvwxyz") != "" {
		return ""
	}
	return s
}

func idOf(secret string) string { return "mtk_" + alphabet.EncodeToString(token.Hash(secret)) }
