// Package factor keeps the second factors of people: enrolled devices and the set
// of backup codes.
//
// A factor is pending until its owner has shown one right code, and only a
// confirmed one counts for anything. Secrets are sealed, bound to their row, and
// leave this package only towards the Method that compares a code with them. One
// function, [Service.Consume], uses up every one-time proof there is, by a
// conditional write whose row count is the verdict (security.md D1); wrong codes
// are counted in the factor's own row, so that the write which accepts a code is
// the write which checks that no wait is running (D2, D3). A passkey's answer can't
// be guessed, so it is not counted, and no stranger's mistakes keep a passkey out (B28).
package factor

import (
	"context"
	"slices"
	"strings"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/seal"
	"sallyport/internal/texts"
	"sallyport/internal/throttle"
)

// Kind is a sort of second factor.
type Kind string

// The kinds.
const (
	TOTP       Kind = "totp"
	Passkey    Kind = "passkey"
	SMS        Kind = "sms"
	Email      Kind = "email"
	BackupCode Kind = "backup_code"
)

// Sent reports whether codes of this kind are sent, each for one request, and not made by a device.
func (k Kind) Sent() bool { return k == SMS || k == Email }

// State is how far an enrolment got.
type State string

// The states.
const (
	Pending   State = "pending"
	Confirmed State = "confirmed"
)

// PendingFor is how long an enrolment may stay unconfirmed.
const PendingFor = 15 * time.Minute

// Factor is one enrolled second factor, without its secret.
type Factor struct {
	AccountID, UserID, ID string
	Kind                  Kind
	Name                  string
	Hint                  string // the masked address of a number or mailbox: "+43 ••• 67"; of a passkey, Synced or DeviceBound
	State                 State
	LastStep              int64 // the newest time step accepted; of a passkey, its last signature counter
	Drift                 int64 // learned clock difference, in time steps
	ResyncStep            int64 // the time step of a right code outside the tolerance, shown just before; or 0
	Failures              int64 // wrong codes in a row
	BlockedUntil          time.Time
	AddedAt               time.Time
	ExpiresAt             time.Time // of a pending one
	ConfirmedAt           time.Time
	LastUsedAt            time.Time // zero if never
}

// Waits reports whether the factor may still be confirmed at now: it is pending, in its time, and was not begun by a clock
// that was ahead (security.md F15), which would give its key out for as long as the clock was wrong.
func (f Factor) Waits(now time.Time) bool {
	return f.State == Pending && now.Before(f.ExpiresAt) && !db.FromTheFuture(f.AddedAt, now)
}

// Locked reports whether so many codes were wrong in a row that only another factor
// or an administrator opens this one again.
func (f Factor) Locked() bool { return f.Failures >= throttle.Lock }

// Left is how long a wait still runs; zero if none does. A locked factor takes no code whatever Left says.
func (f Factor) Left(now time.Time) time.Duration {
	return throttle.Remaining(f.BlockedUntil, now)
}

// takes reports whether a code may be tried now.
func (f Factor) takes(now time.Time) bool { return !f.Locked() && f.Left(now) == 0 }

// Stored is a factor as it lies in the database: its secret sealed.
type Stored struct {
	Factor
	sealed []byte
}

// Candidate is a factor that a code may prove, opened for its Method.
type Candidate struct {
	Factor
	Secret []byte    // what the method stored at enrolment
	Models []string  // which a new passkey must be one of; empty for any
	Asked  []byte    // what the passkey was asked, as its method wrote it
	Codes  []Code    // the single-use codes, for the kinds that have them
	Sent   *SentCode // the code that was sent for the request, for the kinds that are sent
}

// Code is one single-use code as it is stored.
type Code struct {
	Selector string // finds the row to compare with; no secret
	Hash     string // PHC string
	Used     bool   // used up already; told apart from a wrong one, and no more
	Issued   bool   // given out by an administrator (X13); none of the person's own
}

// Match says which factor a code proves and what must be used up for it.
type Match struct {
	Factor   Factor
	Step     int64     // time-based: the code's step, used up with all before it
	Drift    int64     // the clock difference to remember
	After    int64     // the step that must still be the last one tried, if only the pair counts (K10); else 0
	Selector string    // single-use codes: the one to use up
	Left     int       // of the person's own, how many are left then
	Issued   bool      // of these, it was one that an administrator gave out
	Sent     *SentCode // sent codes: the one to use up
	Answer   *Answer   // passkeys: what it answered; the counter is in Step
}

