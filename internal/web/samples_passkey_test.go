package web

import "time"

// sampleCreation is what a browser is asked when a passkey is made; the names are the person's, so they are as bad as they can be.
const sampleCreation = `{"rp":{"name":"A\u003cc\u003eme","id":"login.acme.test"},"user":{"id":"YWNjXzEudXNyXzE","name":"ada@acme.test","displayName":"Ada \"the\" Lovelace"},"challenge":"9JpmR7Gt3xYqWv2nKc8LbD5sHf1uZaEo4TjXwPyMiQ0","pubKeyCredParams":[{"type":"public-key","alg":-7},{"type":"public-key","alg":-8},{"type":"public-key","alg":-257}],"timeout":900000,"excludeCredentials":[],"authenticatorSelection":{"residentKey":"preferred","userVerification":"preferred"},"attestation":"none"}`

func passkeySamples() []sample {
	outside := Chrome{Product: "Sallyport"}
	ada := Chrome{Product: "Sallyport", Account: "Acme", Person: &Person{Name: "Ada Lovelace", Email: "ada@acme.test"}, Place: PlaceTwoFactor}
	confirmed := ada
	confirmed.Notice, confirmed.About = NoticeDeviceConfirmed, "iCloud Keychain"
	ends, day := sampleNow.Add(9*time.Minute), 24*time.Hour
	refused := &FormError{Message: "That passkey wasn’t accepted. Try it once more, or use another way.", Code: "passkey_refused"}
	noScript := &FormError{Message: "A passkey needs JavaScript in your browser. Switch it on and press again, or use another way.", Code: "passkey_missing"}
	wrongPassword := &FormError{Field: "password", Message: "That is not your password. Try again.", Code: "wrong_password"}
	phone := Device{ID: "fac_1", Kind: "passkey", Name: "iCloud Keychain", Synced: true, Confirmed: true, Preferred: true, Added: sampleNow.Add(-40 * day), LastUsed: sampleNow.Add(-3 * time.Hour)}
	key := Device{ID: "fac_2", Kind: "passkey", Name: "Blue YubiKey in the drawer of the hall <upstairs>", Confirmed: true, Added: sampleNow.Add(-day)}
	begun := Device{ID: "fac_3", Kind: "passkey", Added: sampleNow.Add(-time.Minute)}
	with := func(most int, why string, keys ...Device) []MethodState {
		return []MethodState{
			{Kind: "totp", Max: 5}, {Kind: "passkey", Devices: keys, Max: most, Why: why}, {Kind: "sms", Max: 5, Why: "trial"}, {Kind: "email", Max: 5},
		}
	}
	method := MethodState{Kind: "passkey", Max: 5}
	ways := CodeWays{Action: "/settings/confirm/send", Passkey: true, Ways: []Way{{ID: "fac_5", Kind: "sms", Hint: "+43 ••• ••• ••67"}}}
	backup := &BackupState{Left: 10, Made: sampleNow.Add(-day)}
	return []sample{
		{"signin-passkey-refused", outside, SignIn{Account: "acme", AccountName: "Acme", Error: refused}},
		{"signin-passkey-locked", outside, SignIn{Error: &FormError{Field: "email", Message: "Your access is locked. Ask your administrator to unlock it.", Code: "user_locked"}}},
		{"verify-passkey", outside, Verify{Method: "fac_1", Kind: "passkey", Device: "iCloud Keychain", BackupCodes: true, OtherWays: true, Disable: true, Ends: ends}},
		{"verify-passkey-any", outside, Verify{Method: "fac_1", Kind: "passkey", Ends: ends}},
		{"verify-passkey-refused", outside, Verify{Method: "fac_1", Kind: "passkey", Device: "iCloud Keychain", BackupCodes: true, OtherWays: true, Ends: ends, Error: refused}},
		{"verify-passkey-no-script", outside, Verify{Method: "fac_1", Kind: "passkey", Device: "iCloud Keychain", BackupCodes: true, OtherWays: true, Ends: ends, Error: noScript}},
		{"verify-passkey-backup", outside, Verify{Method: MethodBackupCode, Kind: MethodBackupCode, KeyFirst: true, BackupCodes: true, OtherWays: true, Ends: ends}},
		{"otherways-passkeys", outside, OtherWays{Ends: ends, Ways: []Way{
			{ID: "fac_1", Kind: "passkey", Name: "iCloud Keychain, Blue YubiKey in the drawer"}, {ID: MethodBackupCode, Kind: "backup_code"},
		}}},
		{"setup-passkey", outside, SetUp{Cause: "required", Ways: []string{"totp", "passkey", "email"}, Kind: "passkey", Ends: ends}},
		{"setup-passkey-taken", outside, SetUp{Cause: "reset", Ways: []string{"passkey"}, Kind: "passkey", Name: "My key", Ends: ends, Error: &FormError{Field: "name", Message: "You have a device of this name already. Choose another name."}}},
		{"setup-passkey-create", outside, CreatePasskey{ID: "fac_1", Options: sampleCreation, SigningIn: true, Ends: ends}},
		{"setup-passkey-refused", outside, CreatePasskey{ID: "fac_1", Options: sampleCreation, SigningIn: true, Ends: ends, Error: refused}},
		{"setup-stuck-passkey", outside, SetUp{Cause: "required", Unavailable: []MethodState{{Kind: "passkey", Why: "domain"}, {Kind: "email", Why: "channel"}}, Ends: ends}},
		{"twofactor-passkeys", confirmed, TwoFactor{Methods: with(5, "", phone, key, begun), Backup: backup}},
		{"twofactor-passkeys-none", ada, TwoFactor{Methods: with(5, "")}},
		{"twofactor-passkeys-full", ada, TwoFactor{Methods: with(1, "", key), Backup: backup}},
		{"twofactor-passkeys-domain", ada, TwoFactor{Methods: with(5, "domain")}},
		{"addpasskey", ada, AddPasskey{Method: method, AskPassword: true, Email: "ada@acme.test"}},
		{"addpasskey-recent", ada, AddPasskey{Method: method, Email: "ada@acme.test", Next: "/settings/sessions"}},
		{"addpasskey-wrong", ada, AddPasskey{Method: method, Name: "My key", AskPassword: true, Email: "ada@acme.test", Error: wrongPassword}},
		{"addpasskey-full", ada, AddPasskey{Method: MethodState{Kind: "passkey", Max: 1, Devices: []Device{key}}}},
		{"addpasskey-domain", ada, AddPasskey{Method: MethodState{Kind: "passkey", Why: "domain"}}},
		{"createpasskey", ada, CreatePasskey{ID: "fac_1", Options: sampleCreation, Next: "/settings", Ends: ends}},
		{"createpasskey-refused", ada, CreatePasskey{ID: "fac_1", Options: sampleCreation, Ends: ends, Error: refused}},
		{"remove-passkey", ada, RemoveDevice{ID: "fac_1", Name: "iCloud Keychain", Confirmed: true, Passkey: true, AskPassword: true, Email: "ada@acme.test"}},
		{"remove-passkey-code", ada, RemoveDevice{ID: "fac_1", Name: "iCloud Keychain", Confirmed: true, Passkey: true, Last: true, AskPassword: true, AskCode: true, Send: CodeWays{Passkey: true}, Email: "ada@acme.test"}},
		{"newcodes-passkey", ada, NewBackupCodes{Left: 7, AskPassword: true, AskCode: true, Send: ways, Email: "ada@acme.test", Error: refused}},
		{"changeemail-passkey", ada, ChangeEmail{Email: "ada@acme.test", AskCode: true, Send: ways}},
		{"confirmidentity-passkey", ada, ConfirmIdentity{Next: "/admin/users/invite", Back: "/admin", Send: ways}},
		{"confirmidentity-passkey-refused", ada, ConfirmIdentity{Back: "/settings", Send: CodeWays{Passkey: true}, Error: refused}},
	}
}
