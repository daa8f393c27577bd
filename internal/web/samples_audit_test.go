package web

import (
	"fmt"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// auditPeople are those whom the samples of the audit log name; one of them does what they can to break it.
var auditPeople = map[string]user.Name{
	"usr_ada": {Name: "Ada Lovelace", Email: "ada@acme.test"}, "usr_alan": {Name: "Alan Turing", Email: "alan@acme.test"},
	"usr_grace": {Email: "grace@acme.test"}, "usr_evil": {Name: "=<b>Eve</b> \u202eevil", Email: "eve@acme.test"},
}

// auditEvents are the events of the samples, newest first.
func auditEvents() []audit.Event {
	from := audit.Actor{Kind: audit.KindUser, Address: "203.0.113.7", UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
	phone := audit.Actor{Kind: audit.KindNobody, Address: "2001:db8:85a3:1234:5678:8a2e:370:7334", UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"}
	events := []audit.Event{
		{Action: audit.UserReset, Actor: from.As("usr_alan"), Target: "usr_grace", Detail: map[string]string{"reason": "Lost her phone; called back on her desk number, ticket 4711"}},
		{Action: audit.SignedIn, Actor: from.As("usr_alan"), Target: "usr_alan", Detail: map[string]string{"method": "totp"}},
		{Action: audit.CodeRefused, Actor: phone, Target: "fac_06h0f8wj22swgy4rcrtrx6k8f8", Person: "usr_grace", Detail: map[string]string{"user": "usr_grace", "failures": "3"}},
		{Action: audit.UserLocked, Actor: audit.Operator(), Target: "usr_evil"},
		{Action: audit.UserEmailChanged, Actor: phone.As("usr_evil"), Target: "usr_evil", Detail: map[string]string{"from": "eve@acme.test", "to": "an-unusually-long-mailbox-name-without-any-blank@subdomain.donaudampfschifffahrt.example"}},
		{Action: "later.invented", Actor: from.As("usr_ada"), Target: "usr_gone", Detail: map[string]string{"what": "something"}},
		{Action: audit.PasswordRefused, Actor: phone},
		{Action: audit.AccountPolicyChanged, Actor: from.As("usr_ada"), Target: "acc_1", Detail: map[string]string{"policy": `{"methods":["totp","passkey","sms","email"],"clock_tolerance":"30s","max_devices_per_kind":5}`}},
	}
	for i := range events {
		e := &events[i]
		e.At = sampleNow.Add(-time.Duration(i*i) * 97 * time.Minute)
		e.ID = id.Least("evt", e.At)
		if e.Person == "" {
			e.Person = e.Actor.ID
			if strings.HasPrefix(e.Target, "usr_") {
				e.Person = e.Target
			}
		}
	}
	return events
}

// auditSamples are the audit log in its states.
func auditSamples() []sample {
	boss := Chrome{Product: "Sallyport", Account: "Acme", Place: PlaceAudit, Person: &Person{Name: "Ada Lovelace", Email: "ada@acme.test", Administrator: true}}
	say := texts.In(texts.English)
	var full Audit
	var actions []audit.Action
	for _, e := range auditEvents() {
		entry, err := auditEntry(say, account.Account{ID: "acc_1"}, e, auditPeople, nil)
		if err != nil {
			panic(fmt.Sprintf("%s: %v", e.Action, err)) // of a test
		}
		full.Entries = append(full.Entries, entry)
		actions = append(actions, e.Action)
	}
	full.Choices = auditChoices(say, actions, "")
	with := func(change func(*Audit)) Audit { v := full; change(&v); return v }
	form := auditForm{action: "group:second_factors", person: "grace@acme.test", from: "2026-02-01", to: "2026-03-03"}
	filtered := func(v *Audit) {
		v.Action, v.Person, v.From, v.To, v.Query = form.action, form.person, form.from, form.to, form.query("")
	}
	return []sample{
		{"audit", boss, with(func(v *Audit) { v.Older = auditPath + "?before=evt_06h0f8wj22swgy4rcrtrx6k8f8" })},
		{"audit-empty", boss, Audit{Locked: true}},
		{"audit-filtered", boss, with(func(v *Audit) { filtered(v); v.Entries = v.Entries[:1]; v.Later = true })},
		{"audit-none", boss, with(func(v *Audit) { filtered(v); v.Entries = nil })},
		{"audit-no-more", boss, with(func(v *Audit) { v.Entries, v.Later = nil, true })},
		{"audit-person", boss, with(func(v *Audit) {
			filtered(v)
			v.Entries, v.Person, v.Error = nil, "grace", &FormError{Field: "person", Message: audit.ErrPerson.Message, Code: "audit_person_unknown"}
		})},
		{"audit-action", boss, with(func(v *Audit) {
			v.Entries, v.Error = nil, &FormError{Field: "action", Message: audit.ErrAction.Message, Code: "audit_action_invalid"}
		})},
		{"audit-day", boss, with(func(v *Audit) {
			v.Entries, v.From, v.Error = nil, "2026-02-30", &FormError{Field: "from", Message: audit.ErrDay.Message, Code: "audit_day_invalid"}
		})},
		{"audit-period", boss, with(func(v *Audit) {
			filtered(v)
			v.Entries, v.To, v.Error = nil, "2026-01-01", &FormError{Field: "to", Message: audit.ErrPeriod.Message, Code: "audit_period_invalid"}
		})},
		{"audit-place", boss, with(func(v *Audit) {
			v.Entries, v.Error = nil, &FormError{Message: audit.ErrPlace.Message, Code: "audit_place_invalid"}
		})},
	}
}
