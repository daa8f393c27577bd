// Package check keeps checks: a program that keeps its own passwords asks whether somebody shows their second factor too.
//
// A check belongs to the program that began it, an API key or the operator, and does not exist for any other. It is passed
// at most once, and its result is given at most once: each is one conditional write. It ends after ten minutes, with the
// person's security epoch, and with the person. The way through it is a pending sign-in of another purpose, which package
// signin knows; this package never sees a code.
//
// The browser is let in by a link that works once, and is known from then on by a cookie of its own.
package check

import (
	"net/url"
	"strings"
	"time"

	"sallyport/internal/db"
	"sallyport/internal/errs"
	"sallyport/internal/texts"
)

// prefix begins a check's id; the others those of its secrets.
const (
	prefix        = "chk"
	linkPrefix    = "lnk"
	browserPrefix = "chb"
)

const (
	// For is how long a check can be passed.
	For = 10 * time.Minute
	// ResultFor is how long the result of a passed check waits.
	ResultFor = 5 * time.Minute
	// keptFor is how long it can be asked what became of a check that is over.
	keptFor = 24 * time.Hour
)

// OperatorOwner owns the checks that the operator's key begins.
const OperatorOwner = "operator"

// What can be wrong with a check.
var (
	ErrNotFound  = errs.New(errs.NotFound, "check_not_found", "There is no such check. It may be another program’s, or more than a day old.")
	ErrOver      = errs.New(errs.Expired, "check_over", "This check is over: it was passed, cancelled, or took too long. Begin a new one.")
	ErrNotPassed = errs.New(errs.Conflict, "check_not_passed", "The second factor has not been proved yet, so there is no result.")
	ErrTaken     = errs.New(errs.Conflict, "check_taken", "The result of this check was given already. It is given once.")
	ErrLink      = errs.New(errs.Expired, "check_link", "This link was used already, or is too old. Go back to where you came from, and sign in there again.")
	ErrReturnTo  = errs.New(errs.Invalid, "check_return_to", "The address to return to must be a complete one, on one of the origins in the setting door_origins.").In("return_to")
	ErrReference = errs.New(errs.Invalid, "check_reference", "A reference has at most 200 characters and no control characters.").In("reference")
)

// State is where a check stands.
type State string

// The states, named as in the REST interface.
const (
	SecondFactor State = "second_factor"
	SetUp        State = "set_up"
	Passed       State = "passed"
	Taken        State = "taken"
	Cancelled    State = "cancelled"
	Expired      State = "expired"
)

// Owner is the program that a check belongs to.
type Owner struct {
	ID        string // an API key's id, or OperatorOwner
	AccountID string // of the key; empty for the operator, who asks in every account
}

// Check is one check.
type Check struct {
	AccountID, ID, UserID string
	Owner                 string
	Epoch                 int64
	Reference             string
	ReturnTo              string
	AMR                   []string
	Method                string // the kind of the second factor
	Opened                bool   // a browser has opened the link
	CreatedAt, ExpiresAt  time.Time
	PassedAt              time.Time // zero until then, as the next two
	TakenAt               time.Time
	CancelledAt           time.Time
}

// Over is the state of a check that waits for no second factor any more at now, with the user's epoch as it is; empty while it may still wait.
func (c Check) Over(epoch int64, now time.Time) State {
	switch {
	case !c.TakenAt.IsZero():
		return Taken
	case !c.CancelledAt.IsZero():
		return Cancelled
	case !now.Before(c.ExpiresAt), c.Epoch != epoch, db.FromTheFuture(c.CreatedAt, now):
		return Expired
	case !c.PassedAt.IsZero():
		return Passed
	}
	return ""
}

// Return is the address to return to, with the check's id; empty if there is none.
func (c Check) Return() string {
	u, err := url.Parse(c.ReturnTo)
	if c.ReturnTo == "" || err != nil {
		return ""
	}
	query := u.Query()
	query.Set("check", c.ID)
	u.RawQuery = query.Encode()
	return u.String()
}

// ReturnTo checks an address to return to: a complete one, on one of the origins (each as browsers write it), with nothing in it that browsers and this program might
// read differently (security.md B80). Empty is none.
func ReturnTo(origins []string, address string) (string, error) {
	if address == "" {
		return "", nil
	}
	for _, r := range address {
		if r <= ' ' || r > '~' || r == '\\' || r == '#' {
			return "", ErrReturnTo
		}
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > 2000 || u.User != nil {
		return "", ErrReturnTo
	}
	if _, err := url.ParseQuery(u.RawQuery); err != nil {
		return "", ErrReturnTo
	}
	for _, o := range origins {
		// The text itself begins with the origin, letter by letter; what a parser makes of it has no say.
		if rest, ok := strings.CutPrefix(address, o); ok && (rest == "" || rest[0] == '/' || rest[0] == '?') {
			return address, nil
		}
	}
	return "", ErrReturnTo
}

// CheckReference refuses what can't be kept as a reference.
func CheckReference(reference string) error {
	if !texts.Printable(reference, 200) {
		return ErrReference
	}
	return nil
}
