package web

// peopleSamples are the pages on which administrators change what other people may do, and those that lead there.
func peopleSamples(boss Chrome) []sample {
	wrongCode := &FormError{Field: "code", Message: sampleCodeWrong, Code: "wrong_code"}
	ways := CodeWays{Action: "/settings/confirm/send?next=%2Fadmin", Ways: []Way{{ID: "fac_5", Kind: "sms", Hint: "+43 ••• ••• ••67"}, {ID: "fac_6", Kind: "email", Hint: "a•••@acme.test"}}}
	return []sample{
		{"confirmidentity", boss, ConfirmIdentity{Next: "/admin", Back: "/admin"}},
		{"confirmidentity-send", boss, ConfirmIdentity{Next: "/admin", Back: "/admin", Send: ways, Error: wrongCode}},
	}
}
