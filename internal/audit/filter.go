package audit

import (
	"time"

	"sallyport/internal/errs"
	"sallyport/internal/id"
)

// ErrPlace refuses a place in the list that no page of ours has named.
var ErrPlace = errs.New(errs.Invalid, "audit_place_invalid", "This address names no place in the audit log. It was cut or changed; begin again with the newest entries.")

// Filter says which events are wanted. The zero value wants all.
type Filter struct {
	Actions  []Action
	Person   string    // a user's id: who did it, or whom it concerns
	From, To time.Time // from the first to before the second; zero for no bound
}

// CheckPlace refuses what is no event's id, and so no place where a page can begin. An id of another account, or of no
// event at all, is a moment like any other: it says where in one's own list to go on.
func CheckPlace(before string) error {
	if _, ok := id.Time("evt", before); !ok && before != "" {
		return ErrPlace
	}
	return nil
}

// last sorts after every id that is ever made, in any collation: digits come before letters in all of them.
const last = "evt_zzzzzzzzzzzzzzzzzzzzzzzzzz"

// bounds are the ids between which the filter looks: from the first to before the second.
func (f Filter) bounds(before string) (from, to string) {
	to = last
	if !f.From.IsZero() {
		from = id.Least("evt", f.From)
	}
	if !f.To.IsZero() {
		to = id.Least("evt", f.To)
	}
	if before != "" && before < to {
		to = before
	}
	return from, to
}

// Errors about what was entered as a filter.
var (
	ErrAction = errs.New(errs.Invalid, "audit_action_invalid", "That is no kind of entry. Choose one from the list.").In("action")
	ErrPerson = errs.New(errs.Invalid, "audit_person_unknown", "Nobody in your organisation has this e-mail address. Enter it in full, like name@example.com.").In("person")
	ErrDay    = errs.New(errs.Invalid, "audit_day_invalid", "Enter a day as year, month and day, like 2026-12-31.")
	ErrPeriod = errs.New(errs.Invalid, "audit_period_invalid", "The last day lies before the first one. Enter the earlier day first.").In("to")
)

// CheckAction refuses what can't be the name of an action.
func CheckAction(name string) error {
	for _, r := range name {
		if (r < 'a' || r > 'z') && r != '.' && r != '_' {
			return ErrAction
		}
	}
	if name == "" || len(name) > 64 {
		return ErrAction
	}
	return nil
}

// SetPeriod sets the filter to whole days (UTC), the last one included, each like 2026-12-31 or "" for no bound.
func (f *Filter) SetPeriod(from, to string) error {
	var err error
	if f.From, err = day(from); err != nil {
		return ErrDay.In("from").Because(err)
	}
	if f.To, err = day(to); err != nil {
		return ErrDay.In("to").Because(err)
	}
	if f.To.IsZero() {
		return nil
	}
	f.To = f.To.AddDate(0, 0, 1)
	if !f.From.Before(f.To) {
		return ErrPeriod
	}
	return nil
}

func day(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.DateOnly, s)
}
