package web

import "time"

const publicKey = "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="

// sampleKeys are API keys in every state.
func sampleKeys() []APIKey {
	ago := func(d time.Duration) time.Time { return sampleNow.Add(-d) }
	day := 24 * time.Hour
	return []APIKey{
		{ID: "key_4gvjeszssv807n8f57qgt8bv1f8fxcjd9w4wa0f7qtc4awap0zq0", Name: "Nightly backup", Scopes: []string{"read"}, Device: "confirmed", Created: ago(40 * day), LastUsed: ago(9 * time.Hour), LastAddress: "203.0.113.7"},
		{ID: "key_2", Name: "Deployment <in the data centre>, second row", Scopes: []string{"read", "factors", "admin"}, Networks: "192.0.2.0/24 198.51.100.23 2001:db8:85a3:1234::/64", PublicKey: publicKey, Created: ago(10 * day), Ends: sampleNow.Add(80 * day), LastUsed: ago(time.Minute), LastAddress: "2001:db8:85a3:1234:5678:8a2e:370:7334"},
		{ID: "key_3", Name: "Report", Scopes: []string{"read"}, Device: "pending", Created: ago(2 * time.Minute)},
		{ID: "key_4", Name: "Old script", Scopes: []string{"read", "factors"}, Device: "locked", Created: ago(300 * day), LastUsed: ago(2 * day), LastAddress: "198.51.100.23"},
		{ID: "key_5", Name: "Last year", Scopes: []string{"operator"}, Device: "confirmed", Created: ago(400 * day), Ends: ago(day), Ended: true, LastUsed: ago(2 * day), LastAddress: "198.51.100.23"},
	}
}

