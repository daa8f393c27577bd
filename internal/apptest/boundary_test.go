package apptest

import (
	"testing"

	"sallyport/internal/user"
)

// TestBoundary: each kind of crossing is found, and what somebody may do is none.
func TestBoundary(t *testing.T) {
	of := func(table, account, who string) Row { return Row{Table: table, Account: account, User: who, Text: "x"} }
	people := map[string]user.Role{"o": user.Owner, "a": user.Admin, "m": user.Member}
	for name, c := range map[string]struct {
		by     user.Role
		strong bool
		made   Row
		faults int
	}{
		"another account":             {user.Owner, true, of("factors", "other", "x"), 1},
		"their own":                   {user.Member, false, of("factors", "acme", "me"), 0},
		"a member’s, by a member":     {user.Member, true, of("factors", "acme", "m"), 1},
		"a member’s, by an admin":     {user.Admin, true, of("factors", "acme", "m"), 0},
		"an owner’s, by an admin":     {user.Admin, true, of("factors", "acme", "o"), 1},
		"an admin’s, by an owner":     {user.Owner, true, of("factors", "acme", "a"), 0},
		"without a second factor":     {user.Owner, false, of("factors", "acme", "m"), 1},
		"the account’s":               {user.Member, true, of("accounts", "acme", ""), 1},
		"a counter":                   {user.Member, false, of("throttles", "acme", ""), 0},
		"an invited owner":            {user.Admin, true, Row{"users", "acme", "new", "a owner b"}, 1},
		"the device of another’s key": {user.Admin, true, of("factors", "acme", "key_1"), 1},
	} {
		b := Boundary{People: people, By: user.User{ID: "me", AccountID: "acme", Role: c.by}, Strong: c.strong}
		before := []Row{{"api_keys", "acme", "o", "x key_1 x"}}
		faults, changed := b.Crossed(before, append(before[:1:1], c.made))
		if len(faults) != c.faults || changed != (c.made.Table == "users" || c.made.Table == "accounts") {
			t.Errorf("%s: %q, %v", name, faults, changed)
		}
	}
}
