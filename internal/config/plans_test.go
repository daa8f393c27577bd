package config

import (
	"errors"
	"strings"
	"testing"
)

// TestPlansSayWhatIsWrong: each mistake is one problem, with its line and what to write instead.
func TestPlansSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, where, what, instead string }{
		{"plans: {}", "s.yaml:1", `default_plan is "business", which is not among the plans`, "at least one plan"},
		{"plans:", "s.yaml:1", "no settings here", "each line"},
		{"plans: free", "s.yaml:1", "no settings here", "each line"},
		{"plans: [free]", "s.yaml:1", "no settings here", "each line"},
		{"plans:\n  free:\n    methods: [totp]", "s.yaml:1", `"business", which is not among the plans`, "write one of free"},
		{"default_plan: bussiness", "s.yaml:1", `"bussiness", which is not`, "did you mean business?"},
		{"default_plan: gold", "s.yaml:1", `"gold", which is not`, "write one of business, free"},
		{"default_plan: default", "s.yaml:1", `"default", which is not`, "write one of"},
		{"default_plan: a\nplans:\n  a:\n    methods: [totp]\n  B:\n    methods: [totp]", "s.yaml:5", `a plan is called "B"`, "small letters"},
		{"default_plan: a\nplans:\n  a:\n    methods: [totp]\n  default:\n    methods: [totp]", "s.yaml:5", `"default"`, "stands for the plan of default_plan"},
		{"default_plan: a\nplans:\n  a:\n    methods: [totp]\n  a:\n    methods: [sms]", "s.yaml:5", "plans.a stands twice", "line 3"},
		{"default_plan: a\nplans:\n  a:", "s.yaml:3", "no settings here", "each line"},
		{"default_plan: a\nplans:\n  a: {}", "s.yaml:3", "plans.a has no methods", "methods: [totp, passkey]"},
		{"default_plan: a\nplans:\n  a:\n    trial_methods: [totp]", "s.yaml:3", "plans.a has no methods", "methods: [totp, passkey]"},
		{"default_plan: a\nplans:\n  a:\n    method: [totp]", "s.yaml:4", "no setting plans.a.method", "did you mean plans.a.methods?"},
		{"default_plan: a\nplans:\n  a:\n    methods: totp", "s.yaml:4", "plans.a.methods is not a list", "brackets"},
		{"default_plan: a\nplans:\n  a:\n    methods: []", "s.yaml:4", "plans.a.methods is empty", "at least one of totp, passkey, sms, email"},
		{"default_plan: a\nplans:\n  a:\n    methods: [totp, topt]", "s.yaml:4", `plans.a.methods has "topt"`, "did you mean totp?"},
		{"default_plan: a\nplans:\n  a:\n    methods: [e-mail]", "s.yaml:4", `has "e-mail"`, "did you mean email?"},
		{"default_plan: a\nplans:\n  a:\n    methods: [carrier_pigeon]", "s.yaml:4", `has "carrier_pigeon"`, "the methods are totp, passkey, sms, email"},
		{"default_plan: a\nplans:\n  a:\n    methods: [sms, totp, sms]", "s.yaml:4", "has sms twice", "once"},
		{"default_plan: a\nplans:\n  a:\n    trial_methods: [sms]\n    methods: [totp]", "s.yaml:4", "plans.a.trial_methods has sms, which the plan itself does not have", "add it to plans.a.methods"},
		{"default_plan: a\nplans:\n  a:\n    methods: [totp]\n    trial_methods: []", "s.yaml:5", "plans.a.trial_methods is empty", "leave the line out"},
	} {
		_, err := Load(write(t, "s.yaml", c.text+"\n"), nil)
		var problems Problems
		if !errors.As(err, &problems) || len(problems) != 1 {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if p := problems[0]; p.Where != c.where || !strings.Contains(p.What, c.what) || !strings.Contains(p.Instead, c.instead) {
			t.Errorf("%q: %s", c.text, p)
		}
	}
}

// TestPlansHaveNoVariables: whoever tries is told where plans are written.
func TestPlansHaveNoVariables(t *testing.T) {
	for _, name := range []string{"SALLYPORT_PLANS", "SALLYPORT_PLANS_FREE_METHODS"} {
		_, err := Load("", []string{name + "=totp"})
		if err == nil || err.Error() != name+": plans has no variables; write it in the settings file, below plans:" {
			t.Errorf("%v", err)
		}
	}
	_, err := Load("", []string{"SALLYPORT_DEFAULT_PLAN=fre"})
	if err == nil || err.Error() != `SALLYPORT_DEFAULT_PLAN: default_plan is "fre", which is not among the plans; did you mean free?` {
		t.Errorf("%v", err)
	}
}
