package domaintest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/user"
)

// Row is a line of the truth table of what somebody owes: a policy and a person, and what is to be asked of them. It is
// written down here, apart from the code that decides, for the tests of all that ask it.
type Row struct {
	Enforcement, Admins account.Enforcement
	Role                user.Role
	Device              bool // one confirmed second factor
	Reset               bool
	Grace               string // "none", "running", "over", "later": joined after the demand, so it runs for them
	NoWay               bool   // nothing can be set up

	Demand account.Demand
	Cause  account.Cause
	Stuck  bool
	State  string // of the sign-in after the right password
}

// String names the row.
func (r Row) String() string {
	return fmt.Sprintf("%s, admins %s, %s, device %v, reset %v, grace %s, no way %v", r.Enforcement, r.Admins, r.Role, r.Device, r.Reset, r.Grace, r.NoWay)
}

// What is demanded of somebody without a second factor: the policy for everybody, that for administrators, and then by the grace.
// A letter says what: n nothing, a advised, g in grace, S set up. The word after it says why.
const (
	ofAdministrators = `
		everybody    administrators   none          running       over          later
		optional     optional         n-own         n-own         n-own         n-own
		optional     recommended      a-advice      a-advice      a-advice      a-advice
		optional     required         S-role        g-role        S-role        g-role
		recommended  optional         a-advice      a-advice      a-advice      a-advice
		recommended  recommended      a-advice      a-advice      a-advice      a-advice
		recommended  required         S-role        g-role        S-role        g-role
		required     optional         S-all         g-all         S-all         g-all
		required     recommended      S-all         g-all         S-all         g-all
		required     required         S-all         g-all         S-all         g-all`
	ofMembers = `
		everybody    administrators   none          running       over          later
		optional     optional         n-own         n-own         n-own         n-own
		optional     recommended      n-own         n-own         n-own         n-own
		optional     required         n-own         n-own         n-own         n-own
		recommended  optional         a-advice      a-advice      a-advice      a-advice
		recommended  recommended      a-advice      a-advice      a-advice      a-advice
		recommended  required         a-advice      a-advice      a-advice      a-advice
		required     optional         S-all         g-all         S-all         g-all
		required     recommended      S-all         g-all         S-all         g-all
		required     required         S-all         g-all         S-all         g-all`
)

var (
	demands = map[string]account.Demand{"n": account.Nothing, "a": account.Advised, "g": account.InGrace, "S": account.SetUp}
	causes  = map[string]account.Cause{"own": account.OwnChoice, "advice": account.ByRecommendation, "role": account.ByRole, "all": account.ByRequirement}
	states  = map[account.Demand]string{account.Nothing: "signed_in", account.Advised: "signed_in", account.InGrace: "signed_in", account.SetUp: "set_up", account.Prove: "second_factor"}
)

// Truth is every row there is.
func Truth(tb testing.TB) (rows []Row) {
	tb.Helper()
	for role, table := range map[user.Role]string{user.Owner: ofAdministrators, user.Admin: ofAdministrators, user.Member: ofMembers} {
		lines := strings.Split(strings.TrimSpace(table), "\n")
		head := strings.Fields(lines[0])
		for _, line := range lines[1:] {
			cells := strings.Fields(line)
			for column := 2; column < len(head); column++ {
				what, why, _ := strings.Cut(cells[column], "-")
				r := Row{
					Enforcement: account.Enforcement(cells[0]), Admins: account.Enforcement(cells[1]), Role: role, Grace: head[column],
					Demand: demands[what], Cause: causes[why],
				}
				if r.Demand == "" || r.Cause == "" {
					tb.Fatalf("no row: %s", line)
				}
				rows = append(rows, r.states()...)
			}
		}
	}
	if want := 3 * 3 * 3 * 4 * 2 * 2 * 2; len(rows) != want { // policies, roles, graces; device, reset, no way
		tb.Fatalf("%d rows, want %d", len(rows), want)
	}
	return rows
}

// states are the row for somebody with and without a device, reset or not, who can set something up or not.
func (r Row) states() (all []Row) {
	for i := range 8 {
		one := r
		one.Device, one.Reset, one.NoWay = i&1 > 0, i&2 > 0, i&4 > 0
		if one.Reset {
			one.Demand, one.Cause = account.SetUp, account.ByReset
		}
		if one.Device { // never on the password alone
			one.Demand = account.Prove
		}
		one.Stuck = one.NoWay && (one.Demand == account.SetUp || one.Demand == account.InGrace)
		one.State = states[one.Demand]
		all = append(all, one)
	}
	return all
}

// Times are when the demand began, when the person joined, how long the grace is, and when a grace that runs for them ends.
func (r Row) Times(now time.Time) (required, joined time.Time, graceDays int, until time.Time) {
	required, joined = now.AddDate(0, 0, -10), now.AddDate(0, 0, -100)
	switch r.Grace {
	case "running":
		return required, joined, 14, now.AddDate(0, 0, 4)
	case "over":
		return required, joined, 10, time.Time{} // at this very moment
	case "later":
		return required.AddDate(0, 0, -20), now.AddDate(0, 0, -3), 14, now.AddDate(0, 0, 11)
	}
	return required, joined, 0, time.Time{}
}
