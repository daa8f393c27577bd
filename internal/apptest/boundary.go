package apptest

import (
	"fmt"
	"slices"
	"strings"

	"sallyport/internal/outbox"
	"sallyport/internal/user"
)

// Boundary judges what a call has changed, by whose each changed row is: what the rules say is written down here once more, apart from the code.
type Boundary struct {
	People map[string]user.Role // everybody who was there before, by id
	By     user.User
	Strong bool // By has a second factor, and proved it just now
}

// may reports whether the rules let the caller change what is another's of this role.
func (b Boundary) may(role user.Role) bool {
	return b.Strong && (b.By.Role == user.Owner || b.By.Role == user.Admin && role == user.Member)
}

// owner is whose a row is: the device of an API key is that of the key's person.
func owner(row Row, lists ...[]Row) string {
	if row.Table == "factors" && strings.HasPrefix(row.User, "key_") {
		for _, k := range slices.Concat(lists...) {
			if k.Table == "api_keys" && strings.Contains(k.Text, " "+row.User+" ") {
				return k.User
			}
		}
	}
	return row.User
}

// toOwners reports whether a row is a message to an owner about what an administrator did.
func toOwners(row Row) bool {
	return row.Table == "outbox" && slices.ContainsFunc(strings.Fields(row.Text), func(word string) bool { return outbox.Kind(word).ToOwners() })
}

// Crossed compares the rows of all accounts before and after a call, and says of each that is another one now and that the caller may not
// change. It also reports whether the people or their accounts are others than before.
func (b Boundary) Crossed(before, after []Row) (faults []string, changed bool) {
	had := make(map[Row]int, len(before))
	for _, row := range before {
		had[row]++
	}
	for _, row := range after {
		had[row]--
	}
	for row, n := range had {
		row.User = owner(row, before, after)
		role, known := b.People[row.User]
		switch {
		case n == 0:
			continue
		case row.Table == "users", row.Table == "accounts":
			changed = true
		}
		switch {
		case row.Account != b.By.AccountID:
			faults = append(faults, fmt.Sprintf("changed a row of another account: %+v", row))
		case row.User == b.By.ID, row.Table == "throttles", row.Table == "send_days", row.Table == "send_slots":
		case n < 0 && role == user.Owner && b.may(user.Member) && toOwners(row): // they are told what an administrator did
		case row.User != "" && !known && row.Table == "users": // invited
			if role = user.Member; strings.Contains(row.Text, " owner ") || strings.Contains(row.Text, " admin ") {
				role = user.Owner
			}
			fallthrough
		default:
			if role == "" {
				role = user.Member // what is the account's, administrators may change
			}
			if !b.may(role) {
				faults = append(faults, fmt.Sprintf("changed what it may not: %d of %+v", n, row))
			}
		}
	}
	return faults, changed
}
