package web

import (
	"time"

	"sallyport/internal/account"
	"sallyport/internal/adoption"
	"sallyport/internal/texts"
	"sallyport/internal/user"
)

// sampleDays is a rollout as it goes: a start, a jump when it was required, a slow end.
func sampleDays() []adoption.Day {
	var days []adoption.Day
	for i := range 90 {
		d := adoption.Day{Day: sampleNow.Truncate(24*time.Hour).AddDate(0, 0, i-89), CountedAt: sampleNow, Live: true}
		d.Ready = 2 + i/6
		if i >= 60 {
			d.Ready = min(31, 14+i-60)
		}
		d.Free = 38 + i/45 - d.Ready
		days = append(days, d)
	}
	return days
}

func sampleRollout() Rollout {
	return Rollout{
		Known: true, People: 39, Ready: 31, Grace: 5, Overdue: 3, GraceEnds: sampleNow.AddDate(0, 0, 6), Chart: chart(sampleDays()),
		Methods:    []MethodShare{{"totp", 27, 87}, {"passkey", 9, 29}, {"sms", 6, 19}, {"email", 0, 0}},
		Remindable: 8, MayRemind: true,
	}
}

func policySamples() []sample {
	boss := Chrome{Product: "Sallyport", Account: "Acme", Place: PlacePolicy, Person: &Person{Name: "Ada Lovelace", Email: "ada@acme.test", Administrator: true}}
	noticed := func(n Notice) Chrome { c := boss; c.Notice = n; return c }
	mine := boss
	mine.Place = PlaceTwoFactor
	phone := Device{ID: "fac_1", Kind: "totp", Name: "My Phone", Confirmed: true, Added: sampleNow.AddDate(0, -1, 0), LastUsed: sampleNow}
	required := account.Default()
	required.Enforcement, required.GraceDays, required.SMSCountries = account.Required, 14, []string{"AT", "DE"}
	page := func(p account.Policy, change func(*Policy)) Policy {
		v := Policy{Rollout: sampleRollout(), Shown: p.Fingerprint(), Groups: policyGroups(typedOf(p), nil)}
		change(&v)
		return v
	}
	same := func(*Policy) {}
	wrong := func(field, message string) Policy {
		form := typedOf(required)
		form[field] = "ninety-nine"
		e := &FormError{Field: field, Message: message}
		return Policy{Rollout: sampleRollout(), Groups: policyGroups(form, e), Error: e}
	}
	changed := func() Policy {
		form := typedOf(required)
		form["grace_days"], form["method_email"], form["session_idle"] = "30", "", "2"
		v := Policy{Rollout: sampleRollout(), Groups: policyGroups(form, nil), Error: &FormError{Message: account.ErrChanged.Message}}
		if err := tellSaved(texts.In(texts.English), v.Groups, required); err != nil {
			panic(err)
		}
		return v
	}
	effects := []PolicyEffect{
		{Role: string(user.Owner), People: 0, Demand: account.SetUp},
		{Role: string(user.Admin), People: 1, Demand: account.SetUp},
		{Role: string(user.Member), People: 7, Demand: account.SetUp},
	}
	later := []PolicyEffect{{Role: string(user.Member), People: 8, Demand: account.InGrace, By: sampleNow.AddDate(0, 0, 14)}}
	fields := []HiddenField{{"enforcement", "required"}, {"shown", "0123"}}
	return []sample{
		{"policy-people", boss, page(required, func(v *Policy) { v.Table.Rows = sampleUsers()[:2] })},
		{"policy-stale", boss, page(required, func(v *Policy) { v.Stale, v.Table.Rows = true, sampleUsers()[:1] })},
		{"policy-first", boss, page(account.Default(), func(v *Policy) {
			v.Rollout = Rollout{Known: true, People: 1, Free: 1}
		})},
		{"policy", boss, page(required, same)},
		{"policy-saved", noticed(NoticePolicySet), page(required, same)},
		{"policy-reminded", noticed(NoticeReminded), page(required, func(v *Policy) {
			v.Rollout.MayRemind, v.Rollout.Reminded, v.Rollout.Told = false, sampleNow, 8
		})},
		{"policy-reminding", boss, page(required, func(v *Policy) {
			v.Rollout.MayRemind, v.Rollout.Reminded, v.Rollout.Told, v.Rollout.Telling = false, sampleNow.Add(-time.Minute), 300, true
			v.Rollout.People, v.Rollout.CountedAt = 100_000, sampleNow.Add(-4*time.Minute)
		})},
		{"policy-uncounted", boss, page(required, func(v *Policy) { v.Rollout = Rollout{} })},
		{"policy-no-way", boss, page(required, func(v *Policy) { v.Rollout.NoWay, v.Rollout.MayRemind = true, false })},
		{"policy-locked", boss, page(required, func(v *Policy) { v.Locked, v.Rollout.MayRemind = true, false })},
		{"policy-wrong-grace", boss, wrong("grace_days", "Enter a whole number of days from 0 to 90.")},
		{"policy-wrong-method", boss, wrong("method_totp", "Allow at least one way. Where a second factor is required, authenticator apps must be allowed: they work whatever else fails.")},
		{"policy-wrong-span", boss, wrong("session_idle", "Enter a whole number, from 1 minute up to the time after which people sign in again.")},
		{"policy-wrong-choice", boss, wrong("enforcement", "Choose one of the values in the list.")},
		{"policy-changed", boss, changed()},
		{"policy-reminded-today", boss, page(required, func(v *Policy) {
			v.Error = &FormError{Message: adoption.ErrReminded.Message}
		})},
		{"twofactor-required", mine, TwoFactor{Methods: ways(5, phone), Backup: &BackupState{Left: 10, Made: sampleNow}, Demand: Demand{Required: true}}},
		{"twofactor-grace", mine, TwoFactor{Methods: ways(5), Demand: Demand{Required: true, Until: sampleNow.AddDate(0, 0, 6)}}},
		{"twofactor-recommended", mine, TwoFactor{Methods: ways(5), Demand: Demand{Recommended: true}}},
		{"twofactor-no-codes", mine, TwoFactor{Methods: ways(5, phone), NoCodes: true}},
		{"twofactor-never-codes", mine, TwoFactor{Methods: ways(5, phone), Backup: &BackupState{}}},
		{"remove-kept", mine, RemoveDevice{ID: "fac_1", Name: "My Phone", Confirmed: true, Last: true, Kept: true, AskPassword: true, Email: "ada@acme.test"}},
		{"policyconfirm", boss, PolicyConfirm{Effects: effects, Names: []string{"Grace Hopper", "alan@acme.test", "<b>Zoë</b>"}, Others: 5, Ended: 4, Fields: fields, Confirm: "4567"}},
		{"policyconfirm-grace", boss, PolicyConfirm{Effects: later, Names: []string{"Grace Hopper"}, Others: 7, Fields: fields, Confirm: "4567", Counted: sampleNow.Add(-time.Hour)}},
		{"policyconfirm-nobody", boss, PolicyConfirm{Effects: effects[:1], Fields: fields, Confirm: "4567"}},
		{"policyconfirm-no-way", boss, PolicyConfirm{Effects: effects, Names: []string{"Grace Hopper"}, Others: 7, Ended: 1, NoWay: true, Fields: fields, Confirm: "4567"}},
		{"policyconfirm-recommended", boss, PolicyConfirm{Effects: []PolicyEffect{{Role: string(user.Member), People: 1, Demand: account.Advised}}, Names: []string{"Grace Hopper"}, Fields: fields, Confirm: "4567"}},
		{"policyconfirm-passkeys", boss, PolicyConfirm{Passkeys: 12, TrustEnds: true, Ended: 3, Fields: fields, Confirm: "4567"}},
		{"policyconfirm-passkeys-no-way", boss, PolicyConfirm{Passkeys: 1, Ended: 1, NoWay: true, Fields: fields, Confirm: "4567"}},
		{"policyconfirm-trust-ends", boss, PolicyConfirm{Effects: effects, Names: []string{"Grace Hopper"}, Others: 7, Ended: 1, TrustEnds: true, Fields: fields, Confirm: "4567"}},
		{"policy-wrong-passkey", boss, wrong("passkey_required", "Choose one of the values in the list. Whoever must use a passkey must be allowed to set one up.")},
		{"policy-wrong-days", boss, wrong("trusted_browser_days", "Enter a whole number of days from 0 to 365.")},
		{"policyconfirm-gone", boss, PolicyConfirm{Gone: []string{"sms", "email"}, Only: 2, Fields: fields, Confirm: "4567"}},
	}
}
