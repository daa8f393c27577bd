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
