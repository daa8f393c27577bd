package web

import (
	"strconv"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/user"
)

// usersSamples are the list of users and the page about one of them.
func usersSamples(boss, longBoss Chrome) []sample {
	ago := func(d time.Duration) time.Time { return sampleNow.Add(-d) }
	day := 24 * time.Hour
	boss.Place, longBoss.Place = PlaceUsers, PlaceUsers
	rows := sampleUsers()
	users := func(change func(*Users)) Users {
		v := Users{Table: UsersTable{Rows: rows}}
		for _, m := range account.Methods() {
			v.Methods = append(v.Methods, string(m))
		}
		for _, s := range user.States() {
			v.States = append(v.States, string(s))
		}
		change(&v)
		return v
	}
	all := []sample{
		{"users", boss, users(func(*Users) {})},
		{"users-pages", boss, users(func(v *Users) { v.Table.Before, v.Table.After = "/admin/users?at=abc", "/admin/users?at=def" })},
		{"users-filtered", boss, users(func(v *Users) {
			v.Narrow, v.Asked, v.Table.Rows = true, UsersQuery{Search: `a "quoted"`, SecondFactor: "on", Kind: "totp", Role: "admin", Sort: "-added"}, rows[1:2]
		})},
		{"users-none", boss, users(func(v *Users) { v.Narrow, v.Asked.Search, v.Table.Rows = true, "nobody", nil })},
		{"users-locked", longBoss, users(func(v *Users) { v.Locked = true })},
		{"users-page-unknown", boss, users(func(v *Users) {
			v.Error = &FormError{Message: user.ErrPage.Message, Code: "page_unknown"}
		})},
		{"users-search-too-long", boss, users(func(v *Users) {
			v.Asked.Search = "a b c d e f g h i j k"
			v.Error = &FormError{Field: "search", Message: user.ErrSearch.Message, Code: "search_too_long"}
		})},
		{"users-filter-unknown", boss, users(func(v *Users) {
			v.Error = &FormError{Field: "state", Message: user.ErrFilter.Message, Code: "filter_unknown"}
		})},
	}
	phone := Device{ID: "fac_1", Kind: "totp", Name: "My Phone", Confirmed: true, Added: ago(40 * day), LastUsed: ago(3 * time.Hour)}
	number := Device{ID: "fac_9", Kind: "sms", Name: "Work <number>", Hint: "+43 ••• ••• ••67", Confirmed: true, Locked: true, Added: ago(9 * day)}
	events := []UserEvent{
		{At: ago(time.Hour), Says: "<bdi>Alan Turing</bdi> signed in"},
		{At: ago(30 * time.Hour), Says: "A wrong password was entered for <bdi>Alan Turing</bdi>"},
		{At: ago(50 * day), Says: "<bdi>Ada Lovelace</bdi> reset the second factor of <bdi>Alan Turing</bdi>", Reason: "Lost the phone on the train"},
	}
	one := func(i int, demand account.Demand, cause account.Cause, change func(*UserPage)) UserPage {
		v := UserPage{UserRow: rows[i], Added: ago(90 * day), Demand: string(demand), Cause: string(cause), Actions: []string{"role", "lock", "remove"}, Events: events}
		change(&v)
		return v
	}
	all = append(all,
		sample{"user", boss, one(1, account.Prove, account.ByRequirement, func(v *UserPage) {
			v.Devices, v.Backup, v.SignedIn = []Device{phone, number}, &BackupState{Left: 7, Made: ago(40 * day)}, ago(time.Hour)
			v.Sessions = []Session{
				{ID: "ses_1", Browser: "Firefox on Linux, Vienna", Address: "203.0.113.7", SignedIn: ago(time.Hour), LastUsed: ago(time.Minute), How: "code"},
				{ID: "ses_2", Browser: "Safari on iOS", Address: "2001:db8:85a3:1234:5678:8a2e:370:7334", SignedIn: ago(20 * time.Hour), LastUsed: ago(15 * time.Hour), How: "trusted"},
			}
			v.AllSessions = 14
			v.Browsers = []TrustedBrowser{{ID: "trb_1", Name: "Phone", Browser: "Safari on iOS", Address: "203.0.113.7", Trusted: ago(9 * day), LastUsed: ago(20 * time.Hour), Ends: sampleNow.Add(81 * day)}}
			v.Keys = sampleKeys()[:2]
			v.Actions = []string{"reset", "backup-code", "end-sessions", "end-browsers", "end-keys", "role", "link", "lock", "remove"}
			v.ExternalID = "customer-4711"
		})},
		sample{"user-self", boss, one(0, account.Prove, account.ByRole, func(v *UserPage) {
			v.Devices, v.Backup, v.Actions, v.Why = []Device{phone}, &BackupState{Made: ago(day)}, nil, "self"
		})},
		sample{"user-rank", boss, one(1, account.Prove, account.OwnChoice, func(v *UserPage) { v.Devices, v.Actions, v.Why = []Device{phone}, nil, "rank" })},
		sample{"user-passkey", boss, one(1, account.Prove, account.OwnChoice, func(v *UserPage) { v.Devices, v.Passkey = []Device{phone}, true })},
		sample{"user-add-passkey", boss, one(1, account.Prove, account.ByRole, func(v *UserPage) { v.Devices, v.Passkey, v.AddPasskey = []Device{phone}, true, true })},
		sample{"user-long", longBoss, one(3, account.Prove, account.ByRecommendation, func(v *UserPage) {
			v.Devices, v.Actions, v.Why, v.Events = []Device{number}, nil, "level", nil
		})},
		sample{"user-invited", boss, one(4, account.Nothing, account.OwnChoice, func(v *UserPage) { v.Actions = []string{"invite", "role", "lock", "remove"} })},
		sample{"user-overdue", boss, one(5, account.SetUp, account.ByRequirement, func(v *UserPage) { v.Actions = []string{"role", "unlock", "remove"} })},
		sample{"user-stuck", boss, one(6, account.SetUp, account.ByReset, func(v *UserPage) {
			v.Stuck = []MethodState{{Kind: "totp", Why: "plan", Support: "support@acme.test"}, {Kind: "sms", Why: "policy"}, {Kind: "email", Why: "channel"}}
		})},
		sample{"user-stuck-soon", boss, one(2, account.InGrace, account.ByRequirement, func(v *UserPage) {
			v.Ends, v.Stuck = sampleNow.Add(9*day), []MethodState{{Kind: "totp", Why: "policy"}}
		})},
	)
	// Every answer to "what is asked, and why?" there is.
	for i, o := range []struct {
		demand account.Demand
		cause  account.Cause
	}{
		{account.Advised, account.ByRecommendation}, {account.InGrace, account.ByRole}, {account.SetUp, account.ByRole}, {account.Prove, account.ByReset},
	} {
		all = append(all, sample{"user-asked-" + strconv.Itoa(i), boss, one(2, o.demand, o.cause, func(v *UserPage) { v.Ends = sampleNow.Add(9 * day) })})
	}
	return all
}