// Finding is what a Method found out about a code.
type Finding struct {
	Right *Match // the code is right
	Near  *Match // right, but the device's clock is off beyond the tolerance (K10)
	Used  bool   // right, but used already

	Refusal *Refusal // passkeys: why the answer is not right
}

// Method is one sort of one-time code. Its methods compute and neither read nor write anything.
type Method interface {
	Kind() Kind
	// AMR is the method's value in RFC 8176 terms, where a match does not say more.
	AMR() string
	// Clean brings what was typed into the one form that is compared, or says that it can't be such a code (security.md D6).
	Clean(typed string) (string, error)
	// Match compares a cleaned code with each candidate.
	Match(ctx context.Context, code string, candidates []Candidate, now time.Time, tolerance time.Duration) (Finding, error)
}

// Errors about second factors and their codes.
var (
	ErrWrongCode = errs.New(errs.Invalid, "wrong_code", "That code isn’t valid. Check the date and time on your phone, then enter the next code it shows.").In("code")
	ErrUsedCode  = errs.New(errs.Invalid, "used_code", "That code has been used already. Wait for the next one, up to 30 seconds.").In("code")
	ErrMalformed = errs.New(errs.Invalid, "malformed_code", "An authentication code has six digits. Enter the one your app shows now.").In("code")
	ErrCodeOver  = errs.New(errs.Invalid, "code_over", "The code we sent no longer counts: it is older than ten minutes, or was tried too often. Send a new one.").In("code")
	ErrLocked    = errs.New(errs.TooMany, "factor_locked", "Too many wrong codes were entered, so this way of signing in is locked. Use another way, such as a backup code, or ask your administrator.")
	ErrNotFound  = errs.New(errs.NotFound, "factor_not_found", "There is no such device. It may have been removed.")
	ErrExpired   = errs.New(errs.Expired, "enrolment_expired", "Adding this device took too long, so its QR code no longer works. Start again.")
	ErrLimit     = errs.New(errs.Conflict, "device_limit", "You have as many devices as your organisation allows. Remove one first.")
	ErrName      = errs.New(errs.Invalid, "device_name", "Give the device a name of 1 to 40 characters.").In("name")
	ErrNameTaken = errs.New(errs.Conflict, "device_name_taken", "You have a device of this name already. Choose another name.").In("name")
	ErrAddress   = errs.New(errs.Conflict, "address_taken", "This number or address is in use already in your organisation. Enter one that only you use.").In("address")
	errRefused   = errs.New(errs.Conflict, "code_refused", "") // inside Consume only: somebody was faster, or a wait began
)

// Service keeps factors. All fields are needed.
type Service struct {
	DB       *db.DB
	Ring     *seal.Ring
	Now      func() time.Time
	Methods  []Method                                            // in the order in which a typed code is tried
	NewCodes func(ctx context.Context) ([]string, []Code, error) // ten backup codes: as shown, and as stored
	// NewCode makes one more, whose selector is not taken.
	NewCode func(ctx context.Context, taken func(selector string) bool) (string, Code, error)
}

func (s *Service) method(k Kind) (Method, error) {
	for _, m := range s.Methods {
		if m.Kind() == k {
			return m, nil
		}
	}
	return nil, ErrNotFound
}

// AMR is the methods of a sign-in with the password and what m matched, in RFC 8176 terms.
func (s *Service) AMR(m Match) []string {
	second := []string{"otp"}
	if m.Answer != nil {
		second = m.Answer.AMR
	} else if method, err := s.method(m.Factor.Kind); err == nil {
		second = []string{method.AMR()}
	}
	return slices.Concat([]string{"pwd"}, second, []string{"mfa"})
}

// CleanName returns a device's name without surrounding blanks, or ErrName.
func CleanName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	if name == "" || !texts.Printable(name, 40) {
		return "", ErrName
	}
	return name, nil
}

func (s *Service) seal(f Factor, secret []byte) ([]byte, error) {
	return s.Ring.Seal(secret, seal.AD("factors", f.AccountID, f.UserID, f.ID))
}

func (s *Service) open(f Stored) ([]byte, error) {
	if len(f.sealed) == 0 {
		return nil, nil
	}
	return s.Ring.Unseal(f.sealed, seal.AD("factors", f.AccountID, f.UserID, f.ID))
}
