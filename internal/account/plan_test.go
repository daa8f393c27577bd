package account

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/errs"
)

var noon = time.Date(2026, time.December, 4, 12, 0, 0, 0, time.UTC)

// shop is the plans that the settings ship with.
func shop() Plans {
	return Plans{Default: "business", All: map[string]Plan{
		"free":     {Name: "free", Methods: []Method{TOTP, Passkey, Email}},
		"business": {Name: "business", Methods: Methods(), TrialMethods: []Method{TOTP, Passkey, Email}},
	}}
}

// TestEntitled is the whole truth: plan × trial × exception for texts × method. A verdict
// is a letter: P by plan, E by exception, x not in the plan, t not in the trial.
func TestEntitled(t *testing.T) {
	letters := map[Why]string{ByPlan: "P", ByException: "E", NotInPlan: "x", NotInTrial: "t"}
	trials := map[string]time.Time{"none": {}, "runs": noon.Add(time.Second), "over": noon}
	exceptions := [3][]Allowance{
		nil,
		{{Method: Passkey, Until: noon}, {Method: SMS, Until: noon.Add(time.Second)}},
		{{Method: SMS, Until: noon}},
	}
	rows := 0
	for line := range strings.Lines(`
		default  none  PPPP PPPP PPPP
		default  runs  PPtP PPEP PPtP
		default  over  PPPP PPPP PPPP
		business none  PPPP PPPP PPPP
		business runs  PPtP PPEP PPtP
		business over  PPPP PPPP PPPP
		free     none  PPxP PPEP PPxP
		free     runs  PPxP PPEP PPxP
		free     over  PPxP PPEP PPxP
		gone     none  PPxx PPEx PPxx
		gone     runs  PPxx PPEx PPxx
		gone     over  PPxx PPEx PPxx
	`) {
		f := strings.Fields(line)
		if len(f) != 5 {
			continue
		}
		rows++
		plan := strings.TrimPrefix(f[0], "default")
		for i, want := range f[2:] {
			a, got := Account{Plan: plan, TrialEndsAt: trials[f[1]], Allowances: exceptions[i]}, ""
			for _, m := range []Method{TOTP, Passkey, SMS, Email} {
				e := shop().Entitled(a, m, noon)
				got += letters[e.Why]
				if e.Allowed() != strings.Contains("PE", letters[e.Why]) {
					t.Errorf("%s: allowed is %v", e.Why, e.Allowed())
				}
				if e.Until.IsZero() == (e.Why == ByException) {
					t.Errorf("%s until %s", e.Why, e.Until)
				}
			}
			if got != want {
				t.Errorf("plan %q, trial %s, exceptions %v: %s, want %s", plan, f[1], exceptions[i], got, want)
			}
		}
	}
	if rows != 12 {
		t.Errorf("%d rows", rows)
	}
}

// TestNothingKnown: values that nobody filled in refuse, or give the smallest plan.
func TestNothingKnown(t *testing.T) {
	if (Entitlement{}).Allowed() {
		t.Error("the zero verdict allows")
	}
	var none Plans
	for m, want := range map[Method]bool{TOTP: true, Passkey: true, SMS: false, Email: false, "carrier_pigeon": false} {
		if got := none.Entitled(Account{}, m, noon).Allowed(); got != want {
			t.Errorf("%s without any plan: %v", m, got)
		}
	}
	// A trial's list that is there and empty means what it says.
	strict := Plans{All: map[string]Plan{"p": {Methods: Methods(), TrialMethods: []Method{}}}}
	if strict.Entitled(Account{Plan: "p", TrialEndsAt: noon.Add(1)}, TOTP, noon).Allowed() {
		t.Error("a trial without methods has one")
	}
	// What the plan lacks, a trial does not add: people would lose it at the trial's end.
	odd := Plans{All: map[string]Plan{"p": {Methods: []Method{TOTP}, TrialMethods: []Method{SMS}}}}
	if got := odd.Entitled(Account{Plan: "p", TrialEndsAt: noon.Add(1)}, SMS, noon).Why; got != NotInPlan {
		t.Errorf("a method of the trial alone: %s", got)
	}
}

func TestPlanNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"free": true, "b2b-2026_x": true, "a": true, strings.Repeat("a", 40): true,
		"": false, "default": false, "Free": false, "2b": false, "a.b": false, "ä": false, "free\n": false, strings.Repeat("a", 41): false,
	} {
		if CheckPlanName(name) != ok {
			t.Errorf("%q: %v", name, !ok)
		}
	}
}

func TestTerms(t *testing.T) {
	for _, c := range []struct {
		terms Terms
		plan  string // as stored
		want  error
	}{
		{Terms{}, "", nil},
		{Terms{Plan: "default"}, "", nil},
		{Terms{Plan: "free", TrialEndsAt: noon.Add(time.Second)}, "free", nil},
		{Terms{Plan: "free", TrialEndsAt: noon}, "", ErrTrial},
		{Terms{Plan: "gone"}, "", ErrPlan},
	} {
		got, err := shop().check(c.terms, noon)
		if !errors.Is(err, c.want) || c.want == nil && (err != nil || got.Plan != c.plan) {
			t.Errorf("%+v: %+v, %v", c.terms, got, err)
		}
	}
	_, err := shop().check(Terms{Plan: "gone"}, noon)
	if m := errs.From(err).Message; !strings.Contains(m, `"gone"`) || !strings.Contains(m, "business, free") {
		t.Errorf("it says %q", m)
	}
}

// TestGranted walks an exception to its bounds and one beyond.
func TestGranted(t *testing.T) {
	last := time.Date(2028, time.December, 5, 0, 0, 0, 0, time.UTC) // the end of the day two years from noon
	for _, c := range []struct {
		name string
		g    Allowance
		want error
	}{
		{"a day", Allowance{Method: SMS, Reason: "asked", Until: noon.Add(24 * time.Hour)}, nil},
		{"a second", Allowance{Method: SMS, Reason: "asked", Until: noon.Add(time.Second)}, nil},
		{"two years", Allowance{Method: SMS, Reason: strings.Repeat("ü", 200), Until: last}, nil},
		{"longer", Allowance{Method: SMS, Reason: "asked", Until: last.Add(time.Second)}, ErrUntil},
		{"over", Allowance{Method: SMS, Reason: "asked", Until: noon}, ErrUntil},
		{"without end", Allowance{Method: SMS, Reason: "asked"}, ErrUntil},
		{"no method", Allowance{Reason: "asked", Until: last}, ErrMethod},
		{"another method", Allowance{Method: "fax", Reason: "asked", Until: last}, ErrMethod},
		{"no reason", Allowance{Method: SMS, Reason: " ", Until: last}, ErrReason},
		{"a long reason", Allowance{Method: SMS, Reason: strings.Repeat("x", 201), Until: last}, ErrReason},
		{"a reason that moves the cursor", Allowance{Method: SMS, Reason: "a\x1b[2J", Until: last}, ErrReason},
	} {
		g, err := granted(c.g, noon, audit.Operator())
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && (g.By != "operator" || !g.At.Equal(noon)) {
			t.Errorf("%s: by %q at %s", c.name, g.By, g.At)
		}
	}
	if g, _ := granted(Allowance{Method: SMS, Reason: "asked", Until: last}, noon, audit.Operator().As("usr_1")); g.By != "usr_1" {
		t.Errorf("by %q", g.By)
	}
}