// sampleUsers are people in every state.
func sampleUsers() []UserRow {
	ago := func(d time.Duration) time.Time { return sampleNow.Add(-d) }
	day := 24 * time.Hour
	return []UserRow{
		{ID: "usr_1", Email: "ada@acme.test", Name: "Ada Lovelace", Role: "owner", You: true, Kinds: []string{"totp", "sms"}, Since: ago(90 * day), LastUsed: ago(time.Hour)},
		{ID: "usr_2", Email: "alan@acme.test", Name: "Alan Turing", Role: "admin", Kinds: []string{"totp"}, Since: ago(40 * day), LastUsed: ago(30 * time.Hour), Reset: true},
		{ID: "usr_3", Email: "grace@acme.test", Name: "Grace <Hopper>", Role: "member", States: []string{"grace"}, By: sampleNow.Add(9 * day)},
		{ID: "usr_4", Email: "an-unusually-long-mailbox-name-without-any-blank@subdomain.donaudampfschifffahrt.example", Role: "member", Kinds: []string{"totp", "passkey", "sms", "email"}, Since: ago(day), States: []string{"locked"}, Reset: true},
		{ID: "usr_5", Email: "kurt@acme.test", Name: "Kurt Gödel", Role: "member", States: []string{"invited"}},
		{ID: "usr_6", Email: "emmy@acme.test", Name: "Emmy Noether", Role: "member", States: []string{"locked", "overdue"}},
		{ID: "usr_7", Email: "sofja@acme.test", Name: "Софья Ковалевская", Role: "member", States: []string{"set_up"}},
	}
}
