package texts

// englishSignIn is the doors: signing in, and what comes with the first time.
var englishSignIn = Catalogue{
	// Sign-in, first step.
	"signin.title":     "Sign in",
	"signin.account":   "to {account}",
	"signin.button":    "Sign in",
	"signin.forgotten": "Forgotten your password?",
	"signin.nobody":    "Nobody can sign in yet. Open the set-up link that the server printed.",

	// Sign-in, second step.
	"verify.title":        "Enter your authentication code",
	"verify.backup_title": "Enter a backup code",
	"verify.open_device":  "Open the authenticator app on “{device}” and enter the code it shows.",
	"verify.open_any":     "Open your authenticator app and enter the code it shows.",
	"verify.locked_title": "This device takes no more codes",
	"verify.locked":       "Too many wrong codes were entered in a row. Sign in another way, and it works again, or ask your administrator to unlock it.",
	"verify.button":       "Verify",
	"verify.use_backup":   "Use a backup code",
	"verify.other_way":    "Try another way",

	// Sign-in, other ways.
	"ways.title":       "Choose another way",
	"ways.lead":        "How do you want to show that it is you?",
	"ways.totp":        "Authenticator app",
	"ways.passkey":     "Security key or passkey",
	"ways.sms":         "Text message",
	"ways.email":       "E-mail",
	"ways.backup_code": "Use a backup code",
	"ways.backup_hint": "One of the ten you saved",
	"ways.mail_rests":  "No code is mailed to {address} until {time}: your password was reset by mail, and mail alone must not open your account.",
	"ways.none":        "None of these works? Ask your administrator.",

	// Sign-in that took too long.
	"expired.title":  "This sign-in has ended",
	"expired.lead":   "It was not finished within ten minutes, or your password or devices were changed meanwhile. Nothing is lost: sign in again.",
	"expired.button": "Sign in again",

	// Password forgotten.
	"forgot.title":        "Forgotten your password?",
	"forgot.lead":         "Enter the e-mail address you sign in with. We mail you a link with which you choose a new password.",
	"forgot.button":       "Send the mail",
	"forgot.back":         "Back to sign-in",
	"forgot.unavailable":  "This server can’t send mail. Ask your administrator for a new password.",
	"forgot_sent.title":   "Look into your mailbox",
	"forgot_sent.lead":    "If there is an account with this address, a mail is on its way. Its link works for an hour, once.",
	"forgot_sent.next":    "No mail after some minutes? Look among the unwanted mail, and whether you sign in with another address. We send three mails in ten minutes at most. If you have accounts with several organisations, begin at your organisation’s own sign-in address.",
	"forgot_sent.paste":   "Enter the token from the mail",
	"forgot_sent.again":   "Ask for a new mail",
	"new_password.title":  "Choose a new password",
	"new_password.lead":   "Your sessions end everywhere. Then sign in with the new password; your second factor stays as it is.",
	"new_password.button": "Change password",

	// A new e-mail address is proved.
	"confirm_email.title":  "Confirm your new e-mail address",
	"confirm_email.lead":   "You sign in with it from then on. Your sessions in other browsers end.",
	"confirm_email.button": "Confirm this address",

	// Set-up during the sign-in.
	"setup.title":            "Set up two-factor authentication",
	"setup.reset":            "Your two-factor authentication was reset. Set it up again to finish signing in.",
	"setup.button":           "Add",
	"setup.required":         "Your organisation requires two-factor authentication. Set it up to finish signing in.",
	"setup.required_admin":   "Your organisation requires two-factor authentication of its owners and administrators. Set it up to finish signing in.",
	"setup.passkey":          "Your organisation requires a passkey of you. The first part is done: add a passkey to finish signing in.",
	"setup.other":            "Or another way",
	"setup.stuck":            "Right now there is no way that you could set up, so you can’t be signed in. Ask your administrator.",
	"setup.hint_totp":        "A code from an app on your phone. It works without a network.",
	"setup.hint_sms":         "A code by text message at each sign-in.",
	"setup.hint_email":       "A code by mail at each sign-in.",
	"setup_mail.lead":        "First show that the mailbox {email} is yours: we mail you a token, and you paste it here.",
	"setup_mail.mailed":      "We mailed a token to {email}. Copy it from the mail and paste it here, to show that the mailbox is yours.",
	"setup_mail.button":      "Next",
	"grace.title":            "Set up two-factor authentication",
	"grace.lead":             "Your organisation requires it from {day} on: then you set it up before you are signed in.",
	"grace.left.one":         "You have 1 day left.",
	"grace.left.other":       "You have {n} days left.",
	"recommend.organisation": "Your organisation recommends it.",

	// First start of the server.
	"firstrun.title":       "Set up the first organisation",
	"firstrun.lead":        "You become its owner. This page works once.",
	"firstrun.button":      "Set up",
	"firstrun_over.title":  "This set-up link no longer works",
	"firstrun_over.lead":   "It was used already, or is not complete. If nobody has set up an organisation yet, start the server again: it prints a new link.",
	"firstrun_over.button": "Sign in",

	// After the first sign-in.
	"recommend.title": "Make your account safer",
	"recommend.lead":  "Add a second step to your sign-in: a code from an app on your phone. Somebody who learns your password still can’t get in. It takes about two minutes.",
	"recommend.now":   "Set up now",
	"recommend.later": "Not now",
}
