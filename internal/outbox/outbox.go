// Package outbox is the queue of everything that is mailed or texted.
//
// A message is a row, written in the transaction of what it tells about: so a notice
// exists if and only if its cause does, and nobody waits for a mail server. Any replica
// may take a message and send it; a lease keeps the others off meanwhile, and a replica
// that dies leaves a message that is due again. A message that could not be sent in its
// time is given up. The rows hold no code: a code is read where it lies when it is sent,
// if it is alive still. A mailed token lies here sealed until it is sent, and no longer; so does the mail server that an
// administrator replaced, by which its owners hear of that.
package outbox

import (
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/errs"
	"sallyport/internal/seal"
)

// Channel is the way a message goes.
type Channel string

// The channels.
const (
	Mail Channel = "mail"
	SMS  Channel = "sms"
)

// Kind is what a message says.
type Kind string

// The messages that carry something to be entered.
const (
	Code          Kind = "code"           // the code of a sign-in, an enrolment or a proof
	DisableToken  Kind = "disable_token"  // to switch two-factor sign-in off (P14)
	SetUpToken    Kind = "set_up_token"   // to set up a first device inside a sign-in
	ResetToken    Kind = "reset_token"    // to choose a new password
	EmailToken    Kind = "email_token"    // to prove a new e-mail address
	Invitation    Kind = "invitation"     // to join an account; carries the token that accepts it
	DisableCancel Kind = "disable_cancel" // two-factor sign-in ends soon; carries the token that keeps it on
)

// The notices: what happened to somebody's account (ASVS 6.3.5, 6.3.7).
const (
	FactorAdded      Kind = "factor_added"
	FactorRemoved    Kind = "factor_removed"
	FactorLocked     Kind = "factor_locked"
	PasskeyCopied    Kind = "passkey_copied"   // its counter did not rise
	TwoFactorReset   Kind = "two_factor_reset" // by an administrator or the operator
	TwoFactorOff     Kind = "two_factor_off"   // by the mailed token (P15)
	DisableKept      Kind = "disable_kept"     // the planned end of two-factor sign-in was called off
	BackupCodesMade  Kind = "backup_codes_made"
	BackupCodeUsed   Kind = "backup_code_used" // with how many are left
	BackupCodesLow   Kind = "backup_codes_low" // three or fewer are left
	PasswordChanged  Kind = "password_changed"
	EmailAsked       Kind = "email_change_asked" // to the old address, before the new one is proved
	EmailChanged     Kind = "email_changed"      // to the old address
	SignInUnknown    Kind = "sign_in_unknown_browser"
	SignInUnfinished Kind = "sign_in_unfinished" // the password was right, the second factor never came
	BrowserUsedTwice Kind = "browser_used_twice" // the cookie of a trusted browser was copied, it seems
	TwoFactorAsked   Kind = "two_factor_asked"   // an administrator reminds those who have none
	AdminCodeIssued  Kind = "admin_code_issued"  // an administrator gave out a backup code for them (X13)
	AdminCodeUsed    Kind = "admin_code_used"    // it was used
	RoleChanged      Kind = "role_changed"
	AccessLocked     Kind = "access_locked"
	AccessUnlocked   Kind = "access_unlocked"
	SessionsEnded    Kind = "sessions_ended" // one or all, by an administrator
	BrowsersEnded    Kind = "browsers_ended" // the trust in one or all, by an administrator
	KeyMade          Kind = "api_key_made"
	KeyRemoved       Kind = "api_key_removed"
	KeyChanged       Kind = "api_key_second_factor_changed"
	KeyLocked        Kind = "api_key_locked"  // its device: too many wrong codes
	KeysEnded        Kind = "api_keys_ended"  // all, by an administrator, the operator or a reset
	UserRemoved      Kind = "user_removed"    // to the address that was registered: the person is gone
	MailServerSet    Kind = "mail_server_set" // to the administrator who did it
	MailServerGone   Kind = "mail_server_removed"
	MailServerChosen Kind = "mail_server_chosen" // to the owners: an administrator chose it
	MailServerTaken  Kind = "mail_server_taken"  // to the owners: an administrator removed it
	TestMail         Kind = "test"
)

// ToFactor is the fact that names the number or mailbox a message goes to, by the factor's id: the address itself is
// looked up when it is sent, and lies sealed until then.
const ToFactor = "factor"

// State is how far a message got.
type State string

// The states.
const (
	Queued    State = "queued"
	Sent      State = "sent"      // the mail server or gateway took it
	Delivered State = "delivered" // the gateway says it arrived
	Failed    State = "failed"
	Dropped   State = "dropped" // too late to be of use, or nobody to send it to
)

// ErrEarly says that a receipt came before the answer whose text it is about was noted.
var ErrEarly = errs.New(errs.Unavailable, "receipt_early", "This receipt came too early. Send it again in a moment.")

// How long it is tried to send what does not end by itself.
const noticeFor = 3 * 24 * time.Hour

// Keep is how long a settled message stays, to be shown and to be found by its receipt.
const Keep = 30 * 24 * time.Hour

// Message is one message in the queue.
type Message struct {
	AccountID, ID, UserID string
	Channel               Channel
	Kind                  Kind
	Recipient             string // empty: the person's registered address when it is sent, or the factor's
	Language              string // of the browser that caused it; may be empty
	Facts                 map[string]string
	Secret                []byte // what is sealed until the message is sent, opened: the token, where there is one
	Attempts              int64
	CreatedAt, ExpiresAt  time.Time

	sealed []byte
}

// facts is what every notice tells: who did it, and from where.
func facts(more map[string]string, by audit.Actor) map[string]string {
	all := map[string]string{"by": string(by.Kind)}
	if by.ID != "" {
		all["by_id"] = by.ID
	}
	if by.Address != "" {
		all["address"] = audit.Claim(by.Address)
	}
	if by.UserAgent != "" {
		all["agent"] = audit.Claim(by.UserAgent)
	}
	for k, v := range more {
		all[k] = v
	}
	return all
}

func ad(m Message) string { return seal.AD("outbox", m.AccountID, m.ID) }

// Open unseals the message's token. A message without one stays as it is.
func (m *Message) Open(ring *seal.Ring) (err error) {
	if len(m.sealed) > 0 {
		m.Secret, err = ring.Unseal(m.sealed, ad(*m))
	}
	return err
}

// HasToken reports whether the message carries a token.
func (m Message) HasToken() bool { return len(m.sealed) > 0 && !m.Kind.ToOwners() }

// ToOwners says whether a message tells owners what an administrator did to their mail server. What such a message has sealed
// is the way that it goes, and nothing that it says.
func (k Kind) ToOwners() bool { return k == MailServerChosen || k == MailServerTaken }

// Delay is how long to wait after so many attempts that failed.
func Delay(attempts int64) time.Duration {
	steps := []time.Duration{5 * time.Second, 20 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute}
	if attempts < 1 {
		return 0
	}
	return steps[min(int(attempts), len(steps))-1]
}