// keySamples are the pages about API keys.
func keySamples(ada, boss, long Chrome) []sample {
	ada.Place, long.Place, boss.Place = PlaceAPIKeys, PlaceAPIKeys, PlaceUsers
	administrator := boss
	administrator.Place = PlaceAPIKeys
	noticed := func(n Notice) Chrome { c := ada; c.Notice = n; return c }
	keys, email := sampleKeys(), "ada@acme.test"
	id, name := keys[0].ID, keys[0].Name
	wrong := func(field, message string) *FormError { return &FormError{Field: field, Message: message} }
	scan := &ShowKey{ID: "fac_1", Name: name, QR: sampleQR(), Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", Ends: sampleNow.Add(14 * time.Minute)}
	value := "sak_acc_06h0f8n7p39gsnq12bq7kceeec.usr_06h0f8n7p39gsnq12bq7kceeed.q4J8rT0vWc2mXz5yLk9pBd3sFg6hNj1aQe7uRi0oPtY"
	alan := Somebody{ID: "usr_2", Name: "Alan Turing", Email: "alan@acme.test"}
	fresh := NewAPIKey{Scopes: map[string]bool{"read": true}, Way: "device"}
	form := func(change func(*NewAPIKey)) NewAPIKey { v := fresh; change(&v); return v }
	return []sample{
		{"api-keys", ada, APIKeys{Keys: keys}},
		{"api-keys-long", long, APIKeys{Keys: keys[1:2], Full: true}},
		{"api-keys-none", ada, APIKeys{}},
		{"api-keys-removed", noticed(NoticeKeyRemoved), APIKeys{}},
		{"api-keys-gone", noticed(NoticeKeyGone), APIKeys{Keys: keys[:1]}},
		{"api-key", ada, OneAPIKey{APIKey: keys[0]}},
		{"api-key-long", long, OneAPIKey{APIKey: keys[1]}},
		{"api-key-pending", ada, OneAPIKey{APIKey: keys[2]}},
		{"api-key-alone", ada, OneAPIKey{APIKey: keys[2], Alone: true}},
		{"api-key-locked", noticed(NoticeKeyNoDevice), OneAPIKey{APIKey: keys[3]}},
		{"api-key-ended", noticed(NoticeKeyDevice), OneAPIKey{APIKey: keys[4]}},
		{"api-key-device-gone", noticed(NoticeKeyDeviceGone), OneAPIKey{APIKey: keys[1]}},
		{"api-key-public", noticed(NoticeKeyPublic), OneAPIKey{APIKey: keys[1]}},
		{"api-key-public-gone", noticed(NoticeKeyPublicGone), OneAPIKey{APIKey: keys[0]}},
		{"new-api-key", administrator, form(func(v *NewAPIKey) { v.Administrator = true })},
		{"new-api-key-password", ada, form(func(v *NewAPIKey) { v.Alone, v.AskPassword, v.Email = true, true, email })},
		{"new-api-key-full", ada, NewAPIKey{Full: true}},
		{"new-api-key-name", ada, form(func(v *NewAPIKey) {
			v.Error = wrong("name", "You have a key of this name already. Choose another name.")
		})},
		{"new-api-key-scopes", ada, form(func(v *NewAPIKey) {
			v.Name, v.Scopes = "Report", nil
			v.Error = wrong("scope_read", "Choose at least one thing that the key may be used for, of those you may do yourself.")
		})},
		{"new-api-key-public", ada, form(func(v *NewAPIKey) {
			v.Name, v.Way, v.PublicKey = "Report", "signature", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI"
			v.Error = wrong("public_key", "This is not a public key that can be used. Ed25519 or P-256 is needed, as PEM or as Base64 of its PKIX form.")
		})},
		{"new-api-key-ends", long, form(func(v *NewAPIKey) {
			v.Name, v.Way, v.Ends, v.Networks = "Report", "none", "2020-01-01", "192.0.2.7"
			v.Error = wrong("ends", "The end date must be in the future, and no more than ten years away.")
		})},
		{"made-api-key", ada, MadeAPIKey{ID: id, Name: name, Value: value}},
		{"made-api-key-device", ada, MadeAPIKey{ID: id, Name: name, Value: value, Scan: scan}},
		{"key-device-scan", long, MadeAPIKey{ID: id, Name: name, Scan: scan}},
		{"key-device", ada, KeyDevice{ID: id, Name: name}},
		{"key-device-replace", ada, KeyDevice{ID: id, Name: name, Replaces: true, AskPassword: true, Email: email, Error: wrong("password", "That password isn’t right. Enter the password you sign in with.")}},
		{"key-device-confirm", ada, ConfirmKeyDevice{ID: id, Name: name}},
		{"key-device-wrong", ada, ConfirmKeyDevice{ID: id, Name: name, Error: wrong("code", sampleCodeWrong)}},
		{"key-public", ada, KeyPublic{ID: id, Name: name}},
		{"key-public-wrong", ada, KeyPublic{ID: id, Name: name, Present: publicKey, Typed: "abc", AskPassword: true, Email: email, Error: wrong("public_key", "This is not a public key that can be used. Ed25519 or P-256 is needed, as PEM or as Base64 of its PKIX form.")}},
		{"drop-key-device", ada, DropKeyFactor{ID: id, Name: name, Last: true}},
		{"drop-key-alone", ada, DropKeyFactor{ID: id, Name: name, Last: true, Alone: true, AskPassword: true, Email: email}},
		{"drop-key-public", ada, DropKeyFactor{ID: id, Name: name, PublicKey: true, Error: &FormError{Message: "Too many attempts failed.", Wait: time.Minute}}},
		{"remove-api-key", ada, RemoveAPIKey{keys[0]}},
		{"remove-api-key-long", long, RemoveAPIKey{keys[1]}},
		{"end-key", boss, EndKeys{Somebody: alan, One: &keys[1]}},
		{"end-keys", boss, EndKeys{Somebody: alan}},
		{"end-keys-none", boss, EndKeys{Somebody: alan, Error: &FormError{Message: "That is so already: somebody may have done it a moment ago. Nothing was changed.", Code: "so_already"}}},
	}
}
