package account

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/errs"
	"sallyport/internal/texts"
)

// Allowance is an exception that the vendor made by hand: one account may use one method
// beyond its plan or in its trial, for a time (C14). An account has at most one for each method.
type Allowance struct {
	Method Method    `json:"method"`
	Reason string    `json:"reason"`
	Until  time.Time `json:"until"` // it has ended at this instant
	By     string    `json:"by"`    // the id of who made it, or "operator"
	At     time.Time `json:"at"`
}

// Runs reports whether the exception has not ended at the time now.
func (g Allowance) Runs(now time.Time) bool { return now.Before(g.Until) }

// Errors about exceptions.
var (
	ErrReason      = errs.New(errs.Invalid, "reason_needed", "Say why, in up to 200 characters. The reason stands in the audit log.").In("reason")
	ErrUntil       = errs.New(errs.Invalid, "until_invalid", "An exception needs an end.").In("until")
	ErrNoAllowance = errs.New(errs.NotFound, "exception_not_found", "The account has no exception for this method.")
	errRaced       = errs.New(errs.Conflict, "exceptions_changed", "The account was changed elsewhere at the same moment. Try again.")
)

// granted checks an exception and fills in who made it and when. It ends at most two
// years from today, so that nobody keeps by oversight what was given for a time.
func granted(g Allowance, now time.Time, by audit.Actor) (Allowance, error) {
	if _, err := ParseMethod(string(g.Method)); err != nil {
		return g, err
	}
	g.Reason = strings.TrimSpace(g.Reason)
	if g.Reason == "" || !texts.Printable(g.Reason, 200) {
		return g, ErrReason
	}
	now = now.UTC()
	last := time.Date(now.Year()+2, now.Month(), now.Day()+1, 0, 0, 0, 0, time.UTC)
	switch {
	case g.Until.IsZero():
		return g, ErrUntil
	case !g.Runs(now):
		return g, ErrUntil.Saying("This end is over already. Give a day from today on.")
	case g.Until.After(last):
		return g, ErrUntil.Saying("An exception lasts two years at most: until the end of " + last.AddDate(0, 0, -1).Format(time.DateOnly) + ".")
	}
	g.Until, g.At = g.Until.UTC(), now.Truncate(time.Second)
	g.By = cmp.Or(by.ID, string(by.Kind))
	return g, nil
}

// without returns all but the exception for m, and that one.
func without(all []Allowance, m Method) (rest []Allowance, old Allowance, found bool) {
	i := slices.IndexFunc(all, func(g Allowance) bool { return g.Method == m })
	if i < 0 {
		return all, Allowance{}, false
	}
	return slices.Delete(slices.Clone(all), i, i+1), all[i], true
}
