package web

import (
	"html/template"
	"slices"
	"strings"
	"time"
)

// The samples are every page in every state that it has.

// sample is one page in one state.
type sample struct {
	name   string // "signin-wrong"
	chrome Chrome
	view   View
}

// sampleNow is the moment at which the samples are looked at.
var sampleNow = time.Date(2026, time.March, 3, 14, 5, 0, 0, time.UTC)

const sampleCodeWrong = "That code isn’t valid. Check the date and time on your phone, then enter the next code it shows."

// sampleQR has the size and shape of a real code of 53 modules, with its quiet zone of four.
func sampleQR() template.HTML {
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 61 61" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h61v61H0z"/><path fill="#000" d="`)
	for y := range 53 {
		for x := range 53 {
			if (x*x*7+y*y*13+x*y*5)%11 < 5 {
				b.WriteString("M" + itoa(x+4) + " " + itoa(y+4) + "h1v1h-1z")
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return template.HTML(b.String())
}

func itoa(n int) string { return string([]byte{byte('0' + n/10), byte('0' + n%10)}) }

func samples() []sample {
	return slices.Concat(allSamples(), auditSamples(), policySamples(), passkeySamples())
}

func allSamples() []sample {
	outside := Chrome{Product: "Sallyport"}
	ada := Chrome{Product: "Sallyport", Account: "Acme", Person: &Person{Name: "Ada Lovelace", Email: "ada@acme.test"}}
	long := Chrome{
		Product: "Sallyport", Account: "Donaudampfschifffahrtselektrizitätenhauptbetriebswerk Aktiengesellschaft",
		Person: &Person{Email: "an-unusually-long-mailbox-name-without-any-blank@subdomain.donaudampfschifffahrt.example"}, Place: PlaceProfile,
	}
	noticed := func(c Chrome, n Notice) Chrome { c.Notice = n; return c }
	told := func(c Chrome, n Notice, about string) Chrome { c.Notice, c.About = n, about; return c }
	left := func(c Chrome, n int) Chrome { c.Notice, c.Left = NoticeBackupCodeUsed, n; return c }
	at := func(c Chrome, p Place) Chrome { c.Place = p; return c }
	ago := func(d time.Duration) time.Time { return sampleNow.Add(-d) }
	day := 24 * time.Hour
	ends := sampleNow.Add(9 * time.Minute)
	factors := at(ada, PlaceTwoFactor)
	phone := Device{ID: "fac_1", Kind: "totp", Name: "My Phone", Confirmed: true, Added: ago(40 * day), LastUsed: ago(3 * time.Hour)}
	tablet := Device{ID: "fac_2", Kind: "totp", Name: "Tablet in the drawer of the hall <upstairs>", Confirmed: true, Locked: true, Added: ago(300 * day), LastUsed: ago(90 * day)}
	fresh := Device{ID: "fac_3", Kind: "totp", Name: "New phone", Added: ago(2 * time.Minute)}
	codes := []string{
		"k7mq-2xwd-9fhr-c3tn", "p4vb-8jzs-6gye-w2dk", "h9rt-5nqc-7xma-j6fp", "z3wk-4dvy-2bhs-8erg", "m6jf-9tcx-5pqn-v7za",
		"y2gd-3skw-8rmb-4hjt", "c8xn-7vfe-6zqp-9ywm", "t5hb-2rjk-4cgd-x3sv", "w7pz-8mye-9ntf-5qbk", "d4rs-6xhc-3vwj-2gpm",
	}
	wrongCode := &FormError{Field: "code", Message: sampleCodeWrong, Code: "wrong_code"}
	wrongPassword := &FormError{Field: "password", Message: "That is not your password. Try again.", Code: "wrong_password"}
	send := CodeWays{Action: "/settings/email/send", Ways: []Way{{ID: "fac_5", Kind: "sms", Hint: "+43 ••• ••• ••67"}, {ID: "fac_6", Kind: "email", Hint: "a•••@acme.test"}}}
	sent := CodeWays{Action: "/settings/email/send", SentTo: "a•••@acme.test", Ways: send.Ways[1:]}
	slow := &FormError{Message: "Too many wrong codes.", Code: "throttled", Wait: 2 * time.Minute}
	badName := &FormError{Field: "name", Message: "Another device of yours has this name. Choose another one.", Code: "name_taken"}

	boss := ada
	boss.Person = &Person{Name: "Ada Lovelace", Email: "ada@acme.test", Administrator: true}
	longBoss := long
	longBoss.Person = &Person{Email: long.Person.Email, Administrator: true}
	own := MailServer{Own: true, Server: "mail.acme.test:587", Mine: "ada@acme.test", Host: "mail.acme.test", Port: "587", Security: "starttls", User: "robot", From: "Acme <no-reply@acme.test>", Keeps: true}
	server := func(change func(*MailServer)) MailServer { v := own; change(&v); return v }
	mails := at(boss, PlaceMail)

	all := []sample{
		{"signin", outside, SignIn{}},
		{"signin-account", outside, SignIn{Account: "acme", AccountName: "Acme", Email: "ada@acme.test", Next: "/settings/sessions"}},
		{"signin-wrong", outside, SignIn{Email: "ada@acme.test", Error: &FormError{
			Message: "E-mail or password is not right, or your organisation has a sign-in address of its own. Check both and try again.", Code: "wrong_credentials",
		}}},
		{"signin-malformed", outside, SignIn{Email: "ada", Error: &FormError{Field: "email", Message: "Enter your whole e-mail address, such as ada@acme.test."}}},
		{"signin-throttled", outside, SignIn{Email: "ada@acme.test", Error: &FormError{Message: "Too many tries.", Wait: 40 * time.Second}}},
		{"signin-busy", outside, SignIn{Email: "ada@acme.test", Error: &FormError{Summary: "The server is busy", Message: "Many people are signing in just now.", Wait: 5 * time.Second}}},
		{"signin-signed-out", noticed(outside, NoticeSignedOut), SignIn{}},
		{"signin-session-ended", noticed(outside, NoticeSessionEnded), SignIn{Next: "/settings"}},
		{"signin-cancelled", noticed(outside, NoticeCancelled), SignIn{}},
		{"signin-nobody", outside, SignIn{Nobody: true}},
		{"signin-first", told(outside, NoticeAccountCreated, "https://login.acme.test/sign-in?account=acme"), SignIn{Account: "acme", AccountName: "Acme"}},
		{"signin-unknown-notice", noticed(outside, "<b>you won</b>"), SignIn{}},
		{"verify", outside, Verify{Method: "fac_1", Device: "My Phone", BackupCodes: true, OtherWays: true, Ends: ends}},
		{"verify-any", outside, Verify{BackupCodes: true, OtherWays: true, Ends: ends}},
		{"verify-wrong", outside, Verify{Method: "fac_1", Device: "My Phone", BackupCodes: true, OtherWays: true, Ends: ends, Error: wrongCode}},
		{"verify-used", outside, Verify{Method: "fac_1", Device: "My Phone", BackupCodes: true, Ends: ends, Error: &FormError{
			Field: "code", Message: "That code has been used already. Wait for the next one, up to 30 seconds.", Code: "code_used",
		}}},
		{"verify-malformed", outside, Verify{Ends: ends, Error: &FormError{Field: "code", Message: "An authentication code has 6 digits. Enter the one your app shows."}}},
		{"verify-throttled", outside, Verify{Method: "fac_1", Device: "My Phone", BackupCodes: true, OtherWays: true, Ends: ends, Error: slow}},
		{"verify-locked", outside, Verify{Method: "fac_1", Device: "My Phone", BackupCodes: true, OtherWays: true, Ends: ends, Locked: true}},
		{"verify-sms", noticed(outside, NoticeCodeSent), Verify{Method: "fac_1", Kind: "sms", Device: "My number", Hint: "+43 ••• ••• ••67", Sent: &SentCode{Alive: true, Wait: 42 * time.Second}, BackupCodes: true, OtherWays: true, Disable: true, Ends: ends}},
		{"verify-sms-arrived", outside, Verify{Method: "fac_1", Kind: "sms", Device: "My number", Hint: "+43 ••• ••• ••67", Sent: &SentCode{Alive: true, Arrived: true}, Ends: ends}},
		{"verify-sms-failed", outside, Verify{Method: "fac_1", Kind: "sms", Device: "My number", Hint: "+43 ••• ••• ••67", Sent: &SentCode{Alive: true, Failed: true, Wait: time.Second}, OtherWays: true, Ends: ends}},
		{"verify-email-none", outside, Verify{Method: "fac_1", Kind: "email", Device: "My mailbox", Hint: "a•••@acme.test", Sent: &SentCode{}, Ends: ends, Error: &FormError{Field: "code", Message: "Too many codes were sent. Use another way, or wait an hour and ask for a new code."}}},
		{"verify-mail-rests", outside, Verify{Method: "fac_1", Device: "My Phone", BackupCodes: true, OtherWays: true, Ends: ends, Rests: &Resting{"a•••@acme.test", ends.Add(20 * time.Hour)}}},
		{"verify-backup", outside, Verify{Method: MethodBackupCode, BackupCodes: true, OtherWays: true, Ends: ends}},
		{"verify-backup-wrong", outside, Verify{Method: MethodBackupCode, Ends: ends, Error: &FormError{Field: "code", Message: "That backup code isn’t valid. It may be mistyped or replaced by newer ones. Try another of your ten, or ask your administrator.", Code: "wrong_code"}}},
		{"otherways", outside, OtherWays{Ends: ends, Ways: []Way{
			{ID: "fac_1", Kind: "totp", Name: "My Phone"},
			{ID: "fac_2", Kind: "totp", Name: "Tablet"},
			{ID: "fac_4", Kind: "passkey", Name: "Blue key"},
			{ID: "fac_5", Kind: "sms", Name: "Work phone", Hint: "•••• 78"},
			{ID: "fac_6", Kind: "email", Name: "Mailbox", Hint: "a•••@acme.test"},
			{ID: MethodBackupCode, Kind: "backup_code"},
		}}},
		{"otherways-mail-rests", outside, OtherWays{Ends: ends, Rests: &Resting{"a•••@acme.test", ends.Add(20 * time.Hour)}, Ways: []Way{{ID: "fac_1", Kind: "totp", Name: "My Phone"}}}},
		{"otherways-one", outside, OtherWays{Ends: ends, Ways: []Way{{ID: "fac_1", Kind: "totp", Name: "My Phone"}}}},
		{"disable", outside, Disable{Email: "ada@acme.test", BackupCodes: true, Ends: ends}},
		{"disable-set-up", outside, Disable{Email: "ada@acme.test", ReEnrol: true, Ends: ends}},
		{"disable-later", outside, Disable{Email: "ada@acme.test", Delay: 48 * time.Hour, BackupCodes: true, Ends: ends}},
		{"disable-later-set-up", outside, Disable{Email: long.Person.Email, Delay: 24 * time.Hour, ReEnrol: true, Ends: ends}},
		{"disable-mailed", noticed(outside, NoticeTokenSent), Disable{Email: "ada@acme.test", Mailed: true, Wait: 42 * time.Second, BackupCodes: true, Ends: ends}},
		{"disable-mailed-set-up", outside, Disable{Email: "ada@acme.test", Mailed: true, ReEnrol: true, Ends: ends}},
		{"disable-mailed-later", outside, Disable{Email: "ada@acme.test", Mailed: true, Delay: 48 * time.Hour, Wait: time.Second, Ends: ends}},
		{"disable-wrong", outside, Disable{Email: "ada@acme.test", Mailed: true, BackupCodes: true, Ends: ends, Error: &FormError{
			Field: "token", Message: "That token does not work: it is mistyped, was used, or is older than it may be; only the newest one we mailed counts. Copy it from the mail again, or ask for a new one.", Code: "mail_token_invalid",
		}}},
		{"disable-too-soon", outside, Disable{Email: "ada@acme.test", Mailed: true, Wait: 42 * time.Second, Ends: ends, Error: &FormError{Message: "A token was mailed less than a minute ago. Wait 42 seconds, then send a new one."}}},
		{"disable-stopped", outside, Disable{Email: "ada@acme.test", Ends: ends, Error: &FormError{Message: "Too many codes were sent. Use another way, or wait an hour and ask for a new code."}}},
		{"disable-off", outside, Disable{Email: "ada@acme.test", Closed: true, BackupCodes: true, Ends: ends, Error: &FormError{
			Message: "Your organisation does not allow switching off two-factor authentication by mail. Use a backup code, or ask your administrator.",
		}}},
		{"disable-after-reset", outside, Disable{Email: "ada@acme.test", Closed: true, Ends: ends, Error: &FormError{
			Message: "Your password was reset by mail less than 24 hours ago, and mail alone must not open your account. Wait until 24 hours have passed, use a backup code, or ask your administrator.", Wait: 23 * time.Hour,
		}}},
		{"disableplanned", outside, DisablePlanned{EndsAt: sampleNow.Add(48 * time.Hour), Account: "acme"}},
		{"disableplanned-set-up", outside, DisablePlanned{EndsAt: sampleNow.Add(2 * time.Hour), ReEnrol: true}},
		{"keep", outside, Keep{}},
		{"keep-wrong", outside, Keep{Error: &FormError{
			Field: "token", Message: "That token does not work: it is mistyped, was used, or is older than it may be; only the newest one we mailed counts. Copy it from the mail again, or ask for a new one.",
		}}},
		{"keep-kept", outside, Keep{Kept: true}},
		{"expired", outside, SignInExpired{Account: "acme"}},
		{"expired-plain", outside, SignInExpired{}},
		{"setup-reset", outside, SetUp{Cause: "reset", Ways: []string{"totp"}, Kind: "totp", Name: "My Phone", Ends: ends}},
		{"setup-unnamed", outside, SetUp{Cause: "required", Ways: []string{"totp", "sms"}, Kind: "totp", Ends: ends, Error: &FormError{Field: "name", Message: "Give the device a name."}}},
		{"setup-passkey-stuck", outside, SetUp{Cause: "passkey", Unavailable: []MethodState{{Kind: "passkey", Why: "plan", Support: "sales@sallyport.test"}}, Ends: ends}},
		{"setup-choice", outside, SetUp{Cause: "required", Ways: []string{"totp", "sms", "email"}, Kind: "totp", Name: "My Phone", Ends: ends}},
		{"setup-choice-less", outside, SetUp{Cause: "required_of_admin", Ways: []string{"totp", "sms"}, Kind: "totp", Name: "My Phone", Unavailable: []MethodState{{Kind: "email", Why: "channel"}}, Ends: ends}},
		{"setup-stuck", outside, SetUp{Cause: "required", Unavailable: []MethodState{{Kind: "totp", Why: "plan", Support: "sales@sallyport.test"}, {Kind: "email", Why: "channel"}}, Ends: ends}},
		{"setup-number", outside, SetUp{Cause: "required", Ways: []string{"totp", "sms"}, Kind: "sms", Name: "My number", Countries: []string{"Austria", "Belgium", "Côte d’Ivoire"}, Ends: ends}},
		{"setup-number-wrong", outside, SetUp{Cause: "required", Ways: []string{"totp", "sms"}, Kind: "sms", Name: "My number", Address: "+43 1 234", Ends: ends, Error: &FormError{Field: "address", Message: "This is no mobile number."}}},
		{"setup-mailbox", outside, SetUp{Cause: "required", Ways: []string{"email"}, Kind: "email", Name: "My mailbox", Address: "ada@acme.test", Ends: ends}},
		{"setup-mail", outside, SetUpMail{Cause: "required", Email: "ada@acme.test", Ends: ends}},
		{"setup-mail-sent", outside, SetUpMail{Cause: "reset", Email: "ada@acme.test", Mailed: true, Wait: 42 * time.Second, Ends: ends}},
		{"setup-mail-wrong", outside, SetUpMail{Cause: "required", Email: "ada@acme.test", Mailed: true, Ends: ends, Error: &FormError{Field: "token", Message: "That token does not work."}}},
		{"setup-confirm-number", outside, ConfirmDevice{ID: "fac_9", Kind: "sms", Name: "My number", Hint: "+43 ••• ••• ••67", Sent: &SentCode{Alive: true, Wait: 42 * time.Second}, SigningIn: true, Ends: ends}},
		{"setup-showkey", outside, ShowKey{ID: "fac_1", Name: "My Phone", QR: sampleQR(), Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", URI: "otpauth://totp/Acme:ada@acme.test?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme", Issuer: "Acme", Account: "ada@acme.test", SigningIn: true, Ends: ends}},
		{"setup-confirm", outside, ConfirmDevice{ID: "fac_1", Name: "My Phone", SigningIn: true, Ends: ends, Error: wrongCode}},
		{"setup-codes", outside, BackupCodes{Codes: codes, First: true, SigningIn: true, Host: "login.acme.test", Account: "Acme", Email: "ada@acme.test", Made: sampleNow, Next: "/settings"}},
		{"firstrun", outside, FirstRun{Token: "t0ken", MinPassword: 12}},
		{"firstrun-weak", outside, FirstRun{Token: "t0ken", Organisation: "Acme", Name: "Ada", Email: "ada@acme.test", MinPassword: 12, Error: &FormError{Field: "password", Message: "That password is among the most common ones. Choose another."}}},
		{"firstrun-over", outside, FirstRunOver{}},
		{"recommend-after", noticed(ada, NoticeMailedOff), Recommend{}},
		{"forgot", outside, ForgotPassword{Account: "acme"}},
		{"forgot-missing", outside, ForgotPassword{Error: &FormError{Field: "email", Message: "Enter your e-mail address.", Code: "email_missing"}}},
		{"forgot-malformed", outside, ForgotPassword{Email: "ada", Error: &FormError{Field: "email", Message: "Enter an e-mail address like name@example.com.", Code: "email_invalid"}}},
		{"forgot-unavailable", outside, ForgotPassword{Unavailable: true}},
		{"forgot-sent", outside, ForgotSent{}},
		{"newpassword", outside, NewPassword{MinPassword: 8}},
		{"newpassword-token", outside, NewPassword{Token: "k7mq2xwd9fhrc3tnp4vb8jzs6g", MinPassword: 8, Error: &FormError{Field: "token", Message: "That token does not work: it is mistyped, was used, or is older than it may be; only the newest one we mailed counts. Copy it from the mail again, or ask for a new one.", Code: "mail_token_invalid"}}},
		{"newpassword-weak", outside, NewPassword{Token: "k7mq2xwd9fhrc3tnp4vb8jzs6g", MinPassword: 8, Error: &FormError{Field: "new_password", Message: "This password is too short. Use at least 8 characters; a few unrelated words work well.", Code: "password_too_short"}}},
		{"newpassword-chosen", noticed(outside, NoticePasswordChosen), SignIn{Account: "acme", AccountName: "Acme"}},
		{"confirmemail", outside, ConfirmEmail{}},
		{"confirmemail-taken", outside, ConfirmEmail{Token: "k7mq2xwd9fhrc3tnp4vb8jzs6g", Error: &FormError{Field: "token", Message: "A user with this e-mail address exists already in this organisation.", Code: "user_exists"}}},
		{"confirmemail-password", outside, ConfirmEmail{Token: "k7mq2xwd9fhrc3tnp4vb8jzs6g", Email: "ada@acme.test", Error: wrongPassword}},
		{"confirmemail-done", noticed(outside, NoticeEmailChanged), SignIn{Account: "acme", AccountName: "Acme"}},
		{"changeemail", at(ada, PlaceProfile), ChangeEmail{Email: "ada@acme.test"}},
		{"changeemail-code", at(ada, PlaceProfile), ChangeEmail{Email: "ada@acme.test", NewEmail: "ada@acme.test", AskCode: true, Error: &FormError{Field: "new_email", Message: "That is the address you have now. Enter the new one."}}},
		{"changeemail-send", at(ada, PlaceProfile), ChangeEmail{Email: "ada@acme.test", AskCode: true, Send: send}},
		{"changeemail-sent", noticed(at(ada, PlaceProfile), NoticeCodeSent), ChangeEmail{Email: "ada@acme.test", AskCode: true, Send: sent, Error: wrongCode}},
		{"changeemail-stopped", at(ada, PlaceProfile), ChangeEmail{Email: "ada@acme.test", NewEmail: "lovelace@acme.test", Error: &FormError{Message: "Too many mails were asked for. Wait an hour, then ask again.", Code: "too_many_mails"}}},
		{"changeemail-unavailable", at(ada, PlaceProfile), ChangeEmail{Email: "ada@acme.test", Unavailable: true}},
		{"recommend", ada, Recommend{Next: "/settings", App: true}},
		{"recommend-organisation", ada, Recommend{Organisation: true}},
		{"grace", ada, Recommend{Next: "/settings/sessions", Days: 12, By: sampleNow.Add(12 * day), App: true}},
		{"grace-last-day", ada, Recommend{Days: 1, By: sampleNow.Add(5 * time.Hour), App: true}},
		{"profile", at(ada, PlaceProfile), Profile{Name: "Ada Lovelace", Email: "ada@acme.test", Role: "owner", Account: "Acme", MinPassword: 12, Sessions: 1}},
		{"profile-asked", noticed(at(ada, PlaceProfile), NoticeEmailAsked), Profile{Name: "Ada Lovelace", Email: "ada@acme.test", Role: "owner", Account: "Acme", MinPassword: 8, Sessions: 1}},
		{"profile-language", noticed(at(ada, PlaceProfile), NoticeLanguageChanged), Profile{Name: "Ada Lovelace", Email: "ada@acme.test", Role: "owner", Account: "Acme", MinPassword: 8, Sessions: 1, Language: "de"}},
		{"profile-language-wrong", at(ada, PlaceProfile), Profile{Email: "ada@acme.test", Role: "owner", Account: "Acme", MinPassword: 8, Sessions: 1, Error: &FormError{Field: "language", Message: "Choose one of the languages in the list."}}},
		{"profile-error", at(ada, PlaceProfile), Profile{Name: "Ada Lovelace", Email: "ada@acme.test", Role: "admin", Account: "Acme", MinPassword: 12, TwoFactorOn: true, Sessions: 3, Error: &FormError{Field: "current_password", Message: "That is not your present password."}}},
		{"profile-changed", noticed(at(ada, PlaceProfile), NoticePasswordChanged), Profile{Name: "Ada Lovelace", Email: "ada@acme.test", Role: "member", Account: "Acme", MinPassword: 12, TwoFactorOn: true, Sessions: 1}},
		{"profile-backup-code", left(at(ada, PlaceProfile), 7), Profile{Email: "ada@acme.test", Role: "member", Account: "Acme", MinPassword: 12, TwoFactorOn: true, Sessions: 1}},
		{"profile-backup-code-few", left(at(ada, PlaceProfile), 1), Profile{Email: "ada@acme.test", Role: "member", Account: "Acme", MinPassword: 12, TwoFactorOn: true, Sessions: 1}},
		{"profile-long", long, Profile{Email: long.Person.Email, Role: "member", Account: long.Account, MinPassword: 12, Sessions: 1}},
		{"twofactor-empty", factors, TwoFactor{Methods: ways(5)}},
		{"twofactor-pending", factors, TwoFactor{Methods: ways(5, fresh)}},
		{"twofactor-on", told(factors, NoticeDeviceConfirmed, "My Phone"), TwoFactor{Methods: ways(5, phone), Backup: &BackupState{Left: 10, Made: ago(40 * day)}}},
		{"twofactor-ends", factors, TwoFactor{Methods: ways(5, phone), Backup: &BackupState{Left: 10, Made: ago(day)}, EndsAt: sampleNow.Add(48 * time.Hour)}},
		{"twofactor-ends-set-up", factors, TwoFactor{Methods: ways(5, phone), Backup: &BackupState{Left: 10, Made: ago(day)}, EndsAt: sampleNow.Add(time.Hour), ReEnrol: true}},
		{"twofactor-kept", noticed(factors, NoticeTwoFactorKept), TwoFactor{Methods: ways(5, phone), Backup: &BackupState{Left: 10, Made: ago(day)}}},
		{"twofactor-again", told(factors, NoticeConfirmedBefore, "My Phone"), TwoFactor{Methods: ways(5, phone), Backup: &BackupState{Left: 10, Made: ago(day)}}},
		{"twofactor-gone", noticed(factors, NoticeDeviceGone), TwoFactor{Methods: ways(5, phone, fresh), Backup: &BackupState{Left: 10, Made: ago(day)}}},
		{"twofactor-many", factors, TwoFactor{Methods: ways(5, phone, tablet, fresh), Backup: &BackupState{Left: 3, Made: ago(day)}}},
		{"twofactor-full", factors, TwoFactor{Methods: ways(1, phone), Backup: &BackupState{Left: 0, Made: ago(2 * time.Hour)}}},
		{"twofactor-sent", factors, TwoFactor{Methods: sentWays(), Backup: &BackupState{Left: 8, Made: ago(day)}}},
		{"twofactor-greyed", factors, TwoFactor{Methods: greyedWays()}},
		{"inbox-empty", outside, Inbox{}},
		{"inbox", outside, Inbox{Messages: []InboxMessage{{Kind: "sms", To: "+436641234567", Text: "123456 is your Acme code.\n\n@login.acme.test #123456", At: ago(time.Minute)}, {Kind: "email", To: "ada@acme.test", Subject: "Choose a new password", Text: "Somebody asked for a new password.\n\nhttps://login.acme.test/forgot-password/new#k7mq2xwd9fhrc3tnp4vb8jzs6g", Link: "/forgot-password/new#k7mq2xwd9fhrc3tnp4vb8jzs6g", At: ago(day)}}}},
		{"addsms", factors, AddAddress{Kind: "sms", Method: MethodState{Kind: "sms", Max: 5}, Name: "My number", AskPassword: true, Email: "ada@acme.test", Countries: []string{"Austria", "Germany", "Switzerland"}}},
		{"addsms-wrong", factors, AddAddress{Kind: "sms", Method: MethodState{Kind: "sms", Max: 5}, Name: "My number", Address: "+43 1 234", AskPassword: true, Email: "ada@acme.test", Countries: []string{"Austria"}, Error: &FormError{Field: "address", Message: "This is not a mobile number, and only those get text messages. Enter a mobile number, as in +43 664 1234567."}}},
		{"addsms-plan", factors, AddAddress{Kind: "sms", Method: MethodState{Kind: "sms", Max: 5, Why: "plan", Support: "support@acme.test"}}},
		{"addemail", factors, AddAddress{Kind: "email", Method: MethodState{Kind: "email", Max: 5}, Name: "My mailbox", Address: "ada@acme.test", Email: "ada@acme.test"}},
		{"addemail-full", factors, AddAddress{Kind: "email", Method: MethodState{Kind: "email", Max: 1, Devices: []Device{mailbox}}}},
		{"confirm-sms", told(factors, NoticeCodeSent, ""), ConfirmDevice{ID: "fac_1", Kind: "sms", Name: "My number", Hint: "+43 ••• ••• ••67", Ends: ends, Sent: &SentCode{Alive: true, Wait: 42 * time.Second}}},
		{"confirm-email-failed", factors, ConfirmDevice{ID: "fac_1", Kind: "email", Name: "My mailbox", Hint: "a•••@acme.test", Ends: ends, Sent: &SentCode{Failed: true}}},
		{"confirm-email-none", factors, ConfirmDevice{ID: "fac_1", Kind: "email", Name: "My mailbox", Hint: "a•••@acme.test", Ends: ends, Sent: &SentCode{}, Error: &FormError{Message: "Too many codes were sent. Use another way, or wait an hour and ask for a new code."}}},
		{"adddevice", factors, AddDevice{Name: "My Phone", AskPassword: true, Email: "ada@acme.test", MaxDevices: 5}},
		{"adddevice-recent", factors, AddDevice{Name: "My Phone", MaxDevices: 5}},
		{"adddevice-password", factors, AddDevice{Name: "My Phone", AskPassword: true, Email: "ada@acme.test", MaxDevices: 5, Error: wrongPassword}},
		{"adddevice-name", factors, AddDevice{Name: "My Phone", Next: "/settings/sessions", AskPassword: true, Email: "ada@acme.test", MaxDevices: 5, Error: badName}},
		{"adddevice-full", factors, AddDevice{Full: true, MaxDevices: 5}},
		{"showkey", factors, ShowKey{ID: "fac_1", Name: "My Phone", QR: sampleQR(), Key: "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", URI: "otpauth://totp/Acme:ada@acme.test?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Acme", Issuer: "Acme", Account: "ada@acme.test", Ends: ends}},
		{"confirm", factors, ConfirmDevice{ID: "fac_1", Name: "My Phone", Ends: ends}},
		{"confirm-wrong", factors, ConfirmDevice{ID: "fac_1", Name: "My Phone", Ends: ends, Error: wrongCode}},
		{"codes-first", factors, BackupCodes{Codes: codes, First: true, Host: "login.acme.test", Account: "Acme", Email: "ada@acme.test", Made: sampleNow}},
		{"codes-again", factors, BackupCodes{Codes: codes, Host: "login.acme.test", Account: "Acme", Email: "ada@acme.test", Made: sampleNow}},
		{"remove", factors, RemoveDevice{ID: "fac_1", Name: "My Phone", Confirmed: true, AskPassword: true, Email: "ada@acme.test"}},
		{"remove-sent", factors, RemoveDevice{ID: "fac_5", Name: "My number", Confirmed: true, Sent: true, AskPassword: true, Email: "ada@acme.test"}},
		{"remove-last", factors, RemoveDevice{ID: "fac_1", Name: "My Phone", Confirmed: true, Last: true, AskPassword: true, Email: "ada@acme.test"}},
		{"remove-wrong", factors, RemoveDevice{ID: "fac_1", Name: "My Phone", Confirmed: true, Last: true, AskPassword: true, Email: "ada@acme.test", Error: wrongPassword}},
		{"remove-code", factors, RemoveDevice{ID: "fac_1", Name: "My Phone", Confirmed: true, AskPassword: true, AskCode: true, Email: "ada@acme.test", Error: wrongCode}},
		{"remove-send", factors, RemoveDevice{ID: "fac_6", Name: "My mailbox", Confirmed: true, AskPassword: true, AskCode: true, Send: send, Email: "ada@acme.test"}},
		{"remove-code-sent", noticed(factors, NoticeCodeSent), RemoveDevice{ID: "fac_6", Name: "My mailbox", Confirmed: true, Sent: true, Last: true, AskPassword: true, AskCode: true, Send: sent, Email: "ada@acme.test", Error: wrongCode}},
		{"remove-unconfirmed", factors, RemoveDevice{ID: "fac_3", Name: "New phone"}},
		{"rename", factors, RenameDevice{ID: "fac_1", Name: "My Phone", Present: "My Phone"}},
		{"rename-taken", factors, RenameDevice{ID: "fac_1", Name: "Tablet", Present: "My Phone", Error: badName}},
		{"newcodes", factors, NewBackupCodes{Left: 7, AskPassword: true, Email: "ada@acme.test"}},
		{"newcodes-stale", factors, NewBackupCodes{Set: "fac_9", Left: 10, AskPassword: true, Email: "ada@acme.test", Error: &FormError{Message: "New backup codes were made already. They are shown only once. If you did not save them, generate new ones.", Code: "backup_codes_made"}}},
		{"newcodes-code", factors, NewBackupCodes{Left: 7, AskPassword: true, AskCode: true, Email: "ada@acme.test"}},
		{"newcodes-send", factors, NewBackupCodes{Left: 7, AskPassword: true, AskCode: true, Send: send, Email: "ada@acme.test"}},
		{"newcodes-soon", factors, NewBackupCodes{Left: 7, AskPassword: true, AskCode: true, Send: sent, Email: "ada@acme.test", Error: &FormError{Message: "A code was sent less than a minute ago. Wait a little, then send a new one.", Code: "resend_too_soon"}}},
		{"newcodes-one", factors, NewBackupCodes{Left: 1}},
		{"newcodes-wrong", factors, NewBackupCodes{Left: 0, AskPassword: true, Email: "ada@acme.test", Error: wrongPassword}},
		{"sessions", at(ada, PlaceSessions), Sessions{Sessions: []Session{
			{ID: "ses_1", Browser: "Firefox on Linux, Vienna", Address: "203.0.113.7", SignedIn: ago(2 * time.Hour), LastUsed: ago(time.Minute), How: "code", Current: true},
			{ID: "ses_2", Browser: "Safari on iPhone", Address: "2001:db8:85a3:1234:5678:8a2e:370:7334", SignedIn: ago(20 * time.Hour), LastUsed: ago(15 * time.Hour), How: "trusted"},
			{ID: "ses_3", Browser: "Unknown browser", Address: "198.51.100.23", SignedIn: ago(3 * day), LastUsed: ago(2 * day), How: "password"},
		}}},
		{"sessions-alone", noticed(at(ada, PlaceSessions), NoticeOthersEnded), Sessions{Sessions: []Session{
			{ID: "ses_1", Browser: "Firefox on Linux", Address: "203.0.113.7", SignedIn: ago(2 * time.Hour), LastUsed: sampleNow, How: "passkey", Current: true},
		}}},
		{"admin", at(boss, PlaceAdmin), Admin{Account: "Acme", Plan: "business", Methods: plainWays(), Support: "support@acme.test", Rollout: sampleRollout()}},
		{"admin-held-back", at(boss, PlaceAdmin), Admin{Account: "Acme", Plan: "business", Methods: plainWays(), HeldBack: true, Rollout: sampleRollout()}},
		{"admin-trial", at(boss, PlaceAdmin), Admin{Account: "Acme", Plan: "business", TrialEnds: sampleNow.Add(9 * day), InTrial: true, Methods: greyedWays(), Support: "support@acme.test"}},
		{"admin-exceptions", at(boss, PlaceAdmin), Admin{Account: "Acme", Plan: "free", TrialEnds: ago(9 * day), Rollout: Rollout{Known: true, People: 100_000, Ready: 1, CountedAt: ago(time.Hour)}, Methods: allowedWays(), Exceptions: []Exception{
			{Kind: "sms", Reason: "Their warehouse has no smartphones; ticket 4711", Until: sampleNow.Add(90 * day)},
			{Kind: "email", Reason: "While their phones are replaced", Until: ago(20 * day), Ended: true},
		}}},
		{"admin-unknown", at(longBoss, PlaceAdmin), Admin{Account: long.Account, Plan: "a-plan-from-before-the-merger", Unknown: true, Methods: greyedWays()}},
		{"mailserver-none", mails, MailServer{Mine: "ada@acme.test", Security: "starttls"}},
		{"mailserver-deployment", mails, MailServer{Deployment: true, Mine: "ada@acme.test", Security: "starttls"}},
		{"mailserver-locked", mails, MailServer{Mine: "ada@acme.test", Locked: true}},
		{"mailserver-by-admin", mails, server(func(v *MailServer) { v.ByAdmin = true })},
		{"mailserver-by-admin-shared", mails, server(func(v *MailServer) { v.ByAdmin, v.Deployment = true, true })},
		{"mailserver-own-locked", mails, server(func(v *MailServer) { v.Locked = true })},
		{"mailserver-saved", noticed(mails, NoticeMailServerSet), own},
		{"mailserver-sent", told(mails, NoticeTestSent, "ada@acme.test"), server(func(v *MailServer) { v.Result = &MailResult{OK: true, At: ago(time.Minute)} })},
		{"mailserver-removed", noticed(mails, NoticeMailServerGone), MailServer{Mine: "ada@acme.test", Security: "starttls"}},
		{"mailserver-failed", mails, server(func(v *MailServer) {
			v.Result = &MailResult{At: ago(time.Minute)}
			v.Error = &FormError{Summary: "The test message could not be sent", Message: "The mail server does not accept the user name and password. Many providers want an app password made for this purpose.", Code: "mail_login_refused"}
		})},
		{"mailserver-certificate", mails, server(func(v *MailServer) {
			v.Result = &MailResult{Words: "Die Verbindung zum Mailserver ließ sich nicht verschlüsseln.", Detail: "mail.acme.test:587: The mail server's certificate is not trusted: x509: certificate signed by unknown authority.", At: ago(day)}
		})},
		{"mailserver-host", mails, MailServer{Mine: "ada@acme.test", Host: "mail acme", Security: "tls", From: "no-reply@acme.test", Error: &FormError{Field: "host", Message: "Enter the server’s name as in mail.example.com, or its IP address."}}},
		{"mailserver-security", mails, MailServer{Mine: "ada@acme.test", Error: &FormError{Field: "security", Message: "Choose how the connection is encrypted: STARTTLS or TLS."}}},
		{"mailserver-needs-password", mails, server(func(v *MailServer) {
			v.Host = "other.acme.test"
			v.Error = &FormError{Field: "server_password", Message: "Enter the password too: the stored one belongs to the server you had before."}
		})},
		{"mailserver-wrong-password", mails, server(func(v *MailServer) { v.Error = wrongPassword })},
		{"mailserver-long", at(longBoss, PlaceMail), server(func(v *MailServer) { v.Mine = long.Person.Email })},
		{"removemailserver", mails, RemoveMailServer{Server: "mail.acme.test:587", Deployment: true, Mine: "ada@acme.test"}},
		{"removemailserver-only", mails, RemoveMailServer{Server: "mail.acme.test:587", Mailboxes: 3, Mine: "ada@acme.test"}},
		{"removemailserver-one", mails, RemoveMailServer{Server: "mail.acme.test:587", Mailboxes: 1, Mine: "ada@acme.test", Error: wrongPassword}},
		{"removemailserver-locked", mails, RemoveMailServer{Server: "mail.acme.test:587", Locked: true, Mine: "ada@acme.test"}},
		{"problem-member", ada, Problem{Status: 403, Message: "Only the owners and administrators of your organisation can do this. Ask one of them.", Code: "not_administrator"}},
		{"problem-400", outside, Problem{Status: 400, Reference: "req_01jq7z3v9n"}},
		{"problem-403", ada, Problem{Status: 403, Reference: "req_01jq7z3v9n"}},
		{"problem-404", ada, Problem{Status: 404}},
		{"problem-405", outside, Problem{Status: 405}},
		{"problem-409", ada, Problem{Status: 409}},
		{"problem-421", outside, Problem{Status: 421, Home: "https://login.acme.test"}},
		{"problem-410", outside, Problem{Status: 410, Message: "That took too long. Start again."}},
		{"problem-413", outside, Problem{Status: 413}},
		{"problem-422", outside, Problem{Status: 422, Message: "The form was sent twice."}},
		{"problem-429", outside, Problem{Status: 429, RetryAfter: 30 * time.Second}},
		{"problem-500", ada, Problem{Status: 500, Reference: "req_01jq7z3v9n", Code: "internal_error"}},
		{"problem-503", outside, Problem{Status: 503, RetryAfter: 5 * time.Second, Reference: "req_01jq7z3v9n"}},
	}
	all = append(all, peopleSamples(boss)...)
	all = append(all, trustSamples(outside, ends)...)
	all = append(all, doorSamples(outside, ada)...)
	all = append(all, checkSamples(outside, boss, ends)...)
	all = append(all, usersSamples(boss, longBoss)...)
	all = append(all, browsersSamples(ada, boss, long)...)
	all = append(all, keySamples(ada, boss, long)...)
	return append(all, brandSamples(boss, ada, outside)...)
}

var mailbox = Device{ID: "fac_8", Kind: "email", Name: "My mailbox", Hint: "a•••@acme.test", Confirmed: true, Preferred: true, Added: sampleNow.Add(-time.Hour)}

// ways is what a person with these authenticator apps sees of the methods.
func ways(most int, apps ...Device) []MethodState {
	return []MethodState{{Kind: "totp", Devices: apps, Max: most}, {Kind: "sms", Max: most}, {Kind: "email", Max: most}}
}

func sentWays() []MethodState {
	number := Device{ID: "fac_9", Kind: "sms", Name: "My number", Hint: "+43 ••• ••• ••67", Confirmed: true, Added: sampleNow.Add(-time.Hour), LastUsed: sampleNow}
	return []MethodState{
		{Kind: "totp", Max: 5}, {Kind: "sms", Devices: []Device{number}, Max: 5, Until: sampleNow.Add(240 * time.Hour)}, {Kind: "email", Devices: []Device{mailbox}, Max: 1},
	}
}

func greyedWays() []MethodState {
	return []MethodState{
		{Kind: "totp", Max: 5}, {Kind: "sms", Max: 5, Why: "trial", Support: "support@acme.test"}, {Kind: "email", Max: 5, Why: "channel"},
	}
}

func plainWays() []MethodState { return []MethodState{{Kind: "totp"}, {Kind: "sms"}, {Kind: "email"}} }

func allowedWays() []MethodState {
	return []MethodState{{Kind: "totp"}, {Kind: "sms", Until: sampleNow.Add(90 * 24 * time.Hour)}, {Kind: "email", Why: "policy"}}
}
