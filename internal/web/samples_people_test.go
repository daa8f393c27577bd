package web

import "time"

// peopleSamples are the pages on which administrators change what other people may do, and those that lead there.
func peopleSamples(boss Chrome) []sample {
	wrongCode := &FormError{Field: "code", Message: sampleCodeWrong, Code: "wrong_code"}
	ways := CodeWays{Action: "/settings/confirm/send?next=%2Fadmin", Ways: []Way{{ID: "fac_5", Kind: "sms", Hint: "+43 ••• ••• ••67"}, {ID: "fac_6", Kind: "email", Hint: "a•••@acme.test"}}}
	at := boss
	at.Place = PlaceUsers
	door := Chrome{Product: "Sallyport"}
	noticed := func(c Chrome, n Notice) Chrome { c.Notice = n; return c }
	grace := Somebody{ID: "usr_3", Name: "Grace Hopper", Email: "grace@acme.test"}
	long := Somebody{ID: "usr_4", Name: "Bartholomäus Maximilian von und zu Donaudampfschifffahrt‐Hohenstein", Email: "an-unusually-long-mailbox-name-without-any-blank@subdomain.donaudampfschifffahrt.example"}
	noReason := &FormError{Field: "reason", Message: "Say why, in up to 200 characters. The reason stands in the audit log.", Code: "reason_needed"}
	already := &FormError{Message: "That is so already: somebody may have done it a moment ago. Nothing was changed.", Code: "so_already"}
	return []sample{
		{"resetuser", at, ResetUser{Somebody: grace}},
		{"resetuser-long", at, ResetUser{Somebody: long, Error: noReason}},
		{"resetuser-off", at, ResetUser{Somebody: grace, Off: true}},
		{"resetuser-done", at, ResetUser{Somebody: Somebody{ID: "usr_5", Email: "alan@acme.test"}, Reason: "Lost phone", Error: &FormError{Message: "This person has no second factor, so there is nothing to reset. Somebody may have done it a moment ago."}}},
		{"givecode", at, GiveCode{Somebody: grace}},
		{"givecode-off", at, GiveCode{Somebody: grace, Off: true}},
		{"givecode-wrong", at, GiveCode{Somebody: grace, Error: noReason}},
		{"givencode", at, GivenCode{Somebody: grace, Code: "ACDE-FGHJ-KMNP-QRTV", Ends: sampleNow.Add(time.Hour)}},
		{"givencode-long", at, GivenCode{Somebody: long, Code: "ACDE-FGHJ-KMNP-QRTV", Ends: sampleNow.Add(time.Hour)}},
		{"setrole", at, SetRole{Somebody: grace, Present: "member", Role: "member"}},
		{"setrole-admin", at, SetRole{Somebody: long, Present: "admin", Role: "owner", Error: &FormError{Field: "role", Message: "The role must be owner, admin or member.", Code: "role_invalid"}}},
		{"setrole-owner", at, SetRole{Somebody: grace, Present: "owner", Role: "owner", Error: already}},
		{"lockuser", at, LockUser{Somebody: grace}},
		{"lockuser-already", at, LockUser{Somebody: grace, Error: already}},
		{"unlockuser", at, UnlockUser{Somebody: grace}},
		{"unlockuser-already", at, UnlockUser{Somebody: long, Error: already}},
		{"removeuser", at, RemoveUser{Somebody: grace, Account: "Acme"}},
		{"removeuser-invited", at, RemoveUser{Somebody: long, Account: "Acme", Invited: true}},
		{"removeuser-last", at, RemoveUser{Somebody: grace, Account: "Acme", Error: &FormError{Message: "This is the only owner who can sign in. Make somebody else an owner first.", Code: "last_owner"}}},
		{"inviteuser", at, InviteUser{Owner: true, Role: "member"}},
		{"inviteuser-admin", at, InviteUser{}},
		{"inviteuser-nomail", at, InviteUser{NoMail: true}},
		{"inviteuser-taken", at, InviteUser{Owner: true, Role: "admin", Email: "grace@acme.test", Name: "Grace Hopper", Error: &FormError{Field: "email", Message: "A user with this e-mail address exists already in this organisation.", Code: "user_exists"}}},
		{"inviteuser-sent", noticed(at, NoticeUserInvited), InviteUser{Owner: true, Role: "member"}},
		{"invitation", door, Invitation{MinPassword: 8}},
		{"invitation-wrong", door, Invitation{Token: "k7mq2xwd9fhrc3tnp4vb8jzs6g", Name: "Grace", MinPassword: 8, Error: &FormError{Field: "token", Message: "That token does not work: it is mistyped, was used, or is older than it may be; only the newest one we mailed counts. Copy it from the mail again, or ask for a new one.", Code: "mail_token_invalid"}}},
		{"invitation-weak", door, Invitation{Token: "k7mq2xwd9fhrc3tnp4vb8jzs6g", MinPassword: 8, Error: &FormError{Field: "new_password", Message: "This password is too short. Use at least 8 characters; a few unrelated words work well.", Code: "password_too_short"}}},
		{"invitation-joined", noticed(door, NoticeJoined), SignIn{Account: "acme", AccountName: "Acme"}},
		{"confirmidentity", boss, ConfirmIdentity{Next: "/admin", Back: "/admin"}},
		{"confirmidentity-send", boss, ConfirmIdentity{Next: "/admin", Back: "/admin", Send: ways, Error: wrongCode}},
	}
}
