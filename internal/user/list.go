package user

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport/internal/account"
	"sallyport/internal/errs"
)

// Sort is the order of a list of users.
type Sort string

// The orders. Those who are alike in it stand in the order of their ids.
const (
	SortEmail Sort = "email"
	SortName  Sort = "name"          // without accents; who has no name stands at the address
	SortSince Sort = "second_factor" // since when there is one; those without come first
	SortAdded Sort = "added"
)

// State is what is worth knowing of somebody beside their role and devices.
type State string

// The states. A person can be in several.
const (
	Locked  State = "locked"
	Invited State = "invited" // has not come yet: nothing is asked of them so far
	SetUp   State = "set_up"  // after a reset
	Grace   State = "grace"   // must have a second factor by a day to come
	Overdue State = "overdue" // must have had one by now
)

// States lists the states.
func States() []State { return []State{Locked, Invited, SetUp, Grace, Overdue} }

// Query is what a list of users is asked for. The zero value asks for everybody, by e-mail address.
type Query struct {
	Search       string // words of the name and address, or their beginnings
	SecondFactor string // "on", "off"; empty for both
	Kind         string // a method's name; empty for all
	Role         string
	State        string
	Sort         string // empty for SortEmail
	Descending   bool
	At           string // where the page begins: Page.Before or Page.After of another one; empty for the first
	Most         int    // how many stand on the page; 0 for PageSize
}

// Narrowed reports whether the query asks for less than everybody.
func (q Query) Narrowed() bool { return q.Search+q.SecondFactor+q.Kind+q.Role+q.State != "" }

// PageSize is how many users stand on one page, unless fewer are asked for.
const PageSize = 25

// mostWords bounds what a search costs.
const mostWords = 10

// Errors about lists.
var (
	ErrFilter = errs.New(errs.Invalid, "filter_unknown", "Choose one of the values in the list.")
	ErrPage   = errs.New(errs.Invalid, "page_unknown", "That page of the list can’t be found: its address is damaged, or belongs to another order. This is the first page.")
	ErrSearch = errs.New(errs.Invalid, "search_too_long", "Search for at most ten words.").In("search")
)

// check refuses what no list has.
func (q Query) check() error {
	for _, f := range []struct {
		name, value string
		known       []string
	}{
		{"second_factor", q.SecondFactor, []string{"on", "off"}},
		{"kind", q.Kind, names(account.Methods())},
		{"role", q.Role, names([]Role{Owner, Admin, Member})},
		{"state", q.State, names(States())},
		{"sort", q.Sort, names([]Sort{SortEmail, SortName, SortSince, SortAdded})},
	} {
		if f.value != "" && !slices.Contains(f.known, f.value) {
			return ErrFilter.In(f.name)
		}
	}
	if len(split(folded(q.Search))) > mostWords {
		return ErrSearch
	}
	return nil
}

func names[S ~string](all []S) []string {
	list := make([]string, len(all))
	for i, s := range all {
		list[i] = string(s)
	}
	return list
}

// Listed is one user of a list.
type Listed struct {
	User
	LastUsed time.Time // of the second factor; zero if never
}

// Page is a part of a list.
type Page struct {
	People []Listed
	Before string // At of the page before this one; empty on the first
	After  string // At of the one after it; empty on the last
}

// StatesOf tells in which states a user of the account is at now. In grace and overdue is who Account.Owes says, and has come.
func StatesOf(a account.Account, u User, now time.Time) (states []State) {
	if !u.LockedAt.IsZero() {
		states = append(states, Locked)
	}
	if !u.InvitedAt.IsZero() {
		return append(states, Invited)
	}
	switch o := a.Owes(u.Standing(u.Devices()), now); {
	case o.Demand == account.SetUp && o.Cause == account.ByReset:
		states = append(states, SetUp)
	case o.Demand == account.SetUp:
		states = append(states, Overdue)
	case o.Demand == account.InGrace:
		states = append(states, Grace)
	}
	return states
}

// place is a user's place in an order.
type place struct {
	key string // what is sorted by; a number in decimal
	id  string
}

// order compares two places. All keys of one order are texts, or all numbers.
func (s Sort) order(a, b place) int {
	if s.counts() {
		m, _ := strconv.ParseInt(a.key, 10, 64)
		n, _ := strconv.ParseInt(b.key, 10, 64)
		return cmp.Or(cmp.Compare(m, n), strings.Compare(a.id, b.id))
	}
	return cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.id, b.id))
}

// counts reports whether the keys of the order are numbers.
func (s Sort) counts() bool { return s == SortSince || s == SortAdded }

// cursor is where a page begins: after a place, or before it.
type cursor struct {
	place
	back bool
}

// in writes a cursor of the order s, fit for an address.
func (c cursor) in(s Sort) string {
	direction := "after"
	if c.back {
		direction = "before"
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join([]string{string(s), direction, c.key, c.id}, "\x00")))
}

// parseCursor reads what in wrote, or what somebody made of it. Whatever place it names, it shows nothing that the list
// without it does not show.
func parseCursor(s Sort, text string) (cursor, error) {
	raw, err := base64.RawURLEncoding.DecodeString(text)
	parts := strings.Split(string(raw), "\x00")
	if err != nil || len(raw) > 1000 || !utf8.Valid(raw) || len(parts) != 4 || parts[0] != string(s) || parts[1] != "after" && parts[1] != "before" {
		return cursor{}, ErrPage
	}
	if _, err := strconv.ParseInt(parts[2], 10, 64); s.counts() && err != nil {
		return cursor{}, ErrPage
	}
	return cursor{place{parts[2], parts[3]}, parts[1] == "before"}, nil
}
