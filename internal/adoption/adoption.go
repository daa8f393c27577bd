// Package adoption counts how far an account's people are with their second factor, a row a day, and reminds those
// who have none.
//
// What somebody owes is never decided here: account.Account.Owes is asked for each person. Small accounts are counted
// when somebody looks. A large one is counted off the request, by one server at a time, at most every few minutes
// unless its policy has changed, so that looking costs the same whatever the size; what a page shows then says when it was counted.
// People who are locked or have not accepted their invitation are no part of it: nobody waits for them.
package adoption

import (
	"encoding/json"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/user"
)

// Most is up to how many people an account is counted when somebody looks.
const Most = 5000

// Counts is where an account's people stand.
type Counts struct {
	Ready     int               `json:"ready"`   // they have a second factor
	Grace     int               `json:"grace"`   // they must set one up by a day
	Overdue   int               `json:"overdue"` // they get in only by setting one up
	Free      int               `json:"free"`    // they have none, and need none
	GraceEnds time.Time         `json:"grace_ends,omitzero"`
	Roles     map[user.Role]One `json:"roles"`
	Sets      map[string]int    `json:"sets"` // of the ready: how many have exactly these methods, "totp sms"
}

// One is how many people of a role there are, and how many have no second factor.
type One struct {
	People  int `json:"people"`
	Without int `json:"without"`
}

// People is how many there are.
func (c Counts) People() int { return c.Ready + c.Grace + c.Overdue + c.Free }

// With is how many have a second factor of a method.
func (c Counts) With(m account.Method) (n int) {
	for set, people := range c.Sets {
		if strings.Contains(" "+set+" ", " "+string(m)+" ") {
			n += people
		}
	}
	return n
}

// Only is how many have no second factor but of these methods.
func (c Counts) Only(methods []account.Method) (n int) {
	for set, people := range c.Sets {
		left := " " + set + " "
		for _, m := range methods {
			left = strings.ReplaceAll(left, " "+string(m)+" ", " ")
		}
		if strings.TrimSpace(left) == "" {
			n += people
		}
	}
	return n
}

// newCounts is the count of nobody.
func newCounts() Counts { return Counts{Roles: map[user.Role]One{}, Sets: map[string]int{}} }

// add counts one more person, who owes this.
func (c *Counts) add(u user.User, o account.Owed) {
	role := c.Roles[u.Role]
	role.People++
	switch o.Demand {
	case account.Prove:
		c.Ready++
		c.Sets[strings.TrimSpace(u.TwoFactorKinds)]++
	case account.InGrace:
		c.Grace++
		if c.GraceEnds.IsZero() || o.By.Before(c.GraceEnds) {
			c.GraceEnds = o.By
		}
	case account.SetUp:
		c.Overdue++
	default:
		c.Free++
	}
	if o.Demand != account.Prove {
		role.Without++
	}
	c.Roles[u.Role] = role
}

// Day is what was counted on a day.
type Day struct {
	Counts
	Day       time.Time // midnight, UTC
	CountedAt time.Time
	Live      bool // counted when it was asked for
}

// number is a day as it is stored.
func number(t time.Time) int64 { return t.Unix() / int64(24*time.Hour/time.Second) }

func decode(day int64, text string, at time.Time) (Day, error) {
	d := Day{Counts: newCounts(), Day: time.Unix(day*int64(24*time.Hour/time.Second), 0).UTC(), CountedAt: at}
	err := json.Unmarshal([]byte(text), &d.Counts)
	return d, err
}
