package config

import (
	"fmt"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"sallyport/internal/account"
)

// defaultPlans are the plans of a server for which nobody wrote any. Texts cost money and
// invite abuse, so a plan that is free has none, and a trial neither (C12, C13).
func defaultPlans() account.Plans {
	plain := []account.Method{account.TOTP, account.Passkey, account.Email}
	return account.Plans{Default: "business", All: map[string]account.Plan{
		"free":     {Name: "free", Methods: plain},
		"business": {Name: "business", Methods: account.Methods(), TrialMethods: plain},
	}}
}

// plans reads the plans, which stand in the place of the default ones: what is sold is
// what the file shows.
func (l *loader) plans(node ast.Node) {
	all, before := map[string]account.Plan{}, len(l.problems)
	l.pairs("plans.", node, func(where, key string, value ast.Node) {
		name := strings.TrimPrefix(key, "plans.")
		if !account.CheckPlanName(name) {
			l.add(where, fmt.Sprintf("a plan is called %q", name),
				"write at most 40 small letters, digits, - and _, with a letter first; "+account.DefaultPlan+" stands for the plan of default_plan")
			return
		}
		all[name] = l.plan(where, key, name, value)
	})
	if len(all) > 0 || len(l.problems) == before {
		l.config.Plans.All = all
	}
}

// plan reads one plan; key is "plans." and its name.
func (l *loader) plan(where, key, name string, node ast.Node) account.Plan {
	p, before := account.Plan{Name: name}, len(l.problems)
	methods, trial := key+".methods", key+".trial_methods"
	trialAt := where
	l.pairs(key+".", node, func(where, part string, value ast.Node) {
		switch part {
		case methods:
			p.Methods = l.methods(where, part, value)
		case trial:
			p.TrialMethods, trialAt = l.methods(where, part, value), where
		default:
			l.add(where, "there is no setting "+plain(part), suggest(part, []string{methods, trial}))
		}
	})
	switch {
	case len(l.problems) > before: // what follows would say the same again
	case p.Methods == nil:
		l.add(where, key+" has no methods", "write below it, for example, methods: [totp, passkey]")
	default:
		for _, m := range p.TrialMethods {
			// People would lose at the trial's end what they signed in with.
			if !slices.Contains(p.Methods, m) {
				l.add(trialAt, fmt.Sprintf("%s has %s, which the plan itself does not have", trial, m),
					"add it to "+methods+" or leave it out here")
			}
		}
	}
	return p
}

// methods reads a list of methods; nil if something is wrong with it, which is then said.
func (l *loader) methods(where, key string, node ast.Node) []account.Method {
	names, ok := l.list(where, key, node)
	if !ok {
		return nil
	}
	known := account.Methods()
	if len(names) == 0 {
		l.add(where, key+" is empty", "name at least one of "+account.JoinMethods(known)+", or leave the line out")
		return nil
	}
	var methods []account.Method
	for _, name := range names {
		m, err := account.ParseMethod(name)
		switch {
		case err != nil:
			l.add(where, fmt.Sprintf("%s has %q", key, name), suggestMethod(name))
			return nil
		case slices.Contains(methods, m):
			l.add(where, fmt.Sprintf("%s has %s twice", key, m), "name each method once")
			return nil
		}
		methods = append(methods, m)
	}
	return methods
}

func suggestMethod(name string) string {
	var known []string
	for _, m := range account.Methods() {
		known = append(known, string(m))
	}
	if near := Nearest(name, known); near != "" {
		return fmt.Sprintf("did you mean %s?", near)
	}
	return "the methods are " + strings.Join(known, ", ")
}

// knowDefaultPlan demands that the default plan is one of the plans.
func (l *loader) knowDefaultPlan() {
	plans := l.config.Plans
	if _, known := plans.All[plans.Default]; known {
		return
	}
	where, given := l.source["default_plan"]
	if !given {
		where = l.source["plans"]
	}
	instead := "write at least one plan"
	if names := plans.Names(); len(names) > 0 {
		instead = "write one of " + strings.Join(names, ", ")
	}
	if near := Nearest(plans.Default, plans.Names()); near != "" {
		instead = fmt.Sprintf("did you mean %s?", near)
	}
	l.add(where, fmt.Sprintf("default_plan is %q, which is not among the plans", plans.Default), instead)
}

// showPlans writes the plans as the file might, in one line.
func showPlans(plans account.Plans) string {
	parts := make([]string, 0, len(plans.All))
	for _, name := range plans.Names() {
		p := plans.All[name]
		text := name + ": {methods: [" + account.JoinMethods(p.Methods) + "]"
		if p.TrialMethods != nil {
			text += ", trial_methods: [" + account.JoinMethods(p.TrialMethods) + "]"
		}
		parts = append(parts, text+"}")
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
