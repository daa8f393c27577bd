package account

import "time"

// Demand is what an account asks of somebody's second factor at their next sign-in.
type Demand string

// The demands.
const (
	Nothing Demand = "nothing" // they have none, and need none
	Advised Demand = "advised" // they have none, and are reminded
	InGrace Demand = "grace"   // they have none, and must by the day of Owed.By
	SetUp   Demand = "set_up"  // they have none, and get in only by setting one up
	Prove   Demand = "prove"   // they have one, and it is asked for
)

// Cause is why something is asked.
type Cause string

// The causes.
const (
	OwnChoice        Cause = "own_choice"        // T7: the account leaves it to its people
	ByRecommendation Cause = "recommended"       // A1, X1
	ByRequirement    Cause = "required"          // T9
	ByRole           Cause = "required_of_admin" // owners and administrators must
	ByReset          Cause = "reset"             // T15
)

// Standing is what counts of one person.
type Standing struct {
	Administrator bool      // owner or administrator
	Devices       int       // confirmed second factors, of whatever kind
	Passkey       bool      // one of them is a passkey
	Reset         bool      // the second factor was reset: set up again, whatever the account demands
	Since         time.Time // since when they belong to the account: nobody's grace is over before they came
	NoWay         bool      // nothing can be set up: by plan, policy and what is configured
}

// Owed is the answer.
type Owed struct {
	Demand Demand
	Cause  Cause
	By     time.Time // InGrace: when it becomes SetUp
	Stuck  bool      // nothing can be set up, so a demand to do so keeps them out
	// Passkey: only a passkey will do (K8), or a backup code of somebody who has one.
	Passkey bool
	// AddPasskey: they have a second factor that is no passkey. Once it is proved they set one up, before they are in.
	AddPasskey bool
}

// PasskeyOnly reports whether nothing but a passkey, of which they have one, or a backup code proves them.
func (o Owed) PasskeyOnly() bool { return o.Demand == Prove && o.Passkey && !o.AddPasskey }

// Owes answers what somebody owes at the time now (T7–T11, T15, K4, K5). It is the one rule: sign-ins, sessions and
// the administrators' pages all ask it.
func (a Account) Owes(s Standing, now time.Time) Owed {
	o := a.demanded(s, now)
	o.Passkey = a.Passkeys(s.Administrator)
	if s.Devices > 0 {
		add := o.Passkey && !s.Passkey
		// Never in on the password alone, whatever the account demands (security.md B31).
		return Owed{Demand: Prove, Cause: o.Cause, Passkey: o.Passkey, AddPasskey: add, Stuck: add && s.NoWay}
	}
	o.Stuck = s.NoWay && (o.Demand == SetUp || o.Demand == InGrace)
	return o
}

// demanded is what somebody without a second factor owes.
func (a Account) demanded(s Standing, now time.Time) Owed {
	if s.Reset {
		return Owed{Demand: SetUp, Cause: ByReset}
	}
	all := a.required(a.Policy.Enforcement, a.RequiredAt, ByRequirement, s, now)
	if !s.Administrator {
		return all
	}
	role := a.required(a.Policy.EnforcementAdmins, a.AdminsRequiredAt, ByRole, s, now)
	if role.Stricter(all) {
		return role
	}
	return all
}

func (a Account) required(e Enforcement, since time.Time, cause Cause, s Standing, now time.Time) Owed {
	switch e {
	case Required:
		if s.Since.After(since) {
			since = s.Since
		}
		if ends := since.AddDate(0, 0, a.Policy.GraceDays); now.Before(ends) {
			return Owed{Demand: InGrace, Cause: cause, By: ends}
		}
		return Owed{Demand: SetUp, Cause: cause}
	case Recommended:
		return Owed{Demand: Advised, Cause: ByRecommendation}
	default:
		return Owed{Demand: Nothing, Cause: OwnChoice}
	}
}

// Stricter reports whether o asks more than b, or the same sooner.
func (o Owed) Stricter(b Owed) bool {
	order := map[Demand]int{Nothing: 0, Advised: 1, InGrace: 2, SetUp: 3}
	if order[o.Demand] != order[b.Demand] {
		return order[o.Demand] > order[b.Demand]
	}
	return o.Demand == InGrace && o.By.Before(b.By)
}

// Under returns the account as it is once ReplacePolicy has put p in place at the time now: a demand that begins has its
// grace from then, and one that runs goes on.
func (a Account) Under(p Policy, now time.Time) Account {
	since := func(was time.Time, e Enforcement) time.Time {
		switch {
		case e != Required:
			return time.Time{}
		case was.IsZero():
			return now
		}
		return was
	}
	if a.endsTrust(p) {
		a.TrustFrom = now
	}
	a.UsedFrom, a.BegunFrom = a.SessionsFrom(now)
	a.Policy, a.RequiredAt, a.AdminsRequiredAt = p, since(a.RequiredAt, p.Enforcement), since(a.AdminsRequiredAt, p.EnforcementAdmins)
	return a
}

// SessionsFrom returns the times after which a session must have been used, and have begun, to count at now: by this policy, and by
// those that it took the place of, so that what has ended does not live again when sessions may last longer.
func (a Account) SessionsFrom(now time.Time) (used, begun time.Time) {
	later := func(ended, at time.Time) time.Time {
		if ended.After(at) && !ended.After(now) { // else it was noted by a clock that was ahead
			return ended
		}
		return at
	}
	return later(a.UsedFrom, now.Add(-a.Policy.SessionIdle.Std())), later(a.BegunFrom, now.Add(-a.Policy.SessionLifetime.Std()))
}

// endsTrust reports whether putting p in place ends the trust in browsers: a second factor, or a passkey, is required of more people,
// or a browser may be trusted for fewer days.
func (a Account) endsTrust(p Policy) bool {
	begins := func(was, is Enforcement) bool { return was != Required && is == Required }
	return begins(a.Policy.Enforcement, p.Enforcement) || begins(a.Policy.EnforcementAdmins, p.EnforcementAdmins) ||
		p.WantsMorePasskeys(a.Policy) ||
		p.TrustedBrowserDays < a.Policy.TrustedBrowserDays
}

// Passkeys reports whether the second factor of somebody must be a passkey (K8).
func (a Account) Passkeys(administrator bool) bool { return a.Policy.PasskeyRequired.of(administrator) }

// Requires reports whether somebody must have a second factor, at once or after the grace.
func (a Account) Requires(administrator bool) bool {
	return a.Policy.Enforcement == Required || administrator && a.Policy.EnforcementAdmins == Required
}

// Due tells the same of many: who of those without a second factor must have one, administrators or members, is over
// their grace at now if they belong to the account since the time it returns or longer. It is zero while nobody's grace is over.
func (a Account) Due(administrator bool, now time.Time) (since time.Time, required bool) {
	joined := now.UTC().AddDate(0, 0, -a.Policy.GraceDays)
	for _, demand := range []struct {
		e     Enforcement
		since time.Time
	}{{a.Policy.Enforcement, a.RequiredAt}, {a.Policy.EnforcementAdmins, a.AdminsRequiredAt}} {
		if demand.e == Required {
			required = true
			if !demand.since.After(joined) {
				since = joined
			}
		}
		if !administrator {
			break // the second demand is of administrators only
		}
	}
	return since, required
}
