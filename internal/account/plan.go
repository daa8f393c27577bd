package account

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"sallyport/internal/errs"
)

// DefaultPlan is what an operator writes to put an account on the deployment's default
// plan, whichever that is. No plan can have this name.
const DefaultPlan = "default"

// Plan is what the vendor sells: which methods an account may use (K17).
type Plan struct {
	Name         string
	Methods      []Method
	TrialMethods []Method // those of Methods that a trial has (C13); nil for all of them
}

// Plans is every plan of the deployment. The zero value knows none.
type Plans struct {
	Default string // the plan of accounts for which none was named
	All     map[string]Plan

	PasskeyRoots bool // models of passkeys can be checked
	NoPasskeys   bool // whatever the plan: the public address has no name that they could belong to
}

// Terms are what an organisation has agreed with the vendor.
type Terms struct {
	Plan        string    // empty for the deployment's default plan
	TrialEndsAt time.Time // zero for none; the trial is over at this instant
}

// detail is how an audit event tells the terms.
func (t Terms) detail() map[string]string {
	detail := map[string]string{"plan": cmp.Or(t.Plan, DefaultPlan)}
	if !t.TrialEndsAt.IsZero() {
		detail["trial_ends_at"] = t.TrialEndsAt.UTC().Format(time.RFC3339)
	}
	return detail
}

// Errors about terms.
var (
	ErrPlan  = errs.New(errs.Invalid, "plan_unknown", "There is no such plan.").In("plan")
	ErrTrial = errs.New(errs.Invalid, "trial_over", "This trial would be over already. Give a day from today on, or no trial.").In("trial_ends_at")
)

var planShape = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// CheckPlanName reports whether a plan may have this name.
func CheckPlanName(name string) bool { return planShape.MatchString(name) && name != DefaultPlan }

// Names lists the plans in the order of the alphabet.
func (p Plans) Names() []string { return slices.Sorted(maps.Keys(p.All)) }

// Of returns the plan that counts for an account, and whether the settings know it. One
// that they do not know, because it was renamed or removed, is the smallest there can
// be: methods that cost nobody anything. Taking the default plan instead would give away
// what was never sold.
func (p Plans) Of(a Account) (plan Plan, known bool) {
	name := a.Plan
	if name == "" {
		name = p.Default
	}
	if plan, known = p.All[name]; known {
		return plan, true
	}
	return Plan{Name: name, Methods: []Method{TOTP, Passkey}}, false
}

// check refuses terms with an unknown plan or a trial that is over, and returns them as they are stored.
func (p Plans) check(t Terms, now time.Time) (Terms, error) {
	if t.Plan == DefaultPlan {
		t.Plan = ""
	}
	if _, known := p.All[t.Plan]; !known && t.Plan != "" {
		return t, ErrPlan.Saying(fmt.Sprintf("There is no plan %q. The plans are %s.", t.Plan, strings.Join(p.Names(), ", ")))
	}
	if !t.TrialEndsAt.IsZero() && !now.Before(t.TrialEndsAt) {
		return t, ErrTrial
	}
	return t, nil
}

// Why says why an account may use a method or may not.
type Why string

// The reasons.
const (
	NotInPlan   Why = "not_in_plan"  // C12
	NotInTrial  Why = "not_in_trial" // C13: the plan has it, the trial does not
	ByPlan      Why = "by_plan"
	ByException Why = "by_exception" // C14
)

// Entitlement is the verdict over one method. The zero value is a refusal.
type Entitlement struct {
	Why   Why
	Until time.Time // ByException: when it ends
}

// Allowed reports whether the method may be used.
func (e Entitlement) Allowed() bool { return e.Why == ByPlan || e.Why == ByException }

// InTrial reports whether a's trial runs at the time now.
func (a Account) InTrial(now time.Time) bool { return now.Before(a.TrialEndsAt) }

// Entitled judges whether a may use m at the time now: by its plan, narrowed while its
// trial runs, or by an exception. Whether a's own policy wants m, and whether m's channel
// is configured, are other questions.
func (p Plans) Entitled(a Account, m Method, now time.Time) Entitlement {
	plan, _ := p.Of(a)
	verdict := Entitlement{Why: ByPlan}
	switch {
	case !slices.Contains(plan.Methods, m):
		verdict.Why = NotInPlan
	case a.InTrial(now) && plan.TrialMethods != nil && !slices.Contains(plan.TrialMethods, m):
		verdict.Why = NotInTrial
	default:
		return verdict
	}
	for _, g := range a.Allowances {
		if g.Method == m && g.Runs(now) {
			return Entitlement{Why: ByException, Until: g.Until}
		}
	}
	return verdict
}
