package reauth

import (
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/user"
)

// ToType is how much sooner a page with a form wants a new proof than the form itself does: whoever was shown the
// form has at least so long to fill it in.
const ToType = 5 * time.Minute

// ErrFactorNeeded asks for a code again: the second factor was proved too long ago for what is to be done.
var ErrFactorNeeded = errs.New(errs.Unauthenticated, "factor_needed", "This needs an authentication code that you entered within the last 15 minutes. Confirm that it is you, then repeat what you did.")

// SecondFactor is evidence that this user proved their second factor within Fresh. Administrators' work on other people
// takes one, so a page that forgot to ask does not compile. The zero SecondFactor proves nothing.
type SecondFactor struct {
	accountID, userID string
	at                time.Time
}

// FactorProved makes the evidence of a second factor that was proved at provedAt; the zero one if that was too long ago, or never.
func FactorProved(u user.User, provedAt, now time.Time) SecondFactor {
	p := SecondFactor{u.AccountID, u.ID, provedAt}
	if !FactorFresh(provedAt, now, Fresh) {
		return SecondFactor{}
	}
	return p
}

// FactorFresh reports whether a second factor that was proved at provedAt counts as proved within the span.
func FactorFresh(provedAt, now time.Time, span time.Duration) bool {
	return within(provedAt, now, span)
}

// Check refuses evidence that is empty, another user's, or older than Fresh, with ErrFactorNeeded.
func (p SecondFactor) Check(accountID, userID string, now time.Time) error {
	if p.userID == "" || p.userID != userID || p.accountID != accountID || !FactorFresh(p.at, now, Fresh) {
		return ErrFactorNeeded
	}
	return nil
}
