package texts

// englishWayOut is the mailed way out: switching two-factor authentication off at the code page, and keeping it on.
var englishWayOut = Catalogue{
	"disable.link":          "Disable two-factor authentication",
	"disable.lead":          "If you can’t give a code any more, we mail a token to {email}. With it and your password you can switch two-factor authentication off.",
	"disable.mailed":        "We mailed a token to {email}. Copy it from the mail and paste it here. It works once, and only in this sign-in.",
	"disable.now_off":       "Your devices and backup codes then no longer work, your other sessions end, and your password alone opens your account. This can’t be undone, but you can set it up again at any time.",
	"disable.now_set_up":    "Your devices and backup codes then no longer work and your other sessions end. This can’t be undone: you set up a new device before you are signed in.",
	"disable.later_off":     "It takes effect {wait} after you enter the token, and can be called off until then: codes are asked for as before, and every number and address we have of you hears of it. Then your devices and backup codes no longer work, your sessions end, and your password alone opens your account.",
	"disable.later_set_up":  "It takes effect {wait} after you enter the token, and can be called off until then: codes are asked for as before, and every number and address we have of you hears of it. Then your devices and backup codes no longer work, your sessions end, and you set up a new device at the next sign-in.",
	"disable.send":          "Mail the token",
	"disable.button":        "Disable two-factor authentication",
	"disable.button_set_up": "Set up a new device",
	"disable.button_later":  "Plan it",
	"disable.back":          "Back to the code",
	"disable.resend":        "Mail a new token",
	"disable.wait.one":      "You can ask for a new token in 1 second.",
	"disable.wait.other":    "You can ask for a new token in {n} seconds.",
	"disable.now":           "You can ask for a new token now.",

	"planned.title":       "The end of your two-factor authentication is planned",
	"planned.when":        "It will be switched off: {time}.",
	"planned.when_set_up": "Your devices end: {time}. At the next sign-in after that, you set up a new one.",
	"planned.until":       "Until then, sign-in asks for a code as before. If you find your device, sign in with it: that calls the end off.",
	"planned.told":        "Every number and address we have of you gets a message with a token that calls it off, too.",
	"planned.button":      "Back to the sign-in",

	"keep.title":      "Keep two-factor authentication on",
	"keep.lead":       "Somebody with your password and your mail asked to switch it off. With the token from our message you call that off.",
	"keep.otherwise":  "No token at hand, or it no longer works? Sign in with a code from your device or a backup code: that calls it off, too.",
	"keep.hint":       "The 26 letters and digits in the message.",
	"keep.button":     "Keep it on",
	"keep.kept_title": "Your two-factor authentication stays on",
	"keep.kept":       "Its planned end is called off.",
	"keep.not_you":    "If it wasn’t you who asked for the end, somebody knows your password and reads your mail: sign in and change your password now.",

	"two_factor.ends":        "It is going to be switched off: {time}. That was asked for at a sign-in, with your password and a token from your mail.",
	"two_factor.ends_set_up": "Your devices end: {time}. That was asked for at a sign-in, with your password and a token from your mail.",

	"notice.token_sent":      "A token is on its way. One that we mailed before no longer works.",
	"notice.mailed_off":      "You are signed in. Two-factor authentication is off.",
	"notice.two_factor_kept": "Two-factor authentication stays on.",
}
